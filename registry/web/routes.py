from starlette.routing import Route

from registry.auth.proconnect import Provider
from registry.database import Database
from registry.settings import Settings
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
from registry.web.look import Look
from registry.web.spaces import routes as spaces
from registry.web.visits import Door, opening


def routes(
    database: Database,
    settings: Settings,
    provider: Provider | None,
    look: Look,
    *,
    try_identities: bool = False,
) -> list[Route]:
    """``try_identities`` opens the sign-in of the demo registry: see ``auth.trial``."""
    at = opening(Door(database, settings, provider, look, try_identities))
    found = [
        statics.route(look),
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
    if try_identities:
        found += [
            at("/connexion/essai", trial.identities),
            at("/connexion/essai", trial.enter, "POST"),
        ]
    return found
