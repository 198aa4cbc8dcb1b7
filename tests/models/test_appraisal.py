"""Appraisals: drawn up from data on the first working day, once; rated, rated again, approved, and then final."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.kernel.access import find
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry, Notice
from app.kernel.workflow import adopt
from app.schema.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal
from app.schema.record import working_of
from app.schema.registry import registry
from app.schema.roles import Scope
from models.appraisal import Appraisal, AppraisalLine, AppraisalTemplate, TemplateLine
from models.appraisal.generation import generate
from models.appraisal.jobs import annual, monthly
from models.appraisal.operations import rate_lines, rows_behind
from models.appraisal.periods import period_named
from models.appraisal.states import AppraisalState, Cycle, Direction, TemplateState
from models.people import Person
from models.renewals import Contact
from models.renewals.states import ContactChannel, RenewalState
from models.sales import Target
from models.sales.states import TargetState
from tests.department import STAFF
from tests.journey import stopped, walk
from tests.models import book

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
FIRST_DAY = datetime(2026, 3, 31, 23, tzinfo=UTC)
"""7 o'clock on 1 April 2026, a Wednesday, on the house's clock."""
D = Decimal
RENEWERS = sum(role == "renewal" for role, _ in STAFF.values())


def template(session, *kpis, role="renewal", post=None, cycle=Cycle.MONTH, shares=(100, 0, 0), code="RS"):
    """A template in force; each KPI is (measure, weight, target) or with a direction besides."""
    names = ("measured_share", "self_share", "supervisor_share")
    made = AppraisalTemplate(code=code, name=code, cycle=cycle, role=role, post=post)
    for name, share in zip(names, shares, strict=True):
        setattr(made, name, D(share))
    session.add(made)
    session.flush()
    for measure, weight, target, *direction in kpis:
        way = direction[0] if direction else Direction.HIGHER
        line = TemplateLine(template_id=made.id, measure=measure, weight=D(weight), target=D(target), direction=way)
        session.add(line)
    session.flush()
    adopt(session, made, TemplateState.IN_FORCE)
    session.commit()
    return made


KPIS = (("renewal_rate", 50, 80), ("contact_volume", 30, 4), ("attainment", 20, 100))


@pytest.fixture
def work(session, people, as_system):
    """March of three renewal specialists.

    renewal: 2 of 3 renewed, 3 contacts, 2,400.00 brought of a target of 2,000; and a contract and a contact of April.
    renewal2: nothing expired, 1 contact, no target. renewal3: nothing at all.
    """
    first, second = people["renewal"], people["renewal2"]
    for day, renewed in ((5, True), (15, True), (31, False)):
        old = book.contract(session, date(2026, 3, day), keeper=first)
        fields = {}
        if renewed:
            new = book.successor(session, old, paid_on=date(2026, 3, day), owner_id=people["sales"].user_id)
            fields["successor_id"] = new.id
        book.renewal(session, old, first, RenewalState.RENEWED if renewed else RenewalState.DECLINED, **fields)
    book.renewal(session, book.contract(session, date(2026, 4, 1), keeper=first), first)
    days = [(first, date(2026, 3, 1)), (first, date(2026, 3, 2)), (first, date(2026, 3, 31)), (first, date(2026, 4, 1))]
    for talker, day in (*days, (second, date(2026, 3, 9))):
        contact = Contact(customer_id=book.customer(session).id, channel=ContactChannel.PHONE, contacted_on=day)
        contact.owner_id = contact.made_by_id = talker.user_id
        session.add(contact)
    target(session, first, "2000")
    session.commit()


def target(session, actor, amount, month="2026-03", state=TargetState.IN_FORCE, **fields):
    made = Target(owner_id=actor.user_id, month=month, amount=D(amount), **fields)
    session.add(made)
    session.flush()
    adopt(session, made, state)
    session.flush()


def of(session, actor) -> Appraisal:
    return session.scalars(select(Appraisal).where(Appraisal.owner_id == actor.user_id)).one()


def lines_of(appraisal):
    return {line.measure: line for line in appraisal.lines}


def test_figures_and_score_are_those_worked_out_by_hand(session, people, work):
    template(session, *KPIS)
    assert monthly(FIRST_DAY, session) == {"written": RENEWERS, "stood": 0, "period": "2026-03"}
    appraisal = of(session, people["renewal"])
    lines = lines_of(appraisal)
    figures = {name: (line.numerator, line.denominator, line.actual, line.score) for name, line in lines.items()}
    assert figures == {
        "renewal_rate": (D(2), D(3), D("66.666667"), D("83.33")),  # 100 × 66.666667 / 80
        "contact_volume": (D(3), D(1), D(3), D("75.00")),
        "attainment": (D("2400"), D("2000"), D(120), D("120.00")),
    }
    # (50 × 83.33 + 30 × 75 + 20 × 120) / 100
    assert (appraisal.score, appraisal.result, appraisal.rescaled) == (D("88.17"), D("88.17"), False)
    assert lines["renewal_rate"].trace == "100 × 66.666667/80.000000"
    assert (appraisal.number, appraisal.state) == ("2026-03 E001 RS", AppraisalState.DRAFT)
    assert appraisal.unit_id == people["renewal"].unit_id


def test_a_kpi_without_cases_is_left_out_and_the_others_weigh_more(session, people, work):
    template(session, *KPIS)
    monthly(FIRST_DAY, session)
    second, third = of(session, people["renewal2"]), of(session, people["renewal3"])
    assert {name: (line.left_out, line.score) for name, line in lines_of(second).items()} == {
        "renewal_rate": (True, None),
        "contact_volume": (False, D("25.00")),
        "attainment": (True, None),
    }
    assert (second.score, second.rescaled) == (D("25.00"), True)
    assert (third.score, third.rescaled) == (D("0.00"), True)  # no contact is a count of 0, not a KPI without cases


def test_without_any_case_there_is_no_score(session, people, work):
    template(session, ("renewal_rate", 100, 80))
    monthly(FIRST_DAY, session)
    third = of(session, people["renewal3"])
    assert (third.score, third.result, third.rescaled) == (None, None, True)


def test_where_less_is_better(session, people, work):
    template(session, ("contact_volume", 100, 2, Direction.LOWER))
    monthly(FIRST_DAY, session)
    assert of(session, people["renewal"]).score == D("50.00")  # 100 × (2 − 3/2)


def snapshot(session):
    tables = (Appraisal, AppraisalLine, Notice, AuditEntry)
    return [session.execute(select(table.__table__).order_by(table.id)).all() for table in tables]


def test_drawn_up_twice_nothing_changes(session, people, work):
    template(session, *KPIS)
    monthly(FIRST_DAY, session)
    session.commit()
    before = snapshot(session)
    assert len(before[2]) == RENEWERS
    book.renewal(session, book.contract(session, date(2026, 3, 20)), people["renewal"])
    with acting(people["renewal"]):
        session.flush()
    before[3] = snapshot(session)[3]
    assert monthly(FIRST_DAY, session) == {"written": 0, "stood": RENEWERS, "period": "2026-03"}
    session.commit()
    assert snapshot(session) == before


def test_whoever_is_missing_is_added_and_the_rest_stands(session, people, work):
    template(session, *KPIS)
    late = session.scalars(select(Person).where(Person.number == "E003")).one()
    late.joined_on = date(2026, 4, 1)
    session.commit()
    assert monthly(FIRST_DAY, session)["written"] == RENEWERS - 1
    late.joined_on = date(2026, 3, 31)
    assert monthly(FIRST_DAY, session) == {"written": 1, "stood": RENEWERS - 1, "period": "2026-03"}


def test_four_who_draw_up_at_once_write_each_appraisal_once(backend, session, people, work):
    template(session, *KPIS)
    session.rollback()
    barrier, written = Barrier(4), []

    def race() -> None:
        with backend.session() as own, acting(system_actor("appraisal.generate")):
            barrier.wait()
            written.append(monthly(FIRST_DAY, own)["written"])
            own.commit()

    threads = [Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 0, 0, RENEWERS]
    assert len(session.scalars(select(Appraisal)).all()) == RENEWERS
    assert len(session.scalars(select(AppraisalLine)).all()) == RENEWERS * 3
    assert len(session.scalars(select(Notice)).all()) == RENEWERS


@pytest.mark.parametrize(
    ("due", "period"),
    [
        ("2026-10-01", None),  # National Day, and so on to the 7th
        ("2026-10-07", None),
        ("2026-10-08", "2026-09"),
        ("2026-10-09", "2026-09"),  # the 8th was missed
        ("2026-01-04", "2025-12"),  # a Sunday that is worked
        ("2026-03-01", None),  # a Sunday; in UTC still February
        ("2026-03-02", "2026-02"),
    ],
)
def test_the_month_before_is_drawn_up_from_the_first_working_day_on(session, people, work, due, period):
    template(session, ("contact_volume", 100, 4))
    answer = monthly(datetime.fromisoformat(f"{due}T07:00+08:00").astimezone(UTC), session)
    assert answer.get("period") == period
    assert answer["written"] == (RENEWERS if period else 0)


@pytest.mark.parametrize(
    ("due", "written", "contacts"),
    [
        ("2026-01-01", 0, None),
        ("2026-01-03", 0, None),
        ("2026-01-04", RENEWERS, 0),
        ("2027-03-09", RENEWERS, 4),
    ],
)
def test_the_year_before_is_drawn_up_in_january(session, people, work, due, written, contacts):
    template(session, ("contact_volume", 100, 4), cycle=Cycle.YEAR)
    template(session, ("contact_volume", 100, 4), cycle=Cycle.MONTH, code="M")
    day = datetime.fromisoformat(f"{due}T07:00+08:00")
    assert annual(day, session)["written"] == written
    if written:
        appraisal = of(session, people["renewal"])
        assert (appraisal.period, appraisal.lines[0].numerator) == (str(day.year - 1), contacts)
        assert annual(day, session)["written"] == 0


def test_the_jobs_keep_their_names_for_ever():
    assert {registry.jobs[name].work for name in ("appraisal.generate", "appraisal.annual")} == {monthly, annual}


def test_periods_by_name():
    assert period_named("2026-02") == (date(2026, 2, 1), date(2026, 2, 28))
    assert period_named("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))
    assert period_named("2026") == (date(2026, 1, 1), date(2026, 12, 31))


def test_the_template_of_the_post_goes_before_that_of_the_role(session, people, work):
    template(session, ("contact_volume", 100, 4))
    template(session, ("contact_volume", 100, 1), post="senior", code="SENIOR")
    senior = session.scalars(select(Person).where(Person.number == "E002")).one()
    senior.post = "senior"
    assert monthly(FIRST_DAY, session)["written"] == RENEWERS
    assert of(session, people["renewal2"]).number == "2026-03 E002 SENIOR"
    assert of(session, people["renewal"]).number == "2026-03 E001 RS"


def test_only_those_who_work_here_and_hold_the_role_are_appraised(session, people, work):
    template(session, ("contact_volume", 100, 4))
    with acting(people["manager"]):
        gone = session.scalars(select(Person).where(Person.number == "E002")).one()
    walk(session, gone, people["manager"], "leave", reason="moved away")
    monthly(FIRST_DAY, session)
    numbers = set(session.scalars(select(Appraisal.number)))
    assert len(numbers) == RENEWERS - 1
    assert {"2026-03 E001 RS", "2026-03 E003 RS"} <= numbers


# Rating


@pytest.fixture
def appraisal(session, people, work):
    """The draft of `renewal`: figures 70 %, self 10 %, supervisor 20 %."""
    template(session, *KPIS, shares=(70, 10, 20))
    monthly(FIRST_DAY, session)
    session.commit()
    return of(session, people["renewal"])


def test_from_draft_to_approval(session, people, appraisal):
    assert appraisal.result == D("88.17")
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="100", self_comment="a good month")
    assert appraisal.result == D("89.65")  # (70 × 88.17 + 10 × 100) / 80 = 89.64875
    walk(session, appraisal, people["supervisor"], "rate", supervisor_rating="80")
    assert appraisal.result == D("87.72")  # (70 × 88.17 + 10 × 100 + 20 × 80) / 100 = 87.719
    walk(session, appraisal, people["manager"], "approve", manager_comment="Well done.")
    assert appraisal.state == AppraisalState.APPROVED
    assert appraisal.approved_on is not None
    told = session.scalars(select(Notice.subject).where(Notice.user_id == people["renewal"].user_id)).all()
    assert told == ["Your appraisal 2026-03 is drafted", "Appraisal 2026-03 E001 RS is approved"]


def test_each_step_has_its_taker(session, people, appraisal):
    for who in ("supervisor", "manager", "renewal2", "finance"):
        stopped(session, appraisal, people[who], "self_rate", Refusal, self_rating="100")
    stopped(session, appraisal, people["supervisor"], "rate", Conflict, supervisor_rating="90")
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="100")
    stopped(session, appraisal, people["renewal"], "rate", NotPermitted, supervisor_rating="100")
    stopped(session, appraisal, people["supervisor2"], "rate", NotPermitted, supervisor_rating="100")
    walk(session, appraisal, people["supervisor"], "rate", supervisor_rating="90")
    stopped(session, appraisal, people["supervisor"], "approve", NotPermitted)


def test_whoever_rated_does_not_approve(session, people, appraisal):
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="100")
    walk(session, appraisal, people["manager"], "rate", supervisor_rating="90")
    stopped(session, appraisal, people["manager"], "approve", Refusal, "Four eyes")


def test_a_rating_lies_between_0_and_the_cap(session, people, appraisal):
    for rating in ("-1", "120.01", ""):
        stopped(session, appraisal, people["renewal"], "self_rate", Refusal, self_rating=rating)
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="120")


def test_it_goes_back_for_a_reason_and_comes_again(session, people, appraisal):
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="120")
    stopped(session, appraisal, people["supervisor"], "return_to_person", Invalid)
    walk(session, appraisal, people["supervisor"], "return_to_person", reason="too high")
    assert (appraisal.state, appraisal.self_rating, appraisal.result) == (AppraisalState.DRAFT, None, D("88.17"))
    walk(session, appraisal, people["renewal"], "self_rate", self_rating="90")
    walk(session, appraisal, people["supervisor"], "rate", supervisor_rating="90")
    stopped(session, appraisal, people["supervisor"], "return_to_supervisor", NotPermitted, reason="x")
    walk(session, appraisal, people["manager"], "return_to_supervisor", reason="look again")
    assert (appraisal.state, appraisal.supervisor_rating) == (AppraisalState.SELF_RATED, None)


def test_somebody_away_is_rated_all_the_same(session, people, appraisal):
    stopped(session, appraisal, people["renewal"], "waive", NotPermitted, reason="x")
    walk(session, appraisal, people["supervisor"], "waive", reason="on leave")
    walk(session, appraisal, people["supervisor"], "rate", supervisor_rating="90")
    assert appraisal.result == D("88.58")  # (70 × 88.17 + 20 × 90) / 90 = 88.576…


def test_nobody_decides_on_the_own_appraisal(session, people, appraisal):
    appraisal.owner_id = people["manager"].user_id
    session.commit()
    stopped(session, appraisal, people["manager"], "waive", Refusal, "own appraisal", reason="x")
    walk(session, appraisal, people["supervisor"], "waive", reason="on leave")
    stopped(session, appraisal, people["manager"], "rate", Refusal, "own appraisal", supervisor_rating="120")
    walk(session, appraisal, people["supervisor"], "rate", supervisor_rating="90")
    stopped(session, appraisal, people["manager"], "approve", Refusal, "own appraisal")


def test_what_was_drawn_up_is_not_written_over_even_by_who_may_edit(session, people, appraisal):
    stopped_edits = {("edit", "appraisal"): Scope.ALL, ("delete", "appraisal"): Scope.ALL}
    trusted = replace(people["manager"], reach={**people["manager"].reach, **stopped_edits})
    for row, field, why in ((appraisal, "score", Conflict), (appraisal.lines[0], "actual", NotPermitted)):
        with acting(people["manager"]):
            setattr(row, field, D(1))
            with pytest.raises(NotPermitted):
                session.flush()
        session.rollback()
        with acting(trusted):
            setattr(row, field, D(1))
            with pytest.raises(why):
                session.flush()
        session.rollback()


def test_an_appraisal_is_seen_by_its_person_and_the_leaders_above(session, people, appraisal):
    sees = {
        "renewal": {"renewal"},
        "renewal2": {"renewal2"},
        "supervisor": {name for name, (role, unit) in STAFF.items() if (role, unit) == ("renewal", "North-1")},
        "supervisor2": {"renewal2"},
        "manager": {name for name, (role, _) in STAFF.items() if role == "renewal"},
    }
    for who in (*sees, "sales", "finance", "inspector", "underwriter", "admin"):
        with acting(people[who]):
            seen = set(session.scalars(select(Appraisal.owner_id)))
        assert seen == {people[name].user_id for name in sees.get(who, ())}, who
    with acting(people["renewal2"]), pytest.raises(NotFound):
        find(session, Appraisal, appraisal.id)


def test_it_is_rated_kpi_by_kpi(session, people, appraisal):
    ids = {name: line.id for name, line in lines_of(appraisal).items()}
    given = {ids["renewal_rate"]: "90", ids["contact_volume"]: "80", ids["attainment"]: "110"}
    with acting(people["renewal"]):
        for wrong in ("121", "-1", "", "x", None):
            with pytest.raises(Invalid) as refused:
                rate_lines(session, appraisal, "self_rate", {**given, ids["attainment"]: wrong})
            assert set(refused.value.problems) == {f"rating-{ids['attainment']}"}
        rate_lines(session, appraisal, "self_rate", given, comment="as agreed")
        session.commit()
    assert appraisal.self_rating == D("91.00")  # (50 × 90 + 30 × 80 + 20 × 110) / 100
    assert [line.self_rating for line in appraisal.lines] == [D(90), D(80), D(110)]
    with acting(people["renewal"]), pytest.raises(NotPermitted):
        rate_lines(session, appraisal, "rate", given)
    session.rollback()
    with acting(people["supervisor"]):
        rate_lines(session, appraisal, "rate", given)
        session.commit()
    assert [line.supervisor_rating for line in appraisal.lines] == [D(90), D(80), D(110)]


def test_each_figure_opens_the_rows_behind_it(session, people, appraisal):
    rows = {}
    for name, line in lines_of(appraisal).items():
        rows[name] = session.scalars(rows_behind(session, line)).all()
    assert len(rows["renewal_rate"]) == lines_of(appraisal)["renewal_rate"].denominator == 3
    assert len(rows["contact_volume"]) == lines_of(appraisal)["contact_volume"].numerator == 3
    assert sum(contract.premium for contract in rows["attainment"]) == lines_of(appraisal)["attainment"].numerator
    with acting(people["renewal2"]):
        for line in lines_of(appraisal).values():
            assert session.scalars(rows_behind(session, line)).all() == []


def test_nothing_is_drawn_up_without_a_template(session, people, work):
    assert generate(session, Cycle.MONTH, date(2026, 4, 1)) == {"written": 0, "stood": 0, "period": "2026-03"}


def test_a_result_whose_shares_make_no_whole_is_shown_without_how_it_came_about():
    """A template in force sees to it that they do; rows of other sources must not close their page."""
    shares = {"measured_share": Decimal(60), "self_share": Decimal(10), "supervisor_share": Decimal(30)}
    given = {"score": Decimal(80), "self_rating": Decimal(90), "supervisor_rating": Decimal(70)}
    working = working_of(Appraisal, "result")
    assert len(working(Appraisal(**shares, **given)).terms) == 4
    assert working(Appraisal(**shares | {"self_share": Decimal(11)}, **given)).terms == ()
