"""Writing accepted lines: set by set, each target's rows found by key, inserted, updated or left as they are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, bindparam, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.kernel import history, links, numbering
from app.kernel.actor import Actor, current_actor
from app.kernel.conditions import NEEDED
from app.kernel.database import among, put
from app.kernel.spelling import is_spelt, spelt
from app.kernel.transfer.cells import nowhere
from app.kernel.transfer.outcome import Outcome, Problem
from app.kernel.transfer.plan import Entry, Plan
from app.kernel.transfer.ruling import Ruling
from app.kernel.transfer.stage import Stage
from app.kernel.transfer.undoing import Change
from app.schema.errors import Conflict
from app.schema.record import Record, link_of, many_of, words
from app.schema.registry import registry
from app.schema.rows import _Placed
from app.schema.rules import broken
from app.schema.transfer import LinkTo

CHUNK = 1000
DATABASE_REFUSES = "the database refuses this row: %(rule)s"
HELD = "what it belongs to stands otherwise here, and moves only by its steps"
Lines = Sequence[tuple[int, Sequence[Entry | None]]]
Settled = dict[str, tuple[int, str]]


Noting = Callable[[str, Sequence[Change]], None]


def nothing(record: str, changes: Sequence[Change]) -> None:
    """Of what was done nothing is kept."""


class Way(NamedTuple):
    """How rows of one target are written: its table and fields, and what an update leaves alone.

    That are the fields `fresh_only`, and any row whose `state` (a column, if there is one) is among `frozen`.
    `many` are those that link to many, and have no column; `lacking` those a new row needs and no cell fills.
    """

    table: Table
    key: Column[Any]
    names: tuple[str, ...]
    fresh_only: frozenset[str]
    state: str | None
    frozen: frozenset[Any]
    serials: tuple[Column[Any], ...]
    placed: bool
    ruling: Ruling
    many: tuple[str, ...]
    lacking: tuple[str, ...] = ()


class Ruled(Exception):
    """Rows of target `n` that the rules of its fields refuse: by key, the field and what is wrong with it."""

    def __init__(self, n: int, faults: dict[str, list[tuple[str, str, dict[str, Any]]]]) -> None:
        super().__init__(f"{len(faults)} rows of target {n}")
        self.n, self.faults = n, faults


class Writer:
    """Writes chunks of lines. On a dry run it only counts, and rows that would be made have negative ids.

    It writes as the system; what the rules of fields say is asked for `bringer`, who brings the file in.
    """

    def __init__(
        self, session: Session, plan: Plan, stage: Stage, outcome: Outcome, bringer: Actor, noting: Noting = nothing
    ) -> None:
        """`noting` is told what was done to the rows of each target, for whoever wants to take it back."""
        self._session, self._plan, self._stage, self._outcome = session, plan, stage, outcome
        self._noting, self._done = noting, dict[str, list[Change]]()
        self._now, self._actor, self._bringer = datetime.now(UTC), current_actor(), bringer
        self._made_up = 0
        self._ways = [self._way(n) for n in range(len(plan.targets))]
        self._linked = [
            [(name, plan.position[s.target]) for name, s in target.fields.items() if isinstance(s, LinkTo)]
            for target in plan.targets
        ]

    def _way(self, n: int) -> Way:
        target, table = self._plan.targets[n], self._plan.tables[n]
        record = registry[target.record]
        state = record.workflow.field if record.workflow else None
        names = tuple(target.fields)
        fresh_only = frozenset(name for name in (*target.once, state) if name is not None and name in target.fields)
        return Way(
            table,
            table.c[target.key],
            names,
            fresh_only,
            state,
            record.workflow.frozen if record.workflow else frozenset(),
            tuple(c for c in table.c if c.info.get("serial") and c.key not in target.fields),
            issubclass(record, _Placed),
            Ruling(self._bringer, record, names, fresh_only),
            tuple(name for name in target.fields if name in many_of(record)),
            tuple(lacking(record, names)) if self._plan.profile.record else (),
        )

    def write(self, lines: Lines) -> None:
        """Write a chunk. A row that a rule or the database's own constraints refuse is refused, the others stay."""
        try:
            with nullcontext() if self._outcome.dry_run else self._session.begin_nested():
                settled = self._targets(lines)
        except Ruled as ruled:
            refused = self._refuse(lines, ruled)
            self.write([line for line in lines if line[0] not in refused])
        except (IntegrityError, DataError) as error:
            if len(lines) == 1:
                self._stage.refuse(by_the_database(lines[0][0], error, self._plan))
                return
            middle = len(lines) // 2
            self.write(lines[:middle])
            self.write(lines[middle:])
        else:
            self._settle(settled)

    def _refuse(self, lines: Lines, ruled: Ruled) -> set[int]:
        """Refuse the lines that speak of rows the rules refuse; returns their numbers."""
        found = set()
        for number, entries in lines:
            entry = entries[ruled.n]
            for name, msgid, args in ruled.faults.get(entry.key, ()) if entry is not None else ():
                self._stage.refuse(Problem(number, self._plan.column_of(ruled.n, name), None, msgid, args))
                found.add(number)
        return found

    def _settle(self, settled: list[Settled]) -> None:
        """What the chunk did stands: note it, so that a key is written and counted once."""
        for record, changes in self._done.items():
            self._noting(record, changes)
        for n, found in enumerate(settled):
            tally = self._outcome.records[self._plan.targets[n].name]
            for _, status in found.values():
                tally.count(status)
            self._stage.settle(n, ((key, id_, status) for key, (id_, status) in found.items()))

    def _targets(self, lines: Lines) -> list[Settled]:
        ids: list[dict[str, int]] = []
        settled: list[Settled] = []
        self._done = {}
        for n in range(len(self._ways)):
            entries = {entry.key: entries for _, entries in lines if (entry := entries[n]) is not None}
            known = self._stage.ids(n, entries)
            todo = {key: self._values(n, entries[key], ids) for key in entries.keys() - known.keys()}
            held = self._held(n, entries, settled)
            settled.append(self._target(n, {key: todo[key] for key in entries if key in todo}, held))
            ids.append(known | {key: id_ for key, (id_, _) in settled[n].items()})
        return settled

    def _held(self, n: int, entries: dict[str, Sequence[Entry | None]], settled: list[Settled]) -> dict[str, str]:
        """The keys whose rows would belong to one that was left as it is, each with the field that links to it."""
        held = {}
        for name, source in self._plan.targets[n].fields.items():
            if isinstance(source, LinkTo):
                position = self._plan.position[source.target]
                for key, line in entries.items():
                    linked = line[position]
                    if linked is not None and settled[position].get(linked.key, (0, ""))[1] == "kept":
                        held[key] = name
        return held

    def _values(self, n: int, entries: Sequence[Entry | None], ids: list[dict[str, int]]) -> dict[str, Any]:
        """The values of a row, its links resolved."""
        entry = entries[n]
        values = dict(zip(self._ways[n].names, entry.values if entry else (), strict=True))
        for name, position in self._linked[n]:
            linked = entries[position]
            values[name] = ids[position][linked.key] if linked is not None else None
        return values

    def _target(self, n: int, wanted: dict[str, dict[str, Any]], held: dict[str, str]) -> Settled:
        """Find, judge, then change or make the rows of one target. Raises `Ruled`; nothing of it is written then.

        None is made for the `held`: a payment of a claim that is not paid here would be money nobody decided on.
        """
        if not wanted:
            return {}
        way = self._ways[n]
        by_value = {value: key for key, values in wanted.items() if (value := values[way.key.key]) is not None}
        more = (*((way.state,) if way.state else ()), *sorted(way.ruling.looks_at))
        names = dict.fromkeys(("id", "version", *way.names, *more))
        columns = [way.table.c[name] for name in names if name not in way.many]
        found: dict[str, Any] = {}
        for some in _chunks(list(by_value)):
            rows = self._session.execute(select(*columns).where(among(self._session, way.key, some))).mappings()
            found |= {by_value[row[way.key.key]]: dict(row) for row in rows}
        self._read_links(way, list(found.values()))
        settled: Settled = {}
        changes = []
        faults: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
        for key, row in found.items():
            differs = {name for name, value in wanted[key].items() if row[name] != value}
            differs -= way.ruling.unsaid(wanted[key], row)
            frozen = way.state is not None and row[way.state] in way.frozen
            changed = set() if frozen else differs - way.fresh_only
            kept = differs if frozen else differs & {way.state}
            if wrong := list(way.ruling.faults(wanted[key], row, changed)):
                faults[key] = wrong
            settled[key] = (row["id"], "changed" if changed else "kept" if kept else "stood")
            if changed:
                changes.append((row, {name: wanted[key][name] for name in changed}))
        fresh = {key: values for key, values in wanted.items() if key not in found}
        for key, values in fresh.items():
            if self._plan.targets[n].found is not None:  # it stood there while the file was read
                gone = nowhere(way.table, values[way.key.key])
                faults[key] = [(way.key.key, gone.msgid, gone.args_)]
            elif key in held:
                faults[key] = [(held[key], HELD, {})]
            elif wrong := [*((name, NEEDED, {}) for name in way.lacking), *way.ruling.faults(values, None, set())]:
                faults[key] = wrong
        if faults:
            raise Ruled(n, faults)
        if self._outcome.dry_run:
            settled |= {key: (self._next_made_up(), "written") for key in fresh}
        else:
            self._update(way, changes)
            made = dict(self._insert(way, fresh, by_value))
            settled |= {key: (id_, "written") for key, id_ in made.items()}
            done = self._done.setdefault(self._plan.targets[n].record, [])
            done += [Change(id_, 1, None) for id_ in made.values()]
            for row, new in changes:
                done.append(Change(row["id"], row["version"] + 1, {name: history.plain(row[name]) for name in new}))
        return settled

    def _read_links(self, way: Way, rows: list[dict[str, Any]]) -> None:
        """What the rows are linked to by each field that links to many, as ids."""
        record = registry[way.table.name]
        for name in way.many:
            link = link_of(record, name)
            pairs = link.__table__.c
            by_id: dict[int, list[int]] = {row["id"]: [] for row in rows}
            for some in _chunks(list(by_id)):
                mine = select(pairs[link.parent], pairs[link.far]).where(pairs[link.parent].in_(some))
                for key, other in self._session.execute(mine):
                    by_id[key].append(other)
            for row in rows:
                row[name] = tuple(sorted(by_id[row["id"]]))

    def _next_made_up(self) -> int:
        self._made_up -= 1
        return self._made_up

    def _insert(
        self, way: Way, fresh: dict[str, dict[str, Any]], by_value: dict[Any, str]
    ) -> Iterator[tuple[str, int]]:
        if not fresh:
            return
        mine: dict[str, Any] = {"created_at": self._now, "changed_at": self._now}
        mine |= {"created_by_id": self._actor.user_id, "changed_by_id": self._actor.user_id}
        if way.placed:
            mine = {"owner_id": None, "unit_id": self._actor.unit_id} | mine
        rows = [mine | values for values in fresh.values()]
        for row in rows:
            for name in way.many:
                del row[name]
            row |= spelt(registry[way.table.name], row)
        for column in way.serials:
            self._number(column, rows)
        if way.key.info.get("serial"):
            self._number(way.key, [row for row in rows if row[way.key.key] is None])
            by_value = by_value | {row[way.key.key]: key for row, key in zip(rows, fresh, strict=True)}
        put(self._session, way.table, rows)  # without ids, for they are asked for afterwards: by far the fastest way
        keys = [row[way.key.key] for row in rows]
        made = select(way.table.c.id, way.key).where(among(self._session, way.key, keys))
        settled = [(by_value[value], id_) for id_, value in self._session.execute(made)]
        for name in way.many:
            pairs = [(id_, other) for key, id_ in settled for other in fresh[key][name]]
            links.put(self._session, registry[way.table.name], name, [], pairs, self._actor)
        yield from settled

    def _number(self, column: Column[Any], rows: list[dict[str, Any]]) -> None:
        """Give rows the next numbers of a series."""
        if not rows:
            return
        last = numbering.take(self._session, numbering.series(column), self._now.year, len(rows))
        for row, seq in zip(rows, range(last - len(rows) + 1, last + 1), strict=True):
            row[column.key] = numbering.written(column, self._now.year, seq)

    def _update(self, way: Way, changes: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """Change rows that differ, each only if it is still as it was read, and keep old and new in the history."""
        if not changes:
            return
        set_ = [name for name in way.names if name not in way.fresh_only and name not in way.many]
        statement = (
            update(way.table)
            .where(way.table.c.id == bindparam("_id"), way.table.c.version == bindparam("_version"))
            .values({name: bindparam(f"_{name}") for name in set_})
            .values(version=way.table.c.version + 1, changed_at=self._now, changed_by_id=self._actor.user_id)
        )
        record = registry[way.table.name]
        rows = []
        for row, new in changes:
            values = {name: (row | new)[name] for name in set_}
            values |= spelt(record, values)
            rows.append({"_id": row["id"], "_version": row["version"]} | {f"_{k}": v for k, v in values.items()})
        if is_spelt(record, record.panel.title) and record.panel.title in set_:
            statement = statement.values(search_key=bindparam("_search_key"))
        done = self._session.connection().execute(statement, rows)
        if done.rowcount != len(rows):
            raise Conflict("Somebody changed some of these rows meanwhile. Load the file again.")
        for name in way.many:
            moved = [(row["id"], set(row[name]), set(new[name])) for row, new in changes if name in new]
            gone = [(key, other) for key, old, now in moved for other in sorted(old - now)]
            come = [(key, other) for key, old, now in moved for other in sorted(now - old)]
            links.put(self._session, record, name, gone, come, self._actor)
        history.edited(self._session, registry[way.table.name], ((row["id"], row, new) for row, new in changes))


def lacking(record: type[Record], given: Iterable[str]) -> Iterator[str]:
    """The fields a new row of a record needs that are not among those `given`, and that nobody fills in for it."""
    placed = {"owner_id", "unit_id"} if issubclass(record, _Placed) else set()
    for column in record.__table__.columns:
        filled = column.nullable or column.default is not None or column.server_default is not None
        if not (filled or column.primary_key or column.info.get("serial") or column.key in {*given, *placed}):
            yield column.key


def _chunks(values: list[Any]) -> Iterable[list[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def by_the_database(row: int, error: IntegrityError | DataError, plan: Plan) -> Problem:
    """The rule of the database that refused a row: a kind's own words, else the constraint's name, a sentence."""
    diagnosis = getattr(error.orig, "diag", None)
    rule = (diagnosis and diagnosis.constraint_name) or str(error.orig)
    rule = rule.removeprefix("CHECK constraint failed: ")
    for n, table in enumerate(plan.tables):
        if found := broken(table, rule):
            return Problem(row, plan.column_of(n, found[0]), None, found[1].message)
    rule = rule.removeprefix("ck_")
    return Problem(row, None, None, DATABASE_REFUSES, {"rule": words(rule)})
