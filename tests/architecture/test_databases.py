"""No half of a test is lost between the day and the night (see `tests.databases`)."""

from pathlib import Path

import pytest

from tests.databases import BOTH, HALVES, always_both, of_the_day, whole

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def doubled(request):
    """What a run of the whole suite has collected for both databases; in other runs there is nothing to judge."""
    found = {name: each for name, each in request.config.stash[HALVES].items() if len(each) == 2}
    if whole(request.config):
        assert len(found) > 500, "tests that ask for a database are no longer told apart"
    return found


def of_the_night(item):
    return item.get_closest_marker("nightly") is not None


def test_each_test_runs_on_one_database_by_day_and_on_the_other_at_night(doubled):
    for name, each in doubled.items():
        resting = [database for database in each if of_the_night(each[database])]
        assert len(resting) < 2 or all(mark_of_its_own(item) for item in each.values()), f"{name} rests by day"
        if always_both(name):
            assert all(mark_of_its_own(each[database]) for database in resting), f"{name} rests by day"
        else:
            assert 1 - of_the_day(name) in resting, f"{name} runs twice by day"


def mark_of_its_own(item):
    """Whether the test itself says that it is for the night, whatever the database."""
    return "nightly" in {mark.name for mark in (*item.callspec.marks, *getattr(item.function, "pytestmark", ()))}


def test_what_rests_by_day_was_left_out_by_its_mark_and_the_night_asks_for_that_mark(request, doubled):
    ran = {item.nodeid for item in request.session.items}
    if request.config.option.markexpr == "not nightly" and not request.config.option.keyword:
        for each in doubled.values():
            assert all((item.nodeid in ran) != of_the_night(item) for item in each.values())
    recipe = (ROOT / "Makefile").read_text().partition("\nnightly:")[2].partition("\n\n")[0]
    assert "pytest -m nightly" in recipe


def test_by_day_both_databases_have_their_share(doubled):
    """Of the tests that run on one, neither has less than two fifths."""
    days = [of_the_day(name) for name in doubled if not always_both(name)]
    assert len(days) < 200 or 0.4 < sum(days) / len(days) < 0.6


@pytest.mark.parametrize("named", BOTH)
def test_every_file_named_stands_and_has_such_tests(request, doubled, named):
    where = f"tests/{named}" if named.endswith("/") else f"tests/{named}.py"
    assert (ROOT / where).exists()
    if whole(request.config):
        assert any(name.startswith(where) for name in doubled), "nothing there asks for a database"
