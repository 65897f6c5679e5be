"""One cell: text as typed ↔ the value it stands for."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from models.base import EARLIEST, LATEST, SLUG
from registry.domain import contacts, texts
from registry.domain.errors import InvalidInput
from registry.domain.identifiers import code_kind, compact, is_siren
from registry.exchange.bundle.records import CODE
from registry.exchange.tables import Column, Kind

Value = str | bool | date | list[str]
Reader = Callable[[str], Value]

_RUN = r"=+\-@＝＋－＠"
_FIRST = rf"[\"']*[{_RUN}\t\r]"
_BETWEEN = r"(?<=[,;\t\r\n])"
_NEXT = rf"[\"']*[{_RUN}]"
RUN_BY_SPREADSHEETS = re.compile(f"^{_FIRST}|{_BETWEEN}{_NEXT}")
"""At the start of a cell, and after what another spreadsheet may take for the end of one;
PostgreSQL reads it alike.
"""
NEUTRALISED = re.compile(f"^'(?={_FIRST})|{_BETWEEN}'(?={_NEXT})")
CODE_SHAPED = re.compile("[0-9][0-9A-Za-z._/-]*")
"""A text that a spreadsheet may take for a number or a day."""
SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
DIGITS = re.compile("[0-9]+")
ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
FRENCH_DAY = re.compile("([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
BOOLEANS = {"true": True, "vrai": True, "false": False, "faux": False}
SLUG_SHAPE = re.compile(SLUG.removeprefix("~ '^").removesuffix("$'"))
TEXT_LIMIT = 10_000
KEY_LIMIT = 100
CACHE = 65_536


class Unreadable(ValueError):
    """The reason, in French, with what is expected."""


def neutralise(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; ``restore`` undoes it."""
    return RUN_BY_SPREADSHEETS.sub(r"'\g<0>", text)


def restore(text: str) -> str:
    """Take away the apostrophes that ``neutralise`` puts, and no other."""
    return NEUTRALISED.sub("", text)


def bare_code(text: str) -> str:
    """The text of a code that a file for spreadsheets holds as a formula."""
    return text[2:-1] if CODE.fullmatch(text) else text


def reader(column: Column, today: date) -> Reader:
    """Reads a cell that is not empty; raises ``Unreadable``."""
    if column.kind in _LONG:
        return _LONG[column.kind]
    if column.kind is Kind.WORDS:
        return lambda text: _words(text, column.words)
    if column.kind is Kind.WORD:
        return _remembering(lambda text: _word(text.strip(), column.words))
    if column.kind is Kind.PAST:
        return _remembering(lambda text: _past(text, today))
    return _remembering(_SHORT[column.kind])


def _remembering(read: Reader) -> Reader:
    """Read a repeated cell once; what is remembered is short, as the memory is bounded."""

    @lru_cache(CACHE)
    def remembered(text: str) -> Value:
        if len(text) > KEY_LIMIT:
            raise Unreadable(f"cellule de plus de {KEY_LIMIT} caractères")
        return read(text)

    return remembered


def _text(text: str) -> str:
    value = restore(text)
    if len(value) > TEXT_LIMIT:
        raise Unreadable(f"texte de plus de {TEXT_LIMIT} caractères")
    return value


def _link(text: str) -> str:
    value = _text(text.strip()).strip()
    if not texts.WEB.fullmatch(value):
        raise Unreadable("adresse web attendue, comme https://www.exemple.fr/page")
    return value


def _contact(text: str) -> str:
    try:
        return contacts.contact("contact", _text(text.strip())) or ""
    except InvalidInput as fault:
        raise Unreadable(fault.message) from fault


def _siren(text: str) -> str:
    value = compact(text)
    if not is_siren(value):
        raise Unreadable(
            f"ce n’est pas un SIREN (9 chiffres, clé de contrôle){_by_spreadsheet(value, 9)}"
        )
    return value


def _collectivite(text: str) -> str:
    value = compact(text).upper()
    if code_kind(value) is None:
        raise Unreadable(
            "ce n’est ni un code INSEE (5 caractères), ni un SIREN (9 chiffres), "
            f"ni un SIRET (14 chiffres){_by_spreadsheet(value, 5, 9, 14)}"
        )
    return value


def _by_spreadsheet(value: str, *lengths: int) -> str:
    """What a spreadsheet did to a code, which is offered back and never guessed in silence."""
    if SCIENTIFIC.fullmatch(value):
        return " ; un tableur l’a changé en nombre : mettez la colonne au format texte"
    codes = [value.zfill(length) for length in lengths if len(value) < length]
    meant = [code for code in codes if code_kind(code)] if DIGITS.fullmatch(value) else []
    if not meant:
        return ""
    return f" ; vouliez-vous dire {' ou '.join(meant)} ? Un tableur retire les zéros du début"


def _slug(text: str) -> str:
    value = text.strip()
    if not SLUG_SHAPE.fullmatch(value):
        raise Unreadable(
            "identifiant de logiciel : lettres minuscules sans accent, chiffres, et « - », "
            "« . » ou « _ » entre eux"
        )
    if len(value) > KEY_LIMIT:
        raise Unreadable(f"identifiant de logiciel de plus de {KEY_LIMIT} caractères")
    return value


def _word(value: str, words: tuple[str, ...]) -> str:
    if value not in words:
        raise Unreadable(f"valeur inconnue ; attendu : {', '.join(words)}")
    return value


def _words(text: str, words: tuple[str, ...]) -> list[str]:
    return sorted({_word(part.strip(), words) for part in text.split("|")})


def _territories(text: str) -> list[str]:
    codes = {part.strip().upper() for part in text.split("|")}
    for code in sorted(codes):
        if len(code) == 1 and DIGITS.fullmatch(code):
            raise Unreadable(
                f"code de département inconnu (COG) ; vouliez-vous dire 0{code} ? "
                "Un tableur retire les zéros du début"
            )
    return sorted(codes)


def _product_keys(text: str) -> list[str]:
    keys = set()
    for part in text.split("|"):
        siren, slash, slug = part.partition("/")
        if not slash:
            raise Unreadable("clé de logiciel attendue sous la forme SIREN/IDENTIFIANT")
        keys.add(f"{_siren(siren)}/{_slug(slug)}")
    return sorted(keys)


def _boolean(text: str) -> bool:
    value = BOOLEANS.get(text.strip().lower())
    if value is None:
        raise Unreadable("attendu : true ou false (ou VRAI, FAUX)")
    return value


def _date(text: str) -> date:
    """A day as ISO 8601 writes it, or as French spreadsheets do: never the month first."""
    value = text.strip()
    french = FRENCH_DAY.fullmatch(value)
    if french:
        day, month, year = french.groups()
        value = f"{year}-{int(month):02}-{int(day):02}"
    if not ISO_DAY.fullmatch(value):
        raise Unreadable("date attendue sous la forme AAAA-MM-JJ ou JJ/MM/AAAA")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        order = " (lue jour/mois/année)" if french else ""
        raise Unreadable(f"cette date n’existe pas{order}") from None
    if not EARLIEST <= value <= LATEST:
        raise Unreadable(f"date hors des bornes ({EARLIEST} à {LATEST})")
    return found


def _past(text: str, today: date) -> date:
    day = _date(text)
    if day > today:
        raise Unreadable(f"date dans le futur (nous sommes le {today})")
    return day


_LONG: dict[Kind, Reader] = {
    Kind.TEXT: _text,
    Kind.LINK: _link,
    Kind.CONTACT: _contact,
    Kind.TERRITORIES: _territories,
    Kind.PRODUCT_KEYS: _product_keys,
}
_SHORT: dict[Kind, Reader] = {
    Kind.SIREN: _siren,
    Kind.COLLECTIVITE: _collectivite,
    Kind.SLUG: _slug,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
}
