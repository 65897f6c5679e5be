import bz2
import csv
import io
import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path

from registry.exchange.geography.faults import checked
from registry.exchange.geography.records import Commune, Departement, Epci, Geography, Region
from registry.exchange.geography.sources import (
    Source,
    bodies_source,
    cite,
    csv_rows,
    read_bodies,
    split,
)

_WAY_OUT = "Régénérez-le avec fixtures/referential/build.py."
_POPULATION = re.compile(r"[0-9]{1,9}")
_COLUMNS = {
    "communes": (
        "code",
        "name",
        "siren",
        "population",
        "departement",
        "region",
        "epci",
        "former_codes",
        "postal_codes",
        "other_names",
    ),
    "epcis": ("siren", "name", "type"),
    "departements": ("code", "name", "region"),
    "regions": ("code", "name"),
}


def read_fixture(folder: Path, vintage: int, bodies: Path) -> Geography:
    """`folder` holds one vintage, as `write_fixture` left it."""
    sources = {part: Source(_path(folder, part), _WAY_OUT) for part in _COLUMNS}
    rows = {part: _rows(source, _COLUMNS[part]) for part, source in sources.items()}
    sources["bodies"] = bodies_source(bodies)
    geography = Geography(
        vintage,
        tuple(_commune(sources["communes"], row) for row in rows["communes"]),
        tuple(Epci(*row) for row in rows["epcis"]),
        tuple(Departement(*row) for row in rows["departements"]),
        tuple(Region(*row) for row in rows["regions"]),
        read_bodies(sources["bodies"]),
    )
    return checked(geography, sources)


def write_fixture(geography: Geography, folder: Path) -> None:
    """The same geography always gives the same bytes; `bodies`, which have a file, aren't there."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, "communes", map(_commune_row, geography.communes))
    _write(folder, "epcis", ((e.siren, e.name, e.type) for e in geography.epcis))
    _write(folder, "departements", ((d.code, d.name, d.region) for d in geography.departements))
    _write(folder, "regions", ((r.code, r.name) for r in geography.regions))


def _path(folder: Path, part: str) -> Path:
    return folder / f"{part}.csv.bz2"


def _rows(source: Source, columns: Sequence[str]) -> list[list[str]]:
    content = source.content()
    try:
        text = bz2.decompress(content)
    except (OSError, ValueError) as error:
        raise source.error("compression bz2 invalide ou tronquée") from error
    return csv_rows(source, text, columns)


def _commune(source: Source, row: list[str]) -> Commune:
    code, name, siren, population, departement, region, epci, *lists = row
    if population and not _POPULATION.fullmatch(population):
        raise source.error(f"population mal formée : {cite(population)} ({cite(code)})")
    former_codes, postal_codes, other_names = map(split, lists)
    return Commune(
        code=code,
        name=name,
        siren=siren or None,
        population=int(population) if population else None,
        departement=departement,
        region=region,
        epci=epci or None,
        former_codes=former_codes,
        postal_codes=postal_codes,
        other_names=other_names,
    )


def _commune_row(commune: Commune) -> tuple[str | int | None, ...]:
    return (
        commune.code,
        commune.name,
        commune.siren,
        commune.population,
        commune.departement,
        commune.region,
        commune.epci,
        ";".join(commune.former_codes),
        ";".join(commune.postal_codes),
        ";".join(commune.other_names),
    )


def _write(folder: Path, part: str, rows: Iterable[tuple[str | int | None, ...]]) -> None:
    ordered = sorted(rows, key=itemgetter(0))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS[part])
    writer.writerows(ordered)
    # gzip would not do: its bytes change with the compression library's version.
    _path(folder, part).write_bytes(bz2.compress(text.getvalue().encode(), 9))
