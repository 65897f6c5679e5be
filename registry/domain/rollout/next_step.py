"""What a collectivité can do now, and whom to ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from models import ActivationState, Demarche
from registry.domain.actor import Actor
from registry.domain.rollout import sentences, situation
from registry.domain.rollout.readiness import BLOCKED, ORDER, Readiness
from registry.domain.rollout.situation import Catalogue, Contact, Situation, Use
from registry.domain.transitions import PROGRESS


class NextStepCode(StrEnum):
    ALL_CONNECTED = "ALL_CONNECTED"
    REQUEST_HABILITATION = "REQUEST_HABILITATION"
    COMPLETE_HABILITATION = "COMPLETE_HABILITATION"
    ASK_GO_LIVE = "ASK_GO_LIVE"
    FOLLOW_ACTIVATION = "FOLLOW_ACTIVATION"
    CONNECT_REMAINING = "CONNECT_REMAINING"
    ACTIVATE = "ACTIVATE"
    ASK_PRICE = "ASK_PRICE"
    ASK_NO_SURCHARGE = "ASK_NO_SURCHARGE"
    ASK_INTEGRATION = "ASK_INTEGRATION"
    DECLARE_SOFTWARE = "DECLARE_SOFTWARE"
    NOTHING_ASKED = "NOTHING_ASKED"


@dataclass(frozen=True, slots=True)
class NextStep:
    """``demarches`` are those not connected. ``min_version`` and ``exclusions`` are those of the
    first contact's product: what to have, and what the vendor's commitment leaves out.
    """

    code: NextStepCode
    sentence: str
    demarches: tuple[Demarche, ...] = ()
    contacts: tuple[Contact, ...] = ()
    min_version: str | None = None
    exclusions: str | None = None


BEGINNINGS = {
    Readiness.READY: NextStepCode.ACTIVATE,
    Readiness.COST_UNKNOWN: NextStepCode.ASK_PRICE,
    Readiness.BLOCKED_BY_SURCHARGE: NextStepCode.ASK_NO_SURCHARGE,
    Readiness.BLOCKED_BY_SOFTWARE: NextStepCode.ASK_INTEGRATION,
}

FOLLOWING = {
    ActivationState.PLANNED: NextStepCode.REQUEST_HABILITATION,
    ActivationState.HABILITATION_SUBMITTED: NextStepCode.FOLLOW_ACTIVATION,
    ActivationState.HABILITATION_CHANGES_REQUESTED: NextStepCode.COMPLETE_HABILITATION,
    ActivationState.HABILITATION_REFUSED: NextStepCode.COMPLETE_HABILITATION,
    ActivationState.HABILITATION_GRANTED: NextStepCode.ASK_GO_LIVE,
    ActivationState.IN_INTEGRATION: NextStepCode.FOLLOW_ACTIVATION,
    ActivationState.GO_LIVE_REQUESTED: NextStepCode.FOLLOW_ACTIVATION,
    ActivationState.SUSPENDED: NextStepCode.ASK_GO_LIVE,
}


async def of_collectivites(
    session: AsyncSession, actor: Actor, ids: Sequence[int], day: date
) -> dict[int, NextStep]:
    situations, catalogue = await situation.of_collectivites(session, actor, ids, day)
    return {body: _step(found, catalogue, day) for body, found in situations.items()}


def _step(found: Situation, catalogue: Catalogue, day: date) -> NextStep:
    if found.closed_on is not None and found.closed_on <= day:
        return NextStep(NextStepCode.NOTHING_ASKED, sentences.closed(found.closed_on))
    if found.readiness is Readiness.NO_KNOWN_SOFTWARE:
        return _without_software(found.no_online_demarche_since, day)
    remaining = found.remaining
    if not remaining:
        return NextStep(NextStepCode.ALL_CONNECTED, sentences.ALL_CONNECTED)
    following = _following(remaining, catalogue)
    step = following or _beginning(remaining, catalogue)
    if found.readiness is not Readiness.CONNECTED:
        return step
    return replace(
        step,
        code=following.code if following else NextStepCode.CONNECT_REMAINING,
        sentence=f"{sentences.left(remaining)} {step.sentence}",
    )


def _without_software(no_online_demarche_since: date | None, day: date) -> NextStep:
    if no_online_demarche_since is not None and no_online_demarche_since <= day:
        return NextStep(NextStepCode.NOTHING_ASKED, sentences.NO_ONLINE_DEMARCHE)
    return NextStep(NextStepCode.DECLARE_SOFTWARE, sentences.NO_SOFTWARE)


def _following(remaining: Sequence[Use], catalogue: Catalogue) -> NextStep | None:
    """From the activation furthest along, of those that no product blocks."""
    free = [use for use in remaining if use.readiness not in BLOCKED]
    same = _furthest(free, catalogue)
    if not same:
        return None
    contacts, state = catalogue.contacts(same), same[0].under_way
    sentence = sentences.under_way(state, same, contacts)
    return _told(FOLLOWING[state], sentence, remaining, contacts, catalogue)


def _beginning(remaining: Sequence[Use], catalogue: Catalogue) -> NextStep:
    best = min((use.readiness for use in remaining), key=ORDER.index)
    movable = [use for use in remaining if use.readiness is best]
    contacts = catalogue.contacts(movable)
    sentence = sentences.to_begin(best, movable, contacts)
    if begun := _furthest(movable, catalogue):
        standing = sentences.standing(begun[0].under_way, begun, catalogue.contacts(begun))
        sentence = f"{sentence} {standing}"
    return _told(BEGINNINGS[best], sentence, remaining, contacts, catalogue)


def _furthest(uses: Iterable[Use], catalogue: Catalogue) -> list[Use]:
    """Those of one product that stand at the state furthest along; empty where none has begun."""

    def order(use: Use) -> tuple[int, int, tuple[str, str]]:
        progress, readiness = -PROGRESS[use.under_way], ORDER.index(use.readiness)
        return progress, readiness, catalogue.key(use.product_id)

    begun = sorted((use for use in uses if use.under_way in FOLLOWING), key=order)
    return [use for use in begun if order(use) == order(begun[0])]


def _told(
    code: NextStepCode,
    sentence: str,
    remaining: Sequence[Use],
    contacts: tuple[Contact, ...],
    catalogue: Catalogue,
) -> NextStep:
    first = contacts[0]
    version = catalogue.min_version(first.product_id)
    exclusions = None if first.in_house else catalogue.exclusions(first.product_id)
    conditions = sentences.conditions(version, exclusions) + _dismissed(remaining, contacts)
    demarches = sentences.ordered(remaining)
    return NextStep(code, sentence + conditions, demarches, contacts, version, exclusions)


def _dismissed(remaining: Sequence[Use], contacts: Sequence[Contact]) -> str:
    reasons = {use.product_id: use.dismissal for use in remaining if use.dismissal}
    told = [contact for contact in contacts if contact.product_id in reasons]
    return "".join(sentences.dismissed(contact, reasons[contact.product_id]) for contact in told)
