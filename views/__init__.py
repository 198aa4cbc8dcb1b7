"""Screens drawn by hand, where a derived one would not do: home, desks, approvals, reports."""

from flask import Flask
from flask_appbuilder import AppBuilder


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register every page with the application."""
