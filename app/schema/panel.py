"""How a record is shown: columns, form, menu. Declared once; list, show, form, API and export obey."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class Menu:
    """Where a record stands in the sidebar: an area of the department, an icon of the sprite, an order."""

    def __init__(self, area: str, icon: str = "list", order: int = 50) -> None:
        self.area, self.icon, self.order = area, icon, order


class Group:
    """A titled section of a form."""

    def __init__(self, title: str, *fields: str) -> None:
        self.title, self.fields = title, fields


@dataclass(frozen=True)
class Related:
    """A tab on the record's page with the rows of `record` whose `field` points here."""

    record: str
    field: str


@dataclass(frozen=True)
class Panel:
    """The screens of a record.

    `title` is the field that names a row; `columns` are the list's; `search` are the fields the search box
    looks in (a dotted path such as ``customer.name`` follows a link); `form` are the sections of add and
    edit; `facts` are read-only fields shown on the record's page besides; `order` sorts the list, ``-`` descending.
    `fixed` fields may be set when adding and not changed afterwards. `labels` name fields in English where their own
    name would say something else elsewhere: ``{"rate": "Premium rate"}``.
    """

    title: str = "id"
    columns: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    form: tuple[Group, ...] = ()
    facts: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    menu: Menu | None = None
    order: str = "-id"
    label: str = ""
    plural: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
