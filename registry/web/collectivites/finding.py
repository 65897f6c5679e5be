"""Which collectivité an address means, and which of its software."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse

from models import Collectivite, Demarche
from registry.domain import collectivites, deployments
from registry.domain.actor import Actor
from registry.domain.errors import InvalidInput, NotFound
from registry.domain.policy import Action, Subject, authorise
from registry.domain.rollout import answer, sheets
from registry.domain.rollout.answer import Answer, Use
from registry.domain.rollout.sheets import Sheet
from registry.domain.rollout.verdicts import Verdict
from registry.domain.words import DEMARCHES
from registry.web.french import listed
from registry.web.visits import PRIVATE, Visit

PRODUCT = "logiciel"
"""The parameter, or the field, that holds a product's key."""


@dataclass(frozen=True, slots=True)
class InUse:
    """A product, and every use of it here. ``verdict`` is the one it has for this collectivité."""

    sheet: Sheet
    uses: Sequence[Use]

    @property
    def verdict(self) -> Verdict:
        return self.uses[0].verdict


def code_of(visit: Visit) -> str:
    code: str = visit.request.path_params["code"]
    return code


def page_of(visit: Visit) -> str:
    """The address of the collectivité's page, as it was written."""
    return f"/collectivites/{quote(code_of(visit), safe='')}"


async def found(session: AsyncSession, visit: Visit) -> Collectivite:
    """Raises ``NotFound`` for what is no code at all too."""
    try:
        return await collectivites.named(session, "code", code_of(visit))
    except InvalidInput as refusal:
        raise NotFound("code", refusal.message) from refusal


async def own(session: AsyncSession, visit: Visit, action: Action) -> Collectivite:
    """The collectivité of the address, to those who may act for it."""
    body = await found(session, visit)
    authorise(visit.actor, action, Subject(collectivite=body.id))
    return body


def elsewhere(visit: Visit, body: Collectivite, page: str = "") -> RedirectResponse | None:
    """The way to the address that stays, from a former code, a SIREN or a SIRET."""
    if code_of(visit) == body.code:
        return None
    query = visit.request.url.query
    address = f"/collectivites/{body.code}{page}"
    return RedirectResponse(f"{address}?{query}" if query else address, 308, PRIVATE)


async def answered(session: AsyncSession, visit: Visit, body: Collectivite) -> Answer:
    return await answer.of_body(session, visit.actor, body, visit.today)


def used(said: Answer) -> dict[str, list[Use]]:
    """Each product in use, by key."""
    uses: dict[str, list[Use]] = {}
    for use in said.uses:
        uses.setdefault(f"{use.vendor.siren}/{use.product.slug}", []).append(use)
    return uses


async def in_use(session: AsyncSession, said: Answer, day: date) -> list[InUse]:
    by_key = used(said)
    rows = [uses[0].product for uses in by_key.values()]
    known = await sheets.of_products(session, rows, day)
    return [InUse(sheet, by_key[sheet.key]) for sheet in known]


def confirmable(actor: Actor, said: Answer) -> set[int]:
    """The ids of the deployments that the actor may confirm."""
    return {
        use.deployment.recorded_id
        for use in said.uses
        if deployments.is_confirmable(actor, use.deployment, use.product)
    }


def demarches(uses: list[Use]) -> str:
    found = {use.deployment.demarche for use in uses}
    return listed([DEMARCHES[demarche] for demarche in Demarche if demarche in found])
