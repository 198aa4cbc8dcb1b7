"""Changing what the department has tailored: checked, noted in the history with all that taking it back needs, undone.

A change is one document before and after, and the rights given and taken with it. It is obeyed at once by every
process, for it raises the epoch. Nothing kept in rows is ever thrown away: a field that is taken out is only no longer
met, and its values are there again when it comes back.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_appbuilder.security.sqla.models import Role as KeptRole
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.kernel import notice_texts, tailoring
from app.kernel.access import field_verb
from app.kernel.actor import on_behalf
from app.kernel.history import plain, summarise
from app.kernel.permissions import give, permission_ids, raise_epoch
from app.kernel.rights import PREFIX, Right, rights_of
from app.kernel.tables import AuditEntry, RoleScope
from app.kernel.tailoring import FIELD, NOTICE, NUMBER, ROLE, STEP, Document, Tailoring, tiers_of
from app.schema.check_fields import hideable
from app.schema.errors import Conflict, Invalid, NotFound, Refusal
from app.schema.kinds import MONEY, BadValue
from app.schema.record import Record, policy_name, stored
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.settings import Setting
from app.schema.tailored import CHOICE, KINDS, NAME
from app.schema.traits import Extendable

TAILORING = "tailoring"
"""What the history calls it."""
CHANGED_SINCE = "This was changed again since. Take the later change back first."
NEEDED = "Fill this in."
LONGEST_NUMBER = 40
"""Characters of a number the house gives."""
Rights = list[tuple[str, str, str, bool]]
"""Rights given (True) or taken, each as role, verb and record."""


def document(session: Session, what: str, name: str) -> dict[str, Any] | None:
    """What is kept of something; None where the declaration alone holds."""
    kept = session.scalars(select(Tailoring).where(Tailoring.what == what, Tailoring.name == name)).one_or_none()
    return None if kept is None else dict(kept.body)


def documents(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    """All that is kept."""
    kept = select(Tailoring.what, Tailoring.name, Tailoring.body).order_by(Tailoring.id)
    return [(row.what, row.name, row.body) for row in session.execute(kept)]


def change(session: Session, what: str, name: str, body: Document | None, *, reverts: int | None = None) -> None:
    """Make something as a document says; None takes it out, and what is declared holds again.

    Raises `Invalid` with what is wrong by the parts of the document, `Refusal` where rows forbid it.
    """
    raise_epoch(session)  # one at a time
    before = document(session, what, name)
    if body == before:
        return
    if body is not None:
        _check(session, what, name, body, before)
    kept = session.scalars(select(Tailoring).where(Tailoring.what == what, Tailoring.name == name)).one_or_none()
    if body is None:
        session.delete(kept)
    elif kept is None:
        session.add(Tailoring(what=what, name=name, body=dict(body)))
    else:
        kept.body = dict(body)
    if what == ROLE:
        _role(session, name, body)
    moved = list(_move(session, _rights(what, name, body))) if body is not None else []
    session.flush()
    told = {"what": what, "name": name, "before": before, "after": body, "rights": [list(each) for each in moved]}
    summarise(session, TAILORING, "edit" if reverts is None else "revert", told, reverts=reverts)


def changes(session: Session, limit: int = 50) -> list[AuditEntry]:
    """The newest changes."""
    mine = select(AuditEntry).where(AuditEntry.record == TAILORING).order_by(AuditEntry.id.desc())
    return list(session.scalars(mine.limit(limit)))


def undo(session: Session, entry_id: int) -> None:
    """Make something again what it was before a change, rights included.

    Raises `NotFound`, `Conflict` if it was changed since, `Refusal` where rows forbid it.
    """
    entry = session.get(AuditEntry, entry_id) if 0 < entry_id < 2**31 else None
    if entry is None or entry.record != TAILORING:
        raise NotFound("There is no such change.")
    told = entry.changes
    raise_epoch(session)
    if document(session, told["what"], told["name"]) != told["after"]:
        raise Conflict(CHANGED_SINCE)
    change(session, told["what"], told["name"], told["before"], reverts=entry.id)
    back = [(role, verb, record, not given) for role, verb, record, given in told["rights"]]
    _apply(session, back)


def undone(session: Session, entries: Iterable[AuditEntry]) -> set[int]:
    """Those of some changes that were taken back."""
    ids = [entry.id for entry in entries]
    back = select(AuditEntry.reverts_id).where(AuditEntry.record == TAILORING, AuditEntry.reverts_id.in_(ids))
    return {each for each in session.scalars(back) if each is not None}


def _check(session: Session, what: str, name: str, body: Document, before: Document | None) -> None:
    check = {
        FIELD: _check_field,
        STEP: _check_step,
        NUMBER: _check_number,
        NOTICE: notice_texts.check,
        ROLE: _check_role,
    }[what]
    roles = set(session.scalars(select(KeptRole.name)))
    if problems := dict(check(session, name, body, before, roles)):
        raise Invalid(problems)


def _check_field(session: Session, name: str, body: Document, before: Document | None, roles: set[str]) -> Any:
    record_name, _dot, field = name.partition(".")
    record = registry.get(record_name)
    if record is None:
        yield "name", Refusal("There is no such record.")
        return
    if set(body.get("read") or ()) - roles:
        yield "read", Refusal("There is no such role.")
    if body.get("read") == []:
        yield "read", Refusal("Somebody has to see it: choose a role, or let everybody see it who sees the row.")
    if "kind" not in body:
        yield from _check_declared(record, field, body, roles)
        return
    if not issubclass(record, Extendable):
        yield "name", Refusal("No fields can be added to this record.")
    if not NAME.fullmatch(field):
        yield "name", Refusal("Write a short name in small letters, digits and underscores, such as colour.")
    if before is None and field in stored(record):
        yield "name", Refusal("Another field has this name already.")
    if not str(body.get("label") or "").strip():
        yield "label", Refusal(NEEDED)
    if body["kind"] != CHOICE and body["kind"] not in KINDS:
        yield "kind", Refusal("Choose a kind.")
        return
    if before is not None and before.get("kind", body["kind"]) != body["kind"]:
        yield "kind", Refusal("The kind of a field stays what it is: what is kept is of that kind.")
    if body["kind"] == CHOICE:
        yield from _check_options(session, record, field, body, before)
    yield from _check_default(tailoring.extra_of(record_name, field, body).column.info["kind"], body, roles)


def _check_declared(record: type[Record], field: str, body: Document, roles: set[str]) -> Any:
    if field not in stored(record) or field in {"id", "version"}:
        yield "name", Refusal("There is no such field.")
        return
    column = stored(record)[field]
    if body.get("read") is not None and not hideable(record, field):
        yield "read", Refusal("Whoever sees a row has to see this field of it.")
    if body.get("required") and not column.nullable:
        yield "required", Refusal("It is needed already.")
    if (kind := column.info.get("kind")) is not None and "ref" not in column.info:
        yield from _check_default(kind, body, roles)
    elif body.get("default") or body.get("default_by_role"):
        yield "default", Refusal("A link has no default.")


def _check_default(kind: Any, body: Document, roles: set[str]) -> Any:
    by_role = body.get("default_by_role") or []
    if {role for role, _text in by_role} - roles:
        yield "default_by_role", Refusal("There is no such role.")
    begins = [("default", body["default"])] if body.get("default") else []
    for place, text in (*begins, *(("default_by_role", text) for _role, text in by_role)):
        try:
            kind.read(text)
        except BadValue as error:
            yield place, Refusal(error.msgid, field="", **error.args_)


def _check_options(session: Session, record: Any, field: str, body: Document, before: Document | None) -> Any:
    values = [value for value, _label in body.get("options", ())]
    if len(values) < 2 or len(set(values)) < len(values):
        yield "options", Refusal("Write at least two choices, each on a line of its own and none of them twice.")
    if any(not value or len(value) > 40 or "," in value or "|" in value for value in values):
        yield "options", Refusal("A choice has at most 40 characters and no comma in it.")
    gone = {value for value, _label in (before or {}).get("options", ())} - set(values)
    if gone:
        kept = record.extra[field].as_string()
        asked = select(kept, func.count()).where(kept.in_(gone)).group_by(kept).order_by(kept).limit(1)
        with on_behalf("choices of a field"):
            used = session.execute(asked).all()
        for value, count in used:
            yield (
                "options",
                Refusal("%(count)s rows have %(value)s, so it cannot go. Change them first.", count=count, value=value),
            )


def _check_step(session: Session, name: str, body: Document, before: Document | None, roles: set[str]) -> Any:
    if tiers_of(name) is None:
        yield "name", Refusal("This step has no levels of authority.")
        return
    levels, last = body.get("levels") or [], Decimal(-1)
    if not levels or levels[-1]["limit"] is not None or any(level["limit"] is None for level in levels[:-1]):
        yield "levels", Refusal("The last level, and it alone, is for any amount.")
    for n, level in enumerate(levels):
        if not level["by"] or set(level["by"]) - roles:
            yield f"by{n}", Refusal("Choose who agrees at this level.")
        limit = level["limit"]
        if isinstance(limit, str):
            try:
                amount = MONEY.read(limit)
            except BadValue as error:
                yield f"limit{n}", Refusal(error.msgid, field="", **error.args_)
                continue
            if amount <= last:
                yield f"limit{n}", Refusal("Each level goes higher than the one below it.")
            last = amount


def _check_number(session: Session, name: str, body: Document, before: Document | None, roles: set[str]) -> Any:
    record, _dot, field = name.partition(".")
    if record not in registry or "serial" not in registry[record].__table__.columns[field].info:
        yield "name", Refusal("The house gives no such number.")
        return
    try:
        parts = [(place, form) for _text, place, form, _how in Formatter().parse(body["pattern"]) if place is not None]
        length = len(str(body["pattern"]).format(year=2026, seq=1))
    except (ValueError, KeyError, IndexError, AttributeError):
        parts, length = [], 0
    if sorted(place for place, _form in parts) != ["seq", "year"] or not 0 < length <= LONGEST_NUMBER:
        yield (
            "pattern",
            Refusal("Write {year} and {seq:06} once each, such as CLM-{year}-{seq:06}, 40 characters at most."),
        )


def _check_role(session: Session, name: str, body: Document, before: Document | None, roles: set[str]) -> Any:
    if not name.strip() or len(name) > 60:
        yield "name", Refusal("Write a name of at most 60 characters.")
    if name in roles:
        yield "name", Refusal("There is a role of that name already.")
    if body.get("like") and body["like"] not in roles:
        yield "like", Refusal("There is no such role.")


def _role(session: Session, name: str, body: Document | None) -> None:
    """Make a role, or take one away that nobody has."""
    role = session.scalars(select(KeptRole).where(KeptRole.name == name)).one_or_none()
    if body is None:
        if role is None:
            return
        held = select(func.count()).select_from(assoc_user_role).where(assoc_user_role.c.role_id == role.id)
        if count := session.connection().scalar(held):
            raise Refusal("%(count)s people have this role. Take it from them first.", count=count)
        session.connection().execute(
            delete(assoc_permissionview_role).where(assoc_permissionview_role.c.role_id == role.id)
        )
        session.delete(role)
        return
    made = KeptRole(name=name)
    session.add(made)
    session.flush()
    like = session.scalars(select(KeptRole).where(KeptRole.name == body.get("like"))).one_or_none()
    scopes: Mapping[tuple[str, str], Scope] = {("", ""): Scope.OWN}
    if like is not None:
        rights = rights_of(session, [like.id])[like.id]
        ids = permission_ids(session, set(rights.grants))
        if ids:
            give(session, [(each, made.id) for right, each in ids.items() if right in rights.grants])
        scopes = rights.scopes
    session.add_all(
        RoleScope(role_id=made.id, record=record, verb=verb, scope=int(scope))
        for (record, verb), scope in scopes.items()
    )


def _rights(what: str, name: str, body: Document) -> dict[Right, tuple[set[str], bool]]:
    """By right the roles that are to have it, and whether others lose it."""
    if what == FIELD and body.get("read") is not None:
        record_name, _dot, field = name.partition(".")
        record = registry[record_name]
        return {(field_verb(record, "read", field), policy_name(record)): (set(body["read"]), True)}
    if what == STEP:
        record_name, _dot, step = name.partition(".")
        wanted: dict[Right, tuple[set[str], bool]] = {}
        for n, level in enumerate(body["levels"], 1):
            wanted[f"step:{step}.level{n}", record_name] = (set(level["by"]), True)
        everybody = {role for level in body["levels"] for role in level["by"]}
        return {(f"step:{step}", record_name): (everybody, False)} | wanted
    return {}


def _move(session: Session, wanted: dict[Right, tuple[set[str], bool]]) -> Iterable[tuple[str, str, str, bool]]:
    """Give and take rights until the roles have them that are to; what moved."""
    moved: Rights = []
    for right, (roles, alone) in wanted.items():
        now = holders(session, right)
        moved += [(role, *right, True) for role in sorted(roles - now)]
        if alone:
            moved += [(role, *right, False) for role in sorted(now - roles)]
    _apply(session, moved)
    return moved


def holders(session: Session, right: Right) -> set[str]:
    """The roles that have a right."""
    held = (
        select(KeptRole.name)
        .join(assoc_permissionview_role, assoc_permissionview_role.c.role_id == KeptRole.id)
        .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(Permission.name == PREFIX + right[0], ViewMenu.name == right[1])
    )
    return set(session.scalars(held))


def _apply(session: Session, moved: Rights) -> None:
    if not moved:
        return
    ids = permission_ids(session, {(verb, record) for _role, verb, record, _given in moved})
    roles = {role.name: role.id for role in session.scalars(select(KeptRole))}
    if given := [(ids[verb, record], roles[role]) for role, verb, record, yes in moved if yes and role in roles]:
        give(session, given)
    table = assoc_permissionview_role.c
    for role, verb, record, yes in moved:
        if not yes and role in roles:
            session.connection().execute(
                delete(assoc_permissionview_role).where(
                    table.permission_view_id == ids[verb, record], table.role_id == roles[role]
                )
            )


def step_document(session: Session, place: str) -> dict[str, Any]:
    """The levels of a step as they stand, as a document: those who agree are whoever has the right."""
    tiers, (record, _dot, step) = tiers_of(place), place.partition(".")
    assert tiers is not None, "only steps with levels of authority are asked"
    levels = [
        {"limit": _told(part.limit), "by": sorted(holders(session, (f"step:{step}.{part.name}", record)))}
        for part in tiers.parts
    ]
    return {"levels": levels, "sequence": tiers.sequence}


def _told(limit: Setting | Decimal | None) -> Any:
    return {"setting": limit.name} if isinstance(limit, Setting) else plain(limit)
