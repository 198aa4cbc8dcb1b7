"""History is only ever added to, and what is done to it behind the application's back is found."""

from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting, system_actor
from app.kernel.history import sealing, summarise, verifying
from app.kernel.tables import AuditEntry, AuditSeal
from tests.gadget import Gadget

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
SYSTEM = system_actor("tests", "cli")
LOOSE = {
    "sqlite": [
        f"DROP TRIGGER {table}_{name}"
        for table in ("audit_entry", "audit_seal")
        for name in ("keeps_what_was_written", "keeps_its_rows", "replaces_no_row")
    ],
    "postgresql": [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("audit_entry", "audit_seal")],
}


def write(session, count, start=0):
    """So many entries, one transaction."""
    for n in range(start, start + count):
        summarise(session, "gadget", "import", {"n": n, "name": "換證 \u2028"})
    session.commit()


def seal(session):
    counts = sealing.seal(session, NOW)
    session.commit()
    return counts


def verified(session, expected=None):
    session.rollback()
    verdict = verifying.verify(session, expected)
    session.rollback()
    return verdict


def tamper(backend, *statements):
    """What somebody with the keys of the database does, triggers taken off."""
    with backend.engine.begin() as connection:
        for statement in (*LOOSE[connection.dialect.name], *statements):
            connection.execute(text(statement))


@pytest.fixture
def sealed(session, as_system, monkeypatch):
    """Three seals over nine entries and what founding the department left, and one entry not sealed yet."""
    seal(session)
    for n in range(3):
        write(session, 3, 3 * n)
        seal(session)
    write(session, 1)
    ids = session.scalars(select(AuditEntry.id).where(AuditEntry.record == "gadget").order_by(AuditEntry.id)).all()
    session.rollback()
    return ids


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
def test_the_database_refuses_to_change_what_was_written(backend, session, sealed, table):
    key, column = ("id", "actor") if table == "audit_entry" else ("number", "hash")
    own = {"sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", "postgresql": f"TRUNCATE {table}"}
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})",
        own[backend.engine.dialect.name],
    ):
        with pytest.raises(IntegrityError, match="only ever added to"), backend.engine.begin() as connection:
            connection.execute(text(statement))


def test_untouched_history_fits_and_counts_what_is_not_sealed(session, sealed):
    verdict = verified(session)
    assert (verdict.faults, verdict.unsealed, verdict.seals) == ([], 1, 4)
    assert verdict.sealed == session.scalar(select(AuditSeal.entries).order_by(AuditSeal.number.desc()))[-1][1]
    assert verified(session, verdict.head).faults == []
    assert seal(session)["written"] == 1
    assert seal(session)["written"] == 0
    assert verified(session).unsealed == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entry SET actor = 'Somebody Else' WHERE id = {fourth}", "entry {fourth} was changed"),
        ("UPDATE audit_entry SET changes = '{{}}' WHERE id = {fourth}", "entry {fourth} was changed"),
        ("UPDATE audit_entry SET at = '2020-01-01' WHERE id = {fourth}", "entry {fourth} was changed"),
        ("UPDATE audit_entry SET why = 'because' WHERE id = {fourth}", "entry {fourth} was changed"),
        ("DELETE FROM audit_entry WHERE id = {fourth}", "entry {fourth} is missing"),
        ("DELETE FROM audit_seal WHERE number = 2", "seal 2 is missing"),
        ("UPDATE audit_seal SET entries = '[]' WHERE number = 3", "seal 3 does not fit its own hash"),
        ("UPDATE audit_seal SET previous = hash WHERE number = 3", "seal 3 does not follow seal 2"),
        ("UPDATE audit_seal SET settled = 0 WHERE number = 4", "seal 4 does not fit its own hash"),
        (
            "INSERT INTO audit_entry (id, at, actor, source, record, verb, changes) "
            "VALUES (-7, '2026-01-01', 'x', 'web', 'gadget', 'edit', '{{}}')",
            "entry -7 was put among sealed ones",
        ),
    ],
)
def test_tampering_is_found_and_named(backend, session, sealed, statement, said):
    tamper(backend, statement.format(fourth=sealed[3]))
    verdict = verified(session)
    assert said.format(fourth=sealed[3]) in " ".join(verdict.faults)


def test_an_entry_in_the_place_of_a_removed_one_is_a_changed_one(backend, session, sealed):
    tamper(
        backend,
        f"DELETE FROM audit_entry WHERE id = {sealed[3]}",
        "INSERT INTO audit_entry (id, at, actor, source, record, verb, changes) "
        f"VALUES ({sealed[3]}, '2026-01-01', 'x', 'web', 'gadget', 'edit', '{{}}')",
    )
    assert f"entry {sealed[3]} was changed" in verified(session).faults[0]


def test_the_last_seal_taken_off_is_told_by_a_head_noted_elsewhere(backend, session, sealed):
    head = verified(session).head
    tamper(backend, "DELETE FROM audit_seal WHERE number = 4")
    assert verified(session).faults == []  # the chain alone cannot know
    assert verified(session, head).faults == ["seal 4, noted by you, is missing"]


def test_the_ledger_of_jobs_notes_the_head_as_well(backend, session, sealed):
    runner = backend.app.test_cli_runner()
    assert runner.invoke(args=["jobs", "run", verifying.JOB, "--due", "2026-11-27T08:00"]).exit_code == 0
    good = runner.invoke(args=["panel", "verify-history"])
    assert (good.exit_code, "is as it was written" in good.output) == (0, True), good.output
    tamper(backend, "DELETE FROM audit_seal WHERE number = 5")
    bad = runner.invoke(args=["panel", "verify-history"])
    assert bad.exit_code == 1
    assert "seal 5, noted by the ledger, is missing" in bad.output


def test_many_entries_are_sealed_in_batches(session, as_system, monkeypatch):
    seal(session)
    monkeypatch.setattr(sealing, "BATCH", 4)
    write(session, 10)
    assert seal(session)["written"] == 10
    assert session.scalars(select(AuditSeal.count).order_by(AuditSeal.number)).all()[-3:] == [4, 4, 2]
    assert verified(session).faults == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_entry_committed_after_a_later_one_is_sealed_and_raises_no_alarm(backend, session, as_system):
    """Two transactions open at once: the one with the lower number commits last."""
    seal(session)
    with backend.session() as slow, backend.session() as quick:
        summarise(slow, "gadget", "slow", {})
        low = slow.execute(text("SELECT currval(pg_get_serial_sequence('audit_entry', 'id'))")).scalar_one()
        write(quick, 2)
        assert seal(session)["written"] == 2
        first = verified(session)
        assert (first.faults, first.unsealed) == ([], 0)
        slow.commit()
        second = verified(session)
        assert (second.faults, second.unsealed) == ([], 1)
        write(quick, 1)
    assert seal(session)["written"] == 2
    third = verified(session)
    assert (third.faults, third.unsealed) == ([], 0)
    write(session, 1)
    seal(session)
    assert session.scalars(select(AuditSeal.settled).order_by(AuditSeal.number.desc())).first() > low


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_number_that_was_rolled_back_cannot_be_used_by_a_forger(backend, session, as_system):
    with backend.session() as given_up:
        summarise(given_up, "gadget", "never", {})
        dead = given_up.execute(text("SELECT currval(pg_get_serial_sequence('audit_entry', 'id'))")).scalar_one()
        given_up.rollback()
    write(session, 1)
    seal(session)
    forged = {"id": dead, "at": NOW, "actor": "x", "source": "web", "record": "gadget", "verb": "edit", "changes": {}}
    session.execute(insert(AuditEntry).values(**forged))
    session.commit()
    assert seal(session)["written"] == 0
    assert f"entry {dead} was put among sealed ones" in verified(session).faults[0]


def test_sealing_beside_many_writers_misses_nothing_and_never_cries_wolf(backend, session, as_system):
    stop = Event()
    faults = []

    def work(name):
        with backend.session() as own, acting(SYSTEM):
            for n in range(12):
                summarise(own, "gadget", name, {"n": n})
                own.flush()
                own.rollback() if n % 4 == 3 else own.commit()

    def watch():
        with backend.session() as own, acting(SYSTEM):
            while not stop.is_set():
                seal(own)
                faults.extend(verified(own).faults)

    threads = [Thread(target=work, args=(f"writer {n}",)) for n in range(5)]
    watcher = Thread(target=watch)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    watcher.join()
    seal(session)
    verdict = verified(session)
    assert (faults, verdict.faults, verdict.unsealed) == ([], [], 0)
    assert verdict.sealed == len(session.scalars(select(AuditEntry.id)).all())
    assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.record == "gadget")).all()) == 45


def test_entries_say_from_where(sign_in, session, people):
    client = sign_in("renewal")
    body = {"code": "from-afar", "version": 1}
    answer = client.post(
        "/api/v1/gadget/", json=body, headers={"X-CSRFToken": client.csrf}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert answer.status_code in (201, 422), answer.text
    client.post(
        "/gadget/add",
        data={"code": "from-here", "csrf_token": client.csrf},
        environ_base={"REMOTE_ADDR": "192.0.2.8"},
    )
    with acting(people["renewal"]):
        session.add(Gadget(code="at-home"))
        session.commit()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.record == "gadget").order_by(AuditEntry.id))
    told = [(e.changes["code"][1], e.source, e.address) for e in entries]
    assert ("from-here", "web", "192.0.2.8") in told
    assert ("at-home", "web", None) in told
