"""Values as cells: escaped, linked, badged."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import request, url_for
from markupsafe import Markup, escape

from app.kernel.currency import house_currency
from app.kernel.previews import has_preview
from app.panel import links, navigation, texts
from app.panel.fields import USERS, Field
from app.panel.labels import choice_label, translated
from app.panel.markdown import rendered
from app.panel.saying import gettext as _
from app.panel.tickets import file_url, ticket_for
from app.panel.titles import Read
from app.schema.kinds import File
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.workflow import Workflow

NONE = Markup('<span class="text-secondary">—</span>')
HIDDEN = Markup('<span class="text-secondary" aria-hidden="true">·</span>')
"""Stands where the actor may not read the field of this row, whether there is a value or not."""
LONGEST = 120
"""Characters of a long text that a list shows."""


def cell(field: Field, read: Read, *, short: bool = False, looks: bool = False) -> Markup:
    """What stands in a cell for one field of a row; `short` in lists, where long texts are cut.

    `looks` shows files as small pictures all the same.
    """
    if _named(field) in read.hidden:
        return HIDDEN
    made = _cell(field, read, short, looks)
    page = _behind(field)
    return Markup('<a href="{}">{}</a>').format(url_for(page, key=read.row.id), made) if page else made


def body(
    columns: Sequence[Field],
    labels: Sequence[str],
    reads: Iterable[Read],
    lead: str,
    page: str,
    trail: str,
    choosing: str,
    may_change: Callable[[Record], bool] | None,
) -> Markup:
    """The rows of a table, the cell of the column called `lead` leading to the row's page at `page`.

    With the form `choosing`, each can be chosen for it. Put together here and not by a template: a list has hundreds of
    cells, and they are most of its time.
    """
    drawn = [
        (field, _named(field), _begin(field, label, _named(field) == lead), _in_list(field))
        for field, label in zip(columns, labels, strict=True)
    ]
    page, trail, form = escape(page), escape(trail), escape(choosing)
    choose, written = _("Choose %(title)s"), list[str]()
    for read in reads:
        row, hidden = read.row, read.hidden
        key = row.id
        written.append(f'<tr data-row="{key}">' if may_change is not None and may_change(row) else "<tr>")
        for field, name, begin, draw in drawn:
            made = HIDDEN if name in hidden else draw(read)
            if name == lead:
                shown = made if not field.target else escape(read.titles.get(field.key) or read.title)
                made = Markup(f'<a class="yx-title" href="{page}{key}{trail}">{shown}</a>')
                if choosing:
                    label = escape(choose % {"title": read.title or f"#{key}"})
                    box = f'type="checkbox" name="row" value="{key}:{row.version}" form="{form}" aria-label="{label}"'
                    made = Markup(f'<input class="form-check-input yx-choose" {box}> {made}')
            written.append(f"{begin}{made}</td>")
        written.append("</tr>\n")
    return Markup("".join(written))


def _in_list(field: Field) -> Callable[[Read], Markup]:
    """How a list draws the values of a field: of links and plain words, all save the value is found out once."""
    name, who = _named(field), texts.reader()

    def words(read: Read) -> Markup:
        value = getattr(read.row, name)
        return NONE if value is None or value == "" else escape(told(value, who))

    def link(read: Read) -> Markup:
        value, title = getattr(read.row, name), read.titles.get(name)
        if value is None or title is None:
            return cell(field, read, short=True)
        return Markup(f'<a href="{place}{int(value)}">{escape(title)}</a>')

    if not (field.far or field.is_state or field.private or field.currency or _behind(field)):
        if field.target and (place := (row_url(field.target, 0) or "").removesuffix("0")):
            return link
        if field.kind is not None and field.kind.cell == "text" and not field.target:
            told = field.kind.told
            return words
    return lambda read: cell(field, read, short=True)


def _behind(field: Field) -> str | None:
    return navigation.behind(str(field.record.__tablename__), field.key)


def _begin(field: Field, label: str, leading: bool) -> Markup:
    """How the cells of a column begin, the same in every row."""
    looks = f"{'text-end yx-number' if field.numeric else ''}{' yx-first' if leading else ''}"
    return Markup(f'<td data-label="{escape(label)}" class="{looks}">')


def _named(field: Field) -> str:
    return field.key or field.name


def _cell(field: Field, read: Read, short: bool, looks: bool) -> Markup:
    if field.far:
        return links.in_cell(read.row, field, row_url, short=short) or NONE
    value = getattr(read.row, field.key or field.name)
    if value is None or value == "":
        return NONE
    if field.target:
        return _link(field, value, read.titles.get(field.key))
    if field.is_state:
        return state_badge(type(read.row).workflow, value)
    written = texts.text(field, value)
    if field.currency and field.currency not in read.hidden:
        written += f" {translated(getattr(read.row, field.currency) or house_currency())}"
    if field.private:
        return _private(field, read, written)
    if looks and isinstance(value, File):
        return with_look(value, value.name)
    style = field.kind.cell if field.kind is not None else "moment" if isinstance(value, datetime) else "text"
    return _STYLES[style](value, written, short)


def _lines(value: Any, written: str, short: bool) -> Markup:
    if short:
        return escape(written if len(written) <= LONGEST else written[: LONGEST - 1] + "…")
    return Markup('<span class="yx-text">{}</span>').format(written)


def _marked_down(value: Any, written: str, short: bool) -> Markup:
    if short:
        return _lines(value, written, short)
    return Markup('<div class="yx-markdown">{}</div>').format(rendered(value))


def _moment(value: Any, written: str, short: bool) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), written)


def _url(value: Any, written: str, short: bool) -> Markup:
    shown = written.partition("://")[2] or written
    shown = shown if len(shown) <= 40 or not short else shown[:39] + "…"
    link = Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>')
    return link.format(value, shown) if value.startswith(("https://", "http://")) else escape(written)


def _file(value: Any, written: str, short: bool) -> Markup:
    return _link_to(value, value.name) if short else with_look(value, written)


def _picture(value: Any, written: str, short: bool) -> Markup:
    if short or not has_preview(value):
        return _file(value, written, short)
    return thumbnail(value)


def _link_to(file: File, words: str, ticket: str = "", mark: str = "") -> Markup:
    return Markup('<a class="yx-file{}" href="{}">{}</a>').format(mark, file_url(file, ticket=ticket), words)


def with_look(file: File, words: str, *, ticket: str = "", mark: str = "") -> Markup:
    """The way to a file, beside what it looks like; `ticket` as of `file_url`, `mark` a further class of the link."""
    link = _link_to(file, words, ticket, mark)
    if not has_preview(file):
        return link
    return Markup('<span class="yx-with-look">{}{}</span>').format(thumbnail(file, ticket=ticket, named=True), link)


def thumbnail(file: File, *, ticket: str = "", named: bool = False) -> Markup:
    """The first page of a file made small, which opens its preview; `named` where its name stands beside it.

    Nothing for a file of a type that has none.
    """
    if not has_preview(file):
        return Markup("")
    return Markup(
        '<a class="yx-preview-of" href="{}" data-preview="{}" aria-haspopup="dialog"{}>'
        '<img class="yx-thumb" src="{}" alt="{}" loading="lazy"></a>'
    ).format(
        file_url(file, ticket=ticket),
        file_url(file, "/preview", ticket=ticket),
        Markup(' aria-label="{}"').format(_("Preview of %(file)s", file=file.name)) if named else "",
        file_url(file, "/small/1", ticket=ticket),
        "" if named else file.name,
    )


_STYLES: dict[str, Callable[[Any, str, bool], Markup]] = {
    "text": lambda value, written, short: escape(written),
    "lines": _lines,
    "markdown": _marked_down,
    "moment": _moment,
    "url": _url,
    "file": _file,
    "picture": _picture,
}
"""How each style of cell is made: of the value, its words, and whether there is little room."""


def _private(field: Field, read: Read, masked: str) -> Markup:
    """A private value: masked, with the way to see it; or in full, where it has just been revealed."""
    if field.key in read.revealed and isinstance(value := getattr(read.row, field.key), File):
        return with_look(value, read.revealed[field.key], ticket=ticket_for(value), mark=" yx-revealed")
    if field.key in read.revealed:
        return Markup('<strong class="yx-revealed">{}</strong>').format(read.revealed[field.key])
    made = Markup(f'<span class="yx-masked" title="{escape(_("Masked"))}">{escape(masked)}</span>')
    if not read.reveals:
        return made
    url = _way_to_reveal(field, read.row)
    return made + Markup(' <a class="yx-reveal" href="{}">{}</a>').format(url, _("Show in full"))


def _way_to_reveal(field: Field, row: Any) -> str:
    """Where a value is asked for in full: on the page of the row, of a line on that of what it is a part of."""
    table = str(field.record.__tablename__)
    if not issubclass(field.record, Line):
        return url_for(f"{table}.ask_reveal", key=row.id, name=field.key, _anchor="reveal")
    whole, key = field.record.parent_record().__tablename__, getattr(row, field.record.parent)
    here = {"line": table, "part_key": row.id, "name": field.key}
    return url_for(f"{whole}.ask_reveal_of_line", key=key, **here, _anchor="reveal")


def _link(field: Field, value: Any, title: str | None) -> Markup:
    if title is None:
        return Markup('<span class="text-secondary">{}</span>').format(_("not visible to you"))
    url = row_url(field.target, value)
    return Markup(f'<a href="{url}">{escape(title)}</a>') if url else escape(title)


def row_url(target: str, key: int) -> str | None:
    """The address of a row's page; None for users and lines, which have none of their own."""
    if target == USERS or target not in registry or issubclass(registry[target], Line):
        return None
    return f"{request.script_root}/{target}/{int(key)}"


def state_badge(workflow: Workflow | None, state: Any) -> Markup:
    """A state, coloured by its place in the workflow."""
    return _badge(tone(workflow, state), choice_label(state))


@lru_cache(maxsize=4096)
def _badge(how: str, label: str) -> Markup:
    return Markup('<span class="badge yx-tone-{}">{}</span>').format(how, label)


@lru_cache(maxsize=4096)
def tone(workflow: Workflow | None, state: Any) -> str:
    """``new``, ``bad``, ``done`` or ``open``, told from the steps that lead to a state and away from it."""
    if workflow is None:
        return "open"
    leading = [step for step in workflow.steps if state == step.target and step.source != {state}]
    if not leading:
        return "new"
    if all(step.tone == "danger" for step in leading):
        return "bad"
    return "done" if workflow.is_final(state) or state in workflow.frozen else "open"


def heading(record: type[Record], read: Read) -> str:
    """How a row is called on its own page."""
    return read.title or f"#{read.row.id}"
