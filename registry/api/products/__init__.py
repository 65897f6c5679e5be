from registry.api.products.reading import OrderBy, Product, ProductQuery, find
from registry.api.products.writing import ProductMutation

__all__ = ["OrderBy", "Product", "ProductMutation", "ProductQuery", "find"]
