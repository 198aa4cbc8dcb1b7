"""Signing in and out as people do, wide and on a phone, in English and 简体."""

import pytest

from tests.department import STAFF

BY_DAY = ("admin", "claims", "manager", "renewal")
"""Roles whose homes differ most; the others come in at night, and the homes of all are tested without a browser."""
ROLES = sorted({role for role, _unit in STAFF.values()})


@pytest.mark.parametrize(
    "role", [role if role in BY_DAY else pytest.param(role, marks=pytest.mark.nightly) for role in ROLES]
)
def test_each_role_signs_in_to_its_own_home_and_out_again(visit, role):
    page = visit(role, door=True)
    assert page.locator("main h1").inner_text()
    links = page.locator("#menu a.nav-link").count()
    assert links >= 3, "something is open to everybody"
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")
    page.goto("/contract/")
    assert "/login/" in page.url


def test_a_wrong_password_is_told_and_the_name_kept(visit):
    page = visit()
    page.goto("/login/")
    page.fill("input[name=username]", "renewal")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("[role=alert], .alert")
    assert page.input_value("input[name=username]") == "renewal"


def test_the_language_changes_and_stays(visit):
    page = visit("renewal")
    page.get_by_role("button", name="简体中文").click()
    page.wait_for_load_state()
    assert page.get_attribute("html", "lang").startswith("zh")
    page.goto("/renewal/")
    assert page.get_attribute("html", "lang").startswith("zh")


PAGES = ("/", "/renewal/", "/customer/", "/contract/", "/customer/add", "/desk/", "/approvals/", "/reports/renewals")


@pytest.mark.parametrize(
    "dark", [pytest.param(False, marks=pytest.mark.nightly, id="light"), pytest.param(True, id="dark")]
)
def test_no_page_scrolls_sideways_on_a_phone(visit, dark):
    page = visit("manager", phone=True, dark=dark)
    for path in PAGES:
        assert page.goto(path).status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
