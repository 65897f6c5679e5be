"""What an address asks: filters, order, page. What it can't be is refused by name."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from registry.database import Database
from registry.domain.errors import InvalidInput
from registry.domain.identifiers import compact
from registry.domain.pages import Page, Recency, Slice

Word = TypeVar("Word", bound=StrEnum)
Told = TypeVar("Told")
AFTER, BEFORE = "apres", "avant"
PAGE = 50
UNDECLARED = "UNDECLARED"
"""A choice within another, so that silence can be told from a refusal."""
PARAMETERS = {
    "text": "q", "vendor_siren": "editeur", "after": AFTER, "before": BEFORE,
    "excluded": "sauf", "promised": "promis", "at_most": "auplus", "since": "depuis",
    "until": "jusqua",
}  # fmt: skip
"""What the domain calls otherwise than an address."""


def _as_coded(name: str, value: str) -> str:
    """A territory's code as the official geography writes it, for the forms to find it again."""
    return value.upper() if name in ("departement", "region") else value


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of an address, empty ones left out. Readers raise ``InvalidInput``;
    ``faults`` are by parameter.
    """

    path: str
    pairs: tuple[tuple[str, str], ...]
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        request: Request,
        accepted: Collection[str],
        path: str | None = None,
        paging: Collection[str] = (AFTER, BEFORE),
    ) -> "Query":
        """``accepted`` are the parameters of a list besides its pages': any other would be taken
        for a filter that narrowed, and is refused. ``path`` is the list's own, where what was
        asked is another: a form sent from it.
        """
        pairs = request.query_params.multi_items()
        known = [*accepted, *paging]
        unknown = next((name for name, _ in pairs if name not in known), None)
        if unknown is not None:
            listed = f"on peut demander : {', '.join(known)}" if known else "elle n’en a aucun"
            raise InvalidInput(
                unknown, f"Cette adresse n’a pas de paramètre « {unknown} » ; {listed}."
            )
        kept = tuple((name, _as_coded(name, value)) for name, value in pairs if value.strip())
        return cls(path or request.url.path, kept)

    def get(self, name: str) -> str | None:
        return next((value.strip() for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value.strip() for key, value in self.pairs if key == name)

    def word(self, name: str, words: type[Word]) -> Word | None:
        found = self.get(name)
        return None if found is None else _word(name, found, words)

    def words(self, name: str, words: type[Word]) -> tuple[Word, ...]:
        return tuple(_word(name, found, words) for found in self.all(name))

    def date(self, name: str) -> date | None:
        found = self.get(name)
        try:
            return None if found is None else date.fromisoformat(found)
        except ValueError as error:
            message = f"Une date est attendue, comme 2026-03-31, et non « {found} »."
            raise InvalidInput(name, message) from error

    def integer(self, name: str) -> int | None:
        """However its digits are grouped."""
        found = self.get(name)
        digits = compact(found or "")
        if found is not None and not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise InvalidInput(name, f"Un nombre est attendu, et non « {found} ».")
        return None if found is None else int(digits)

    def flag(self, name: str) -> bool | None:
        """``oui``, ``non``, or nothing asked."""
        found = self.get(name)
        if found not in (None, "oui", "non"):
            raise InvalidInput(name, f"Oui ou non est attendu, et non « {found} ».")
        return None if found is None else found == "oui"

    def state(self, name: str, words: type[Word], silent: Word) -> tuple[Word | None, bool]:
        """A state, and whether only those of ``silent`` that nobody declared are wanted."""
        if self.get(name) == UNDECLARED:
            return silent, True
        return self.word(name, words), False

    def recency(self, default: Recency = Recency.LATEST) -> Recency:
        return self.word("tri", Recency) or default

    def page(self, size: int = PAGE) -> Page:
        before = self.get(BEFORE)
        if before is not None:
            return Page(last=size, before=before)
        return Page(first=size, after=self.get(AFTER))

    def link(self, path: str | None = None, **changes: str | Iterable[str] | None) -> str:
        """This address with other values; None leaves one out. A filter changed is a new list:
        the page is left out unless it is given.
        """
        dropped = {*changes, AFTER, BEFORE}
        pairs = [(name, value) for name, value in self.pairs if name not in dropped]
        for name, value in changes.items():
            values = [] if value is None else [value] if isinstance(value, str) else value
            pairs += [(name, each) for each in values]
        text = urlencode(pairs)
        return f"{path or self.path}?{text}" if text else path or self.path

    def refused(self, refusal: InvalidInput) -> "Query":
        """The same, with what is wrong told where it is."""
        faults = {PARAMETERS.get(name, name): message for name, message in refusal.faults}
        return replace(self, faults=faults)

    def following(self, rows: Slice[object]) -> str | None:
        return self.link(**{AFTER: rows.cursors[-1]}) if rows.has_next and rows.cursors else None

    def preceding(self, rows: Slice[object]) -> str | None:
        return (
            self.link(**{BEFORE: rows.cursors[0]}) if rows.has_previous and rows.cursors else None
        )


@dataclass(frozen=True, slots=True)
class Listed(Generic[Told]):
    """A page of a list, how many rows the whole has, and what is told of those of the page."""

    page: Slice[Any]
    count: int
    told: Told


async def read_page(
    database: Database,
    query: Query,
    fetch: Callable[[AsyncSession, Page], Awaitable[Slice[Told]]],
) -> tuple[Query, Slice[Told] | None]:
    """The page of a list that ``query`` asks, likewise."""
    async with database.read() as session:
        return await tried(query, fetch(session, query.page()))


async def tried(query: Query, reading: Awaitable[Told]) -> tuple[Query, Told | None]:
    """What is read; or nothing, and the query with what it asks and can't be."""
    try:
        return query, await reading
    except InvalidInput as refusal:
        return query.refused(refusal), None


def states(words: Mapping[Word, str], silent: Word, undeclared: str) -> dict[str, str]:
    """What ``Query.state`` takes, with the words of each."""
    found: dict[str, str] = {}
    for word, said in words.items():
        found[word] = said
        if word is silent:
            found[UNDECLARED] = undeclared
    return found


def _word(name: str, text: str, words: type[Word]) -> Word:
    try:
        return words(text)
    except ValueError as error:
        known = ", ".join(words)
        message = f"« {text} » n’est pas de la liste : {known}."
        raise InvalidInput(name, message) from error
