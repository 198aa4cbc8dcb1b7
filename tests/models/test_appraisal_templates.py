"""Attainment as a measure, and the templates appraisals are drawn up by."""

from datetime import date
from decimal import Decimal

import pytest

from app.kernel.actor import acting
from app.schema.errors import Conflict, NotPermitted, Refusal
from app.schema.kinds import BadValue
from app.schema.measure import Figure
from app.schema.record import kind_of
from app.schema.registry import registry
from models.appraisal import AppraisalTemplate, TemplateLine
from models.sales.states import TargetState
from tests.journey import enter, stopped, walk
from tests.models import book
from tests.models.test_appraisal import target, template

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
D = Decimal


# Attainment


@pytest.fixture
def attainment(session):
    measure = registry.measures["attainment"]
    return lambda user, first=MARCH[0], last=MARCH[1]: measure.figure(session, user.user_id, first, last)


def test_what_counts_as_achieved(session, people, as_system, attainment):
    seller = people["sales"]
    target(session, seller, "1000")
    for fields in (
        {"paid_on": date(2026, 3, 1)},
        {"paid_on": date(2026, 3, 31), "premium": D("0.50")},
        {"paid_on": date(2026, 2, 28)},
        {"paid_on": date(2026, 4, 1)},
        {"paid_on": None},
        {"paid_on": date(2026, 3, 3), "voided_on": date(2026, 3, 4)},
        {"paid_on": date(2026, 3, 3), "owner_id": people["renewal"].user_id},
    ):
        book.contract(session, date(2027, 2, 28), **({"owner_id": seller.user_id} | fields))
    assert attainment(seller) == Figure(D("1200.50"), D(1000))
    assert attainment(people["renewal"]).value is None


def test_a_renewal_counts_for_whom_it_was_given_to(session, people, as_system, attainment):
    target(session, people["sales"], "1000")
    target(session, people["renewal"], "1000")
    old = book.contract(session, date(2026, 3, 5), keeper=people["sales"])
    new = book.successor(session, old, owner_id=people["sales"].user_id)
    book.renewal(session, old, people["renewal"], successor_id=new.id)
    assert attainment(people["sales"]) == Figure(D(0), D(1000))
    assert attainment(people["renewal"]) == Figure(D(1200), D(1000))


def test_targets_of_products_are_parts_of_that_of_all(session, people, as_system, attainment):
    seller, motor, home = people["sales"], book.product(session, "M"), book.product(session, "H")
    for cover in (motor, home):
        book.contract(session, date(2027, 2, 28), cover=cover, paid_on=MARCH[0], owner_id=seller.user_id)
    target(session, seller, "300", product_id=motor.id)
    assert attainment(seller) == Figure(D(1200), D(300))
    target(session, seller, "1000")
    assert attainment(seller) == Figure(D(2400), D(1000))


def test_only_targets_in_force_count_each_for_its_month(session, people, as_system, attainment):
    seller = people["sales"]
    target(session, seller, "1000", state=TargetState.DRAFT)
    book.contract(session, date(2027, 2, 28), paid_on=MARCH[0], owner_id=seller.user_id)
    assert attainment(seller).value is None
    target(session, seller, "500", "2026-02")
    target(session, seller, "700", "2026-04")
    assert attainment(seller, date(2026, 1, 1), date(2026, 12, 31)) == Figure(D(0), D(1200))


# Templates


def drafted(session, people, *kpis, **fields):
    made = enter(
        session, people["manager"], AppraisalTemplate(**({"code": "T", "name": "T", "role": "sales"} | fields))
    )
    for measure, weight in kpis:
        line = TemplateLine(template_id=made.id, measure=measure, weight=D(weight), target=D(1))
        enter(session, people["manager"], line)
    session.refresh(made)
    return made


@pytest.mark.parametrize(
    ("kpis", "fields", "why"),
    [
        ((), {}, "at least one"),
        ((("contact_volume", 60), ("attainment", 30)), {}, "weights"),
        ((("contact_volume", 100),), {"self_share": D(1)}, "shares"),
        ((("long gone", 100),), {}, "not measured"),
        ((("contact_volume", 100),), {"role": "renewal"}, "Another template"),
    ],
)
def test_a_template_that_cannot_be_does_not_come_into_force(session, people, as_system, kpis, fields, why):
    template(session, ("contact_volume", 100, 1))
    made = drafted(session, people, *kpis, **fields)
    stopped(session, made, people["manager"], "put_in_force", Refusal, why)


def test_the_manager_alone_keeps_templates_and_those_in_force_stand(session, people, as_system):
    made = drafted(session, people, ("contact_volume", 100))
    stopped(session, made, people["supervisor"], "put_in_force", NotPermitted)
    walk(session, made, people["manager"], "put_in_force")
    with acting(people["manager"]):
        made.lines[0].target = D(9)
        with pytest.raises(Conflict, match="In force"):
            session.flush()
    session.rollback()
    with acting(people["supervisor"]):
        session.add(AppraisalTemplate(code="X", name="X", role="sales"))
        with pytest.raises(NotPermitted):
            session.flush()


def test_a_kpi_is_a_measure_there_is():
    kind = kind_of(TemplateLine, "measure")
    assert kind.read("renewal_rate") == "renewal_rate"
    with pytest.raises(BadValue, match=r"renewl_rate; choose one of: .*renewal_rate"):
        kind.read("renewl_rate")
