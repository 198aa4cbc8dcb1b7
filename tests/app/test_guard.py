"""Rows are guarded at the session: no statement shows or writes a row its actor may not, whatever the screen does."""

import pytest
from sqlalchemy import (
    column,
    delete,
    exists,
    func,
    insert,
    join,
    lambda_stmt,
    literal,
    literal_column,
    select,
    table,
    text,
    union,
    update,
)
from sqlalchemy.exc import IntegrityError, LegacyAPIWarning, NoResultFound
from sqlalchemy.orm import (
    aliased,
    immediateload,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
    with_polymorphic,
)

from app.kernel.access import find, may
from app.kernel.actor import NOBODY, acting, current_actor, on_behalf
from app.kernel.tables import AuditEntry
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.roles import Scope
from models.people import Unit
from tests.gadget import Gadget, GadgetPart, Trinket

OWNERS = ("renewal", "renewal2", "renewal3", "sales")


@pytest.fixture
def gadgets(session, people, as_system):
    """One gadget for each of four owners in three units, each with a part, each the twin of the one before."""
    rows, before = {}, None
    for owner in OWNERS:
        actor = people[owner]
        rows[owner] = Gadget(code=owner, name=f"{owner} gadget", owner_id=actor.user_id, unit_id=actor.unit_id)
        rows[owner].twin_id = before
        session.add(rows[owner])
        session.flush()
        before = rows[owner].id
        session.add(GadgetPart(gadget_id=before, name=f"part of {owner}"))
    session.commit()
    ids = {owner: row.id for owner, row in rows.items()}
    session.expunge_all()
    return ids


SEES = {
    "renewal": {"renewal"},
    "renewal2": {"renewal2"},
    "sales": {"sales"},
    "supervisor": {"renewal", "sales"},
    "supervisor2": {"renewal2"},
    "manager": set(OWNERS),
    "finance": set(OWNERS),
    "inspector": set(OWNERS),
    "service": set(),
    "admin": set(),
}


@pytest.mark.parametrize("who", SEES)
def test_every_way_of_asking_gives_the_rows_of_the_asker_alone(session, people, gadgets, who):
    twin = aliased(Gadget)
    with acting(people[who]):
        seen = SEES[who]
        assert set(session.scalars(select(Gadget.code))) == seen
        assert {g.code for g in session.scalars(select(Gadget))} == seen
        assert set(session.scalars(select(twin.code))) == seen
        assert session.scalar(select(func.count(Gadget.id))) == len(seen)
        assert session.scalar(select(func.count()).select_from(Gadget)) == len(seen)
        assert session.query(Gadget).count() == len(seen)
        subquery = select(Gadget.code).subquery()
        assert {row.code for row in session.execute(select(subquery))} == seen
        assert session.scalar(select(exists().where(Gadget.code == "renewal3"))) == ("renewal3" in seen)
        assert set(session.scalars(union(select(Gadget.code), select(Gadget.code)))) == seen
        assert {p.name for p in session.scalars(select(GadgetPart))} == {f"part of {o}" for o in seen}
        for owner in OWNERS:
            assert (session.get(Gadget, gadgets[owner]) is not None) == (owner in seen)


def test_a_hidden_row_is_not_reached_over_a_link(session, people, gadgets):
    with acting(people["renewal2"]):
        mine = session.scalars(select(Gadget).options(joinedload(Gadget.twin))).one()
        assert mine.twin is None
        assert mine.twin_id == gadgets["renewal"]
        session.expunge_all()
        assert session.scalars(select(Gadget).options(selectinload(Gadget.twin))).one().twin is None
        session.expunge_all()
        assert session.scalars(select(Gadget)).one().twin is None
        twin = aliased(Gadget)
        assert session.execute(select(Gadget.code, twin.code).join(twin, Gadget.twin_id == twin.id)).all() == []


def test_a_row_loaded_for_the_system_is_not_handed_out_from_the_identity_map(session, people, gadgets):
    with acting(people["renewal"]):
        with on_behalf("a rule of the business"):
            hidden = session.get(Gadget, gadgets["renewal2"])
        assert hidden is not None
        assert session.get(Gadget, gadgets["renewal2"]) is None
        with pytest.raises(NotFound):
            find(session, Gadget, gadgets["renewal2"])


@pytest.mark.parametrize("key", [0, -1, 10**12, "1", None, True and 999999])
def test_hidden_missing_and_senseless_ids_read_the_same(session, people, gadgets, key):
    with acting(people["renewal"]):
        with pytest.raises(NotFound) as missing:
            find(session, Gadget, key)
        with pytest.raises(NotFound) as hidden:
            find(session, Gadget, gadgets["renewal2"])
    assert str(missing.value) == str(hidden.value)


def test_without_an_actor_nothing_is_seen_and_nothing_written(session, gadgets):
    with acting(NOBODY):
        assert session.scalars(select(Gadget)).all() == []
        session.add(Gadget(code="x"))
        with pytest.raises(NotPermitted):
            session.flush()


TABLE, UNITS = Gadget.__table__, Unit.__table__
COPIED = select(Gadget.code, literal("web"), literal("gadget"), literal("read"))
PAST_THE_GATE = {
    "table": select(TABLE),
    "column": select(TABLE.c.code),
    "count": select(func.count(TABLE.c.id)),
    "count from": select(func.count()).select_from(TABLE),
    "alias": select(TABLE.alias().c.code),
    "alias itself": select(TABLE.alias()),
    "joined table": select(Unit.code).join(TABLE, TABLE.c.unit_id == Unit.id),
    "core join": select(Unit.code).select_from(join(UNITS, TABLE, TABLE.c.unit_id == UNITS.c.id)),
    "mixed columns": select(Unit.id, TABLE.c.code),
    "in": select(Unit).where(Unit.id.in_(select(TABLE.c.unit_id))),
    "scalar subquery": select(Unit.id, select(TABLE.c.code).limit(1).scalar_subquery()),
    "cte": select(select(TABLE.c.code).cte().c.code),
    "union": union(select(TABLE.c.code), select(TABLE.c.code)),
    "text": text("select code from gadget"),
    "select text": select(text("code from gadget")),
    "literal": select(literal_column("(select code from gadget limit 1)")),
    "bulk update": update(Gadget).values(name="x"),
    "bulk update of the table": update(TABLE).values(name="x"),
    "bulk delete": delete(Gadget),
    "bulk insert": insert(Gadget).values(code="x"),
    "a table by its name": select(column("code")).select_from(table("gadget", column("code"))),
    "the table statement": select(literal_column("(table gadget)")),
    "exists": select(Unit.id, exists().where(TABLE.c.code == "x")),
    "order": select(Unit.code).order_by(select(TABLE.c.code).limit(1).scalar_subquery()),
    "from text": select(Gadget).from_statement(text("select * from gadget")),
    "prefix": select(Unit.code).prefix_with("(select code from gadget limit 1),"),
    "alias of a subquery": select(aliased(Gadget, select(TABLE).subquery())),
    "lambda": lambda_stmt(lambda: select(TABLE)),
    "lambda in bulk": lambda_stmt(lambda: update(Gadget).values(name="x")),
    "insert from select": insert(AuditEntry).from_select(["actor", "source", "record", "verb"], COPIED),
    "insert from the table": insert(AuditEntry).from_select(["actor"], select(TABLE.c.code)),
    "update from": update(AuditEntry).values(why=Gadget.code).where(AuditEntry.record_id == Gadget.id),
    "update by subquery": update(AuditEntry).values(why=select(Gadget.code).limit(1).scalar_subquery()),
    "delete where": delete(AuditEntry).where(exists().where(Gadget.code == AuditEntry.why)),
    "cte that writes": select(update(TABLE).values(name="x").returning(TABLE.c.id).cte().c.id),
    "cte beside": select(Unit.id).add_cte(delete(TABLE).cte("gone")),
    "insert by cte": insert(AuditEntry).from_select(["actor"], select(select(Gadget.code).cte().c.code)),
}


def refused(run):
    """Whether the gate refuses what `run` does."""
    try:
        run()
    except NotPermitted:
        return True
    return False


@pytest.mark.parametrize("who", ["renewal", "manager"])
def test_statements_that_would_pass_by_the_gate_are_refused(session, people, gadgets, who):
    with acting(people[who]):
        ran = [way for way, asked in PAST_THE_GATE.items() if not refused(lambda asked=asked: session.execute(asked))]
    assert ran == []


def test_the_connection_behind_the_session_is_no_way_round(session, people, gadgets):
    connection = session.connection()
    with acting(people["manager"]):
        ran = [
            way for way, asked in PAST_THE_GATE.items() if not refused(lambda asked=asked: connection.execute(asked))
        ]
        assert ran == []
        for ask in (connection.scalar, connection.scalars):
            assert refused(lambda ask=ask: ask(PAST_THE_GATE["column"]))
        assert refused(lambda: connection.exec_driver_sql("select 1"))
        assert connection.scalar(select(func.count()).select_from(AuditEntry)) > 0, "the engine's own tables"


def test_bulk_methods_are_refused(session, people, gadgets):
    ways = (
        lambda: session.bulk_insert_mappings(Gadget, [{"code": "x", "version": 1}]),
        lambda: session.bulk_update_mappings(Gadget, [{"id": gadgets["renewal2"], "name": "x"}]),
        lambda: session.bulk_save_objects([Gadget(code="x")]),
        lambda: session.execute(insert(Gadget), [{"code": "x"}]),
        lambda: session.query(Gadget).update({"name": "x"}),
        lambda: session.query(Gadget).delete(),
    )
    for way in ways:
        with acting(people["renewal"]), pytest.raises(NotPermitted):
            way()
        session.rollback()


@pytest.fixture
def found_by_the_system(session, people, gadgets):
    """A session that holds all gadgets, loaded by a rule of the business; now a specialist goes on with it."""
    with acting(people["renewal2"]), on_behalf("a rule of the business"):
        rows = {row.code: row for row in session.scalars(select(Gadget))}
    with acting(people["renewal2"]):
        yield rows


def test_a_link_of_a_row_at_hand_is_narrowed_when_it_is_followed(session, found_by_the_system):
    mine, theirs = found_by_the_system["renewal2"], found_by_the_system["sales"]
    assert mine.twin is None, "the twin stands in the identity map, and is another's"
    assert session.scalars(theirs.parts.select()).all() == []
    assert len(session.scalars(mine.parts.select()).all()) == 1
    assert found_by_the_system["renewal"].twins.all() == [mine]
    assert found_by_the_system["renewal3"].twins.all() == []
    with pytest.raises(NotPermitted):
        session.execute(theirs.parts.select().with_only_columns(TABLE.c.code))


def test_what_the_system_loaded_is_asked_for_again(session, gadgets, found_by_the_system):
    hidden, mine = gadgets["renewal"], gadgets["renewal2"]
    with pytest.raises(NotPermitted), pytest.warns(LegacyAPIWarning):
        session.query(Gadget).get(hidden)
    assert session.get_one(Gadget, mine) is found_by_the_system["renewal2"]
    with pytest.raises(NoResultFound):
        session.get_one(Gadget, hidden)
    with pytest.raises(NotPermitted):
        session.refresh(found_by_the_system["renewal"])
    session.refresh(found_by_the_system["renewal2"])


def test_a_row_is_not_taken_over_by_merging(session, people, gadgets):
    with acting(people["renewal2"]):
        row = session.merge(Gadget(id=gadgets["renewal"], code="renewal", name="mine now"))
        assert row.owner_id is None, "nothing of the hidden row is known"
        with pytest.raises((NotPermitted, IntegrityError)):
            session.flush()
        session.rollback()


def test_eager_loading_by_any_strategy_is_narrowed(session, people, gadgets):
    with acting(people["renewal2"]):
        for strategy in (joinedload, selectinload, subqueryload, immediateload, lazyload):
            session.expunge_all()
            (row,) = session.scalars(select(Gadget).options(strategy(Gadget.twin))).unique()
            assert row.twin is None, strategy.__name__
        twin = aliased(Gadget)
        joined = select(Gadget, twin).outerjoin(twin, Gadget.twin_id == twin.id)
        assert [found for _row, found in session.execute(joined)] == [None]
        every = with_polymorphic(Gadget, "*")
        assert [row.code for row in session.scalars(select(every))] == ["renewal2"]
        told = select(Gadget.code).join(twin, Gadget.twin_id == twin.id).where(twin.code == "renewal")
        assert session.scalars(told).all() == [], "a condition on a hidden row tells nothing of it"


def test_the_system_may_run_them(session, gadgets):
    assert session.scalar(select(func.count(TABLE.c.id))) == len(OWNERS)


def write(session, row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    try:
        session.flush()
    finally:
        session.rollback()
        session.expunge_all()


def test_a_row_read_for_the_system_is_not_written_by_another(session, people, gadgets):
    with acting(people["renewal"]):
        with on_behalf("loading"):
            hidden = session.get(Gadget, gadgets["renewal2"])
        with pytest.raises(NotPermitted):
            write(session, hidden, name="mine now")
        with on_behalf("loading"):
            hidden = session.get(Gadget, gadgets["renewal2"])
        with pytest.raises(NotPermitted):
            write(session, hidden, owner_id=people["renewal"].user_id, unit_id=people["renewal"].unit_id)
        with on_behalf("loading"):
            session.delete(session.get(Gadget, gadgets["renewal2"]))
        with pytest.raises(NotPermitted):
            session.flush()


def test_a_row_is_not_pushed_out_of_ones_own_reach(session, people, gadgets):
    with acting(people["renewal"]), pytest.raises(NotPermitted, match="out of your own reach"):
        write(session, session.get(Gadget, gadgets["renewal"]), owner_id=people["renewal2"].user_id)
    with acting(people["supervisor"]):
        write(session, session.get(Gadget, gadgets["renewal"]), owner_id=people["sales"].user_id)
    with acting(people["supervisor"]), pytest.raises(NotPermitted):
        write(
            session,
            session.get(Gadget, gadgets["renewal"]),
            owner_id=people["renewal2"].user_id,
            unit_id=people["renewal2"].unit_id,
        )


def test_a_new_row_is_not_planted_on_somebody_else(session, people, gadgets):
    with acting(people["renewal"]):
        session.add(Gadget(code="planted", owner_id=people["renewal2"].user_id))
        with pytest.raises(NotPermitted):
            session.flush()


def test_a_link_to_a_hidden_row_is_refused_as_if_it_were_missing(session, people, gadgets):
    for target in (gadgets["renewal2"], 999_999):
        with acting(people["renewal"]), pytest.raises(Refusal, match="from those you may see") as refused:
            write(session, session.get(Gadget, gadgets["renewal"]), twin_id=target)
        assert refused.value.field == "twin_id"


def test_lines_are_written_as_their_parent_is(session, people, gadgets):
    with acting(people["renewal"]):
        session.add(GadgetPart(gadget_id=gadgets["renewal"], name="mine"))
        session.flush()
        session.rollback()
        session.add(GadgetPart(gadget_id=gadgets["renewal2"], name="not mine"))
        with pytest.raises(NotPermitted):
            session.flush()
    session.rollback()
    with acting(people["finance"]):
        session.add(GadgetPart(gadget_id=gadgets["renewal"], name="sees, but may not write"))
        with pytest.raises(NotPermitted):
            session.flush()


def test_reading_is_not_writing(session, people, gadgets):
    with acting(people["finance"]):
        row = session.get(Gadget, gadgets["renewal"])
        assert may(current_actor(), "read", row)
        assert not may(current_actor(), "edit", row)
        with pytest.raises(NotPermitted):
            write(session, row, name="x")


def test_deleting_needs_its_own_grant(session, people, gadgets):
    with acting(people["renewal"]):
        session.delete(session.get(Gadget, gadgets["renewal"]))
        with pytest.raises(NotPermitted):
            session.flush()


def test_a_new_row_belongs_to_whoever_adds_it(session, people, gadgets):
    with acting(people["renewal"]) as actor:
        row = Gadget(code="new")
        session.add(row)
        session.flush()
        assert (row.owner_id, row.unit_id, row.created_by_id) == (actor.user_id, actor.unit_id, actor.user_id)


def test_the_pool_is_seen_by_all_who_may_read_and_taken_by_one(session, people, as_system):
    session.add(Trinket(name="free"))
    session.add(Trinket(name="taken", owner_id=people["renewal2"].user_id, unit_id=people["renewal2"].unit_id))
    session.commit()
    with acting(people["renewal"]):
        free = session.scalars(select(Trinket)).one()
        assert free.name == "free"
        free.owner_id = people["renewal"].user_id
        session.commit()
    with acting(people["renewal3"]):
        assert session.scalars(select(Trinket)).all() == []
    with acting(people["sales"]):
        assert [t.name for t in session.scalars(select(Trinket))] == [], "the row had no unit, so the team sees it not"


def test_scopes_widen_as_the_mixin_says(people):
    assert people["renewal"].scope("read", "gadget") == Scope.OWN
    assert people["supervisor"].scope("read", "gadget") == Scope.TEAM
    assert people["manager"].scope("read", "gadget") == Scope.ALL
    assert people["service"].scope("read", "gadget") == Scope.NONE


def test_people_alike_share_compiled_statements_but_never_ids(session, people, gadgets):
    """The criterion's shape depends on scopes alone; ids are read when the statement runs."""
    statement = select(Gadget.code)
    for who in ("renewal", "renewal2", "renewal3", "renewal") * 2:
        with acting(people[who]):
            assert session.scalars(statement).all() == [who]


def test_of_two_people_editing_one_row_the_second_is_told(backend, people, gadgets):
    with backend.session() as session, acting(people["renewal"]):
        row = session.get(Gadget, gadgets["renewal"])
        session.commit()
        with backend.session() as other:
            other.get(Gadget, gadgets["renewal"]).name = "theirs"
            other.commit()
        row.name = "mine"
        with pytest.raises(Conflict, match="changed this meanwhile"):
            session.flush()
