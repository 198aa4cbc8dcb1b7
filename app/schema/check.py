"""Cross checks of the declarations, run at every start. Each message names file and record, and the cure."""

import inspect as inspect_source
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.orm import configure_mappers

from app.schema import check_documents, check_fields, check_measures, clocks, transfer
from app.schema.errors import DeclarationError
from app.schema.grants import VERBS
from app.schema.kinds import DAY, MOMENT, FileKind
from app.schema.record import Line, Record, many_of
from app.schema.registry import Registry
from app.schema.rows import Shared, _Placed
from app.schema.traits import Attached, Tree
from app.schema.workflow import SPOKEN, Return, Step, Withdraw, Workflow

ROOT = Path(__file__).resolve().parents[2]


def run(registry: Registry) -> None:
    """Raise `DeclarationError` with every fault found."""
    configure_mappers()
    faults = [f"{place_of(r)}: {r.__name__} {fault}" for r in registry for fault in faults_of(r, registry)]
    faults += [f"import profile {p.name!r}: {f}" for p in registry.profiles for f in transfer.faults_of(p, registry)]
    faults += [f"measure {m.name!r} {f}" for m in registry.measures for f in check_measures.faults_of(m, registry)]
    if faults:
        raise DeclarationError("The model files do not hold together:\n  - " + "\n  - ".join(faults))


def place_of(record: type[Record]) -> str:
    """Where a record is declared, as an editor opens it: ``models/claims/claim.py:42``."""
    try:
        file, line = inspect_source.getfile(record), inspect_source.getsourcelines(record)[1]
    except (OSError, TypeError):
        return record.__module__
    path = Path(file).resolve()
    return f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}"


def faults_of(record: type[Record], registry: Registry) -> Iterator[str]:
    """What is wrong with one record's declaration."""
    if not issubclass(record, Shared | _Placed | Line):
        yield "does not say who sees its rows: make it Owned, Team, Branch or Shared, or a Line of its parent"
    if issubclass(record, Line):
        if not isinstance(getattr(record, "parent", None), str) or record.parent not in record.__table__.columns:
            yield "is a Line without a parent: say parent = 'claim_id', a field made by ref(…)"
        for name in getattr(record, "totals", ()):
            column = record.__table__.columns.get(name)
            if column is None or not getattr(column.info.get("kind"), "numeric", False):
                yield f"totals {name!r}, which is no number of it"
        if issubclass(record, Attached):
            yield "is Attached and a Line, which has no page for a list of files: make its parent Attached"
    elif not hasattr(record, "grants"):
        yield "does not say who may do what: give it grants = Grants(work=…, see=…)"
    yield from _unknown_fields(record, registry)
    yield from check_fields.faults_of(record, registry)
    yield from check_documents.faults_of(record, registry)
    if issubclass(record, _Placed) and record.owned_by:
        column = record.__table__.columns.get(record.owned_by)
        if column is None or column.info.get("ref") != "person":
            yield f"says owned_by = {record.owned_by!r}, which is no link to a person: ref('person')"
    above = record.__table__.columns.get("parent_id")
    if above is not None and above.info.get("ref") == record.__tablename__ and not issubclass(record, Tree):
        yield "stands below itself by 'parent_id' without being a Tree: add the trait, so that no row is above itself"
    for name, made in many_of(record).items():
        if issubclass(record, Line):
            yield f"is a Line and links {name!r} to many: let what it is a part of do that"
        if made.target not in registry:
            yield f"links {name!r} to {made.target!r}, which is no record"
        elif issubclass(registry[made.target], Line):
            yield f"links {name!r} to {made.target!r}, which is a part of another record: link to that"
    steps_ = record.workflow.steps if record.workflow else ()
    known = {*VERBS, *(f"step:{step.name}" for step in steps_)}
    known |= {f"step:{step.name}.{part.name}" for step in steps_ for part in step.parts}
    for role, verb, _scope in record.grants.reaches() if hasattr(record, "grants") else ():
        if verb and verb not in known:
            yield f"scopes {verb!r} for {role}, which is no verb of it: one of {', '.join(sorted(known))}"
    if record.transfer is not None:
        key = record.__table__.columns.get(record.transfer.key)
        if key is None or not (key.unique or key.primary_key):
            yield f"says Transfer(key={record.transfer.key!r}), which is no unique field: mapped_column(unique=True)"
    workflow: Workflow | None = record.workflow
    for column in record.__table__.columns if workflow is None else ():
        if "initial" in column.info:
            yield f"has a state {column.key!r} but no workflow: declare workflow = Workflow(Step(…))"
    steps = workflow.steps if workflow else ()
    names = {step.name for step in steps}
    for state in (*workflow.on_enter, *workflow.on_exit) if workflow else ():
        if state not in (record.__table__.columns[workflow.field].info.get("choices") or ()):  # type: ignore[union-attr]
            yield f"says what happens in {state!r}, which is no state of it"
    if workflow and workflow.due:
        due = record.__table__.columns.get(workflow.due)
        if due is None or due.info.get("kind") not in (DAY, MOMENT):
            yield f"says due={workflow.due!r}, which is no Day or Moment of it"
    for step in steps:
        yield from (f"step {step.name!r} {fault}" for fault in _step_faults(record, step, names, registry))
    yield from clocks.faults_of(record)
    if record in (reached := _seen_through(record, registry)):
        yield f"is seen through itself ({', '.join(sorted(r.__name__ for r in reached))}): take one link out"
    for path in record.seen_through:
        name, _, field = path.partition(".")
        if name not in registry or field not in registry[name].__table__.columns:
            yield f"is seen through {path!r}, which is no field of a record"


def _linked_step_faults(record: type[Record], name: str, registry: Registry) -> Iterator[str]:
    """`name` is no step of the record itself: perhaps one of a row it links to."""
    link, _, own = name.rpartition(".")
    column = record.__table__.columns.get(f"{link}_id")
    linked = registry.get(column.info.get("ref", "")) if column is not None else None
    if linked is None:
        yield f"says not_by={name!r}, which is no step of it"
    elif own != "add" and (linked.workflow is None or linked.workflow.step(own) is None):
        yield f"says not_by={name!r}, which is no step of {linked.__tablename__}"


def _step_faults(record: type[Record], step: Step, names: set[str], registry: Registry) -> Iterator[str]:
    columns, workflow = record.__table__.columns, record.workflow
    for name in {asked.removesuffix("?") for asked in step.asks} - set(SPOKEN) - set(columns.keys()):
        yield f"asks for {name!r}, which is no field of it"
    for name in set(step.not_by) - {"add"} - names:
        yield from _linked_step_faults(record, name, registry)
    for name in set(step.needs.sealed if step.needs else ()) - set(columns.keys()):
        yield f"seals {name!r}, which is no field of it"
    bound = workflow.step(step.bound_to) if workflow and step.bound_to else None
    if step.bound_to and (bound is None or bound.needs is None):
        yield f"says bound_to={step.bound_to!r}, which is no step of it that needs agreements: give that one needs="
    if isinstance(step, Withdraw):
        for name in set(step.submitted) - {"add"} - names:
            yield f"says submitted={name!r}, which is no step of it"
    if isinstance(step, Return) and workflow:
        for state in sorted(state for state in step.source if state not in workflow.reaches(step.target)):
            yield f"returns from {state!r} to {step.target!r}, which does not lie before it: make it an ordinary Step"
        for name in step.clears:
            if name not in columns or not columns[name].nullable:
                yield f"clears {name!r}, which is no field that may be empty"


def _seen_through(record: type[Record], registry: Registry) -> set[type[Record]]:
    """The records whose rows decide, directly or in turn, which rows of `record` are seen."""
    reached: set[type[Record]] = set()
    queue = [record]
    while queue:
        names = (path.partition(".")[0] for path in queue.pop().seen_through)
        fresh = {registry[name] for name in names if name in registry} - reached
        reached |= fresh
        queue.extend(fresh)
    return reached


def _unknown_fields(record: type[Record], registry: Registry) -> Iterator[str]:
    panel = record.panel
    known = set(inspect(record).columns.keys())
    named = [panel.title, *panel.columns, *panel.facts, *panel.fixed, *panel.labels, panel.order.removeprefix("-")]
    named += [field for group in panel.form for field in group.fields]
    for name in named:
        if name not in known and not hasattr(record, name):
            yield f"shows {name!r}, which is no field of it"
    for path in panel.search:
        reached, *rest = path.split(".")
        target = record
        for part in rest:
            relation = inspect(target).relationships.get(reached)
            if relation is None:
                yield f"searches {path!r}: {reached!r} is no relationship of {target.__name__}"
                break
            target, reached = relation.mapper.class_, part
        else:
            if reached not in inspect(target).columns:
                yield f"searches {path!r}: {reached!r} is no field of {target.__name__}"
            elif isinstance(inspect(target).columns[reached].info.get("kind"), FileKind):
                yield f"searches {path!r}, which is a file: search what says something of it, such as a name"
    for column in record.__table__.columns:
        target_name = column.info.get("ref")
        if target_name and target_name != "ab_user" and target_name not in registry:
            yield f"links {column.key!r} to {target_name!r}, which is no record"
    for related in panel.related:
        other = registry.get(related.record)
        if other is None or related.field not in {*other.__table__.columns.keys(), *many_of(other)}:
            yield f"relates to {related.record}.{related.field}, which does not exist"
