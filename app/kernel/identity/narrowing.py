"""Less than a person may: for tokens that only read, and for who sees the panel as somebody else."""

from dataclasses import replace

from app.kernel.actor import Actor
from app.schema.errors import NotPermitted

ADMINISTERING = ("page:people", "page:impersonate", "page:impersonate_write", "page:settings", "page:jobs")
"""Pages on which one administers; in another's name nobody does."""
LOOKING, WRITING = {"read", "open"}, {"add", "edit", "delete"}


def reading(actor: Actor) -> Actor:
    """The actor, who only reads."""
    return replace(actor, reach={key: scope for key, scope in actor.reach.items() if key[0] == "read"})


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
