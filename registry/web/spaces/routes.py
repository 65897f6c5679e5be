from starlette.routing import Route

from registry.web.spaces import activations, home, operator
from registry.web.spaces import vendors as vendor
from registry.web.spaces.collectivites import delegations, disputes, grants
from registry.web.spaces.collectivites import home as town
from registry.web.spaces.ministry import (
    allowed_sirets,
    campaigns,
    commitments,
    history,
    integrations,
    products,
    queue,
    software_requests,
    vendors,
)
from registry.web.spaces.ministry import disputes as reviewed
from registry.web.spaces.ministry import grants as decided
from registry.web.spaces.ministry import home as ministry
from registry.web.visits import At


def routes(at: At) -> list[Route]:
    rooms = (
        home,
        operator,
        vendor,
        activations,
        town,
        disputes,
        grants,
        delegations,
        ministry,
        queue,
        integrations,
        reviewed,
        decided,
        software_requests,
        campaigns,
        commitments,
        allowed_sirets,
        history,
        vendors,
        products,
    )
    return [route for room in rooms for route in room.routes(at)]
