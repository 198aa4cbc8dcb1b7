"""The page of each record, written from its declaration: what it is, its fields, steps, permissions, jobs, API.

Pages are Markdown in English, with the labels in both scripts beside; nothing in them depends on when or where they
are written, so that a page changes only with its record.
"""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.kernel.permissions import verbs_of
from app.panel import chart, saving
from app.panel.fields import BOOKKEEPING, USERS, Field, field_of, form_fields, lines_of
from app.schema.approval import Part, Reviews, Tiers
from app.schema.clocks import Phase, Sla
from app.schema.kinds import Kind
from app.schema.record import Line, Record, many_of, record_msgid, stored, words
from app.schema.registry import registry
from app.schema.roles import EVERYONE, Role, Scope
from app.schema.rows import Branch, Owned, Shared, Team
from app.schema.settings import Setting
from app.schema.workflow import Return, Step, Withdraw, Workflow

Spoken = Callable[[str], tuple[str, str]]
"""The two Chinese readings of an English label: simplified, traditional."""

_NOTE = "<!-- Written by `flask --app run panel docs` from the declaration; change that, not this. -->"
ROWS = {
    Shared: "everybody who may read it sees every row",
    Owned: "a specialist sees the rows he or she owns, a supervisor those of the unit and below, a manager all",
    Team: "everybody in a unit sees its rows",
    Branch: "everybody in a branch sees its rows",
}
REACH = {Scope.OWN: "own", Scope.TEAM: "team", Scope.ALL: "all"}
EXAMPLES: dict[str, Any] = {
    "integer": 12,
    "quantity": "12.5",
    "money": "1200.00",
    "percent": "12.50",
    "yes/no": True,
    "day": date(2026, 3, 31).isoformat(),
    "moment": datetime(2026, 3, 31, 1, 30, tzinfo=UTC).isoformat(),
    "month": "2026-03",
    "phone": "+8613800138000",
    "e-mail": "li@example.cn",
    "link": 1,
}


def pages(root: Path, spoken: Spoken) -> dict[str, str]:
    """Every page by its path below ``docs/records``, the index among them; `root` is the folder of the application."""
    found = {path_of(record): page(record, root, spoken) for record in registry}
    return {"README.md": index(spoken), **found}


def path_of(record: type[Record]) -> str:
    """Where the page of a record stands: ``claims/claim.md``."""
    return f"{domain_of(record)}/{record.__tablename__}.md"


def domain_of(record: type[Record]) -> str:
    """The domain a record belongs to: the folder of its file."""
    parts = record.__module__.split(".")
    return parts[1] if len(parts) > 2 else parts[0]


def index(spoken: Spoken) -> str:
    """The list of all records by domain."""
    lines = ["# The records", "", _NOTE]
    domains = sorted({domain_of(record) for record in registry})
    for domain in domains:
        lines += ["", f"## {words(domain)}", "", "| record | 简体 | 繁體 | what it is |", "|---|---|---|---|"]
        for record in sorted((r for r in registry if domain_of(r) == domain), key=lambda r: str(r.__tablename__)):
            name = record_msgid(record)
            first = _docstring(record).split("\n\n")[0].replace("\n", " ")
            lines.append(_row(f"[{name}]({path_of(record)})", *spoken(name), first))
    return "\n".join(lines) + "\n"


def page(record: type[Record], root: Path, spoken: Spoken) -> str:
    """The page of one record."""
    name = record_msgid(record)
    title = " ".join(dict.fromkeys((name, *spoken(name)))).strip()
    sections = [
        [f"# {title}", "", _NOTE, "", _docstring(record), "", *_facts(record, root)],
        ["## Fields", "", *_fields(record, spoken)],
        *([_workflow(record, record.workflow, spoken)] if record.workflow else []),
        ["## Who may do what", "", *_permissions(record)],
        [*_domain(record)],
        ["## API and files", "", *_interfaces(record)],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _docstring(thing: object) -> str:
    return inspect.cleandoc(thing.__doc__ or "") if thing.__doc__ else "—"


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _bullets(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"- **{name}**: {value}" for name, value in pairs if value]


def _link(record: type[Record], other: str) -> str:
    if other == USERS:
        return "a user"
    target = registry.get(other)
    return f"[{record_msgid(target)}](../{path_of(target)})" if target else other


def _facts(record: type[Record], root: Path) -> list[str]:
    panel = record.panel
    source = Path(inspect.getfile(record)).resolve()
    place = source.relative_to(root).as_posix() if source.is_relative_to(root) else source.name
    if issubclass(record, Line):
        rows = f"a part of {_link(record, str(record.parent_record().__tablename__))}, seen and written as that is"
    else:
        rows = next((sentence for mixin, sentence in ROWS.items() if issubclass(record, mixin)), "")
    menu = f"{panel.menu.area}" if panel.menu else ""
    return _bullets(
        [
            ("Declared in", f"`{place}`, kept in the table `{record.__tablename__}`"),
            ("Rows", rows + ("; unassigned ones are for whoever may take them" if record.pooled else "")),
            ("Seen besides", ", ".join(f"through `{path}`" for path in record.seen_through)),
            ("In the menu", menu),
            ("Called by", f"`{panel.title}`"),
            ("List", ", ".join(f"`{column}`" for column in panel.columns)),
            ("Search", ", ".join(f"`{path}`" for path in panel.search)),
            ("Parts", ", ".join(_link(record, str(line.__tablename__)) for line in lines_of(record))),
            ("On its page", ", ".join(f"{_link(record, each.record)}" for each in panel.related)),
        ]
    )


def _fields(record: type[Record], spoken: Spoken) -> Iterator[str]:
    asked = {field.key for field in form_fields(record)}
    yield "| field | label | 简体 | 繁體 | kind | needed | |"
    yield "|---|---|---|---|---|---|---|"
    for column in stored(record).values():
        if column.key in BOOKKEEPING:
            continue
        field = field_of(record, column.key)
        needed = "yes" if not column.nullable and column.default is None and not field.given else ""
        label = words(column.key)
        notes = _notes(record, field, column.key in asked)
        yield _row(f"`{column.key}`", label, *spoken(label), _kind(field), needed, "; ".join(notes))
    for name, made in many_of(record).items():
        label = words(name)
        yield _row(f"`{name}`", label, *spoken(label), "links to many", "", f"→ {_link(record, made.target)}")


def _kind(field: Field) -> str:
    if field.target:
        return "link"
    return field.kind.name if field.kind else ""


def _notes(record: type[Record], field: Field, asked: bool) -> Iterator[str]:
    column: Any = field.column
    if field.target:
        yield f"→ {_link(record, field.target)}"
    if field.choices is not None:
        yield ", ".join(value.label for value in field.choices)
    if field.private:
        yield "private: masked wherever it is shown"
    if column.unique:
        yield "unique"
    if "serial" in column.info:
        yield f"given by the house: `{column.info['serial']}`"
    elif field.is_state:
        yield f"begins as {column.info['initial'].label}, moves by steps alone"
    elif column.default is not None and column.default.is_scalar:
        yield f"begins as {getattr(column.default.arg, 'label', column.default.arg)}"
    if asked and (field.key in record.panel.fixed or field.name in record.panel.fixed):
        yield "not changed afterwards"


def _workflow(record: type[Record], workflow: Workflow, spoken: Spoken) -> list[str]:
    return [
        "## Workflow",
        "",
        "```mermaid",
        *chart.mermaid(workflow),
        "```",
        "",
        "| step | 简体 | 繁體 | from | to | by | asks | rules |",
        "|---|---|---|---|---|---|---|---|",
        *(_step(workflow, step, record, spoken) for step in workflow.steps),
        *(
            ["", "Changed by steps alone while it is " + _states(record, workflow, workflow.frozen) + "."]
            if workflow.frozen
            else []
        ),
        *_clocks(record, workflow),
    ]


def _clocks(record: type[Record], workflow: Workflow) -> list[str]:
    if not workflow.clocks:
        return []
    head = ["", "| time limit | from | stands still | until | limit | kept in |", "|---|---|---|---|---|---|"]
    return head + [_clock(record, workflow, sla) for sla in workflow.clocks]


def _clock(record: type[Record], workflow: Workflow, sla: Sla) -> str:
    ends = [state for state in _ordered(record, workflow) if sla.phase(state) is Phase.MET]
    within = f"setting `{sla.within.name}`" if isinstance(sla.within, Setting) else ""
    if callable(sla.within):
        within = (inspect.getdoc(sla.within) or "by the row").split("\n\n")[0].rstrip(".")
    limit = f"{within}, {sla.on.value}" if within else ""
    promise = f"promise `{sla.promise}`" if sla.promise else ""
    since = _states(record, workflow, sla.since) + (f", counted from `{sla.counted_from}`" if sla.counted_from else "")
    until = _states(record, workflow, ends) or f"`{sla.until_set}` is filled"
    paused = _states(record, workflow, sla.paused)
    return _row(sla.title, since, paused, until, " · ".join(filter(None, (limit, promise))), sla.due and f"`{sla.due}`")


def _ordered(record: type[Record], workflow: Workflow) -> list[Any]:
    return list(record.__table__.columns[workflow.field].info["choices"])


def _states(record: type[Record], workflow: Workflow, states: Iterable[Any]) -> str:
    wanted = set(states)
    return ", ".join(state.label for state in _ordered(record, workflow) if state in wanted)


def _step(workflow: Workflow, step: Step, record: type[Record], spoken: Spoken) -> str:
    rules = []
    if step.when is not None:
        rules.append((inspect.getdoc(step.when) or step.when.__name__.replace("_", " ")).split("\n\n")[0])
    if isinstance(step.needs, Tiers):
        order = "one after the other up to" if step.needs.sequence else "by"
        levels = (f"{part.label} ({_named(part)}, {_upto(part)})" for part in step.needs.parts)
        rules.append(f"agreed {order} the level of `{step.needs.amount}`: " + ", ".join(levels))
    if isinstance(step.needs, Reviews):
        sides = ", ".join(f"{part.label} ({_named(part)})" for part in step.needs.parts)
        rules.append(f"{step.needs.quorum} of these agree, in any order: {sides}; one no: {step.needs.refused.label}")
    if step.needs is not None and step.needs.sealed:
        rules.append("bound to " + ", ".join(f"`{name}`" for name in step.needs.sealed))
    if step.bound_to:
        rules.append(f"only what `{step.bound_to}` agreed to")
    if isinstance(step, Return):
        rules.append("back: approvals given there are void")
    if isinstance(step, Withdraw):
        rules.append("by whoever took " + ", ".join(f"`{name}`" for name in step.submitted) + ", while nobody decided")
    if step.not_by:
        rules.append("four eyes: not by who took " + ", ".join(f"`{name}`" for name in step.not_by))
    if step.effect is not None and inspect.getdoc(step.effect):
        rules.append("then: " + str(inspect.getdoc(step.effect)).split("\n\n")[0])
    asks = ", ".join(f"`{a.removesuffix('?')}`" + (" (may be empty)" if a.endswith("?") else "") for a in step.asks)
    return _row(
        f"`{step.name}` {step.title}",
        *spoken(step.title),
        _states(record, workflow, step.source),
        step.target.label,
        ", ".join(role.value for role in EVERYONE if role in step.by),
        asks,
        " · ".join(rules),
    )


def _named(part: Part) -> str:
    return ", ".join(role.value for role in part.by)


def _upto(part: Part) -> str:
    return f"up to `{part.limit.name}`" if isinstance(part.limit, Setting) else "any amount"


def _permissions(record: type[Record]) -> Iterator[str]:
    if issubclass(record, Line):
        yield f"As its whole: {_link(record, str(record.parent_record().__tablename__))}."
        return
    yield "As declared; administrators change it at run time. A cell says how far the role reaches."
    yield ""
    verbs = verbs_of(record)
    yield "| role | " + " | ".join(verbs) + " | steps |"
    yield "|---" * (len(verbs) + 2) + "|"
    granted = set(record.grants)
    for role in EVERYONE:
        steps = [step.name for step in (record.workflow.steps if record.workflow else ()) if role in step.by]
        held = [_reach(record, role, verb) if (verb, role) in granted else "" for verb in verbs]
        if any(held) or steps:
            yield _row(role.value, *held, ", ".join(f"`{name}`" for name in steps))
    yield from _fields_apart(record)


def _fields_apart(record: type[Record]) -> Iterator[str]:
    """The fields of a record and its parts that not everybody reads or writes who does the record."""
    parts = [(part, rule) for part in (record, *lines_of(record)) for rule in part.fields]
    ruled = [(part, rule) for part, rule in parts if rule.read is not None or rule.write is not None or rule.when]
    if not ruled:
        return
    yield ""
    yield "Fields with rules of their own:"
    yield ""
    yield "| field | read by | and by all in | written by | only in |"
    yield "|---|---|---|---|---|"
    for part, rule in ruled:
        name = rule.field if part is record else f"{part.__tablename__}.{rule.field}"
        reads, writes = (
            empty if roles is None else ", ".join(role.value for role in EVERYONE if role in roles) or "nobody"
            for roles, empty in ((rule.read, "all"), (rule.write, "readers"))
        )
        states = (", ".join(sorted(state.label for state in states)) for states in (rule.published, rule.when))
        published, when = states
        yield _row(f"`{name}`", reads, published, writes, when)


def _reach(record: type[Record], role: Role, verb: str) -> str:
    scopes = record.grants.scopes
    scope = scopes.get((role, verb), scopes.get(role, role.scope))
    if issubclass(record, Shared):
        scope = Scope.ALL
    elif scope == Scope.OWN and issubclass(record, Team | Branch):
        scope = Scope.TEAM
    return REACH[scope]


def _domain(record: type[Record]) -> list[str]:
    name, table = domain_of(record), str(record.__tablename__)
    jobs = [f"- `{job.name}` at `{job.cron}`: {job.label}" for job in registry.jobs if _in(job.name, name)]
    settings = [
        f"- `{each.name}`: {each.label}, {_short(each.default)} {each.unit}".rstrip()
        for each in registry.settings
        if _in(each.name, name)
    ]
    measures = [
        f"- `{each.name}`: {each.label} ({each.unit}). {each.definition}".removesuffix(". ")
        for each in registry.measures
        if each.record == table
    ]
    found = []
    for title, lines in (("Jobs", jobs), ("Settings", settings), ("Measures", measures)):
        if lines:
            found += ["", f"**{title}**" + ("" if title == "Measures" else f" of {words(name).lower()}"), "", *lines]
    return ["## Around it", *found] if found else []


def _short(value: object) -> str:
    first, _, more = str(value).partition("\n")
    return f"{first} …" if more else first


def _in(name: str, domain: str) -> bool:
    return name.split(".")[0] == domain


def _interfaces(record: type[Record]) -> Iterator[str]:
    name = str(record.__tablename__)
    yield f"`GET /api/v1/{name}/` (with the filters, search and order of the list), `GET`, `PATCH` and `DELETE"
    yield f"/api/v1/{name}/<id>`" + (f", `POST /api/v1/{name}/<id>/steps/<step>`." if record.workflow else ".")
    if body := _example(record):
        yield ""
        yield f"A new one by `POST /api/v1/{name}/`:"
        yield ""
        yield "```json"
        yield json.dumps(body, ensure_ascii=False, indent=2)
        yield "```"
    if record.transfer:
        yield ""
        yield f"In files a row is known by `{record.transfer.key}`."
    for profile in registry.profiles:
        for target in profile.targets:
            if target.record == name:
                yield ""
                yield f"Import profile `{profile.name}` ({profile.label}) fills it, known by `{target.key}`."
    if rules := sorted({rule for rule in saving.rules_of(record) if rule}):
        yield ""
        yield "The database keeps: " + "; ".join(rule[:1].lower() + rule[1:] for rule in rules) + "."


def _example(record: type[Record]) -> dict[str, Any]:
    """The fields a new row needs, and one more, with values of their kinds."""
    fields = form_fields(record)
    if issubclass(record, Line):
        fields = [field_of(record, record.parent), *fields]
    needed: list[Any] = [f for f in fields if (c := f.column) is not None and not c.nullable and c.default is None]
    return {field.key: _value(field.kind, field) for field in needed or fields[:1]}


def _value(kind: Kind | None, field: Field) -> Any:
    if field.target:
        return 1
    if field.choices is not None:
        return next(iter(field.choices)).value
    return EXAMPLES.get(kind.name if kind else "", "…")
