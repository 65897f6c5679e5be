"""How figures, days and the registry's words are written on a page."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from models import Commitment, CommitmentState, Source, Transition
from registry.domain import contacts, levels, words
from registry.domain.levels import ShownLevel
from registry.domain.transitions import CommitmentRead
from registry.domain.words import elided, of

PARIS = ZoneInfo("Europe/Paris")
TIED = re.compile(r"(?<=\S) (?=[:;?»]|!(?!=))|(?<=«) ")
THIN = "\u202f"
ENDED = "arrivé à son terme"
ANY_TOWN = "une collectivité"
REPORTED = "surcoût signalé"
"""How a commitment is contested."""
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)  # fmt: skip

WORDS: Mapping[str, Any] = {
    "STRATA": words.STRATA,
    "KINDS": words.KINDS,
    "READINESS": words.READINESS,
    "VERDICTS": words.VERDICTS,
    "DEMARCHES": words.DEMARCHES,
    "SERVICES": words.SERVICES,
    "ACTIVATION_STATES": words.ACTIVATION_STATES,
    "INTEGRATION_STATES": words.INTEGRATION_STATES,
    "COMMITMENT_STATES": words.COMMITMENT_STATES,
    "LEVELS": words.LEVELS,
    "SOURCES": words.SOURCES,
    "DISPUTE_KINDS": words.DISPUTE_KINDS,
    "DISPUTE_STATES": words.DISPUTE_STATES,
    "GRANT_CLAIM_STATES": words.GRANT_CLAIM_STATES,
    "SURCHARGE_KINDS": words.SURCHARGE_KINDS,
    "DELIVERY_MODELS": words.DELIVERY_MODELS,
    "FEEDS": words.FEEDS,
    "TOKEN_SCOPES": words.TOKEN_SCOPES,
    "RECENCIES": words.RECENCIES,
}
"""For every template."""


def spaced(text: str) -> str:
    """With a space that never ends a line where French typography wants one."""
    return TIED.sub("\u00a0", text)


def number(value: int | float | None, digits: int = 0) -> str:
    """``3 832``, ``112,1``; a dash for what is unknown."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", THIN).replace(".", ",")


def percent(part: int, whole: int) -> str:
    """Rounded down, so that only the whole is 100 %."""
    if not whole:
        return "–"
    return f"{int(Fraction(part * 100, whole))}\u00a0%"


def day(value: date | None) -> str:
    """``1er mars 2026``."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(PARIS).date()
    first = "er" if value.day == 1 else ""
    return f"{value.day}{first}\u00a0{MONTHS[value.month - 1]}\u00a0{value.year}"


def moment(value: datetime | None) -> str:
    """With the time in France."""
    if value is None:
        return "–"
    local = value.astimezone(PARIS)
    return f"{day(local.date())} à {local:%H}\u00a0h\u00a0{local:%M}"


def euros(cents: int | None) -> str:
    if cents is None:
        return "–"
    return number(cents / 100, 2 if cents % 100 else 0) + "\u00a0€"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """``1 commune``, ``1 234 communes``; zero is singular in French."""
    return f"{number(count)}\u00a0{agreed(count, singular, plural)}"


def agreed(count: int, singular: str, plural: str | None = None) -> str:
    """The words alone."""
    return singular if abs(count) < 2 else plural or singular + "s"


def siren(value: str | None) -> str:
    """Grouped by three, as people read it."""
    if value is None:
        return "–"
    return "\u00a0".join([value[:3], value[3:6], value[6:]])


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(items: Sequence[str], last: str = "et") -> str:
    """``a, b et c``."""
    *first, end = items or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def mail_address(contact: str) -> str:
    """Return what a mail link to this contact holds after ``mailto:``; empty for a page."""
    return quote(contacts.sendable(contact) or "", safe="@")


def in_words(code: str, words: Mapping[Any, str]) -> str:
    """What ``words``, one of those above, says of a code; for ``map``."""
    return words[code]


def level_word(level: ShownLevel | None, source: Source | None = None) -> str:
    """Nothing where that source is all there is to tell."""
    if level is not None and source is not None:
        level = levels.told(level, source)
    return words.LEVELS[level] if level is not None else ""


@dataclass(frozen=True, slots=True)
class Word:
    """Who said what is shown, and when: ``again`` is the day on which it was last said.

    ``author`` is ``ENDED`` where nobody said it: a signature came to its own end.
    """

    author: str
    source: Source
    day: date
    again: date
    current: bool
    evidence_url: str | None
    contested: str = words.LEVELS[ShownLevel.CONTESTED]

    def founded(self, level: ShownLevel | None) -> str:
        """How well; nothing where its source is all there is to tell."""
        return self.contested if level is ShownLevel.CONTESTED else level_word(level, self.source)

    def by(self, verb: str = "dit par") -> str:
        return self.author if self.author == ENDED else f"{verb} {self.author}".lstrip()


def word(said: Transition | CommitmentRead) -> Word:
    """A commitment's as it reads. Which collectivité moved it, by a dispute, is not public."""
    row = said.row if isinstance(said, CommitmentRead) else said
    found = Word(
        author=words.SOURCES[row.declared_by],
        source=row.declared_by,
        day=row.effective_on,
        again=row.said_on,
        current=row.effective_until is None,
        evidence_url=row.evidence_url,
    )
    if not isinstance(row, Commitment):
        return found
    found = replace(found, contested=REPORTED)
    read = said if isinstance(said, CommitmentRead) else CommitmentRead(row, row.state)
    if read.state is CommitmentState.EXPIRED and _by_itself(read):
        return replace(
            found, author=ENDED, source=Source.MINISTRY, day=read.since, again=read.since
        )
    return replace(found, author=ANY_TOWN) if row.declared_by is Source.COLLECTIVITE else found


def _by_itself(read: CommitmentRead) -> bool:
    return read.row.state is not read.state or read.row.declared_by is Source.MINISTRY


FILTERS: Mapping[str, Callable[..., str | Word]] = {
    "number": number,
    "percent": percent,
    "day": day,
    "moment": moment,
    "euros": euros,
    "counted": counted,
    "agreed": agreed,
    "siren": siren,
    "spaced": spaced,
    "capital": capital,
    "elided": elided,
    "of": of,
    "listed": listed,
    "in_words": in_words,
    "mail_address": mail_address,
    "level_word": level_word,
    "word": word,
}
