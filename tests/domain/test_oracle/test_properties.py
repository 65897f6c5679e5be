"""What any answer must hold, on random registries; and that these are registries at all."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.oracle import (
    CommitmentRow,
    CoverageRow,
    IntegrationRow,
    Scope,
    World,
    blockers,
    coverage,
    readiness,
)
from tests.strategies import bundle, scopes, worlds

COLUMNS = {
    "collectivites": "siren name kind departements",
    "vendors": "siren name website parent_siren contact",
    "products": "vendor_siren slug name delivery_model citizen_login demarches former_keys",
    "integrations": "vendor_siren product service effective_on state feeds target_date "
    "evidence_level evidence_url min_version declared_by",
    "commitments": "vendor_siren product effective_on state charter_version signatory "
    "signatory_capacity exclusions valid_until evidence_url declared_by",
    "deployments": "collectivite vendor_siren product demarche since until operator declared_by "
    "confirmed_by",
    "activations": "collectivite vendor_siren product demarche service effective_on state "
    "declared_by",
}

thoroughly = settings(
    max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[World, Scope]:
    world = draw(worlds())
    return world, draw(scopes(world))


def blocked(row: CoverageRow) -> int:
    return row.blocked_by_surcharge + row.blocked_by_software


@thoroughly
@given(questions())
def test_the_states_of_readiness_add_up_to_the_total(question: tuple[World, Scope]) -> None:
    answer = coverage(*question)
    for row in (*answer.strata, answer.total):
        parts = (row.connected, row.ready, row.cost_unknown, blocked(row), row.no_known_software)
        assert sum(parts) == row.total
        assert row.connected_with_prefill <= row.connected
        assert row.ready_unverified <= row.ready
        assert row.blocked_undeclared <= row.blocked_by_software
        assert row.no_online_demarche <= row.no_known_software
    assert max(row.total for row in answer.strata) <= answer.total.total
    assert answer.total.total <= sum(row.total for row in answer.strata)


@thoroughly
@given(questions())
def test_blockers_block_the_blocked_and_nobody_else(question: tuple[World, Scope]) -> None:
    world, scope = question
    answer = coverage(world, scope)
    for by in ("PRODUCT", "VENDOR"):
        ranked = blockers(world, scope, by).ranked
        assert sum(b.blocked_alone for b in ranked) <= blocked(answer.total)
        assert blocked(answer.total) <= sum(b.blocked for b in ranked)
        for blocker in ranked:
            assert blocker.verdict in {None, "NOT_INTEGRATED", "SURCHARGE"}
            assert 0 < blocker.blocked <= blocked(answer.total)
            assert blocker.blocked_alone <= blocker.blocked
            for row in answer.strata:
                assert blocker.by_stratum[row.stratum or ""][0] <= blocked(row)
        order = [(-b.blocked, -b.population, b.vendor, b.product or "") for b in ranked]
        assert order == sorted(order)
        assert [b.rank for b in ranked] == list(range(1, len(ranked) + 1))


@thoroughly
@given(questions())
def test_a_vendor_blocks_what_its_products_block(question: tuple[World, Scope]) -> None:
    by_product = blockers(*question, "PRODUCT").ranked
    by_vendor = blockers(*question, "VENDOR").ranked
    assert {b.vendor for b in by_product} == {b.vendor for b in by_vendor}
    for vendor in by_vendor:
        own = [b for b in by_product if b.vendor == vendor.vendor]
        assert max(b.blocked for b in own) <= vendor.blocked <= sum(b.blocked for b in own)
        assert sum(b.blocked_alone for b in own) <= vendor.blocked_alone


@thoroughly
@given(questions())
def test_fixing_one_blocker_unblocks_all_that_it_blocks(question: tuple[World, Scope]) -> None:
    world, scope = question
    before = blocked(coverage(world, scope).total)
    service = min(world.accepted_services)
    for blocker in blockers(world, scope, "PRODUCT").ranked:
        key = (blocker.vendor, blocker.product or "")
        qualified = IntegrationRow(*key, service, scope.as_of, "QUALIFIED")
        signed = CommitmentRow(*key, scope.as_of, "SIGNED")
        fixed = replace(
            world,
            integrations=(*world.integrations, qualified),
            commitments=(*world.commitments, signed),
        )
        assert blocked(coverage(fixed, scope).total) == before - blocker.blocked


@thoroughly
@given(questions())
def test_what_comes_after_the_date_changes_nothing(question: tuple[World, Scope]) -> None:
    world, scope = question

    def past(day: date) -> bool:
        return day <= scope.as_of

    cut = replace(
        world,
        integrations=tuple(r for r in world.integrations if past(r.effective_on)),
        commitments=tuple(r for r in world.commitments if past(r.effective_on)),
        activations=tuple(r for r in world.activations if past(r.effective_on)),
        deployments=tuple(r for r in world.deployments if past(r.since)),
    )
    assert coverage(cut, scope) == coverage(world, scope)
    for by in ("PRODUCT", "VENDOR"):
        assert blockers(cut, scope, by) == blockers(world, scope, by)


@thoroughly
@given(questions())
def test_the_closed_and_those_of_no_stratum_count_nowhere(question: tuple[World, Scope]) -> None:
    world, scope = question
    counted = tuple(b for b in world.bodies if b.strata and not b.closed)
    fewer = replace(world, bodies=counted)
    assert coverage(fewer, scope) == coverage(world, scope)
    assert blockers(fewer, scope, "PRODUCT") == blockers(world, scope, "PRODUCT")


@thoroughly
@given(questions())
def test_confirmed_links_are_some_of_those_declared(question: tuple[World, Scope]) -> None:
    world, scope = question
    for body in world.bodies:
        if readiness(world, body, as_of=scope.as_of, basis="CONFIRMED") == "CONNECTED":
            assert readiness(world, body, as_of=scope.as_of) == "CONNECTED"


def luhn(siren: str) -> bool:
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(siren))]
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


@thoroughly
@given(worlds())
def test_identifiers_and_links_of_random_registries_hold(world: World) -> None:
    for siren in (*world.vendors, *(b.siren for b in world.bodies if b.siren)):
        assert re.fullmatch("[0-9]{9}", siren)
        assert luhn(siren)
    for insee in (b.insee for b in world.bodies if b.insee):
        assert re.fullmatch(r"(\d{2}|2[AB])\d{3}", insee)
    codes = {body.code for body in world.bodies}
    assert len(codes) == len(world.bodies) <= 8
    assert {b.epci for b in world.bodies if b.epci} <= codes

    offered = {(*p.key, demarche) for p in world.products for demarche in p.demarches}
    used = {(d.collectivite, d.vendor, d.product, d.demarche) for d in world.deployments}
    assert {link[0] for link in used} <= codes
    assert {link[1:] for link in used} <= offered
    assert {(a.collectivite, a.vendor, a.product, a.demarche) for a in world.activations} <= used
    for link in used:
        rows = [
            d
            for d in world.deployments
            if (d.collectivite, d.vendor, d.product, d.demarche) == link
        ]
        for row, following in pairwise(sorted(rows, key=lambda d: d.since)):
            assert row.until is not None
            assert row.since < row.until <= following.since


@thoroughly
@given(worlds())
def test_bundles_hold_the_columns_of_the_contract(world: World) -> None:
    files = bundle(world)
    assert files.keys() == COLUMNS.keys()
    for name, rows in files.items():
        assert all(row.keys() <= set(COLUMNS[name].split()) for row in rows)
    in_file = {row["siren"] for row in files["collectivites"]}
    assert in_file == {b.code for b in world.bodies if not b.strata and b.kind != "COMMUNE"}
    for name in COLUMNS.keys() - {"collectivites"}:
        assert len(files[name]) == len(getattr(world, name))
