"""Coverage and blockers, each from a sentence of domain.md §5."""

from dataclasses import replace
from fractions import Fraction

from tests.domain.test_oracle.small import (
    ALPHA,
    BETA,
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
from tests.oracle import (
    STRATA,
    Blocker,
    CoverageRow,
    Scope,
    World,
    blockers,
    coverage,
)


def total_of(world: World, scope: Scope = NATIONAL) -> CoverageRow:
    return coverage(world, scope).total


def test_prefill_counts_a_data_api_on_any_concerned_deployment_of_the_scope() -> None:
    world = one_app(
        deployments=(uses("59001"), uses("59001", demarche="ETAT_CIVIL")),
        activations=(
            live("59001"),
            live("59001", demarche="ETAT_CIVIL", service="API_PARTICULIER"),
        ),
    )
    assert total_of(world).connected_with_prefill == 1
    within = replace(NATIONAL, demarche="URBANISME")
    assert (total_of(world, within).connected, total_of(world, within).connected_with_prefill) == (
        1,
        0,
    )


def test_a_ready_town_is_unverified_unless_the_row_that_counts_is_backed() -> None:
    for level, expected in (("SELF_DECLARED", 1), ("EVIDENCED", 0), ("VERIFIED", 0)):
        rows = (
            qualified(evidence_level=level),
            qualified(service="FRANCECONNECT_PLUS", evidence_level="VERIFIED"),
            qualified(service="FRANCECONNECT_V1", state="SUSPENDED", evidence_level="VERIFIED"),
        )
        row = total_of(one_app(commitment("SIGNED"), integrations=rows))
        assert (row.ready, row.ready_unverified) == (1, expected)


def test_blocked_undeclared_are_those_whose_vendors_said_nothing_yet() -> None:
    for row, expected in (
        (qualified(state="PLANNED", declared_by="DATAPASS"), 1),
        (qualified(state="PLANNED", effective_on=NEXT), 1),
        (qualified(state="PLANNED", service="API_PARTICULIER"), 0),
    ):
        total = total_of(one_app(integrations=(row,)))
        assert (total.blocked_by_software, total.blocked_undeclared) == (1, expected)


def test_a_town_without_online_demarche_is_told_apart_from_its_day() -> None:
    world = one_app(bodies=(town(no_online_demarche_since=DAY),), deployments=())
    for day, expected in ((EVE, 0), (DAY, 1)):
        row = total_of(world, Scope(as_of=day))
        assert (row.no_known_software, row.no_online_demarche) == (1, expected)


def test_coverage_counts_paris_in_both_strata_and_once_in_all() -> None:
    towns = tuple(town(f"5900{i}", 3500) for i in range(1, 4))
    outside = (town("59008", closed=True), town("59009", None, strata=frozenset()))
    answer = coverage(World(bodies=(paris(), *towns, *outside)), NATIONAL)
    assert [(row.stratum, row.total, row.target_count, row.missing) for row in answer.strata] == [
        ("DEPARTEMENT", 1, 1, 1),
        ("EPCI", 0, 0, 0),
        ("COMMUNE_OVER_3500", 1, 1, 1),
        ("COMMUNE_UP_TO_3500", 3, 1, 1),
    ]
    assert (answer.total.total, answer.total.target_count, answer.total.missing) == (4, 5000, 5000)


def test_target_counts_round_up_on_exact_fractions() -> None:
    """In floating point 7 % of 100 is a little more than 7, and would round up to 8."""
    towns = tuple(town(f"59{i:03d}", 100) for i in range(100))
    for share, expected in ((Fraction(7, 100), 7), (Fraction(1, 1000), 1)):
        world = World(bodies=towns, targets={"COMMUNE_UP_TO_3500": share})
        rows = coverage(world, NATIONAL).strata
        assert [row.target_count for row in rows] == [None, None, None, expected]


def test_missing_is_never_less_than_nothing() -> None:
    codes = ("59001", "59002", "59003", "59004")
    connected = one_app(
        bodies=tuple(town(code) for code in codes),
        deployments=tuple(uses(code) for code in codes[:3]),
        activations=tuple(live(code) for code in codes[:3]),
    )
    row = coverage(connected, NATIONAL).strata[2]
    assert (row.total, row.connected, row.target_count, row.missing) == (4, 3, 2, 0)
    assert total_of(connected).missing == 4997


def test_what_narrows_a_scope_takes_the_campaign_total_away() -> None:
    world = one_app(bodies=(town(epci="200000008"),))
    for scope, expected in (
        (NATIONAL, 5000),
        (replace(NATIONAL, strata=()), 5000),
        (replace(NATIONAL, basis="CONFIRMED"), 5000),
        (replace(NATIONAL, demarche="URBANISME"), None),
        (replace(NATIONAL, departement="59"), None),
        (replace(NATIONAL, strata=STRATA), None),
    ):
        row = total_of(world, scope)
        assert (row.total, row.target_count) == (1, expected)


def test_a_territory_holds_the_bodies_that_reach_into_it() -> None:
    corse = town(
        "200076958",
        kind="DEPARTEMENT",
        departements=frozenset({"2A", "2B"}),
        regions=frozenset({"94"}),
        strata=frozenset({"DEPARTEMENT"}),
    )
    ajaccio = town("2A004", departements=frozenset({"2A"}), regions=frozenset({"94"}))
    world = World(bodies=(corse, ajaccio, town()))
    for scope, expected in (
        (replace(NATIONAL, departement="2A"), 2),
        (replace(NATIONAL, departement="2B"), 1),
        (replace(NATIONAL, region="94"), 2),
        (replace(NATIONAL, region="32"), 1),
        (replace(NATIONAL, region="94", departement="59"), 0),
    ):
        assert total_of(world, scope).total == expected


def test_an_epci_scope_holds_the_epci_and_its_communes() -> None:
    epci = town("200000008", 9000, kind="EPCI", insee=None, strata=frozenset({"EPCI"}))
    world = World(bodies=(epci, town(epci=epci.code), town("59002", epci="200000016")))
    row = total_of(world, replace(NATIONAL, epci=epci.code))
    assert row.total == 2


def blocking_world() -> World:
    """Paris on `a` alone, an EPCI on `a` and `b`, a small town on `b`, a connected one on `a`."""
    epci = town("200000008", 9000, kind="EPCI", insee=None, strata=frozenset({"EPCI"}))
    return World(
        bodies=(paris(), epci, town("59001", 100), town("59002", 200)),
        vendors=(ALPHA, BETA),
        products=(product("a"), product("b"), product("c", BETA)),
        integrations=(
            qualified("a"),
            qualified("b", state="PLANNED", declared_by="DATAPASS"),
            qualified("b", state="SANDBOX", effective_on=NEXT),
        ),
        commitments=(commitment("DECLINED", None),),
        deployments=(
            uses("75056", "a"),
            uses("200000008", "a"),
            uses("200000008", "b"),
            uses("59001", "b"),
            uses("59001", "b", demarche="ETAT_CIVIL"),
            uses("59001", "c", BETA),
            uses("59002", "a"),
        ),
        activations=(live("59002", "a"),),
    )


def test_blockers_by_product_by_hand() -> None:
    answer = blockers(blocking_world(), NATIONAL, "PRODUCT").ranked
    zero = (0, 0)
    assert answer == (
        Blocker(
            rank=1,
            vendor=ALPHA,
            product="a",
            verdict="SURCHARGE",
            blocked=2,
            blocked_alone=1,
            population=2_000_000,
            by_stratum={
                "DEPARTEMENT": (1, 2_000_000),
                "EPCI": (1, 9000),
                "COMMUNE_OVER_3500": (1, 2_000_000),
                "COMMUNE_UP_TO_3500": zero,
            },
            connected_clients=1,
            declared_on=EARLY,
        ),
        Blocker(
            rank=2,
            vendor=ALPHA,
            product="b",
            verdict="NOT_INTEGRATED",
            blocked=2,
            blocked_alone=0,
            population=100,
            by_stratum={
                "DEPARTEMENT": zero,
                "EPCI": (1, 9000),
                "COMMUNE_OVER_3500": zero,
                "COMMUNE_UP_TO_3500": (1, 100),
            },
            connected_clients=0,
            declared_on=None,
        ),
        Blocker(
            rank=3,
            vendor=BETA,
            product="c",
            verdict="NOT_INTEGRATED",
            blocked=1,
            blocked_alone=0,
            population=100,
            by_stratum={
                "DEPARTEMENT": zero,
                "EPCI": zero,
                "COMMUNE_OVER_3500": zero,
                "COMMUNE_UP_TO_3500": (1, 100),
            },
            connected_clients=0,
            declared_on=None,
        ),
    )


def test_blockers_by_vendor_count_a_collectivite_once() -> None:
    answer = blockers(blocking_world(), NATIONAL, "VENDOR").ranked
    seen = [
        (b.vendor, b.product, b.verdict, b.blocked, b.blocked_alone, b.population, b.declared_on)
        for b in answer
    ]
    assert seen == [
        (ALPHA, None, None, 3, 2, 2_000_100, EARLY),
        (BETA, None, None, 1, 0, 100, None),
    ]


def test_paris_brings_its_inhabitants_where_only_departements_are_asked_for() -> None:
    scope = replace(NATIONAL, strata=("DEPARTEMENT",))
    (only,) = blockers(blocking_world(), scope, "PRODUCT").ranked
    assert (only.product, only.blocked, only.population) == ("a", 1, 2_000_000)
    assert only.by_stratum == {"DEPARTEMENT": (1, 2_000_000)}


def test_equal_blockers_are_ranked_by_siren_then_slug_in_byte_order() -> None:
    keys = [(BETA, "app"), (ALPHA, "app2"), (ALPHA, "app-2"), (ALPHA, "app")]
    world = World(
        bodies=(town(),),
        products=tuple(product(slug, vendor) for vendor, slug in keys),
        deployments=tuple(uses("59001", slug, vendor) for vendor, slug in keys),
    )
    ranked = blockers(world, NATIONAL, "PRODUCT").ranked
    assert [(b.vendor, b.product) for b in ranked] == [
        (ALPHA, "app"),
        (ALPHA, "app-2"),
        (ALPHA, "app2"),
        (BETA, "app"),
    ]


def test_among_as_many_blocked_the_most_inhabitants_come_first() -> None:
    world = World(
        bodies=(town("59001", 100), town("59002", 200)),
        products=(product("a"), product("b")),
        deployments=(uses("59001", "a"), uses("59002", "b")),
    )
    ranked = blockers(world, NATIONAL, "PRODUCT").ranked
    assert [(b.product, b.population) for b in ranked] == [("b", 200), ("a", 100)]
