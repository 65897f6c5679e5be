"""The mailbox or page where an organisation is reached: one rule for every door and for sending."""

import re
import unicodedata

import idna

from registry.domain import texts
from registry.domain.errors import InvalidInput

LONGEST_LOCAL, LONGEST = 64, 254
"""Characters before the « @ », and bytes of the whole address as it is sent (RFC 5321)."""
MAILTO = "mailto:"
LETTERS = r"A-Za-z0-9!#$'*+/=^_{|}~-"
LOCAL = re.compile(rf"[{LETTERS}]+(\.[{LETTERS}]+)*")
"""RFC 5322's dot-atom without « ? & % » and the backtick, which an e-mail link would run."""
FOREIGN = re.compile(rf"[^.{LETTERS}]")
SEPARATORS = re.compile(r"[\s,;]+")

HAS_MAILBOX = "coalesce(contact LIKE '%@%' AND contact NOT ILIKE 'http%', false)"
"""Of a row of ``vendor``, in SQL: ``contact`` below let nothing else in but a page."""


def contact(field: str, value: str | None) -> str | None:
    """Return the mailbox or the page as it is stored, or None where nothing is written.

    Raises ``InvalidInput``, which says what can't be written to and why.
    """
    text = texts.optional(field, value, texts.MAX_URL)
    if text is None:
        return None
    if re.match("https?:", text, re.IGNORECASE):
        return texts.url(field, text)
    if "@" not in text:
        raise InvalidInput(
            field,
            "Une adresse électronique de service (nom@domaine.fr) ou une page (https://…) est"
            " attendue, jamais les coordonnées d’une personne.",
        )
    return mailbox(field, text)


def mailbox(field: str, value: str) -> str:
    """Return one mailbox: ``mailto:`` stripped, composed letters, the domain in lower case.

    Raises ``InvalidInput`` where no message could be sent to it.
    """
    text = unicodedata.normalize("NFC", texts.required(field, value, texts.MAX_URL))
    if text.lower().startswith(MAILTO):
        text = text[len(MAILTO) :].strip()
    several = [part for part in SEPARATORS.split(text) if "@" in part]
    if len(several) > 1:
        raise InvalidInput(field, f"Une seule adresse est attendue, et non {' et '.join(several)}.")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise InvalidInput(field, "Une adresse électronique (nom@domaine.fr) est attendue.")
    _check_local(field, local)
    domain = domain.lower()
    sent = _encoded(domain)
    if sent is None:
        raise InvalidInput(
            field, f"« {domain} » n’est pas un nom de domaine auquel on puisse écrire."
        )
    if len(local) + 1 + len(sent) > LONGEST:
        raise InvalidInput(field, f"Cette adresse dépasse {LONGEST} caractères.")
    return f"{local}@{domain}"


def sendable(text: str) -> str | None:
    """Return the ASCII address that a message to this contact is sent to; None for a page, or
    for what can't be written to.
    """
    try:
        local, _, domain = mailbox("contact", text).rpartition("@")
    except InvalidInput:
        return None
    return f"{local}@{_encoded(domain)}"


def _check_local(field: str, local: str) -> None:
    if len(local) > LONGEST_LOCAL:
        raise InvalidInput(
            field,
            f"Ce qui précède « @ » a {len(local)} caractères, {LONGEST_LOCAL} au plus.",
        )
    foreign = FOREIGN.search(local)
    if foreign is not None:
        raise InvalidInput(
            field,
            f"Le nom de la boîte, « {local} », doit s’écrire en lettres sans accent, chiffres et"
            f" signes simples : « {foreign[0]} » n’y est pas admis.",
        )
    if not LOCAL.fullmatch(local):
        raise InvalidInput(field, f"Un point est mal placé dans « {local} ».")


def _encoded(domain: str) -> str | None:
    """The domain in the letters of the DNS (IDNA 2008), or None where it is none."""
    try:
        encoded = idna.encode(domain).decode("ascii")
    except idna.IDNAError:
        return None
    *names, last = encoded.split(".")
    return encoded if names and last and not last.isdigit() else None
