"""Files to fill in: what is filled in and sent back is taken."""

import io
from xml.etree import ElementTree
from zipfile import ZipFile

import httpx2
import pytest
from python_calamine import load_workbook

from tests.api.conftest import Token
from tests.api.test_bulk_declarations.conftest import EBENE, Send
from tests.workbooks import FIRST_SHEET, with_row

pytestmark = pytest.mark.usefixtures("world")

COLUMNS = ["collectivite", "vendor_siren", "product", "demarche", "since", "until", "operator"]


async def get(client: httpx2.AsyncClient, by: str | None, path: str) -> httpx2.Response:
    return await client.get(path, headers={"Authorization": f"Bearer {by}"} if by else {})


EXAMPLES = {
    "deployments": ["01006", EBENE, "famille", "PERISCOLAIRE", "2024-01-01"],
    "activations": [
        *("01006", EBENE, "famille", "PERISCOLAIRE"),
        *("FRANCECONNECT_V2", "2024-02-01", "HABILITATION_SUBMITTED"),
    ],
}


async def test_a_template_that_is_filled_in_is_taken(
    client: httpx2.AsyncClient, token: Token, send: Send
) -> None:
    by = await token(EBENE)
    for noun, cells in EXAMPLES.items():
        workbook = await get(client, by, f"/bulk/{noun}/template.xlsx")
        assert workbook.status_code == 200, workbook.text
        done = await send(by, with_row(workbook.content, cells), noun)
        assert (done["state"], done["report"]["created"]) == ("DONE", 1), done

        csv = (await get(client, by, f"/bulk/{noun}/template.csv")).content
        done = await send(by, csv + f"{';'.join(cells)}\r\n".encode(), noun)
        assert (done["state"], done["report"]["lines"]) == ("DONE", 1), done


async def test_an_empty_template_is_taken_and_says_nothing(
    client: httpx2.AsyncClient, token: Token, send: Send
) -> None:
    by = await token(EBENE)
    workbook = await get(client, by, "/bulk/deployments/template.xlsx")
    done = await send(by, workbook.content)
    assert (done["state"], done["report"]["lines"]) == ("DONE", 0)


async def test_a_template_lists_the_codes_of_its_reader(
    client: httpx2.AsyncClient, token: Token
) -> None:
    workbook = await get(client, await token(EBENE), "/bulk/activations/template.xlsx")
    book = load_workbook(io.BytesIO(workbook.content))
    assert book.sheet_names == ["Déclarations", "Codes"]
    codes = [*zip(*book.get_sheet_by_index(1).to_python(), strict=True)]
    lists = {column[0]: [code for code in column[1:] if code] for column in codes[::3]}
    assert set(lists) == {"product", "demarche", "service", "state"}
    assert "famille" in lists["product"]
    assert "FRANCECONNECT_V2" in lists["service"]
    assert "IN_PRODUCTION" in lists["state"]
    assert "périscolaire" in {*codes[4], *codes[1]}


async def test_the_columns_of_a_template_are_text(client: httpx2.AsyncClient, token: Token) -> None:
    """Format 49 is text in every spreadsheet: what is typed under it keeps its zeros."""
    workbook = await get(client, await token(EBENE), "/bulk/deployments/template.xlsx")
    book = load_workbook(io.BytesIO(workbook.content))
    assert book.get_sheet_by_index(0).to_python() == [COLUMNS]
    with ZipFile(io.BytesIO(workbook.content)) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
        sheet = ElementTree.fromstring(archive.read(FIRST_SHEET))
    formats = [each.get("numFmtId") for each in styles.iterfind("{*}cellXfs/{*}xf")]
    columns = [int(each.get("style", "0")) for each in sheet.iterfind("{*}cols/{*}col")]
    assert {formats[style] for style in columns} == {"49"}
    assert len(workbook.content) < 20_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("deployments/template.ods", 404),
        ("products/template.csv", 404),
        ("deployments/template.csv?siren=1", 400),
        ("deployments/template.csv?dryRun=true", 400),
    ],
)
async def test_there_is_no_other_template(
    client: httpx2.AsyncClient, token: Token, path: str, status: int
) -> None:
    assert (await get(client, await token(EBENE), f"/bulk/{path}")).status_code == status


async def test_a_template_is_for_whoever_may_send_it_back(client: httpx2.AsyncClient) -> None:
    assert (await get(client, None, "/bulk/deployments/template.xlsx")).status_code in (401, 403)
