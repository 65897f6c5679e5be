"""« À confirmer »: after twelve months, and not a day before; the state itself is unchanged."""

from datetime import date, timedelta

import pytest

from models import (
    Activation,
    ActivationState,
    Commitment,
    CommitmentState,
    Integration,
    IntegrationState,
    Service,
    Source,
)
from models import Demarche as Kind
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.freshness import is_stale, months_before
from tests.api.conftest import Ask
from tests.factories import add, commune, deployment, product, siren, vendor


@pytest.mark.parametrize(
    ("said_on", "day", "stale"),
    [
        (date(2025, 3, 1), date(2026, 3, 1), False),
        (date(2025, 2, 28), date(2026, 3, 1), True),
        (date(2024, 2, 29), date(2025, 2, 28), False),
        (date(2024, 2, 28), date(2025, 2, 28), False),
        (date(2024, 2, 27), date(2025, 2, 28), True),
        (date(2024, 2, 29), date(2025, 3, 1), True),
    ],
)
def test_the_same_day_of_the_month_is_not_too_old(said_on: date, day: date, *, stale: bool) -> None:
    assert is_stale(said_on, day, 12) is stale


@pytest.mark.parametrize(
    ("days_more", "stale"),
    [(0, False), (1, True)],
    ids=["twelve months", "a day more"],
)
async def test_integrations_commitments_and_activations_say_so(
    database: Database, ask: Ask, days_more: int, *, stale: bool
) -> None:
    said_on = months_before(today(), 12) - timedelta(days=days_more)
    said = {"effective_on": said_on, "declared_by": Source.VENDOR}
    service, school = Service.FRANCECONNECT_V2, Kind.PERISCOLAIRE
    async with database.transaction(ADMINISTRATOR) as session:
        owner, town = vendor(99990009, "Ancien"), commune("01008", "Neuville", 900)
        await add(session, owner, town)
        used = product(owner, "ancien", "Ancien", school)
        await add(session, used)
        about = {"product_id": used.recorded_id, "service": service} | said
        await add(
            session,
            deployment(town, used, school, since=said_on),
            Integration(state=IntegrationState.QUALIFIED, **about),
            Commitment(vendor_id=owner.recorded_id, state=CommitmentState.SIGNED, **said),
            Activation(
                collectivite_id=town.recorded_id,
                demarche=school,
                state=ActivationState.IN_PRODUCTION,
                **about,
            ),
        )
    (integration,) = (await ask("Product", vendorSiren=siren(99990009), slug="ancien"))["product"][
        "integrations"
    ]
    commitment = (await ask("Vendor", siren=siren(99990009)))["vendor"]["commitment"]
    (use,) = (await ask("Collectivite", code="01008"))["collectivite"]["deployments"]
    (activation,) = use["activations"]
    told = [(row["state"], row["stale"]) for row in (integration, commitment, activation)]
    assert told == [("QUALIFIED", stale), ("SIGNED", stale), ("IN_PRODUCTION", stale)]
