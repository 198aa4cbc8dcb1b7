"""Customers: persons, households and firms the department serves (system 4)."""

from models.customers.contact_person import ContactPerson
from models.customers.customer import Customer

__all__ = ["ContactPerson", "Customer"]
