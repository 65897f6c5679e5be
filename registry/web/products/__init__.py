from functools import partial

from starlette.routing import Route

from registry.web import exports
from registry.web.products import comparing, listing, showing
from registry.web.visits import At


def routes(at: At) -> list[Route]:
    return [
        at("/logiciels", listing.show),
        *exports.routes(at, "/logiciels", lambda format: partial(listing.file, format)),
        at("/editeurs/{siren}/{slug}", showing.show),
        at("/comparer", comparing.show),
    ]
