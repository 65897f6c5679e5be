"""Bundles written by tests, and the geography under them, without the referential's import."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import Demarche
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.exchange.bundle import (
    BundleRefused,
    Fault,
    Report,
    export_bundle,
    import_bundle,
)
from tests.oracle import Body
from tests.strategies.bundles import OUT_OF_THE_REFERENTIAL
from tests.strategies.geography import siren

VENDOR, OTHER_VENDOR = siren(90_000_001), siren(90_000_002)
CCAS = siren(26_000_001)
LILLE_SIRET = "21590350100009"

Row = Mapping[str, str]
Files = Mapping[str, Iterable[Row]]
"""File name, without .csv, to its rows."""

REGIONS = {
    "01": "84",
    "2A": "94",
    "2B": "94",
    "59": "32",
    "62": "32",
    "69": "84",
    "75": "11",
    "974": "04",
    "987": "987",
}
"""The région of each département that the tests speak of (COG codes)."""

WRITTEN = (
    "vendor",
    "product",
    "product_former_key",
    "collectivite",
    "integration",
    "commitment",
    "deployment",
    "activation",
    "ledger",
)

INSERT_TERRITORIES = """
INSERT INTO territory (kind, code, name, region) VALUES (:kind, :code, :code, :region)
ON CONFLICT DO NOTHING
"""
INSERT_BODY = """
INSERT INTO collectivite (kind, insee, siren, name, population, departements, regions, strata,
                          epci_id, closed_on, no_online_demarche_since, search)
VALUES (:kind, :insee, :siren, :name, :population, :departements, :regions, :strata,
        (SELECT id FROM collectivite WHERE siren = CAST(:epci AS text) AND kind = 'EPCI'),
        CASE WHEN CAST(:closed AS boolean) THEN date '2019-01-01' END,
        :no_online_demarche_since, lower(:name))
"""
INSERT_FORMER_CODE = """
INSERT INTO collectivite_former_code (former_code, collectivite_id)
SELECT :former, id FROM collectivite WHERE code = :code
"""
COMPLETE_BODY = """
UPDATE collectivite
SET no_online_demarche_since = :no_online_demarche_since,
    closed_on = CASE WHEN CAST(:closed AS boolean) THEN date '2019-01-01' END
WHERE code = :code
"""


FORMER_CODES = {"01330": "01187", "200053676": "01187"}
"""A code that vanished and a SIREN that was replaced, each with the commune that it now means."""


def _body(
    code: str,
    kind: str,
    siren: str | None,
    population: int,
    departement: str,
    *strata: str,
    **more: str,
) -> Body:
    return Body(
        code=code,
        kind=kind,
        siren=siren,
        insee=code if kind == "COMMUNE" else None,
        population=population,
        departements=frozenset(departement.split("|")),
        regions=frozenset(REGIONS[d] for d in departement.split("|")),
        epci=more.get("epci"),
        strata=frozenset(strata),
    )


BODIES = (
    _body("200093201", "EPCI", "200093201", 1_195_234, "59", "EPCI"),
    _body("200046977", "EPCI", "200046977", 1_436_354, "69", "EPCI", "DEPARTEMENT"),
    _body("225900018", "DEPARTEMENT", "225900018", 2_615_635, "59", "DEPARTEMENT"),
    _body("200076958", "DEPARTEMENT", "200076958", 355_486, "2A|2B", "DEPARTEMENT"),
    _body("59350", "COMMUNE", "215903501", 238_246, "59", "COMMUNE_OVER_3500", epci="200093201"),
    _body("59512", "COMMUNE", "215905126", 98_286, "59", "COMMUNE_OVER_3500", epci="200093201"),
    _body("59001", "COMMUNE", "215900010", 441, "59", "COMMUNE_UP_TO_3500"),
    _body("62041", "COMMUNE", "216200410", 42_875, "62", "COMMUNE_OVER_3500"),
    _body("01187", "COMMUNE", "931304075", 801, "01", "COMMUNE_UP_TO_3500"),
    _body("2A004", "COMMUNE", "212000046", 76_320, "2A", "COMMUNE_OVER_3500"),
    _body("69123", "COMMUNE", "216901231", 519_127, "69", "COMMUNE_OVER_3500", epci="200046977"),
    _body("75056", "COMMUNE", "217500016", 2_103_778, "75", "COMMUNE_OVER_3500", "DEPARTEMENT"),
    _body("98735", "COMMUNE", None, 26_654, "987"),
)
"""Real bodies of 2026; that of Papeete has no SIREN."""


async def insert_geography(session: AsyncSession) -> None:
    await insert_bodies(session, BODIES)
    for former, code in FORMER_CODES.items():
        await session.execute(sa.text(INSERT_FORMER_CODE), {"former": former, "code": code})


async def insert_bodies(session: AsyncSession, bodies: Iterable[Body]) -> None:
    """The territories, and the bodies of the kinds that the referential brings.

    The others come by ``collectivites.csv``: after its import call ``complete_bodies``.
    """
    territories = [
        *({"kind": "DEPARTEMENT", "code": c, "region": r} for c, r in REGIONS.items()),
        *({"kind": "REGION", "code": r, "region": None} for r in sorted({*REGIONS.values()})),
    ]
    await session.execute(sa.text(INSERT_TERRITORIES), territories)
    known = [body for body in bodies if body.kind not in OUT_OF_THE_REFERENTIAL]
    for body in sorted(known, key=lambda body: body.kind != "EPCI"):
        await session.execute(sa.text(INSERT_BODY), _values(body))


async def complete_bodies(session: AsyncSession, bodies: Iterable[Body]) -> None:
    """What ``collectivites.csv`` does not say of the bodies that it brought."""
    for body in bodies:
        if body.kind in OUT_OF_THE_REFERENTIAL:
            values = _values(body)
            wanted = ("code", "closed", "no_online_demarche_since")
            await session.execute(sa.text(COMPLETE_BODY), {key: values[key] for key in wanted})


def _values(body: Body) -> dict[str, object]:
    return {
        **vars(body),
        "name": f"{body.kind} {body.code}",
        "departements": sorted(body.departements),
        "regions": sorted(body.regions),
        "strata": sorted(body.strata),
    }


def write(folder: Path, files: Files) -> Path:
    """A file for each noun that has rows; its columns are those that any of the rows fills."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        if rows := list(rows):
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(
                    file, columns, restval="", lineterminator="\n", quoting=csv.QUOTE_ALL
                )
                writer.writeheader()
                writer.writerows(rows)
    return folder


def small() -> dict[str, list[dict[str, str]]]:
    """A vendor with a product qualified, promised and in production in Lille."""
    product = {"vendor_siren": VENDOR, "product": "agora"}
    use = {"collectivite": "59350", **product, "demarche": "PERISCOLAIRE"}
    step = {**product, "effective_on": "2022-01-01"}
    return {
        "vendors": [{"siren": VENDOR, "name": "Agora Éditions"}],
        "products": [
            {
                "vendor_siren": VENDOR,
                "slug": "agora",
                "name": "Agora",
                "citizen_login": "true",
                "demarches": "PERISCOLAIRE|URBANISME",
            }
        ],
        "integrations": [{**step, "service": "FRANCECONNECT_V2", "state": "QUALIFIED"}],
        "commitments": [{**step, "product": "", "state": "SIGNED"}],
        "deployments": [{**use, "since": "2021-01-01"}],
        "activations": [
            {
                **use,
                "service": "FRANCECONNECT_V2",
                "effective_on": "2022-02-01",
                "state": "IN_PRODUCTION",
            }
        ],
    }


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def imported(database: Database, folder: Path) -> Report:
    async with database.transaction(ADMINISTRATOR) as session:
        return await import_bundle(session, ADMINISTRATOR, folder)


async def refused(database: Database, folder: Path) -> list[Fault]:
    """The faults of a bundle that must be refused."""
    try:
        await imported(database, folder)
    except BundleRefused as refusal:
        return refusal.faults
    raise AssertionError("the bundle was accepted")


async def exported(database: Database, folder: Path) -> dict[str, bytes]:
    """File name to its bytes."""
    async with database.read() as session:
        await export_bundle(session, ADMINISTRATOR, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


TOWNS = 2000
MANY_DEMARCHES = [str(demarche) for demarche in Demarche][:10]
INSERT_TOWNS = """
INSERT INTO collectivite (kind, insee, name, search)
SELECT 'COMMUNE', (50000 + number)::text, 'Commune ' || number, 'commune'
FROM generate_series(1, :towns) AS number
"""


async def insert_towns(session: AsyncSession) -> None:
    await session.execute(sa.text(INSERT_TOWNS), {"towns": TOWNS})


def write_many(folder: Path, deployments: int) -> Path:
    """A multiple of 20,000 deployments of ``insert_towns``: each town uses the same products."""
    product = small()["products"][0] | {"demarches": "|".join(sorted(MANY_DEMARCHES))}
    slugs = [f"logiciel-{n}" for n in range(deployments // TOWNS // len(MANY_DEMARCHES))]
    products = [product | {"slug": slug} for slug in slugs]
    write(folder, {"vendors": small()["vendors"], "products": products})
    with (folder / "deployments.csv").open("w", encoding="utf-8") as file:
        file.write("collectivite,vendor_siren,product,demarche,since\n")
        for town in range(1, TOWNS + 1):
            file.writelines(
                f"{50000 + town},{VENDOR},{slug},{demarche},2023-{town % 12 + 1:02}-01\n"
                for slug in slugs
                for demarche in MANY_DEMARCHES
            )
    return folder


async def peak_growth(database: Database, folder: Path) -> tuple[Report, int]:
    """An import, and by how many bytes it made the memory of this process grow at most."""
    process = psutil.Process()
    before = process.memory_info().rss
    seen = [before]

    def watch(*_: object) -> None:
        seen.append(process.memory_info().rss)

    async with database.transaction(ADMINISTRATOR) as session:
        report = await import_bundle(session, ADMINISTRATOR, folder, watch)
        watch()
    watch()
    return report, max(seen) - before


async def stored(database: Database) -> dict[str, int]:
    """The rows of each table that an import may write, and the ledger's head."""
    counts = " UNION ALL ".join(
        f"SELECT '{noun}' AS noun, count(*) FROM {noun}" for noun in WRITTEN
    )
    async with database.read() as session:
        head = "SELECT 'head', max(seq) FROM ledger"
        rows = (await session.execute(sa.text(f"{counts} UNION ALL {head}"))).all()
        return {row[0]: row[1] for row in rows}
