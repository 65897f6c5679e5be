"""What people write, checked: length, hidden characters, addresses of pages."""

import re
import unicodedata
from urllib.parse import urlsplit

from registry.domain.errors import InvalidInput

MAX_URL = 2000
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
SPACING = {"\n", "\r", "\t"}
EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
WEB = re.compile(r"(https?://)?[\w-]+(\.[\w-]+)+([:/?#]\S*)?", re.IGNORECASE)


def required(field: str, value: str, longest: int) -> str:
    found = optional(field, value, longest)
    if found is None:
        raise InvalidInput(field, "Une valeur est attendue.")
    return found


def optional(field: str, value: str | None, longest: int) -> str | None:
    """The text without the blanks around it; None when nothing is left."""
    found = (value or "").strip()
    if len(found) > longest:
        raise InvalidInput(field, f"{len(found)} caractères, {longest} au plus.")
    for character in found:
        if unicodedata.category(character) in HIDDEN and character not in SPACING:
            raise InvalidInput(field, f"Caractère invisible U+{ord(character):04X} : à retirer.")
    return found or None


def url(field: str, value: str | None) -> str | None:
    found = optional(field, value, MAX_URL)
    if found is None:
        return None
    try:
        parts = urlsplit(found)
    except ValueError as fault:
        raise InvalidInput(field, "Cette adresse est illisible.") from fault
    if parts.username or parts.password:
        raise InvalidInput(field, "L’adresse ne doit contenir ni compte ni mot de passe.")
    if parts.scheme not in {"http", "https"} or not WEB.fullmatch(found):
        raise InvalidInput(field, "Une adresse https://… est attendue.")
    return found


def email(field: str, value: str) -> str:
    found = required(field, value, 254).lower()
    if not EMAIL.fullmatch(found):
        raise InvalidInput(field, "Une adresse électronique est attendue.")
    return found
