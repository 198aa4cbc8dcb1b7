"""Organisation: units, posts and the people of the department (systems 1 and 2)."""

from models.people import settings
from models.people.absence import Absence
from models.people.person import Person
from models.people.unit import Unit

__all__ = ["Absence", "Person", "Unit", "settings"]
