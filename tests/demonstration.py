"""The demonstration, served by a process of its own from a folder of its own, and people signed in to it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, Playwright

from app.setup.browser import find_chromium
from config import HERE

PASSWORD = "yanxu-demo"
WIDTHS = {"wide": {"width": 1366, "height": 900}, "phone": {"width": 390, "height": 844}}
PATIENCE = 120
"""Seconds within which the demonstration has to be served."""


@contextmanager
def demonstration(size: int = 0) -> Iterator[tuple[str, Path]]:
    """The address of a fresh demonstration, and the folder its database lies in; filled to `size` rows if wanted."""
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
            if size:
                fill = [*command[:-1], "demo", "--size", str(size)]
                subprocess.run(fill, cwd=HERE, env=environment, check=True, stdout=subprocess.DEVNULL)
            yield address, Path(data)
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


def launched(playwright: Playwright, *flags: str) -> Browser:
    """The machine's Chromium, headless."""
    return playwright.chromium.launch(
        executable_path=str(find_chromium()), args=["--no-sandbox", "--disable-gpu", *flags]
    )


def entered(browser: Browser, address: str, person: str, width: str = "wide", colours: str = "light") -> Page:
    """A page of somebody signed in (of nobody for an empty name), that wide and in those colours."""
    context = browser.new_context(
        viewport=WIDTHS[width],  # type: ignore[arg-type] # a width and a height
        color_scheme="dark" if colours == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/login/")
    if person:
        page.fill("[name=username]", person)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        # Nobody here is new: the tour would stand on every front page.
        token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
        page.request.post(f"{address}/account/toured", form={"csrf_token": token})
    return page


def speak(page: Page, address: str, language: str) -> None:
    """Have the person of a page, wherever it stands, read that language from now on."""
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    page.request.post(f"{address}/language/", form={"csrf_token": token, "locale": language.replace("-", "_")})
