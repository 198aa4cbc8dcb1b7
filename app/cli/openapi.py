"""``flask panel openapi``: the document of the whole API, for who writes a client of it."""

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.kernel.actor import acting, system_actor
from app.panel.openapi.document import build
from app.schema.registry import registry


@click.command("openapi")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def openapi(file: Path) -> None:
    """Write the OpenAPI document of all records, in English, to FILE."""
    with current_app.test_request_context("/api/v1/openapi.json"), acting(system_actor("flask panel openapi", "cli")):
        made = build(registry)
    file.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(f"{sum(len(verbs) for verbs in made['paths'].values())} operations in {file}.")
