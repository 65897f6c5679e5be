"""A message of the outbox as an e-mail, handed to an SMTP server."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from threading import Thread

from models import Message
from registry.domain.messages import SITE
from registry.settings import Settings

PATIENCE = 10.0
"""Seconds for each answer of the server."""
DEADLINE = 60.0
"""Seconds for all of them: a server may answer one letter at a time."""

EXPECTED = (OSError, ValueError, smtplib.SMTPException)
"""What a server, a network or a setting can make fail; a time that ran out is an ``OSError``."""


class NotSent(Exception):
    """``for_good``: the server refuses this message and will refuse it again."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


async def send(message: Message, settings: Settings) -> None:
    """Raises ``NotSent``."""
    email = composed(message, settings)
    try:
        async with asyncio.timeout(DEADLINE):
            await _hand_over(email, message.recipient, settings)
    except smtplib.SMTPRecipientsRefused as refused:
        code, answer = next(iter(refused.recipients.values()))
        raise _refused(code, answer) from refused
    except smtplib.SMTPDataError as refused:
        raise _refused(refused.smtp_code, refused.smtp_error) from refused
    except EXPECTED as error:
        raise NotSent(f"{type(error).__name__} {error}") from error


def composed(message: Message, settings: Settings) -> EmailMessage:
    """Raises ``NotSent`` where a header would hold more than it should."""
    sender = settings.mail_from
    email = EmailMessage()
    email["From"] = Address("Raccord", addr_spec=sender)
    try:
        email["To"] = Address(addr_spec=message.recipient)
        email["Subject"] = message.subject
    except (ValueError, MessageError) as fault:
        raise NotSent(f"en-tête refusé : {fault}", for_good=True) from fault
    email["Date"] = format_datetime(datetime.now(UTC))
    email["Message-ID"] = message_id(message, sender)
    email["Auto-Submitted"] = "auto-generated"
    text = message.body.replace(SITE, (settings.public_url or "").rstrip("/"))
    email.set_content(text, cte="quoted-printable")
    return email


def message_id(message: Message, sender: str) -> str:
    """The same each time that message is sent: whoever gets it twice can tell."""
    moment = int(message.created_at.timestamp() * 1_000_000)
    return f"<{message.recorded_id}.{moment}@{sender.rpartition('@')[2]}>"


async def _hand_over(email: EmailMessage, recipient: str, settings: Settings) -> None:
    """In a thread that nothing waits for at the end: what is abandoned stops with the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    opened: list[smtplib.SMTP] = []

    def settle(error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error = None
        try:
            with _connected(settings) as smtp:
                opened.append(smtp)
                smtp.send_message(email, settings.mail_from, [recipient])
        except EXPECTED as raised:
            error = raised
        with suppress(RuntimeError):  # The loop has closed: nobody listens any more.
            loop.call_soon_threadsafe(settle, error)

    Thread(target=run, name="smtp", daemon=True).start()
    try:
        await done
    finally:
        _hang_up(opened)


@contextmanager
def _connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    host, port = settings.smtp_host or "", settings.smtp_port
    if settings.smtp_security == "tls":
        secured = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=secured)
    else:
        smtp = smtplib.SMTP(host, port, timeout=PATIENCE)
    try:
        if settings.smtp_security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        if settings.smtp_username is not None:
            smtp.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        yield smtp
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
    finally:
        smtp.close()


def _hang_up(opened: list[smtplib.SMTP]) -> None:
    """A thread that still waits for an answer gets an error at once."""
    for smtp in opened:
        if smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)


def _refused(code: int, answer: bytes | str) -> NotSent:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return NotSent(f"{code} {text}", for_good=500 <= code < 600)
