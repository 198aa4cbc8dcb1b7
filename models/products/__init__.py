"""Products: what the department sells and renews, and the terms it is sold on (system 10)."""

from models.products.coverage import Coverage
from models.products.exclusion import Exclusion
from models.products.product import Product
from models.products.product_version import ProductVersion

__all__ = ["Coverage", "Exclusion", "Product", "ProductVersion"]
