"""What roles may do, in words: the matrix of one role, and single rights as a person reads them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.kernel import permissions
from app.kernel.access import widened
from app.kernel.actor import Actor
from app.kernel.granting import Change
from app.kernel.handing import may_hand_over
from app.kernel.rights import Right, Rights, together
from app.panel.labels import field_label, record_label, record_plural, step_label, translated
from app.panel.navigation import page_label
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Shared
from app.schema.workflow import Step

COLUMNS = ("read", "add", "edit", "hand_over", "delete", "export", "import", "reveal")
"""The columns of a matrix; handing over is no right of its own: it follows from editing more than one's own."""


def verb_words() -> dict[str, str]:
    """The verbs as headings, in the order of the columns."""
    words = (_("See"), _("Add"), _("Edit"), _("Hand over"), _("Delete"), _("Export"), _("Import"), _("Show in full"))
    return dict(zip(COLUMNS, words, strict=True))


def reach_words(scope: Scope | int | None) -> str:
    """How far a right goes."""
    return {Scope.OWN: _("own rows"), Scope.TEAM: _("rows of the team"), Scope.ALL: _("all rows")}.get(
        Scope(scope or 0), "—"
    )


def reach_short(reach: Scope) -> str:
    """How far a right goes, in a word; nothing where it is not granted."""
    return {Scope.OWN: _("own"), Scope.TEAM: _("team"), Scope.ALL: _("all")}.get(reach, "")


def what_words(right: Right) -> str:
    """What a right lets somebody do, without the record: "See", "the step Pay", "See: Reserve"."""
    verb, name = right
    record = registry.get(name)
    if record is None:
        return page_label(name) if verb == "open" else _profile_label(name)
    if verb.startswith("step:"):
        step, _dot, part = verb.removeprefix("step:").partition(".")
        return next((label for each, label in step_rights(record) if each == verb), part or step)
    word, _colon, field = verb.partition(":")
    plain = verb_words().get(word, word)
    if not field:
        return plain
    label = next((label for label, verbs in field_rights(record) if verb in dict(verbs)), field)
    return _("%(verb)s: %(field)s", verb=plain, field=label)


def about_words(name: str) -> str:
    """What rights on a name are about: the rows of a record together, pages, imports."""
    record = registry.get(name)
    if record is not None:
        return record_plural(record)
    return _("Pages") if name.startswith("page:") else _("Imports")


def right_words(right: Right) -> str:
    """A right by itself: "Claims: See"."""
    return _("%(about)s: %(what)s", about=about_words(right[1]), what=what_words(right))


def _profile_label(name: str) -> str:
    profile = registry.profiles.get(name.partition(":")[2])
    return translated(profile.label) if profile is not None else name


def step_rights(record: type[Record], *, parts: bool = True) -> Iterator[tuple[str, str]]:
    """The verbs of the steps of a record and, with `parts`, of the agreements they take, with what they are called."""
    for step in record.workflow.steps if record.workflow else ():
        yield f"step:{step.name}", step_label(step)
        for part in step.parts if parts else ():
            yield f"step:{step.name}.{part.name}", part_words(step, part.label)


def part_words(step: Step, part: str) -> str:
    """An agreement of a step: "Decide · Level 2"."""
    return f"{step_label(step)} · {translated(part)}"


def field_rights(record: type[Record]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The fields of a record and its parts that have rights of their own: each label with its verbs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in permissions.field_grants(record):
        part = "" if each.record is record else f"{record_label(each.record)}: "
        label = part + field_label(each.record, each.field)
        found.setdefault(label, []).append((each.verb, each.verb.partition(":")[0]))
    return list(found.items())


@dataclass(frozen=True)
class Told:
    """Rights on one thing in words: what it is, and what may be done to it, those of one reach together."""

    about: str
    what: tuple[tuple[str, str], ...]


def told(rights: Iterable[tuple[Right, Scope | None]]) -> list[Told]:
    """Rights with their reach (None: not told), by what they are about."""
    found: dict[str, dict[str, list[str]]] = {}
    for right, scope in sorted(rights, key=lambda each: _place(each[0])):
        record = registry.get(right[1])
        reach = "" if record is None or not scope else reach_words(widened(record, scope))
        found.setdefault(about_words(right[1]), {}).setdefault(reach, []).append(what_words(right))
    joined = _(", ")
    return [
        Told(about, tuple((joined.join(dict.fromkeys(what)), reach) for reach, what in by_reach.items()))
        for about, by_reach in sorted(found.items())
    ]


def _place(right: Right) -> tuple[int, int]:
    """Where a right is told among others: the verbs in the order of the matrix, the steps in their own, then fields."""
    verb, _colon, more = right[0].partition(":")
    record = registry.get(right[1])
    if verb == "step" and record is not None:
        return 1, next((at for at, (each, _label) in enumerate(step_rights(record)) if each == right[0]), 0)
    return 2 if more else 0, COLUMNS.index(verb) if verb in COLUMNS else 0


@dataclass(frozen=True)
class ChangeTold:
    """A change of a role in words."""

    given: list[Told]
    taken: list[Told]
    scopes: list[tuple[str, str, str]]


def change_told(change: Change, after: Rights | None = None) -> ChangeTold:
    """A change in words; with the rights `after` it, how far what is given then goes."""
    given = told((right, after.scope(right) if after else None) for right in change.given)
    taken = told((right, None) for right in change.taken)
    return ChangeTold(given, taken, [_scope_told(*each) for each in change.scopes])


def _scope_told(record: str, verb: str, before: Scope | None, after: Scope | None) -> tuple[str, str, str]:
    """What a scope is of, and its words before and after."""
    about = about_words(record) if record else _("All records")
    if verb:
        about = _("%(about)s: %(what)s", about=about, what=what_words((verb, record)))
    none = _("as the role") if not verb else _("as the record")
    was, now = (none if scope is None else reach_words(scope) for scope in (before, after))
    return about, was, now


@dataclass(frozen=True)
class Box:
    """A right in the matrix: its value in the form, what it is called and how far it goes, if it is granted."""

    value: str
    label: str
    reach: Scope

    @property
    def held(self) -> bool:
        """Whether it is granted."""
        return self.reach > Scope.NONE


@dataclass(frozen=True)
class Row:
    """A record in the matrix of a role. A column without a box does not exist for the record."""

    name: str
    label: str
    boxes: Mapping[str, Box]
    hands_over: Scope
    steps: list[Box]
    fields: list[tuple[str, list[Box]]]
    shared: bool
    reaching: list[tuple[str, str]]

    @property
    def held(self) -> int:
        """How many rights the role has here."""
        return sum(box.held for box in self.all)

    @property
    def all(self) -> list[Box]:
        """Every right there is."""
        return [*self.boxes.values(), *self.steps, *(box for _label, boxes in self.fields for box in boxes)]


def matrix(rights: Rights) -> list[tuple[str, list[Row]]]:
    """The rights of a role: the areas of the department, and in each its records."""
    areas: dict[str, list[Row]] = {}
    for record in records():
        areas.setdefault(record.panel.menu.area if record.panel.menu else "", []).append(row_of(record, rights))
    return [
        (translated(area) or _("Other"), rows) for area, rows in sorted(areas.items(), key=lambda each: not each[0])
    ]


def records() -> list[type[Record]]:
    """The records that have rights of their own, by area and order of the menu."""
    found = [record for record in registry if not issubclass(record, Line)]

    def place(record: type[Record]) -> tuple[bool, str, int, str]:
        menu = record.panel.menu
        return menu is None, menu.area if menu else "", menu.order if menu else 0, str(record.__tablename__)

    return sorted(found, key=place)


def row_of(record: type[Record], rights: Rights) -> Row:
    """One record in the matrix of a role."""
    name, words = str(record.__tablename__), verb_words()
    label = record_plural(record)

    def box(verb: str, called: str) -> Box:
        scope = widened(record, rights.scope((verb, name)))
        return Box(f"{verb}|{name}", called, scope)

    steps = [box(verb, called) for verb, called in step_rights(record)]
    fields = [
        (called, [box(verb, _("%(verb)s: %(field)s", verb=words[word], field=called)) for verb, word in verbs])
        for called, verbs in field_rights(record)
    ]
    boxes = {verb: box(verb, f"{label}: {words[verb]}") for verb in permissions.verbs_of(record)}
    role = Actor("role", reach=together([rights]))
    hands = may_hand_over(role, record)
    reaching = [(verb, words[verb]) for verb, each in boxes.items() if each.held and verb != "import"]
    reaching += [(each.value.partition("|")[0], each.label) for each in steps if each.held and "." not in each.value]
    reach = boxes["edit"].reach if hands else Scope.NONE
    return Row(name, label, boxes, reach, steps, fields, issubclass(record, Shared), reaching)


def beside_records(rights: Rights) -> list[Box]:
    """The rights that are about no record: pages and imports."""
    found = [(("open", page), page_label(page)) for page in permissions.PAGES]
    found += [
        (("import", f"profile:{profile.name}"), _("Import: %(profile)s", profile=translated(profile.label)))
        for profile in registry.profiles
    ]
    return [Box("|".join(right), label, Scope.ALL if right in rights.grants else Scope.NONE) for right, label in found]
