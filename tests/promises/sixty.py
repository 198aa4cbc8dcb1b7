"""As many throw-away records as make sixty in all. Declared only by `test_queries`, in a process of its own.

    python -m tests.promises.sixty

prints how long the panel takes to start with them, beside what importing Flask-AppBuilder alone takes.
"""

import subprocess
import sys
import time

from sqlalchemy.orm import Mapped

import models
from app.schema.grants import Grants
from app.schema.kinds import Money, Phone, ShortText, State, ref, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.workflow import Step, Workflow

RECORDS = 60


class ThingState(State):
    """Where a thing stands."""

    OPEN = "open"
    DONE = "done"


def declare(number: int) -> type[Record]:
    """A record like others: a link, an amount, a private field, a workflow."""
    fields = {
        "name": Mapped[ShortText],
        "contract_id": Mapped[int | None],
        "price": Mapped[Money | None],
        "phone": Mapped[Phone | None],
        "state": Mapped[ThingState],
    }
    said = {
        "__module__": __name__,
        "__annotations__": fields,
        "contract_id": ref("contract"),
        "state": starts_at(ThingState.OPEN),
        "grants": Grants(work=(Role.CLAIMS, Role.SERVICE)),
        "panel": Panel(
            menu=Menu("Gadgets", order=90),
            title="name",
            columns=("name", "contract_id", "price", "phone", "state", "owner_id"),
            search=("name",),
            form=(Group("Thing", "name", "contract_id", "price", "phone"),),
        ),
        "workflow": Workflow(Step("finish", ThingState.OPEN, ThingState.DONE, by=Role.CLAIMS)),
    }
    return type(f"Thing{number:02}", (Owned, Record), said)


assert models
THINGS = [declare(number) for number in range(1, RECORDS - len(list(registry)) + 1)]


def seconds(code: str) -> float:
    """How long a Python of its own takes for some code, at best of three."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - started)
    return min(taken)


if __name__ == "__main__":
    plain = seconds(
        "import flask, flask_appbuilder, flask_migrate, flask_babel, flask_appbuilder.security.sqla.manager"
    )
    ours = seconds("import gc; gc.disable(); import tests.promises.sixty; import run")  # as `run` does it
    print(
        f"start-up with {RECORDS} records: {ours:.2f} s; Flask-AppBuilder imported: {plain:.2f} s; {ours / plain:.1f}×"
    )
