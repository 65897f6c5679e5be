"""The integration of the State's services in each product: declared by its vendor, and reviewed."""

from registry.domain.integrations.declaring import Details, amend, confirm, record
from registry.domain.integrations.reading import (
    by_ids,
    current_of_products,
    declared,
    earlier_promises,
    history_of_products,
    is_amendable,
    is_late,
    unconfirmable,
)
from registry.domain.integrations.reviewing import Decision, review, suspend
from registry.domain.integrations.saying import Key

__all__ = [
    "Decision",
    "Details",
    "Key",
    "amend",
    "by_ids",
    "confirm",
    "current_of_products",
    "declared",
    "earlier_promises",
    "history_of_products",
    "is_amendable",
    "is_late",
    "record",
    "review",
    "suspend",
    "unconfirmable",
]
