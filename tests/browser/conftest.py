"""A served application and a real Chromium, signed in as whoever the test says."""

from collections.abc import Callable, Iterator
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright
from waitress.server import TcpWSGIServer, create_server

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
SEEN: dict[str, Any] = {"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-GB"}


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
    flags += ["--process-per-site"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(sqlite_backend: Backend) -> Iterator[TcpWSGIServer]:
    """What serves the application, under one address for all tests: what a browser keeps of it stays true."""
    server = create_server(sqlite_backend.app, host="127.0.0.1", port=0, threads=8)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join(timeout=10)


@pytest.fixture
def served(backend: Backend, server: TcpWSGIServer) -> Iterator[str]:
    """The address at which the application under test is served; at the end every request has been answered."""
    yield f"http://127.0.0.1:{server.effective_port}"
    threads, until = server.task_dispatcher, monotonic() + 10
    while (threads.queue or threads.active_count) and monotonic() < until:
        sleep(0.01)


@pytest.fixture(scope="session")
def windows(chromium: Browser, server: TcpWSGIServer) -> Iterator[Callable[[int], BrowserContext]]:
    """Contexts that are used again, by number: of the first of a test, of the second beside it, and so on.

    A new process for each page is most of what a page costs. So each context keeps a picture of ours open, whose
    process all its pages share; what a page left behind there is cleared whenever the context is asked for.
    """
    opened: list[tuple[BrowserContext, CDPSession]] = []
    address = f"http://127.0.0.1:{server.effective_port}"

    def window(number: int) -> BrowserContext:
        if number == len(opened):
            context = chromium.new_context(base_url=address, **SEEN)
            context.set_default_timeout(10_000)
            picture = context.new_page()
            picture.goto("/static/yanxu.svg")
            opened.append((context, context.new_cdp_session(picture)))
        context, protocol = opened[number]
        context.clear_cookies()
        context.clear_permissions()
        for origin in (address, address.replace("127.0.0.1", "localhost")):
            protocol.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        return context

    yield window
    for context, _protocol in opened:
        context.close()


@pytest.fixture
def visit(
    chromium: Browser, windows: Callable[[int], BrowserContext], served: str, backend: Backend
) -> Iterator[Callable[..., Page]]:
    """Open a page as a user name (or as nobody), wide or as on a phone, light or dark.

    With `door` through the sign-in page and on to the front page, else with a session begun and on the inbox. With
    `alone` in a context that is thrown away, for a test that changes more of it than a page. Any script error, refused
    content or failed request of the page fails the test at its end.
    """
    pages: list[Page] = []
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(
        username: str | None = None,
        *,
        phone: bool = False,
        dark: bool = False,
        door: bool = False,
        alone: bool = False,
    ) -> Page:
        if alone:
            contexts.append(chromium.new_context(base_url=served, **SEEN))
            contexts[-1].set_default_timeout(10_000)
        context = contexts[-1] if alone else windows(len(pages) - len(contexts))
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size(PHONE if phone else WIDE)
        page.emulate_media(color_scheme="dark" if dark else "light")
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
    for thing in (*pages, *contexts):
        thing.close()
    assert troubles == []
