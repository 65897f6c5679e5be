from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models import DATA_APIS, Feed, Integration, IntegrationState, Service, Source
from registry.domain import histories, ledger, texts
from registry.domain.actor import Actor
from registry.domain.clock import today
from registry.domain.errors import Checks, Conflict, InvalidInput, NotAllowed
from registry.domain.histories import Said
from registry.domain.integrations.reading import OTHERS, is_amendable, unconfirmable
from registry.domain.integrations.saying import (
    Key,
    authorised,
    changed,
    known,
    last_of,
    level_of,
    read_by,
)
from registry.domain.policy import Action
from registry.domain.transitions import INTEGRATION, check


@dataclass(frozen=True, slots=True)
class Details:
    """What a step says besides its state. ``feeds`` are what a data API fills in."""

    feeds: tuple[Feed, ...] = ()
    target_date: date | None = None
    min_version: str | None = None


async def record(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    state: IntegrationState,
    details: Details,
    said: Said,
) -> Integration:
    """The vendor's next step; whatever was verified before it, this one is not."""
    product = await authorised(session, actor, Action.RECORD_INTEGRATION, key)
    last = await last_of(session, product, key.service)
    checks = Checks()
    values = _told(checks, key.service, state, details, said.day)
    with checks:
        values |= histories.author(actor, Source.VENDOR, said)
    with checks:
        histories.check_day(last, said.day)
    checks.settle()
    check(INTEGRATION, last.state if last else IntegrationState.NONE, state)
    step = Integration(
        product_id=product.recorded_id,
        service=key.service,
        state=state,
        evidence_level=level_of(values["evidence_url"]),
        **values,
    )
    await histories.add(session, last, step)
    await ledger.append(session, "record", "integration", [step.recorded_id])
    return step


async def amend(
    session: AsyncSession,
    actor: Actor,
    key: Key,
    step_id: int,
    details: Details,
    evidence_url: str | None,
) -> Integration:
    """What the vendor says of its present step, said again in full; its state and day stay."""
    product = await authorised(session, actor, Action.RECORD_INTEGRATION, key)
    step = await read_by(session, await known(session, product, key.service), step_id)
    if not is_amendable(step):
        raise NotAllowed(OTHERS)
    checks, url = Checks(), None
    values = _told(checks, key.service, step.state, details, today())
    with checks:
        url = texts.url("evidence_url", evidence_url)
    checks.settle()
    said = {"declared_by": Source.VENDOR, "evidence_url": url, "evidence_level": level_of(url)}
    unread = {"reviewed_on": None, "review": None, "confirmed_on": today()}
    step.sqlmodel_update(values | said | unread)
    return await changed(session, "amend", step)


async def confirm(session: AsyncSession, actor: Actor, key: Key, step_id: int) -> Integration:
    """The vendor says of its present step that it still holds: nothing else of it changes, what
    was verified stays so. Raises ``Conflict`` where it must be said in other words.
    """
    product = await authorised(session, actor, Action.RECORD_INTEGRATION, key)
    step = await read_by(session, await known(session, product, key.service), step_id)
    refusal = unconfirmable(step, today())
    if refusal is not None:
        raise Conflict(refusal)
    step.sqlmodel_update({"declared_by": Source.VENDOR, "confirmed_on": today()})
    return await changed(session, "confirm", step)


def _told(
    checks: Checks, service: Service, state: IntegrationState, details: Details, day: date
) -> dict[str, Any]:
    version = None
    with checks:
        _check_feeds(service, details.feeds)
    with checks:
        _check_target(state, details.target_date, day)
    with checks:
        version = texts.optional("min_version", details.min_version, 200)
    return {
        "feeds": [feed.value for feed in dict.fromkeys(details.feeds)],
        "target_date": details.target_date,
        "min_version": version,
    }


def _check_feeds(service: Service, feeds: Sequence[Feed]) -> None:
    if feeds and service not in DATA_APIS:
        raise InvalidInput("feeds", "Seule une API de données en fournit.")
    tax = service is Service.API_IMPOT_PARTICULIER
    if any((feed is Feed.AVIS_IMPOSITION) is not tax for feed in feeds):
        raise InvalidInput(
            "feeds",
            "AVIS_IMPOSITION vient d’API_IMPOT_PARTICULIER, les autres données d’API_PARTICULIER.",
        )


def _check_target(state: IntegrationState, target: date | None, day: date) -> None:
    """On the ``day`` when it is said, nothing can be planned for a day that has passed."""
    if target is not None:
        histories.check_year("target_date", target)
    if state is not IntegrationState.PLANNED:
        return
    if target is None:
        raise InvalidInput("target_date", "Une intégration prévue l’est pour une date.")
    if target < day:
        raise InvalidInput(
            "target_date",
            f"Au {day:%d/%m/%Y}, le {target:%d/%m/%Y} est passé :"
            " dire une date à venir, ou l’étape déjà atteinte.",
        )
