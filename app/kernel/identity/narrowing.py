"""Less than a person may: for tokens made for some things only, and for who sees the panel as somebody else."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.kernel.actor import Actor
from app.schema.errors import NotPermitted
from app.schema.record import Line
from app.schema.registry import registry

ADMINISTERING = (
    "page:people",
    "page:impersonate",
    "page:impersonate_write",
    "page:settings",
    "page:jobs",
    "page:demonstration",
)
"""Pages on which one administers; in another's name nobody does."""
LOOKING, WRITING = {"read", "open"}, {"add", "edit", "delete"}


READ, WRITE, STEPS, FILES = "read", "write", "steps", "files"
SCOPES = (READ, WRITE, STEPS, FILES)
"""What a token may be made for: to read rows; to add, change and delete them, comment on them and have private values
shown; to take steps; to send files and fetch them."""
_VERBS = {"read": READ, "add": WRITE, "edit": WRITE, "delete": WRITE, "reveal": WRITE, "step": STEPS}
AREA = "area:"


def narrowed(actor: Actor, scopes: Iterable[str], records: Iterable[str] = ()) -> Actor:
    """The actor as a token made for `scopes` speaks for him or her; with `records`, or areas of the menu, only there.

    Never more than the actor may. A token for everything is the person; any other opens no pages and exports nothing.
    """
    given, only = frozenset(scopes), frozenset(_named(records))
    if given >= set(SCOPES) and not only:
        return actor

    def kept(verb: str, name: str) -> bool:
        return _VERBS.get(verb.partition(":")[0]) in given and (not only or name in only)

    def less(whom: Actor) -> Actor:
        return replace(whom, reach={key: scope for key, scope in whom.reach.items() if kept(*key)})

    barred = {FILES} - given | ({"comments"} if WRITE not in given else set())
    return replace(less(actor), absent=tuple(less(each) for each in actor.absent), barred=frozenset(barred))


def areas() -> dict[str, list[str]]:
    """The records of each area of the menu."""
    found: dict[str, list[str]] = {}
    for record in registry:
        if record.panel.menu is not None and not issubclass(record, Line):
            found.setdefault(record.panel.menu.area, []).append(str(record.__tablename__))
    return found


def _named(records: Iterable[str]) -> Iterator[str]:
    for name in records:
        if name.startswith(AREA):
            yield from areas().get(name.removeprefix(AREA).replace("_", " "), [name])
        else:
            yield name


def may_see_as(actor: Actor, target: Actor) -> bool:
    """Whether one may see the panel as another: by permission, and never as one with more rights to administer."""
    return (
        actor.user_id != target.user_id
        and actor.scope("open", "page:impersonate") > 0
        and all(target.scope("open", page) <= actor.scope("open", page) for page in ADMINISTERING)
    )


def seen_as(actor: Actor, target: Actor, *, writes: bool) -> Actor:
    """The target as `actor` sees the panel: looking, or writing where that is permitted besides.

    Never a step, an approval or an export: those carry the person's own word. Raises `NotPermitted`.
    """
    if not may_see_as(actor, target) or (writes and not actor.scope("open", "page:impersonate_write")):
        raise NotPermitted("You may not see the panel as this person.")
    verbs = LOOKING | (WRITING if writes else set())
    reach = {k: s for k, s in target.reach.items() if k[0] in verbs and k[1] not in ADMINISTERING}
    return replace(target, name=f"{actor.name} → {target.name}", reach=reach)
