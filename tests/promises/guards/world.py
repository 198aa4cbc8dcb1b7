"""What the checks of the guards try things in: some rows of several people, a session, and everybody's sign-in."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.actor import acting, system_actor
from app.schema.errors import Refusal
from app.schema.record import Record
from tests.dossier import Dossier
from tests.factories import make
from tests.gadget import Gadget

PHONE = "+8613800001234"
OTHER_PHONE = "+8613800008888"
ACCOUNT = "6222020200011122333"
FINDING = "CANARY-FINDING"


@dataclass
class World:
    """`own` and `foreign` are gadgets of a specialist of the North and of one of the South, `dossier` one of sales."""

    app: Any
    session: Session
    people: dict[str, Any]
    sign_in: Callable[[str], Any]
    own: int
    foreign: int
    dossier: int

    def tried(self, name: str, attempt: Callable[[], object]) -> list[str]:
        """A breach if `attempt` is not refused to the person; nothing of it is kept."""
        with acting(self.people[name]):
            try:
                attempt()
                self.session.flush()
            except (Refusal, LookupError):
                return []
            finally:
                self.session.rollback()
        return [f"{name} was let through"]

    def row(self, key: int, record: type[Record] = Gadget) -> Any:
        """A row as the system sees it, in the session's hands."""
        with acting(system_actor("guards")):
            return self.session.get(record, key, populate_existing=True)

    def version(self, key: int, record: type[Record] = Gadget) -> int:
        """The version of a row; nothing stays open behind it."""
        found = int(self.row(key, record).version)
        self.session.rollback()
        return found

    def written(self, row: Record, **values: Any) -> None:
        """Let the system write values into a row, and keep them."""
        with acting(system_actor("guards")):
            for name, value in values.items():
                setattr(row, name, value)
            self.session.commit()

    def forget(self) -> None:
        """Forget what the policy has worked out so far, so that it is asked anew."""
        self.app.extensions["actors"].forget()
        for actor in self.people.values():
            actor.kept.clear()


def founded(app: Any, session: Session, people: dict[str, Any], sign_in: Callable[[str], Any]) -> World:
    """A world with its rows."""
    with acting(system_actor("guards")):
        own = make(session, Gadget, people["renewal"], code="=OWN", price=5, buyer_phone=PHONE).id
        foreign = make(session, Gadget, people["renewal3"], code="CANARY-F", price=5, buyer_phone="+8613800009999").id
        values = {"address": None, "finding": FINDING, "reserve": Decimal("777.70"), "account": ACCOUNT}
        dossier = make(session, Dossier, people["sales"], code="D1", **values).id
        session.commit()
    return World(app, session, people, sign_in, own, foreign, dossier)


def asked(client: Any, method: str, url: str, **body: Any) -> Any:
    """A request to the API with the token of the session; `body` is sent as JSON."""
    return client.open(url, method=method, json=body or None, headers={"X-CSRFToken": client.csrf})


def none(*_args: Any, **_more: Any) -> None:
    """In the place of a guard: nothing is asked."""


def yes(*_args: Any, **_more: Any) -> bool:
    """In the place of a guard: everything is allowed."""
    return True


def unchanged(value: Any) -> Any:
    """In the place of a guard: what came is handed on."""
    return value


Check = Callable[[World], list[Any]]
TakeOut = Callable[[Any, World], object]
Controls = dict[str, tuple[Check, TakeOut]]
"""By guard: the check that holds it, and how it is taken out."""
