"""What every template can use: icons, static addresses, labels, the present person, the bell."""

import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from flask import Flask, current_app, request, session
from flask_babel import get_locale
from jinja2.ext import Extension
from markupsafe import Markup, escape

from app.kernel.actor import NOBODY, Actor, current_actor
from app.kernel.permissions import person_name
from app.panel import branding, cells, labels, navigation, neighbours, texts, timing
from app.panel.assets import asset
from app.panel.builder import language
from app.panel.checklist import checklist
from app.panel.identity import entering
from app.panel.saying import gettext, ngettext
from app.panel.tickets import file_url
from app.schema import tailored
from app.schema.kinds.files import size_in_words

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class Flush(Extension):
    """Templates are indented for whoever reads them; pages are sent without it, a tenth smaller."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source with every line at the margin. No text of ours depends on it."""
        return INDENTATION.sub("", source)


def dress(app: Flask) -> None:
    """Give the templates of `app` their functions. Translations are text, so they are escaped like any other."""
    environment: Any = app.jinja_env
    environment.add_extension(Flush)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=False)
    environment.globals["_"] = gettext  # Jinja's own goes through one call more
    environment.fixed = {"_": gettext} | ({} if app.debug else {"icon": icon, "asset": asset})
    environment.globals.update(
        icon=icon,
        asset=asset,
        brand=branding.brand,
        mark=branding.mark,
        own_name=branding.own_name,
        cell=cells.cell,
        headings=lambda columns: [field.heading for field in columns],
        body_of=cells.body,
        file_url=file_url,
        size_in_words=size_in_words,
        thumbnail=cells.thumbnail,
        with_look=cells.with_look,
        moment=texts.plain,
        now=lambda: datetime.now(UTC).isoformat(),
        spans=timing.spans,
        row_url=cells.row_url,
        trail=neighbours.trail,
        came_from=neighbours.came_from,
        sidebar=navigation.sidebar,
        menu=menu,
        drawn_once=drawn_once,
        warning=navigation.warning,
        unread=unread,
        person_name=person_name,
        checklist=checklist,
        here=here,
        record_label=labels.record_label,
        record_plural=labels.record_plural,
        field_label=labels.field_label,
        step_label=labels.step_label,
        choice_label=labels.choice_label,
        said=labels.said,
    )
    app.context_processor(lambda: setting(current_actor()))


def setting(actor: Actor) -> dict[str, Any]:
    """What every template is told besides: who is there, and in which language."""
    return {
        "actor": None if actor is NOBODY else actor,
        "presence": None if actor is NOBODY else entering.presence(),
        "keys_on": entering.NO_KEYS not in session,
        "provider": current_app.extensions["settings"].oidc_label if current_app.extensions["provider"] else None,
        "language": language(),
        "language_tag": str(get_locale() or "en").replace("_", "-"),
        "languages": current_app.config["LANGUAGES"],
    }


def here() -> str:
    """The address of this page, to come back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def icon(name: str, extra: str = "") -> Markup:
    """An icon of the sprite, by its name in ``icons.txt``; decoration only, so say in words what it means."""
    return _drawn(asset("vendor/icons.svg"), name, extra)


@cache
def _drawn(sprite: str, name: str, extra: str) -> Markup:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"{name!r} is not the name of an icon")
    use = f'<use href="{escape(sprite)}#{name}"></use>'
    return Markup(f'<svg class="icon {escape(extra)}" aria-hidden="true">{use}</svg>')


def menu() -> Markup:
    """The areas of the sidebar with their lines. Drawn once for all who see it so: every page has dozens."""
    return _menu(navigation.sidebar(), navigation.present_page(), asset("vendor/icons.svg"))


@lru_cache(maxsize=512)
def _menu(areas: navigation.Areas, page: str, sprite: str) -> Markup:
    area = Markup('<li class="yx-area"><h2 class="yx-area-title">{}</h2><ul class="list-unstyled">{}</ul></li>')
    return Markup().join(
        area.format(name, Markup().join(_menu_line(entry, entry.active(page), sprite) for entry in entries))
        for name, entries in areas
    )


def _menu_line(entry: navigation.Entry, active: bool, sprite: str) -> Markup:
    link = '<a class="nav-link" href="{}"{}{}>{}<span class="nav-link-title">{}</span></a>'
    return Markup(f'<li class="nav-item{{}}">{link}</li>').format(
        " active" if active else "",
        entry.url,
        Markup(' aria-current="page"') if active else "",
        Markup(' data-record="{}"').format(entry.record) if entry.record else "",
        _drawn(sprite, entry.icon, "nav-link-icon"),
        entry.label,
    )


_drawn_already: dict[Hashable, Markup] = {}
MOST_KEPT = 4096
"""So many parts of pages are kept; then all are drawn anew."""


def drawn_once(looks: Hashable, caller: Callable[[], Markup]) -> Markup:
    """What stands in a ``{% call %}`` block, kept for all who ask for what `looks` so; None is drawn each time.

    `looks` has to hold all the block depends on, save the language, what the department calls things and where the
    panel is mounted.
    """
    if looks is None:
        return caller()
    place = (request.script_root, str(get_locale()), tailored.in_force().version, looks)
    if place not in _drawn_already:
        if len(_drawn_already) >= MOST_KEPT:
            forget_drawn()
        _drawn_already[place] = caller()
    return _drawn_already[place]


def forget_drawn() -> None:
    """Draw every part of a page anew."""
    _drawn_already.clear()


def unread() -> int:
    """How many notices the present person has not read."""
    present = entering.presence()
    return present.unread if present else 0
