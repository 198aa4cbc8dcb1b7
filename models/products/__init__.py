"""Products: what the department sells and renews (system 10, the catalogue's first cut)."""

from models.products.product import Product

__all__ = ["Product"]
