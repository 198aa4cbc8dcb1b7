"""Organisation: units, posts and the people of the department (systems 1 and 2), and the days it works."""

from models.people.absence import Absence
from models.people.person import Person
from models.people.unit import Unit
from models.people.working_day import WorkingDay

__all__ = ["Absence", "Person", "Unit", "WorkingDay"]
