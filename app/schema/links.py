"""Many to many: a row linked to several rows of another record, declared in a line: ``products = many("product")``."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, overload

from sqlalchemy.orm import attributes

from app.schema.kinds.links import LINKS


class Many:
    """Links to several rows of the record `target`; read and set as ids, ascending, each once.

    Who reads gets those he or she may see. Who sets them says which of these there shall be: the links to rows hidden
    from him or her stay as they are. What was set is written with the next flush (see `app.kernel.links`).
    """

    reader: ClassVar[Callable[[Any, "Many"], tuple[int, ...]]]

    def __init__(self, target: str, ondelete: str) -> None:
        self.target, self.ondelete = target, ondelete
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> "Many": ...

    @overload
    def __get__(self, row: object, owner: type) -> tuple[int, ...]: ...

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        wanted = row.__dict__.get(WANTED, {})
        return wanted[self.name] if self.name in wanted else Many.reader(row, self)

    def __set__(self, row: Any, ids: Iterable[int] | int | None) -> None:
        row.__dict__.setdefault(WANTED, {})[self.name] = LINKS.read(ids) or ()
        attributes.flag_dirty(row)


WANTED = "_links_wanted"
"""Where a row holds what was set and is not written yet."""


def many(target: str, *, ondelete: str = "RESTRICT") -> Many:
    """Links to several rows of another record, named by its table.

    A row that others link to cannot be deleted, unless `ondelete` is ``"CASCADE"``: then the link goes with it.
    """
    return Many(target, ondelete)
