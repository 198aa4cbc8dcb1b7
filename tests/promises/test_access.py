"""A person reaches another's row by no route. Every address is classified here, or the build fails."""

import pytest
from sqlalchemy import select

from app.kernel.access import widened
from app.kernel.actor import acting, system_actor
from app.schema.record import Line, Record, policy_name
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Shared
from tests.department import STAFF
from tests.factories import CANARY, make

PUBLIC = {"static", "SignIn.login", "SignIn.enter", "SignIn.language", "HealthPage.health"}
PUBLIC |= {"BrandPage.logo", "PasskeyDoor.options", "PasskeyDoor.enter", "ProviderDoor.go", "ProviderDoor.back"}
PUBLIC |= {"ClaimPapersPage.show", "ClaimPapersPage.send"}
"""The last two are open to whoever holds the link of a claim (`models.claims.links`)."""
PUBLIC |= {"VerifyPage.ask", "VerifyPage.tell"}
"""To whoever holds a printed document: what it is and whether it stands, of a code nobody can guess."""
SIGNED_IN = {"Index", "SignIn.leave", "InboxPage", "FiguresPage", "SearchPage", "TrashPage"}
SIGNED_IN |= {
    "FileView",
    "FileResource",
    "OpenApiResource",
    "ApiPage",
    "AccountPage",
    "FactorsPage",
    "SecondFactorPage",
    "TokensPage",
    "HelpPage",
}
SIGNED_IN |= {
    "MeasuresResource",
    "ClaimLinkPage",
    "ClaimLetterPage",
    "ExportsPage",
    "DocumentsPage",
    "WaysPage",
    "WatchedPage",
}
"""Open to every signed-in person: they show the person's own things, or what the session or the policy lets through."""


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
"""The access matrix walks the same on SQLite."""


def endpoints(app):
    return sorted({(rule.endpoint, rule.rule, tuple(sorted(rule.methods))) for rule in app.url_map.iter_rules()})


def sort_of(app, endpoint):
    """How an endpoint is guarded: public, signed in, a page, a record's screen, or a record's resource."""
    view, _, _name = endpoint.partition(".")
    if endpoint in PUBLIC:
        return "public"
    if endpoint in SIGNED_IN or view in SIGNED_IN:
        return "signed in"
    if view in registry:
        return "screen"
    instance = getattr(app.view_functions[endpoint], "__self__", None)
    if getattr(instance, "permission", ""):
        return "page"
    if getattr(instance, "record", None) is not None:
        return "resource"
    return None


@on_sqlite
def test_every_address_is_classified(app):
    unknown = [endpoint for endpoint, _rule, _methods in endpoints(app) if sort_of(app, endpoint) is None]
    assert unknown == [], "say in this file how these are guarded"


@on_sqlite
def test_every_change_is_a_post_and_every_get_is_safe(app):
    for endpoint, rule, methods in endpoints(app):
        for word in ("delete", "assign", "step", "logout", "export", "reveal"):
            if f"/{word}" in rule and sort_of(app, endpoint) != "resource" and "GET" in methods:
                assert endpoint.endswith((".ask", ".asking", ".ask_reveal", ".ask_reveal_of_line", ".confirm")), (
                    f"{rule} answers GET"
                )


@on_sqlite
def test_nothing_is_open_to_who_is_not_signed_in(app):
    client = app.test_client()
    for endpoint, rule, methods in endpoints(app):
        if sort_of(app, endpoint) == "public":
            continue
        url = fill(rule)
        for method in set(methods) - {"OPTIONS", "HEAD"}:
            answer = client.open(url, method=method)
            assert answer.status_code in (303, 302, 400, 401), (method, rule, answer.status_code)
            if answer.status_code in (302, 303):
                assert "/login/" in answer.location, (method, rule)


def fill(rule: str, key: int = 1) -> str:
    """An address of a rule, with `key` for ids and names that exist for the rest."""
    filled = rule
    for part in rule.split("<")[1:]:
        inner = part.split(">")[0]
        filled = filled.replace(f"<{inner}>", str(key) if inner.startswith("int:") else "x")
    return filled


PLACED = [r for r in registry if not issubclass(r, Shared) and not issubclass(r, Line)]


def reader_with_own_reach(record: type[Record], people) -> str | None:
    """A user name whose role reads the record, but only own rows."""
    for name, (_role, _unit) in STAFF.items():
        scope = widened(record, people[name].scope("read", policy_name(record)))
        if Scope.NONE < scope < Scope.ALL:
            return name
    return None


@on_postgresql
@pytest.mark.parametrize("record", PLACED, ids=lambda r: r.__tablename__)
def test_a_specialist_reaches_anothers_row_by_no_route(app, session, people, sign_in, record):
    """Walks every route of the record's screens and resource with the id of a row in another branch."""
    reader = reader_with_own_reach(record, people)
    if reader is None:
        assert not [n for n in STAFF if Scope.NONE < people[n].scope("read", policy_name(record)) < Scope.ALL]
        return
    stranger = people["renewal3"] if people[reader].branch_ids != people["renewal3"].branch_ids else people["renewal"]
    with acting(system_actor("t")):
        row = make(session, record, stranger)
        lines = [make(session, line, stranger, **{line.parent: row.id}) for line in lines_of(record)]
        version = row.version
        session.commit()
        session.expunge_all()
    client = sign_in(reader)
    headers = {"X-CSRFToken": client.csrf}
    for name, key in [(record.__tablename__, row.id), *((type(x).__tablename__, x.id) for x in lines)]:
        for endpoint, rule, methods in endpoints(app):
            instance = getattr(app.view_functions[endpoint], "__self__", None)
            served = getattr(getattr(instance, "record", None), "__tablename__", "")
            if name not in (endpoint.partition(".")[0], served):
                continue
            for method in set(methods) - {"OPTIONS", "HEAD"}:
                url = fill(rule, key)
                body = {"version": str(version), "name": "hijacked", "owner_id": str(people[reader].user_id)}
                kwargs = {"json": body} if "/api/" in rule else {"data": body}
                answer = client.open(url, method=method, headers=headers, **kwargs)
                assert answer.status_code < 500, (method, url, answer.status_code)
                said = answer.data.decode(errors="replace")  # a workbook is no text
                assert CANARY not in said.replace(f"{CANARY.lower()}", ""), (method, url)
                assert str(row.title) not in said or not str(row.title).startswith(CANARY), (method, url)
                if f"/{key}" in url:
                    assert answer.status_code in (302, 303, 400, 403, 404, 405, 422), (method, url, answer.status_code)
    with acting(system_actor("t")):
        session.rollback()
        session.expire_all()
        kept = session.get(record, row.id)
        assert kept is not None
        assert kept.version == version


def lines_of(record):
    return [line for line in registry if issubclass(line, Line) and line.parent_record() is record]


@on_postgresql
@pytest.mark.parametrize("record", list(registry), ids=lambda r: r.__tablename__)
def test_who_may_not_read_a_record_sees_none_of_its_screens(app, session, people, sign_in, record):
    outsiders = [n for n in STAFF if people[n].scope("read", policy_name(record)) == Scope.NONE]
    if not outsiders:
        return
    with acting(system_actor("t")):
        row = make(session, record, people["manager"])
        session.commit()
        key = row.id
    client = sign_in(outsiders[0])
    name = record.__tablename__
    for url in (f"/{name}/", f"/{name}/{key}", f"/{name}/{key}/edit", f"/{name}/new"):
        answer = client.get(url)
        assert answer.status_code in (403, 404), (url, answer.status_code)
        assert CANARY not in answer.text
    for url in (f"/api/v1/{name}/", f"/api/v1/{name}/{key}"):
        answer = client.get(url)
        assert answer.status_code in (403, 404), (url, answer.status_code)
        assert CANARY not in answer.text


def test_the_matrix_of_roles_and_records_is_what_the_declarations_say(session, people):
    """Every person × record × row (own, same team, same branch, elsewhere): the session shows what the scopes say."""
    checks = 0
    for record in PLACED:
        with acting(system_actor("t")):
            owners = ("renewal", "sales", "renewal2", "renewal3")
            rows = {name: make(session, record, people[name]).id for name in owners}
            session.commit()
        for name, actor in people.items():
            with acting(actor):
                seen = set(session.scalars(select(record.id).where(record.id.in_(rows.values()))))
                session.rollback()
            for owner, key in rows.items():
                checks += 1
                assert (key in seen) == expected(record, actor, people[owner]), (record.__tablename__, name, owner)
    assert checks >= 500


def expected(record, actor, owner):
    """Whether `actor` sees a row of `owner`, by the words of `app.schema.rows`."""
    scope = widened(record, actor.scope("read", policy_name(record)))
    if scope == Scope.NONE:
        return False
    if scope == Scope.ALL or owner.user_id == actor.user_id:
        return True
    units = actor.branch_ids if "Branch" in {c.__name__ for c in record.__mro__} else actor.unit_ids
    return scope == Scope.TEAM and owner.unit_id in units
