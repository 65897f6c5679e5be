"""SIREN, SIRET and INSEE codes (INSEE, Sirene; La Poste's SIRET follow a rule of their own)."""

import re
from enum import StrEnum

LA_POSTE = "356000000"
SPACES = re.compile(r"\s+")
SURE_DIGITS = 18
"""Any number of so many digits is a ``bigint``."""


class CodeKind(StrEnum):
    INSEE = "INSEE"
    SIREN = "SIREN"
    SIRET = "SIRET"


def compact(text: str) -> str:
    """Without any white space, as people group digits in many ways, nor what our files for Excel
    write around a code: ``="01005"``.
    """
    bare = SPACES.sub("", text)
    return bare[2:-1] if bare.startswith('="') and bare.endswith('"') else bare


def is_siren(text: str) -> bool:
    return re.fullmatch("[0-9]{9}", text) is not None and _luhn(text)


def is_siret(text: str) -> bool:
    if re.fullmatch("[0-9]{14}", text) is None or not is_siren(text[:9]):
        return False
    if text.startswith(LA_POSTE):
        return _luhn(text) or sum(map(int, text)) % 5 == 0
    return _luhn(text)


def is_insee(text: str) -> bool:
    return re.fullmatch("([0-9]{2}|2[AB])[0-9]{3}", text) is not None


def code_kind(text: str) -> CodeKind | None:
    """What a collectivité's code is, or none when it is not one."""
    if is_insee(text):
        return CodeKind.INSEE
    if is_siren(text):
        return CodeKind.SIREN
    if is_siret(text):
        return CodeKind.SIRET
    return None


def departement_of(insee: str) -> str:
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (
        sum(map(int, digits[::-2])) + sum(value - 9 * (value > 9) for value in doubled)
    ) % 10 == 0


def record_number(text: str) -> int | None:
    """None for what numbers no record: those that a ``bigint`` can't hold too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= SURE_DIGITS else None
