"""Serve the demonstration, visit each kind of page, and keep a picture of it: wide and phone, light and dark, in both
languages. Those the README shows are kept in ``docs/images`` as well.

    python -m tests.pictures FOLDER [PAGE ...]
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from app.setup.browser import find_chromium
from config import HERE

PASSWORD = "yanxu-demo"
SIZES = {"wide": {"width": 1366, "height": 900}, "phone": {"width": 390, "height": 844}}
LANGUAGES = ("en", "zh-Hans")
PAGES = {
    "sign-in": ("", "/login/"),
    "home": ("supervisor", "/"),
    "morning": ("supervisor", "/home/morning"),
    "list": ("manager", "/contract/"),
    "board": ("renewal", "/renewal/board"),
    "record": ("claims", "/claim/1"),
    "form": ("service", "/complaint/add"),
    "desk": ("renewal", "/desk/"),
    "approvals": ("manager", "/approvals/"),
    "report": ("manager", "/reports/renewals"),
    "measure": ("manager", "/figures/of/renewal_rate?whose=all"),
    "imports": ("manager", "/imports/"),
    "jobs": ("operations", "/jobs/"),
    "people": ("admin", "/people/"),
    "settings": ("admin", "/settings/"),
    "not-found": ("admin", "/contract/999999"),
}
README = {
    "desk-wide-light-en": "desk",
    "home-wide-light-zh-Hans": "home",
    "board-wide-dark-en": "board",
    "list-phone-light-en": "phone",
}
"""The pictures that the README shows, by what they are called there."""
PATIENCE = 120
"""Seconds within which the demonstration has to be served."""


def main(folder: Path, wanted: set[str]) -> None:
    """Make the pictures of the pages wanted, of all if none is named, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox", "--disable-gpu"]
        )
        for size, colours, language in product(SIZES, ("light", "dark"), LANGUAGES):
            people: dict[str, Page] = {}
            for name, (person, path) in PAGES.items():
                if wanted and name not in wanted:
                    continue
                if person not in people:
                    people[person] = entered(browser, address, person, size, colours, language)
                page = people[person]
                page.goto(address + path)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(300)  # what unfolds has unfolded
                picture = f"{name}-{size}-{colours}-{language}"
                page.screenshot(path=folder / f"{picture}.png", full_page=size == "phone")
                if picture in README:
                    page.screenshot(path=HERE / "docs" / "images" / f"{README[picture]}.png")
            for page in people.values():
                page.context.close()
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The address of a fresh demonstration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "YANXU_DATA_DIR": data, "PORT": str(port)}
        command = [sys.executable, "-m", "flask", "--app", "run", "serve"]
        process = subprocess.Popen(command, cwd=HERE, env=environment)
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        try:
            while not answers(f"{address}/healthz"):
                if time.monotonic() > end or process.poll() is not None:
                    raise SystemExit("the demonstration is not served")
                time.sleep(0.5)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def answers(address: str) -> bool:
    """Whether something is served there yet."""
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def entered(browser: Browser, address: str, person: str, size: str, colours: str, language: str) -> Page:
    """A page of somebody signed in, in those colours and that language."""
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type] # a width and a height
        color_scheme="dark" if colours == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/login/")
    if person:
        page.fill("[name=username]", person)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    page.request.post(f"{address}/language/", form={"csrf_token": token, "locale": language.replace("-", "_")})
    return page


if __name__ == "__main__":
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(PAGES):
        raise SystemExit(f"{__doc__}\nPages: {', '.join(PAGES)}")
    main(Path(sys.argv[1]), set(sys.argv[2:]))
