"""What the parties do is told by e-mail to those it concerns, in the same transaction."""

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from models import Account, Message
from registry.database import Database
from registry.domain import ledger
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token
from tests.api.sides import EBENE, Sides, town
from tests.factories import add, establishment

CONTACT = "contact@ebene.example"
CONNECTED, MAYOR = "01001", "mairie@bois.example"
FAMILLE = {"vendorSiren": EBENE, "product": "famille"}
Told = Callable[[], Awaitable[list[tuple[str, str]]]]


@pytest.fixture
def told(database: Database) -> Told:
    """Recipients and subjects, in the order of their posting."""

    async def read() -> list[tuple[str, str]]:
        async with database.read() as session:
            rows = await session.scalars(sa.select(Message).order_by(sa.text("id")))
            return [(row.recipient, row.subject) for row in rows]

    return read


@pytest.fixture
async def mayor(database: Database) -> None:
    """Somebody of the town signed in lately."""
    siret = establishment(town(CONNECTED))
    async with database.transaction(ADMINISTRATOR) as session:
        row = Account(issuer="https://idp.example", subject="m", siret=siret, email=MAYOR)
        await add(session, row)
        await ledger.append(session, "sign_in", "account", [row.recorded_id])


async def test_an_invitation_is_sent(write: Ask, sides: Sides, told: Told) -> None:
    refused = await write("InviteCommitment", sides.vendor, vendorSiren=EBENE, product="famille")
    assert (refused["__typename"], await told()) == ("NotAllowed", [])
    invited = {"vendorSiren": EBENE, "product": "famille"}
    made = await write("InviteCommitment", sides.ministry, **invited)
    assert made["__typename"] == "Commitment", made
    ((to, subject),) = await told()
    assert (to, subject) == (CONTACT, "Vous êtes invité à vous engager sur l’absence de surcoût")


async def test_what_the_ministry_makes_of_a_declaration(
    write: Ask, sides: Sides, told: Told
) -> None:
    asked = {"state": "QUALIFICATION_REQUESTED"}
    v1 = FAMILLE | {"service": "FRANCECONNECT_V1"}
    made = await write("RecordIntegration", sides.vendor, **v1, **asked)
    assert await told() == []
    back = {"decision": "SEND_BACK", "reason": "La preuve manque."}
    await write("ReviewIntegration", sides.ministry, **v1, step=made["id"], **back)
    sent = (CONTACT, "Une de vos déclarations est renvoyée par le ministère")
    assert await told() == [sent]
    step = await write("RecordIntegration", sides.vendor, **v1, state="QUALIFIED")
    await write(
        "ReviewIntegration", sides.ministry, **v1, step=step["id"], decision="VERIFY", reason=None
    )
    assert await told() == [sent]
    await write("ReviewIntegration", sides.ministry, **v1, step=step["id"], **back)
    assert await told() == [sent, sent]
    gone = await write("SuspendIntegration", sides.ministry, **v1, reason="En panne.")
    assert gone["state"] == "SUSPENDED"
    suspended = (CONTACT, "Une de vos déclarations est suspendue par le ministère")
    assert await told() == [sent, sent, suspended]


@pytest.mark.usefixtures("mayor")
async def test_a_dispute_from_its_opening_to_its_end(
    write: Ask, token: Token, sides: Sides, told: Told
) -> None:
    opened = await write(
        "OpenDispute",
        await token(town(CONNECTED)),
        collectivite=CONNECTED,
        **FAMILLE,
        kind="SURCHARGE",
        statement="Un devis.",
    )
    contested = (CONTACT, "Un de vos logiciels est contesté")
    assert await told() == [contested]
    await write("ReviewDispute", sides.ministry, dispute=opened["id"])
    done = await write("DismissDispute", sides.ministry, dispute=opened["id"], reason="Autre.")
    assert done["state"] == "DISMISSED"
    decided = "Contestation non fondée"
    assert await told() == [contested, (CONTACT, decided), (MAYOR, decided)]


@pytest.mark.usefixtures("mayor")
async def test_what_is_decided_of_a_grant(
    write: Ask, token: Token, sides: Sides, told: Told
) -> None:
    made = await write("ClaimGrant", await token(town(CONNECTED)), collectivite=CONNECTED)
    assert await told() == []
    said = {"claim": made["id"], "reason": "Le RIB manque."}
    await write("RequestGrantChanges", sides.ministry, **said)
    assert await told() == [(MAYOR, "Votre demande de subvention est à compléter")]
