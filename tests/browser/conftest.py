"""A served application and a real Chromium, signed in as whoever the test says."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from waitress.server import create_server

from app.kernel.identity.tables import UserPreference
from app.panel import palette
from app.setup.browser import find_chromium
from tests.conftest import Backend
from tests.department import PASSWORD, enter
from tests.servers.skips import skip_loudly

# Under load the other workers of a run slow the pages down.
expect.set_options(timeout=10_000)
WIDE = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search gives up on no record because the machine is busy with other tests."""
    monkeypatch.setattr(palette, "PATIENCE", 60)


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Browser tests run on SQLite; what lies below the screens is tested on both databases elsewhere.

    Everybody has seen the tour.
    """
    chosen: Backend = request.getfixturevalue(f"{request.param}_backend")
    chosen.reset()
    chosen.app.extensions["actors"].forget()
    with chosen.session() as session:
        session.add_all(UserPreference(user_id=actor.user_id, toured=True) for actor in chosen.people.values())
        session.commit()
    return chosen


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, headless."""
    path = find_chromium()
    if path is None:
        skip_loudly("no Chromium here: install one, or name it in YANXU_CHROMIUM")
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--disable-quic"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def served(backend: Backend) -> Iterator[str]:
    """The address at which the application under test is served."""
    server = create_server(backend.app, host="127.0.0.1", port=0, threads=8)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@pytest.fixture
def visit(chromium: Browser, served: str, backend: Backend) -> Iterator[Callable[..., Page]]:
    """Open a page as a user name (or as nobody), wide or as on a phone, light or dark.

    With `door` through the sign-in page and on to the front page, else with a session begun and on the inbox.
    Any script error, refused content or failed request of the page fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(username: str | None = None, *, phone: bool = False, dark: bool = False, door: bool = False) -> Page:
        context = chromium.new_context(
            base_url=served,
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
        page.on(
            "console", lambda message: troubles.append(message.text) if "Content Security" in message.text else None
        )
        if username is not None and not door:
            client = backend.app.test_client()
            enter(client, username)
            cookie = client.get_cookie(backend.app.config["SESSION_COOKIE_NAME"])
            assert cookie is not None, "a session keeps itself in a cookie"
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": served}])
            page.goto("/inbox/")
        elif username is not None:
            page.goto("/login/")
            page.fill("input[name=username]", username)
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
