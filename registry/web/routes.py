from starlette.routing import Route

from registry.auth.proconnect import Provider
from registry.database import Database
from registry.settings import Settings
from registry.web import home, signing, statics, trial
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
        at("/connexion", signing.sign_in),
        at("/connexion/retour", signing.back),
        at("/deconnexion", signing.signed_out),
        at("/deconnexion", signing.sign_out, "POST"),
        at("/compte", signing.account),
        *spaces.routes(at),
    ]
    if try_identities:
        found += [
            at("/connexion/essai", trial.identities),
            at("/connexion/essai", trial.enter, "POST"),
        ]
    return found
