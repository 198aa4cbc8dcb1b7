"""The department at work, in a real browser: five customers at the desk, a hand-over, a permission taken away."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.history import timeline
from app.kernel.workflow import adopt, advance
from models.appraisal import Appraisal, AppraisalTemplate, TemplateLine
from models.appraisal.generation import generate
from models.appraisal.states import AppraisalState, Cycle, TemplateState
from models.customers import Customer
from models.renewals import Contact, Renewal
from models.renewals.states import RenewalState
from tests.models import book

TODAY = datetime.now(UTC).date()


@pytest.fixture
def renewals(backend, people):
    """Five new renewals on the specialist's desk; ids by expiry."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        made = [
            book.renewal(session, book.contract(session, TODAY + timedelta(days=10 + n)), owner=people["renewal"])
            for n in range(5)
        ]
        session.commit()
        return [renewal.id for renewal in made]


def state_of(backend, key):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        return session.get(Renewal, key).state


def test_a_specialist_works_five_customers_without_going_back_to_a_list(backend, visit, renewals):
    page = visit("renewal")
    page.get_by_role("link", name="Renewal desk").first.click()
    for number in range(5):
        page.wait_for_selector("form [name=contact_channel]")
        page.select_option("[name=contact_channel]", "phone")
        page.fill("[name=feedback]", f"talk {number}")
        page.fill("[name=next_contact_on]", (TODAY + timedelta(days=3)).isoformat())
        page.get_by_role("button", name="Save and next customer").click()
        page.wait_for_selector("text=Saved:")
    assert {state_of(backend, key) for key in renewals} == {RenewalState.CONTACTED}
    with backend.session() as session, acting(system_actor("tests", "cli")):
        talks = sorted(session.scalars(select(Contact.feedback)))
    assert talks == [f"talk {number}" for number in range(5)]


def test_what_is_wrong_at_the_desk_is_told_and_nothing_typed_is_lost(backend, visit, renewals):
    page = visit("renewal", phone=True)
    page.goto("/desk/")
    page.fill("[name=feedback]", "called twice")
    page.get_by_role("button", name="Save and next customer").click()
    page.wait_for_selector(".invalid-feedback")
    assert page.input_value("[name=feedback]") == "called twice"
    assert state_of(backend, renewals[0]) == RenewalState.NEW


def test_the_number_to_call_is_one_press_away_and_each_press_is_written_down(backend, visit, renewals, people):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        customer = session.get(Renewal, renewals[0]).contract.customer
        customer.phone, key = "+8613800001234", customer.id
        session.commit()
    page = visit("renewal", phone=True)
    page.goto(f"/desk/{renewals[0]}")
    page.fill("[name=feedback]", "asked for a discount")
    assert "13800001234" not in page.content()
    page.get_by_role("button", name="Call now").first.click()
    assert page.get_by_role("link", name="+8613800001234").first.get_attribute("href") == "tel:+8613800001234"
    assert page.input_value("[name=feedback]") == "asked for a discount"
    assert page.locator(".invalid-feedback").count() == 0
    page.goto(f"/desk/{renewals[0]}")
    assert "13800001234" not in page.content()
    with backend.session() as session, acting(system_actor("tests", "cli")):
        told = [entry for entry in timeline(session, session.get(Customer, key)) if entry.verb == "reveal"]
        title = session.get(Renewal, renewals[0]).title
    assert {(entry.user_id, entry.why) for entry in told} == {(people["renewal"].user_id, f"Renewal call, {title}")}


def test_a_specialist_closes_a_renewal_at_the_desk(backend, visit, renewals):
    page = visit("renewal")
    page.goto(f"/desk/{renewals[0]}?step=agree")
    page.fill("[name=offered_premium]", "1234.50")
    page.select_option("[name=contact_channel]", "phone")
    page.get_by_role("button", name="Save and next customer").click()
    page.wait_for_selector("text=Saved:")
    page.goto(f"/desk/{renewals[0]}?step=close")
    page.fill("[name=paid_on]", TODAY.isoformat())
    page.get_by_role("button", name="Save and next customer").click()
    page.wait_for_selector("text=Saved:")
    assert state_of(backend, renewals[0]) == RenewalState.RENEWED


def test_a_supervisor_moves_an_assignment(backend, visit, people):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        row = book.renewal(session, book.contract(session, TODAY + timedelta(days=9)), owner=people["renewal.b"])
        session.commit()
        key, number = row.id, row.number
    page = visit("supervisor")
    page.goto("/renewal/")
    page.get_by_role("link", name=number).first.click()
    page.wait_for_url("**/renewal/*")
    page.locator("#hand-over-ts-control").fill("renewal")
    page.locator(".ts-dropdown .option", has_text="Renewal Tester").click()
    page.get_by_role("button", name="Hand over").click()
    page.wait_for_selector("text=Handed to")
    with backend.session() as session, acting(system_actor("tests", "cli")):
        row = session.get(Renewal, key)
        assert (row.owner_id, row.credited_to_id) == (people["renewal"].user_id, people["renewal.b"].user_id)
        assert timeline(session, row)[0].changes["owner_id"] == [people["renewal.b"].user_id, people["renewal"].user_id]


def test_a_permission_taken_from_a_role_is_gone_from_screen_api_and_export_at_once(backend, visit, renewals):
    manager = visit("manager")
    assert manager.goto("/renewal/").status == 200
    assert manager.request.get("/api/v1/renewal/").status == 200
    assert export(manager).status == 200
    admin = visit("admin")
    admin.get_by_role("link", name="Roles", exact=True).first.click()
    admin.get_by_role("link", name="manager", exact=True).click()
    admin.locator("input[value='export|renewal']").uncheck()
    admin.get_by_role("button", name="Preview").click()
    admin.get_by_role("button", name="Give and take").click()
    admin.wait_for_selector("text=1 taken")
    assert export(manager).status == 403
    assert manager.goto("/renewal/").status == 200
    assert manager.get_by_role("button", name="Export").count() == 0
    admin.locator("input[value='read|renewal']").uncheck()
    admin.get_by_role("button", name="Preview").click()
    admin.get_by_role("button", name="Give and take").click()
    admin.wait_for_selector("text=1 taken")
    assert manager.goto("/renewal/").status == 403
    assert manager.goto(f"/renewal/{renewals[0]}").status in (403, 404)
    assert manager.request.get("/api/v1/renewal/").status == 403
    assert manager.request.get(f"/api/v1/renewal/{renewals[0]}").status in (403, 404)
    manager.goto("/")
    assert manager.get_by_role("link", name="Renewals", exact=True).count() == 0


def export(page):
    token = page.get_attribute("meta[name=csrf-token]", "content")
    return page.request.post("/renewal/export.csv", form={"csrf_token": token})


@pytest.fixture
def appraisal(backend, people):
    """The specialist's appraisal of March 2026, rated by both before the manager; one renewal of two was kept."""
    with backend.session() as session, acting(system_actor("tests", "cli")):
        owner = people["renewal"]
        for day, kept in ((5, True), (20, False)):
            old = book.contract(session, date(2026, 3, day), keeper=owner)
            if kept:
                book.successor(session, old, paid_on=date(2026, 3, day))
            book.renewal(session, old, owner, RenewalState.RENEWED if kept else RenewalState.DECLINED)
        template = AppraisalTemplate(code="T", name="Monthly", role="renewal", cycle=Cycle.MONTH)
        session.add(template)
        session.flush()
        line = {"weight": Decimal(100), "target": Decimal(80)}
        session.add(TemplateLine(template_id=template.id, measure="renewal_rate", **line))
        session.flush()
        adopt(session, template, TemplateState.IN_FORCE)
        generate(session, Cycle.MONTH, date(2026, 4, 1))
        made = session.scalars(select(Appraisal).where(Appraisal.owner_id == owner.user_id)).one()
        with acting(owner):
            advance(session, made, "self_rate", answers={"self_rating": "90"})
        with acting(people["supervisor"]):
            advance(session, made, "rate", answers={"supervisor_rating": "85"})
        session.commit()
        return made.id


def test_a_manager_approves_an_appraisal_whose_figures_open_the_records_behind_them(backend, visit, appraisal):
    page = visit("manager")
    page.get_by_role("link", name="Approvals").first.click()
    page.get_by_role("link", name="Open").first.click()
    page.wait_for_url(f"**/appraisal/{appraisal}**")
    page.get_by_role("link", name="Renewal rate").first.click()
    page.wait_for_url("**/figures/*")
    assert page.locator("tbody tr").count() == 2, "two renewals fell due, both stand behind the figure"
    assert "50" in page.locator("main dl").inner_text()
    page.goto("/approvals/")
    page.locator("input[name=row]").first.check()
    page.get_by_role("button", name="Approve").first.click()
    page.wait_for_selector("text=Nothing waits for you")
    with backend.session() as session, acting(system_actor("tests", "cli")):
        assert session.get(Appraisal, appraisal).state == AppraisalState.APPROVED
