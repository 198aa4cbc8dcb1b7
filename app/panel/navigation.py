"""The sidebar: records and pages by area of the department, and of them only what the actor may open."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.documents import may_print
from app.panel.labels import record_plural, translated
from app.schema.record import Record
from app.schema.registry import registry

PRINTING = "DocumentsPage.list"
"""The page at which a row's documents are printed."""


@dataclass(frozen=True)
class PageLink:
    """A page drawn by hand, as it stands in the sidebar. `permission` such as ``page:desk``; empty for everybody."""

    area: str
    label: str
    endpoint: str
    icon: str
    permission: str
    order: int


@dataclass(frozen=True)
class Entry:
    """A line of the sidebar in the language of who sees it."""

    label: str
    url: str
    icon: str
    order: int
    endpoint: str
    record: str = ""

    def active(self, page: str) -> bool:
        """Whether a page, as `present_page` names it, is this one or one of its record's."""
        return page in (self.endpoint, self.endpoint.partition(".")[0])


Areas = tuple[tuple[str, tuple[Entry, ...]], ...]
"""The sidebar: what each area is called, and its entries."""


@dataclass(frozen=True)
class Beside:
    """A page about a row, offered on the row's own page to whom `opens` says yes; it takes the row's id as ``key``."""

    label: str
    endpoint: str
    icon: str
    opens: Callable[[Actor, Any], bool]


@dataclass(frozen=True)
class Warned:
    """What to know before a step is taken, in words, and the page where something can be done about it."""

    words: str
    url: str = ""
    label: str = ""


_pages: dict[str, PageLink] = {}
_named: dict[str, str] = {}
_behind: dict[tuple[str, str], str] = {}
_desks: dict[str, tuple[str, str]] = {}
_beside: dict[str, list["Beside"]] = {}
_leads: dict[str, str] = {}
_warnings: dict[tuple[str, str], Callable[[Any], "Warned | None"]] = {}


def add_page(area: str, label: str, endpoint: str, icon: str, permission: str = "", order: int = 30) -> None:
    """Put a page into the sidebar; `area` and `label` are English and the keys of their translations."""
    _pages[endpoint] = PageLink(area, label, endpoint, icon, permission, order)


def name_permission(permission: str, label: str) -> None:
    """Say what a permission without an entry in the sidebar is called; `label` is English, the key of translations."""
    _named[permission] = label


def open_behind(record: str, field: str, endpoint: str) -> None:
    """Let the values of a field open a page about their row: ``endpoint`` takes the row's id as ``key``."""
    _behind[record, field] = endpoint


def behind(record: str, field: str) -> str | None:
    """The page the values of a field open, if there is one."""
    return _behind.get((record, field))


def work_at(record: str, endpoint: str, permission: str) -> None:
    """Name the page at which the rows of a record are worked; ``endpoint`` takes the row's id as ``key``."""
    _desks[record] = (endpoint, permission)


def worked_at(record: type[Record], key: int) -> str:
    """Where the present person works a row: at the desk made for it, else on the row's own page."""
    endpoint, permission = _desks.get(str(record.__tablename__), ("", ""))
    if endpoint and current_actor().scope("open", permission):
        return url_for(endpoint, key=key)
    return url_for(f"{record.__tablename__}.show", key=key)


def lead_to(record: str, endpoint: str) -> None:
    """Name the page that notices about rows of a record lead to: by the row's id as ``key``, their day as ``on``."""
    _leads[record] = endpoint


def leads_to(record: str | None) -> str | None:
    """The page notices about such rows lead to, where it is not the row's own."""
    return _leads.get(record or "")


def offer_beside(record: str, page: Beside) -> None:
    """Offer a page on the page of each row of a record; its label is English and the key of its translations."""
    _beside.setdefault(record, []).append(page)


def beside(row: Any) -> list[tuple[str, str, str]]:
    """The pages offered on a row's page to the present person: label, address and icon."""
    actor = current_actor()
    table = str(row.__tablename__)
    found = [
        (translated(page.label), url_for(page.endpoint, key=row.id), page.icon)
        for page in _beside.get(table, ())
        if page.endpoint in current_app.view_functions and page.opens(actor, row)
    ]
    if any(may_print(row, document) for document in type(row).documents):
        found.append((_("Print"), url_for(PRINTING, name=table, key=row.id), "file-text"))
    return found


def warn_before(record: str, step: str, warn: Callable[[Any], Warned | None]) -> None:
    """Let `warn` say, of a row, what whoever is about to take the step should know."""
    _warnings[record, step] = warn


def warning(row: Any, step: str) -> Warned | None:
    """What to know before a step is taken on a row, if there is anything."""
    warn = _warnings.get((str(row.__tablename__), step))
    return warn(row) if warn else None


def sidebar() -> Areas:
    """The areas, each with its entries; an area stands where its first entry does. Made once for who sees it."""
    actor = current_actor()
    kept, seen = actor.kept, ("sidebar", str(get_locale()), request.script_root)
    if seen not in kept:
        kept[seen] = _areas(actor)
    areas: Areas = kept[seen]
    return areas


def present_page() -> str:
    """The present page as the sidebar knows it: by its endpoint, or by what all pages of its record have in common."""
    return (request.endpoint if request.endpoint in _pages else request.blueprint) or ""


def _areas(actor: Actor) -> Areas:
    areas: dict[str, list[Entry]] = {}
    for area, entry in _entries(actor):
        areas.setdefault(area, []).append(entry)
    for entries in areas.values():
        entries.sort(key=lambda entry: (entry.order, entry.label))
    named = ((translated(area), tuple(entries)) for area, entries in areas.items())
    return tuple(sorted(named, key=lambda pair: (pair[1][0].order, pair[0])))


def _entries(actor: Actor) -> Iterator[tuple[str, Entry]]:
    known = current_app.view_functions
    for record in registry:
        menu, endpoint = record.panel.menu, f"{record.__tablename__}.list"
        if menu and endpoint in known and may(actor, "read", record):
            url = f"{request.script_root}/{record.__tablename__}/"
            name = str(record.__tablename__)
            yield menu.area, Entry(record_plural(record), url, menu.icon, menu.order, endpoint, name)
    for page in _pages.values():
        if page.endpoint in known and (not page.permission or actor.scope("open", page.permission)):
            yield (
                page.area,
                Entry(translated(page.label), url_for(page.endpoint), page.icon, page.order, page.endpoint),
            )


def page_label(permission: str) -> str:
    """What the page behind a permission such as ``page:desk`` is called."""
    if permission in _named:
        return translated(_named[permission])
    return next((translated(page.label) for page in _pages.values() if page.permission == permission), permission)


def page_msgids() -> Iterator[str]:
    """The labels and areas of all pages, for the catalogues."""
    yield from _named.values()
    yield from (page.label for pages in _beside.values() for page in pages)
    for page in _pages.values():
        yield page.area
        yield page.label
