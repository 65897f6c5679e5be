"""What a report of surcharge does to the commitment of the product, step by step."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import Commitment, CommitmentState, Source
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import Ask, Written
from tests.api.test_disputes.conftest import EBENE, ELOISE, Parties, Registry, moved
from tests.factories import add, history

OWN = sa.text("""
    SELECT state, charter_version, signatory, signatory_capacity, scope, exclusions, valid_until
    FROM commitment WHERE product_id IS NOT NULL ORDER BY id
""")


async def own_rows(database: Database) -> list[Any]:
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(OWN)]


async def readiness(ask: Ask, code: str) -> str:
    found = (await ask("CollectiviteReadiness", code=code))["collectivite"]["readiness"]
    return str(found)


async def blocking(ask: Ask) -> list[tuple[str, int]]:
    rows = (await ask("Blockers"))["blockers"]["edges"]
    return [(row["node"]["product"]["slug"], row["node"]["blocked"]) for row in rows]


async def test_a_surcharge_from_the_quote_to_the_blocking(
    registry: Registry, write: Ask, ask: Ask, parties: Parties, written: Written
) -> None:
    before = await registry.product()
    assert (before["verdict"], before["commitment"]["state"]) == ("READY", "SIGNED")
    assert before["commitment"]["evidenceLevel"] == "SELF_DECLARED"

    opened = await registry.surcharge()
    dispute = (await moved(_given(opened), "OPEN"))["id"]
    alleged = await registry.product()
    assert alleged["verdict"] == "READY"
    assert alleged["openDisputeCount"] == 1
    assert alleged["commitment"] == {
        "state": "BREACH_ALLEGED",
        "vendorWide": False,
        "declaredBy": "COLLECTIVITE",
        "charterVersion": "2022-03-07",
        "exclusions": "module de paiement",
        "validUntil": None,
        "evidenceLevel": "CONTESTED",
    }
    vendor = (await ask("VendorDisputes", siren=EBENE))["vendor"]
    assert vendor["commitment"] == {"state": "SIGNED", "evidenceLevel": "SELF_DECLARED"}
    assert vendor["openDisputeCount"] == 1
    assert await readiness(ask, ELOISE) == "READY"

    await registry.replied(dispute)
    assert await registry.commitment() == "BREACH_ALLEGED"
    await moved(write("UpholdDispute", parties.ministry, dispute=dispute), "UPHELD")
    after = await registry.product()
    assert (after["verdict"], after["commitment"]["state"]) == ("SURCHARGE", "BREACHED")
    assert (after["openDisputeCount"], after["commitment"]["evidenceLevel"]) == (0, "SELF_DECLARED")
    assert await readiness(ask, ELOISE) == "BLOCKED_BY_SURCHARGE"
    assert ("famille", 1) in await blocking(ask)
    assert (await ask("VendorDisputes", siren=EBENE))["vendor"]["commitment"]["state"] == "SIGNED"
    assert [entry[:2] for entry in await written()] == [
        ("open", "dispute"),
        ("open", "dispute_transition"),
        ("open", "commitment"),
        ("review", "dispute_transition"),
        ("ask", "dispute_transition"),
        ("reply", "dispute_transition"),
        ("uphold", "dispute_transition"),
        ("uphold", "commitment"),
    ]


async def _given(value: Any) -> Any:
    return value


@pytest.mark.parametrize("end", ["DismissDispute", "WithdrawDispute"])
async def test_the_last_dispute_to_end_gives_the_signature_back(
    registry: Registry, write: Ask, parties: Parties, database: Database, end: str
) -> None:
    first = (await registry.surcharge())["id"]
    second = (await registry.surcharge(parties.bois, town="01001"))["id"]
    assert await registry.commitment() == "BREACH_ALLEGED"
    await moved(write("WithdrawDispute", parties.bois, dispute=second), "WITHDRAWN")
    assert await registry.commitment() == "BREACH_ALLEGED"
    if end == "DismissDispute":
        await write("ReviewDispute", parties.ministry, dispute=first)
        said = {"dispute": first, "reason": "Le devis porte sur un module choisi."}
        await moved(write("DismissDispute", parties.ministry, **said), "DISMISSED")
    else:
        await moved(write("WithdrawDispute", parties.eloise, dispute=first), "WITHDRAWN")
    assert await registry.commitment() == "SIGNED"
    rows = await own_rows(database)
    assert [row[0] for row in rows] == ["BREACH_ALLEGED", "SIGNED"]
    assert {row[1:] for row in map(_hashable, rows)} == {
        ("2022-03-07", None, None, (), "module de paiement", None)
    }


def _hashable(row: Any) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


async def test_what_is_copied_is_the_whole_signature(
    registry: Registry, database: Database
) -> None:
    end = today() + timedelta(days=10)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("""
                UPDATE commitment SET signatory = 'Ada L.', signatory_capacity = 'gérante',
                    scope = '{ONE_OFF_FEES}', valid_until = :end WHERE state = 'SIGNED'
            """),
            {"end": end},
        )
    await registry.surcharge()
    assert await own_rows(database) == [
        (
            "BREACH_ALLEGED",
            "2022-03-07",
            "Ada L.",
            "gérante",
            ["ONE_OFF_FEES"],
            "module de paiement",
            end,
        )
    ]


async def product_says(database: Database, *states: CommitmentState, **values: Any) -> None:
    """« famille » has a commitment of its own."""
    async with database.transaction(ADMINISTRATOR) as session:
        key = (await session.execute(FAMILLE)).one()
        rows = [
            Commitment(
                vendor_id=key.vendor_id,
                product_id=key.id,
                state=state,
                effective_on=today() - timedelta(days=30 - number),
                declared_by=Source.VENDOR,
                **values,
            )
            for number, state in enumerate(states)
        ]
        await add(session, *history(*rows))


FAMILLE = sa.text("SELECT id, vendor_id FROM product WHERE slug = 'famille'")


@pytest.mark.parametrize(
    "state",
    [CommitmentState.DECLINED, CommitmentState.WITHDRAWN, CommitmentState.BREACHED],
)
async def test_a_dispute_leaves_any_other_state(
    registry: Registry, database: Database, state: CommitmentState
) -> None:
    await product_says(database, state)
    dispute = (await registry.surcharge())["id"]
    assert await registry.commitment() == state
    assert (await registry.product())["commitment"]["evidenceLevel"] == "CONTESTED"
    await registry.upheld(dispute)
    assert await registry.commitment() == state
    assert len(await own_rows(database)) == 1


@pytest.mark.parametrize("state", [CommitmentState.NONE, CommitmentState.INVITED])
async def test_a_product_that_said_little_is_signed_for_before_the_breach_is_alleged(
    registry: Registry, database: Database, state: CommitmentState
) -> None:
    """Its own history keeps to the arrows, so that an export of it can be imported."""
    await product_says(database, state)
    await registry.surcharge()
    assert [row[0] for row in await own_rows(database)] == [state, "SIGNED", "BREACH_ALLEGED"]


async def test_a_signature_that_expired_meanwhile_comes_back_expired(
    registry: Registry, database: Database, write: Ask, parties: Parties
) -> None:
    await product_says(database, CommitmentState.SIGNED, valid_until=today())
    dispute = (await registry.surcharge())["id"]
    yesterday = today() - timedelta(days=1)
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text("UPDATE commitment SET valid_until = :day WHERE product_id IS NOT NULL"),
            {"day": yesterday},
        )
    await moved(write("WithdrawDispute", parties.eloise, dispute=dispute), "WITHDRAWN")
    rows = await own_rows(database)
    assert (rows[-1][0], rows[-1][-1]) == ("SIGNED", yesterday)
    assert (await registry.product())["commitment"]["vendorWide"]


async def test_an_upheld_dispute_condemns_a_signature_given_meanwhile(
    registry: Registry, database: Database
) -> None:
    await product_says(database, CommitmentState.DECLINED)
    dispute = (await registry.surcharge())["id"]
    async with database.transaction(ADMINISTRATOR) as session:
        key = (await session.execute(FAMILLE)).one()
        await session.execute(
            sa.text("UPDATE commitment SET effective_until = :day WHERE product_id = :product"),
            {"day": today(), "product": key.id},
        )
        signed = Commitment(
            vendor_id=key.vendor_id,
            product_id=key.id,
            state=CommitmentState.SIGNED,
            effective_on=today(),
            declared_by=Source.VENDOR,
        )
        await add(session, signed)
    assert (await registry.product())["verdict"] == "READY"
    await registry.upheld(dispute)
    states = [row[0] for row in await own_rows(database)]
    assert states == ["DECLINED", "SIGNED", "BREACH_ALLEGED", "BREACHED"]
    assert (await registry.product())["verdict"] == "SURCHARGE"


async def test_a_breach_is_lifted_when_its_dispute_is_reopened_and_dismissed(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = (await registry.surcharge())["id"]
    await registry.upheld(dispute)
    reopened = {"dispute": dispute, "evidenceUrl": "https://ebene.example/avoir.pdf"}
    await moved(write("ReopenDispute", parties.vendor, **reopened), "UNDER_REVIEW")
    assert await registry.commitment() == "BREACHED"
    said = {"dispute": dispute, "reason": "La somme a été remboursée."}
    await moved(write("DismissDispute", parties.ministry, **said), "DISMISSED")
    assert await registry.commitment() == "SIGNED"


async def test_a_breach_outlives_the_withdrawal_of_a_reopened_dispute(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = (await registry.surcharge())["id"]
    await registry.upheld(dispute)
    evidence = "https://ministere.example/note.pdf"
    await write("ReopenDispute", parties.ministry, dispute=dispute, evidenceUrl=evidence)
    await moved(write("WithdrawDispute", parties.eloise, dispute=dispute), "WITHDRAWN")
    assert await registry.commitment() == "BREACHED"
    other = (await registry.surcharge())["id"]
    await write("ReviewDispute", parties.ministry, dispute=other)
    await write("DismissDispute", parties.ministry, dispute=other, reason="Déjà jugé.")
    assert await registry.commitment() == "BREACHED"


async def test_a_dismissed_dispute_reopened_alleges_the_breach_again(
    registry: Registry, write: Ask, parties: Parties
) -> None:
    dispute = (await registry.surcharge())["id"]
    await write("ReviewDispute", parties.ministry, dispute=dispute)
    await write("DismissDispute", parties.ministry, dispute=dispute, reason="Sans pièce.")
    assert await registry.commitment() == "SIGNED"
    evidence = "https://eloise.example/facture.pdf"
    again = write("ReopenDispute", parties.eloise, dispute=dispute, evidenceUrl=evidence)
    await moved(again, "UNDER_REVIEW")
    assert await registry.commitment() == "BREACH_ALLEGED"
