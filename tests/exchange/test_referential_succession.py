"""What becomes of bodies, codes and links when communes merge."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.errors import InvalidInput
from registry.exchange.geography import Geography
from registry.exchange.referential import load
from tests.exchange.bundles import imported, write
from tests.exchange.mergers import (
    BEFORE,
    EPCI,
    SIREN_OF,
    A,
    B,
    Period,
    S,
    T,
    activate,
    begin,
    commune,
    deploy,
    entries,
    fetch,
    geography,
    histories,
    means,
    move,
    on,
    periods,
)


async def test_a_deployment_follows_the_successor(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1), on(3)), Period(B, on(5)))
        report = await move(session)
        assert await periods(session) == [(S, on(1), on(3)), (S, on(5), None)]
        assert (report.deployments_moved, report.deployments_merged) == (2, 0)
        assert len(await entries(session, "update", "deployment")) == 2
        assert await entries(session, "delete", "deployment") == []


async def test_overlapping_periods_become_one_on_the_successors_row(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)), Period(S, on(4), on(6)))
        (kept,) = await fetch(session, "SELECT max(id) FROM deployment")
        report = await move(session)
        assert await fetch(session, "SELECT id FROM deployment") == [kept]
        assert await periods(session) == [(S, on(1), None)]
        assert (report.deployments_moved, report.deployments_merged) == (0, 1)
        (gone,) = await entries(session, "delete", "deployment")
        assert (gone["record"]["since"], gone["record"]["until"]) == ("2020-01-01", None)


async def test_of_two_predecessors_the_lowest_code_keeps_its_row(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(B, on(1), on(4)), Period(A, on(3)))
        (kept,) = await fetch(session, "SELECT max(id) FROM deployment")
        report = await move(session)
        assert await fetch(session, "SELECT id FROM deployment") == [kept]
        assert await periods(session) == [(S, on(1), None)]
        assert (report.deployments_moved, report.deployments_merged) == (1, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            [Period(S, on(1), on(3)), Period(A, on(2), on(5)), Period(B, on(4))],
            [(S, on(1), None)],
            id="a chain",
        ),
        pytest.param(
            [Period(S, on(1), on(3)), Period(S, on(5), on(7)), Period(A, on(2), on(6))],
            [(S, on(1), on(7))],
            id="a bridge",
        ),
        pytest.param(
            [Period(S, on(1), on(3)), Period(A, on(3), on(5))],
            [(S, on(1), on(3)), (S, on(3), on(5))],
            id="touching",
        ),
        pytest.param(
            [Period(S, on(1), on(9)), Period(A, on(2), on(3)), Period(B, on(4), on(5))],
            [(S, on(1), on(9))],
            id="inside",
        ),
        pytest.param(
            [Period(S, on(3), on(3)), Period(A, on(3), on(5)), Period(B, on(1), on(3))],
            [(S, on(1), on(3)), (S, on(3), on(5))],
            id="an empty period of the same day",
        ),
        pytest.param(
            [Period(S, on(1)), Period(A, on(1), demarche="ETAT_CIVIL")],
            [(S, on(1), None), (S, on(1), None)],
            id="another démarche",
        ),
        pytest.param([Period(A, on(2)), Period(B, on(2))], [(S, on(2), None)], id="the same key"),
    ],
)
async def test_islands(
    database: Database, before: list[Period], after: list[tuple[Any, ...]]
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, *before)
        await move(session)
        assert await periods(session) == after
        assert len(await entries(session, "delete", "deployment")) == len(before) - len(after)


async def test_a_merged_link_keeps_the_confirmed_word_and_its_operator(
    database: Database,
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(
            session,
            Period(S, on(1), operator="999900011"),
            Period(A, on(2), None, "COLLECTIVITE", "VENDOR", "999900029"),
        )
        report = await move(session)
        voices = await fetch(
            session, "SELECT since, declared_by, confirmed_by, operator FROM deployment"
        )
        assert voices == [(on(1), "COLLECTIVITE", "VENDOR", "999900029")]
        (sentence,) = report.to_settle
        assert "999900011" in sentence
        assert "999900004/guichet" in sentence


async def test_an_activation_history_follows_the_successor(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)))
        await activate(session, A, "PLANNED", "HABILITATION_SUBMITTED")
        report = await move(session)
        assert await histories(session) == [(S, "PLANNED"), (S, "HABILITATION_SUBMITTED")]
        assert (report.activations_moved, report.activations_set_aside) == (1, 0)
        assert len(await entries(session, "update", "activation")) == 2


@pytest.mark.parametrize(
    ("states", "kept", "aside"),
    [
        ({S: "PLANNED", A: "IN_PRODUCTION"}, "IN_PRODUCTION", [S]),
        ({S: "SUSPENDED", A: "GO_LIVE_REQUESTED", B: "STOPPED"}, "SUSPENDED", [A, B]),
        ({A: "PLANNED", B: "IN_INTEGRATION"}, "IN_INTEGRATION", [A]),
        ({S: "PLANNED", A: "PLANNED"}, "PLANNED", [A]),
        ({A: "PLANNED", B: "PLANNED"}, "PLANNED", [B]),
    ],
)
async def test_of_histories_that_meet_the_one_further_along_stays(
    database: Database, states: dict[str, str], kept: str, aside: list[str]
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        for body, state in states.items():
            await deploy(session, Period(body, on(1)))
            await activate(session, body, "NONE", state)
        report = await move(session)
        assert await histories(session) == [(S, "NONE"), (S, kept)]
        assert report.activations_set_aside == len(aside)
        assert len(report.to_settle) == len(aside)
        for body, sentence in zip(aside, report.to_settle, strict=True):
            assert f"Commune {body} ({body}), à l’état {states[body]}" in sentence
        assert len(await entries(session, "delete", "activation")) == 2 * len(aside)


async def test_a_body_without_successor_is_closed_and_keeps_its_links(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)))
        report = await move(session, geography(2026, commune(S, B)))
        assert await periods(session) == [(A, on(1), None)]
        assert report.closed == 2
        (sentence,) = report.to_settle
        assert f"Commune {A} ({A}, COMMUNE)" in sentence
        assert await means(session, A) == await means(session, SIREN_OF[A]) == [A]
        assert await means(session, B) == [S]


async def test_a_successor_named_later_receives_the_links(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)))
        await move(session, geography(2024, commune(S, B)))
        report = await move(session)
        assert report.to_settle == ()
        assert await periods(session) == [(S, on(1), None)]
        assert await means(session, A) == await means(session, SIREN_OF[A]) == [S]


async def test_successions_that_follow_each_other_lead_to_the_open_body(
    database: Database,
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)), Period(S, on(3)))
        await move(session, geography(2024, commune(S, A), commune(B)))
        await move(session, geography(2026, commune(T, S), commune(B)))
        assert await periods(session) == [(T, on(1), None)]
        for code in (A, S, SIREN_OF[A], SIREN_OF[S]):
            assert await means(session, code) == [T]
        chains = await fetch(
            session,
            "SELECT body.insee FROM collectivite AS body JOIN collectivite AS successor"
            " ON successor.id = body.successor_id WHERE successor.closed_on IS NOT NULL",
        )
        assert chains == []


async def test_older_geographies_teach_what_their_codes_mean_now(database: Database) -> None:
    older = [BEFORE, geography(2024, commune(S, A, siren="215900051"), commune(B))]
    async with database.transaction(ADMINISTRATOR) as session:
        await move(session, geography(2026, commune(T, S), commune(B)), older)
        for code in (A, S, SIREN_OF[A], SIREN_OF[S], "215900051"):
            assert await means(session, code) == [T]


async def test_a_commune_that_comes_back_is_reopened(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
        await deploy(session, Period(A, on(1)))
        await move(session)
        report = await move(session, geography(2026, commune(A), commune(S, B)))
        assert await means(session, A) == await means(session, SIREN_OF[A]) == [A]
        assert await periods(session) == [(S, on(1), None)]
        (sentence,) = report.to_settle
        assert f"Commune rétablie : Commune {A} ({A})" in sentence
        reopened = await fetch(
            session,
            "SELECT closed_on, successor_id, strata, vintage FROM collectivite WHERE insee = :a",
            a=A,
        )
        assert reopened == [(None, None, ["COMMUNE_UP_TO_3500"], 2026)]
        assert len(await entries(session, "delete", "collectivite_former_code")) == 2


async def test_an_epci_that_vanished_is_closed_and_listed(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session, geography(2022, commune(A, epci=EPCI), commune(S)))
        report = await move(session, geography(2026, commune(A), commune(S)))
        (sentence,) = report.to_settle
        assert EPCI in sentence
        assert await means(session, EPCI) == [EPCI]
        closed = await fetch(
            session, "SELECT closed_on, strata FROM collectivite WHERE siren = :s", s=EPCI
        )
        assert closed == [(date(2026, 1, 1), [])]
        assert await fetch(session, "SELECT 1 FROM collectivite WHERE epci_id IS NOT NULL") == []


async def test_two_communes_may_exchange_their_sirens(database: Database) -> None:
    swapped = geography(2026, commune(A, siren=SIREN_OF[B]), commune(B, siren=SIREN_OF[A]))
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session, geography(2022, commune(A), commune(B)))
        report = await move(session, swapped, [BEFORE])
        assert (report.sirens_changed, len(report.to_settle)) == (2, 2)
        assert await means(session, SIREN_OF[A]) == [B]
        assert await means(session, SIREN_OF[B]) == [A]


async def test_a_siren_of_another_kind_of_body_is_refused(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "INSERT INTO collectivite (kind, siren, name, search)"
                " VALUES ('SYNDICAT', :siren, 'Syndicat des eaux', 'syndicat')"
            ),
            {"siren": SIREN_OF[A]},
        )
        with pytest.raises(InvalidInput, match=f"{SIREN_OF[A]}.*Syndicat des eaux"):
            await load(session, ADMINISTRATOR, BEFORE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (geography(2206, commune(A)), "Millésime impossible : 2206"),
        (geography(2022, commune(A), commune(B, siren=SIREN_OF[A])), "donné à la fois"),
    ],
)
async def test_a_geography_that_can_not_be_is_refused(
    database: Database, wrong: Geography, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        async with database.transaction(ADMINISTRATOR) as session:
            await load(session, ADMINISTRATOR, wrong)


async def test_an_import_that_meets_a_change_of_vintage_waits_and_follows(
    database: Database, tmp_path: Path
) -> None:
    row = {
        "collectivite": A,
        "vendor_siren": "999900004",
        "product": "guichet",
        "demarche": "URBANISME",
        "since": "2020-01-01",
    }
    folder = write(tmp_path / "in", {"deployments": [row]})
    async with database.transaction(ADMINISTRATOR) as session:
        await begin(session)
    async with database.transaction(ADMINISTRATOR) as session:
        await move(session)
        waiting = asyncio.create_task(imported(database, folder))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    await waiting
    async with database.read() as session:
        assert await periods(session) == [(S, on(1), None)]
