"""Canaries where the matrix does not look: history, comments, comparing, forms that come back, files, notices, pages.

One department with rows of every record, each text in it a token, old values in the history, words in comments. A token
of what a person may not see, or of a private field of anybody's, is in no answer.
"""

import io
import re

import pytest
from sqlalchemy import String, Text, inspect, select

from app.kernel import comments
from app.kernel.actor import acting, system_actor
from app.kernel.outbox import tell
from app.kernel.permissions import load_actor
from app.kernel.tables import AuditEntry, Notice, Trashed
from app.kernel.workflow import adopt
from app.panel.fields import form_fields, links_of
from app.schema.kinds import Kind
from app.schema.record import Line
from app.schema.registry import registry
from app.schema.traits import Spelt
from app.schema.wording import Sentence
from tests import department
from tests.department import STAFF
from tests.factories import CANARY, make
from tests.gadget_sales import HEADER, line
from tests.promises.oracle import PEOPLE, Oracle
from tests.promises.tokens import World, night_too, plant, tokens_of

OWNERS = ("sales", "claims", "renewal3", None)
NAMED = ("sales", "renewal2", "finance")
NAME, SOUND = "隐姓埋名", ("yinxingmaiming", "yxmm", "隱姓")
MISSING = 2_000_000_000
UNREADABLE = "•\0"
OWN = ("/", "/inbox/", "/approvals/", "/desk/")
"""Pages that show each person something else."""
WHOLE = [record for record in registry if not issubclass(record, Line)]


@pytest.fixture(scope="module")
def world(sqlite_backend):
    """Rows of every record, told of in every way there is."""
    sqlite_backend.reset()
    app = sqlite_backend.app
    app.extensions["actors"].forget()
    with sqlite_backend.session() as session, acting(system_actor("canaries")):
        users = department.user_ids(session)
        actors = {name: load_actor(session, user_id) for name, user_id in users.items()} | {None: None}
        before, made = Oracle.of(session, users), []
        for record in registry:
            made += [make(session, record, actors[name]) for name in OWNERS]
            plant(session, record)
        session.commit()
        session.expunge_all()
        tokens = tokens_of(before, Oracle.of(session, users))
        told = [session.get(type(row), inspect(row).identity[0]) for row in made]
        for row in told:
            rewrite(session, row)
        session.commit()
        tokens |= tokens_of(before, Oracle.of(session, users))
        for row in told:
            if not isinstance(row, Line):
                text = f"{CANARY} said on {row.__tablename__} {row.id}."
                comments.say(session, row, " ".join([text, *(f"@{name}" for name in NAMED)]))
                tokens[text] = (str(row.__tablename__), row.id, "id", False)
        wait_for_agreement(session)
        sounding = make(session, registry["customer"], actors["renewal3"], name=NAME)
        tokens[NAME] = ("customer", sounding.id, "name", False)
        session.commit()
        oracle = Oracle.of(session, users)
        tokens |= throw_away(session, actors, users, before)
        for name in STAFF:
            words = f"{CANARY} for {name}."
            tell(session, words, users[name], Sentence("%(words)s", words=words), words)
            tell(session, f"{words} mail", users[name], Sentence("%(words)s", words=words), words, channel="mail")
        session.commit()
    world = World(app, None, oracle, {}, tokens, {})
    for name in PEOPLE.values():
        client = world.clients[name] = app.test_client()
        client.csrf = department.enter(client, name)
    return world


def judge(world):
    """Nothing was wrong since this was last asked."""
    found, world.wrong = world.wrong, []
    assert not found, "\n".join(found[:40])


def rewrite(session, row):
    """Give a row other values where somebody may not read it or nobody in full, so that its history holds the old."""
    ruled = {rule.field for rule in row.fields if rule.read is not None}
    for column in row.__table__.columns:
        kind, value = column.info.get("kind"), getattr(row, column.key)
        if column.key == row.panel.title or column.unique or not isinstance(value, str) or "choices" in column.info:
            continue
        if getattr(kind, "private", False):
            setattr(row, column.key, kind.sample(row.id + 500))
        elif column.key in ruled and isinstance(column.type, String | Text):
            setattr(row, column.key, f"{CANARY} {column.key} {row.id}, later.")


def wait_for_agreement(session):
    """Bring the rows of every record with an approval to the state in which somebody has to agree."""
    for record in WHOLE:
        for step in record.workflow.steps if record.workflow else ():
            if step.needs is not None:
                for row in session.scalars(select(record)):
                    adopt(session, row, min(step.source))
                session.flush()
                break


def throw_away(session, actors, users, before):
    """The tokens of rows that lie in the trash: of each its title is for who might have deleted it."""
    rows = [make(session, registry[name], actors["renewal3"]) for name in ("gadget", "dossier", "expense", "diary")]
    tokens = tokens_of(before, Oracle.of(session, users))
    thrown = {(str(row.__tablename__), row.id) for row in rows}
    for row in rows:
        session.delete(row)
    session.flush()
    return {token: what for token, what in tokens.items() if what[:2] in thrown}


def readers_of(world, record, everybody, verb="read"):
    """Of those who read a record, or change it, the one from whom most is hidden; in the night one more."""
    verbs = {"read", verb}
    reading = [name for name in PEOPLE.values() if all(world.oracle.granted(name, each, record) for each in verbs)]
    keys = list(world.oracle.rows[record.__tablename__])[:3]
    ruled = [rule.field for rule in record.fields if rule.read is not None]

    def blind(name):
        return sum(not world.oracle.reads(name, record, key, field) for key in keys for field in ruled)

    return sorted(reading, key=lambda name: (-blind(name), not world.oracle.granted(name, "edit", record)))[
        : 1 + everybody
    ]


@night_too
def test_what_is_told_of_a_row_tells_nothing_hidden(world, everybody):
    """Its history, its comments, two versions side by side; to who does not see it, nothing at all."""
    with world.app.app_context(), acting(system_actor("canaries")):
        session = world.app.extensions["sqlalchemy"].session
        found = session.execute(select(AuditEntry.record, AuditEntry.record_id, AuditEntry.id, AuditEntry.verb)).all()
        entries = {(record, key): id_ for record, key, id_, verb in found if verb == "edit"}
        session.rollback()
    for record in WHOLE:
        table = record.__tablename__
        for name in readers_of(world, record, everybody):
            keys = [key for key in world.oracle.rows[table] if (table, key) in entries] or [*world.oracle.rows[table]]
            seen = [key for key in keys if world.oracle.sees(name, record, key)]
            hidden = [key for key in keys if key not in seen]
            for status, some in ((200, seen[:1]), (404, hidden[:1])):
                for key in some:
                    entry = entries.get((table, key), MISSING)
                    compared = status if (table, key) in entries else 404
                    world.ask(name, "GET", f"/{table}/{key}", {status})
                    world.ask(name, "GET", f"/{table}/{key}/compare?v={entry}", {compared})
                    for more in ("history", "comments"):
                        world.ask(name, "GET", f"/api/v1/{table}/{key}/{more}", {status})
                    if everybody or status == 404 or record.workflow:
                        world.ask(name, "GET", f"/{table}/{key}/people", {status}, query_string={"q": "e"})
    judge(world)


def test_a_canary_is_heard_where_a_guard_is_gone(world, monkeypatch):
    monkeypatch.setattr(Kind, "mask", lambda self, value: str(value))
    key = next(key for key, row in world.oracle.rows["specimen"].items() if row["account"])
    world.ask("manager", "GET", f"/specimen/{key}", {200})
    assert any(": account of " in found for found in world.wrong)
    world.wrong.clear()


@night_too
def test_a_form_that_comes_back_tells_nothing_hidden(world, everybody):
    """After a mistake, beside what somebody else has saved, and as a problem of the API."""
    for record in WHOLE:
        table = record.__tablename__
        for name in readers_of(world, record, everybody, "edit"):
            may = [key for key in world.oracle.rows[table] if world.oracle.may(name, "edit", record, key)]
            for key in [key for key in may if world.oracle.sees(name, record, key)][:1]:
                version = world.oracle.rows[table][key]["version"]
                fields = [column.key for column in record.__table__.columns]
                open_ = [f for f in form_fields(record) if not {f.key, f.name} & {*record.panel.fixed}]
                expected = {409, 422} if open_ else {303, 409}
                form = {"csrf_token": world.clients[name].csrf}
                wrong = form | dict.fromkeys(fields, UNREADABLE) | {"version": str(version)}
                stale = form | dict.fromkeys(fields, UNREADABLE) | {"version": "0"}
                for sent in (wrong, stale, form | {"version": "0"}):
                    world.ask(name, "POST", f"/{table}/{key}/edit", expected, data=sent)
                problem = {**dict.fromkeys(fields, UNREADABLE), "version": version, "no_such_field": 1}
                world.ask(name, "PATCH", f"/api/v1/{table}/{key}", {422}, json=problem)
                for step in record.workflow.steps[:2] if record.workflow else ():
                    world.ask(name, "GET", f"/{table}/{key}/step/{step.name}", {200, 403})
                    world.ask(name, "POST", f"/{table}/{key}/step/{step.name}", {403, 409, 422}, data=form)
    judge(world)


@night_too
def test_every_page_tells_nothing_hidden(world, everybody):
    """Home, approvals, desk, inbox, reports, jobs, people: each person's own pages, and by day half of the others."""
    pages = sorted(
        rule.rule
        for rule in world.app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and rule.endpoint.partition(".")[0] not in registry
        if not rule.rule.startswith(("/api/", "/login/", "/healthz", "/trash/"))
    )
    assert len(pages) > 15
    assert set(OWN) < set(pages)
    reports = [f"/reports/{report.name}" for report in registry.reports]
    pages += [*reports, "/desk/1", "/claims/desk/1", "/claims/desk/2"]
    for number, name in enumerate(PEOPLE.values()):
        for page in pages if everybody else {*OWN, *pages[number % 2 :: 2]}:
            world.ask(name, "GET", page, {200, 302, 303, 403, 404})
    judge(world)


@night_too
def test_the_palette_tells_nothing_hidden(world, everybody):
    """Whatever is searched for, and whatever rows a browser says were opened last: these are those one sees.

    By day everybody looks for the canary, and for a number or a sound.
    """
    places = [(r, key) for r in WHOLE for key in [*world.oracle.rows[r.__tablename__]][-4:]]
    for number, name in enumerate(PEOPLE.values()):
        for written in (CANARY, "86", SOUND[0]) if everybody else (CANARY, ("86", SOUND[0])[number % 2]):
            world.ask(name, "GET", "/search/palette", {200}, query_string={"q": written})
        for n in range(0, len(places), 10):
            some = places[n : n + 10]
            recent = [f"{record.__tablename__}.{key}" for record, key in some]
            told = world.ask(name, "GET", "/search/palette", {200}, query_string={"recent": recent}).text
            seen = [key for record, key in some if world.oracle.sees(name, record, key)]
            world.expect(told.count('role="option"') == len(seen), name, "is told of other rows than", seen)
    judge(world)


def test_the_trash_tells_a_title_to_who_might_have_deleted_the_row(world):
    """And nothing else of it, to nobody."""
    with world.app.app_context(), acting(system_actor("canaries")):
        session = world.app.extensions["sqlalchemy"].session
        thrown = session.execute(select(Trashed.record, Trashed.record_id, Trashed.title)).all()
        session.rollback()
    titles = {kept.title for kept in thrown}
    gone = {(kept.record, kept.record_id) for kept in thrown}
    ghosts = {token for token, what in world.tokens.items() if what[:2] in gone}
    assert len(titles) == 4
    assert ghosts - titles
    for name in PEOPLE.values():
        page = world.clients[name].get("/trash/").text
        assert not [token for token in ghosts - titles if token in page], name
        shown = {kept.record for kept in thrown if kept.title in page}
        assert shown == ({"gadget", "dossier", "expense", "diary"} if name == "manager" else set()), name


def test_nobody_is_told_in_a_notice_what_he_or_she_may_not_read(world):
    """In the inbox and in mail: everybody was named in every comment."""
    with world.app.app_context(), acting(system_actor("canaries")):
        session = world.app.extensions["sqlalchemy"].session
        notices = session.execute(select(Notice.user_id, Notice.subject, Notice.body, Notice.record)).all()
        session.rollback()
    names = {user_id: name for name, user_id in world.oracle.users.items()}
    assert len([notice for notice in notices if notice.record]) > 50
    for user_id, subject, body, _record in notices:
        told = f"{subject} {body}"
        for token in (each for each in world.heard(told) if re.search(re.escape(each) + r"(?!\d)", told)):
            table, key, field, private = world.tokens[token]
            if user_id is None:
                world.expect(not private, "a customer", "is told", token)
            else:
                record, name = registry[table], names[user_id]
                read = world.oracle.sees(name, record, key) and world.oracle.reads(name, record, key, field)
                world.expect(read and not private, name, "is told", token)
    judge(world)


@night_too
def test_a_name_is_heard_by_nobody_from_whom_it_is_hidden(world, everybody):
    """By its sound and its initials, in lists and in every picker that leads there."""
    spelt = {record.__tablename__ for record in registry if issubclass(record, Spelt)}
    assert "customer" in spelt
    for record in WHOLE:
        for link in [link for link in links_of(record).values() if link.target == "customer"]:
            for name in readers_of(world, record, everybody):
                for sound in SOUND:
                    url = f"/{record.__tablename__}/pick/{link.key}"
                    world.ask(name, "GET", url, {200, 404}, query_string={"q": sound})
                    world.ask(name, "GET", f"/api/v1/{record.__tablename__}/", {200}, query_string={"q": sound})
    for name in PEOPLE.values():
        if world.oracle.granted(name, "read", registry["customer"]):
            found = world.ask(name, "GET", "/api/v1/customer/", {200}, query_string={"q": SOUND[0]}).json["count"]
            key = next(key for token, (_table, key, _field, _private) in world.tokens.items() if token == NAME)
            world.expect(found == world.oracle.sees(name, registry["customer"], key), name, "hears", found)
    judge(world)


def test_an_upload_is_its_own(world):
    """The preview masks; the refused rows, which are not masked, are for who uploaded them alone."""
    phone, bad = "13812344321", line(Code="G2", Phone="13812341234", Price="x")
    data = f"{HEADER}\n{line(Phone=phone, Name='CANARY-LOADED')}\n{bad}\n".encode()
    client = world.clients["manager"]
    form = {"csrf_token": client.csrf, "profile": "gadget_sales", "file": (io.BytesIO(data), "sales.csv")}
    place = client.post("/imports/", data=form, content_type="multipart/form-data").location
    page = client.get(place).text
    assert "CANARY-LOADED" in page
    assert phone not in page
    assert "13812341234" not in page
    assert "13812341234" in client.get(f"{place}/refused.csv").text
    for name in set(PEOPLE.values()) - {"manager"}:
        for url in ("/imports/", place, f"{place}/progress", f"{place}/refused.csv"):
            answer = world.clients[name].get(url)
            said = f"{answer.text} {answer.headers}"
            assert not [word for word in ("CANARY-LOADED", phone, "13812341234") if word in said], (name, url)
            assert answer.status_code in (200, 403, 404)
