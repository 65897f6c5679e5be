from functools import partial

from starlette.routing import Route

from registry.web import twins
from registry.web.products import comparing, listing, showing
from registry.web.visits import At


def routes(at: At) -> list[Route]:
    return [
        at("/logiciels", listing.show),
        *twins.routes(at, "/logiciels", lambda kind: partial(listing.file, kind)),
        at("/editeurs/{siren}/{slug}", showing.show),
        at("/comparer", comparing.show),
    ]
