"""What a simulation or a plan is told of: products, or vendors."""

from collections.abc import Sequence

import strawberry

from registry.api.nodes import row_id_of
from registry.domain.rollout.fixes import Fixes


@strawberry.input(
    one_of=True,
    description="Un logiciel, ou un éditeur : tous les siens où l’usager se connecte.",
)
class FixInput:
    product: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Identifiant opaque du logiciel."
    )
    vendor: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Identifiant opaque de l’éditeur."
    )


def fixes_of(given: Sequence[FixInput] | None, field: str) -> Fixes:
    """``field`` is the argument that holds them."""
    products = [fix.product for fix in given or () if isinstance(fix.product, str)]
    vendors = [fix.vendor for fix in given or () if isinstance(fix.vendor, str)]
    return Fixes(
        frozenset(row_id_of("Product", product, field) for product in products),
        frozenset(row_id_of("Vendor", vendor, field) for vendor in vendors),
    )
