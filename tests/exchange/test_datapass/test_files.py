"""Files that can not be used."""

from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.errors import NotAllowed
from registry.exchange.bundle import BundleRefused
from registry.exchange.datapass import import_datapass
from registry.exchange.datapass.document import SIZE_LIMIT
from tests.effort import examples
from tests.exchange.test_datapass.support import FIXTURE, SIRET, entry, imported, refusal
from tests.factories import STRANGER

BOMB = b"a: &a [x, x]\nb: &b [*a, *a]\nshared:\n  c: *b\n"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 0, "vide"),
        (b"---\n# rien\n", 0, "vide"),
        (b"editors:\n  a: {}\n", 1, "shared"),
        (b"- a\n- b\n", 1, "shared"),
        (b"texte", 1, "shared"),
        (b"a: 1\nshared:\n", 2, "sous la forme"),
        (b"shared:\n- a\n", 1, "sous la forme"),
        (b"shared: {}\nshared: {}\n", 2, "ligne 1"),
        (b"shared:\n  a: {\n", 3, "YAML"),
        (b"shared:\n  a: b: c\n", 2, "YAML"),
        (b"shared:\n\ta: b\n", 2, "YAML"),
        (b"shared: {}\n---\nshared: {}\n", 2, "YAML"),
        (b"shared:\n  a: !x!y z\n", 2, "YAML"),
        (b"shared:\n  a: \xe9\n", 2, "0xE9"),
        (b"shared:\n  a: \x00\n", 2, "U+0000"),
        ("shared:\n  a: \x80\n".encode(), 2, "YAML"),
        ("shared: {}".encode("utf-16"), 1, "UTF-8"),
        (BOMB, 1, "ancres"),
        (b"shared:\n  a: *b\n", 2, "alias"),
        (b"shared:\n  a:\n    b: " + b"[" * 900 + b"\n", 3, "imbrication"),
        (b"shared: " + b"{a: " * 100_000, 1, "imbrication"),
        (b"- " * 100_000, 1, "imbrication"),
        (b"#" * (SIZE_LIMIT + 1), 0, "5 Mo"),
        (b"PK\x03\x04", 1, "U+0003"),
    ],
)
async def test_a_file_that_can_not_be_used_gives_one_clear_error(
    database: Database, write: Any, content: bytes, line: int, reason: str
) -> None:
    fault = await refusal(database, write(content))
    assert (fault.file, fault.line) == ("vendors.yml", line)
    assert reason in fault.reason


@pytest.mark.parametrize("name", ["absent.yml", ""])
async def test_a_file_that_can_not_be_opened_is_named(
    database: Database, tmp_path: Path, name: str
) -> None:
    fault = await refusal(database, tmp_path / name)
    assert fault.file == str(tmp_path / name)
    assert "illisible" in fault.reason


async def test_a_byte_order_mark_and_windows_lines_are_taken(
    database: Database, write: Any
) -> None:
    text = f"shared:\n{indent(entry(), '  ')}\n".replace("\n", "\r\n")
    report = await imported(database, write(text.encode("utf-8-sig")))
    assert report.created == {"vendor": 1, "product": 1}


async def test_only_the_administrator_imports(database: Database) -> None:
    with pytest.raises(NotAllowed):
        async with database.transaction(ADMINISTRATOR) as session:
            await import_datapass(session, STRANGER, FIXTURE)


async def test_a_long_list_takes_as_many_statements_as_a_short_one(
    database: Database, write: Any
) -> None:
    one, many = [], []
    for count, statements in ((1, one), (300, many)):
        lines = "\n".join(
            entry(f'"{SIRET}"', "fc_certified: true", key=f"k{count}_{number}")
            for number in range(count)
        )

        def record(
            _: Any, __: Any, statement: str, *___: Any, seen: list[str] = statements
        ) -> None:
            seen.append(statement)

        engine = database.engine.sync_engine
        sa.event.listen(engine, "before_cursor_execute", record)
        try:
            await imported(database, write(lines))
        finally:
            sa.event.remove(engine, "before_cursor_execute", record)
    assert len(many) <= len(one)


texts = st.text(max_size=12) | st.sampled_from(["a", "true", "&a", "*a", "{", "- ", "!!int x"])
scalars = texts | st.booleans() | st.none() | st.integers() | st.floats() | st.just(SIRET)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3)
)
fields = st.sampled_from(["type", "name", "siret", "fc_certified", "already_integrated"])
documents = st.dictionaries(
    texts, values | st.dictionaries(fields | texts, values | st.just(SIRET), max_size=6), max_size=4
).map(lambda entries: yaml.safe_dump({"shared": entries}, allow_unicode=True).encode())


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(documents | st.just(FIXTURE.read_bytes()[:1500])))
    for _ in range(draw(st.integers(0, 4))):
        position = draw(st.integers(0, len(content)))
        content[position : position + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(damaged() | st.binary(max_size=60) | documents)
@example(b'shared:\n  "\\ud800":\n    name: "\\ud800"\n    siret: "00000101600286"\n')
@example(b'shared:\n  a:\n    name: "\\uFFFE\\U0010FFFF"\n    siret: "00000101600286"\n')
@example(b"shared: {a: {type: !!python/object/apply:os.system [x]}}")
async def test_any_bytes_give_a_report_or_a_clear_error(
    database: Database, write: Any, content: bytes
) -> None:
    path = write(content)
    try:
        report = await imported(database, path)
    except BundleRefused as refused:
        told = refused.faults
    else:
        told = [*report.faults, *report.warnings]
        assert (await imported(database, path)).nothing
    assert all(fault.file == "vendors.yml" and fault.reason for fault in told)
