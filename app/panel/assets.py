"""Addresses of static files."""

from hashlib import sha256
from pathlib import Path

from flask import current_app, request, url_for

_kept: dict[tuple[str, str], str] = {}


def asset(name: str) -> str:
    """The address of a static file with the fingerprint of its content, so that it may be kept for good."""
    root = request.script_root
    if (root, name) not in _kept or current_app.debug:
        file = Path(str(current_app.static_folder)) / name
        stamp = sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else None
        _kept[root, name] = url_for("static", filename=name, v=stamp)
    return _kept[root, name]
