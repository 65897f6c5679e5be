"""The ledger as the ministry audits it."""

import pytest

from tests.api.sides import EBENE, SILENT, town
from tests.web.browsing import Browser
from tests.web.test_spaces.conftest import ELOISE

PLACE = "/espace/ministere/journal"


@pytest.fixture
async def spoken(eloise: Browser) -> None:
    page = await eloise.open(f"/espace/collectivites/{ELOISE}")
    path = page.link("Noter une étape du raccordement de Portail Familles")
    page = await eloise.open(path, service="FRANCECONNECT_V2")
    await eloise.send(page.form(path), state="PLANNED", reason="Au conseil de mars.")


@pytest.mark.usefixtures("spoken")
async def test_the_last_entries_and_their_files(analyst: Browser) -> None:
    page = await analyst.open(PLACE)
    assert "Raccordement" in page.text
    assert "Au conseil de mars." in page.text
    assert "agent@organisation.example" not in page.text
    own = await analyst.open(PLACE, objet="activation", organisation=town(ELOISE))
    assert "Au conseil de mars." in own.text
    none = await analyst.open(PLACE, objet="activation", organisation=EBENE)
    assert "Aucune inscription." in none.text
    rows = (await analyst.client.get(f"{PLACE}.json?objet=activation")).json()
    assert [(row["action"], row["to"], row["organisation"]) for row in rows] == [
        ("create", "PLANNED", town(ELOISE))
    ]
    latest = (await analyst.client.get(f"{PLACE}.json")).json()
    oldest = (await analyst.client.get(f"{PLACE}.json?tri=OLDEST")).json()
    assert len(latest) > 1
    assert oldest == latest[::-1]
    story = await analyst.follow(own, "Raccordement")
    assert "Histoire au journal : collectivité" in story.text
    assert "Au conseil de mars." in story.text


@pytest.mark.parametrize(
    ("key", "noun"),
    [
        (EBENE, "vendor"),
        (f"{EBENE}/famille", "product"),
        (f"{EBENE[:3]} {EBENE[3:]}", "vendor"),
        (ELOISE, "collectivite"),
        (town(ELOISE), "collectivite"),
    ],
)
async def test_a_record_is_found_by_its_key(analyst: Browser, key: str, noun: str) -> None:
    page = await analyst.open(PLACE)
    page = await analyst.send(page.form("/recherche"), cle=key)
    assert page.path.startswith(f"{PLACE}/{noun}/")


async def test_what_means_nothing_is_told(analyst: Browser) -> None:
    for key in ("n’importe quoi", f"{EBENE}/inconnu", "99999"):
        page = await analyst.open(f"{PLACE}/recherche", cle=key)
        assert page.status in (400, 404)
    assert (await analyst.open(f"{PLACE}/poneys/1")).status == 404


async def test_values_are_told_as_people_write_them(analyst: Browser) -> None:
    form = (await analyst.open("/espace/ministere/campagne")).form("/espace/ministere/campagne")
    await analyst.send(form, share1="62,5", grantAmountCents="6 000", deadline="2027-01-01")
    page = await analyst.open(PLACE, objet="campaign")
    assert "Modification" in page.text
    assert "Subvention : 5 000 € → 6 000 €" in page.text
    assert "→ 1er janvier 2027" in page.text
    assert "→ 62,5 %" in (await analyst.open(PLACE, objet="target")).text


async def test_what_is_empty_and_was_is_not_told(analyst: Browser) -> None:
    page = await analyst.open(f"/espace/ministere/editeurs/{SILENT}")
    await analyst.send(page.form(f"/espace/ministere/editeurs/{SILENT}"), state="INVITED")
    page = await analyst.open(PLACE, objet="commitment")
    assert "Invitation : invité à s’engager" in page.text
    assert "Portée" not in page.text
