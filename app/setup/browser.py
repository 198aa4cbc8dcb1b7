"""A Chromium for the browser tests: found on the machine, or installed where that is allowed.

python -m app.setup.browser
"""

import os
import shutil
import subprocess
from functools import cache

from app.setup.system import apt_install

SHELL = "chromium-headless-shell"
"""Chromium without windows: it draws the same and does less."""
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def find_chromium() -> str | None:
    """The path of a Chromium that starts: the one YANXU_CHROMIUM names, else the first on PATH, else none.

    Started, not merely found: on some systems `chromium-browser` is a stub that only advertises a package.
    """
    for name in (os.environ.get("YANXU_CHROMIUM"), *NAMES):
        path = shutil.which(name) if name else None
        if path and _starts(path):
            return path
    return None


def _starts(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def ensure_chromium() -> str | None:
    """Find Chromium, installing it (and a font that has 简体) on a Debian or Ubuntu where we are root."""
    if find_chromium() is None and (apt_install(SHELL, "fonts-noto-cjk") or apt_install("chromium", "fonts-noto-cjk")):
        find_chromium.cache_clear()
    return find_chromium()


if __name__ == "__main__":
    if ensure_chromium() is None:
        line = "*" * 78
        print(
            f"{line}\n* NO CHROMIUM: the browser tests will be SKIPPED.\n"
            f"* Install chromium or google-chrome, or name one in YANXU_CHROMIUM.\n{line}",
            flush=True,
        )
