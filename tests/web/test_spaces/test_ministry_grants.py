"""A claim as the ministry decides it."""

from tests.api.conftest import Written
from tests.web.browsing import Browser, Page
from tests.web.test_spaces.conftest import CONNECTED, ELOISE


async def claimed(town: Browser, code: str) -> None:
    page = await town.open(f"/espace/collectivites/{code}/subventions")
    await town.send(page.form("/subventions"), submit="oui")


async def move(analyst: Browser, page: Page, state: str, **values: str) -> Page:
    return await analyst.send(page.form(page.path), state=state, **values)


async def test_from_the_queue_to_the_payment(
    connected: Browser, analyst: Browser, written: Written
) -> None:
    await claimed(connected, CONNECTED)
    queue = await analyst.open("/espace/ministere/file")
    page = await analyst.follow(queue, "Saint-Étienne-du-Bois a déposé une demande")
    silent = await move(analyst, page, "CHANGES_REQUESTED")
    assert "Un motif est attendu : la collectivité le lira." in silent.text
    page = await move(analyst, silent, "CHANGES_REQUESTED", reason="Le RIB manque.")
    home = await connected.open("/espace")
    theirs = await connected.follow(home, "Compléter la demande de subvention")
    assert "Le RIB manque." in theirs.text
    await connected.send(theirs.form(theirs.path), state="SUBMITTED", reason="Le voici.")
    page = await analyst.open(page.path)
    page = await move(analyst, page, "ACCEPTED")
    form = page.form(page.path)
    page = await analyst.send(form)
    await analyst.send(form)
    assert "Le versement est noté." in page.text
    assert [entry[0] for entry in await written()] == [
        "claim", "claim", "claim", "changes_requested", "submitted", "accepted", "paid",
    ]  # fmt: skip
    paid = await analyst.open("/espace/ministere/subventions", etat="PAID")
    page = await analyst.follow(paid, "Saint-Étienne-du-Bois")
    page = await move(analyst, page, "RECOVERY_REQUESTED", reason="Versée deux fois.")
    assert "Le remboursement est demandé." in page.text
    rows = (await analyst.client.get("/espace/ministere/subventions.csv")).text.splitlines()
    assert rows[1].split(",")[1:5] == [
        CONNECTED, "Saint-Étienne-du-Bois", "500000", "RECOVERY_REQUESTED",
    ]  # fmt: skip
    own = await connected.open(f"/espace/collectivites/{CONNECTED}/subventions", etat="PAID")
    assert "Aucune demande dans cet état." in own.text
    assert "Déposer la demande" not in own.text


async def test_it_says_why_a_claim_can_t_be_accepted(eloise: Browser, analyst: Browser) -> None:
    await claimed(eloise, ELOISE)
    page = await analyst.open("/espace/ministere/subventions")
    page = await analyst.follow(page, "Éloise")
    assert "la demande ne peut pas être acceptée" in page.text
    page = await move(analyst, page, "ACCEPTED")
    assert "La collectivité n’a pas encore, en production," in page.text
