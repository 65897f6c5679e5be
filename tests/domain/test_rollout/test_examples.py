"""The rule of domain.md §5 in examples small enough for the eye, answered by SQL."""

from dataclasses import replace
from datetime import date

import pytest

from registry.database import Database
from registry.domain.errors import InvalidInput
from tests.domain.test_oracle.small import (
    ALPHA,
    DAY,
    EARLY,
    EVE,
    NATIONAL,
    NEXT,
    commitment,
    live,
    one_app,
    paris,
    product,
    qualified,
    town,
    uses,
)
from tests.domain.test_rollout.asking import blockers_of, coverage_of, readiness_of, verdicts_of
from tests.domain.test_rollout.loading import loaded
from tests.oracle import STRATA, Blocker, CoverageRow, Scope, World
from tests.strategies.geography import siren

BETA = siren(90_000_001)
TOWN_SIREN = siren(21_000_001)
COUNTS = (
    "connected",
    "ready",
    "ready_unverified",
    "cost_unknown",
    "blocked_by_surcharge",
    "blocked_by_software",
    "blocked_undeclared",
    "no_known_software",
)


async def town_on(database: Database, world: World, day: date = DAY) -> str:
    async with loaded(database, world) as registry:
        return (await readiness_of(registry, as_of=day))["59001"]


async def verdict_on(database: Database, world: World, *days: date) -> list[str]:
    async with loaded(database, world) as registry:
        return [(await verdicts_of(registry, day))[ALPHA, "app"] for day in days]


async def total_of(database: Database, world: World, scope: Scope = NATIONAL) -> CoverageRow:
    async with loaded(database, world) as registry:
        return (await coverage_of(registry, scope)).total


async def ranking_of(
    database: Database, world: World, by: str, scope: Scope = NATIONAL
) -> tuple[Blocker, ...]:
    async with loaded(database, world) as registry:
        return (await blockers_of(registry, scope, by)).ranked


def filled(row: CoverageRow) -> dict[str, int]:
    return {name: getattr(row, name) for name in COUNTS if getattr(row, name)}


async def test_a_declined_commitment_is_a_surcharge(database: Database) -> None:
    world = one_app(commitment("DECLINED"))
    assert await verdict_on(database, world, DAY) == ["SURCHARGE"]
    assert filled(await total_of(database, world)) == {"blocked_by_surcharge": 1}


async def test_a_silent_vendor_leaves_the_cost_unknown_and_blocks_nobody(
    database: Database,
) -> None:
    assert filled(await total_of(database, one_app())) == {"cost_unknown": 1}
    assert await ranking_of(database, one_app(), "PRODUCT") == ()


async def test_in_house_software_is_ready_at_home_whatever_the_commitment(
    database: Database,
) -> None:
    own = town(siren=ALPHA)
    other = town("59002", siren=TOWN_SIREN)
    world = one_app(
        commitment("DECLINED"), bodies=(own, other), deployments=(uses("59001"), uses("59002"))
    )
    async with loaded(database, world) as registry:
        assert await readiness_of(registry, as_of=DAY) == {
            "59001": "READY",
            "59002": "BLOCKED_BY_SURCHARGE",
        }


async def test_an_expired_commitment_of_the_product_falls_back_to_the_vendors(
    database: Database,
) -> None:
    world = one_app(commitment("SIGNED", valid_until=DAY), commitment("DECLINED", None))
    assert await verdict_on(database, world, EVE, DAY, NEXT) == ["READY", "READY", "SURCHARGE"]


async def test_a_withdrawn_commitment_of_the_product_hides_the_vendors(database: Database) -> None:
    world = one_app(
        commitment("SIGNED"),
        commitment("WITHDRAWN", effective_on=DAY),
        commitment("SIGNED", None),
    )
    assert await verdict_on(database, world, EVE, DAY) == ["READY", "COST_UNKNOWN"]


async def test_of_two_transitions_of_a_day_the_last_counts(database: Database) -> None:
    suspended = qualified(state="SUSPENDED", effective_on=DAY)
    back = qualified(effective_on=DAY)
    out = one_app(integrations=(qualified(), suspended))
    out_and_back = one_app(integrations=(qualified(), suspended, back))
    assert await verdict_on(database, out, EVE, DAY) == ["COST_UNKNOWN", "NOT_INTEGRATED"]
    assert await verdict_on(database, out_and_back, EVE, DAY) == ["COST_UNKNOWN", "COST_UNKNOWN"]


async def test_a_service_that_closes_no_longer_integrates(database: Database) -> None:
    world = one_app(
        commitment("SIGNED"),
        integrations=(qualified(service="FRANCECONNECT_V1"),),
        accepted_services=frozenset({"FRANCECONNECT_V2"}),
    )
    assert await verdict_on(database, world, DAY) == ["NOT_INTEGRATED"]


async def test_what_is_in_production_is_connected_until_the_deployment_ends(
    database: Database,
) -> None:
    world = one_app(
        deployments=(uses("59001", until=NEXT),), activations=(live("59001", effective_on=DAY),)
    )
    seen = [await town_on(database, world, day) for day in (EVE, DAY, NEXT)]
    assert seen == ["COST_UNKNOWN", "CONNECTED", "NO_KNOWN_SOFTWARE"]


async def test_an_unconfirmed_link_is_declared_but_not_confirmed(database: Database) -> None:
    world = one_app(commitment("SIGNED"))
    confirmed = replace(NATIONAL, basis="CONFIRMED")
    assert filled(await total_of(database, world)) == {"ready": 1, "ready_unverified": 1}
    assert filled(await total_of(database, world, confirmed)) == {"no_known_software": 1}


async def test_paris_counts_in_two_strata_and_once_in_all(database: Database) -> None:
    world = one_app(commitment("DECLINED"), bodies=(paris(),), deployments=(uses("75056"),))
    async with loaded(database, world) as registry:
        answer = await coverage_of(registry, NATIONAL)
        (blocker,) = (await blockers_of(registry, NATIONAL, "PRODUCT")).ranked
    assert [row.blocked_by_surcharge for row in answer.strata] == [1, 0, 1, 0]
    assert (answer.total.total, answer.total.blocked_by_surcharge) == (1, 1)
    assert (blocker.blocked, blocker.population) == (1, 2_000_000)
    assert blocker.by_stratum == {
        "DEPARTEMENT": (1, 2_000_000),
        "EPCI": (0, 0),
        "COMMUNE_OVER_3500": (1, 2_000_000),
        "COMMUNE_UP_TO_3500": (0, 0),
    }


def two_vendors() -> World:
    """The first town has one product, the second two of one vendor, the third one of each."""
    return World(
        bodies=(town("59001", 100), town("59002", 200), town("59003", 400)),
        vendors=(ALPHA, BETA),
        products=(product("a"), product("b"), product("c", BETA)),
        deployments=(
            uses("59001", "a"),
            uses("59002", "a"),
            uses("59002", "b"),
            uses("59003", "a"),
            uses("59003", "c", BETA),
        ),
    )


async def test_a_product_blocks_alone_where_no_other_is_concerned(database: Database) -> None:
    ranked = await ranking_of(database, two_vendors(), "PRODUCT")
    assert [(b.product, b.blocked, b.blocked_alone, b.population) for b in ranked] == [
        ("a", 3, 1, 700),
        ("c", 1, 0, 400),
        ("b", 1, 0, 200),
    ]


async def test_a_vendor_blocks_alone_by_several_of_its_products(database: Database) -> None:
    ranked = await ranking_of(database, two_vendors(), "VENDOR")
    assert [(b.vendor, b.blocked, b.blocked_alone) for b in ranked] == [(ALPHA, 3, 2), (BETA, 1, 0)]


async def test_one_good_product_unblocks_and_is_counted_by_its_clients(database: Database) -> None:
    world = one_app(
        bodies=(town("59001"), town("59002")),
        products=(product(), product("old")),
        deployments=(uses("59001"), uses("59001", "old"), uses("59002", "old"), uses("59002")),
        activations=(live("59001"),),
        integrations=(qualified(state="SUSPENDED"),),
    )
    ranked = await ranking_of(database, world, "PRODUCT")
    assert [(b.product, b.blocked, b.connected_clients) for b in ranked] == [
        ("app", 1, 1),
        ("old", 1, 0),
    ]


async def test_a_vendor_that_said_nothing_is_undeclared_until_it_speaks(database: Database) -> None:
    world = one_app(
        integrations=(
            qualified(state="PLANNED", target_date=NEXT, declared_by="DATAPASS"),
            qualified(state="SANDBOX", effective_on=DAY),
        )
    )
    eve = Scope(as_of=EVE)
    assert filled(await total_of(database, world, eve)) == {
        "blocked_by_software": 1,
        "blocked_undeclared": 1,
    }
    assert filled(await total_of(database, world)) == {"blocked_by_software": 1}
    assert [b.declared_on for b in await ranking_of(database, world, "PRODUCT", eve)] == [None]
    assert [b.declared_on for b in await ranking_of(database, world, "PRODUCT")] == [DAY]


async def test_a_surcharge_is_never_undeclared(database: Database) -> None:
    """Even where all that is known of the integration comes from DataPass."""
    world = one_app(commitment("DECLINED"), integrations=(qualified(declared_by="DATAPASS"),))
    assert filled(await total_of(database, world)) == {"blocked_by_surcharge": 1}


async def test_ready_is_unverified_until_the_row_that_counts_is_backed(database: Database) -> None:
    elsewhere = qualified(service="FRANCECONNECT_PLUS", evidence_level="VERIFIED")
    backed = qualified(evidence_level="EVIDENCED")
    for rows, expected in (((qualified(), elsewhere), 1), ((backed,), 0)):
        row = await total_of(database, one_app(commitment("SIGNED"), integrations=rows))
        assert (row.ready, row.ready_unverified) == (1, expected)


async def test_the_evidence_of_a_product_that_is_not_ready_verifies_nothing(
    database: Database,
) -> None:
    world = one_app(
        commitment("SIGNED"),
        products=(product(), product("mute")),
        integrations=(qualified(), qualified("mute", evidence_level="VERIFIED")),
        deployments=(uses("59001"), uses("59001", "mute")),
    )
    assert filled(await total_of(database, world)) == {"ready": 1, "ready_unverified": 1}


async def test_the_campaigns_total_stands_only_where_nothing_narrows(database: Database) -> None:
    epci = siren(20_000_001)
    around = town(epci, kind="EPCI", insee=None, siren=epci, strata=frozenset({"EPCI"}))
    world = one_app(bodies=(town(epci=epci), around))
    async with loaded(database, world) as registry:
        for scope, expected in (
            (NATIONAL, (2, 5000, 5000)),
            (replace(NATIONAL, strata=()), (2, 5000, 5000)),
            (replace(NATIONAL, basis="CONFIRMED"), (2, 5000, 5000)),
            (replace(NATIONAL, strata=STRATA), (2, None, None)),
            (replace(NATIONAL, departement="59"), (2, None, None)),
            (replace(NATIONAL, departement="62"), (0, None, None)),
            (replace(NATIONAL, region="32"), (2, None, None)),
            (replace(NATIONAL, epci=epci), (2, None, None)),
            (replace(NATIONAL, demarche="ETAT_CIVIL"), (2, None, None)),
        ):
            row = (await coverage_of(registry, scope)).total
            assert (row.total, row.target_count, row.missing) == expected, scope


async def test_a_stratums_target_is_rounded_up_from_the_scopes_own_number(
    database: Database,
) -> None:
    """A tenth of 11 small towns is 2 towns; one is connected."""
    codes = [f"59{n:03d}" for n in range(1, 12)]
    world = one_app(
        bodies=tuple(town(code, 3500) for code in codes),
        deployments=(uses(codes[0]),),
        activations=(live(codes[0]),),
    )
    async with loaded(database, world) as registry:
        answer = await coverage_of(registry, replace(NATIONAL, departement="59"))
    assert [(row.target_count, row.missing) for row in answer.strata] == [
        (0, 0),
        (0, 0),
        (0, 0),
        (2, 1),
    ]


async def test_closed_bodies_and_those_of_no_stratum_count_nowhere(database: Database) -> None:
    bodies = (
        town("59001", closed=True),
        town("59002", None, strata=frozenset()),
        town("59003"),
    )
    world = one_app(bodies=bodies, deployments=tuple(uses(body.code) for body in bodies))
    row = await total_of(database, replace(world, integrations=()))
    assert (row.total, row.blocked_by_software) == (1, 1)


async def test_no_online_demarche_is_told_from_its_day(database: Database) -> None:
    world = one_app(bodies=(town(no_online_demarche_since=DAY),), deployments=())
    for day, expected in ((EARLY, 0), (DAY, 1)):
        row = await total_of(database, world, Scope(as_of=day))
        assert (row.no_known_software, row.no_online_demarche) == (1, expected)


@pytest.mark.parametrize(
    "scope",
    [
        replace(NATIONAL, departement="99"),
        replace(NATIONAL, departement=""),
        replace(NATIONAL, departement="32"),
        replace(NATIONAL, region="59"),
        replace(NATIONAL, epci=siren(20_000_001)),
        replace(NATIONAL, epci=TOWN_SIREN),
    ],
)
async def test_a_territory_that_is_none_is_refused_instead_of_answering_nothing(
    database: Database, scope: Scope
) -> None:
    """32 is a région here, 59 a département, and the last SIREN is a commune's."""
    async with loaded(database, one_app(bodies=(town(siren=TOWN_SIREN),))) as registry:
        for ask in (coverage_of(registry, scope), blockers_of(registry, scope, "VENDOR")):
            with pytest.raises(InvalidInput, match=r"inconnu|Aucune|qui n’est pas"):
                await ask
