from starlette.routing import Route

from registry.web import (
    badges,
    collectivites,
    feed,
    help,
    home,
    products,
    rollout,
    searches,
    signing,
    statics,
    trial,
    vendors,
)
from registry.web.spaces import routes as spaces
from registry.web.visits import Door, opening


def routes(door: Door) -> list[Route]:
    """A door with ``trial`` opens the sign-in of the demo registry: see ``auth.trial``."""
    at = opening(door)
    found = [
        statics.route(door),
        at("/", home.show),
        at("/recherche", searches.show),
        *collectivites.routes(at),
        at("/connexion", signing.sign_in),
        at("/connexion/retour", signing.back),
        at("/deconnexion", signing.signed_out),
        at("/deconnexion", signing.sign_out, "POST"),
        at("/compte", signing.account),
        *vendors.routes(at),
        *products.routes(at),
        *badges.routes(at),
        *feed.routes(at),
        *help.routes(at),
        *rollout.routes(at),
        *spaces.routes(at),
    ]
    if door.trial:
        found += [
            at("/connexion/essai", trial.identities),
            at("/connexion/essai", trial.enter, "POST"),
        ]
    return found
