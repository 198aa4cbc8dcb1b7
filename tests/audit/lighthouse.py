"""Ask Lighthouse about five pages of the served demonstration, as it asks by itself: a phone on a slow network.

    python -m tests.audit.lighthouse

Lighthouse is fetched by this folder's own lock at the first run. Ends with 1 if a page scores less than it must.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from app.setup.assets import fetch, find_node
from app.setup.browser import find_chromium
from tests.demonstration import demonstration, entered, launched

HERE = Path(__file__).parent
PAGES = {
    "sign-in": ("", "/login/"),
    "home": ("supervisor", "/"),
    "list": ("manager", "/contract/"),
    "record": ("claims", "/claim/1"),
    "form": ("service", "/complaint/add"),
}
MUST = {"performance": 95, "accessibility": 100, "best-practices": 100}
"""The least score of each category, of a hundred."""
TRIES = 3
"""Looks at a page before it is given up: now and then the browser hands out no trace."""
FLAGS = "--headless=new --no-sandbox --disable-gpu"


def main() -> int:
    """Print the scores of each page, and the audits that cost it points; the number of scores too low."""
    fetch(HERE)
    short = 0
    with demonstration() as (address, _data), sync_playwright() as playwright:
        browser = launched(playwright)
        for name, (person, path) in PAGES.items():
            page = entered(browser, address, person)
            cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
            report = asked(address + path, cookies if person else "")
            page.context.close()
            scores = {category: round(100 * report["categories"][category]["score"]) for category in MUST}
            told = [*(f"{category} {score}" for category, score in scores.items())]
            print(f"{name:8}", *told, f"machine {report['environment']['benchmarkIndex']:.0f}", sep="  ", flush=True)
            for category, least in MUST.items():
                if scores[category] < least:
                    short += 1
                    print(*(f"    {each}" for each in costly(report, category)), sep="\n")
    return short


def asked(url: str, cookies: str) -> dict:
    """Lighthouse's report of an address, for who holds these cookies."""
    command = [str(find_node()[0]), str(HERE / "node_modules" / "lighthouse" / "cli" / "index.js"), url]
    command += ["--quiet", "--output=json", "--output-path=stdout", f"--chrome-flags={FLAGS}"]
    command += [f"--only-categories={','.join(MUST)}"]
    if cookies:
        command += [f"--extra-headers={json.dumps({'Cookie': cookies})}"]
    environment = {**os.environ, "CHROME_PATH": str(find_chromium())}
    for _attempt in range(TRIES):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            report: dict = json.loads(done.stdout)
            return report
    raise SystemExit(f"Lighthouse could not look at {url}:\n{done.stderr[-2000:]}")


def costly(report: dict, category: str) -> list[str]:
    """The audits of a category that do not score in full, each with what it found."""
    weighed = [each["id"] for each in report["categories"][category]["auditRefs"] if each["weight"]]
    audits = [report["audits"][name] for name in weighed]
    return [f"{a['id']} {a['score']}: {a.get('displayValue', '')}" for a in audits if (a["score"] or 0) < 1]


if __name__ == "__main__":
    sys.exit(min(1, main()))
