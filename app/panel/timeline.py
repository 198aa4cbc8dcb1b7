"""The timeline of a row in words: changes, steps, comments, notices, clocks, newest first, a page at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import clocks, ticking
from app.kernel.access import may
from app.kernel.actor import Actor, current_actor
from app.kernel.comments import MENTION
from app.kernel.fields import hidden, visible_changes, writable_fields
from app.kernel.history import reading, versions
from app.kernel.permissions import person_name
from app.kernel.standing import Standing
from app.kernel.tables import AuditEntry, Clock, Comment, Notice
from app.panel import showing, texts, timing
from app.panel.fields import Field, field_of, form_fields
from app.panel.labels import SOURCES, field_label, record_label, translated, verb_label
from app.panel.links import unseen
from app.panel.titles import titles_of
from app.schema.record import Record, many_of, stored
from app.schema.registry import registry

SHOWN = 25
"""Happenings of a page."""
WHOLE = ("add", "delete", "restore")
"""What concerns the row as a whole: no field of it is told."""
Titles = dict[str, dict[int, str]]


@dataclass
class Told:
    """One happening as a person reads it. `sort` says how it is drawn: change, comment, notice, clock.

    Of a clock `who` is its name, and `readers` are those who were told.
    """

    sort: str
    who: str
    what: str
    at: str
    when: str
    why: str = ""
    source: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    entry: int = 0
    comparable: bool = False
    revertible: bool = False
    reverts: int = 0
    comment: Comment | None = None
    text: str = ""
    mine: bool = False
    removable: bool = False
    readers: list[str] = field(default_factory=list)


@dataclass
class Timeline:
    """A page of happenings, and where the next one begins."""

    told: list[Told]
    next: str


def of(session: Session, row: Any, before: str | None = None, rounds: Iterable[Clock] | None = None) -> Timeline:
    """A page of the timeline of a row the present person sees; `rounds` are its clocks, where they were read before."""
    actor = current_actor()
    ticks = _Ticks(actor, row, clocks.of_row(session, row) if rounds is None else rounds)
    found, following = reading.page(session, row, reading.Place.read(before), SHOWN, ticks.happenings)
    entries = [each.what for each in found if isinstance(each.what, AuditEntry)]
    said = _comments(session, entries)
    titles = titles_in(
        session, ((_record_of(row, entry), _readable(row, entry)) for entry in entries if entry.verb not in WHOLE)
    )
    told = []
    for each in found:
        lines = ticks.lines(each)
        told += [_told(actor, row, each, titles, said)] if lines is None else lines
    return Timeline(told, str(following) if following else "")


def _record_of(row: Any, entry: AuditEntry) -> type[Record]:
    """The record an entry is about: the row's own, or that of a line."""
    return registry.get(entry.record) or type(row)


def readable(row: Any, changes: Any) -> list[tuple[str, Any, Any]]:
    """The changes of a row, old and new, that the present person may read."""
    return versions.pairs(visible_changes(row, changes)) if isinstance(changes, dict) else []


def _readable(row: Any, entry: AuditEntry) -> list[tuple[str, Any, Any]]:
    """The changes of an entry, of the row or of a line of it, that the present person may read."""
    record = _record_of(row, entry)
    if record is type(row):
        return readable(row, entry.changes)
    gone = hidden(current_actor(), record)  # the line may be gone: what some line hides, every entry does
    return [change for change in versions.pairs(entry.changes) if change[0] not in gone]


def titles_in(session: Session, changes: Iterable[tuple[type[Record], list[tuple[str, Any, Any]]]]) -> Titles:
    """The titles of all rows that changes link to; one statement for each record linked to."""
    wanted: dict[str, set[int]] = {}
    for record, pairs in changes:
        for key, old, new in pairs:
            target = stored(record)[key].info.get("ref", "") if key in stored(record) else ""
            wanted.setdefault(target, set()).update(v for v in (old, new) if isinstance(v, int))
            if key in many_of(record):
                wanted.setdefault(many_of(record)[key].target, set()).update(_ids(old) | _ids(new))
    return {target: titles_of(session, target, ids) for target, ids in wanted.items() if target}


def _ids(value: Any) -> set[int]:
    """The ids of rows linked or no longer linked, as an entry keeps them."""
    return {each for each in value if isinstance(each, int)} if isinstance(value, list) else set()


def _comments(session: Session, entries: list[AuditEntry]) -> dict[int, Comment]:
    """The comments some entries are about, in one statement."""
    ids = [entry.changes["comment"] for entry in entries if entry.verb == "comment"]
    return {c.id: c for c in session.scalars(select(Comment).where(Comment.id.in_(ids)))} if ids else {}


def _told(actor: Actor, row: Any, each: reading.Happening, titles: Titles, said: dict[int, Comment]) -> Told:
    what = each.what
    if isinstance(what, AuditEntry):
        comment = said.get(what.changes.get("comment", 0)) if what.verb == "comment" else None
        return _comment(actor, row, what, comment) if comment is not None else _change(row, what, titles)
    return _notice(*what)


class _Ticks:
    """What a page tells of the clocks of a row: one line for each occasion, with all who were told of it."""

    def __init__(self, actor: Actor, row: Any, rounds: Iterable[Clock]) -> None:
        self._slas = {sla.name: sla for sla in clocks.clocks_of(type(row))}
        self._seen = timing.readable(actor, row)
        self._rounds = {clock.id: clock for clock in rounds}
        shown = [clock for clock in self._rounds.values() if self._shows(clock.name, clock.promised)]
        self.happenings = ticking.happenings(shown, datetime.now(UTC))
        self._lines: dict[tuple[str, str, bool, datetime | None], Told] = {}

    def lines(self, each: reading.Happening) -> list[Told] | None:
        """The line for a happening, none if it adds to one that stands already; None for what is about no clock."""
        what = each.what
        if isinstance(what, ticking.Tick):
            return self._line(each, what.what, what.clock.name, what.clock.promised, what.clock.due)
        if isinstance(what, AuditEntry):
            return self._passed(each, what) if what.verb == clocks.PASSED else None
        occasion = ticking.occasion_of(what[0].dedupe_key)
        clock = self._rounds.get(occasion.clock_id) if occasion is not None else None
        if occasion is None or clock is None:
            return None
        return self._line(each, occasion.what, clock.name, clock.promised, occasion.due, person_name(*what[1:]))

    def _shows(self, name: str, promised: bool) -> bool:
        return (name, promised) in self._seen

    def _passed(self, each: reading.Happening, entry: AuditEntry) -> list[Told] | None:
        for name, change in entry.changes.items():
            due = datetime.fromisoformat(change[1])
            promised = any(c.promised and c.name == name and c.due == due for c in self._rounds.values())
            return self._line(each, ticking.PASSED, name, promised, due) if name in self._slas else None
        return None

    def _line(
        self, each: reading.Happening, what: str, name: str, promised: bool, due: datetime | None, reader: str = ""
    ) -> list[Told]:
        if not self._shows(name, promised):
            return []
        readers, key = [reader] if reader else [], (what, name, promised, due)
        if key in self._lines:
            self._lines[key].readers += readers
            return []
        sla, at = self._slas[name], each.place.at
        title, word = timing.title_of(sla, promised), _happened(what)
        line = Told("clock", title, word, at.isoformat(), texts.plain(at), readers=readers)
        if ticking.told_of(what):
            line.why = _("due %(end)s", end=timing.end_in_words(sla, promised, due)) if due is not None else ""
            self._lines[key] = line
        return [line]


def _happened(what: str) -> str:
    """What happened to a clock, in words."""
    said = {
        ticking.STARTED: _("started"),
        ticking.PAUSED: _("stands still"),
        ticking.RESUMED: _("runs on"),
        ticking.WARNED: _("warned"),
        ticking.PASSED: _("has passed"),
    }
    if what in said:
        return said[what]
    return _("escalated") if ticking.told_of(what) else timing.words(Standing(what))


def _change(row: Any, entry: AuditEntry, titles: Titles) -> Told:
    record = _record_of(row, entry)
    own = (entry.record, entry.record_id) == (str(type(row).__tablename__), row.id)
    label = _what(record, entry)
    told = Told(
        "change",
        entry.actor,
        label if own else _("%(line)s: %(what)s", line=record_label(record), what=label),
        entry.at.isoformat(),
        texts.plain(entry.at),
        why=translated(entry.why or ""),
        source=translated(f"by {entry.source}") if entry.source in SOURCES else "",
        entry=entry.id,
        reverts=entry.reverts_id or 0 if entry.verb == "revert" else 0,
    )
    pairs = _readable(row, entry)
    if entry.verb not in WHOLE:
        told.changes = [said for pair in pairs for said in _in_words(record, *pair, titles)]
    told.comparable = own and bool(pairs)
    told.revertible = told.comparable and entry.verb in versions.EDITS and _may_write(row, pairs)
    return told


def _in_words(record: type[Record], key: str, old: Any, new: Any, titles: Titles) -> Iterator[tuple[str, str, str]]:
    """A change as label, old and new; of links to many first what was removed, then what was added."""
    label, before, after = (
        field_label(record, key),
        in_words(record, key, old, titles),
        in_words(record, key, new, titles),
    )
    if key not in many_of(record):
        yield label, before, after
        return
    if old:
        yield _("%(field)s, removed", field=label), before, ""
    if new:
        yield _("%(field)s, added", field=label), "", after


def _what(record: type[Record], entry: AuditEntry) -> str:
    """What was done, in words; of a value shown in full also which."""
    said = verb_label(record, entry.verb)
    name = entry.changes.get("field") if entry.verb == "reveal" and isinstance(entry.changes, dict) else None
    return f"{said}: {field_label(record, name)}" if isinstance(name, str) else said


def _may_write(row: Any, pairs: list[tuple[str, Any, Any]]) -> bool:
    """Whether it makes sense to offer taking these changes back: an edit could write each of them."""
    return showing.may_change(current_actor(), row) and {key for key, _old, _new in pairs} <= writable(row)


def writable(row: Any) -> set[str]:
    """The fields an edit of a row may write."""
    fixed = set(type(row).panel.fixed)
    names = {f.key for f in form_fields(type(row)) if f.key not in fixed and f.name not in fixed}
    return set(writable_fields(current_actor(), "edit", row, names))


def _comment(actor: Actor, row: Any, entry: AuditEntry, comment: Comment) -> Told:
    gone = comment.removed_at is not None
    mine = comment.author_id is not None and comment.author_id == actor.user_id
    return Told(
        "comment",
        comment.author,
        _("Removed by %(person)s", person=comment.removed_by) if gone else "",
        comment.at.isoformat(),
        texts.plain(comment.at),
        entry=entry.id,
        comment=comment,
        text=spoken(comment),
        mine=mine and not gone,
        removable=(mine or may(actor, "delete", row)) and not gone,
    )


def spoken(comment: Comment) -> Markup:
    """The words of a comment; who was named stands there by name."""
    parts, end = [], 0
    for found in MENTION.finditer(comment.text):
        named = comment.named.get(found.group(1))
        if named is None:
            continue
        parts.append(escape(comment.text[end : found.start()]))
        parts.append(Markup('<span class="yx-named" title="{}">@{}</span>').format(found.group(0), named[1]))
        end = found.end()
    return Markup("").join([*parts, escape(comment.text[end:])])


def _notice(notice: Notice, first: str | None, last: str | None) -> Told:
    reader = person_name(first, last) if notice.user_id is not None else _("the customer")
    ways = {"app": _("in the app"), "mail": _("by mail"), "letter": _("by letter")}
    return Told(
        "notice",
        reader,
        _("was told %(way)s", way=ways.get(notice.channel, notice.channel)),
        notice.created_at.isoformat(),
        texts.plain(notice.created_at),
        why=notice.subject,
    )


def in_words(record: type[Record], key: str, value: Any, titles: Titles) -> str:
    """A value as the history keeps it, in words."""
    if value is None:
        return "—"
    if key in many_of(record):
        known = titles.get(many_of(record)[key].target, {})
        named = [known[each] for each in sorted(_ids(value)) if each in known]
        hidden = len(_ids(value)) - len(named)
        return ", ".join([*named, *([unseen(hidden)] if hidden else [])]) or "—"
    if key not in stored(record):
        return translated(str(value))
    past: Field = field_of(record, key)
    if past.target:
        return titles.get(past.target, {}).get(value, f"#{value}") if isinstance(value, int) else str(value)
    if past.private:
        return str(value)
    try:
        value = past.kind.read(value) if past.kind is not None and not isinstance(value, bool) else value
    except ValueError:
        return str(value)
    return texts.text(past, value) or "—"
