"""The campaign is edited as it was read."""

from tests.api.conftest import Written
from tests.web.browsing import Browser

PLACE = "/espace/ministere/campagne"


async def test_an_edit_is_of_everything_at_once(analyst: Browser, written: Written) -> None:
    page = await analyst.open(PLACE)
    assert "tous les chiffres changent" in page.text
    form = page.form(PLACE)
    values = dict(form.values)
    assert values["grantAmountCents"].replace("\u202f", " ") == "5 000,00"
    done = await analyst.send(form, share1="62,5", grantAmountCents="6 000", totalTarget="4000")
    assert "La campagne est modifiée" in done.text
    await analyst.send(form, share1="62,5", grantAmountCents="6 000", totalTarget="4000")
    assert [entry[:2] for entry in await written()] == [("edit", "campaign"), ("edit", "target")]
    values = dict((await analyst.open(PLACE)).form(PLACE).values)
    assert (values["share1"], values["totalTarget"]) == ("62,5", "4000")


async def test_what_is_wrong_keeps_what_was_typed(analyst: Browser, written: Written) -> None:
    form = (await analyst.open(PLACE)).form(PLACE)
    page = await analyst.send(
        form, share2="120", deadline="1999-01-01", totalTarget="beaucoup", acceptedServices=[]
    )
    for said in (
        "Un pourcentage est attendu, de 0 à 100, comme 87,5.",
        "Un nombre entier est attendu.",
    ):
        assert said in page.text
    values = dict(page.form(PLACE).values)
    assert (values["share2"], values["totalTarget"]) == ("120", "beaucoup")
    page = await analyst.send(form, totalTarget="99999999999")
    assert "Un nombre entre 1 et 2147483647 est attendu." in page.text
    assert await written() == []


async def test_two_analysts_at_once(analyst: Browser) -> None:
    mine, theirs = [(await analyst.open(PLACE)).form(PLACE) for _ in range(2)]
    await analyst.send(theirs, totalTarget="4200")
    page = await analyst.send(mine, share1="70")
    assert "La campagne a changé entre-temps" in page.text
    assert "Collectivités à raccorder en tout : 4200" in page.text
    kept = page.form(PLACE)
    assert dict(kept.values)["share1"] == "70"
    done = await analyst.send(kept, totalTarget="4200")
    assert "La campagne est modifiée" in done.text
