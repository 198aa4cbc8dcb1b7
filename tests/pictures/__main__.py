"""Serve the demonstration, visit each kind of page, and keep a picture of it: wide and phone, light and dark, in both
languages. Those the README shows are kept in ``docs/images`` as well.

    python -m tests.pictures FOLDER [PAGE ...]
"""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from config import HERE
from tests.demonstration import WIDTHS, demonstration, entered, launched, speak

LANGUAGES = ("en", "zh-Hans")
PAGES = {
    "sign-in": ("", "/login/"),
    "home": ("supervisor", "/"),
    "morning": ("supervisor", "/home/morning"),
    "list": ("manager", "/contract/"),
    "board": ("renewal", "/renewal/board"),
    "calendar": ("manager", "/contract/calendar?on=expires_on"),
    "record": ("claims", "/claim/1"),
    "form": ("service", "/complaint/add"),
    "desk": ("renewal", "/desk/"),
    "claim-desk": ("claims", "/claims/desk/"),
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


def main(folder: Path, wanted: set[str]) -> None:
    """Make the pictures of the pages wanted, of all if none is named, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with demonstration() as (address, _data), sync_playwright() as playwright:
        browser = launched(playwright)
        for size, colours, language in product(WIDTHS, ("light", "dark"), LANGUAGES):
            people: dict[str, Page] = {}
            for name, (person, path) in PAGES.items():
                if wanted and name not in wanted:
                    continue
                if person not in people:
                    people[person] = entered(browser, address, person, size, colours)
                    speak(people[person], address, language)
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


if __name__ == "__main__":
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(PAGES):
        raise SystemExit(f"{__doc__}\nPages: {', '.join(PAGES)}")
    main(Path(sys.argv[1]), set(sys.argv[2:]))
