"""Organisation: units, posts and the people of the department (systems 1 and 2)."""

from models.people import settings
from models.people.person import Person
from models.people.unit import Unit

__all__ = ["Person", "Unit", "settings"]
