"""Guards of history: added to and never changed, taken back and restored by the rules that hold for everybody."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text, true
from sqlalchemy.exc import IntegrityError

from app.kernel import guard, trash
from app.kernel.actor import acting, system_actor
from app.kernel.history import sealing, verifying, versions
from app.kernel.tables import AuditEntry, Trashed
from app.panel import timeline
from tests.dossier import Dossier
from tests.gadget import Gadget
from tests.promises.guards.world import FINDING, Controls, World, none
from tests.screens import post

TRIGGERS = ("keeps_what_was_written", "keeps_its_rows", "replaces_no_row")
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


def thrown(world: World) -> int:
    """A gadget of the specialist of the South, deleted by the manager."""
    stranger = world.people["renewal3"]
    with acting(system_actor("guards")):
        row = Gadget(code="THROWN", owner_id=stranger.user_id, unit_id=stranger.unit_id)
        world.session.add(row)
        world.session.commit()
    with acting(world.people["manager"]):
        world.session.delete(row)
        world.session.commit()
        kept = world.session.scalars(select(Trashed.id).order_by(Trashed.id.desc())).first()
        world.session.rollback()
    assert kept is not None
    return kept


def restored_by_strangers(world: World) -> list[Any]:
    kept = thrown(world)
    return world.tried("supervisor", lambda: trash.find(world.session, kept))


def restored_unpermitted(world: World) -> list[Any]:
    """Put back by somebody who may delete such a row and may not add one."""
    kept, manager = thrown(world), world.people["manager"]
    reach = {key: scope for key, scope in manager.reach.items() if key != ("add", "gadget")}
    world.people["somebody"] = replace(manager, reach=reach)
    return world.tried("somebody", lambda: trash.restore(world.session, kept))


def edited(world: World, **values: Any) -> int:
    """The entry of an edit of the dossier by the supervisor's leader."""
    row = world.row(world.dossier, Dossier)
    with acting(world.people["manager"]):
        for name, value in values.items():
            setattr(row, name, value)
        world.session.commit()
        newest = select(AuditEntry.id).where(AuditEntry.record == "dossier", AuditEntry.verb == "edit")
        entry = world.session.scalars(newest.order_by(AuditEntry.id.desc())).first()
        world.session.rollback()
    assert entry is not None
    return entry


def taken_back_by_outsiders(world: World) -> list[Any]:
    """An edit of a field that is the leaders' to write, taken back by sales."""
    entry, key = edited(world, finding=f"{FINDING} {datetime.now(UTC)}"), world.dossier
    client, version = world.sign_in("sales"), world.version(key, Dossier)
    answer = post(client, f"/dossier/{key}/revert/{entry}", version=version)
    return [] if answer.status_code in (403, 422) else [answer.status]


def taken_back_too_late(world: World) -> list[Any]:
    """An edit that a later one has written over."""
    entry = edited(world, stake=datetime.now(UTC).microsecond + 1000)
    edited(world, stake=datetime.now(UTC).microsecond + 2_000_000)
    row = world.row(world.dossier, Dossier)
    return world.tried("manager", lambda: versions.revert(world.session, row, entry, {"stake"}))


def rewritten(world: World) -> list[Any]:
    """Entries changed, removed or replaced by statements to the database itself."""
    found = []
    for statement in (
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
    ):
        with acting(system_actor("guards")):
            try:
                world.session.execute(text(statement))
                found.append(statement)
            except IntegrityError:
                pass
            finally:
                world.session.rollback()
    return found


def loosened(world: World) -> None:
    """What somebody with the keys of the database does first."""
    for name in TRIGGERS:
        world.session.execute(text(f"DROP TRIGGER audit_entry_{name}"))


def forged(world: World) -> list[Any]:
    """An entry changed behind the application's back, triggers taken off."""
    with acting(system_actor("guards")):
        sealing.seal(world.session, NOW)
        loosened(world)
        world.session.execute(
            text("UPDATE audit_entry SET actor = 'nobody' WHERE id = (SELECT min(id) FROM audit_entry)")
        )
        faults = verifying.verify(world.session).faults
        world.session.rollback()
    return [] if faults else ["the forgery fits"]


def untriggered(_patch: Any, world: World) -> None:
    with acting(system_actor("guards")):
        loosened(world)
        world.session.commit()


def unhashed(patch: Any, _world: World) -> None:
    for module in (sealing, verifying):
        patch.setattr(module, "digest", lambda entry: b"\0" * 32)


def ungranted(patch: Any, _world: World) -> None:
    patch.setattr("app.kernel.access.require", none)
    patch.setattr(guard, "_permit", none)


def written_by_all(patch: Any, _world: World) -> None:
    patch.setattr(timeline, "writable", lambda row: set(row.__table__.columns.keys()))
    patch.setattr(guard, "_check_fields", none)


CONTROLS: Controls = {
    "the trash is narrowed": (restored_by_strangers, lambda p, _: p.setattr(trash, "_mine", lambda records: true())),
    "restoring is adding": (restored_unpermitted, ungranted),
    "taking back is writing": (taken_back_by_outsiders, written_by_all),
    "what was written over is not taken back": (
        taken_back_too_late,
        lambda p, _: p.setattr(versions, "_is", lambda *asked: True),
    ),
    "history is only ever added to": (rewritten, untriggered),
    "history is sealed": (forged, unhashed),
}
