"""What administrators make otherwise in the browser: fields, levels of authority, roles; each can be taken back."""

import re
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Role
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import adapting, carrying
from app.kernel.tables import AuditEntry
from app.kernel.tailoring import FIELD, NOTICE, NUMBER, ROLE, STEP, tiers_of
from app.panel import texts
from app.panel.fields import BOOKKEEPING, field_of
from app.panel.forms import Form, Input
from app.panel.labels import field_label, record_plural, said, step_label, translated
from app.panel.rights import records
from app.schema.approval import Tiers
from app.schema.errors import Invalid, NotFound, Refusal
from app.schema.kinds import MONEY
from app.schema.record import Record, declared_rules, lines_of, stored
from app.schema.registry import registry
from app.schema.tailored import CHOICE, KINDS, PREFIX
from app.schema.traits import Extendable
from app.schema.wording import Told
from views.page import Page

SHOWN = 30
"""Changes that the page lists."""
Document = dict[str, Any]


class TailoringPage(Page):
    """Kept by administrators. What is declared in the program is never lost: taking a change back brings it forth."""

    route_base = "/customise"
    permission = "page:tailoring"

    @expose("/")
    def list(self) -> str:
        """The records, the steps with levels of authority, and the newest changes."""
        kept = adapting.documents(db.session)
        entries = adapting.changes(db.session, SHOWN)
        return render_template(
            "tailoring/list.html",
            records=[(record, _count(kept, record)) for record in tailorable()],
            extendable=Extendable,
            steps=[(place, _place(place)) for place in steps()],
            tailored={name for what, name, _body in kept if what == STEP},
            changes=[(entry, what_words(entry)) for entry in entries],
            undone=adapting.undone(db.session, entries),
            plain=texts.plain,
        )

    @expose("/file")
    def file(self) -> Response:
        """All of it as one file, for another installation."""
        answer = jsonify(carrying.written(db.session))
        answer.headers["Content-Disposition"] = 'attachment; filename="yanxu-customised.json"'
        return answer

    @expose("/file", methods=["POST"])
    def carry(self) -> Any:
        """What a file would change here; sent again with the answer, it is taken over as a whole or not at all."""
        sent = request.files.get("file")
        raw = sent.read(carrying.LARGEST + 1) if sent else request.form.get("content", "").encode()
        try:
            told = carrying.read(raw)
            if "apply" in request.form:
                count = carrying.carry(db.session, told)
                db.session.commit()
                flash(ngettext("%(num)s thing was taken over.", "%(num)s things were taken over.", count), "success")
                return redirect(url_for("TailoringPage.list"), 303)
            found = carrying.differences(db.session, told)
        except Refusal as refusal:
            db.session.rollback()
            flash(said(refusal), "danger")
            return redirect(url_for("TailoringPage.list"), 303)
        return render_template(
            "tailoring/file.html", content=raw.decode(), found=[(each, difference_words(each)) for each in found]
        )

    @expose("/<name>")
    def record(self, name: str) -> str:
        """The fields of a record: what is needed, who sees it, what it begins with; those added stand last."""
        record = _record(name)
        kept = {each: body for what, each, body in adapting.documents(db.session) if what == FIELD}
        shown = [
            (field_of(record, key), kept.get(f"{name}.{key}", {}))
            for key in stored(record)
            if key not in BOOKKEEPING and (stored(record)[key].info.get("kind") or stored(record)[key].info.get("ref"))
        ]
        return render_template(
            "tailoring/record.html",
            record=record,
            shown=shown,
            may_add=issubclass(record, Extendable),
            rules=declared_rules(record),
        )

    @expose("/<name>/<field>", methods=["GET", "POST"])
    def field(self, name: str, field: str) -> Any:
        """One field of a record; ``add`` stands for one to be added."""
        record, fresh = _record(name), field == "add"
        if fresh and not issubclass(record, Extendable):
            raise NotFound("No fields can be added to this record.")
        if not fresh and (field not in stored(record) or field in BOOKKEEPING):
            raise NotFound("There is no such field.")
        if not fresh and "serial" in stored(record)[field].info:
            return self._number(record, field)
        before = None if fresh else adapting.document(db.session, FIELD, f"{name}.{field}")
        added = fresh or field.startswith(PREFIX)
        form = _field_form(record, before or {}, fresh=fresh, added=added)
        if request.method == "GET":
            return self._field_page(record, field, form, before)
        body = None if "remove" in request.form else _field_body(form, before, added=added)
        if body is not None and not added and not any(body.values()):
            body = None
        key = f"{PREFIX}{_name_of(request.form.get('name', ''))}" if fresh else field
        return self._saved(record, field, form, before, (FIELD, f"{name}.{key}", body))

    def _number(self, record: type[Record], field: str) -> Any:
        """How the numbers of a series are written."""
        place = f"{record.__tablename__}.{field}"
        before = adapting.document(db.session, NUMBER, place)
        declared = stored(record)[field].info["serial"]
        hint = _("As declared: %(pattern)s. Numbers that were given stay as they are.", pattern=declared)
        asked = Input("pattern", _("How numbers are written"), "text", required=True, hint=hint, longest=60)
        asked.value = str(request.form.get("pattern", (before or {}).get("pattern", declared))).strip()
        form = Form(record, [("", [asked])])
        if request.method == "GET":
            return self._field_page(record, field, form, before)
        body = None if "remove" in request.form or asked.value == declared else {"pattern": asked.value}
        return self._saved(record, field, form, before, (NUMBER, place, body))

    def _saved(
        self, record: type[Record], field: str, form: Form, before: Document | None, change: tuple[str, str, Any]
    ) -> Any:
        """Make a change, or show the form again with what is wrong."""
        try:
            adapting.change(db.session, *change)
            db.session.commit()
        except Refusal as refusal:
            db.session.rollback()
            form.complain(refusal)
            return self._field_page(record, field, form, before), refusal.status
        flash(_("Saved. It is obeyed everywhere from now on."), "success")
        return redirect(url_for("TailoringPage.record", name=record.__tablename__), 303)

    @expose("/levels/<place>", methods=["GET", "POST"])
    def step(self, place: str) -> Any:
        """The levels of authority of a step: up to which amount who agrees."""
        if tiers_of(place) is None:
            raise NotFound("There is no such step.")
        body, problems = adapting.step_document(db.session, place), {}
        if request.method == "POST":
            wanted = None if "declared" in request.form else _levels(body)
            try:
                if "add" in request.form or "drop" in request.form:
                    assert wanted is not None
                    return self._step_page(place, _rearranged(wanted), {})
                if wanted is None or wanted != body:
                    adapting.change(db.session, STEP, place, wanted)
                    db.session.commit()
                flash(_("Saved. It is obeyed everywhere from now on."), "success")
                return redirect(url_for("TailoringPage.list"), 303)
            except Invalid as refusal:
                db.session.rollback()
                body, problems = wanted or body, {key: said(why) for key, why in refusal.problems.items()}
                return self._step_page(place, body, problems), 422
        return self._step_page(place, body, problems)

    @expose("/undo/<int:entry_id>", methods=["POST"])
    def undo(self, entry_id: int) -> Response:
        """Take a change back."""
        try:
            adapting.undo(db.session, entry_id)
            db.session.commit()
            flash(_("It is again what it was before."), "success")
        except Refusal as refusal:
            db.session.rollback()
            flash(said(refusal), "danger")
        return redirect(url_for("TailoringPage.list"), 303)

    def _field_page(self, record: type[Record], field: str, form: Form, before: Document | None) -> str:
        return render_template(
            "tailoring/field.html", record=record, field=field, form=form, before=before, label=field_label
        )

    def _step_page(self, place: str, body: Document, problems: dict[str, str]) -> str:
        tiers = tiers_of(place)
        assert tiers is not None, "asked before"
        return render_template(
            "tailoring/step.html",
            place=place,
            title=_place(place),
            amount=field_label(registry[place.partition(".")[0]], tiers.amount),
            levels=body["levels"],
            sequence=body["sequence"],
            roles=_roles(),
            problems=problems,
            setting=lambda name: translated(registry.settings[name].label),
            tailored=adapting.document(db.session, STEP, place) is not None,
        )


def tailorable() -> list[type[Record]]:
    """The records with a form, each followed by its lines, as the menu has them."""
    found = []
    for record in records():
        found += [each for each in (record, *lines_of(record)) if each.panel.form]
    return found


def steps() -> list[str]:
    """The steps with levels of authority, such as ``claim.approve``."""
    return [
        f"{record.__tablename__}.{step.name}"
        for record in registry
        for step in (record.workflow.steps if record.workflow is not None else ())
        if isinstance(step.needs, Tiers)
    ]


def difference_words(each: carrying.Difference) -> str:
    """What a file has otherwise, in words."""
    if each.what == FIELD:
        return _field_words(each.name, each.after)
    if each.what == NUMBER:
        return _("%(about)s: %(what)s", about=_field_words(each.name, None), what=each.after.get("pattern"))
    if each.what == NOTICE:
        return _("%(about)s: %(what)s", about=_("Texts of notices"), what=_topic(each.name))
    if each.what == STEP:
        return _("%(about)s: %(what)s", about=_("Levels of authority"), what=_place(each.name))
    if each.what == carrying.SETTING:
        label = translated(registry.settings[each.name].label)
        value = "—" if each.after in (None, "") else str(each.after)
        return _("%(about)s: %(what)s", about=_("Setting %(name)s", name=label), what=value)
    return _("%(about)s: %(what)s", about=_("Role") if each.what == ROLE else _("Rights"), what=translated(each.name))


def _field_words(name: str, body: Document | None) -> str:
    record, _dot, field = name.partition(".")
    found = registry.get(record)
    label = (body or {}).get("label") or (field_label(found, field) if found else field)
    about = record_plural(found) if found else record
    return _("%(about)s: %(what)s", about=about, what=translated(Told.written(label)))


def what_words(entry: AuditEntry) -> str:
    """What was changed, in words."""
    told = entry.changes
    name, before, after = told["name"], told["before"], told["after"]
    if told["what"] == FIELD:
        thing = _field_words(name, after or before)
        if "kind" in (after or before or {}):
            verb = _("field added") if before is None else _("field taken out") if after is None else _("field changed")
        else:
            verb = _("field changed") if after is not None else _("field as declared again")
    elif told["what"] == NUMBER:
        thing, verb = _field_words(name, None), _("numbers written otherwise")
    elif told["what"] == NOTICE:
        thing, verb = _topic(name), _("text changed") if after is not None else _("text as declared again")
    elif told["what"] == STEP:
        thing = _place(name)
        verb = _("levels of authority changed") if after is not None else _("levels of authority as declared again")
    else:
        thing, verb = translated(name), _("role added") if after is not None else _("role taken away")
    return f"{thing} · {verb}"


def _topic(name: str) -> str:
    topic = registry.topics.get(name)
    return translated(topic.label) if topic is not None else name


def _place(place: str) -> str:
    name, _dot, own = place.partition(".")
    record = registry.get(name)
    step = record.workflow.step(own) if record is not None and record.workflow is not None else None
    if record is None or step is None:
        return place
    return _("%(about)s: %(what)s", about=record_plural(record), what=step_label(step))


def _count(kept: list[tuple[str, str, Document]], record: type[Record]) -> tuple[int, int]:
    """How many fields were added to a record, and of how many others something is said."""
    mine = [body for what, name, body in kept if what == FIELD and name.partition(".")[0] == record.__tablename__]
    added = sum("kind" in body for body in mine)
    return added, len(mine) - added


def _record(name: str) -> type[Record]:
    record = registry.get(name)
    if record is None or record not in tailorable():
        raise NotFound("There is no such record.")
    return record


def _roles() -> list[tuple[str, str]]:
    return [(name, translated(name)) for name in db.session.scalars(select(Role.name).order_by(Role.id))]


def _field_form(record: type[Record], body: Document, *, fresh: bool, added: bool) -> Form:
    """The questions about a field, with the answers that stand."""

    def of(name: str, label: str, control: str, value: Any = "", **more: Any) -> Input:
        sent = request.form if request.method == "POST" else None
        if sent is not None and control == "checkboxes":
            value = ",".join(part for part in sent.getlist(name) if part)
        elif sent is not None:
            value = sent.get(name, "")
        return Input(name, label, control, value=str(value or ""), **more)

    kinds = [(CHOICE, _("choice from a list")), *((name, translated(name.capitalize())) for name in KINDS)]
    options = "\n".join(v if v == label else f"{v} = {label}" for v, label in body.get("options", ()))
    read: list[str] = body.get("read") or []
    made = []
    names = _("One name, or in three languages: English | 简体 | 繁體")
    label = of("label", _("What it is called"), "text", body.get("label"), required=added, hint=names, longest=120)
    made.append(label)
    if fresh:
        short = _("Small letters, for files and programs, such as colour")
        made.append(of("name", _("Short name"), "text", required=True, hint=short, longest=38))
        made.append(of("kind", _("Kind"), "select", CHOICE, required=True, options=kinds))
    if fresh or body.get("kind") == CHOICE:
        each = _("One on a line. To keep another value than the name: red = Red | 红")
        made.append(of("options", _("Choices"), "textarea", options, hint=each))
    made.append(of("required", _("Needed"), "checkbox", "yes" if body.get("required") else ""))
    if added:
        made.append(of("listed", _("Shown in the list"), "checkbox", "yes" if body.get("listed") else ""))
    made.append(of("default", _("A new row begins with"), "text", body.get("default"), longest=200))
    named, begins = dict(_roles()), body.get("default_by_role") or ()
    by_role = "\n".join(f"{named.get(role, role)} = {text}" for role, text in begins)
    each = _("One role on a line, such as: %(role)s = …", role=next(iter(named.values())))
    made.append(of("default_by_role", _("For some roles it begins with"), "textarea", by_role, hint=each, longest=2000))
    made.append(of("help", _("Help beside it"), "textarea", body.get("help"), longest=500))
    nobody = _("Nobody chosen: everybody who sees the row.")
    made.append(of("read", _("Seen by these roles alone"), "checkboxes", ",".join(read), options=_roles(), hint=nobody))
    return Form(record, [("", made)])


def _field_body(form: Form, before: Document | None, *, added: bool) -> Document:
    """The document the answers come to."""
    given = {each.name: each.value.strip() for each in form.inputs}
    body: Document = {
        "label": given["label"],
        "required": given["required"] == "yes",
        "default": given["default"],
        "default_by_role": [_beginning(line) for line in given["default_by_role"].splitlines() if line.strip()],
        "help": given["help"],
        "read": given["read"].split(",") if given["read"] else None,
    }
    if added:
        kind = before["kind"] if before is not None else given["kind"]
        body |= {"kind": kind, "listed": given["listed"] == "yes"}
        if kind == CHOICE:
            body["options"] = [_option(line) for line in given["options"].splitlines() if line.strip()]
    return body


def _beginning(line: str) -> list[str]:
    """A role, by whichever of its names, and what a field begins with for it: ``Sales = web``."""
    role, _equals, text = (part.strip() for part in line.partition("="))
    names = {said.casefold(): name for name, label in _roles() for said in (name, label)}
    return [names.get(role.casefold(), role), text]


def _option(line: str) -> list[str]:
    """A value and its name: ``red = Red | 红``, or the name alone, of which the first is the value."""
    value, equals, label = (part.strip() for part in line.partition("="))
    return [value, label or value] if equals else [value.split("|")[0].strip(), value]


def _name_of(written: str) -> str:
    return re.sub(r"[\s-]+", "_", written.strip().casefold()).removeprefix(PREFIX)


def _levels(before: Document) -> Document:
    """The levels as the form has them; a limit kept as a setting stays one."""
    count = min(int(request.form.get("count", "0") or 0), 20)
    levels: list[Document] = []
    for n in range(count):
        limit: Any = request.form.get(f"limit{n}", "").strip() or None
        if (name := request.form.get(f"setting{n}")) and name in registry.settings:
            limit = {"setting": name}
        elif limit is not None:
            limit = _as_amount(limit)
        levels.append({"limit": limit, "by": sorted(request.form.getlist(f"by{n}"))})
    return {"levels": levels, "sequence": "sequence" in request.form}


def _as_amount(written: str) -> str:
    try:
        return MONEY.write(MONEY.read(written))
    except ValueError:
        return written


def _rearranged(body: Document) -> Document:
    """With one more level below the last, or without one."""
    levels = body["levels"]
    if "add" in request.form:
        levels.insert(max(len(levels) - 1, 0), {"limit": "", "by": []})
    elif (drop := request.form.get("drop", "")).isdigit() and int(drop) < len(levels):
        levels.pop(int(drop))
    return body
