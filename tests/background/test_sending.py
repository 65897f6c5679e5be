"""Messages leave the outbox by a real SMTP server: once, later, or never, as it answers."""

import asyncio
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from models import Message
from registry.background import send_messages
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, REGISTRY
from registry.domain.messages import Letter, post
from registry.domain.messages import outbox as outboxes
from registry.exchange import mail
from registry.settings import Settings
from tests.background.conftest import Mailbox, Outbox, posted, sending, smtp_server
from tests.servers import free_port

MINUTES = (1, 5, 30, 120, 720)


async def send_all(database: Database, settings: Settings) -> int:
    count = 0
    while await send_messages(database, settings):
        count += 1
    return count


async def wait_is_over(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("UPDATE message SET next_try_at = now() WHERE next_try_at IS NOT NULL")
        )


async def test_a_message_arrives_with_its_headers(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox
) -> None:
    await posted(database, "contact@editeur.example")
    assert await send_all(database, smtp) == 1
    (email,), (envelope,) = mailbox.received, mailbox.envelopes
    assert envelope.mail_from == "ne-pas-repondre@raccord.example"
    assert envelope.rcpt_tos == ["contact@editeur.example"]
    assert email["Subject"] == "Été à l’école"
    assert email["From"] == "Raccord <ne-pas-repondre@raccord.example>"
    assert email["To"] == "contact@editeur.example"
    assert email["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<\d+\.\d+@raccord\.example>", email["Message-ID"])
    sent = parsedate_to_datetime(email["Date"])
    assert abs(datetime.now(UTC) - sent) < timedelta(minutes=1)
    assert email.get_content_type() == "text/plain"
    assert email.get_content_charset() == "utf-8"
    assert email.get_content() == "Là-bas : https://raccord.example/ici\r\n"
    assert bytes(envelope.content or b"").isascii()
    (row,) = await outbox()
    assert row.sent_at is not None
    assert (row.tries, row.next_try_at, row.failure) == (1, None, None)
    assert await send_all(database, smtp) == 0


@pytest.mark.parametrize("answer", ["451 later", "RCPT 450 occupied"])
async def test_a_passing_refusal_is_retried_later_and_later_then_given_up(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox, answer: str
) -> None:
    await posted(database, "contact@editeur.example")
    mailbox.answers = [answer] * 6
    for tries, minutes in enumerate(MINUTES, 1):
        assert await send_all(database, smtp) == 1
        (row,) = await outbox()
        assert row.next_try_at is not None
        left = row.next_try_at - datetime.now(UTC)
        assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)
        assert (row.tries, row.sent_at) == (tries, None)
        await wait_is_over(database)
    assert await send_all(database, smtp) == 1
    (row,) = await outbox()
    assert (row.tries, row.next_try_at, row.sent_at) == (6, None, None)
    assert (row.failure or "").startswith(answer.removeprefix("RCPT ")[:3])
    assert await send_all(database, smtp) == 0
    assert mailbox.envelopes == []


async def test_the_second_try_is_the_same_message(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox
) -> None:
    await posted(database, "contact@editeur.example")
    mailbox.answers = ["451 later"]
    assert await send_all(database, smtp) == 1
    await wait_is_over(database)
    assert await send_all(database, smtp) == 1
    (row,) = await outbox()
    assert (row.tries, row.failure, row.sent_at is None) == (2, None, False)
    (email,) = mailbox.received
    assert email["Message-ID"] == mail.message_id(row, "x@raccord.example")


@pytest.mark.parametrize("answer", ["554 refused", "RCPT 550 unknown <contact@editeur.example>"])
async def test_a_refusal_for_good_is_not_retried(
    database: Database,
    smtp: Settings,
    mailbox: Mailbox,
    outbox: Outbox,
    caplog: pytest.LogCaptureFixture,
    answer: str,
) -> None:
    await posted(database, "contact@editeur.example")
    mailbox.answers = [answer]
    assert await send_all(database, smtp) == 1
    (row,) = await outbox()
    assert (row.tries, row.next_try_at, row.sent_at) == (1, None, None)
    assert (row.failure or "").startswith(answer.removeprefix("RCPT ")[:3])
    (record,) = caplog.records
    assert vars(record)["fields"] == {"id": row.id, "tries": 1, "givenUp": True}
    assert "@" not in caplog.text


async def test_one_refused_does_not_hold_the_others(
    database: Database, smtp: Settings, mailbox: Mailbox
) -> None:
    await posted(database, "a@a.example", "b@b.example", "c@c.example")
    mailbox.answers = ["RCPT 550 unknown"]
    assert await send_all(database, smtp) == 3
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [
        ["b@b.example"],
        ["c@c.example"],
    ]


async def test_a_server_that_is_away_is_tried_again(database: Database, outbox: Outbox) -> None:
    await posted(database, "contact@editeur.example")
    assert await send_all(database, sending(free_port())) == 1
    (row,) = await outbox()
    assert (row.tries, row.sent_at) == (1, None)
    assert row.next_try_at is not None
    assert "ConnectionRefusedError" in (row.failure or "")


@pytest.mark.parametrize("said", [b"", b"220 bonjour\r\n"])
async def test_a_server_that_hangs_is_left(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.3)
    await posted(database, "contact@editeur.example")

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        held.append(writer)

    held: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        start = time.monotonic()
        assert await send_all(database, sending(server.sockets[0].getsockname()[1])) == 1
        assert time.monotonic() - start < 2
        held.pop().close()
    (row,) = await outbox()
    assert (row.tries, row.sent_at) == (1, None)
    assert row.next_try_at is not None


async def test_a_server_that_answers_letter_by_letter_is_left(
    database: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "DEADLINE", 0.5)
    await posted(database, "contact@editeur.example")

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bonjour\r\n")
        gone = asyncio.create_task(reader.read())
        while not gone.done():
            writer.write(b"2")
            await asyncio.wait([gone], timeout=0.05)
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        start = time.monotonic()
        assert await send_all(database, sending(server.sockets[0].getsockname()[1])) == 1
        assert time.monotonic() - start < 2
    (row,) = await outbox()
    assert (row.tries, row.sent_at) == (1, None)


async def test_two_workers_send_each_message_once(
    database: Database, smtp: Settings, mailbox: Mailbox
) -> None:
    everyone = [f"contact{i}@editeur.example" for i in range(20)]
    await posted(database, *everyone)
    counts = await asyncio.gather(*(send_all(database, smtp) for _ in range(3)))
    assert sum(counts) == 20
    assert max(counts) < 20
    assert sorted(mailbox.recipients) == sorted(everyone)


async def test_a_worker_that_dies_after_sending_sends_the_same_again(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox
) -> None:
    await posted(database, "contact@editeur.example")

    async def die_before_the_commit() -> None:
        async with database.transaction(REGISTRY) as session:
            message = await outboxes.next_due(session, datetime.now(UTC))
            assert message is not None
            await mail.send(message, smtp)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await die_before_the_commit()
    assert await send_all(database, smtp) == 1
    first, second = mailbox.received
    assert first["Message-ID"] == second["Message-ID"]
    (row,) = await outbox()
    assert row.sent_at is not None


@pytest.mark.parametrize("missing", ["smtp_host", "public_url"])
async def test_without_a_server_or_an_address_messages_wait(
    database: Database, smtp: Settings, outbox: Outbox, missing: str
) -> None:
    await posted(database, "contact@editeur.example")
    assert await send_messages(database, smtp.model_copy(update={missing: None})) is False
    (row,) = await outbox()
    assert (row.tries, row.sent_at) == (0, None)
    assert row.next_try_at is not None


async def test_a_server_without_the_security_asked_for_gets_nothing(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox
) -> None:
    await posted(database, "contact@editeur.example")
    secured = smtp.model_copy(update={"smtp_security": "starttls"})
    assert await send_all(database, secured) == 1
    (row,) = await outbox()
    assert row.next_try_at is not None
    assert "SMTPNotSupportedError" in (row.failure or "")
    assert mailbox.recipients == []


@pytest.mark.parametrize("subject", ["deux\nlignes", "deux\rlignes", "deux\x85lignes", "nul\0"])
async def test_no_subject_has_two_lines(database: Database, subject: str) -> None:
    async with database.transaction(REGISTRY) as session:
        with pytest.raises(ValueError, match="one line"):
            await post(session, Letter("clé", ["a@a.example"], subject, "corps"))


HOSTILE = [
    "a@a.example\nBcc: b@b.example",
    "a@a.example, b@b.example",
    "a,b@b.example",
    "<a@a.example>",
    "Nom <a@a.example>",
    "a@a.example\r\nRCPT TO:<b@b.example>",
    "a@a",
    "",
]


@pytest.mark.parametrize("recipient", HOSTILE)
async def test_a_recipient_is_one_mailbox(database: Database, recipient: str) -> None:
    async with database.transaction(REGISTRY) as session:
        with pytest.raises(ValueError, match="one mailbox"):
            await post(session, Letter("clé", [recipient], "sujet", "corps"))


@pytest.mark.parametrize("column", ["subject", "recipient"])
async def test_a_row_that_says_more_than_it_should_is_not_sent(
    database: Database, smtp: Settings, mailbox: Mailbox, outbox: Outbox, column: str
) -> None:
    """Whatever wrote it: composing is a second wall."""
    values = {"subject": "sujet", "recipient": "a@a.example"} | {column: HOSTILE[0]}
    async with database.transaction(ADMINISTRATOR) as session:
        session.add(Message(key="clé", body="corps", **values))
    assert await send_all(database, smtp) == 1
    (row,) = await outbox()
    assert (row.tries, row.next_try_at, row.sent_at) == (1, None, None)
    assert mailbox.recipients == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # On a loopback address.
async def test_a_server_that_asks_who_sends_is_told(
    database: Database, mailbox: Mailbox, outbox: Outbox
) -> None:
    def check(*given: object) -> AuthResult:
        known = given[-1] == LoginPassword(b"raccord", b"secret")
        return AuthResult(success=known, handled=False)

    await posted(database, "contact@editeur.example")
    options = {"authenticator": check, "auth_require_tls": False, "auth_required": True}
    async with smtp_server(mailbox, **options) as anonymous:
        for password in (None, "wrong"):
            assert await send_all(database, by(anonymous, password)) == 1
            assert mailbox.envelopes == []
            (row,) = await outbox()
            assert row.next_try_at is not None
            assert "53" in (row.failure or "")
            await wait_is_over(database)
        assert await send_all(database, by(anonymous, "secret")) == 1
    assert len(mailbox.envelopes) == 1


def by(settings: Settings, password: str | None) -> Settings:
    if password is None:
        return settings
    known = {"smtp_username": "raccord", "smtp_password": SecretStr(password)}
    return settings.model_copy(update=known)


async def test_a_worker_told_to_stop_leaves_its_message(database: Database, outbox: Outbox) -> None:
    await posted(database, "contact@editeur.example")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = asyncio.create_task(send_messages(database, sending(silent.getsockname()[1])))
        await asyncio.sleep(0.2)
        start = time.monotonic()
        sender.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sender
        assert time.monotonic() - start < 1
    (row,) = await outbox()
    assert (row.tries, row.sent_at) == (0, None)
