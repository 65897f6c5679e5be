from typing import Annotated

import strawberry

from models import Product as ProductRow
from models import Vendor as VendorRow
from registry.api.collectivites import Collectivite
from registry.api.context import Request
from registry.api.fields import resolved
from registry.api.pages import First
from registry.api.products import Product
from registry.api.vendors import Vendor
from registry.domain import searches

SearchResult = Annotated[
    Vendor | Product | Collectivite,
    strawberry.union("SearchResult", description="Ce que trouve une recherche."),
]


def present(row: searches.Found) -> Vendor | Product | Collectivite:
    match row:
        case VendorRow():
            return Vendor.of(row)
        case ProductRow():
            return Product.of(row)
        case _:
            return Collectivite.of(row)


@strawberry.type(description="Recherche.")
class SearchQuery:
    @resolved(
        "Éditeurs, logiciels et collectivités dont des mots commencent ainsi, sans"
        " accents ni casse : le nom exact d’abord, puis les noms qui commencent ainsi, puis les"
        " plus peuplés ou les plus employés."
    )
    async def search(
        self,
        info: Request,
        text: Annotated[str, strawberry.argument(description="Débuts de mots.")],
        first: First = None,
    ) -> list[SearchResult]:
        async with info.context.read() as session:
            found = await searches.search(session, text, first, info.context.today)
        return [present(row) for row in found]
