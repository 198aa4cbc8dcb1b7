"""Commands: ``flask panel``, ``jobs``, ``data``, ``files``, ``demo``, ``report``, ``serve``, ``words``."""

from flask import Flask

from app.cli import history  # noqa: F401 - adds a command to ``panel``
from app.cli.data import data
from app.cli.demo import demo
from app.cli.files import files
from app.cli.jobs import jobs
from app.cli.panel import panel
from app.cli.report import report
from app.cli.serve import serve
from app.cli.words import words


def register(app: Flask) -> None:
    """Add the commands to an application."""
    for command in (panel, jobs, data, files, demo, report, serve, words):
        app.cli.add_command(command)
