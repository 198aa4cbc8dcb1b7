"""The access matrix: every role × record × route × row × field, against what the declarations say.

Each record has a test of its own, on a fresh department: a row of each person's, one of a stranger in another branch
and one of nobody's. Every value of a row that could give it away is a token; a token of what the person may not see,
or of a private field of anybody's, is in no answer, neither in its body nor in its headers.
"""

import re

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.history import plain
from app.kernel.permissions import load_actor
from app.schema.kinds import File, FileKind
from app.schema.record import Line
from app.schema.registry import registry
from tests import department
from tests.factories import make
from tests.promises.oracle import PEOPLE, Oracle
from tests.promises.tokens import World, night_too, plant, tokens_of

MISSING = 2_000_000_000
STRANGER, NOBODY = "renewal3", "nobody"
FEWEST = 10_000
CHECKED: dict[str, int] = {}
"""How many checks each record has had in this run."""


@pytest.fixture
def world(request, sqlite_backend):
    """The world of the record named by the test."""
    record = request.param
    sqlite_backend.reset()
    app = sqlite_backend.app
    app.extensions["actors"].forget()
    with sqlite_backend.session() as session, acting(system_actor("matrix")):
        users = department.user_ids(session)
        actors = {name: load_actor(session, users[name]) for name in (*PEOPLE.values(), STRANGER)}
        before = Oracle.of(session, users)
        rows = {name: make(session, record, actor).id for name, actor in actors.items()}
        rows[NOBODY] = make(session, record).id
        plant(session, record)
        session.commit()
        oracle = Oracle.of(session, users)
    made = World(app, record, oracle, rows, tokens_of(before, oracle), {})
    for name in PEOPLE.values():
        client = made.clients[name] = app.test_client()
        client.csrf = department.enter(client, name)
    return made


@night_too
@pytest.mark.parametrize("world", list(registry), indirect=True, ids=lambda record: record.__tablename__)
def test_nobody_reaches_more_than_is_declared(world, everybody):
    """By day as few people are asked everything as it takes for each single right to be tried where it is and where
    it is not; the others come to the doors. In the night everybody is asked everything.

    Every route to a row that is hidden from who reads others of the record is walked by day in `test_access`.
    """
    assert world.tokens or not any("kind" in c.info and c.info["kind"].longest for c in world.record.__table__.columns)
    chosen, walked = enough(world), False
    for number, name in enumerate(PEOPLE.values()):
        if name not in chosen and not everybody:
            at_the_doors(world, name)
            continue
        asking_for_rows(world, name)
        asking_for_files(world, name, everybody)
        asking_for_lists(world, name, None if everybody else number)
        asking_for_changes(world, name)
        shut_out = not world.oracle.granted(name, "read", world.record)
        if not issubclass(world.record, Line) and (everybody or (shut_out and not walked)):
            walking_every_route(world, name)
            walked = True
    nothing_has_changed(world)
    CHECKED[world.record.__tablename__] = world.checks
    assert world.wrong == []


def enough(world):
    """People among whom each right is both there and not there wherever it is so among all; most is tried first."""
    rights = {name: rights_of(world, name) for name in PEOPLE.values()}
    chosen, untried = [], set().union(*rights.values())
    while untried:
        chosen.append(max(rights, key=lambda name: len(rights[name] & untried)))
        untried -= rights[chosen[-1]]
    return chosen


def rights_of(world, name):
    """What a person may do with the record and what not, by the declarations: in general, and with the rows tried."""
    record, oracle = world.record, world.oracle
    steps = [f"step:{step.name}" for step in record.workflow.steps] if record.workflow else []
    verbs = ("read", "add", "edit", "delete", "export", *steps)
    rights = {(verb, oracle.granted(name, verb, record)) for verb in verbs}
    for whose, key in zip(("own", STRANGER, NOBODY), places_of(world, name), strict=False):
        seen = oracle.sees(name, record, key)
        rights.add((whose, seen))
        rights |= {(whose, verb, seen, oracle.may(name, verb, record, key)) for verb in verbs}
        if seen:
            fields = (column.key for column in record.__table__.columns)
            rights |= {(whose, field, oracle.reads(name, record, key, field)) for field in fields}
    return rights


def at_the_doors(world, name):
    """The list and a stranger's row: of a resource the one, of the screens the other."""
    record, table, key = world.record, world.record.__tablename__, world.rows[STRANGER]
    reads, seen = world.oracle.granted(name, "read", record), world.oracle.sees(name, record, key)
    world.ask(name, "GET", f"/api/v1/{table}/", {200 if reads else 403})
    screen = f"/api/v1/{table}" if issubclass(record, Line) else f"/{table}"
    world.ask(name, "GET", f"{screen}/{key}", {200} if seen else {403, 404})


def places_of(world, name):
    """The rows a person is tried with: own, a stranger's, nobody's, and one that is not there."""
    return (world.rows[name], world.rows[STRANGER], world.rows[NOBODY], MISSING)


def asking_for_rows(world, name):
    """The page, the forms and the resource of each row; hidden and missing rows get the same answer."""
    record, table = world.record, world.record.__tablename__
    reads, may, sees = world.oracle.granted(name, "read", record), world.oracle.may, world.oracle.sees
    refused = {}
    for key in places_of(world, name):
        seen = sees(name, record, key)
        hidden = 404 if reads else 403
        answer = world.ask(name, "GET", f"/api/v1/{table}/{key}", {200} if seen else {403, 404})
        if seen and answer.status_code == 200:
            judge_fields(world, name, key, answer.json["result"])
        else:
            refused[key] = (answer.status_code, answer.json["detail"])
        if issubclass(record, Line) or key != world.rows[STRANGER]:
            continue  # the screens find rows as the resource does
        world.ask(name, "GET", f"/{table}/{key}", {200 if seen else hidden})
        for verb in ("edit", "delete") if seen else ():
            granted = seen and may(name, verb, record, key)
            world.ask(name, "GET", f"/{table}/{key}/{verb}", {200 if granted else 403})
    world.expect(len(set(refused.values())) <= 1, name, "hidden and missing rows differ", refused)


def judge_fields(world, name, key, shown):
    """Each field as it is kept; a private one masked."""
    row = world.oracle.rows[world.record.__tablename__][key]
    for column in world.record.__table__.columns:
        value, private = row[column.key], getattr(column.info.get("kind"), "private", False)
        given = shown.get(column.key)
        if column.info.get("spelling"):
            world.expect(column.key not in shown, name, key, column.key, "is the engine's own and is told")
        elif not world.oracle.reads(name, world.record, key, column.key):
            world.expect(given is None, name, key, column.key, "is shown")
        elif private and value is not None:
            world.expect(given != value and "•" in str(given), name, key, column.key, "is not masked")
        else:
            if isinstance(value, File) and isinstance(given, dict):
                given = {part: given[part] for part in given if part not in ("url", "preview")}
            kept = plain(value)
            world.expect(given == kept, name, key, column.key, given, "is not", value)


def asking_for_files(world, name, everybody):
    """Files are handed out to who sees the row and reads the field, a private one not even so; in the night all."""
    record, table = world.record, world.record.__tablename__
    for column in (c for c in record.__table__.columns if isinstance(c.info.get("kind"), FileKind)):
        for key, row in world.oracle.rows[table].items():
            if row[column.key] is None or not (everybody or key in places_of(world, name)):
                continue
            reads = world.oracle.sees(name, record, key) and world.oracle.reads(name, record, key, column.key)
            status = 404 if not reads else 403 if column.info["kind"].private else 200
            world.ask(name, "GET", f"/files/{row[column.key].id}", {status})


def asking_for_lists(world, name, number):
    """Lists and files hold the rows a person sees; no order, search or filter tells of what is hidden.

    By day each field is asked for in two of the five ways and each row by one of its tokens: with each person, who has
    a `number`, and with each field others.
    """
    record, table = world.record, world.record.__tablename__
    reads = world.oracle.granted(name, "read", record)
    seen = {key for key in world.oracle.rows[table] if world.oracle.sees(name, record, key)}
    api = f"/api/v1/{table}/"
    listed = world.ask(name, "GET", api, {200 if reads else 403}, query_string={"psize": "100"})
    if not issubclass(record, Line):
        world.ask(name, "GET", f"/{table}/", {200 if reads else 403})
        exports = reads and world.oracle.granted(name, "export", record)
        world.ask(name, "POST", f"/{table}/export.csv", {200 if exports else 403})
    if not reads or listed.status_code != 200:
        return
    found = [row["id"] for row in listed.json["result"]]
    world.expect(set(found) == seen and listed.json["count"] == len(seen), name, "lists", found, "not", seen)
    private = [c.key for c in record.__table__.columns if getattr(c.info.get("kind"), "private", False)]
    ruled = [rule.field for rule in record.fields if rule.field in record.__table__.columns]
    unread = [field for field in ruled if not all(world.oracle.reads(name, record, key, field) for key in seen)]
    for place, column in enumerate(dict.fromkeys((*private, *unread))):
        values = [str(plain(row[column])) for row in world.oracle.rows[table].values() if row[column]]
        for query in in_turn(
            (
                {"order": column},
                *({column: value} for value in values[:1]),
                *({f"{column}.contains": str(value)[:3]} for value in values[:1]),
                {"order": f"-{column}"},
                *({f"{column}.from": value} for value in values[:1]),
            ),
            2,
            None if number is None else number + place,
        ):
            again = world.ask(name, "GET", api, {200, 422}, query_string={"psize": "100", **query})
            same = [row["id"] for row in again.json["result"]] if again.status_code == 200 else found
            world.expect(same == found, name, query, "tells something of", column)
        for value in values[:1] if column in private else ():
            part = world.ask(name, "GET", api, {200}, query_string={"q": value[:-1]})
            world.expect(part.json["count"] == 0, name, "finds a part of", column)
    for key in {world.rows[STRANGER], world.rows[NOBODY]} - seen:
        for token in in_turn([token for token, what in world.tokens.items() if what[:2] == (table, key)], 1, number):
            search = world.ask(name, "GET", api, {200}, query_string={"q": token})
            world.expect(search.json["count"] == 0, name, "finds hidden", token)


def in_turn(things, count, number):
    """So many of some things, from another one on with each number; without a number all."""
    if number is None or len(things) <= count:
        return list(things)
    return [things[(number + n) % len(things)] for n in range(count)]


def asking_for_changes(world, name):
    """Changes, deletions and steps through the resource; what is granted is sent so that it changes nothing."""
    record, table, oracle = world.record, world.record.__tablename__, world.oracle
    api, steps = f"/api/v1/{table}/", record.workflow.steps if record.workflow else ()
    adds = oracle.granted(name, "add", record)
    world.ask(name, "POST", api, {201, 422} if adds else {403}, json={"no_such_field": 1})
    for key in places_of(world, name):
        seen = oracle.sees(name, record, key)
        version = oracle.rows[table].get(key, {}).get("version", 1)
        edits = seen and oracle.may(name, "edit", record, key)
        changed = {200} if edits else {403} if seen else {403, 404}
        world.ask(name, "PATCH", f"{api}{key}", changed, json={"version": version})
        if not (seen and oracle.may(name, "delete", record, key)):
            world.ask(name, "DELETE", f"{api}{key}", {403} if seen else {403, 404})
        for step in steps if seen else steps[:1]:
            taken = seen and oracle.may(name, f"step:{step.name}", record, key)
            stale = {"version": version + 7 if taken else version}
            world.ask(
                name,
                "POST",
                f"{api}{key}/steps/{step.name}",
                {409} if taken else {403} if seen else {403, 404},
                json=stale,
            )


def walking_every_route(world, name):
    """Every address of the record's screens, with the id of a row that is hidden from the person."""
    key = world.rows[STRANGER]
    if world.oracle.sees(name, world.record, key):
        return
    steps = world.record.workflow.steps if world.record.workflow else ()
    known = {"name": steps[0].name if steps else "x", "line": "x", "step": "x"}
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] != world.record.__tablename__ or "key" not in rule.arguments:
            continue
        url = re.sub(
            r"<(?:(\w+):)?(\w+)>", lambda part: str(key) if part[1] == "int" else known.get(part[2], "x"), rule.rule
        )
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            body = {"data": {"version": "1", "owner_id": str(world.oracle.users[name])}} if method != "GET" else {}
            world.ask(name, method, url, {403, 404}, **body)


def nothing_has_changed(world):
    """The rows stand as they stood."""
    with world.app.app_context(), acting(system_actor("matrix")):
        table = world.record.__table__
        session = world.app.extensions["sqlalchemy"].session
        now = {row.id: row.version for row in session.connection().execute(select(table.c.id, table.c.version))}
        session.rollback()
    for key, row in world.oracle.rows[world.record.__tablename__].items():
        world.expect(now.get(key) == row["version"], "row", key, "has changed")


def test_there_were_enough_checks():
    """A whole run tries well over ten thousand; a part of it is judged by its part."""
    assert CHECKED, "the matrix was not run before this"
    assert sum(CHECKED.values()) >= FEWEST * len(CHECKED) / len(list(registry))
