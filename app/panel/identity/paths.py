"""Where to go on after the door."""

from urllib.parse import urlsplit

from flask import url_for


def safe_next(goal: str | None) -> str:
    """Where to go on: a path of this house, never another host; the front page otherwise."""
    home = url_for("Index.index")
    if not goal or not goal.isprintable() or "\\" in goal:
        return home
    parts = urlsplit(goal)
    if parts.scheme or parts.netloc or not goal.startswith("/") or goal.startswith("//"):
        return home
    return goal
