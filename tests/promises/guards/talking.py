"""Guards of comments and the search box: who reads and says, who is told, and what is heard."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from app.kernel import access, comments, looking, watchers, watching
from app.kernel.actor import acting, current_actor, system_actor
from app.kernel.attention import Watch
from app.kernel.tables import Notice
from app.panel.fields import Field
from models.customers import Customer
from tests.dossier import Dossier
from tests.gadget import Gadget
from tests.promises.guards.world import Controls, World, none, yes

WORDS = "CANARY-SAID"


def said_by_strangers(world: World) -> list[Any]:
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: comments.say(world.session, row, "hello"))


def read_by_strangers(world: World) -> list[Any]:
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: comments.of_row(world.session, row, None, 10))


def told_to_strangers(world: World) -> list[Any]:
    """Who is named and does not see the row."""
    row = world.row(world.own)
    with acting(world.people["renewal"]):
        comments.say(world.session, row, f"@renewal3 {WORDS}")
        world.session.flush()
        told = world.session.scalar(
            select(func.count(Notice.id)).where(Notice.user_id == world.people["renewal3"].user_id)
        )
        world.session.rollback()
    return [told] if told else []


def watched_by(world: World, who: str, key: int, record: Any, **changes: Any) -> list[Any]:
    """What somebody who watches a row is told when the system changes it; nothing of it is kept."""
    row, reader = world.row(key, record), world.people[who]
    watch = {"record": str(record.__tablename__), "record_id": key, "user_id": reader.user_id}
    world.session.execute(insert(Watch).values(**watch, since=datetime.now(UTC)))
    with acting(system_actor("guards")):
        for field, value in changes.items():
            setattr(row, field, value)
        world.session.flush()
        mine = select(Notice.subject, Notice.body).where(Notice.user_id == reader.user_id)
        told = [tuple(each) for each in world.session.execute(mine)]
        world.session.rollback()
    return told


def watched_by_strangers(world: World) -> list[Any]:
    """A row its watcher sees no more."""
    return watched_by(world, "renewal", world.foreign, Gadget, name=WORDS)


def watched_in_secret(world: World) -> list[Any]:
    """A field the watcher may not read."""
    return watched_by(world, "sales", world.dossier, Dossier, finding=WORDS)


def watching_strangers(world: World) -> list[Any]:
    row = world.session.info["row"] = world.row(world.foreign)
    return world.tried("renewal", lambda: watching.watch(world.session, row))


def looked_at_by_strangers(world: World) -> list[Any]:
    row = world.row(world.foreign)
    return world.tried("renewal", lambda: looking.mark(world.session, Gadget, row.id, datetime.now(UTC)))


def put_in_ones_mouth(world: World) -> list[Any]:
    """The words of somebody else, written anew."""
    row = world.row(world.own)
    with acting(world.people["renewal"]):
        made = comments.say(world.session, row, WORDS).comment
        world.session.commit()
    return world.tried("supervisor", lambda: comments.correct(world.session, row, made.id, "something else"))


def withdrawn_words(world: World) -> list[Any]:
    """A comment that was removed, on the page and in the API."""
    row = world.row(world.own)
    with acting(world.people["renewal"]):
        made = comments.say(world.session, row, WORDS).comment
        world.session.commit()
        comments.correct(world.session, row, made.id, f"{WORDS} once more")
        comments.withdraw(world.session, row, made.id)
        world.session.commit()
    client = world.sign_in("renewal")
    urls = (f"/gadget/{row.id}", f"/api/v1/gadget/{row.id}/comments", f"/api/v1/gadget/{row.id}/history")
    return [url for url in urls if WORDS in client.get(url).text]


def heard(world: World) -> list[Any]:
    """A private value found by its sound or a part of it."""
    renewal = world.people["renewal"]
    with acting(system_actor("guards")):
        row = Customer(name="王小明", address="北京路九号", owner_id=renewal.user_id, unit_id=renewal.unit_id)
        world.session.add(row)
        world.session.commit()
    client, found = world.sign_in("renewal"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Customer, "panel", replace(Customer.panel, search=("name", "address")))
        for written in ("beijinglu", "bjljh", "北京"):
            for url, key in (("/api/v1/customer/", "count"), ("/contract/pick/customer_id", "options")):
                if client.get(url, query_string={"q": written}).json[key]:
                    found.append((url, written))
    return found


def removed_alone(patch: Any, _world: World) -> None:
    """The place of a comment is marked, its words stay."""

    def withdraw(session: Any, row: Any, comment_id: int) -> None:
        comment = session.get(comments.Comment, comment_id)
        comment.removed_at, comment.removed_by = datetime.now(UTC), current_actor().name

    patch.setattr(comments, "withdraw", withdraw)


def as_the_author(patch: Any, world: World) -> None:
    patch.setattr(comments, "current_actor", lambda: world.people["renewal"])


CONTROLS: Controls = {
    "who sees a row says something on it": (
        said_by_strangers,
        lambda p, _: p.setattr(comments, "_seen", lambda session, row: row),
    ),
    "who sees a row reads what is said on it": (
        read_by_strangers,
        lambda p, _: p.setattr(comments, "_seen", lambda session, row: row),
    ),
    "who is named is told if he or she sees the row": (told_to_strangers, lambda p, _: p.setattr(access, "sees", yes)),
    "a watcher is told if he or she sees the row": (
        watched_by_strangers,
        lambda p, _: p.setattr(watchers, "sees", yes),
    ),
    "a watcher is told of what he or she reads": (
        watched_in_secret,
        lambda p, _: p.setattr(watchers, "hidden_in", lambda reader, row: frozenset()),
    ),
    "who sees a row watches it": (
        watching_strangers,
        lambda p, _: p.setattr(access, "find", lambda session, record, key: session.info["row"]),
    ),
    "who sees a row looks at it": (
        looked_at_by_strangers,
        lambda p, _: p.setattr(looking, "find", none),
    ),
    "one's words are one's own": (put_in_ones_mouth, as_the_author),
    "words that were withdrawn are gone": (withdrawn_words, removed_alone),
    "private values are not heard": (heard, lambda p, _: p.setattr(Field, "private", property(none))),
}
