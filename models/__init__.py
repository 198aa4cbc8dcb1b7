"""The business: one domain per folder, one record per file. Importing this package declares all of it."""

from models import appraisal, claims, contracts, customers, operations, people, products, renewals, sales, voice

__all__ = [
    "appraisal",
    "claims",
    "contracts",
    "customers",
    "operations",
    "people",
    "products",
    "renewals",
    "sales",
    "voice",
]
