"""The screens keep the content security policy: nothing inline, nothing from elsewhere, only icons we carry."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.setup.assets import ICON_LIST, read_icon_list

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for room in ("app", "views") for path in (ROOT / room).rglob("*.html"))
SCRIPTS = sorted(path for path in (ROOT / "app" / "panel" / "static").rglob("*.js") if "vendor" not in path.parts)

FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc\s*=)(?![^>]*type=.application/json)[^>]*>", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an htmx handler or expression": re.compile(r"\bhx-on\b|hx-trigger=.[^\"']*\[|[\"'=]\s*(?:js|javascript):"),
    "an asset from elsewhere": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*.(?:https?:)?//"),
}
ICON_USE = re.compile(
    r"""icons\.svg#([\w-]+)|\bicon\(\s*["']([\w-]+)["']|\bicon=["']([\w-]+)["']|\bMenu\([^,()]*,\s*["']([\w-]+)["']"""
)


def breaches(text: str) -> list[str]:
    """What in a template breaks the policy, with the place."""
    return [
        f"line {text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0][:80]}"
        for what, pattern in FORBIDDEN.items()
        for match in pattern.finditer(text)
    ]


def icons_of(text: str) -> set[str]:
    """The icons a template or a declaration names."""
    return {name for match in ICON_USE.findall(text) for name in match if name}


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('<p style="color:red">', '<p class="text-red" data-style="x">'),
        ("<style>p{}</style>", '<link rel="stylesheet" href="/static/panel.css">'),
        ("<script>go()</script>", '<script src="/static/panel.js" defer></script>'),
        ("<script type='module'>go()</script>", '<script type="application/json">{}</script>'),
        ('<a\n onclick="go()">', '<a data-action="click->menu#open">'),
        ('<a hx-on:click="go()">', '<a hx-get="/x">'),
        ("""<a hx-trigger="click[ctrlKey]">""", '<a hx-trigger="click delay:200ms">'),
        ("""<a hx-vals='js:{"a": 1}'>""", """<a hx-vals='{"a": 1}'>"""),
        ('<a href="javascript:go()">', '<a href="/go">'),
        ('<img src="//cdn.example/x.png">', '<a href="https://example.com/manual">'),
    ],
)
def test_each_rule_finds_what_it_is_for(bad: str, good: str) -> None:
    assert len(breaches(f"<h1>Claims</h1>\n{bad}")) == 1
    assert breaches(good) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_keeps_the_policy(template: Path) -> None:
    assert breaches(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_script_evaluates_no_text_and_sets_no_markup(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert re.findall(r"\beval\(|new Function\(|\.innerHTML\s*=|document\.write\(|insertAdjacentHTML", text) == []


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    used = """<use href="x/icons.svg#car"/>{{ icon('bell') }} Menu("Claims", icon="shield") Menu("Home", "home")"""
    assert icons_of(used) == {"car", "bell", "shield", "home"}
    carried = set(read_icon_list(ICON_LIST.read_text(encoding="utf-8")))
    sources = [*TEMPLATES, *(path for room in ("app", "models", "views") for path in (ROOT / room).rglob("*.py"))]
    named = {path.relative_to(ROOT).as_posix(): icons_of(path.read_text(encoding="utf-8")) for path in sources}
    missing = {path: names - carried for path, names in named.items() if names - carried}
    assert missing == {}, "add the names to app/panel/icons.txt"


def test_no_page_is_told_anew_what_its_frame_is_told() -> None:
    """The bar of every page reads these names too: given otherwise by one page, they would be wrong there."""
    setting = next(n for n in nodes_in("app/panel/face.py", ast.FunctionDef) if n.name == "setting")
    frame = {key.value for node in ast.walk(setting) if isinstance(node, ast.Dict) for key in node.keys}
    assert {"actor", "languages"} <= frame
    paths = [path for room in ("app", "views") for path in (ROOT / room).rglob("*.py")]
    renders = [n for path in paths for n in nodes_in(path, ast.Call) if ast.unparse(n.func).endswith("render_template")]
    assert len(renders) > 20
    assert [ast.unparse(n)[:80] for n in renders if frame & {word.arg for word in n.keywords}] == []


def nodes_in(path: str | Path, kind: type) -> Iterator:
    """The nodes of a kind in a file."""
    yield from (n for n in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if isinstance(n, kind))
