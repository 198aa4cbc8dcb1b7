"""What the department has tailored as one file, for another installation: read, compared, taken over whole.

The file is JSON: fields and levels of authority as documents, roles with their rights and reach, settings by name.
People, their roles and the logo stay where they are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import Role as KeptRole
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import adapting, tailoring
from app.kernel.brand import BRAND_LOGO
from app.kernel.granting import Change, change_role
from app.kernel.permissions import grantable
from app.kernel.rights import Rights, rights_of, roles_named
from app.kernel.settings import set_setting
from app.kernel.tables import SettingValue
from app.kernel.tailoring import FIELD, NOTICE, NUMBER, ROLE, STEP
from app.schema import tailored
from app.schema.errors import Invalid, Refusal
from app.schema.kinds import BadValue
from app.schema.registry import registry
from app.schema.roles import Scope

SETTING, RIGHTS = "setting", "rights"
FORMAT = 1
LARGEST = 2_000_000
"""Bytes of a file."""
UNREADABLE = "This is no file of a customised panel: make one with “Download”."


@dataclass(frozen=True)
class Difference:
    """Something the file has otherwise than this installation; `before` is None for what is not here yet."""

    what: str
    name: str
    before: Any
    after: Any


def written(session: Session) -> dict[str, Any]:
    """All of it as the file holds it."""
    kept = session.execute(select(SettingValue.name, SettingValue.value).order_by(SettingValue.name))
    settings = {row.name: row.value for row in kept if row.name in registry.settings and row.name != BRAND_LOGO.name}
    documents = (each for each in adapting.documents(session) if each[0] != ROLE)
    return {
        "customised": FORMAT,
        "documents": [{"what": what, "name": name, "body": body} for what, name, body in documents],
        "roles": {name: _told(rights) for name, rights in sorted(roles_named(session).items())},
        "settings": settings,
    }


def read(raw: bytes) -> dict[str, Any]:
    """What a file says. Raises `Refusal` for one that is none."""
    try:
        told: Any = json.loads(raw) if len(raw) <= LARGEST else None
        known = isinstance(told, dict) and told.get("customised") == FORMAT
        if known and all(isinstance(told[part], sort) for part, sort in _PARTS.items()):
            return dict(told)
    except (ValueError, KeyError, RecursionError):
        pass
    raise Refusal(UNREADABLE)


_PARTS = {"documents": list, "roles": dict, "settings": dict}


def differences(session: Session, told: Mapping[str, Any]) -> list[Difference]:
    """What taking a file over would change. Nothing is taken away that only this installation has."""
    try:
        return list(_differences(session, told))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(UNREADABLE) from error


def _differences(session: Session, told: Mapping[str, Any]) -> Iterator[Difference]:
    here = {(what, name): body for what, name, body in adapting.documents(session)}
    for each in told["documents"]:
        what, name, body = str(each["what"]), str(each["name"]), dict(each["body"])
        if what in (FIELD, STEP, NUMBER, NOTICE) and here.get((what, name)) != body:
            yield Difference(what, name, here.get((what, name)), body)
    rights = roles_named(session)
    for name, kept in told["roles"].items():
        wanted = _read(kept)
        if name not in rights:
            yield Difference(ROLE, name, None, {"like": None})
        if wanted != rights.get(name):
            yield Difference(RIGHTS, name, rights.get(name), wanted)
    values = {row.name: row.value for row in session.execute(select(SettingValue.name, SettingValue.value))}
    for name, value in told["settings"].items():
        if name in registry.settings and name != BRAND_LOGO.name and values.get(name) != value:
            yield Difference(SETTING, name, values.get(name), value)


def carry(session: Session, told: Mapping[str, Any]) -> int:
    """Take a file over, all of it or nothing; how many things changed. Raises `Refusal` that names what cannot be."""
    found = differences(session, told)
    try:
        for each in found:
            if each.what != RIGHTS:
                _take(session, each)
        session.flush()
        tailoring.keep_up(session)
        known = grantable()
        for each in found:
            if each.what == RIGHTS:
                role = session.scalars(select(KeptRole).where(KeptRole.name == each.name)).one()
                before = rights_of(session, [role.id])[role.id]
                after = Rights(frozenset(each.after.grants & (known | before.grants)), each.after.scopes)
                change_role(session, role, Change.between(before, after), before.seal)
    except BaseException:
        tailored.put_in_force(tailored.Tailored())  # what was put in force for the rights may never be committed
        raise
    return len(found)


def _take(session: Session, each: Difference) -> None:
    try:
        if each.what == SETTING:
            set_setting(session, each.name, each.after)
        else:
            adapting.change(session, each.what, each.name, each.after)
    except Invalid as refused:
        reason = next(iter(refused.problems.values()))
        said = reason.message if isinstance(reason, Refusal) else str(reason)
        raise Refusal("%(name)s: %(reason)s", name=each.name, reason=said) from refused
    except (BadValue, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal("%(name)s: %(reason)s", name=each.name, reason=str(error)) from error


def _told(rights: Rights) -> dict[str, Any]:
    scopes = [[record, verb, scope.name] for (record, verb), scope in sorted(rights.scopes.items())]
    return {"grants": [list(right) for right in sorted(rights.grants)], "scopes": scopes}


def _read(kept: Mapping[str, Any]) -> Rights:
    scopes = {(str(record), str(verb)): Scope[scope] for record, verb, scope in kept["scopes"]}
    return Rights(frozenset((str(verb), str(record)) for verb, record in kept["grants"]), scopes)
