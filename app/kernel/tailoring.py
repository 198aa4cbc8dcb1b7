"""What the department has tailored, read from the database and put in force; `app.kernel.adapting` changes it.

Five sorts of things are kept, each as a small document: ``field`` (an added field, or what is said of a declared one),
``step`` (the levels of authority of a step), ``number`` (the pattern of a series), ``notice`` (the texts of a topic)
and ``role`` (one that was added). What no longer fits the declarations, such as a field of a record that is gone, is
kept and has no effect.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.tables import Epoch
from app.schema.approval import Part, Tiers
from app.schema.kinds import SHORT_TEXT
from app.schema.record import Record, declared_rules
from app.schema.registry import registry
from app.schema.roles import Role
from app.schema.settings import Setting
from app.schema.tailored import CHOICE, KINDS, Extra, Tailored, attribute, in_force, merged, put_in_force
from app.schema.traits import Extendable
from app.schema.wording import Told

FIELD, STEP, ROLE, NUMBER, NOTICE = "field", "step", "role", "number", "notice"
Document = Mapping[str, Any]


class Tailoring(Model):
    """Something the department added or made otherwise: `what` (field, step, role), its `name`, and how it is."""

    __tablename__ = "tailoring"
    __table_args__: Any = (UniqueConstraint("what", "name"), {"extend_existing": False})

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


def keep_up(session: Session, epoch: int | None = None) -> None:
    """Put in force what the database holds, unless it is already: one statement to look, none with the `epoch` known.

    A process that serves pages does so with each request, one that works with each period of a job.
    """
    if epoch is None:
        epoch = session.scalar(select(Epoch.value).where(Epoch.name == "access")) or 0
    version = (str(session.get_bind().engine.url), epoch)
    if in_force().version != version:
        put_in_force(load(session, version))


def load(session: Session, version: tuple[str, int]) -> Tailored:
    """All that is kept, as it takes effect."""
    kept = session.execute(select(Tailoring.what, Tailoring.name, Tailoring.body).order_by(Tailoring.id)).all()
    return made_of([(row.what, row.name, row.body) for row in kept], version)


def made_of(documents: list[tuple[str, str, Document]], version: tuple[str, int]) -> Tailored:
    """What documents come to together."""
    made: Any = Tailored(version)
    columns, steps = made.columns, made.steps
    said: dict[str, dict[str, Document]] = {}
    for what, name, body in documents:
        record, _dot, own = name.partition(".")
        if what == FIELD and (found := registry.get(record)) is not None and is_field(found, own, body):
            said.setdefault(record, {})[own] = body
            if "kind" in body:
                columns.setdefault(record, {})[own] = extra_of(record, own, body).column
                if own not in vars(found):
                    setattr(found, own, attribute(own))
        elif what == STEP and (tiers := tiers_of(name)) is not None:
            steps[name] = (levels_of(tiers, body), bool(body.get("sequence")))
        elif what == NUMBER:
            made.numbers[name] = body["pattern"]
        elif what == NOTICE:
            made.notices[name] = {part: body.get(part) or {} for part in ("subject", "body")}
    for record, fields in said.items():
        _say(made, registry[record], fields)
    return made


def is_field(record: type[Record], name: str, body: Document) -> bool:
    """Whether a document tells of a field its record has or can be given."""
    if "kind" in body:
        return issubclass(record, Extendable)
    return name in record.__table__.columns


def extra_of(record: str, name: str, body: Document) -> Extra:
    """An added field, from its document."""
    options = tuple((value, label) for value, label in body.get("options", ()))
    kind = SHORT_TEXT if body["kind"] == CHOICE else KINDS[body["kind"]]
    label, default = Told.written(body["label"]), body.get("default") or ""
    return Extra(record, name, label, kind, options, default, bool(body.get("listed")), bool(body.get("required")))


def _say(made: Any, record: type[Record], fields: Mapping[str, Document]) -> None:
    """Put what is said of fields where the engine looks: rules, help, defaults."""
    name = str(record.__tablename__)
    rules = dict(declared_rules(record))
    for field, body in fields.items():
        read = body.get("read")
        if read is not None or body.get("required"):
            rules[field] = merged(rules.get(field), field, _roles(read), bool(body.get("required")))
        if body.get("help"):
            made.helps[name, field] = Told.written(body["help"])
        if begins := dict(body.get("default_by_role") or ()) | ({"": body["default"]} if body.get("default") else {}):
            made.defaults[name, field] = begins
        if body.get("label") and "kind" not in body:
            made.labels[name, field] = Told.written(body["label"])
    if rules != declared_rules(record):
        made.rules[name] = rules


def _roles(names: list[str] | None) -> tuple[Any, ...] | None:
    return None if names is None else tuple(Role(name) if name in list(Role) else name for name in names)


def tiers_of(place: str) -> Tiers | None:
    """The levels of authority declared for a step, such as ``claim.approve``; None if there are none."""
    record, _dot, name = place.partition(".")
    found = registry.get(record)
    step = found.workflow.step(name) if found is not None and found.workflow is not None else None
    return step.needs if step is not None and isinstance(step.needs, Tiers) else None


def levels_of(tiers: Tiers, body: Document) -> tuple[Part, ...]:
    """The levels of a document: a limit is an amount, the name of a setting, or none."""
    return tuple(
        Part(f"level{n}", _roles(level["by"]) or (), f"Level {n}", _limit(level["limit"]))
        for n, level in enumerate(body["levels"], 1)
    )


def _limit(kept: Any) -> Setting | Decimal | None:
    if kept is None:
        return None
    return registry.settings[kept["setting"]] if isinstance(kept, dict) else Decimal(kept)
