"""The benchmark runs from end to end on little data and gives every figure; how fast is nobody's business here.

At night, for three panels besides ours are built for it.
"""

import pytest

from tests.bench.__main__ import measure, written_into
from tests.bench.crew import Figure
from tests.bench.musts import LINES, Line, Must
from tests.bench.report import differences, table, verdicts_of
from tests.bench.subject import Outcome

ABSENT = {
    "stock": {"name": "impossible"} | dict.fromkeys(("export", "page", "assets", "load csv", "load xlsx"), "none"),
    "floor": dict.fromkeys(("page", "assets", "load csv", "load xlsx"), "none"),
    "django": dict.fromkeys(("rest", "page", "assets", "import csv", "import xlsx", "remind", "appraise"), "none"),
}
"""What a subject has no answer to, and what it says then."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return measure("sqlite", 2000, tmp_path_factory.mktemp("bench"), LINES, rounds=0)


@pytest.mark.nightly
@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_every_figure_is_produced(measured, line):
    figures = measured[line.name]
    absent = {subject: figure.absent for subject, figure in figures.items() if figure.ms is None}
    assert absent == {subject: tasks[line.task] for subject, tasks in ABSENT.items() if line.task in tasks}
    assert all(verdict.holds is not None for verdict in verdicts_of(line, measured))


@pytest.mark.nightly
def test_all_did_the_same_work(measured):
    assert list(differences(LINES, measured)) == []
    ours = {line.name: (line, measured[line.name]["ours"].outcome) for line in LINES}
    pages = {"list", "sorted", "deep", "last", "filter", "own", "number", "name", "picker", "rest"}
    written = {"save", "export", "load csv", "load xlsx", "import csv", "import xlsx", "remind", "appraise"}
    assert [name for name, (line, outcome) in ours.items() if line.task in pages and not outcome.found] == []
    assert [name for name, (line, outcome) in ours.items() if line.task in written and not outcome.rows] == []


def test_lines_have_names_of_their_own():
    assert len({line.name for line in LINES}) == len(LINES)


@pytest.mark.nightly
def test_the_table_has_a_row_for_each_line(measured):
    written = table(LINES, measured)
    assert all(f"| {line.label} " in written for line in LINES)


def figure(ms, **outcome):
    return Figure(ms, 1, 0.0, Outcome(**outcome), "")


def test_a_limit_holds_up_to_its_own_value():
    line = Line("list", "list", (Must("django", 0.5), Must("list small", 1.2, "own")), kilobytes=40)
    small = {"ours": figure(10), "django": figure(1)}

    def holds(ours):
        figures = {"ours": ours, "django": figure(20)}
        return [verdict.holds for verdict in verdicts_of(line, {"list": figures, "list small": small})]

    assert holds(figure(10, size=40_000)) == [True, True, True]
    assert holds(figure(12.1, size=40_001)) == [False, False, False]
    assert holds(Figure(None, 0, 0.0, Outcome(), "failed")) == [None, None, None]


def test_other_results_are_told():
    line = Line("list", "list")
    figures = {"ours": figure(1, found=("a", "b")), "floor": figure(1, found=("a", "c"))}
    assert list(differences((line,), {"list": figures})) == ["list: found differ, ours ('a', 'b'), floor ('a', 'c')"]


def test_figures_replace_those_of_their_backend_only():
    document = "x\n<!-- figures: sqlite -->\nold\n<!-- end of figures: sqlite -->\ny"
    assert written_into(document, "sqlite", "new") == document.replace("old", "new")
    with pytest.raises(ValueError, match="no place for these figures"):
        written_into(document, "postgresql", "new")
