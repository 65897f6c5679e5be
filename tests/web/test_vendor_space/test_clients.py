"""Clients: listed for the vendor alone, confirmed, ended, declared one by one or by a file."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from registry.database import Database
from registry.exchange.bulk.running import run_next
from registry.web.queries import PAGE
from tests.api.conftest import Ask, Token, Written
from tests.api.sides import AUBEPINE, EBENE, READY, TOWN, link, town
from tests.web.browsing import Browser, Page
from tests.web.test_vendor_space.conftest import SPACE
from tests.workbooks import archive, ods, with_row

GiveBack = Callable[[str], Awaitable[Page]]
HEADER = "collectivite,vendor_siren,product,demarche,since"


async def test_the_list_is_filtered_and_has_its_twins(vendor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/clients")
    assert "3 usages en cours." in page.text
    assert "Éloise" in page.text
    page = await vendor.open(f"{SPACE}/clients", confirme="oui", logiciel="famille")
    assert "1 usage en cours." in page.text
    assert "Éloise" not in page.text
    written = (await vendor.client.get(page.link("CSV"))).text.splitlines()
    assert written[0] == (
        "collectivite,collectivite_name,vendor_siren,product,demarche,since,until,operator,"
        "declared_by,confirmed_by"
    )
    assert [line.split(",")[0] for line in written[1:]] == ["01001"]
    records = (await vendor.client.get(f"{SPACE}/clients.json")).json()
    assert [(record["collectivite"], record["product"]) for record in records] == [
        ("01001", "famille"),
        ("01002", "famille"),
        ("01002", "interne"),
    ]


async def test_a_product_of_others_is_told_beside_its_filter(vendor: Browser) -> None:
    wrong = await vendor.open(f"{SPACE}/clients", logiciel="autre", q="éloise")
    assert (wrong.status, wrong.link("Logiciel : «")) == (400, "#filtre-logiciel")
    assert ("q", "éloise") in wrong.form("/clients").values


@pytest.mark.parametrize("text", ["éloise", READY, town(READY)])
async def test_one_town_is_found_among_the_clients(vendor: Browser, text: str) -> None:
    records = (await vendor.client.get(f"{SPACE}/clients.json", params={"q": text})).json()
    assert {record["collectivite"] for record in records} == {READY}
    page = await vendor.open(f"{SPACE}/clients", q=text)
    assert f"{len(records)} usage" in page.text


async def test_a_search_without_result_says_so(vendor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/clients", q="nulle part")
    assert "Aucun usage ne répond à ces critères." in page.text


async def test_the_latest_clients_come_first(vendor: Browser) -> None:
    records = (await vendor.client.get(f"{SPACE}/clients.json?tri=SINCE_DESC")).json()
    days = [record["since"] for record in records]
    assert len(days) == 3
    assert days == sorted(days, reverse=True)


async def test_what_waits_for_the_vendor_is_a_filter(
    vendor: Browser, write: Ask, token: Token
) -> None:
    page = await vendor.open(f"{SPACE}/clients", confirme="vous")
    assert "Aucun usage" in page.text
    await write("DeclareDeployment", await token(town(TOWN)), **link())
    page = await vendor.open(f"{SPACE}/clients", confirme="vous")
    assert "1 usage en cours." in page.text
    assert "à confirmer par vous" in page.text


async def test_what_towns_declared_is_confirmed_from_the_list(
    vendor: Browser, write: Ask, token: Token, written: Written
) -> None:
    by = await token(town(TOWN))
    for demarche in ("PERISCOLAIRE", "RESTAURATION_SCOLAIRE"):
        await write("DeclareDeployment", by, **link(demarche=demarche))
    page = await vendor.follow(await vendor.open(SPACE), "Confirmer ou corriger les usages")
    assert "2 usages de cette page attendent votre confirmation" in page.text
    ticked = [
        address.rpartition("/")[2] for address, words in page.read.links if "Ouvrir :" in words
    ]
    form = page.form("/clients?confirme=vous")
    refused = await vendor.send(form)
    assert refused.status == 422
    assert "Rien n’est coché." in refused.text
    wrong = await vendor.send(form, usage=[ticked[0], "x"])
    assert "Un numéro est attendu." in wrong.text
    page = await vendor.send(form, usage=ticked)
    assert page.path.endswith("/clients?confirme=vous")
    assert "2 usages sont confirmés." in page.text
    assert "Aucun usage ne répond à ces critères." in page.text
    entries = [entry[:2] for entry in await written()]
    assert entries == [("create", "deployment")] * 2 + [("confirm", "deployment")] * 2


async def test_what_a_town_declared_is_confirmed_then_ended(
    vendor: Browser, write: Ask, token: Token, written: Written
) -> None:
    await write("DeclareDeployment", await token(town(TOWN)), **link())
    page = await vendor.follow(await vendor.open(SPACE), "Confirmer ou corriger les usages")
    page = await vendor.follow(page, "Ouvrir :")
    page = await vendor.send(page.form("/confirmation"))
    assert "La collectivité ; confirmé par l’éditeur" in page.text
    form = page.form("/fin")
    page = await vendor.send(form, until="1900-01-01")
    assert "Fin antérieure au début" in page.text
    assert dict(page.form("/fin").values)["until"] == "1900-01-01"
    page = await vendor.send(form)
    assert "La fin de cet usage est enregistrée." in page.text
    page = await vendor.send(form)
    assert [entry[:2] for entry in await written()] == [
        ("create", "deployment"),
        ("confirm", "deployment"),
        ("end", "deployment"),
    ]


async def test_a_client_that_is_already_known_is_told(vendor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/nouveau-client", q=town("01001"))
    page = await vendor.follow(page, "Saint-Étienne-du-Bois")
    assert "Déjà enregistré chez elle" in page.text
    form = page.form("/nouveau-client/01001")
    page = await vendor.send(form, product="famille", demarche="PERISCOLAIRE")
    assert "Cet usage est déjà déclaré" in page.text
    page = await vendor.send(page.form("/01001"), product="famille", demarche="AUTRE")
    assert "ne couvre pas cette démarche" in page.text


async def test_a_file_is_tried_corrected_and_sent_for_good(
    vendor: Browser, database: Database, uploads: Path, written: Written
) -> None:
    page = await vendor.open(f"{SPACE}/fichiers")
    wrong = f"{HEADER}\n{line(TOWN)}\n{line('99999')}\n"
    form = page.form("/fichiers")
    assert ("dryRun", "oui") in form.values
    page = await vendor.send(form)
    assert "Choisissez un fichier." in page.text
    page = await vendor.send(form, files={"file": ("clients.csv", wrong.encode())})
    assert "En attente." in page.text
    other = await vendor.send(form, files={"file": ("clients.csv", f"{HEADER}\n".encode())})
    assert other.status == 422
    assert other.path.endswith("/fichiers")
    assert 'hx-trigger="every 2s"' in page.reply.text
    assert await run_next(database, uploads)
    page = await vendor.open(page.path)
    assert "Le fichier est refusé" in page.text
    assert "1 ligne juste sur 2" in page.text
    assert "Lignes lues 2 Déclarations nouvelles 1" in page.text
    assert "Lignes fautives 1" in page.text
    assert f"{TOWN} Le Bois" in page.text
    assert "Télécharger les lignes fautives" in page.text
    assert 'hx-trigger="every 2s"' not in page.reply.text
    faulty = (await vendor.client.get(page.link("Télécharger"))).text.splitlines()
    assert faulty[0].endswith(",motif")
    assert faulty[1].startswith("99999,")

    page = await vendor.open(f"{SPACE}/fichiers")
    right = f"{HEADER}\n{line(TOWN)}\n".encode()
    page = await vendor.send(page.form("/fichiers"), files={"file": ("clients.csv", right)})
    assert await run_next(database, uploads)
    page = await vendor.open(page.path)
    assert "Rien n’est écrit encore : voici ce qui serait fait." in page.text
    assert await written() == []
    page = await vendor.send(page.form("/envoi"))
    assert "Pour de bon." in page.text
    assert await run_next(database, uploads)
    page = await vendor.open(page.path)
    assert "Le fichier est enregistré." in page.text
    assert "Déclarations nouvelles 1" in page.text
    assert [entry[:2] for entry in await written()] == [("bulk", "deployment")]


async def test_where_the_header_alone_is_at_fault_no_line_is_given_back(
    vendor: Browser, database: Database, uploads: Path
) -> None:
    form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
    wrong = f"{HEADER},couleur\n{line(TOWN)},bleu\n".encode()
    page = await vendor.send(form, files={"file": ("clients.csv", wrong)})
    assert await run_next(database, uploads)
    page = await vendor.open(page.path)
    assert "Ses colonnes ne conviennent pas : rien n’est écrit." in page.text
    assert "En-tête fautif La ligne qui nomme les colonnes ne convient pas" in page.text
    assert "couleur" in page.text
    assert not [words for _, words in page.read.links if "Télécharger" in words]
    assert (await vendor.open(f"{page.path}/lignes-fautives.csv")).status == 404


@pytest.fixture
def give_back(vendor: Browser, database: Database, uploads: Path) -> GiveBack:
    """Send a file of clients for good, and read what became of it."""

    async def run(content: str) -> Page:
        form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
        files = {"file": ("clients.csv", content.encode("utf-8"))}
        page = await vendor.send(form, files=files, dryRun=[])
        assert await run_next(database, uploads)
        return await vendor.open(page.path)

    return run


@pytest.mark.parametrize("format", ["CSV", "CSV pour Excel"])
async def test_a_list_that_was_downloaded_goes_back_and_changes_nothing(
    vendor: Browser, give_back: GiveBack, write: Ask, token: Token, written: Written, format: str
) -> None:
    """Whoever said its lines, confirmed or not; then one end is edited, and it alone changes."""
    await write("DeclareDeployment", await token(town(TOWN)), **link())
    before = await written()
    page = await vendor.open(f"{SPACE}/clients")
    content = (await vendor.client.get(page.link(format))).text
    page = await give_back(content)
    assert "Le fichier est enregistré." in page.text
    for counted in ("lues 4", "nouvelles 0", "confirmés 0", "modifiées 0", "ne changent rien 4"):
        assert counted in page.text
    assert await written() == before
    separator = ";" if "Excel" in format else ","
    header, *lines, _ = content.replace("\r\n", "\n").split("\n")
    place = header.split(separator).index("until")
    for number, line in enumerate(lines):
        cells = line.split(separator)
        cells[place] = "2099-12-31"
        edited = [*lines[:number], separator.join(cells), *lines[number + 1 :]]
        page = await give_back("\n".join([header, *edited]))
        assert "modifiées 1" in page.text, page.text
        assert "ne changent rien 3" in page.text
        assert len(await written()) == len(before) + 1 + number
        lines = edited
    records = (await vendor.client.get(f"{SPACE}/clients.json")).json()
    assert {record["until"] for record in records} == {"2099-12-31"}


async def test_a_template_is_filled_in_and_sent_back(
    vendor: Browser, competitor: Browser, database: Database, uploads: Path, written: Written
) -> None:
    page = await vendor.open(f"{SPACE}/fichiers")
    address = page.link("classeur")
    template = await vendor.client.get(address)
    assert template.headers["cache-control"] == "no-store"
    assert template.headers["content-disposition"].endswith('"modele-usages.xlsx"')
    for content, name in [
        (with_row(template.content, line(TOWN).split(",")), "clients.xlsx"),
        (ods([HEADER.split(","), line(TOWN).split(",")]), "clients.ods"),
    ]:
        form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
        page = await vendor.send(form, files={"file": (name, content)})
        assert await run_next(database, uploads)
        page = await vendor.open(page.path)
        assert "Lignes lues 1 Déclarations nouvelles 1" in page.text
    assert await written() == []
    assert (await competitor.open(address)).status == 403


async def test_a_workbook_that_can_not_be_read_is_refused_on_the_page(vendor: Browser) -> None:
    form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
    word = archive({"word/document.xml": "<w/>"})
    page = await vendor.send(form, files={"file": ("clients.docx", word)})
    assert page.status == 422
    assert "Document Word : enregistrez la feuille au format .xlsx, .ods ou" in page.text


async def test_files_sent_are_listed_by_pages(
    vendor: Browser, database: Database, uploads: Path
) -> None:
    form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
    for number in range(PAGE + 1):
        form = (await vendor.open(f"{SPACE}/fichiers")).form("/fichiers")
        noun = "DEPLOYMENTS" if number else "ACTIVATIONS"
        files = {"file": ("clients.csv", HEADER.encode())}
        assert (await vendor.send(form, files=files, noun=noun)).status == 200
    assert await run_next(database, uploads)
    page = await vendor.open(f"{SPACE}/fichiers")
    last = await vendor.follow(page, "Page suivante")
    assert page.text.count("en attente") == PAGE + 1
    assert "raccordements à blanc refusé" in last.text
    assert (await vendor.follow(last, "Page précédente")).text.count("à blanc") == PAGE + 1
    told = (await vendor.client.get(page.link("JSON"))).json()
    assert [row["state"] for row in told] == ["WAITING"] * PAGE + ["REFUSED"]
    page = await vendor.open(f"{SPACE}/fichiers", contenu="ACTIVATIONS", etat="REFUSED")
    told = (await vendor.client.get(page.link("JSON"))).json()
    assert [(row["noun"], row["dry_run"]) for row in told] == [("ACTIVATIONS", True)]
    none = await vendor.open(f"{SPACE}/fichiers", etat="FAILED", tri="OLDEST")
    assert "Aucun fichier ne répond à ces critères." in none.text


async def test_a_file_is_for_its_sender(vendor: Browser, competitor: Browser) -> None:
    page = await vendor.open(f"{SPACE}/fichiers")
    body = f"{HEADER}\n{line(TOWN)}\n".encode()
    page = await vendor.send(page.form("/fichiers"), files={"file": ("clients.csv", body)})
    number = page.path.rpartition("/")[2]
    for path in (number, f"{number}/lignes-fautives.csv"):
        page = await competitor.open(f"/espace/editeurs/{AUBEPINE}/fichiers/{path}")
        assert page.status == 404


def line(insee: str) -> str:
    return f"{insee},{EBENE},famille,PERISCOLAIRE,2024-01-01"
