import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import asyncpg
import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, Envelope, Session

from models import Account, Message
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, REGISTRY
from registry.domain.messages import Letter, post
from registry.embedded import Addresses
from registry.settings import Settings
from tests.factories import add

PUBLIC_URL = "https://raccord.example"
SIGNED_IN = """
    INSERT INTO ledger (seq, recorded_at, noun, subject_id, payload)
    SELECT max(seq) + 1, now() - make_interval(months => $2), 'account', $1, '{}' FROM ledger
"""
Outbox = Callable[[], Awaitable[list[Message]]]
SignIn = Callable[..., Awaitable[None]]


class Mailbox:
    """Takes what comes, unless told what to answer instead: once for each message."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.recipients: list[str] = []
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        self.recipients.append(address)
        if self.answers and self.answers[0].startswith("RCPT "):
            return self.answers.pop(0)[5:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def received(self) -> list[EmailMessage]:
        return [
            cast(
                "EmailMessage",
                message_from_bytes(cast("bytes", envelope.content), policy=policy.default),
            )
            for envelope in self.envelopes
        ]


@asynccontextmanager
async def smtp_server(
    mailbox: Mailbox, secured: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Settings]:
    """The settings of a service that sends by it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, **options), "127.0.0.1", 0, ssl=secured)
    async with server:
        yield sending(server.sockets[0].getsockname()[1])


def sending(port: int) -> Settings:
    return Settings(
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
        mail_from="ne-pas-repondre@raccord.example",
        public_url=PUBLIC_URL + "/",
    )


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def smtp(mailbox: Mailbox) -> AsyncIterator[Settings]:
    async with smtp_server(mailbox) as settings:
        yield settings


@pytest.fixture
def outbox(database: Database) -> Outbox:
    async def read() -> list[Message]:
        async with database.read() as session:
            return [*await session.scalars(sa.select(Message).order_by(sa.text("key, recipient")))]

    return read


async def posted(database: Database, *recipients: str, key: str = "essai") -> None:
    letter = Letter(key, recipients, "Été à l’école", "Là-bas : {public_url}/ici\n")
    async with database.transaction(REGISTRY) as session:
        await post(session, letter)


@pytest.fixture
def sign_in(database: Database, addresses: Addresses) -> SignIn:
    """Somebody of that establishment did, so many months ago: only the owner can date it so."""

    async def write(siret: str, email: str, months: int = 0) -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            row = Account(issuer="https://idp.example", subject=email, siret=siret, email=email)
            await add(session, row)
        owner = await asyncpg.connect(addresses.owner)
        try:
            await owner.execute(SIGNED_IN, row.recorded_id, months)
        finally:
            await owner.close()

    return write
