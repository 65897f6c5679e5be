import pytest

from tests.api.conftest import Ask, Token, Written
from tests.factories import siren

EBENE, AUBEPINE, CEDRE, SILENT = (siren(number) for number in range(99990000, 99990004))

pytestmark = pytest.mark.usefixtures("world")


async def test_a_vendor_with_its_commitment_and_products(ask: Ask) -> None:
    vendor = (await ask("Vendor", siren=EBENE))["vendor"]
    assert vendor["name"] == "Ébène Logiciels"
    assert vendor["contact"] == "contact@ebene.example"
    assert vendor["parent"] is None
    assert vendor["commitment"] == {
        "state": "SIGNED",
        "vendorWide": True,
        "effectiveOn": "2024-01-10",
        "declaredBy": "VENDOR",
        "charterVersion": "2022-03-07",
        "exclusions": "module de paiement",
        "validUntil": None,
        "stale": True,
    }
    assert vendor["products"]["totalCount"] == 2
    assert [edge["node"] for edge in vendor["products"]["edges"]] == [
        {
            "slug": "famille",
            "name": "Portail Familles",
            "citizenLogin": True,
            "demarches": ["PERISCOLAIRE", "RESTAURATION_SCOLAIRE"],
            "verdict": "READY",
            "clientCount": 2,
        },
        {
            "slug": "interne",
            "name": "Ébène Interne",
            "citizenLogin": False,
            "demarches": ["AUTRE"],
            "verdict": "NOT_CONCERNED",
            "clientCount": 1,
        },
    ]


async def test_the_products_of_a_vendor_come_by_pages(ask: Ask) -> None:
    first = (await ask("Vendor", siren=EBENE, first=1))["vendor"]["products"]
    assert [edge["node"]["slug"] for edge in first["edges"]] == ["famille"]
    assert first["pageInfo"]["hasNextPage"]
    assert not first["pageInfo"]["hasPreviousPage"]
    after = first["pageInfo"]["endCursor"]
    second = (await ask("Vendor", siren=EBENE, first=1, after=after))["vendor"]["products"]
    assert [edge["node"]["slug"] for edge in second["edges"]] == ["interne"]
    assert not second["pageInfo"]["hasNextPage"]
    assert second["pageInfo"]["hasPreviousPage"]


async def test_a_signature_past_its_end_reads_expired(ask: Ask) -> None:
    vendor = (await ask("Vendor", siren=CEDRE))["vendor"]
    assert vendor["commitment"]["state"] == "EXPIRED"
    assert vendor["parent"] == {"siren": EBENE}


async def test_spaces_in_a_siren_do_not_matter(ask: Ask) -> None:
    spaced = f"{EBENE[:3]} {EBENE[3:6]} {EBENE[6:]} "
    assert (await ask("Vendor", siren=spaced))["vendor"]["siren"] == EBENE


async def test_an_unknown_vendor_is_null(ask: Ask) -> None:
    assert (await ask("Vendor", siren=siren(12345678)))["vendor"] is None


@pytest.mark.parametrize("malformed", ["", "12345678", "999900005", "٩٩٩٩٠٠٠٠٣"])
async def test_a_malformed_siren_is_refused(refusal: Ask, malformed: str) -> None:
    assert await refusal("Vendor", siren=malformed) == {"code": "BAD_USER_INPUT", "field": "siren"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [AUBEPINE, CEDRE, EBENE, SILENT]),
        ({"text": "ebene"}, [EBENE]),
        ({"text": "É"}, [EBENE, SILENT]),
        ({"text": "logi ÉBÈ"}, [EBENE]),
        ({"text": EBENE[:8]}, [EBENE]),
        ({"text": "!"}, []),
        ({"text": " "}, [AUBEPINE, CEDRE, EBENE, SILENT]),
        ({"sirens": [SILENT, CEDRE]}, [CEDRE, SILENT]),
        ({"sirens": []}, []),
        ({"commitment": "SIGNED"}, [EBENE]),
        ({"commitment": "EXPIRED"}, [CEDRE]),
        ({"commitment": "NONE"}, [SILENT]),
    ],
)
async def test_vendors_are_filtered_and_sorted_by_name(
    ask: Ask, wanted: dict[str, object], found: list[str]
) -> None:
    vendors = (await ask("Vendors", filter=wanted))["vendors"]
    assert [edge["node"]["siren"] for edge in vendors["edges"]] == found
    assert vendors["totalCount"] == len(found)


async def test_the_list_tells_each_vendor_s_products(ask: Ask) -> None:
    vendors = (await ask("Vendors", orderBy="KEY_ASC"))["vendors"]
    nodes = [edge["node"] for edge in vendors["edges"]]
    assert [node["products"]["totalCount"] for node in nodes] == [2, 1, 1, 1]
    assert [node["commitment"] and node["commitment"]["state"] for node in nodes] == [
        "SIGNED",
        "DECLINED",
        "EXPIRED",
        None,
    ]
    verdicts = [edge["node"]["verdict"] for node in nodes for edge in node["products"]["edges"]]
    assert verdicts == [
        "NOT_CONCERNED",
        "READY",
        "SURCHARGE",
        "COST_UNKNOWN",
        "NOT_INTEGRATED",
    ]


async def test_an_organisation_registers_itself(write: Ask, token: Token, written: Written) -> None:
    own = siren(99970000)
    by = await token(own)
    made = await write("RegisterVendor", by, siren=own, name="Orme", contact="contact@orme.example")
    assert (made["__typename"], made["siren"]) == ("Vendor", own)
    assert [entry[:2] for entry in await written()] == [("create", "vendor")]
    again = await write("RegisterVendor", by, siren=own, name="Orme")
    assert (again["__typename"], again["field"]) == ("AlreadyExists", "siren")


async def test_a_vendor_takes_over_the_record_that_stands_for_it(write: Ask, token: Token) -> None:
    made = await write("RegisterVendor", await token(EBENE), siren=EBENE, name="Ébène")
    assert (made["__typename"], made["name"]) == ("Vendor", "Ébène")


async def test_nobody_registers_another(write: Ask, token: Token, written: Written) -> None:
    nobody = await write("RegisterVendor", siren=EBENE, name="Ébène")
    other = await write("RegisterVendor", await token(AUBEPINE), siren=EBENE, name="Ébène")
    assert (nobody["__typename"], other["__typename"]) == ("NotSignedIn", "NotAllowed")
    assert await written() == []


async def test_every_fault_of_an_input_is_told(write: Ask, token: Token) -> None:
    own = siren(99970000)
    refused = await write(
        "RegisterVendor", await token(own), siren=own, name=" ", website="ftp://x", parentSiren=own
    )
    assert refused["__typename"] == "Invalid"
    assert [fault["field"] for fault in refused["errors"]] == ["name", "website", "parentSiren"]


async def test_a_key_makes_a_write_happen_once(write: Ask, token: Token, written: Written) -> None:
    own = siren(99970000)
    by = await token(own)
    given = {"siren": own, "name": "Orme", "idempotencyKey": "un"}
    first = await write("RegisterVendor", by, **given)
    again = await write("RegisterVendor", by, **given)
    assert again == first
    assert len(await written()) == 1
    other = await write("RegisterVendor", by, **given | {"name": "Orme SAS"})
    assert other["__typename"] == "KeyReused"
