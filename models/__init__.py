"""The business: one domain per folder, one record per file. Importing this package declares all of it."""

from models import operations, people

__all__ = ["operations", "people"]
