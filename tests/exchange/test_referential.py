"""The real geography, loaded both ways: 2026 at once, and 2022 then 2026."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.errors import InvalidInput, NotAllowed
from registry.embedded import Addresses
from registry.exchange.geography import Geography, GeographyError
from registry.exchange.referential import Report, earlier, load, locate
from registry.exchange.referential.bodies import bodies
from registry.settings import ROOT
from tests.conftest import reset
from tests.factories import STRANGER

FIXTURES = ROOT / "fixtures"

OPEN_BODIES = """
SELECT body.code, body.kind, body.insee, body.siren, body.name, body.population,
       body.departements, body.regions, body.strata, epci.code AS epci, body.vintage, body.search
FROM collectivite AS body LEFT JOIN collectivite AS epci ON epci.id = body.epci_id
WHERE body.closed_on IS NULL ORDER BY body.code
"""
FORMER_CODES = """
SELECT former_code, code FROM collectivite_former_code
JOIN collectivite ON collectivite.id = collectivite_id ORDER BY former_code
"""
MEANINGS = """
SELECT known.code, body.code AS means FROM collectivite_code AS known
JOIN collectivite AS body ON body.id = known.collectivite_id
"""
HEAD = "SELECT max(seq) AS seq FROM ledger"


async def rows(database: Database, statement: str, **values: object) -> list[sa.Row[Any]]:
    async with database.read() as session:
        return list((await session.execute(sa.text(statement), values)).all())


async def loaded(
    database: Database, geography: Geography, older: list[Geography] | None = None
) -> Report:
    async with database.transaction(ADMINISTRATOR) as session:
        return await load(session, ADMINISTRATOR, geography, older or [])


@dataclass(frozen=True)
class Snapshot:
    bodies: list[sa.Row[Any]]
    former_codes: list[sa.Row[Any]]
    meanings: list[sa.Row[Any]]

    @classmethod
    async def of(cls, database: Database) -> "Snapshot":
        return cls(*[await rows(database, q) for q in (OPEN_BODIES, FORMER_CODES, MEANINGS)])


@dataclass(frozen=True)
class Journey:
    past: Geography
    present: Geography
    first: Report
    second: Report
    at_once: Report
    stepwise: Snapshot
    direct: Snapshot


@pytest.fixture(scope="module")
def past() -> Geography:
    return locate(FIXTURES, 2022)


@pytest.fixture(scope="module")
async def journey(
    addresses: Addresses, shared_database: Database, past: Geography
) -> AsyncIterator[Journey]:
    """Leaves the registry at 2026, loaded at once, for tests that only read it."""
    present = locate(FIXTURES, 2026)
    await reset(addresses)
    first = await loaded(shared_database, past)
    second = await loaded(shared_database, present)
    stepwise = await Snapshot.of(shared_database)
    closed = await rows(
        shared_database,
        "SELECT count(*), min(closed_on)::text, count(successor_id), count(epci_id)"
        " FROM collectivite WHERE closed_on IS NOT NULL AND strata = '{}'",
    )
    assert tuple(closed[0]) == (92, "2026-01-01", 92, 0)
    await reset(addresses)
    at_once = await loaded(shared_database, present, earlier(FIXTURES, 2026))
    direct = await Snapshot.of(shared_database)
    yield Journey(past, present, first, second, at_once, stepwise, direct)
    await reset(addresses)


def test_the_fixtures_list_the_vintages_before(past: Geography) -> None:
    assert earlier(FIXTURES, 2026) == [past]
    assert earlier(FIXTURES, 2022) == []


def test_a_vintage_without_fixture_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"Millésime inconnu : 2019.*2022, 2026"):
        locate(FIXTURES, 2019)


def test_a_folder_of_the_package_is_read_as_such(tmp_path: Path) -> None:
    with pytest.raises(GeographyError, match=r"communes\.json.*fichier absent"):
        locate(FIXTURES, 2024, tmp_path)


async def test_the_reports_count_what_was_found_and_done(journey: Journey) -> None:
    first, second, at_once = journey.first, journey.second, journey.at_once
    assert (first.communes, first.created, first.closed) == (35_049, 36_402, 0)
    assert (second.communes, second.epcis, second.departement_bodies) == (34_969, 1_255, 100)
    assert (second.created, second.closed, second.sirens_changed) == (12, 92, 66)
    assert second.updated == 36_402 - 92
    assert (at_once.created, at_once.updated, at_once.closed) == (36_322, 0, 0)


async def test_what_can_not_be_settled_is_listed(journey: Journey) -> None:
    assert journey.first.to_settle == journey.at_once.to_settle == ()
    (sentence,) = journey.second.to_settle
    for word in ("200083483", "60054", "60694", "Les Hauts-Talican", "Beaumont-les-Nonains"):
        assert word in sentence


async def test_the_counts_of_the_official_geography(
    journey: Journey, shared_database: Database
) -> None:
    (counts,) = await rows(
        shared_database,
        """
        SELECT count(*) AS bodies,
               count(*) FILTER (WHERE kind = 'COMMUNE') AS communes,
               count(*) FILTER (WHERE kind = 'COMMUNE' AND siren IS NOT NULL) AS with_siren,
               count(*) FILTER (WHERE kind = 'COMMUNE' AND siren IS NULL AND strata = '{}') AS com,
               count(*) FILTER (WHERE kind = 'EPCI') AS epcis,
               count(*) FILTER (WHERE kind = 'DEPARTEMENT') AS departements_only,
               count(*) FILTER (WHERE 'DEPARTEMENT' = ANY(strata)) AS departements,
               count(*) FILTER (WHERE 'EPCI' = ANY(strata)) AS epci_stratum,
               count(*) FILTER (WHERE 'COMMUNE_OVER_3500' = ANY(strata)) AS over,
               count(*) FILTER (WHERE 'COMMUNE_UP_TO_3500' = ANY(strata)) AS up_to,
               count(*) FILTER (WHERE population = 3500 AND 'COMMUNE_UP_TO_3500' = ANY(strata))
                   AS exactly,
               count(*) FILTER (WHERE vintage = 2026) AS of_2026
        FROM collectivite
        """,
    )
    assert counts._asdict() == {
        "bodies": 36_322,
        "communes": 34_969,
        "with_siren": 34_875,
        "com": 94,
        "epcis": 1_255,
        "departements_only": 98,
        "departements": 100,
        "epci_stratum": 1_255,
        "over": 3_252,
        "up_to": 31_621 + 2,
        "exactly": 2,
        "of_2026": 36_322,
    }


async def test_paris_and_lyon_stand_once_in_two_strata(
    journey: Journey, shared_database: Database
) -> None:
    found = await rows(
        shared_database,
        "SELECT name, kind, strata, departements, regions FROM collectivite"
        " WHERE 'DEPARTEMENT' = ANY(strata) AND cardinality(strata) > 1 ORDER BY name",
    )
    assert [tuple(row) for row in found] == [
        ("Métropole de Lyon", "EPCI", ["DEPARTEMENT", "EPCI"], ["69"], ["84"]),
        ("Paris", "COMMUNE", ["DEPARTEMENT", "COMMUNE_OVER_3500"], ["75"], ["11"]),
    ]


def test_the_strata_of_2022(past: Geography) -> None:
    strata = Counter(stratum for body in bodies(past) for stratum in body.strata)
    assert strata == {
        "DEPARTEMENT": 100,
        "EPCI": 1_255,
        "COMMUNE_OVER_3500": 3_182,
        "COMMUNE_UP_TO_3500": 31_772 + 1,
    }


async def test_populations_are_sums_of_communes(
    journey: Journey, shared_database: Database
) -> None:
    wrong = await rows(
        shared_database,
        """
        SELECT epci.name FROM collectivite AS epci
        WHERE kind = 'EPCI' AND population IS DISTINCT FROM
            (SELECT sum(population) FROM collectivite WHERE epci_id = epci.id)
        """,
    )
    (rhone,) = await rows(
        shared_database,
        """
        SELECT (SELECT population FROM collectivite WHERE siren = '226900017') AS rhone,
               (SELECT population FROM collectivite WHERE siren = '200046977') AS lyon,
               (SELECT sum(population) FROM collectivite
                 WHERE kind = 'COMMUNE' AND departements = '{69}') AS both
        """,
    )
    (alsace,) = await rows(
        shared_database,
        """
        SELECT population, departements, regions,
               (SELECT sum(population) FROM collectivite
                 WHERE kind = 'COMMUNE' AND departements && '{67,68}') AS communes
        FROM collectivite WHERE kind = 'DEPARTEMENT' AND '67' = ANY(departements)
        """,
    )
    assert wrong == []
    assert rhone.rhone + rhone.lyon == rhone.both
    assert rhone.lyon > rhone.rhone > 400_000
    assert (alsace.departements, alsace.regions) == (["67", "68"], ["44"])
    assert alsace.population == alsace.communes


async def test_every_departement_and_region_has_its_name(
    journey: Journey, shared_database: Database
) -> None:
    found = await rows(shared_database, "SELECT kind, code, name, region FROM territory")
    named = {(row.kind, row.code): (row.name, row.region) for row in found}
    assert named["DEPARTEMENT", "2A"] == ("Corse-du-Sud", "94")
    assert named["REGION", "94"] == ("Corse", None)
    assert ("DEPARTEMENT", "988") in named
    assert len(named) == len(journey.present.departements) + len(journey.present.regions)


async def test_both_ways_lead_to_the_same_registry(journey: Journey) -> None:
    assert journey.stepwise.bodies == journey.direct.bodies
    assert journey.stepwise.former_codes == journey.direct.former_codes


@pytest.mark.parametrize("way", ["stepwise", "direct"])
async def test_every_code_means_one_body(journey: Journey, way: str) -> None:
    meanings = getattr(journey, way).meanings
    assert len({row.code for row in meanings}) == len(meanings)


@pytest.mark.parametrize("way", ["stepwise", "direct"])
async def test_vanished_codes_and_former_sirens_mean_the_successor(
    journey: Journey, way: str
) -> None:
    means = {row.code: row.means for row in getattr(journey, way).meanings}
    now = {commune.code: commune for commune in journey.present.communes}
    heir = {former: c.code for c in journey.present.communes for former in c.former_codes}
    bearer = {c.siren: c.code for c in journey.present.communes if c.siren}
    vanished = [c for c in journey.past.communes if c.code not in now]
    changed = [c for c in journey.past.communes if c.code in now and now[c.code].siren != c.siren]
    assert (len(vanished), len(changed)) == (92, 66)
    for commune in vanished:
        assert means[commune.code] == heir[commune.code]
        if commune.siren:
            assert means[commune.siren] == bearer.get(commune.siren, heir[commune.code])
    for commune in changed:
        assert commune.siren
        assert means[commune.siren] == bearer.get(commune.siren, commune.code)
    assert means["200083483"] == "60694"


async def test_the_same_vintage_again_writes_nothing(
    journey: Journey, shared_database: Database
) -> None:
    before = await rows(shared_database, HEAD)
    report = await loaded(shared_database, journey.present, [journey.past])
    assert report.unchanged
    assert (report.created, report.updated, report.closed, report.to_settle) == (0, 0, 0, ())
    assert await rows(shared_database, HEAD) == before
    assert not journey.at_once.unchanged


async def test_an_older_vintage_is_refused(journey: Journey, shared_database: Database) -> None:
    before = await rows(shared_database, HEAD)
    with pytest.raises(InvalidInput, match=r"2026.*2022"):
        await loaded(shared_database, journey.past)
    assert await rows(shared_database, HEAD) == before
    assert await rows(shared_database, "SELECT vintage FROM campaign") == [(2026,)]


async def test_only_the_administrator_loads(journey: Journey, shared_database: Database) -> None:
    with pytest.raises(NotAllowed):
        async with shared_database.transaction(ADMINISTRATOR) as session:
            await load(session, STRANGER, journey.present)


async def test_each_record_has_its_entry_and_the_ledger_no_gap(
    journey: Journey, shared_database: Database
) -> None:
    (ledger,) = await rows(
        shared_database, "SELECT count(*) AS entries, min(seq) AS low, max(seq) AS high FROM ledger"
    )
    assert (ledger.low, ledger.high) == (1, ledger.entries)
    missing = await rows(
        shared_database,
        """
        SELECT noun, id FROM (
            SELECT 'collectivite' AS noun, id FROM collectivite
            UNION ALL SELECT 'territory', id FROM territory
            UNION ALL SELECT 'collectivite_former_code', id FROM collectivite_former_code
        ) AS record
        WHERE (noun, id) NOT IN (SELECT noun, subject_id FROM ledger)
        """,
    )
    assert missing == []
    vintage = await rows(
        shared_database,
        "SELECT convert_from(payload, 'UTF8')::json #>> '{record,vintage}' AS vintage"
        " FROM ledger WHERE noun = 'campaign' ORDER BY seq DESC LIMIT 1",
    )
    assert vintage == [("2026",)]


CODES = {
    **{str(code): "75056" for code in range(75101, 75121)},
    **{str(code): "13055" for code in range(13201, 13217)},
    **{str(code): "69123" for code in range(69381, 69390)},
    "93059": "93066",
    "13001": "13001",
}
"""Municipal arrondissements, a commune déléguée, and a code that is also a postal code."""


@pytest.mark.parametrize("way", ["stepwise", "direct"])
def test_the_code_of_a_part_means_its_commune(journey: Journey, way: str) -> None:
    snapshot: Snapshot = getattr(journey, way)
    means = {row.code: row.means for row in snapshot.meanings}
    assert {code: means.get(code) for code in CODES} == CODES


async def test_a_commune_has_its_postal_codes_and_the_names_that_it_took_over(
    journey: Journey, shared_database: Database
) -> None:
    found = await rows(
        shared_database,
        "SELECT insee, postal_codes, other_names FROM collectivite"
        " WHERE insee IN ('60054', '60694', '93066') ORDER BY insee",
    )
    assert journey.at_once.communes
    assert [tuple(row) for row in found] == [
        ("60054", ["60390"], []),
        ("60694", ["60390"], ["La Neuville-Garnier", "Villotran"]),
        ("93066", ["93200", "93210", "93380"], ["Pierrefitte-sur-Seine"]),
    ]
