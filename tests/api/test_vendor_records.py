"""A vendor's record: who writes it, what is refused, what the ledger keeps."""

import asyncio

import pytest

from registry.domain.clock import today
from tests.api.conftest import Ask, Token, Written
from tests.api.test_vendors import AUBEPINE, CEDRE, EBENE, SILENT
from tests.factories import siren

pytestmark = pytest.mark.usefixtures("world")


async def test_the_ministry_creates_a_vendor_that_takes_its_record_over(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    own = siren(99970000)
    made = await write("CreateVendor", ministry, siren=own, name="Orme", parentSiren=EBENE)
    assert (made["__typename"], made["claimed"], made["version"]) == ("Vendor", False, 1)
    assert made["parent"] == {"siren": EBENE}
    taken = await write("RegisterVendor", await token(own), siren=own, name="Orme SAS")
    assert taken["name"] == "Orme SAS"
    assert [entry[:2] for entry in await written()] == [("create", "vendor"), ("claim", "vendor")]
    again = await write("CreateVendor", ministry, siren=own, name="Orme")
    assert (again["__typename"], again["field"]) == ("AlreadyExists", "siren")


async def test_an_edit_changes_what_it_names_alone(
    ask: Ask, write: Ask, token: Token, written: Written
) -> None:
    by = await token(EBENE)
    given = {"siren": EBENE, "version": 1, "website": "https://ebene.example"}
    edited = await write("EditVendor", by, **given)
    assert (edited["name"], edited["website"]) == ("Ébène Logiciels", given["website"])
    assert edited["contact"] == "contact@ebene.example"
    assert edited["version"] == 2
    emptied = await write("EditVendor", by, siren=EBENE, version=2, contact=None, name="Ébène")
    assert (emptied["contact"], emptied["name"]) == (None, "Ébène")
    assert emptied["website"] == given["website"]
    assert [entry[:2] for entry in await written()] == [("edit", "vendor")] * 2
    vendors = (await ask("Vendors", filter={"text": "ebene logiciels"}))["vendors"]
    assert vendors["totalCount"] == 0


async def test_an_edit_that_changes_nothing_leaves_no_trace(
    write: Ask, token: Token, written: Written
) -> None:
    same = await write("EditVendor", await token(CEDRE), siren=CEDRE, version=2, parentSiren=EBENE)
    assert (same["__typename"], same["version"]) == ("Vendor", 2)
    assert await written() == []


async def test_an_edit_of_what_has_changed_since_is_a_conflict(
    write: Ask, token: Token, written: Written
) -> None:
    by = await token(EBENE)
    await write("EditVendor", by, siren=EBENE, version=1, name="Ébène")
    late = await write("EditVendor", by, siren=EBENE, version=1, name="Ébéniste")
    assert (late["__typename"], late["currentVersion"]) == ("Conflict", 2)
    assert len(await written()) == 1


async def test_of_edits_at_once_one_is_heard(write: Ask, token: Token, written: Written) -> None:
    by = await token(EBENE)
    given = {"siren": EBENE, "version": 1}
    edits = [write("EditVendor", by, **given, name=f"Ébène {number}") for number in range(4)]
    answers = [answer["__typename"] for answer in await asyncio.gather(*edits)]
    assert sorted(answers) == ["Conflict", "Conflict", "Conflict", "Vendor"]
    assert len(await written()) == 1


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (
            {"name": " ", "website": "site", "contact": "Jean Dupont"},
            ["name", "website", "contact"],
        ),
        ({"name": "Ébène\u2028"}, []),
        ({"name": "Éb\u2028ène"}, ["name"]),
        ({"website": "https://sans-point/"}, ["website"]),
        ({"parentSiren": EBENE}, ["parentSiren"]),
        ({"parentSiren": siren(99970000)}, ["parentSiren"]),
        ({"parentSiren": CEDRE}, ["parentSiren"]),
        ({"parentSiren": "12"}, ["parentSiren"]),
    ],
)
async def test_every_fault_of_an_edit_is_told(
    write: Ask, token: Token, changes: dict[str, str], fields: list[str]
) -> None:
    edited = await write("EditVendor", await token(EBENE), siren=EBENE, version=1, **changes)
    assert [fault["field"] for fault in edited.get("errors", [])] == fields


async def test_a_vendor_writes_only_its_own_record(
    write: Ask, token: Token, ministry: str, written: Written
) -> None:
    other = await token(AUBEPINE)
    for by, answer in ((None, "NotSignedIn"), (other, "NotAllowed")):
        for operation, given in (
            ("EditVendor", {"version": 1, "name": "Pris"}),
            ("PublishStatement", {"statement": "Pris"}),
            ("CreateVendor", {"name": "Pris"}),
            ("MergeVendors", {"targetSiren": AUBEPINE}),
        ):
            refused = await write(operation, by, siren=EBENE, **given)
            assert refused["__typename"] == answer, operation
    unknown = siren(99970000)
    assert (await write("EditVendor", other, siren=unknown, version=1))["code"] == "FORBIDDEN"
    lost = await write("EditVendor", ministry, siren=unknown, version=1)
    assert (lost["__typename"], lost["field"]) == ("NotFound", "siren")
    spoken_for = await write("PublishStatement", ministry, siren=EBENE, statement="Non")
    assert spoken_for["__typename"] == "NotAllowed"
    assert await written() == []


async def test_a_statement_stands_where_its_vendor_is_named_as_blocking(
    ask: Ask, write: Ask, token: Token, written: Written
) -> None:
    by = await token(SILENT)
    said = "« e-Mairie » sera intégré au printemps."
    made = await write("PublishStatement", by, siren=SILENT, statement=f" {said} ")
    assert (made["statement"], made["statementOn"]) == (said, str(today()))
    blocking = (await ask("Blockers"))["blockers"]["edges"]
    told = {edge["node"]["vendor"]["siren"]: edge["node"]["vendor"] for edge in blocking}
    assert told[SILENT]["statement"] == said
    assert told[SILENT]["statementOn"] == str(today())
    gone = await write("PublishStatement", by, siren=SILENT, statement=None)
    assert (gone["statement"], gone["statementOn"]) == (None, None)
    assert [entry[:2] for entry in await written()] == [("publish", "vendor")] * 2


@pytest.mark.parametrize(("length", "answer"), [(500, "Vendor"), (501, "Invalid")])
async def test_a_statement_has_at_most_500_characters(
    write: Ask, token: Token, length: int, answer: str
) -> None:
    made = await write(
        "PublishStatement", await token(SILENT), siren=SILENT, statement="é" * length
    )
    assert made["__typename"] == answer


async def test_what_a_vendor_blocks_keeps_its_national_rank(ask: Ask) -> None:
    everything = [edge["node"] for edge in (await ask("Blockers"))["blockers"]["edges"]]
    assert len({node["vendor"]["siren"] for node in everything}) > 1
    for vendor in (EBENE, AUBEPINE, SILENT):
        blocking = (await ask("VendorBlocking", siren=vendor))["vendor"]["blocking"]
        own = [node for node in everything if node["vendor"]["siren"] == vendor]
        assert blocking["totalCount"] == len(own)
        assert [
            (e["node"]["rank"], e["node"]["product"]["slug"], e["node"]["blocked"])
            for e in blocking["edges"]
        ] == [(node["rank"], node["product"]["slug"], node["blocked"]) for node in own]
        assert not blocking["pageInfo"]["hasNextPage"]
