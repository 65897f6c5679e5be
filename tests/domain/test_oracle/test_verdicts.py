"""Verdicts and readiness, each from a sentence of domain.md §4 or §5."""

from dataclasses import replace
from datetime import date

import pytest

from tests.domain.test_oracle.small import (
    ALPHA,
    BODY_SIREN,
    DAY,
    EARLY,
    EVE,
    NATIONAL,
    NEXT,
    commitment,
    live,
    one_app,
    product,
    qualified,
    town,
    uses,
)
from tests.oracle import (
    World,
    blockers,
    readiness,
    verdict,
    verdict_for,
)


def verdict_of(world: World, day: date = DAY) -> str:
    return verdict(world, (ALPHA, "app"), day)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("NONE", "COST_UNKNOWN"),
        ("INVITED", "COST_UNKNOWN"),
        ("SIGNED", "READY"),
        ("DECLINED", "SURCHARGE"),
        ("WITHDRAWN", "COST_UNKNOWN"),
        ("EXPIRED", "COST_UNKNOWN"),
        ("BREACH_ALLEGED", "READY"),
        ("BREACHED", "SURCHARGE"),
    ],
)
@pytest.mark.parametrize("slug", ["app", None])
def test_each_commitment_gives_its_verdict(state: str, slug: str | None, expected: str) -> None:
    assert verdict_of(one_app(commitment(state, slug))) == expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("NONE", "READY"),
        ("INVITED", "READY"),
        ("EXPIRED", "READY"),
        ("WITHDRAWN", "COST_UNKNOWN"),
        ("DECLINED", "SURCHARGE"),
        ("BREACHED", "SURCHARGE"),
    ],
)
def test_the_products_own_commitment_overrides_if_it_says_something(
    own: str, expected: str
) -> None:
    assert verdict_of(one_app(commitment("SIGNED", None), commitment(own))) == expected


def test_only_an_accepted_service_qualified_at_the_date_counts() -> None:
    signed = one_app(commitment("SIGNED"))
    rows = {
        "READY": (qualified(service="FRANCECONNECT_V1"),),
        "NOT_INTEGRATED": (qualified(service="FRANCECONNECT_PLUS"),),
    }
    for expected, integrations in rows.items():
        assert verdict_of(replace(signed, integrations=integrations)) == expected
    after_v1 = replace(
        signed, integrations=rows["READY"], accepted_services=frozenset({"FRANCECONNECT_V2"})
    )
    assert verdict_of(after_v1) == "NOT_INTEGRATED"


def test_a_state_holds_from_its_day_and_the_last_row_of_a_day_decides() -> None:
    suspended = qualified(state="SUSPENDED", effective_on=DAY)
    back = qualified(effective_on=DAY)
    for history, days in (
        ((suspended, qualified()), ("COST_UNKNOWN", "NOT_INTEGRATED")),
        ((qualified(), suspended, back), ("COST_UNKNOWN", "COST_UNKNOWN")),
        ((qualified(), back, suspended), ("COST_UNKNOWN", "NOT_INTEGRATED")),
    ):
        world = one_app(integrations=history)
        assert (verdict_of(world, EVE), verdict_of(world, DAY)) == days


@pytest.mark.parametrize("state", ["SIGNED", "BREACH_ALLEGED"])
def test_a_signature_reads_as_expired_from_the_day_after_its_own_end(state: str) -> None:
    ended = one_app(commitment(state, valid_until=DAY))
    assert [verdict_of(ended, day) for day in (DAY, NEXT)] == ["READY", "COST_UNKNOWN"]

    endless_after = one_app(
        commitment("SIGNED", valid_until=DAY), commitment(state, effective_on=DAY)
    )
    assert verdict_of(endless_after, NEXT) == "READY"

    behind_it = one_app(commitment(state, valid_until=DAY), commitment("DECLINED", None))
    assert [verdict_of(behind_it, day) for day in (DAY, NEXT)] == ["READY", "SURCHARGE"]


def test_in_house_software_is_ready_for_its_own_collectivite_once_qualified() -> None:
    own, other = town(siren=ALPHA), town("59002", siren=BODY_SIREN)
    declined = one_app(commitment("DECLINED"))
    assert verdict_for(declined, (ALPHA, "app"), own, DAY) == "READY"
    assert verdict_for(declined, (ALPHA, "app"), other, DAY) == "SURCHARGE"
    not_yet = replace(declined, integrations=())
    assert verdict_for(not_yet, (ALPHA, "app"), own, DAY) == "NOT_INTEGRATED"
    agent_only = replace(declined, products=(product(citizen_login=False),))
    assert verdict_for(agent_only, (ALPHA, "app"), own, DAY) == "NOT_CONCERNED"


def test_the_best_of_its_deployments_decides() -> None:
    """Products join one by one, each better than those before."""
    town_, slugs = town(), ("none", "dear", "mute", "good", "live")
    world = World(
        bodies=(town_,),
        products=tuple(product(slug) for slug in slugs),
        integrations=tuple(qualified(slug) for slug in ("dear", "mute", "good")),
        commitments=(commitment("DECLINED", "dear"), commitment("SIGNED", "good")),
        activations=(live("59001", "live"),),
    )
    seen = []
    for count in range(len(slugs) + 1):
        used = tuple(uses("59001", slug) for slug in slugs[:count])
        seen.append(readiness(replace(world, deployments=used), town_, as_of=DAY))
    assert seen == [
        "NO_KNOWN_SOFTWARE",
        "BLOCKED_BY_SOFTWARE",
        "BLOCKED_BY_SURCHARGE",
        "COST_UNKNOWN",
        "READY",
        "CONNECTED",
    ]


def test_a_deployment_counts_from_since_until_the_day_before_until() -> None:
    world = one_app(deployments=(uses("59001", since=EVE, until=NEXT),))
    seen = [readiness(world, town(), as_of=day) for day in (EARLY, EVE, DAY, NEXT)]
    assert seen == ["NO_KNOWN_SOFTWARE", "COST_UNKNOWN", "COST_UNKNOWN", "NO_KNOWN_SOFTWARE"]
    ended = replace(world, activations=(live("59001"),))
    seen = [readiness(ended, town(), as_of=day) for day in (DAY, NEXT)]
    assert seen == ["CONNECTED", "NO_KNOWN_SOFTWARE"]


def test_a_product_without_citizen_login_never_blocks_and_never_helps() -> None:
    world = one_app(products=(product(citizen_login=False),), activations=(live("59001"),))
    assert verdict_of(world) == "NOT_CONCERNED"
    assert readiness(world, town(), as_of=DAY) == "NO_KNOWN_SOFTWARE"
    assert blockers(replace(world, integrations=()), NATIONAL, "PRODUCT").ranked == ()


@pytest.mark.parametrize(
    ("declared_by", "confirmed_by", "expected"),
    [
        ("VENDOR", None, "NO_KNOWN_SOFTWARE"),
        ("VENDOR", "COLLECTIVITE", "CONNECTED"),
        ("VENDOR", "MINISTRY", "CONNECTED"),
        ("COLLECTIVITE", None, "NO_KNOWN_SOFTWARE"),
        ("COLLECTIVITE", "VENDOR", "CONNECTED"),
        ("MINISTRY", None, "CONNECTED"),
    ],
)
def test_the_confirmed_basis(declared_by: str, confirmed_by: str | None, expected: str) -> None:
    link = uses("59001", declared_by=declared_by, confirmed_by=confirmed_by)
    world = one_app(deployments=(link,), activations=(live("59001"),))
    assert readiness(world, town(), as_of=DAY, basis="CONFIRMED") == expected
    assert readiness(world, town(), as_of=DAY, basis="DECLARED") == "CONNECTED"


def test_within_a_demarche_only_its_own_deployments_count() -> None:
    both = (uses("59001"), uses("59001", demarche="ETAT_CIVIL"))
    world = one_app(commitment("SIGNED"), deployments=both, activations=(live("59001"),))
    asked = ("URBANISME", "ETAT_CIVIL", "PERISCOLAIRE", None)
    seen = [readiness(world, town(), as_of=DAY, demarche=demarche) for demarche in asked]
    assert seen == ["CONNECTED", "READY", "NO_KNOWN_SOFTWARE", "CONNECTED"]
