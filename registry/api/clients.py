from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from models import Demarche
from registry.api.context import Request
from registry.api.loaders import ClientsArguments
from registry.api.pages import Connection, connection
from registry.domain import clients
from registry.domain.clients import ClientFilter, ClientsOf
from registry.domain.pages import Page

if TYPE_CHECKING:
    from registry.api.deployments import Deployment

DeploymentRef = Annotated["Deployment", strawberry.lazy("registry.api.deployments")]


@strawberry.input(name="ClientFilter", description="Ce que doit vérifier un usage.")
class ClientFilterInput:
    demarche: Demarche | None = strawberry.field(default=None, description="Démarche.")
    confirmed: bool | None = strawberry.field(
        default=None, description="Confirmé par l’autre partie ou le ministère, ou non."
    )


Filter = Annotated[ClientFilterInput | None, strawberry.argument(description="Filtre.")]


async def page(
    info: Request,
    of: ClientsOf,
    row_id: int,
    vendor_id: int,
    asked: Page,
    filter: ClientFilterInput | None,
) -> Connection[DeploymentRef]:
    """Of a vendor or of one of its products; refused to whom it does not regard."""
    from registry.api.deployments import Deployment

    clients.check(info.context.actor, vendor_id)
    given = filter or ClientFilterInput()
    wanted = ClientFilter(given.demarche, given.confirmed)
    loaders = info.context.loaders
    found = await loaders.clients.load((row_id, ClientsArguments(of, asked, wanted)))
    count = partial(loaders.clients_count.load, (row_id, ClientsArguments(of, Page(), wanted)))
    return connection(found, lambda row: Deployment.of(row, info), count)
