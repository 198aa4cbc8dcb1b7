"""Guards of identity: sessions that end, guessing that is slowed, second factors, tokens, seeing as somebody else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import request
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import delete, func, select
from werkzeug.security import check_password_hash, generate_password_hash

from app.kernel.actor import acting, system_actor
from app.kernel.identity import limits, narrowing, passwords, sessions, tokens
from app.kernel.identity.settings import FACTOR_ROLES, LOCK_AFTER
from app.kernel.identity.tables import GuessLimit
from app.kernel.permissions import Actors
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry
from app.schema.errors import NotPermitted
from app.schema.roles import Scope
from tests.department import PASSWORD, csrf_of
from tests.promises.guards.world import Controls, World, none, yes
from tests.screens import plain, post

NOW = datetime.now(UTC)


def inside(client: Any) -> bool:
    return client.get("/inbox/").status_code == 200


def copied(world: World, client: Any) -> Any:
    """Another browser with the very same cookie."""
    twin = world.app.test_client()
    with client.session_transaction() as held, twin.session_transaction() as given:
        given.update(dict(held))
    assert inside(twin)
    return twin


def alive_after_leaving(world: World) -> list[Any]:
    client = world.sign_in("sales")
    twin = copied(world, client)
    post(client, "/logout/")
    return [twin] if inside(twin) else []


def alive_after(world: World, change: Any) -> list[Any]:
    """Whether a session outlives what an administrator changes of the person."""
    client = world.sign_in("sales")
    with acting(system_actor("guards")):
        change(world.session.get(User, world.people["sales"].user_id))
        world.session.commit()
    return [client] if inside(client) else []


def alive_after_another_password(world: World) -> list[Any]:
    def change(user: User) -> None:
        user.password = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")

    return alive_after(world, change)


def alive_after_another_role(world: World) -> list[Any]:
    def change(user: User) -> None:
        other = "claims" if user.roles[0].name == "sales" else "sales"
        user.roles = [world.session.scalars(select(Role).where(Role.name == other)).one()]

    return alive_after(world, change)


def guesses(world: World, username: str, times: int) -> list[Any]:
    """The answers to so many wrong passwords in a row."""
    with acting(system_actor("guards")):
        world.session.execute(delete(GuessLimit))
        world.session.commit()
    client = world.app.test_client()
    token = csrf_of(client.get("/login/").text)
    form = {"username": username, "password": "wrong", "csrf_token": token}
    return [client.post("/login/", data=form) for _n in range(times)]


def unslowed(world: World) -> list[Any]:
    statuses = [answer.status_code for answer in guesses(world, "sales", 6)]
    return [] if 429 in statuses else statuses


def unlocked(world: World) -> list[Any]:
    """Ten tries, each after the pause that was asked for, and one more."""
    guess, waits = limits.of_name("sales"), []
    for number in range(12):
        waits.append(limits.charge(world.session, (guess,), NOW + timedelta(minutes=2 * number)))
    world.session.rollback()
    return [] if waits[-1] is not None else waits


def names_told(world: World) -> list[Any]:
    """A name that exists is answered otherwise than one that does not."""
    known, unknown = (guesses(world, name, 6) for name in ("sales", "nobody.here"))
    said = [
        [(a.status_code, plain(a.text.replace(n, ""))) for a in answers]
        for n, answers in (("sales", known), ("nobody.here", unknown))
    ]
    return [] if said[0] == said[1] else said


def names_told_by_time(world: World) -> list[Any]:
    """A name nobody has is answered without the work of a password."""
    worked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            passwords,
            "check_password_hash",
            lambda kept, given: worked.append(given) or check_password_hash(kept, given),
        )
        guesses(world, "nobody.here", 1)
    return [] if worked else ["no work"]


def weak_passwords(world: World) -> list[Any]:
    client = world.sign_in("renewal2")
    answer = post(client, "/account/password", old=PASSWORD, new="1", again="1")
    return [] if answer.status_code == 422 else [answer.status]


def without_a_factor(world: World) -> list[Any]:
    """A role that needs a second factor gets in without one."""
    with acting(system_actor("guards")):
        set_setting(world.session, FACTOR_ROLES, "claims")
        world.session.commit()
    client = world.app.test_client()
    form = {"username": "claims", "password": PASSWORD, "csrf_token": csrf_of(client.get("/login/").text)}
    client.post("/login/", data=form)
    return [client] if inside(client) else []


def half_signed_in(world: World) -> list[Any]:
    """The password is given, the second factor is not."""
    with acting(system_actor("guards")):
        token = sessions.begin(world.session, world.people["sales"].user_id, "password", "", "", needed=True)
        world.session.commit()
    client = world.app.test_client()
    with client.session_transaction() as held:
        held["token"] = token
    return [client] if inside(client) else []


def token_of(world: World, *, writes: bool) -> str:
    with acting(system_actor("guards")):
        found = tokens.make(
            world.session, world.people["sales"].user_id, "t", may=narrowing.SCOPES if writes else (), days=7, now=NOW
        )
        world.session.commit()
    return found


def written_by_a_reader(world: World) -> list[Any]:
    headers = {"Authorization": f"Bearer {token_of(world, writes=False)}"}
    answer = world.app.test_client().post("/api/v1/diary/", json={"name": "by a reading token"}, headers=headers)
    return [] if answer.status_code == 403 else [answer.status]


def wider_than_the_token(world: World) -> list[Any]:
    found = tokens.bearer(world.session, Actors(), token_of(world, writes=False), NOW)
    world.session.rollback()
    assert found is not None
    return [verb for verb, _record in found.actor.reach if verb.partition(":")[0] != "read"][:1]


def pages_by_token(world: World) -> list[Any]:
    headers = {"Authorization": f"Bearer {token_of(world, writes=True)}"}
    answer = world.app.test_client().get("/inbox/", headers=headers)
    return [] if answer.status_code == 303 else [answer.status]


def seeing(world: World, name: str, target: str) -> tuple[Any, Any]:
    client = world.sign_in(name)
    return client, post(client, f"/viewing/{world.people[target].user_id}", why="ticket 7")


def written_by_who_looks(world: World) -> list[Any]:
    client, _begun = seeing(world, "admin", "sales")
    answer = post(client, "/diary/add", name="in another's name")
    return [] if answer.status_code == 403 else [answer.status]


def seen_unlogged(world: World) -> list[Any]:
    entries = select(func.count(AuditEntry.id)).where(AuditEntry.verb == "see_as")
    before = world.session.scalar(entries)
    world.session.rollback()
    _client, begun = seeing(world, "admin", "sales")
    assert begun.status_code == 303
    after = world.session.scalar(entries)
    world.session.rollback()
    return [] if after == before + 1 else [begun.status]


def seen_upwards(world: World) -> list[Any]:
    supervisor = world.people["supervisor"]
    looking = replace(supervisor, reach={**supervisor.reach, ("open", "page:impersonate"): Scope.ALL})
    try:
        return [narrowing.seen_as(looking, world.people["admin"], writes=False)]
    except NotPermitted:
        return []


def factors_passed(patch: Any, _world: World) -> None:
    present = sessions.present
    patch.setattr(sessions, "present", lambda *asked: (found := present(*asked)) and replace(found, pending=False))


def counted_apart(patch: Any, _world: World) -> None:
    """Tries of a name that nobody has are not counted."""
    of_name = limits.of_name
    spare = iter(range(1000))
    patch.setattr(limits, "of_name", lambda name: of_name(name if name == "sales" else f"{name}-{next(spare)}"))


def unwatched_readers(patch: Any, _world: World) -> None:
    patch.setattr("app.panel.security._closed", none)
    patch.setattr(tokens, "narrowed", lambda actor, *_: actor)


def unwatched_lookers(patch: Any, _world: World) -> None:
    patch.setattr("app.panel.security._closed", none)
    patch.setattr(narrowing, "LOOKING", {"read", "open", "add", "edit"})


def bearer_anywhere() -> str | None:
    """The token of a request, whatever it asks for."""
    return request.headers.get("Authorization", "").partition(" ")[2] or None


def unlimited(session: Any, setting: Any) -> int:
    return 10**6 if setting is LOCK_AFTER else 0


CONTROLS: Controls = {
    "signing out ends a session and its copies": (
        alive_after_leaving,
        lambda p, _: p.setattr(sessions, "end", lambda *asked, **more: 0),
    ),
    "another password ends the sessions": (
        alive_after_another_password,
        lambda p, _: p.delitem(sessions._ENDING, "password"),
    ),
    "another role ends the sessions": (alive_after_another_role, lambda p, _: p.delitem(sessions._ENDING, "roles")),
    "guessing is slowed": (unslowed, lambda p, _: p.setattr(limits, "charge", none)),
    "a name is locked after so many tries": (unlocked, lambda p, _: p.setattr(limits, "setting_value", unlimited)),
    "unknown names are answered alike": (names_told, counted_apart),
    "unknown names cost as much work": (
        names_told_by_time,
        lambda p, _: p.setattr(passwords, "matches", lambda kept, given: False),
    ),
    "a new password is a good one": (weak_passwords, lambda p, _: p.setattr(passwords, "check_password", none)),
    "a role may demand a second factor": (
        without_a_factor,
        lambda p, _: p.setattr(sessions, "needs_factor", lambda *asked: False),
    ),
    "nobody is inside before the second factor": (half_signed_in, factors_passed),
    "a reading token writes nothing": (written_by_a_reader, unwatched_readers),
    "a reading token reaches no further than reading": (
        wider_than_the_token,
        lambda p, _: p.setattr(tokens, "narrowed", lambda actor, *_: actor),
    ),
    "a token opens no page": (
        pages_by_token,
        lambda p, _: p.setattr("app.panel.identity.entering.by_token", bearer_anywhere),
    ),
    "who sees as another writes nothing": (written_by_who_looks, unwatched_lookers),
    "seeing as another is written down": (
        seen_unlogged,
        lambda p, _: p.setattr("app.panel.identity.impersonating.summarise", none),
    ),
    "nobody sees as who may more": (seen_upwards, lambda p, _: p.setattr(narrowing, "may_see_as", yes)),
}
