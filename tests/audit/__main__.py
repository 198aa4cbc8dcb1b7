"""Open every page of the served demonstration, in each language, wide and on a phone, light and dark, and tell what is
wrong with it: faults an accessibility checker finds (WCAG 2.2 AA and good practice), refused content, errors of
scripts, sideways scroll, anything served that the panel does without.

    python -m tests.audit [LANGUAGE ...] [/ADDRESS ...]

An address chooses the pages that begin with it. Ends with 1 if anything was found.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from http.client import OK
from itertools import product
from random import Random

from playwright.sync_api import APIResponse, Browser, Page, sync_playwright

from app.factory import create_app
from config import HERE, Settings
from models.demo.people import ONE_PER_ROLE
from tests.audit.places import Places
from tests.demonstration import WIDTHS, demonstration, entered, launched, speak

AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']}"
LANGUAGES = ("en", "zh-Hans", "zh-Hant")
COLOURS = ("light", "dark")
BANISHED = """[
    ...(window.jQuery ? ['jQuery'] : []),
    ...[...document.querySelectorAll('script:not([src]):not([type="application/json"]), style')].map(e => e.outerHTML),
    ...[...document.querySelectorAll('script[src], link[href]')].map(e => e.src || e.href)
        .filter(url => /jquery|select2|bootstrap[.-]3|appbuilder/i.test(url)),
]"""
UNSTUCK = """[...document.querySelectorAll('main *')].filter(e => getComputedStyle(e).position === 'sticky')
    .forEach(e => { e.style.position = 'static'; })"""
"""What sticks to an edge covers, of what lies below, here a part and there a part: where it stands is chance."""
SETTLED = 100
"""Milliseconds after which a page stands in its new colours and width."""
FILLED = 400
"""Rows the demonstration is filled up to, so that no record is without one."""
TRIES = 24
"""Addresses tried for a rule, drawn from all there are, until somebody gets a page."""


class Audit:
    """The people signed in, and what was found where."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._pages: dict[str, Page] = {}
        self._heard: list[str] = []
        self._axe = AXE.read_text(encoding="utf-8")
        self.found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.looks = 0

    def as_person(self, name: str) -> Page:
        """The page of a person, signed in once."""
        if name not in self._pages:
            page = self._pages[name] = entered(self._browser, self._address, name)
            page.emulate_media(reduced_motion="reduce")  # nothing is looked at while it fades over
            page.on("pageerror", lambda error: self._heard.append(f"script error: {error}"))
            page.on("console", lambda said: self._heard.append(said.text) if said.type == "error" else None)
        return self._pages[name]

    def who_opens(self, tries: list[str]) -> tuple[str, str] | None:
        """The first person, and the first of some of these addresses, that gives a page; none for parts of pages."""
        drawn = Random(0).sample(tries, min(TRIES, len(tries)))
        for path, name in product(drawn, (*ONE_PER_ROLE.values(), "")):
            answer = self.as_person(name).request.get(self._address + path, max_redirects=0)
            if answer.status == OK:
                return (name, path) if is_page(answer) else None
        return None

    def speak(self, language: str) -> None:
        """Have everybody read that language."""
        for page in self._pages.values():
            speak(page, self._address, language)

    def look(self, name: str, path: str, language: str) -> None:
        """Open a page as a person and look at it in each width and colour."""
        page = self.as_person(name)
        self._heard.clear()
        answer = page.goto(self._address + path)
        if answer is None or answer.status != OK or page.url != self._address + path:
            self.found[path, "is not there any more"].append(language)
        page.wait_for_load_state("networkidle")
        page.evaluate(self._axe)
        for fault in page.evaluate(BANISHED):
            self.found[path, fault].append(language)
        for width, colours in product(WIDTHS, COLOURS):
            page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type] # a width and a height
            page.emulate_media(color_scheme=colours)  # type: ignore[arg-type] # light or dark
            page.wait_for_timeout(SETTLED)
            for fault in faults(page):
                self.found[path, fault].append(f"{language} {width} {colours}")
            self.looks += 1
        for fault in self._heard:
            self.found[path, fault].append(language)


def is_page(answer: APIResponse) -> bool:
    """Whether a whole page was answered, not a part of one or a file."""
    html = "text/html" in answer.headers.get("content-type", "")
    return html and answer.text().lstrip()[:9].lower() == "<!doctype"


def faults(page: Page) -> Iterator[str]:
    """What is wrong with a page as it stands, in a line each."""
    page.evaluate(UNSTUCK)
    for each in page.evaluate(f"axe.run(document, {RULES})")["violations"]:
        yield f"{each['id']}: {each['nodes'][0]['html'][:160]}"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "scrolls sideways"


def main(languages: list[str], begins: list[str]) -> int:
    """Audit the pages that begin so, in those languages; the number of faults."""
    with demonstration(FILLED) as (address, data), sync_playwright() as playwright:
        settings = Settings(data_dir=data)
        places = Places(create_app(settings), settings.data_dir / "yanxu.sqlite3")
        audit = Audit(launched(playwright), address)
        chosen = [(rule, tries) for rule, tries in places if not begins or rule.startswith(tuple(begins))]
        opened = {rule: audit.who_opens(tries) for rule, tries in chosen}
        for language in languages:
            audit.speak(language)
            for place in filter(None, opened.values()):
                audit.look(*place, language)
            print(f"{language}: {audit.looks} looks, {len(audit.found)} faults", flush=True)
        for (path, fault), modes in sorted(audit.found.items()):
            print(f"{path}: {fault} [{len(modes)}: {modes[0]}]")
        print("No whole page:", ", ".join(rule for rule, place in opened.items() if place is None) or "none")
        print(f"{len(opened)} addresses, {audit.looks} looks, {len(audit.found)} faults")
        return len(audit.found)


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if not word.startswith("/")]
    if set(named) - set(LANGUAGES):
        raise SystemExit(f"{__doc__}\nLanguages: {', '.join(LANGUAGES)}")
    sys.exit(min(1, main(named or list(LANGUAGES), [word for word in sys.argv[1:] if word.startswith("/")])))
