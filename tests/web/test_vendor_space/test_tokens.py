"""Machines and delegates of the vendor's own organisation."""

import re

from tests.api.conftest import Written
from tests.api.sides import AUBEPINE
from tests.web.browsing import Browser
from tests.web.test_vendor_space.conftest import SPACE

SECRET = re.compile(r"rac_\w{36}")


async def test_a_secret_is_shown_once(vendor: Browser, written: Written) -> None:
    form = (await vendor.open(f"{SPACE}/jetons")).form("/jetons")
    wrong = await vendor.send(form, name="export", days="9999", scopes=["DECLARE"])
    assert "De 1 à 365 jours." in wrong.text
    form = wrong.form("/jetons")
    assert (dict(form.values)["name"], ("scopes", "DECLARE") in form.values) == ("export", True)
    shown = await vendor.send(form, days="90")
    secret = SECRET.search(shown.reply.text)
    assert secret is not None
    assert shown.reply.headers["cache-control"] == "no-store"
    again = await vendor.send(form, days="90")
    assert "Cette demande a déjà donné un jeton" in again.text
    assert not SECRET.search(again.reply.text)
    assert [entry[:2] for entry in await written()] == [("create", "token")]
    bearer = {"Authorization": f"Bearer {secret[0]}", "Accept": "application/json"}
    query = {"query": "{ __typename }"}
    assert (await vendor.client.post("/graphql", json=query, headers=bearer)).status_code == 200


async def test_a_token_is_renewed_and_revoked(vendor: Browser, written: Written) -> None:
    form = (await vendor.open(f"{SPACE}/jetons")).form("/jetons")
    await vendor.send(form, name="export", days="90", scopes=["READ"])
    page = await vendor.open(f"{SPACE}/jetons")
    page = await vendor.send(page.form("/renouvellement"))
    assert SECRET.search(page.reply.text)
    page = await vendor.open(f"{SPACE}/jetons")
    page = await vendor.send(page.form("/revocation"))
    assert "Ce jeton est révoqué" in page.text
    actions = [action for action, _, _ in await written()]
    assert actions == ["create", "rotate", "create", "revoke"]


async def test_tokens_are_listed_by_state_and_by_date(vendor: Browser) -> None:
    for name in ("export", "import"):
        form = (await vendor.open(f"{SPACE}/jetons")).form("/jetons")
        await vendor.send(form, name=name, days="90", scopes=["READ", "DECLARE"])
    page = await vendor.open(f"{SPACE}/jetons", tri="OLDEST")
    await vendor.send(page.form("/revocation"))
    for query, names in (
        ({}, ["import", "export"]),
        ({"tri": "OLDEST"}, ["export", "import"]),
        ({"etat": "ACTIVE"}, ["import"]),
        ({"etat": "REVOKED"}, ["export"]),
    ):
        page = await vendor.open(f"{SPACE}/jetons", **query)
        told = (await vendor.client.get(page.link("JSON"))).json()
        assert [row["name"] for row in told] == names
        assert [row["scopes"] for row in told] == [["READ", "DECLARE"]] * len(names)
    assert "dans cet état" in (await vendor.open(f"{SPACE}/jetons", etat="EXPIRED")).text


async def test_a_delegate_is_named_and_enters(
    vendor: Browser, competitor: Browser, written: Written
) -> None:
    page = await vendor.open(f"{SPACE}/delegues")
    page = await vendor.send(page.form("/delegues"), email="agent", delegateSiren="12")
    assert {"#champ-email", "#champ-delegateSiren"} <= {address for address, _ in page.read.links}
    page = await vendor.send(
        page.form("/delegues"), email="agent@organisation.example", delegateSiren=AUBEPINE
    )
    assert "agent@organisation.example" in page.text
    theirs = await competitor.open(f"{SPACE}/jetons")
    assert "seuls les siens gèrent ses jetons" in theirs.text
    for path in ("jetons.csv", "delegues.json"):
        assert (await competitor.open(f"{SPACE}/{path}")).status == 403
    (named,) = (await vendor.client.get(f"{SPACE}/delegues.json")).json()
    assert (named["email"], named["ended_at"]) == ("agent@organisation.example", None)
    page = await vendor.send(page.form("/fin"))
    assert "La délégation a pris fin." in page.text
    assert (await competitor.open(SPACE)).status == 403
    assert [entry[:2] for entry in await written()] == [
        ("create", "delegation"),
        ("end", "delegation"),
    ]
