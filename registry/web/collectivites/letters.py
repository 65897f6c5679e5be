"""A letter to the vendor, filled with what the registry knows, ready to print or to copy."""

from starlette.responses import Response

from models import Activation, ActivationState
from registry.domain import territories
from registry.domain.errors import NotFound
from registry.domain.rollout import sheets
from registry.domain.rollout.answer import Answer, Use
from registry.domain.rollout.verdicts import Verdict
from registry.web.collectivites.finding import PRODUCT, answered, demarches, elsewhere, found, used
from registry.web.visits import Visit

TEXTS = {
    Verdict.NOT_INTEGRATED: "letters/integration.html",
    Verdict.SURCHARGE: "letters/surcharge.html",
    Verdict.COST_UNKNOWN: "letters/price.html",
    Verdict.READY: "letters/activation.html",
}
"""What is asked, by what keeps the software from being in service."""
NOT_BEGUN = (ActivationState.NONE, ActivationState.STOPPED)


async def show(visit: Visit) -> Response:
    async with visit.database.read() as session:
        body = await found(session, visit)
        if moved := elsewhere(visit, body, "/courrier"):
            return moved
        said = await answered(session, visit, body)
        by_key = _writable(said)
        chosen = _chosen(visit, said, by_key)
        uses = by_key[chosen]
        [sheet] = await sheets.of_products(session, [uses[0].product], visit.today)
        places = await territories.names(session)
    return visit.page(
        "collectivites/letter.html",
        text=TEXTS[uses[0].verdict],
        body=body,
        sheet=sheet,
        demarches=demarches(uses),
        begun=_begun(uses),
        places=places,
        others={key: uses[0] for key, uses in by_key.items() if key != chosen},
    )


def _writable(said: Answer) -> dict[str, list[Use]]:
    """The software that a vendor sells, and that citizens sign in to."""
    own = said.collectivite.siren
    return {
        key: uses
        for key, uses in used(said).items()
        if uses[0].verdict in TEXTS and uses[0].vendor.siren != own
    }


def _chosen(visit: Visit, said: Answer, by_key: dict[str, list[Use]]) -> str:
    """The one that is asked for, else the first to ask."""
    wanted = visit.request.query_params.get(PRODUCT)
    if wanted and wanted in by_key:
        return wanted
    if wanted:
        raise NotFound(PRODUCT, f"{said.collectivite.name} n’utilise pas ce logiciel aujourd’hui.")
    asked = [contact.product_id for contact in said.next_step.contacts]
    ranked = [key for one in asked for key, uses in by_key.items() if uses[0].product.id == one]
    if not ranked:
        raise NotFound(PRODUCT, f"Aucun courrier n’est utile. {said.next_step.sentence}")
    return ranked[0]


def _begun(uses: list[Use]) -> Activation | None:
    """How far FranceConnect went on it."""
    rows = [
        row
        for use in uses
        for row in use.activations
        if row.service.startswith("FRANCECONNECT") and row.state not in NOT_BEGUN
    ]
    return max(rows, key=lambda row: row.effective_on, default=None)
