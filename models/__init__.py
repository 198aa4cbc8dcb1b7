"""The business: one domain per folder, one record per file. Importing this package declares all of it."""

from models import contracts, customers, operations, people, products, renewals

__all__ = ["contracts", "customers", "operations", "people", "products", "renewals"]
