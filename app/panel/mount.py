"""Derive screens and resources from every record and bind them to one application."""

from flask import Flask
from flask_appbuilder import AppBuilder, IndexView


class Index(IndexView):
    """The front page."""


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register the derived screens and the REST resources."""
