"""The table: every line with its figures, ratios and verdicts, as Markdown that reads well on a terminal."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.bench.crew import Figure
from tests.bench.musts import Line, Must

Figures = Mapping[str, Figure]
"""By subject."""

OTHERS = ("floor", "stock", "django")
HEAD = ("what", "ours", *(cell for name in OTHERS for cell in (name, f"÷ {name}")), "must", "holds", "SQL", "kB")


class Verdict(NamedTuple):
    """A limit, and whether it holds; None where one of the two was not measured."""

    limit: str
    holds: bool | None


def table(lines: tuple[Line, ...], measured: Mapping[str, Figures]) -> str:
    """The table of the lines measured."""
    rows = [HEAD]
    for line in lines:
        if line.name not in measured:
            continue
        figures = measured[line.name]
        verdicts = list(verdicts_of(line, measured))
        first = verdicts[0] if verdicts else Verdict("–", None)
        ours, *others = told = [figures[subject] for subject in ("ours", *OTHERS)]
        rows.append(
            (
                *(line.label, _time(ours)),
                *(cell for other in others for cell in (_time(other), _ratio(ours, other))),
                *(first.limit, _word(first)),
                *("/".join(map(told_of, told)) for told_of in (_count, _size)),
            )
        )
        rows += [_further(verdict) for verdict in verdicts[1:]]
        if line.megabytes is not None:
            grown = [cell for each in others for cell in (_grown(each), "")]
            rows.append(("… memory added", _grown(ours), *grown, "", "", "", ""))
    return _aligned(rows)


def verdicts_of(line: Line, measured: Mapping[str, Figures]) -> Iterator[Verdict]:
    """The limits of a line, each with whether it holds."""
    figures = measured[line.name]
    ours = figures["ours"]
    for must in line.musts:
        other = figures[must.against] if must.against in figures else measured.get(must.against, {}).get("ours")
        both = ours.ms is not None and other is not None and other.ms
        yield Verdict(_limit(must), ours.ms <= must.most * other.ms if both else None)
    if line.kilobytes is not None:
        size = ours.outcome.size
        yield Verdict(f"≤ {line.kilobytes:g} kB", None if size is None else size <= line.kilobytes * 1000)
    if line.megabytes is not None:
        yield Verdict(f"≤ +{line.megabytes:g} MB", None if ours.ms is None else ours.grown <= line.megabytes)


def differences(lines: tuple[Line, ...], measured: Mapping[str, Figures]) -> Iterator[str]:
    """Where ours and another subject did not find or write the same, so that times do not compare."""
    for line in lines:
        figures = measured.get(line.name, {})
        done = {name: figure.outcome for name, figure in figures.items() if figure.ms is not None}
        if "ours" not in done:
            continue
        for other in done.keys() - {"ours"}:
            for aspect in ("found", "rows"):
                mine, its = getattr(done["ours"], aspect), getattr(done[other], aspect)
                if mine and its and mine != its and not (aspect == "rows" and done[other].part < 1):
                    yield f"{line.label}: {aspect} differ, ours {_short(mine)}, {other} {_short(its)}"


def _limit(must: Must) -> str:
    return f"≤ {must.most:.3g} × {must.own or must.against}"


def _further(verdict: Verdict) -> tuple[str, ...]:
    return ("",) * (len(HEAD) - 4) + (verdict.limit, _word(verdict), "", "")


def _word(verdict: Verdict) -> str:
    return {True: "yes", False: "NO", None: "–"}[verdict.holds]


def _time(figure: Figure) -> str:
    if figure.ms is None:
        return figure.absent
    mark = "~" if figure.outcome.part < 1 else ""
    return f"{mark}{figure.ms:.0f} ms" if figure.ms >= 100 else f"{mark}{figure.ms:.1f} ms"


def _ratio(ours: Figure, other: Figure) -> str:
    return f"{ours.ms / other.ms:.2f}" if ours.ms is not None and other.ms else "–"


def _grown(figure: Figure) -> str:
    return "–" if figure.ms is None else f"+{figure.grown:.0f} MB"


def _count(figure: Figure) -> str:
    return "–" if figure.ms is None or figure.outcome.part < 1 else str(figure.statements)


def _size(figure: Figure) -> str:
    return "–" if figure.outcome.size is None else f"{figure.outcome.size / 1000:.0f}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 60 else f"{text[:57]}…"


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    written = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    written.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in written)
