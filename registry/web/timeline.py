"""The steps of integrations and commitments in one line of time, as pages tell them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from models import Commitment, Integration, Service, Source
from registry.domain.levels import ShownLevel, of_commitment, of_integration
from registry.domain.words import COMMITMENT_STATES, INTEGRATION_STATES, SERVICES, of
from registry.web.french import word

OWN = "Engagement sans surcoût, propre à ce logiciel"
WIDE = "Engagement sans surcoût de l’éditeur, pour tous ses logiciels"
DECLARED = "déclaré par"
NO_PROMISES: Mapping[int, Sequence[date]] = {}


@dataclass(frozen=True, slots=True)
class Step:
    """``noun`` and ``number`` name it for good; ``about``, ``state`` and ``by`` are words;
    ``earlier`` are the days that it was promised for before ``target_date``.
    """

    noun: str
    number: int
    about: str
    state: str
    level: ShownLevel
    source: Source
    by: str
    day: date
    recorded_at: datetime
    reason: str | None
    evidence_url: str | None
    reviewed_on: date | None = None
    review: str | None = None
    target_date: date | None = None
    earlier: Sequence[date] = ()


def merged(
    integrations: Iterable[Integration],
    commitments: Iterable[Commitment],
    contested: Collection[Service | None] = (),
    promises: Mapping[int, Sequence[date]] = NO_PROMISES,
) -> Sequence[Step]:
    """Latest first. ``promises``: the earlier ones, by the integrations' ids."""
    steps = [
        replace(of_step(row, contested), earlier=promises.get(row.recorded_id, ()))
        for row in integrations
    ]
    steps += [of_step(row, contested) for row in commitments]
    return sorted(steps, key=lambda step: (step.day, step.recorded_at, step.number), reverse=True)


def of_step(row: Integration | Commitment, contested: Collection[Service | None] = ()) -> Step:
    if isinstance(row, Integration):
        return _of_integration(row, contested)
    return Step(
        noun="commitment",
        number=row.recorded_id,
        about=WIDE if row.product_id is None else OWN,
        state=COMMITMENT_STATES[row.state],
        level=of_commitment(row, contested if row.product_id is not None else ()),
        source=row.declared_by,
        by=word(row).by(DECLARED),
        day=row.effective_on,
        recorded_at=row.recorded_at,
        reason=row.reason,
        evidence_url=row.evidence_url,
    )


def _of_integration(row: Integration, contested: Collection[Service | None]) -> Step:
    return Step(
        noun="integration",
        number=row.recorded_id,
        about=f"Intégration {of(SERVICES[row.service])}",
        state=INTEGRATION_STATES[row.state],
        level=of_integration(row, contested),
        source=row.declared_by,
        by=word(row).by(DECLARED),
        day=row.effective_on,
        recorded_at=row.recorded_at,
        reason=row.reason,
        evidence_url=row.evidence_url,
        reviewed_on=row.reviewed_on,
        review=row.review,
        target_date=row.target_date,
    )
