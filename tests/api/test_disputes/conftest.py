from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from registry.database import Database
from registry.domain import verification
from registry.domain.actor import ADMINISTRATOR
from registry.embedded import Addresses
from tests.api.conftest import Ask, Token
from tests.factories import siren

EBENE, AUBEPINE = siren(99990000), siren(99990001)
ELOISE, BOIS = "01002", "01001"
"""Two towns that use Ébène's « famille », which is ready."""
QUOTE = "https://eloise.example/devis.pdf"


def town_siren(insee: str) -> str:
    return siren(21000000 + int(insee))


@dataclass(frozen=True)
class Parties:
    eloise: str
    bois: str
    vendor: str
    ministry: str


@pytest.fixture
async def parties(world: None, token: Token, ministry: str) -> Parties:
    return Parties(
        await token(town_siren(ELOISE)),
        await token(town_siren(BOIS)),
        await token(EBENE),
        ministry,
    )


class Registry:
    """What the parties do and what everyone sees of it."""

    def __init__(self, write: Ask, ask: Ask, parties: Parties) -> None:
        self.write, self.ask, self.parties = write, ask, parties

    async def surcharge(self, by: str | None = None, town: str = ELOISE, **given: Any) -> Any:
        values = {
            "collectivite": town,
            "vendorSiren": EBENE,
            "product": "famille",
            "kind": "SURCHARGE",
            "surchargeKind": "ONE_OFF_FEES",
            "amountCents": 150000,
            "statement": "Un devis nous demande 1 500 € pour FranceConnect.",
            "evidenceUrl": QUOTE,
        } | given
        return await self.write("OpenDispute", by or self.parties.eloise, **values)

    async def contest(self, by: str | None = None, **given: Any) -> Any:
        values = {
            "kind": "INTEGRATION",
            "service": "FRANCECONNECT_V2",
            "surchargeKind": None,
            "amountCents": None,
            "statement": "Le bouton n’apparaît pas.",
        } | given
        return await self.surcharge(by, **values)

    async def replied(self, dispute: str) -> None:
        """Examined, and answered by the vendor."""
        ministry, vendor = self.parties.ministry, self.parties.vendor
        await moved(self.write("ReviewDispute", ministry, dispute=dispute), "UNDER_REVIEW")
        await moved(self.write("AskReply", ministry, dispute=dispute), "AWAITING_REPLY")
        said = {"dispute": dispute, "reason": "Ce devis porte sur autre chose."}
        await moved(self.write("ReplyToDispute", vendor, **said), "UNDER_REVIEW")

    async def upheld(self, dispute: str) -> None:
        await self.replied(dispute)
        await moved(self.write("UpholdDispute", self.parties.ministry, dispute=dispute), "UPHELD")

    async def product(self, slug: str = "famille", vendor: str = EBENE) -> Any:
        return (await self.ask("ProductDisputes", vendorSiren=vendor, slug=slug))["product"]

    async def commitment(self) -> str:
        return str((await self.product())["commitment"]["state"])


async def moved(answer: Any, state: str) -> Any:
    found = await answer
    assert (found["__typename"], found.get("state")) == ("Dispute", state), found
    return found


@pytest.fixture
def registry(write: Ask, ask: Ask, parties: Parties) -> Registry:
    return Registry(write, ask, parties)


async def differences(database: Database) -> list[str]:
    """What ``raccord verify`` would tell."""
    async with database.read(ADMINISTRATOR) as session:
        return [
            f"{name} : {found}"
            async for name, found in verification.differences(session)
            if found is not None and not found.endswith("tel que le journal le dit")
        ]


async def as_owner(addresses: Addresses, statement: str, *values: Any) -> None:
    """What time would do: the service itself can't change what a step says."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute(statement, *values)
    finally:
        await owner.close()
