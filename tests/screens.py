"""What the tests of the screens share: counting statements, reading tables, sending forms."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL sent within the block; transaction control and savepoints aside."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def table_of(page: str) -> list[list[str]]:
    """The cells of the first table of a page, as text."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body.group(1), re.DOTALL) if body else []
    return [[plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def plain(html: str) -> str:
    """Markup without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def link(page: str, words: str) -> str:
    """The address of the link with these words."""
    for href, inner in re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL):
        if plain(inner) == words:
            return unescape(href)
    raise AssertionError(f"no link says {words!r}")


def post(client: FlaskClient, url: str, **form: Any) -> Any:
    """Send a form with the token of the session."""
    fields = {name.removesuffix("_"): value for name, value in form.items()}
    return client.post(url, data={"csrf_token": client.csrf, **fields})  # type: ignore[attr-defined]


def change_role(client: FlaskClient, role_id: int, **form: Any) -> Any:
    """Change a role in the matrix, and press the button of the preview."""
    page = post(client, f"/people/roles/{role_id}", **form).text
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(seen|give|take|scope)" value="([^"]*)">', page):
        sent.setdefault(name, []).append(unescape(value))
    assert "Give and take" in page, plain(page)
    return post(client, f"/people/roles/{role_id}/change", **sent)


def value_of(page: str, name: str) -> str:
    """What stands in the input, the text area or the selected option of that name."""
    if found := re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page):
        value = re.search(r'\bvalue="([^"]*)"', found.group(0))
        return unescape(value.group(1)) if value else ""
    if found := re.search(rf'<input[^>]*\bvalue="([^"]*)"[^>]*\bname="{name}"', page):
        return unescape(found.group(1))
    if found := re.search(rf'<textarea[^>]*\bname="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        return unescape(found.group(1))
    if found := re.search(rf'<select[^>]*\bname="{name}"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', found.group(1))
        return unescape(chosen.group(1)) if chosen else ""
    raise AssertionError(f"nothing is called {name!r}")


def problem_at(page: str, name: str, place: str = "i-") -> str:
    """What is said to be wrong with an input."""
    found = re.search(rf'id="{place}{name}-problem">(.*?)</div>', page, re.DOTALL)
    return plain(found.group(1)) if found else ""
