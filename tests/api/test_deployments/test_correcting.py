"""Whoever corrects a link says it anew; its end leaves what was confirmed as it was."""

from datetime import timedelta

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Written
from tests.api.sides import OPERATOR, OTHER, TOWN, Sides, link

CONFIRMED = [("town", "vendor"), ("vendor", "town"), ("vendor", "ministry"), ("town", "ministry")]


@pytest.mark.parametrize("side", ["town", "vendor", "ministry"])
async def test_the_declarant_corrects_its_own_word(
    write: Ask, sides: Sides, written: Written, side: str
) -> None:
    by = getattr(sides, side)
    made = await write("DeclareDeployment", by, **link())
    given = {"since": "2023-03-01", "until": "2027-01-01", "operator": OPERATOR}
    fixed = await write("CorrectDeployment", by, id=made["id"], version=1, **given)
    assert {name: fixed[name] for name in given} == given
    assert (fixed["declaredBy"], fixed["sinceApproximate"], fixed["version"]) == (
        made["declaredBy"],
        False,
        2,
    )
    opened = await write("CorrectDeployment", by, id=made["id"], version=2, until=None)
    assert (opened["until"], opened["operator"]) == (None, OPERATOR)
    assert [entry[:2] for entry in await written()] == [
        ("create", "deployment"),
        ("correct", "deployment"),
        ("correct", "deployment"),
    ]


@pytest.mark.parametrize(("declarant", "confirmer"), CONFIRMED)
@pytest.mark.parametrize("corrector", ["town", "vendor"])
async def test_a_correction_takes_the_confirmation_away(
    write: Ask, ask: Ask, sides: Sides, declarant: str, confirmer: str, corrector: str
) -> None:
    made = await write("DeclareDeployment", getattr(sides, declarant), **link())
    await write("ConfirmDeployment", getattr(sides, confirmer), id=made["id"])
    fixed = await write(
        "CorrectDeployment",
        getattr(sides, corrector),
        id=made["id"],
        version=2,
        since="2023-03-01",
    )
    word = {"town": "COLLECTIVITE", "vendor": "VENDOR"}[corrector]
    assert (fixed["declaredBy"], fixed["confirmedBy"], fixed["confirmed"]) == (word, None, False)
    scope = await ask("CollectiviteReadiness", code=TOWN, basis="CONFIRMED")
    assert scope["collectivite"]["readiness"] == "NO_KNOWN_SOFTWARE"
    other = sides.vendor if corrector == "town" else sides.town
    again = await write("ConfirmDeployment", other, id=made["id"])
    assert (again["confirmed"], again["since"]) == (True, "2023-03-01")


async def test_the_ministry_corrects_by_its_own_word(write: Ask, sides: Sides) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    fixed = await write(
        "CorrectDeployment", sides.ministry, id=made["id"], version=1, since="2023-03-01"
    )
    assert (fixed["declaredBy"], fixed["confirmedBy"], fixed["confirmed"]) == (
        "MINISTRY",
        None,
        True,
    )


async def test_a_town_corrects_what_a_vendor_says_of_it(write: Ask, sides: Sides) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link())
    fixed = await write(
        "CorrectDeployment", sides.town, id=made["id"], version=1, since="2023-03-01"
    )
    assert (fixed["declaredBy"], fixed["confirmed"]) == ("COLLECTIVITE", False)


async def test_a_vendor_leaves_what_the_town_alone_said(
    write: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.town, **link())
    refused = await write(
        "CorrectDeployment", sides.vendor, id=made["id"], version=1, since="2023-03-01"
    )
    assert refused["__typename"] == "NotAllowed"
    assert len(await written()) == 1


@pytest.mark.parametrize("side", ["neighbour", "competitor", "operator"])
@pytest.mark.parametrize("operation", ["CorrectDeployment", "EndDeployment"])
async def test_strangers_change_nothing(
    write: Ask, sides: Sides, written: Written, side: str, operation: str
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link(operator=OPERATOR))
    given = {"id": made["id"], "version": 9}
    assert (await write(operation, getattr(sides, side), **given))["__typename"] == "NotAllowed"
    assert (await write(operation, **given))["__typename"] == "NotSignedIn"
    assert len(await written()) == 1


async def test_a_version_that_passed_is_a_conflict(
    write: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.town, **link())
    await write("ConfirmDeployment", sides.vendor, id=made["id"])
    for operation in ("CorrectDeployment", "EndDeployment"):
        refused = await write(operation, sides.town, id=made["id"], version=1)
        assert (refused["__typename"], refused["currentVersion"]) == ("Conflict", 2)
    assert len(await written()) == 2


async def test_a_correction_that_changes_nothing_writes_nothing(
    write: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.town, **link(since="2023-03-01"))
    await write("ConfirmDeployment", sides.vendor, id=made["id"])
    same = await write(
        "CorrectDeployment", sides.town, id=made["id"], version=2, since="2023-03-01", until=None
    )
    assert (same["confirmedBy"], same["version"]) == ("VENDOR", 2)
    assert len(await written()) == 2


async def test_to_give_the_day_is_to_correct_an_approximate_one(write: Ask, sides: Sides) -> None:
    made = await write("DeclareDeployment", sides.town, **link())
    fixed = await write(
        "CorrectDeployment", sides.town, id=made["id"], version=1, since=made["since"]
    )
    assert (fixed["sinceApproximate"], fixed["version"]) == (False, 2)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"since": str(today() + timedelta(days=2))}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"since": "2021-12-31"}, "since"),
        ({"until": "2022-12-31"}, "until"),
        ({"until": "9999-12-31"}, "until"),
        ({"operator": "000000001"}, "operator"),
        ({"demarche": "URBANISME"}, "demarche"),
    ],
)
async def test_a_wrong_correction_is_told(
    write: Ask, sides: Sides, written: Written, given: dict[str, str], field: str
) -> None:
    await write("DeclareDeployment", sides.town, **link(since="2020-01-01", until="2022-01-01"))
    made = await write("DeclareDeployment", sides.town, **link(since="2023-01-01"))
    refused = await write("CorrectDeployment", sides.town, id=made["id"], version=1, **given)
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == [field]
    assert len(await written()) == 2


async def test_a_demarche_is_corrected_until_something_hangs_on_it(
    write: Ask, sides: Sides
) -> None:
    made = await write("DeclareDeployment", sides.town, **link())
    canteen = {"id": made["id"], "demarche": "RESTAURATION_SCOLAIRE"}
    fixed = await write("CorrectDeployment", sides.town, version=1, **canteen)
    assert fixed["demarche"] == "RESTAURATION_SCOLAIRE"
    await write("ConfirmDeployment", sides.vendor, id=made["id"])
    refused = await write(
        "CorrectDeployment", sides.town, version=3, id=made["id"], demarche="PERISCOLAIRE"
    )
    assert refused["errors"][0]["field"] == "demarche"


@pytest.mark.parametrize("side", ["town", "vendor", "ministry"])
async def test_each_side_ends_a_use(
    write: Ask, ask: Ask, sides: Sides, written: Written, side: str
) -> None:
    made = await write("DeclareDeployment", sides.town, **link(since="2023-01-01"))
    await write("ConfirmDeployment", sides.vendor, id=made["id"])
    ended = await write("EndDeployment", getattr(sides, side), id=made["id"], version=2)
    assert (ended["until"], ended["inForce"]) == (str(today()), False)
    assert (ended["declaredBy"], ended["confirmedBy"]) == ("COLLECTIVITE", "VENDOR")
    now = await ask("CollectiviteReadiness", code=TOWN, basis="CONFIRMED")
    assert now["collectivite"]["readiness"] == "NO_KNOWN_SOFTWARE"
    before = await ask("CollectiviteReadiness", code=TOWN, basis="CONFIRMED", asOf="2026-11-01")
    assert before["collectivite"]["readiness"] == "READY"
    assert [entry[0] for entry in await written()] == ["create", "confirm", "end"]


async def test_an_end_only_comes_nearer(write: Ask, sides: Sides, written: Written) -> None:
    made = await write("DeclareDeployment", sides.town, **link(since="2023-01-01"))
    given = {"id": made["id"], "until": "2027-06-01"}
    ended = await write("EndDeployment", sides.vendor, version=1, **given)
    assert (ended["until"], ended["inForce"]) == ("2027-06-01", True)
    same = await write("EndDeployment", sides.vendor, version=2, **given)
    assert same["version"] == 2
    for until in ("2027-06-02", "2022-12-31"):
        refused = await write("EndDeployment", sides.town, id=made["id"], version=2, until=until)
        assert refused["errors"][0]["field"] == "until"
    sooner = await write("EndDeployment", sides.town, id=made["id"], version=2, until="2027-01-01")
    assert sooner["until"] == "2027-01-01"
    assert [entry[0] for entry in await written()] == ["create", "end", "end"]


async def test_an_acknowledged_operator_acts_for_the_town(
    write: Ask, sides: Sides, written: Written
) -> None:
    made = await write("DeclareDeployment", sides.vendor, **link(operator=OPERATOR))
    given = {"id": made["id"], "since": "2023-03-01"}
    refused = await write("CorrectDeployment", sides.operator, version=1, **given)
    assert refused["__typename"] == "NotAllowed"
    await write("ConfirmDeployment", sides.town, id=made["id"])
    fixed = await write("CorrectDeployment", sides.operator, version=2, **given)
    assert (fixed["declaredBy"], fixed["confirmed"]) == ("COLLECTIVITE", False)
    for change in ({"operator": OTHER}, {"operator": None}, {"demarche": "RESTAURATION_SCOLAIRE"}):
        refused = await write(
            "CorrectDeployment", sides.operator, id=made["id"], version=3, **change
        )
        assert refused["__typename"] == "NotAllowed"
    ended = await write("EndDeployment", sides.operator, id=made["id"], version=3)
    assert ended["until"] == str(today())
    assert [entry[0] for entry in await written()] == ["create", "confirm", "correct", "end"]


async def test_a_vendor_names_no_operator_by_itself(write: Ask, sides: Sides) -> None:
    """What the vendor changes waits for the town's word before the operator acts on it."""
    made = await write("DeclareDeployment", sides.town, **link())
    await write("ConfirmDeployment", sides.vendor, id=made["id"])
    await write("CorrectDeployment", sides.vendor, id=made["id"], version=2, operator=OPERATOR)
    refused = await write("EndDeployment", sides.operator, id=made["id"], version=3)
    assert refused["__typename"] == "NotAllowed"
