"""Screens and REST derived from the records; the only room that knows Flask-AppBuilder."""
