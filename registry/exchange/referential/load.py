from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import CollectiviteKind, Stratum
from registry.domain import clock
from registry.domain.actor import Actor
from registry.domain.errors import InvalidInput
from registry.domain.policy import Action, authorise
from registry.domain.turns import take_turn
from registry.exchange.geography import Geography
from registry.exchange.referential import (
    activations,
    codes,
    collectivites,
    deployments,
    settle,
    software_requests,
    territories,
)
from registry.exchange.referential.bodies import Body, bodies, meanings, with_former_names
from registry.exchange.referential.changes import Changes, enter
from registry.exchange.referential.report import Report
from registry.exchange.turns import end_turn

CAMPAIGN = sa.text("SELECT id, vintage FROM campaign ORDER BY id LIMIT 1 FOR UPDATE")
EARLIEST = 1943  # The first official geographic code.
SET_VINTAGE = sa.text("UPDATE campaign SET vintage = :vintage WHERE id = :id")

LARGE = 5_000
"""Bodies from which what follows, planned on the figures of a table that was emptied, would take
minutes to join them to themselves.
"""


async def load(
    session: AsyncSession, actor: Actor, geography: Geography, older: Sequence[Geography] = ()
) -> Report:
    """Make the registry's communes, EPCI and département bodies those of the geography.

    ``older`` geographies only teach former codes and names. What vanished is closed, and the
    links of a closed commune follow its successor. Raises ``NotAllowed``, or ``InvalidInput`` for
    an older vintage than the registry's; loading the same again writes nothing.
    """
    authorise(actor, Action.IMPORT)
    await take_turn(session)
    changes: Changes = defaultdict(set)
    await _enter_vintage(session, geography.vintage, changes)
    known = bodies(geography)
    former = meanings(geography, known, older)
    listed = with_former_names(known, former, older)
    await collectivites.stage(session, listed, former)
    await territories.write(session, geography, changes)
    closed = await collectivites.write(session, geography.vintage, changes)
    if len(listed) > LARGE:
        await end_turn(session)
    await codes.name_successors(session, changes)
    to_settle = await settle.sentences(session, closed)
    await codes.write(session, closed, changes)
    await collectivites.inherit(session, closed, changes)
    await software_requests.follow(session, changes)
    moved = await deployments.follow(session, changes)
    carried = await activations.follow(session, changes)
    entries = await enter(session, changes)
    await end_turn(session)
    return Report(
        vintage=geography.vintage,
        communes=_count(listed, CollectiviteKind.COMMUNE),
        epcis=_count(listed, CollectiviteKind.EPCI),
        departement_bodies=sum(Stratum.DEPARTEMENT in body.strata for body in listed),
        created=len(changes["create", "collectivite"]),
        updated=len(changes["update", "collectivite"].difference(closed)),
        closed=len(closed),
        sirens_changed=await collectivites.count_changed_sirens(session),
        deployments_moved=moved.moved,
        deployments_merged=moved.merged,
        activations_moved=carried.moved,
        activations_set_aside=carried.set_aside,
        ledger_entries=entries,
        to_settle=(*to_settle, *moved.to_settle, *carried.to_settle),
    )


async def _enter_vintage(session: AsyncSession, vintage: int, changes: Changes) -> None:
    """Locks the campaign's row: two loads never mix."""
    campaign = (await session.execute(CAMPAIGN)).one()
    if campaign.vintage is not None and vintage < campaign.vintage:
        raise InvalidInput(
            "vintage",
            f"Le registre est au millésime {campaign.vintage} :"
            f" il ne peut pas revenir au millésime {vintage}.",
        )
    if not EARLIEST <= vintage <= clock.today().year + 1:
        raise InvalidInput("vintage", f"Millésime impossible : {vintage}.")
    if campaign.vintage != vintage:
        await session.execute(SET_VINTAGE, {"vintage": vintage, "id": campaign.id})
        changes["update", "campaign"].add(campaign.id)


def _count(listed: Sequence[Body], kind: CollectiviteKind) -> int:
    return sum(body.kind == kind for body in listed)
