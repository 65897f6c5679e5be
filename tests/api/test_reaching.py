"""Where no message can reach an organisation, it and the ministry read it."""

from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.conftest import Ask, Token
from tests.api.sides import AUBEPINE, EBENE, TOWN, Sides, town
from tests.api.test_queue import waiting

ACCENTED, PLAIN = "aide@ébène.example", "aide@xn--bne-6lad.example"
GIVE_UP = sa.text("UPDATE message SET next_try_at = NULL, tries = 6, failure = '550 inconnu'")
POSTED = sa.text("SELECT recipient, organisation FROM message")
SENT = sa.text("UPDATE message SET sent_at = now()")


async def kinds(read_as: Ask, by: str) -> dict[str, Any]:
    return {task["kind"]: task for task in (await read_as("Tasks", by))["tasks"]}


async def test_a_contact_that_is_taken_is_written_to(
    write: Ask, sides: Sides, database: Database
) -> None:
    refused = await write(
        "EditVendor", sides.vendor, siren=EBENE, version=1, contact="secrétariat@ebene.example"
    )
    ((fault,),) = [refused["errors"]]
    assert (fault["field"], "lettres sans accent" in fault["message"]) == ("contact", True)
    edited = await write(
        "EditVendor", sides.vendor, siren=EBENE, version=1, contact=f"mailto:{ACCENTED}"
    )
    assert edited["contact"] == ACCENTED
    await write("InviteCommitment", sides.ministry, vendorSiren=EBENE, product="famille")
    async with database.read() as session:
        assert (await session.execute(POSTED)).all() == [(PLAIN, EBENE)]


async def test_a_vendor_without_a_mailbox_is_told(
    write: Ask, read_as: Ask, sides: Sides, person: Token
) -> None:
    def named(items: list[tuple[str, str, str]]) -> set[bool]:
        return {"Aubépine" in sentence for _, _, sentence in items}

    items = await waiting(read_as, sides.ministry, kinds=["VENDOR_UNREACHABLE"])
    assert named(items) == {True, False}
    assert not any("Ébène" in sentence for _, _, sentence in items)
    assert "MAILBOX_MISSING" in await kinds(read_as, sides.competitor)
    await person(AUBEPINE)
    items = await waiting(read_as, sides.ministry, kinds=["VENDOR_UNREACHABLE"])
    assert named(items) == {False}
    assert "MAILBOX_MISSING" in await kinds(read_as, sides.competitor)
    given = {"siren": AUBEPINE, "version": 1, "contact": "aide@aubepine.example"}
    assert (await write("EditVendor", sides.competitor, **given))["contact"]
    assert "MAILBOX_MISSING" not in await kinds(read_as, sides.competitor)


@pytest.mark.parametrize("reached", [False, True])
async def test_messages_given_up_are_told_until_one_arrives(
    write: Ask, read_as: Ask, sides: Sides, database: Database, *, reached: bool
) -> None:
    await write("InviteCommitment", sides.ministry, vendorSiren=EBENE, product="famille")
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(SENT if reached else GIVE_UP)
    items = await waiting(read_as, sides.ministry, kinds=["MESSAGES_UNDELIVERED"])
    task = (await kinds(read_as, sides.vendor)).get("MESSAGES_UNDELIVERED")
    if reached:
        assert (items, task) == ([], None)
    else:
        assert ["Ébène" in sentence for _, _, sentence in items] == [True]
        assert task is not None
        assert task["count"] == 1


async def test_a_collectivite_reads_that_its_messages_did_not_arrive(
    write: Ask, read_as: Ask, sides: Sides, database: Database, person: Token
) -> None:
    await person(town(TOWN))
    async with database.transaction(ADMINISTRATOR) as session:
        await session.execute(
            sa.text(
                "INSERT INTO message (key, recipient, organisation, subject, body, next_try_at)"
                " VALUES ('essai', 'mairie@bois.example', :siren, 'Essai', 'Essai', NULL)"
            ),
            {"siren": town(TOWN)},
        )
    (item,) = await waiting(read_as, sides.ministry, kinds=["MESSAGES_UNDELIVERED"])
    assert "remis" in item[2]
    assert "MESSAGES_UNDELIVERED" in await kinds(read_as, sides.town)
