"""The no-surcharge commitment: signed, declined and withdrawn by its vendor."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from models import Commitment, CommitmentState, Source, Vendor
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from tests.api.conftest import OPERATIONS, Ask, Token, Written
from tests.api.test_integrations import faults
from tests.api.test_vendors import AUBEPINE, CEDRE, EBENE, SILENT
from tests.factories import add, siren

pytestmark = pytest.mark.usefixtures("world")

SCOPE = ["ONE_OFF_FEES", "RECURRING_FEES", "PER_USE_FEES", "COMPULSORY_MODULES"]
SIGNATURE = {
    "charterVersion": "2022-03-07",
    "signatory": "Camille Exemple",
    "signatoryCapacity": "Directrice générale",
    "scope": SCOPE,
}
YESTERDAY = today() - timedelta(days=1)

Seen = Callable[..., Awaitable[Any]]


@pytest.fixture
def seen(client: httpx2.AsyncClient) -> Seen:
    """A product's declarations, as the holder of a token reads them."""

    async def read(vendor: str, slug: str, by: str | None = None) -> Any:
        query = (OPERATIONS / "Declarations.graphql").read_text()
        reply = await client.post(
            "/graphql",
            json={"query": query, "variables": {"vendorSiren": vendor, "slug": slug}},
            headers={"Authorization": f"Bearer {by}"} if by else {},
        )
        return reply.json()["data"]["product"]

    return read


@pytest.fixture
def stands(database: Database) -> Callable[..., Awaitable[None]]:
    """Put a vendor-wide commitment in a state that no mutation of the vendor's leads to."""

    async def put(vendor: str, state: CommitmentState, **values: Any) -> None:
        async with database.transaction(ADMINISTRATOR) as session:
            owner = await session.scalar(sa.select(Vendor.id).where(Vendor.siren == vendor))  # type: ignore[call-overload, arg-type]
            await session.execute(
                sa.text(
                    "UPDATE commitment SET effective_until = '2025-01-01'"
                    " WHERE vendor_id = :id AND product_id IS NULL AND effective_until IS NULL"
                ),
                {"id": owner},
            )
            step = {"effective_on": date(2025, 1, 1), "declared_by": Source.MINISTRY}
            await add(session, Commitment(vendor_id=owner, state=state, **step | values))

    return put


async def test_a_vendor_signs_for_all_its_products(
    write: Ask, token: Token, seen: Seen, written: Written
) -> None:
    by = await token(SILENT)
    signed = await write(
        "SignCommitment",
        by,
        vendorSiren=SILENT,
        **SIGNATURE,
        exclusions="Reprise de données",
        validUntil=str(today() + timedelta(days=365)),
        evidenceUrl="https://silence.example/charte.pdf",
    )
    assert (signed["state"], signed["vendorWide"], signed["declaredBy"]) == (
        "SIGNED",
        True,
        "VENDOR",
    )
    assert signed["signatory"] == "Camille Exemple"
    assert (signed["scope"], signed["exclusions"]) == (SCOPE, "Reprise de données")
    assert [entry[:2] for entry in await written()] == [("sign", "commitment")]
    again = await write("SignCommitment", by, vendorSiren=SILENT, **SIGNATURE)
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "SIGNED")
    assert again["allowed"] == ["BREACH_ALLEGED", "EXPIRED", "WITHDRAWN"]


async def test_a_product_s_own_signature_overrides(write: Ask, token: Token, seen: Seen) -> None:
    by = await token(AUBEPINE)
    assert (await seen(AUBEPINE, "guichet"))["verdict"] == "SURCHARGE"
    key = {"vendorSiren": AUBEPINE, "product": "guichet"}
    signed = await write("SignCommitment", by, **key, **SIGNATURE)
    assert (signed["state"], signed["vendorWide"]) == ("SIGNED", False)
    assert (await seen(AUBEPINE, "guichet"))["verdict"] == "READY"
    withdrawn = await write("WithdrawCommitment", by, **key, reason="Nouveau tarif")
    assert (withdrawn["state"], withdrawn["reason"]) == ("WITHDRAWN", "Nouveau tarif")
    assert (await seen(AUBEPINE, "guichet"))["verdict"] == "COST_UNKNOWN"


async def test_the_signatory_is_named_to_the_vendor_and_the_ministry_alone(
    write: Ask, ask: Ask, token: Token, ministry: str, seen: Seen
) -> None:
    by = await token(AUBEPINE)
    key = {"vendorSiren": AUBEPINE, "product": "guichet"}
    await write("SignCommitment", by, **key, **SIGNATURE)
    public = (await ask("Declarations", vendorSiren=AUBEPINE, slug="guichet"))["product"]
    assert public["commitment"]["signatory"] is None
    assert public["commitment"]["signatoryCapacity"] == "Directrice générale"
    for other, name in (
        (by, "Camille Exemple"),
        (ministry, "Camille Exemple"),
        (await token(EBENE), None),
        (await token(siren(21001003)), None),
    ):
        commitment = (await seen(AUBEPINE, "guichet", other))["commitment"]
        assert commitment["signatory"] == name
        assert [step["signatory"] for step in commitment["steps"]] == [name]


async def test_a_signature_is_of_the_whole_charter_in_force(write: Ask, token: Token) -> None:
    refused = await write(
        "SignCommitment",
        await token(SILENT),
        vendorSiren=SILENT,
        charterVersion="2021-01-01",
        signatory=" ",
        signatoryCapacity="",
        scope=["ONE_OFF_FEES"],
        exclusions="x" * 2001,
        validUntil=str(YESTERDAY),
        effectiveOn=str(YESTERDAY),
        evidenceUrl="ftp://x",
    )
    assert faults(refused) == [
        "charterVersion",
        "signatory",
        "signatoryCapacity",
        "scope",
        "exclusions",
        "validUntil",
        "evidenceUrl",
    ]
    messages = {fault["field"]: fault["message"] for fault in refused["errors"]}
    assert "2022-03-07" in messages["charterVersion"]
    assert "frais à l’usage, modules rendus obligatoires" in messages["scope"]


async def test_who_may_move_a_commitment(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    vendor, other = await token(SILENT), await token(EBENE)
    key = {"vendorSiren": SILENT}
    moves = {
        "SignCommitment": key | SIGNATURE,
        "DeclineCommitment": key,
        "WithdrawCommitment": key,
        "InviteCommitment": key,
        "AcceptCommitment": key | {"reason": "Remboursé"},
    }
    by_ministry = {"InviteCommitment", "AcceptCommitment"}
    for operation, given in moves.items():
        assert (await write(operation, **given))["__typename"] == "NotSignedIn"
        assert (await write(operation, other, **given))["__typename"] == "NotAllowed"
        barred = vendor if operation in by_ministry else ministry
        assert (await write(operation, barred, **given))["__typename"] == "NotAllowed"
    assert await written() == []


async def test_the_ministry_invites_and_the_vendor_declines(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    by = await token(SILENT)
    invited = await write("InviteCommitment", ministry, vendorSiren=SILENT)
    assert (invited["state"], invited["declaredBy"]) == ("INVITED", "MINISTRY")
    again = await write("InviteCommitment", ministry, vendorSiren=SILENT)
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "INVITED")
    declined = await write("DeclineCommitment", by, vendorSiren=SILENT, reason="Coût d’hébergement")
    assert (declined["state"], declined["reason"]) == ("DECLINED", "Coût d’hébergement")
    assert [entry[0] for entry in await written()] == ["invite", "decline"]


async def test_an_expired_signature_is_signed_anew_or_withdrawn(
    write: Ask, token: Token, seen: Seen
) -> None:
    by = await token(CEDRE)
    early = await write(
        "SignCommitment", by, vendorSiren=CEDRE, **SIGNATURE, effectiveOn=str(YESTERDAY)
    )
    assert (early["__typename"], early["currentState"]) == ("NotInThisState", "SIGNED")
    signed = await write("SignCommitment", by, vendorSiren=CEDRE, **SIGNATURE)
    assert (signed["state"], signed["validUntil"]) == ("SIGNED", None)
    assert (await seen(CEDRE, "cantine"))["verdict"] == "READY"


async def test_what_reads_as_expired_may_still_be_withdrawn(write: Ask, token: Token) -> None:
    done = await write("WithdrawCommitment", await token(CEDRE), vendorSiren=CEDRE)
    assert done["state"] == "WITHDRAWN"


async def test_an_alleged_breach_is_not_signed_away(
    write: Ask, token: Token, stands: Any, written: Written
) -> None:
    await stands(EBENE, CommitmentState.BREACH_ALLEGED)
    refused = await write("SignCommitment", await token(EBENE), vendorSiren=EBENE, **SIGNATURE)
    assert (refused["__typename"], refused["currentState"]) == ("NotInThisState", "BREACH_ALLEGED")
    assert "signalement" in refused["message"]
    assert await written() == []


async def test_after_a_breach_the_ministry_lets_the_signature_stand_again(
    write: Ask, token: Token, ministry: str, stands: Any, seen: Seen, written: Written
) -> None:
    await stands(EBENE, CommitmentState.BREACHED)
    assert (await seen(EBENE, "famille"))["verdict"] == "SURCHARGE"
    vendor = await write("SignCommitment", await token(EBENE), vendorSiren=EBENE, **SIGNATURE)
    assert (vendor["__typename"], vendor["currentState"]) == ("NotInThisState", "BREACHED")
    assert "ministère" in vendor["message"]
    assert faults(await write("AcceptCommitment", ministry, vendorSiren=EBENE)) == ["reason"]
    done = await write("AcceptCommitment", ministry, vendorSiren=EBENE, reason="Remboursé")
    assert (done["state"], done["declaredBy"], done["reason"]) == (
        "SIGNED",
        "MINISTRY",
        "Remboursé",
    )
    assert (done["charterVersion"], done["exclusions"]) == ("2022-03-07", "module de paiement")
    assert (await seen(EBENE, "famille"))["verdict"] == "READY"
    again = await write("AcceptCommitment", ministry, vendorSiren=EBENE, reason="Remboursé")
    assert (again["__typename"], again["currentState"]) == ("NotInThisState", "SIGNED")
    assert [entry[0] for entry in await written()] == ["accept"]


async def test_the_history_of_a_commitment(write: Ask, token: Token, seen: Seen) -> None:
    await write("WithdrawCommitment", await token(EBENE), vendorSiren=EBENE)
    steps = (await seen(EBENE, "famille"))["commitment"]["steps"]
    assert [step["state"] for step in steps] == ["WITHDRAWN", "SIGNED", "INVITED"]


async def test_an_unknown_vendor_or_product(write: Ask, token: Token, ministry: str) -> None:
    refused = await write("InviteCommitment", ministry, vendorSiren=siren(99960000))
    assert (refused["__typename"], refused["field"]) == ("NotFound", "vendorSiren")
    by = await token(EBENE)
    refused = await write("DeclineCommitment", by, vendorSiren=EBENE, product="absent")
    assert (refused["__typename"], refused["field"]) == ("NotFound", "product")
    assert faults(await write("DeclineCommitment", by, vendorSiren="12")) == ["vendorSiren"]
    wrong = await write("DeclineCommitment", by, vendorSiren=EBENE, product="É")
    assert faults(wrong) == ["product"]


async def test_a_repeated_key_gives_the_signature_again(
    write: Ask, token: Token, written: Written
) -> None:
    by = await token(SILENT)
    given = {"vendorSiren": SILENT, "idempotencyKey": "une"} | SIGNATURE
    first = await write("SignCommitment", by, **given)
    assert await write("SignCommitment", by, **given) == first
    assert len(await written()) == 1


async def test_of_two_first_words_at_once_one_is_recorded(
    write: Ask, token: Token, written: Written
) -> None:
    by = await token(SILENT)
    said = await asyncio.gather(
        write("SignCommitment", by, vendorSiren=SILENT, **SIGNATURE),
        write("DeclineCommitment", by, vendorSiren=SILENT),
    )
    assert len({answer["__typename"] for answer in said} & {"Commitment"}) == 1
    others = [answer for answer in said if answer["__typename"] != "Commitment"]
    assert [answer["__typename"] for answer in others] in (["Conflict"], ["NotInThisState"], [])
    assert len(await written()) == 2 - len(others)
