"""Who may do what with a record, as declared. Administrators change it at run time; see `app.kernel.access`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.schema.roles import EVERYONE, LEADERS, Role, Scope

VERBS = ("read", "add", "edit", "delete", "export", "import", "reveal")


@dataclass(frozen=True)
class Grants:
    """The declared beginnings of a record's permissions.

    `work` may read, add and edit; `lead` besides may export and delete; `see` may only read;
    `load` may import files; `reveal` may have single private values shown in full, for a reason that is written down.
    `scopes` widens or narrows a role's reach on this record alone: of all verbs
    (``{Role.FINANCE: Scope.ALL}``) or of one (``{(Role.SALES, "read"): Scope.ALL}``: reads all, edits its own).
    """

    work: tuple[Role, ...] = ()
    see: tuple[Role, ...] = ()
    lead: tuple[Role, ...] = LEADERS
    load: tuple[Role, ...] = (Role.MANAGER,)
    reveal: tuple[Role, ...] = ()
    scopes: Mapping[Role | tuple[Role, str], Scope] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, Role]]:
        """Every (verb, role) pair granted."""
        for role in EVERYONE:
            if role in self.work or role in self.lead:
                yield from (("read", role), ("add", role), ("edit", role))
            elif role in self.see or role in self.load:
                yield ("read", role)
            if role in self.lead:
                yield from (("export", role), ("delete", role))
            if role in self.load:
                yield ("import", role)
            if role in self.reveal:
                yield ("reveal", role)

    def reaches(self) -> Iterator[tuple[Role, str, Scope]]:
        """Every (role, verb, scope) of `scopes`; an empty verb stands for all of them."""
        for who, scope in self.scopes.items():
            role, verb = who if isinstance(who, tuple) else (who, "")
            yield role, verb, scope


REFERENCE = Grants(work=(), see=EVERYONE, lead=(Role.MANAGER, Role.ADMIN), load=(Role.MANAGER, Role.ADMIN))
"""Reference lists: everyone reads, the manager and the administrator keep them."""
