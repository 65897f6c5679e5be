from tests.api.conftest import Ask, Token
from tests.factories import siren

OWN = siren(99970000)


async def test_who_wrote_what_and_from_what(ask: Ask, write: Ask, token: Token) -> None:
    await write("RegisterVendor", await token(OWN), siren=OWN, name="Orme")
    history = (await ask("VendorHistory", siren=OWN))["vendor"]["history"]
    assert history["totalCount"] == 1
    (entry,) = [edge["node"] for edge in history["edges"]]
    assert (entry["noun"], entry["action"], entry["organisation"]) == ("vendor", "create", OWN)
    assert entry["organisationName"] == "Orme"
    assert {"field": "name", "before": None, "after": "Orme"} in entry["changes"]
