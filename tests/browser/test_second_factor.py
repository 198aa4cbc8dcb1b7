"""The second factor as people meet it: set up, asked for, lost; and passkeys, with Chromium's own virtual key."""

import pyotp
import pytest
from sqlalchemy import update

from app.kernel.identity.tables import UserTotp
from tests.department import PASSWORD


@pytest.fixture
def house(served):
    """The address by name: passkeys belong to a name, never to a number."""
    return served.replace("127.0.0.1", "localhost")


def give_password(page, house, username="finance"):
    page.goto(f"{house}/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")


def sign_out(page):
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")


def test_password_then_the_code_of_an_app(visit, house, backend):
    page = visit()
    give_password(page, house)
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("link", name="My account").click()
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("button", name="Set up").click()
    assert page.locator("img.yx-code").evaluate("image => image.naturalWidth") > 100, "the picture is shown"
    totp = pyotp.TOTP(page.inner_text("#secret").replace(" ", ""))
    page.fill("#code", totp.now())
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("The authenticator app is set up.").wait_for()
    page.get_by_role("button", name="Make new codes").click()
    recovery = page.locator(".yx-codes code").first.inner_text()
    with backend.session() as session:
        session.execute(update(UserTotp).values(last_step=0))
        session.commit()
    sign_out(page)

    give_password(page, house)
    page.wait_for_url("**/login/second/")
    page.goto(f"{house}/inbox/")
    assert page.url.endswith("/login/second/"), "nothing opens in between"
    page.fill("#code", "000000")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("This code is not right, or was used before.").wait_for()
    page.fill("#code", totp.now())
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Your menu").wait_for()
    sign_out(page)

    give_password(page, house)
    page.fill("#code", recovery)
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("9 are left").wait_for()


def test_a_passkey_is_made_and_signs_in_without_a_password_and_after_one(visit, house):
    page = visit()
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    key = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    give_password(page, house)
    page.get_by_role("button", name="Your menu").wait_for()
    page.goto(f"{house}/account/factors/")
    page.fill("#name", "The desk's key")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey is kept.").wait_for()
    page.get_by_text("The desk's key").wait_for()
    sign_out(page)

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Your menu").wait_for()
    sign_out(page)

    give_password(page, house)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Your menu").wait_for()
    sign_out(page)

    protocol.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator("[data-passkey-target=problem]:not([hidden])").wait_for()
    page.goto(f"{house}/inbox/")
    assert "/login/" in page.url, "a key that did not make sure of the person is no whole sign-in"


@pytest.mark.parametrize(
    "dark", [pytest.param(False, marks=pytest.mark.nightly, id="light"), pytest.param(True, id="dark")]
)
def test_the_account_fits_a_phone(visit, dark):
    page = visit("sales", phone=True, dark=dark)
    for path in ("/account/", "/account/password", "/account/factors/"):
        assert page.goto(path).status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.get_by_role("button", name="Set up").click()
    page.wait_for_selector("img.yx-code")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
