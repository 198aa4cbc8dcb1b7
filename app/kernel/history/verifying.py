"""Verifying: is the history what was written? Every seal is reckoned again, in one pass over the entries.

What this cannot see is a forger who may alter the tables and seals everything anew from there. So note the head of the
chain where the forger cannot reach (``flask panel verify-history`` prints it), and hand it in as `expected`.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.history.sealing import BATCH, MARK, START, digest, hashing
from app.kernel.tables import AuditEntry, AuditSeal, JobPeriod
from app.schema.written import natural

JOB = "history.seal"
MOST = 20
"""Faults told; the first is what counts."""


@dataclass
class Verdict:
    """What was found: seals, entries sealed and not yet sealed, the head of the chain, and what does not fit."""

    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    head: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class _Seal:
    """A seal being reckoned again."""

    row: Any
    whole: Any
    marks: bytes
    seen: int = 0
    faulty: bool = False

    def take(self, entry: Any) -> str | None:
        """Take in an entry it lists; what is wrong with it, if it was changed."""
        hash_, place = digest(dict(entry)), self.seen * MARK
        self.whole.update(hash_)
        self.seen += 1
        fits = hash_[:MARK] == self.marks[place : place + MARK]
        return None if fits else f"seal {self.row['number']}: entry {entry['id']} was changed after it was sealed"


def verify(session: Session, expected: str | None = None) -> Verdict:
    """Reckon every seal again. `expected` is a head noted earlier, ``NUMBER:HASH``."""
    table = AuditSeal.__table__
    rows = session.connection().execute(select(table).order_by(table.c.number)).mappings().all()
    seals = [_Seal(row, hashing(dict(row)), base64.b64decode(row["marks"])) for row in rows]
    verdict = Verdict(seals=len(seals))
    faults = [*_chain(seals), *_heads(session, seals, expected), *_entries(session, seals, verdict)]
    for seal in seals:
        if not seal.faulty and seal.whole.hexdigest() != seal.row["hash"]:
            faults.append((seal.row["number"], f"seal {seal.row['number']} does not fit its own hash: it was changed"))
    faults.sort(key=lambda fault: fault[0])
    verdict.faults = list(dict.fromkeys(text for _number, text in faults))[:MOST]
    if seals:
        verdict.head = f"{seals[-1].row['number']}:{seals[-1].row['hash']}"
    return verdict


def _chain(seals: list[_Seal]) -> Iterator[tuple[int, str]]:
    """Numbers without a gap, each naming the hash of the one before."""
    number, hash_ = 0, START
    for seal in seals:
        if seal.row["number"] != number + 1:
            missing = f"seal {number + 1} is missing" if seal.row["number"] > number else "a seal stands twice"
            yield number + 1, missing
        elif seal.row["previous"] != hash_:
            yield (
                seal.row["number"],
                f"seal {seal.row['number']} does not follow seal {number}: one of them was changed",
            )
        number, hash_ = seal.row["number"], seal.row["hash"]


def _heads(session: Session, seals: list[_Seal], expected: str | None) -> Iterator[tuple[int, str]]:
    """The seals noted elsewhere stand: by the ledger of jobs, and by whoever asks."""
    known = {seal.row["number"]: seal.row["hash"] for seal in seals}
    results = select(JobPeriod.result).where(JobPeriod.job == JOB, JobPeriod.result.is_not(None))
    noted = [(r["seal"], r["head"], "the ledger") for r in session.scalars(results) if r and "seal" in r]
    if expected:
        number, _sep, hash_ = expected.partition(":")
        noted.append((natural(number) or 0, hash_, "you"))
    for number, hash_, who in noted:
        if number not in known:
            yield number, f"seal {number}, noted by {who}, is missing"
        elif known[number] != hash_:
            yield number, f"seal {number} is not the one noted by {who}"


def _listed(seals: list[_Seal]) -> Iterator[tuple[int, _Seal]]:
    """Every sealed id with its seal, ascending."""
    spans = sorted(((first, last, seal) for seal in seals for first, last in seal.row["entries"]), key=lambda s: s[:2])
    for first, last, seal in spans:
        for id_ in range(first, last + 1):
            yield id_, seal


def _entries(session: Session, seals: list[_Seal], verdict: Verdict) -> Iterator[tuple[int, str]]:
    """Each entry against the seal that lists it; each listed one has to be there, and none beside them."""
    table, settled = AuditEntry.__table__, max((seal.row["settled"] for seal in seals), default=0)
    every = select(table).order_by(table.c.id).execution_options(yield_per=BATCH)
    listed = _listed(seals)
    wanted = next(listed, None)
    for entry in session.connection().execute(every).mappings():
        while wanted is not None and wanted[0] < entry["id"]:
            yield _missing(*wanted)
            wanted = next(listed, None)
        if wanted is not None and wanted[0] == entry["id"]:
            verdict.sealed += 1
            if (wrong := wanted[1].take(entry)) is not None:
                wanted[1].faulty = True
                yield wanted[1].row["number"], wrong
            wanted = next(listed, None)
        elif entry["id"] <= settled:
            after = next((s.row["number"] for s in seals if s.row["settled"] >= entry["id"]), 0)
            yield (
                after,
                f"entry {entry['id']} was put among sealed ones: no seal lists it, and seal {after} closed there",
            )
        else:
            verdict.unsealed += 1
    while wanted is not None:
        yield _missing(*wanted)
        wanted = next(listed, None)


def _missing(id_: int, seal: _Seal) -> tuple[int, str]:
    seal.faulty = True
    seal.seen += 1
    number = seal.row["number"]
    return number, f"seal {number}: entry {id_} is missing"
