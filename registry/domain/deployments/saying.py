"""What every way of saying a link has in common: its checks, and its trace."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import Demarche, Deployment, Product, Source
from registry.domain import collectivites, days, ledger
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.deployments.reading import is_in_force
from registry.domain.errors import Conflict, InvalidInput, NotFound
from registry.domain.filters import checked_siren
from registry.domain.policy import Action, admit
from registry.domain.turns import take_turn_on
from registry.domain.words import DEMARCHES

SPEAKERS = {
    Source.VENDOR: "l’éditeur",
    Source.COLLECTIVITE: "la collectivité",
    Source.MINISTRY: "le ministère",
}


async def held(
    session: AsyncSession, actor: Actor, action: Action, deployment_id: int
) -> tuple[Deployment, Product]:
    """The link and its product, which nobody else changes until the transaction ends."""
    admit(actor, action)
    town = await session.scalar(
        sa.select(col(Deployment.collectivite_id)).where(col(Deployment.id) == deployment_id)
    )
    if town is not None:
        await take_turn_on(session, "collectivite", town)
    row = await session.get(Deployment, deployment_id, populate_existing=True)
    product = None if row is None else await session.get(Product, row.product_id)
    if row is None or product is None:
        raise NotFound("id", "Aucun usage de logiciel n’a cet identifiant.")
    if row.collectivite_id != town:
        raise Conflict("Cet usage vient de changer de collectivité : le relire, puis refaire.")
    return row, product


def refuse_uncovered(product: Product, demarche: Demarche) -> None:
    if demarche not in product.demarches:
        covered = ", ".join(DEMARCHES[Demarche(code)] for code in product.demarches)
        raise InvalidInput(
            "demarche",
            f"{product.name} ne couvre pas cette démarche ({DEMARCHES[demarche]}) ;"
            f" il couvre : {covered or 'aucune'}.",
        )


def checked_until(since: date, until: date | None) -> date | None:
    if until is None:
        return None
    if until < since:
        raise InvalidInput("until", f"Fin antérieure au début ({since:%d/%m/%Y}).")
    return days.possible("until", until)


def checked_operator(siren: str | None) -> str | None:
    return None if siren is None else checked_siren("operator", siren)


def refuse_overlap(periods: Iterable[Deployment], since: date, until: date | None) -> None:
    """An empty period meets none."""
    for row in periods:
        first, last = max(row.since, since), min(row.until or date.max, until or date.max)
        if first < last:
            raise InvalidInput("since", f"Cette période en chevauche une autre : {told(row)}.")


def told(row: Deployment) -> str:
    period = f"depuis le {row.since:%d/%m/%Y}"
    if row.until is not None:
        period = f"du {row.since:%d/%m/%Y} au {row.until:%d/%m/%Y}"
    return f"par {SPEAKERS[row.declared_by]}, {period}"


async def spoken(
    session: AsyncSession, action: str, row: Deployment, *, own_word: bool
) -> Deployment:
    """The link as it now stands. A collectivité that says (``own_word``) what its inhabitants sign
    in to no longer says that it has no online démarche.
    """
    await session.flush()
    await ledger.append(session, action, "deployment", [row.recorded_id])
    if own_word and is_in_force(row, today()):
        await collectivites.use_online(session, row.collectivite_id, row.product_id)
    return row
