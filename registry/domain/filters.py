"""What narrows a list: what people type, checked, and the conditions that it becomes."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from registry.domain.errors import InvalidInput
from registry.domain.identifiers import compact, is_siren, is_siret

LONGEST_TEXT = 200


def checked_siren(field: str, text: str) -> str:
    siren = compact(text)
    if not is_siren(siren):
        raise InvalidInput(
            field,
            f"« {text} » n’est pas un SIREN : 9 chiffres dont le dernier est une clé de contrôle.",
        )
    return siren


def checked_siret(field: str, text: str) -> str:
    siret = compact(text)
    if not is_siret(siret):
        raise InvalidInput(
            field,
            f"« {text} » n’est pas un SIRET : 14 chiffres dont le dernier est une clé de contrôle.",
        )
    return siret


def checked_text(field: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(field, f"Le texte cherché dépasse {LONGEST_TEXT} caractères.")
    return text


def among(column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """One array parameter, so that the statement is the same whatever the number of values."""
    listed = sa.bindparam(None, list(values), type_=ARRAY(column.type))
    condition: sa.ColumnElement[bool] = column == sa.any_(listed)
    return condition


def in_force(start: Any, end: Any, day: date) -> sa.ColumnElement[bool]:
    """From the ``start`` column, inclusive, to the ``end`` one, exclusive; null: no end."""
    return sa.and_(start <= day, sa.or_(end.is_(None), end > day))
