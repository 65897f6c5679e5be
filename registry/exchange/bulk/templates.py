"""A file of declarations to fill in: its columns, and the codes that whoever sends it may write."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from models import BulkNoun, Demarche
from registry.domain import bulk_declarations, products
from registry.domain.actor import Actor
from registry.domain.words import ACTIVATION_STATES, DEMARCHES, SERVICES
from registry.exchange.bulk.columns import MEANINGS
from registry.exchange.tables import ACTIVATIONS, DEPLOYMENTS, Column

TABLES = {BulkNoun.DEPLOYMENTS: DEPLOYMENTS, BulkNoun.ACTIVATIONS: ACTIVATIONS}
SAID_BY_DEFAULT = ("declared_by", "confirmed_by")
"""Columns that whoever sends a file has no need to fill in."""
FILLED = 20_000
"""Rows of the sheet in which a code may be picked from a list."""
TEXT = 49
"""The format of cells that a spreadsheet leaves as they are typed: codes keep their zeros."""
WIDTHS = {"collectivite": 15, "vendor_siren": 14, "product": 28, "demarche": 30, "state": 30}


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


MEDIA_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}

Codes = Mapping[str, str]
"""What each code means."""


@dataclass(frozen=True, slots=True)
class Template:
    """``codes`` are those of each column that takes no other."""

    columns: Sequence[Column]
    codes: Mapping[str, Codes]

    def write(self, format: Format) -> bytes:
        return self._csv() if format is Format.CSV else self._xlsx()

    def _csv(self) -> bytes:
        """As French spreadsheets open and write it."""
        return f"\ufeff{';'.join(column.name for column in self.columns)}\r\n".encode()

    def _xlsx(self) -> bytes:
        from xlsxwriter import Workbook  # Half of the time of a start, for a few files a day.

        out = io.BytesIO()
        with Workbook(out, {"in_memory": True}) as book:
            title, text = book.add_format({"bold": True}), book.add_format({"num_format": TEXT})
            sheet, codes = book.add_worksheet("Déclarations"), book.add_worksheet("Codes")
            sheet.freeze_panes(1, 0)
            codes.freeze_panes(1, 0)
            places: dict[str, str] = {}
            for place, (name, meanings) in enumerate(self.codes.items()):
                codes.write_row(0, 3 * place, [name, "ce que c’est"], title)
                codes.set_column(3 * place, 3 * place + 1, 32, text)
                for line, (code, meaning) in enumerate(meanings.items(), 1):
                    codes.write_string(line, 3 * place, code)
                    codes.write_string(line, 3 * place + 1, meaning)
                places[name] = _range(3 * place, len(meanings))
            for place, column in enumerate(self.columns):
                sheet.set_column(place, place, WIDTHS.get(column.name, 14), text)
                sheet.write_string(0, place, column.name, title)
                told = {"input_title": column.name, "input_message": _hint(column)}
                picked = {"validate": "list", "source": places.get(column.name), **LENIENT}
                rule = picked if places.get(column.name) else {"validate": "any"}
                sheet.data_validation(1, place, FILLED, place, rule | told)
        return out.getvalue()


LENIENT = {"error_type": "warning", "error_message": "Ce code n’est pas dans la feuille « Codes »."}
"""A list may be older than what it lists."""


def _range(column: int, count: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return f"=Codes!{xl_range_abs(1, column, count, column)}" if count else ""


def _hint(column: Column) -> str:
    needed = "obligatoire" if column.mandatory else "facultatif"
    return f"{MEANINGS[column.name]} ({needed})"


async def read(
    session: AsyncSession, actor: Actor, noun: BulkNoun, siren: str | None = None
) -> Template:
    """For whoever may send such a file; ``siren`` as in ``bulk_declarations.sender``."""
    siren, _ = await bulk_declarations.sender(session, actor, noun, siren)
    acting = await bulk_declarations.for_organisation(session, actor, siren)
    owned = [
        product
        for vendor in sorted(acting.vendors)
        for product in await products.of_vendor(session, vendor)
    ]
    covered = {code for product in owned for code in product.demarches} or set(Demarche)
    known: Mapping[str, Codes] = {
        "product": {product.slug: product.name for product in owned},
        "demarche": {code: words for code, words in DEMARCHES.items() if code in covered},
        "service": {str(code): words for code, words in SERVICES.items()},
        "state": {str(code): words for code, words in ACTIVATION_STATES.items()},
    }
    columns = [column for column in TABLES[noun] if column.name not in SAID_BY_DEFAULT]
    return Template(columns, {c.name: known[c.name] for c in columns if known.get(c.name)})
