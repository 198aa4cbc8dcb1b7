"""Forms derived from kinds: what is asked, what was written, what is wrong with it.

Only fields of the form can be set through it, of those what the present person may write; a state never. Values are
read by the field's kind, and everything written is kept when something is wrong. A private value stands masked in its
input, one that is not to be read not at all; either stays as it is unless something else is written.
"""

import dataclasses
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.kernel import conditions, links
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.clock import own_zone
from app.kernel.fields import hidden, hidden_in, writable_fields
from app.panel import texts
from app.panel.fields import Field, field_of, form_fields
from app.panel.labels import choice_label, field_label, said, translated
from app.panel.links import unseen
from app.panel.saying import gettext as _
from app.panel.titles import titles_of
from app.schema import tailored
from app.schema.approval import Verdict
from app.schema.conditions import ValueOf
from app.schema.errors import Invalid, Refusal
from app.schema.kinds import PICTURES, BadValue, FileKind
from app.schema.record import Line, Record, groups_of, kind_of, rules_of
from app.schema.registry import registry
from app.schema.traits import Tree
from app.schema.workflow import SPOKEN, Step
from app.schema.written import natural

WIDE = {"textarea", "markdown", "checkboxes", "picks"}
PICTURES_TAKEN = ",".join(PICTURES)


@dataclass
class Input:
    """One question of a form. `value` is as written; `title` is that of the row a picker has chosen.

    What stands in it as `kept` is not written but means "as it is": the masked value, or nothing where the present one
    is not to be read (`blind`). `shown_if` and `required_if` are conditions as data; `applies` says whether the first
    holds now.
    `saved` is what somebody else has saved in it meanwhile, `take` which of the two shall stay: mine or theirs.
    """

    name: str
    label: str
    control: str
    required: bool = False
    locked: bool = False
    value: str = ""
    title: str = ""
    problem: str = ""
    saved: str = ""
    take: str = ""
    options: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    longest: int | None = None
    pick: str = ""
    hint: str = ""
    field: Field | None = None
    kept: str | None = None
    blind: bool = False
    shown_if: str = ""
    required_if: str = ""
    applies: bool = True

    @property
    def stands(self) -> bool:
        """Whether nothing was written over what stands there for the value as it is."""
        return self.kept is not None and self.value == self.kept

    def answered(self, raw: Mapping[str, str]) -> bool:
        """Take what was written in answer to it; False where nothing was sent, not even that it is empty."""
        if self.control == "checkbox":
            self.value = "yes" if raw.get(self.name) else "no"
        elif self.control in ("checkboxes", "picks") and isinstance(raw, MultiDict) and self.name in raw:
            self.value = ",".join(part for part in raw.getlist(self.name) if part)
        elif self.name in raw:
            self.value = raw[self.name].strip()
        else:
            return False
        return True

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.control in WIDE or self.control == "signature"

    @property
    def takes_file(self) -> bool:
        """Whether a file is sent for it."""
        return self.field is not None and isinstance(self.field.kind, FileKind)

    @property
    def draftable(self) -> bool:
        """Whether the browser may keep on the machine what is written: nothing private, no file, nothing unseen."""
        return not (self.locked or self.blind or self.takes_file or (self.field is not None and self.field.private))

    @property
    def adds(self) -> type[Record] | None:
        """The record whose rows are chosen here, if the present person may add one to choose."""
        target = (self.field.target or self.field.far) if self.field is not None else ""
        record, actor = registry.get(target), current_actor()
        if record is None or issubclass(record, Line) or not record.panel.form:
            return None
        return record if may(actor, "read", record) and may(actor, "add", record) else None

    @property
    def file(self) -> str:
        """The file that stands in it, in words; "" for none."""
        if self.stands or not self.value or self.field is None or not isinstance(self.field.kind, FileKind):
            return self.value
        try:
            return self.field.kind.told(self.field.kind.read(self.value), texts.reader())
        except BadValue:
            return ""

    @property
    def accepts(self) -> str:
        """The types of files a browser should offer; "" for all."""
        pictures = self.field is not None and isinstance(self.field.kind, FileKind) and self.field.kind.pictures
        return PICTURES_TAKEN if pictures else ""


@dataclass
class Form:
    """Groups of inputs, and what is wrong with the form as a whole.

    `present` gives the values of the row that stands behind it; `known` are those that its conditions look at and no
    input holds, for the browser.
    A form that adds carries a key of its own (`once`), so that sent twice it adds one row. A form that edits carries
    digests of the values it was made with (`seen`): by them `app.panel.merging` tells who changed what.
    """

    record: type[Record]
    groups: list[tuple[str, list[Input]]]
    version: str = ""
    problem: str = ""
    present: ValueOf = lambda name: None
    known: str = ""
    once: str = ""
    seen: str = ""
    merging: str = ""

    @property
    def inputs(self) -> list[Input]:
        """All inputs in order."""
        return [each for _title, inputs in self.groups for each in inputs]

    @property
    def sends_files(self) -> bool:
        """Whether a file may be sent with it."""
        return any(each.takes_file and not each.locked for each in self.inputs)

    @property
    def open(self) -> bool:
        """Whether there is anything to fill in."""
        return any(not each.locked for each in self.inputs)

    def typed(self, raw: Mapping[str, str]) -> dict[str, Any]:
        """Take what was written; the values by column of what can be read. `faulty` tells whether all could."""
        values: dict[str, Any] = {}
        for each in self.inputs:
            if each.locked:
                continue
            each.take = raw.get(f"take-{each.name}", "")
            if not each.answered(raw) and self.version:
                continue
            if each.stands or each.take == "theirs":
                continue
            try:
                values[each.name] = read_input(each)
            except BadValue as error:
                each.problem = said(error)
        return self._as_applies(values)

    def _as_applies(self, values: dict[str, Any]) -> dict[str, Any]:
        """Without what does not apply, which is emptied; and needed is what a condition needs."""
        for each in self.inputs:
            rule = rules_of(self.record).get(each.name)
            if rule is None or each.field is None:
                continue
            value_of = conditions.merged(self.present, values)
            each.applies = conditions.applies(self.record, each.name, value_of)
            if not each.applies:
                each.problem = ""
                if not each.locked:
                    values[each.name] = None
            elif each.locked or each.problem or value_of(each.name) is not None:
                continue
            elif conditions.needed(self.record, each.name, value_of):
                each.problem = _("Fill this in.")
        return conditions.emptied(self.record, self.present, values) if self.version else values

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.problem) or any(each.problem for each in self.inputs)

    def complain(self, refusal: Refusal) -> None:
        """Put a refusal where it belongs: at its field, else on top."""
        at = {each.name: each for each in self.inputs if not each.locked}
        problems = refusal.problems if isinstance(refusal, Invalid) else {refusal.field: refusal}
        for name, reason in problems.items():
            if name in at:
                at[name].problem = said(reason)
                continue
            told = said(reason)
            if name and isinstance(refusal, Invalid):
                told = _("%(field)s: %(value)s", field=field_label(self.record, name), value=told)
            self.problem = " ".join(filter(None, (self.problem, told)))

    def name_links(self, session: Session) -> "Form":
        """Find the titles of what the pickers have chosen."""
        for each in self.inputs:
            if each.control == "picker" and natural(each.value) and each.field is not None and not each.title:
                key = int(each.value)
                each.title = titles_of(session, each.field.target, [key]).get(key) or f"#{key}"
            elif each.control == "picks" and each.value and each.field is not None:
                keys = list(filter(None, map(natural, each.value.split(","))))
                titles = titles_of(session, each.field.far, keys)
                each.options = [(str(key), titles.get(key) or f"#{key}") for key in keys]
                each.title = ", ".join(title for _key, title in each.options)
        return self


def read_input(each: Input) -> Any:
    """The value of an input. Raises `BadValue`."""
    kind = each.field.kind if each.field is not None else None
    written: Any = each.value
    if kind is not None and kind.private and "•" in each.value:
        raise BadValue("write the whole value, or leave it as it was")
    if each.control == "datetime" and written:
        written = _on_the_clock(written)
    value = kind.read(written) if kind is not None else (written or None)
    if value is None and each.required:
        raise BadValue("Fill this in.")
    return value


def _on_the_clock(written: str) -> Any:
    """A moment as it was written by the clock on the person's wall."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise BadValue("choose a day and a time") from None
    return moment.replace(tzinfo=own_zone()) if moment.tzinfo is None else moment


def form_of(record: type[Record], row: Any = None, given: "MultiDict[str, str] | None" = None) -> Form:
    """The form of a record: empty or prefilled with `given` to add, else filled with `row` to edit."""
    allowed = {f.key: f for f in form_fields(record)}
    actor, gone = (
        current_actor(),
        hidden(current_actor(), record).always if row is None else hidden_in(current_actor(), row),
    )
    writable = writable_fields(actor, "add" if row is None else "edit", record if row is None else row, allowed)
    groups = []
    for group in groups_of(record):
        inputs = []
        for key in dict.fromkeys(field_of(record, name).key for name in group.fields):
            if key in writable or (key in allowed and row is not None and key not in gone):
                made = _input(record, allowed[key], row, given, blind=key in gone)
                made.locked = made.locked or key not in writable
                inputs.append(made)
        if inputs:
            groups.append((translated(group.title), inputs))
    made_form = Form(record, groups, str(row.version) if row is not None else "")
    if row is None:
        made_form.once = token_urlsafe(12)
    else:
        seen = (each for each in made_form.inputs if not (each.locked or each.blind))
        made_form.seen = " ".join(f"{each.name}:{digest(row, each)}" for each in seen)
    return with_conditions(made_form, row)


def digest(row: Any, each: Input, value: str | None = None) -> str:
    """A digest of what stands in a field of a row, or of `value` in its place. Keyed: it tells nothing of the value."""
    assert each.field is not None
    if value is None:
        value = written(each.field, getattr(row, each.field.key))
        value = "no" if each.control == "checkbox" and not value else value
    said_of = f"{type(row).__tablename__}/{row.id}/{each.name}/{value}"
    return hmac.new(str(current_app.secret_key).encode(), said_of.encode(), "sha256").hexdigest()[:16]


def with_conditions(form: Form, row: Any) -> Form:
    """Tell the inputs of a form under which conditions they are shown and needed."""
    record, looked_at = form.record, frozenset[str]()
    present = form.present = conditions.of_row(row, record)
    if row is None:
        written_now = {each.name: _readable(each) for each in form.inputs if each.field is not None}
        present = conditions.merged(form.present, written_now)

    def write(name: str, value: Any) -> str:
        kind = kind_of(record, name)
        return str(value) if kind is None else kind.write(kind.read(value))

    for each in form.inputs:
        rule = rules_of(record).get(each.name) if each.field is not None else None
        for condition in rule.conditions if rule else ():
            looked_at |= condition.fields
        if rule is not None and rule.shown is not None:
            each.shown_if = json.dumps(rule.shown.as_data(write))
            each.applies = rule.shown.holds(present)
        if rule is not None and rule.required is not None:
            each.required_if = json.dumps(rule.required.as_data(write))
            each.required = each.required or rule.required.holds(present)
    asked = {each.name for each in form.inputs if not each.locked}
    known = {name: _as_known(record, name, present(name)) for name in sorted(looked_at - asked)}
    form.known = json.dumps(known) if looked_at else ""
    return form


def _as_known(record: type[Record], name: str, value: Any) -> str:
    found = field_of(record, name)
    return "•" if found.private and value else written(found, value)


def _readable(each: Input) -> Any:
    try:
        return read_input(each)
    except BadValue:
        return None


def _input(
    record: type[Record], asked: Field, row: Any, given: "MultiDict[str, str] | None", *, blind: bool = False
) -> Input:
    if asked.far:
        return _picks(record, asked, row, given)
    column: Any = asked.column
    has_default = column.default is not None or column.server_default is not None
    made = input_for(asked, required=not column.nullable and (row is not None or not has_default))
    if row is not None:
        if issubclass(record, Tree) and asked.key == "parent_id":
            made.pick = f"{asked.key}?of={row.id}"
        made.locked = asked.name in record.panel.fixed or asked.key in record.panel.fixed
        hold(made, getattr(row, asked.key), blind=blind)
    elif given is not None and asked.key in given:
        made.value = given[asked.key].strip()
    elif (begins := tailored.beginning(record, asked.key, current_actor().roles)) is not None:
        made.value = begins
    elif has_default and column.default is not None and column.default.is_scalar:
        made.value = written(asked, column.default.arg)
    if made.control == "checkbox" and not made.value:
        made.value = "no"
    return made


def _picks(record: type[Record], asked: Field, row: Any, given: "MultiDict[str, str] | None") -> Input:
    """The input of links to many; what is hidden from the present person is counted, and stays as it is."""
    made = input_for(asked, required=False)
    if row is not None:
        made.locked = asked.key in record.panel.fixed
        found = links.linked(row, asked.key)
        made.value = written(asked, found.ids)
        made.hint = unseen(found.hidden) if found.hidden else ""
    elif given is not None:
        made.value = ",".join(given.getlist(asked.key))
    return made


def hold(made: Input, value: Any, *, blind: bool) -> None:
    """Put the present value of a row into an input: masked if it is private, not at all where it is not to be read."""
    assert made.field is not None
    if blind:
        made.blind, made.kept, made.required = True, "", False
        if made.control == "checkbox":
            made.control, made.options = "select", [("yes", _("yes")), ("no", _("no"))]
    elif made.field.private:
        made.value = made.kept = texts.text(made.field, value)
    else:
        made.value = written(made.field, value)


def input_for(asked: Field, *, required: bool) -> Input:
    """The input that suits a field."""
    kind = asked.kind
    control = "picker" if asked.target else (kind.input if kind is not None else "text")
    made = Input(asked.key, asked.label, control, required, field=asked, longest=kind.longest if kind else None)
    made.hint = translated(tailored.in_force().helps.get((str(asked.record.__tablename__), asked.key), ""))
    if asked.choices is not None:
        made.options = [(value.value, choice_label(value)) for value in asked.choices]
    if kind is not None and kind.suggest is not None:
        made.options = [(value, kind.told(value, texts.reader())) for value in kind.suggest()]
    if control == "checkbox":
        assert asked.column is not None
        made.required = False
        if asked.column.nullable:
            made.control, made.options = "select", [("yes", _("yes")), ("no", _("no"))]
    if control in ("picker", "picks"):
        made.pick = asked.key
    return made


def written(asked: Field, value: Any) -> str:
    """A value as its input holds it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(own_zone()).strftime("%Y-%m-%dT%H:%M")
    return asked.kind.write(value) if asked.kind is not None else str(value)


def questions(record: type[Record], step: Step, row: Any) -> Form:
    """The form of what a step asks. What may be left out, and what an approval agrees to, holds the present value."""
    inputs, gone = [], hidden_in(current_actor(), row)
    sealed = step.needs.sealed if step.needs is not None else ()
    for asked in step.asks:
        name, optional = asked.removesuffix("?"), asked.endswith("?")
        if name in SPOKEN:
            made = Input(name, field_label(record, name), "textarea", required=not optional)
            if name == "verdict":
                made.control, made.options = "select", [(each.value, choice_label(each)) for each in Verdict]
            inputs.append(made)
            continue
        made = input_for(field_of(record, name), required=not optional)
        if name in sealed or (optional and made.control not in WIDE):
            hold(made, getattr(row, name), blind=name in gone)
        inputs.append(made)
    return with_conditions(Form(record, [("", inputs)], str(row.version)), row)


def fill(row: Any, form: Form, values: dict[str, Any]) -> None:
    """Put what was read of a form into a row, only where it differs. A new row keeps its defaults."""
    new = not form.version
    for name, value in values.items():
        if new and value is None:
            continue
        if new or getattr(row, name) != value:
            setattr(row, name, value)
