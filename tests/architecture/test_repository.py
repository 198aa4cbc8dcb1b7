"""What a checkout may hold, and what its set-up files promise. Each rule is shown to bite before it is applied."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.servers.skips import skip_loudly

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"

TOP_LEVEL = {
    *("app", "models", "views", "migrations", "tests", "docs", "requirements", ".ci"),
    *("config.py", "run.py", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md"),
    *("package.json", "package-lock.json", ".npmrc", ".gitignore"),
}
# Written by tools from what we wrote: long by nature, and never edited.
GENERATED = re.compile(
    r"package-lock\.json|migrations/versions/\w+\.py|requirements/\w+\.txt|docs/records/.*|.*\.po|.*\.pot"
)
WRITTEN = {".py", ".html", ".js", ".css", ".md", ".toml", ".in", ".cfg", ".ini", ".mako", ".yml", ".yaml", ".txt"}
LONGEST_FILE = 500
LONGEST_LINE = 500

HOSTS = (r"registry\.npmjs", r"npmmirror", r"pypi\.org", r"pythonhosted\.org", r"unpkg\.com", r"jsdelivr", r"cdnjs")
OPTIONS = (
    r"--(?:extra-)?index-url[= ]",
    r"--find-links[= ]",
    r"\bregistry ?= ?(?:https?:|//)",
    r'"resolved":',
    r"\bfile:///",
)
REGISTRY = re.compile("|".join((*HOSTS, *OPTIONS)))
MACHINE = re.compile(r"(?<![\w.{}<])/(?:home|Users)/[a-z]\w*/|/root/|/work/(?:main|shared)|\b[A-Z]:\\\\?Users")
THIRD_PARTY = re.compile(r"(^|/)(vendor|node_modules|third_party)/|\.min\.(js|css)$|\.(map|woff2?|ttf|eot|whl|jar)$")
LICENCE_BANNER = re.compile(r"/\*!|@license|@preserve|//# sourceMappingURL")


@cache
def files() -> tuple[str, ...]:
    """Every path that is committed or would be: what git tracks, and what it neither tracks nor ignores."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return ()
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(path for path in listed if (ROOT / path).is_file()))


def texts() -> dict[str, str]:
    """The text of every file of `files()` that is text; skips where there is no git to say which files count."""
    if not files():
        skip_loudly("the rules on files need git and a clone")
    found = {}
    for path in files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8000]:
            found[path] = content.decode("utf-8")
    return found


def lines_with(pattern: re.Pattern[str], text: str) -> list[str]:
    """The lines of `text` in which `pattern` stands, each with its number."""
    return [
        f"{number}: {line.strip()[:120]}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
    ]


def findings(pattern: re.Pattern[str], exempt: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Per file the lines that break a rule; this file, which must name what it forbids, is left out."""
    me = Path(__file__).relative_to(ROOT).as_posix()
    found = {path: lines_with(pattern, text) for path, text in texts().items() if path not in (me, *exempt)}
    return {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    ("pattern", "bad", "good"),
    [
        (REGISTRY, "--index-url https://mirror.example/simple", "--no-emit-index-url --no-emit-find-links"),
        (REGISTRY, '"resolved": "https://x/y.tgz"', '"integrity": "sha512-abc"'),
        (REGISTRY, "registry=https://registry.example", "omit-lockfile-registry-resolved=true"),
        (REGISTRY, '<script src="https://cdn.jsdelivr.net/x">', '<script src="/static/x.js">'),
        (MACHINE, "open('/home/wang/data.csv')", "redirect('/home')"),
        (MACHINE, r"C:\Users\wang", "https://example.com/home/"),
        (THIRD_PARTY, "app/panel/static/vendor/htmx.js", "app/panel/static/panel.js"),
        (THIRD_PARTY, "app/panel/static/htmx.min.js", "app/panel/minutes.js"),
        (LICENCE_BANNER, "/*! htmx 4 */", "/* ours */"),
    ],
)
def test_each_pattern_finds_what_it_is_for(pattern: re.Pattern[str], bad: str, good: str) -> None:
    assert lines_with(pattern, f"first\n{bad}\n") == [f"2: {bad}"]
    assert lines_with(pattern, good) == []


def test_the_top_level_is_as_planned() -> None:
    texts()
    assert {path.split("/")[0] for path in files()} <= TOP_LEVEL, "say in the architecture notes what a new room is for"


def test_no_address_of_a_registry() -> None:
    assert findings(REGISTRY) == {}


def test_no_path_of_a_machine() -> None:
    assert findings(MACHINE) == {}


def test_no_file_of_somebody_else() -> None:
    texts()
    assert [path for path in files() if THIRD_PARTY.search(path)] == []
    code = {path: text for path, text in texts().items() if path.endswith((".js", ".css", ".svg", ".html"))}
    assert {path: found for path, text in code.items() if (found := lines_with(LICENCE_BANNER, text))} == {}


def test_every_file_is_read_at_a_sitting() -> None:
    written = {
        path: text.splitlines()
        for path, text in texts().items()
        if Path(path).suffix in WRITTEN and not GENERATED.fullmatch(path)
    }
    assert {path: len(lines) for path, lines in written.items() if len(lines) > LONGEST_FILE} == {}
    wide = {path: max(map(len, lines), default=0) for path, lines in written.items()}
    assert {path: width for path, width in wide.items() if width > LONGEST_LINE} == {}, "a line this long is minified"


# Requirements -----------------------------------------------------------------------------------------------------


def pins(name: str) -> dict[str, list[str]]:
    """The versions a lock file pins, by canonical package name; a package may have one per platform."""
    found: dict[str, list[str]] = {}
    for line in (REQUIREMENTS / f"{name}.txt").read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^ ;\\]+)", line):
            found.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return found


def wanted(name: str) -> list[Requirement]:
    """What an `.in` file asks for, in its own lines."""
    lines = (REQUIREMENTS / f"{name}.in").read_text().splitlines()
    return [Requirement(line) for line in map(str.strip, lines) if line and not line.startswith(("#", "-"))]


LOCKS = sorted(path.stem for path in REQUIREMENTS.glob("*.in"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_what_is_wanted(name: str) -> None:
    pinned = pins(name)
    for requirement in wanted(name):
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is missing from {name}.txt: run `make lock`"
        assert all(map(requirement.specifier.contains, versions)), f"{requirement}: {versions}; run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_hashed_and_nameless(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert re.match(r"#|    --hash=sha256:[0-9a-f]{64}( \\)?$|[a-z0-9][\w.-]*==", line), line
        if "==" in line:
            assert following.startswith("    --hash="), f"{line} has no hash"
        assert not re.search(r"://|@ |(?<!\w)/\w", line), line


def test_the_lock_of_the_tests_agrees_with_the_lock_of_the_application() -> None:
    tested = pins("dev")
    assert {name: versions for name, versions in pins("base").items() if tested.get(name) != versions} == {}


def test_packages_are_wanted_exactly_and_locked_with_integrity() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    root = lock.pop("")
    for kind in ("dependencies", "devDependencies"):
        assert root[kind] == package[kind], "run `make lock`"
        for name, version in package[kind].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} {version} is not one exact version"
            assert lock[f"node_modules/{name}"]["version"] == version
    for name, entry in lock.items():
        assert entry.get("integrity", "").startswith("sha512-"), name
        assert "resolved" not in entry, name


# Commands and contracts ---------------------------------------------------------------------------------------------


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    silent = {"python", "base", "dev", "ready"}  # steps of the others, not commands
    documented = set(re.findall(r"^(\w+):.*## \w", text, re.MULTILINE))
    assert set(phony[1].split()) - silent == documented
    assert documented >= {"help", "run", "test", "nightly", "check", "fmt", "migrate", "docs", "demo", "bench"}


def test_continuous_integration_runs_the_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert commands[-1] == "exec make test"


def test_the_directions_of_imports_are_under_contract() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    layers = [layer.replace("(", "").replace(")", "") for layer in contracts["layers"]["layers"]]
    order = ["app.factory", "views", "app.panel", "app.kernel", "app.schema"]
    places = [next(place for place, layer in enumerate(layers) if name in layer.split(" | ")) for name in order]
    assert places == sorted(set(places))
    assert {"app.panel", "app.jobs", "models"} == set(layers[places[2]].split(" | "))
    assert {"flask", "flask_appbuilder"} <= set(contracts["no-web"]["forbidden_modules"])
    assert {"app.schema", "app.kernel", "app.jobs", "models"} == set(contracts["no-web"]["source_modules"])
    assert contracts["domains"]["exhaustive"] is True
