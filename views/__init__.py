"""Screens drawn by hand, where a derived one would not do: home, desks, approvals, reports."""

from pathlib import Path

from flask import Flask
from flask_appbuilder import AppBuilder
from jinja2 import ChoiceLoader, FileSystemLoader

from views.page import Page

PAGES: tuple[type[Page], ...] = ()
"""Every page, in no particular order; add yours here."""


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register every page with the application."""
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(Path(__file__).parent / "templates")])  # type: ignore[assignment,list-item]
    for page in PAGES:
        builder.add_view_no_menu(page)
