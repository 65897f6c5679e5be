"""Lists as files: the same bytes by PostgreSQL and by the program, harmless in a spreadsheet."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import ARRAY

from registry.database import Database
from registry.exchange.bundle.cells import bare_code, neutralise, restore
from registry.exchange.lists import Format, Record, encode_rows, encode_statement
from tests.effort import examples

RUN = "=+-@＝＋－＠"
SEPARATORS = ",;\t\r\n"
PROBED = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def texts() -> st.SearchStrategy[str]:
    """What people type, and above all what cells, codes and formulas begin and end with."""
    signs = st.sampled_from([*RUN, *SEPARATORS, *"'\"|. 0123456789eE", "01005", "=cmd()"])
    others = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
    return st.lists(signs | others, max_size=12).map("".join)


@settings(max_examples=examples(500))
@given(text=texts())
@example(text="a;'=1")
@example(text="\t\t=1")
@example(text="'\t'=1;''+1")
def test_what_is_neutralised_comes_back(text: str) -> None:
    written = neutralise(text)
    assert restore(written) == text
    for piece in re.split(f"[{SEPARATORS}]", written):
        assert not piece.lstrip('"').startswith(tuple(RUN))
    assert not written.startswith(("\t", "\r"))


@pytest.mark.parametrize(
    "text", ["rue du Pont, 3", "l’éditeur : 10 %", "a = b", "« -5 »", "a\r\n\r\nb", "réunion ; - 3"]
)
def test_what_no_spreadsheet_runs_is_written_as_it_is(text: str) -> None:
    assert neutralise(text) == restore(text) == text


@PROBED
@given(rows=st.lists(st.tuples(texts(), st.lists(texts(), max_size=3)), max_size=20))
@example(rows=[("01005", ["01"]), ("2A004", ["2A", "2B"]), ("1-2", []), ("", [""]), ("a;b", [])])
async def test_postgresql_writes_the_same_bytes(
    shared_database: Database, rows: list[tuple[str, list[str]]]
) -> None:
    for format in Format:
        assert await by_postgresql(shared_database, format, rows) == await here(format, rows)


@PROBED
@given(rows=st.lists(st.tuples(texts(), st.lists(texts(), max_size=3)), max_size=20))
@example(rows=[("x;=cmd|'/C calc'!A1", []), ('x;"=1+1', []), ('="01005;=1"', [])])
async def test_no_spreadsheet_finds_a_formula(rows: list[tuple[str, list[str]]]) -> None:
    """However it splits the file: the one formula is a code, and nothing but a constant."""
    for format in (Format.CSV, Format.EXCEL):
        written = (await here(format, rows)).decode("utf-8-sig")
        for piece in re.split(f"[{SEPARATORS}]", written):
            if piece.startswith(tuple(RUN)):
                assert format is Format.EXCEL
                assert re.fullmatch('="[0-9][0-9A-Za-z._/-]*"', piece), piece


@given(rows=st.lists(st.tuples(texts(), st.lists(texts(), max_size=3)), max_size=20))
@PROBED
async def test_a_file_for_excel_reads_as_what_it_was_made_from(
    rows: list[tuple[str, list[str]]],
) -> None:
    written = (await here(Format.EXCEL, rows)).decode("utf-8-sig")
    header, *lines = csv.reader(io.StringIO(written, newline=""), delimiter=";")
    assert header == ["name", "codes"]
    back = [tuple(restore(bare_code(cell)) for cell in line) for line in lines]
    assert back == [(name, "|".join(codes)) for name, codes in rows]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("01005", '="01005"'),
        ("62711", '="62711"'),
        ("000062711", '="000062711"'),
        ("2A004", '="2A004"'),
        ("1E5", '="1E5"'),
        ("1-2", '="1-2"'),
        ("000062711/permis", '="000062711/permis"'),
        ("3 Suisses", "3 Suisses"),
        ("a;b", '"a;b"'),
        ("=1", "'=1"),
        ("Nantua", "Nantua"),
    ],
)
async def test_a_code_stays_a_text_in_a_spreadsheet(text: str, cell: str) -> None:
    content = await here(Format.EXCEL, [(text, [])])
    assert content == f"\ufeffname;codes\r\n{cell};\r\n".encode()


async def here(format: Format, rows: Sequence[tuple[str, list[str]]]) -> bytes:
    async def records() -> AsyncIterator[Sequence[Record]]:
        yield [{"name": name, "codes": codes} for name, codes in rows]

    parts = encode_rows(format, ("name", "codes"), records())
    return b"".join([part async for part in parts])


async def by_postgresql(
    database: Database, format: Format, rows: Sequence[tuple[str, list[str]]]
) -> bytes:
    texts = ARRAY(sa.Text)
    lines = [
        sa.select(sa.literal(name, sa.Text).label("name"), sa.cast(codes, texts).label("codes"))
        for name, codes in rows
    ]
    nothing = sa.select(sa.null().cast(sa.Text).label("name"), sa.cast([], texts).label("codes"))
    statement = sa.union_all(*lines) if lines else nothing.where(sa.false())
    listed = statement.subquery()
    async with database.read() as session:
        parts = encode_statement(format, session, sa.select(listed.c.name, listed.c.codes))
        return b"".join([part async for part in parts])
