import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.exchange.geography.records import DepartementBody, GeographyError

_BODY_COLUMNS = ("siren", "name", "departement_codes")
_BODIES_WAY_OUT = "Reprenez le fichier departement_bodies.csv fourni avec le projet."


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and what a person can do when it is faulty."""

    path: Path
    way_out: str

    def error(self, reason: str) -> GeographyError:
        return GeographyError(f"{self.path} : {reason}. {self.way_out}")

    def content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError as error:
            raise self.error("fichier absent") from error
        except OSError as error:
            raise self.error("fichier illisible") from error


def bodies_source(path: Path) -> Source:
    return Source(path, _BODIES_WAY_OUT)


def read_bodies(source: Source) -> tuple[DepartementBody, ...]:
    rows = csv_rows(source, source.content(), _BODY_COLUMNS)
    return tuple(DepartementBody(siren, name, split(codes)) for siren, name, codes in rows)


def csv_rows(source: Source, content: bytes, columns: Sequence[str]) -> list[list[str]]:
    """The rows below the header line, which must be exactly `columns`."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise source.error("le texte n’est pas en UTF-8") from error
    except csv.Error as error:
        raise source.error("CSV invalide (guillemets ou longueur d’une cellule)") from error
    if not rows or rows[0] != list(columns):
        raise source.error(f"en-tête inattendu, il faut : {','.join(columns)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            raise source.error(f"ligne {number} : {len(row)} cellules au lieu de {len(columns)}")
    return rows[1:]


def split(codes: str) -> tuple[str, ...]:
    return tuple(codes.split(";")) if codes else ()


def cite(value: object) -> str:
    """A value in a message: short, and with its unprintable characters escaped."""
    return f"« {repr(str(value)[:40])[1:-1]} »"
