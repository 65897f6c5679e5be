"""How well founded a status is, as it is shown."""

from collections.abc import Collection
from enum import StrEnum

from models import Commitment, Integration, Service, Source


class ShownLevel(StrEnum):
    """The stored levels, and the one that is shown over them while a dispute is open."""

    SELF_DECLARED = "SELF_DECLARED"
    EVIDENCED = "EVIDENCED"
    VERIFIED = "VERIFIED"
    CONTESTED = "CONTESTED"


OUTSIDE = (Source.MINISTRY, Source.DATAPASS)
"""Those who speak of what is not theirs: what they say without evidence is no self-declaration."""


def told(level: ShownLevel, source: Source) -> ShownLevel | None:
    """The level that may be shown beside that source; none: the source is all there is to tell."""
    return None if level is ShownLevel.SELF_DECLARED and source in OUTSIDE else level


def of_integration(row: Integration, contested: Collection[Service | None]) -> ShownLevel:
    """``contested``: what is, of its product; a past step is not."""
    if row.effective_until is None and row.service in contested:
        return ShownLevel.CONTESTED
    return ShownLevel(row.evidence_level)


def of_commitment(row: Commitment, contested: Collection[Service | None]) -> ShownLevel:
    """``contested``: what is, of the product that it is read for."""
    if row.effective_until is None and None in contested:
        return ShownLevel.CONTESTED
    return ShownLevel.EVIDENCED if row.evidence_url else ShownLevel.SELF_DECLARED
