"""Loading a file through a profile: read everything, then write what is sound, in one transaction of the caller."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from hashlib import file_digest
from itertools import islice
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.kernel import history, permissions
from app.kernel.actor import acting, current_actor
from app.kernel.sheets import RefusedRows, Row, Sheet, SheetError, open_sheet
from app.kernel.transfer.options import AS_IT_STANDS, Options
from app.kernel.transfer.outcome import FIRST, SHOWN, Outcome, Problem, Progress, Tally
from app.kernel.transfer.plan import NEW, Entry, Plan
from app.kernel.transfer.rowwise import RowWriter, by_sets
from app.kernel.transfer.stage import Stage
from app.kernel.transfer.straight import Read, Straight
from app.kernel.transfer.whole import NOT_TAKEN, fitted, proposed
from app.kernel.transfer.writing import CHUNK, Noting, Writer, nothing
from app.schema.calendar import SHANGHAI
from app.schema.errors import NotPermitted, Refusal
from app.schema.registry import registry
from app.schema.transfer import Profile

AtPath = str | PathLike[str]
NOT_ALL = "%(count)d rows are refused, and all or none were to be loaded: none was."
CONTRADICTION = "“%(key)s” stands on row %(other)d too, with other values; keep one of the two"


def silent(phase: str, done: int, total: int) -> None:
    """The progress nobody asks about."""


def require_import(profile: Profile) -> None:
    """Raise `NotPermitted` unless the current actor may load files through `profile`."""
    if not current_actor().scope(*profile.permission):
        raise NotPermitted("You may not load files as %(profile)s.", profile=profile.label)


def load(
    session: Session,
    profile: Profile,
    path: AtPath,
    filename: str,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
    refused: AtPath | None = None,
    zone: ZoneInfo = SHANGHAI,
    options: Options = AS_IT_STANDS,
    noting: Noting = nothing,
) -> Outcome:
    """Load the file at `path`, which people call `filename`; the caller commits.

    First every line is read and checked, then the sound ones are written in sets, each target in its order: rows
    not yet there are made, rows that differ are changed, the others stand. Loading the same file again therefore
    changes nothing. A line with any fault is refused whole; refused lines go to the file `refused`, if one is named
    and there are any. A dry run writes nothing and tells what would happen. Moments in cells are read on the clock
    of `zone`. Rows belong to the importing person's unit and to nobody, unless the profile says otherwise. What the
    person may not write, or a record's conditions do not allow, is refused as everywhere else (see `ruling`).

    The file of one whole record (`app.kernel.transfer.whole`) is written as the person would write it by hand, and a
    dry run of it writes as well and takes all of it back: see `rowwise`.

    Raises `NotPermitted`, and `SheetError` for a fault of the file as a whole; then nothing was written.
    """
    require_import(profile)
    started = monotonic()
    with Path(path).open("rb") as file:
        outcome = Outcome(profile.name, filename, file_digest(file, "sha256").hexdigest(), dry_run)
    bringer = current_actor()
    sheet = opened(path, filename, profile)
    if profile.record:
        record = registry[profile.record]
        outcome.mapping = dict(options.mapping or proposed(record, bringer, sheet.columns))
        profile = fitted(profile, bringer, {c: outcome.mapping.get(c, NOT_TAKEN) for c in sheet.columns})
    others = sheet.unknown_columns if not profile.record else []
    outcome.kept_columns = others if profile.keeps else []
    outcome.unused_columns = [c for c in sheet.columns if c in profile.ignored] + ([] if profile.keeps else others)
    outcome.records = {target.name: Tally(target.record) for target in profile.targets}
    sets = not profile.record or by_sets(registry[profile.record], bringer)
    bringing = replace(bringer, system=sets or bringer.system, source="import", why=f"import {filename}")
    with Stage() as stage, acting(bringing):
        plan = Plan(profile, session, zone, others)
        bounds = _read(sheet, plan, stage, outcome, progress, options)
        if sets:
            _write(session, Writer(session, plan, stage, outcome, bringer, noting), stage, outcome, progress)
        else:
            noting = nothing if dry_run else noting
            with _taken_back(session) if dry_run else nullcontext():
                _write(session, RowWriter(session, plan, stage, outcome, noting), stage, outcome, progress)
        outcome.problem_count, outcome.refused = stage.counts()
        outcome.problems, outcome.unknown = list(stage.problems(SHOWN)), stage.unknown(SHOWN)
        if refused is not None and outcome.refused:
            _write_refused(sheet, stage, refused)
        if options.all_or_none and outcome.refused and not dry_run:
            raise Refusal(NOT_ALL, count=outcome.refused)
        if not dry_run and not outcome.unchanged:
            _remember(session, plan, stage, outcome, bounds)
    outcome.seconds = round(monotonic() - started, 3)
    return outcome


def opened(path: AtPath, filename: str, profile: Profile) -> Sheet:
    """The table in a file that is to be loaded through a profile. Raises `SheetError`."""
    if profile.record:
        return open_sheet(path, filename, (), ours=True)
    return open_sheet(path, filename, profile.columns, profile.aliases, optional=profile.ignored)


@contextmanager
def _taken_back(session: Session) -> Iterator[None]:
    """Within this block everything is written as it would be, and afterwards none of it was."""
    attempt = session.begin_nested()
    try:
        yield
    finally:
        attempt.rollback()
        session.expire_all()


def _read(
    sheet: Sheet, plan: Plan, stage: Stage, outcome: Outcome, progress: Progress, options: Options
) -> tuple[int, int]:
    """The first pass: every line into the stage, sound or not. Returns the first and last row number."""
    first = last = 0
    outcome.preview = {target.name: [] for target in plan.targets}
    straight = Straight(plan) if plan.profile.record else None
    for rows in _batches(sheet.rows()):
        options.put_right(rows)
        first, last = first or rows[0].number, rows[-1].number
        for row in rows:
            if row.problem is not None:
                stage.refuse(_of_sheet(row.number, row.problem))
        rows_sound = [row for row in rows if row.problem is None]
        if straight is not None:
            found = straight.read(rows_sound)
        else:
            plan.prepare(rows_sound)
            found = [plan.read(row) for row in rows_sound]
        kept: list[tuple[int, list[Any]]] = []
        met = straight is not None and _meet_all(rows_sound, found, plan, stage)
        for row, (entries, problems) in zip(rows_sound, found, strict=True):
            for problem, unknown in problems:
                stage.refuse(problem, unknown=unknown)
            fresh = [
                n
                for n, entry in enumerate(entries)
                if entry is not None and (met or _meet(n, row, entries, plan, stage))
            ]
            if not problems:
                kept.append((row.number, [entry and tuple(entry) for entry in entries]))
                _show(plan, entries, fresh, outcome)
        stage.keep(kept)
        outcome.rows += len(rows)
        progress("read", outcome.rows, max(sheet.count_hint, outcome.rows))
    for n, key, number, other in stage.contested():
        stage.refuse(_contradiction(plan, n, key, number, other))
    return first, last


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, CHUNK)):
        yield batch


def _of_sheet(row: int, error: SheetError) -> Problem:
    return Problem(row, error.column, None, error.msgid, error.args_)


def _meet(n: int, row: Row, entries: list[Entry | None], plan: Plan, stage: Stage) -> bool:
    """Whether the line is the first to name this key; if not, note whether it contradicts the first."""
    entry = entries[n]
    if entry is None:
        return False
    digest = plan.digest(n, entries)
    earlier = stage.meet(n, entry.key, row.number, digest)
    if earlier is None:
        return True
    if not plan.targets[n].shared:
        stage.repeat(n, entry.key, row.number, earlier.digest != digest)
    elif earlier.digest != digest:
        stage.refuse(_contradiction(plan, n, entry.key, row.number, earlier.row))
    return False


def _meet_all(rows: list[Row], found: list[Read], plan: Plan, stage: Stage) -> bool:
    """Note the keys of a whole batch at once, if none of them stood before; else False, and nothing is noted."""
    named = {
        entry.key: (row.number, plan.digest(0, entries))
        for row, (entries, _) in zip(rows, found, strict=True)
        if (entry := entries[0]) is not None
    }
    several = len(named) < sum(entries[0] is not None for entries, _ in found)
    return not several and stage.meet_all(0, named)


def _contradiction(plan: Plan, n: int, key: str, row: int, other: int) -> Problem:
    return Problem(row, plan.key_column(n), key, CONTRADICTION, {"key": key, "other": other})


def _show(plan: Plan, entries: list[Entry | None], fresh: list[int], outcome: Outcome) -> None:
    for n in fresh:
        preview = outcome.preview[plan.targets[n].name]
        if len(preview) < FIRST:
            preview.append(plan.shown(n, entries))


def _write(session: Session, writer: Writer | RowWriter, stage: Stage, outcome: Outcome, progress: Progress) -> None:
    """The second pass: the sound lines, a thousand at a time."""
    done = 0
    for lines in stage.lines():
        writer.write([(row, [entry and Entry(*entry) for entry in entries]) for row, entries in lines])
        done += len(lines)
        progress("write", done, outcome.rows)
    session.expire_all()


def _write_refused(sheet: Sheet, stage: Stage, refused: AtPath) -> None:
    """Read the file once more for the refused lines as they stood, each with what is wrong with it."""
    problems = stage.problems()
    problem = next(problems, None)
    with RefusedRows(refused, sheet.columns) as writer:
        for row in sheet.rows():
            told = []
            while problem is not None and problem.row == row.number:
                told.append(str(problem))
                problem = next(problems, None)
            if told:
                writer.write(row, told)


def _remember(session: Session, plan: Plan, stage: Stage, outcome: Outcome, bounds: tuple[int, int]) -> None:
    """One entry of history for each target that had rows made or changed; and access may have changed with them."""
    for n, target in enumerate(plan.targets):
        tally = outcome.records[target.name]
        if not (tally.written or tally.changed):
            continue
        told = {
            "profile": outcome.profile,
            "target": target.name,
            "file": outcome.filename,
            "sha256": outcome.sha256,
            "rows": list(bounds),
            "refused": outcome.refused,
            "written": tally.written,
            "changed": tally.changed,
            "stood": tally.stood,
            "keys": {
                status: [key for key in stage.keys(n, status) if not key.startswith(NEW)]
                for status in ("written", "changed")
            },
        }
        history.summarise(session, target.record, "import", told)
    permissions.raise_epoch(session)
