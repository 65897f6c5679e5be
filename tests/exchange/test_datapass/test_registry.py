"""What a line may change in the registry."""

from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.exchange.test_datapass.support import (
    SAME_SIREN,
    SIREN,
    SIRET,
    STEPS,
    declare,
    entry,
    imported,
    places,
    rows,
)


async def test_twins_that_disagree_keep_the_vendor_without_the_flag(
    database: Database, write: Any
) -> None:
    first = entry(f'"{SIRET}"', "fc_certified: true", "apipfc_enabled: true")
    second = entry(f'"{SAME_SIREN}"', "fc_certified: false", key="brumelune_publik")
    report = await imported(database, write(f"{first}\n{second}"))
    assert places(report.warnings) == [
        (5, "brumelune.fc_certified", "true"),
        (11, "brumelune_publik.fc_certified", "false"),
    ]
    assert "la ligne 13" in report.warnings[0].reason
    assert SIREN in report.warnings[1].reason
    assert report.created == {"vendor": 1, "product": 2, "integration": 1}
    assert [step.service for step in await rows(database, STEPS)] == ["API_PARTICULIER"]


async def test_twins_that_agree_or_are_silent_are_both_heard(
    database: Database, write: Any
) -> None:
    first = entry(f'"{SIRET}"', "fc_certified: true")
    second = entry(f'"{SAME_SIREN}"', "already_integrated: [api_particulier]", key="jumeau")
    report = await imported(database, write(f"{first}\n{second}"))
    assert not report.warnings
    assert [(step.slug, step.service) for step in await rows(database, STEPS)] == [
        ("brumelune", "FRANCECONNECT_V1"),
        ("jumeau", "API_PARTICULIER"),
    ]


@pytest.mark.parametrize("key", ["brumelune", "Brumelune", "brumelune!"])
async def test_a_key_met_twice_is_one_product(database: Database, write: Any, key: str) -> None:
    first, second = entry(f'"{SIRET}"', "fc_certified: true"), entry(f'"{SAME_SIREN}"', key=key)
    report = await imported(database, write(f"{first}\n{second}"))
    assert places(report.warnings) == [(6, "brumelune", "")]
    assert "ligne 3" in report.warnings[0].reason
    assert report.created == {"vendor": 1, "product": 1, "integration": 1}


async def test_a_known_vendor_and_product_are_left_as_they_are(
    database: Database, write: Any
) -> None:
    await declare(database, service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}
    assert await rows(database, "SELECT name FROM vendor") == [("Ancien nom",)]
    (product,) = await rows(database, "SELECT name, citizen_login, demarches FROM product")
    assert tuple(product) == ("Ancien produit", False, ["URBANISME"])


async def test_a_former_key_means_the_product_that_it_became(
    database: Database, write: Any
) -> None:
    await declare(database, service="FRANCECONNECT_V1")
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "INSERT INTO product_former_key (vendor_siren, slug, product_id)"
                " SELECT :siren, 'vieux', id FROM product"
            ),
            {"siren": SIREN},
        )
    former = entry(f'"{SIRET}"', "fc_certified: true", key="vieux")
    present = entry(f'"{SIRET}"', "fc_certified: true")
    report = await imported(database, write(f"{former}\n{present}"))
    assert report.created == {"integration": 1}
    assert [step.slug for step in await rows(database, STEPS)] == ["brumelune"]


@pytest.mark.parametrize(
    "history",
    [
        [("VENDOR", "SUSPENDED", 0)],
        [("VENDOR", "WITHDRAWN", 900)],
        [("MINISTRY", "NONE", 30)],
        [("VENDOR", "QUALIFIED", 30)],
        [("VENDOR", "SANDBOX", 900), ("DATAPASS", "QUALIFICATION_REQUESTED", 30)],
        [("DATAPASS", "QUALIFIED", 30), ("VENDOR", "SUSPENDED", 3)],
    ],
)
async def test_a_true_flag_never_overwrites_a_declaration(
    database: Database, write: Any, history: list[tuple[str, str, int]]
) -> None:
    await declare(database, *history, service="FRANCECONNECT_V1")
    before = await rows(database, STEPS)
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.nothing
    assert places(report.warnings) == [(5, "brumelune.fc_certified", "true")]
    who, state, _ = next(step for step in reversed(history) if step[0] != "DATAPASS")
    assert f"a déclaré {state}" in report.warnings[0].reason
    assert ("le ministère" in report.warnings[0].reason) == (who == "MINISTRY")
    assert await rows(database, STEPS) == before


@pytest.mark.parametrize("who", ["VENDOR", "MINISTRY", "DATAPASS"])
async def test_a_false_flag_never_moves_a_state(database: Database, write: Any, who: str) -> None:
    await declare(database, (who, "QUALIFIED", 30), service="FRANCECONNECT_V1")
    before = await rows(database, STEPS)
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: false")))
    assert report.nothing
    assert places(report.warnings) == [(5, "brumelune.fc_certified", "false")]
    assert await rows(database, STEPS) == before


async def test_a_declaration_on_another_service_does_not_stop_a_flag(
    database: Database, write: Any
) -> None:
    await declare(database, ("VENDOR", "WITHDRAWN", 5), service="API_PARTICULIER")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}


@pytest.mark.parametrize("days", [0, 30])
async def test_its_own_earlier_step_is_followed_and_ended(
    database: Database, write: Any, days: int
) -> None:
    await declare(database, ("DATAPASS", "SANDBOX", days), service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}
    steps = await rows(database, STEPS)
    assert [(step.state, step.effective_until) for step in steps] == [
        ("SANDBOX", today()),
        ("QUALIFIED", None),
    ]


@pytest.mark.parametrize(
    ("state", "days", "reason"),
    [
        ("WITHDRAWN", 30, "WITHDRAWN ne peut pas devenir QUALIFIED ; états possibles : PLANNED"),
        ("SANDBOX", -1, "après aujourd’hui"),
    ],
)
async def test_a_step_that_can_not_follow_is_reported_not_forced(
    database: Database, write: Any, state: str, days: int, reason: str
) -> None:
    await declare(database, ("DATAPASS", state, days), service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.nothing
    assert reason in report.warnings[0].reason
