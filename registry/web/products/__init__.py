from starlette.routing import Route

from registry.web.products import comparing, listing, showing
from registry.web.visits import At


def routes(at: At) -> list[Route]:
    return [
        at("/logiciels", listing.show),
        at("/logiciels.{kind}", listing.file),
        at("/editeurs/{siren}/{slug}", showing.show),
        at("/comparer", comparing.show),
    ]
