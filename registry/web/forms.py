"""Forms: what they send, once; what was wrong with it; and what came of it."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from registry.auth import origins
from registry.auth.quotas import charge
from registry.domain import constraints, evidence, idempotency
from registry.domain.errors import Checks, Conflict, DomainError, InvalidInput
from registry.domain.evidence import File
from registry.domain.histories import Said
from registry.domain.identifiers import record_number
from registry.domain.policy import require_signed_in
from registry.domain.storage import StorageFull
from registry.exchange.evidence import LARGEST, judged, keep
from registry.exchange.files import Received, allowance
from registry.leaving import left
from registry.web.visits import UNREADABLE, Visit

MAX_BODY = 100_000
MAX_UPLOAD = LARGEST + MAX_BODY
MAX_FIELDS, MAX_FILES = 200, 1
LIMITS = {
    "application/x-www-form-urlencoded": (MAX_BODY, 30.0),
    "multipart/form-data": (MAX_UPLOAD, 120.0),
}
"""Bytes of a form, and seconds that it may take to come."""
LONGEST_KIND = 300
"""A media type with its boundary; the library that reads it takes the square of its length."""
READ_AGAIN = (
    "Votre session avait expiré : voici ce que vous aviez écrit. Relisez-le, joignez de nouveau le"
    " fichier s’il y en avait un, puis envoyez."
)
EUROS = re.compile("(€|euros?|eur)$", re.IGNORECASE)
RESUMED = "_reprise"
"""The field of a form that comes back from a session that ended: it is shown, and not written."""
TOKEN = "_jeton"  # noqa: S105 - the name of a field
EVIDENCE_FILE, EVIDENCE_URL = "evidenceFile", "evidenceUrl"
"""What every step may say, as ``Said`` has it."""

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, kept until it is right. ``faults`` are by field; ``refusal`` is of the whole.

    Field names are those of the GraphQL inputs, so that a refusal finds its field.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None
    checks: Checks = field(default_factory=Checks)

    @classmethod
    def of(cls, **values: object) -> "Form":
        """A form that begins with these values; None is nothing."""
        return cls({name: _written(value) for name, value in values.items() if value is not None})

    def get(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "").strip()

    def all(self, name: str) -> Sequence[str]:
        return [value for value in self.values.get(name, ()) if value]

    def text(self, name: str) -> str | None:
        return self.get(name) or None

    def has(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.get(name))

    def required(self, name: str) -> str:
        """Empty where it is missing, which ``settle`` tells with the other faults."""
        with self.checks:
            if not self.get(name):
                raise InvalidInput(name, "Ce champ est à remplir.")
        return self.get(name)

    def date(self, name: str) -> date | None:
        with self.checks:
            return _date(name, self.get(name))
        return None

    def integer(self, name: str) -> int | None:
        with self.checks:
            return _integer(name, self.get(name))
        return None

    def numbers(self, name: str) -> tuple[int, ...]:
        """Of records: one at least."""
        found = [record_number(text) for text in self.all(name)]
        known = tuple(number for number in found if number is not None)
        with self.checks:
            if not found:
                raise InvalidInput(name, "Rien n’est coché.")
            if len(known) < len(found):
                raise InvalidInput(name, "Un numéro est attendu.")
        return known

    def cents(self, name: str) -> int | None:
        """Euros as people write them: ``1 200,50``."""
        with self.checks:
            return _cents(name, self.get(name))
        return None

    def word(self, name: str, words: type[Word]) -> Word | None:
        with self.checks:
            return _word(name, self.get(name), words) if self.get(name) else None
        return None

    def words(self, name: str, words: type[Word]) -> tuple[Word, ...]:
        with self.checks:
            return tuple(_word(name, value, words) for value in self.all(name))
        return ()

    def settle(self) -> None:
        """Raise ``InvalidInput`` with all that is wrong so far."""
        self.checks.settle()

    def refused(self, refusal: DomainError) -> "Form":
        """The same, with what is wrong told where it is."""
        if isinstance(refusal, InvalidInput):
            faults = {_camel(name): message for name, message in reversed(refusal.faults)}
            return replace(self, faults=faults, refusal=None)
        named = getattr(refusal, "field", None)
        if named is not None and _camel(named) in self.values:
            return replace(self, faults={_camel(named): refusal.message}, refusal=None)
        return replace(self, faults={}, refusal=refusal.message)


EMPTY = Form()


class Recorded(Protocol):
    @property
    def recorded_id(self) -> int: ...


Work = Callable[[AsyncSession, Said], Awaitable[Recorded]]
"""One domain function, in a transaction. ``Said`` is what the form says of the step."""


async def posted(visit: Visit) -> Form:
    """Raises ``HTTPException``: 403 for another site’s form or another session’s, 413, 415, 400;
    ``NotSignedIn`` once the session is no more.
    """
    if not visit.signed_in and await visit.was_signed_in():
        visit.request.state.typed = await received(visit.request)
    require_signed_in(visit.actor)
    form = await received(visit.request)
    if visit.sending(form.get(TOKEN)) is None and not form.has(RESUMED):
        raise HTTPException(403)
    return form


async def received(request: Request) -> Form:
    """Raises ``HTTPException``: 403 for another site's form, 408, 413, 415, 400.

    The files sent are closed with the answer: see ``visits``.
    """
    if not origins.from_our_page(request.headers):
        raise HTTPException(403)
    said = request.headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    if kind not in LIMITS or len(said) > LONGEST_KIND:
        raise HTTPException(415)
    limit, patience = LIMITS[kind]
    bounded = Request(request.scope, _bounded(request, limit))
    try:
        async with asyncio.timeout(patience):
            fields = await bounded.form(
                max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_BODY
            )
    except TimeoutError as late:
        raise HTTPException(408, headers={"Connection": "close"}) from late
    except (MultiPartException, UnicodeError, ClientDisconnect) as error:
        raise HTTPException(400) from error
    request.state.sent = fields
    values: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in fields.multi_items():
        if isinstance(value, UploadFile):
            files |= {name: value} if value.filename else {}
        elif UNREADABLE & {*value}:
            raise HTTPException(400)
        else:
            values.setdefault(name, []).append(value)
    return Form(values, files)


async def sent(
    visit: Visit,
    form: Form,
    work: Work,
    *,
    to: str | Callable[[int], str],
    said: str,
    again: Callable[[Visit, Form], Awaitable[Response]],
) -> Response:
    """Write, then go on to ``to``, which may be told by the id of what was written; the same form
    sent twice writes once. What is refused is shown by ``again``, with what was typed.
    """
    try:
        form.settle()
        identifier = await write(visit, form, work)
    except DomainError as refusal:
        return shown_again(await again(visit, form.refused(refusal)))
    return visit.done(to if isinstance(to, str) else to(identifier), said)


def shown_again(shown: Response) -> Response:
    """A form that is shown again with its faults, told to programs too."""
    shown.status_code = 422
    return shown


async def write(visit: Visit, form: Form, work: Work) -> int:
    """The id of what was written, now or by the same sending before. Raises ``DomainError``."""
    sending = visit.sending(form.get(TOKEN))
    if sending is None:
        raise Conflict(READ_AGAIN)
    await charge(visit.database, visit.door.settings.writes_per_minute, visit.actor)
    try:
        async with (
            _evidence(visit, form) as given,
            visit.database.transaction(visit.actor) as session,
        ):
            before = await idempotency.take(
                session, visit.actor, sending, _digest(visit, form, given), visit.request.url.path
            )
            if before is not None:
                return before
            said = await _said(visit, session, form, given)
            done = await work(session, said)
            await evidence.check(session, visit.actor, said.evidence_url)
            await idempotency.keep(session, visit.actor, sending, done.recorded_id)
            return done.recorded_id
    except (DBAPIError, StaleDataError) as error:
        raise constraints.refusal(error) from error


Given = tuple[Received, File]


@asynccontextmanager
async def _evidence(visit: Visit, form: Form) -> AsyncIterator[Given | None]:
    """The file given as evidence, which the transaction that records whose it is puts in place."""
    file = form.files.get(EVIDENCE_FILE)
    if file is None:
        yield None
        return
    evidence.depositor(visit.actor, None)
    folder = visit.door.settings.evidence_folder
    async with AsyncExitStack() as held:
        try:
            given = await held.enter_async_context(
                judged(folder, _chunks(file), None, partial(left, visit.request))
            )
        except InvalidInput as refusal:
            raise InvalidInput(EVIDENCE_FILE, refusal.message) from refusal
        yield given


async def _said(visit: Visit, session: AsyncSession, form: Form, given: Given | None) -> Said:
    url = form.text(EVIDENCE_URL)
    if given is not None:
        received, file = given
        await _give(visit, session, file)
        await keep(visit.door.settings.evidence_folder, received)
        url = f"{visit.base_url}/evidence/{file.digest.hex()}"
    day = form.date("effectiveOn")
    form.settle()
    return Said(day, form.text("reason"), url)


async def _give(visit: Visit, session: AsyncSession, file: File) -> None:
    siren = evidence.depositor(visit.actor, None)
    try:
        await evidence.give(session, visit.actor, siren, file, allowance(visit.door.settings))
    except StorageFull as refusal:
        raise InvalidInput(EVIDENCE_FILE, refusal.message) from refusal


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(64_000):
        yield chunk


def _bounded(request: Request, limit: int) -> Callable[[], Awaitable[Any]]:
    size = 0

    async def receive() -> Any:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413)
        return message

    return receive


def _digest(visit: Visit, form: Form, given: Given | None) -> bytes:
    values = sorted((name, *found) for name, found in form.values.items() if name != TOKEN)
    said = repr((visit.request.url.path, values, given and given[1].digest))
    return hashlib.sha256(said.encode()).digest()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _written(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool):
        return ["oui"] if value else []
    return [str(item) for item in value] if isinstance(value, Iterable) else [str(value)]


def _date(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(name, "Une date est attendue, comme 2026-03-31.") from error


def _integer(name: str, text: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError as error:
        raise InvalidInput(name, "Un nombre entier est attendu.") from error


def _cents(name: str, text: str) -> int | None:
    digits = EUROS.sub("", "".join(text.split())).replace(",", ".")
    whole, _, cents = digits.partition(".")
    if not digits:
        return None
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 7 and len(cents) <= 2):
        raise InvalidInput(name, "Un montant en euros est attendu, comme 1 200,50.")
    if cents and not (cents.isascii() and cents.isdigit()):
        raise InvalidInput(name, "Un montant en euros est attendu, comme 1 200,50.")
    return int(whole) * 100 + int(cents.ljust(2, "0") or "0")


def _word(name: str, text: str, words: type[Word]) -> Word:
    try:
        return words(text)
    except ValueError as error:
        raise InvalidInput(name, "Ce choix n’est pas de la liste.") from error
