"""DataPass's list: what is kept, what is reported, and what it may never overwrite."""

from datetime import timedelta
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC
from registry.domain.clock import today
from registry.domain.errors import NotAllowed
from registry.exchange.bundle import BundleRefused, Fault
from registry.exchange.datapass import Report, import_datapass
from registry.exchange.datapass.document import SIZE_LIMIT
from registry.settings import ROOT

FIXTURE = ROOT / "fixtures" / "datapass" / "vendors.yml"
HEADER = 2
SIREN = "000001016"
SIRET, OTHER_SIRET, SAME_SIREN = "00000101600286", "00000102400355", "00000101600013"

STEPS = """
SELECT siren, slug, service, state, declared_by, evidence_level, effective_on, effective_until,
       actor, reason
FROM integration JOIN product ON product.id = product_id JOIN vendor ON vendor.id = vendor_id
ORDER BY siren, slug, service, integration.id
"""
ENTRIES = """
SELECT noun, convert_from(payload, 'UTF8')::json->>'action' AS action, count(*) FROM ledger
WHERE noun NOT IN ('campaign', 'target') GROUP BY 1, 2 ORDER BY 1
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(entries: str | bytes) -> Path:
        path = tmp_path / "vendors.yml"
        if isinstance(entries, str):
            entries = f"---\nshared:\n{indent(dedent(entries).strip(), '  ')}\n".encode()
        path.write_bytes(entries)
        return path

    return written


async def imported(database: Database, path: Path) -> Report:
    async with database.transaction() as session:
        return await import_datapass(session, ADMINISTRATOR, path)


async def rows(database: Database, statement: str) -> list[Any]:
    async with database.read() as session:
        return list((await session.execute(sa.text(statement))).all())


async def refusal(database: Database, path: Path) -> Fault:
    with pytest.raises(BundleRefused) as refused:
        await imported(database, path)
    (fault,) = refused.value.faults
    return fault


def places(faults: Any) -> list[tuple[int, str, str]]:
    """Lines count from the first entry's."""
    return [(fault.line - HEADER, fault.column, fault.value) for fault in faults]


def entry(siret: str = f'"{SIRET}"', *flags: str, key: str = "brumelune") -> str:
    lines = [f"{key}:", "  type: editor", "  name: Brumelune", f"  siret: {siret}"]
    return "\n".join(lines + [f"  {flag}" for flag in flags])


async def declare(database: Database, *steps: tuple[str, str, int], service: str) -> None:
    """Steps of the product that ``entry()`` names: who, state, days ago."""
    async with database.transaction() as session:
        vendor = await session.scalar(
            sa.text(
                "INSERT INTO vendor (siren, name, search) VALUES (:s, 'Ancien nom', 'ancien')"
                " RETURNING id"
            ),
            {"s": SIREN},
        )
        product = await session.scalar(
            sa.text(
                "INSERT INTO product (vendor_id, slug, name, citizen_login, demarches, search)"
                " VALUES (:v, 'brumelune', 'Ancien produit', false, '{URBANISME}', 'ancien')"
                " RETURNING id"
            ),
            {"v": vendor},
        )
        days = [today() - timedelta(days=ago) for *_, ago in steps]
        for (who, state, _), day, until in zip(steps, days, [*days, None][1:], strict=True):
            await session.execute(
                sa.text(
                    "INSERT INTO integration (product_id, service, state, effective_on,"
                    " effective_until, declared_by, evidence_level)"
                    " VALUES (:p, :service, :state, :day, :until, :who, 'SELF_DECLARED')"
                ),
                {
                    "p": product,
                    "service": service,
                    "state": state,
                    "day": day,
                    "until": until,
                    "who": who,
                },
            )


def test_the_fixture_has_the_defects_of_the_real_list() -> None:
    entries = yaml.safe_load(FIXTURE.read_bytes())["shared"]
    sirets = [str(entry["siret"]) for entry in entries.values() if "siret" in entry]
    assert (len(entries), len(sirets)) == (69, 54)
    assert sum(len("".join(siret.split())) != 14 for siret in sirets) == 2 + 1
    assert len({name for entry in entries.values() if (name := entry.get("name"))}) == 68


async def test_the_fixture_keeps_every_line_it_can(database: Database) -> None:
    report = await imported(database, FIXTURE)
    assert report.kept == 51
    assert report.created == {"vendor": 50, "product": 51, "integration": 22}
    reasons = [fault.reason for fault in report.faults]
    assert sum(reason.startswith("SIRET absent") for reason in reasons) == 15
    assert sum("15 chiffres au lieu de 14" in reason for reason in reasons) == 1
    assert sum("écrit comme un nombre" in reason for reason in reasons) == 1
    assert sum(reason.startswith("nom absent") for reason in reasons) == 1
    assert (len(reasons), len(report.warnings)) == (18, 8)
    lines = FIXTURE.read_text().splitlines()
    for fault in (*report.faults, *report.warnings):
        assert fault.file == "vendors.yml"
        assert fault.value in lines[fault.line - 1]


async def test_the_fixture_twice_changes_nothing_and_says_so(database: Database) -> None:
    first = await imported(database, FIXTURE)
    before = await rows(database, "SELECT max(seq) FROM ledger")
    steps = await rows(database, STEPS)
    second = await imported(database, FIXTURE)
    assert second.nothing
    assert not first.nothing
    assert (second.kept, second.faults, second.warnings) == (51, first.faults, first.warnings)
    assert await rows(database, "SELECT max(seq) FROM ledger") == before
    assert await rows(database, STEPS) == steps


async def test_one_ledger_entry_for_each_record(database: Database) -> None:
    report = await imported(database, FIXTURE)
    entries = await rows(database, ENTRIES)
    assert {noun: count for noun, _, count in entries} == report.created
    assert {action for _, action, _ in entries} == {"import"}


async def test_an_unknown_vendor_gets_a_product_and_what_its_flags_say(
    database: Database, write: Any
) -> None:
    path = write(
        f"""
        Brume_Lune Été:
          type: saas
          name: Brumelune & Cie
          siret: "{SIRET}"
          fc_certified: true
          already_integrated: [api_particulier, api_impot_particulier]
        """
    )
    report = await imported(database, path)
    assert report.created == {"vendor": 1, "product": 1, "integration": 3}
    assert not report.warnings
    (vendor,) = await rows(database, "SELECT siren, name, search, contact FROM vendor")
    assert tuple(vendor) == (SIREN, "Brumelune & Cie", f"brumelune cie {SIREN}", None)
    (product,) = await rows(
        database, "SELECT slug, name, delivery_model, citizen_login, demarches FROM product"
    )
    assert tuple(product) == ("brume_lune-ete", "Brumelune & Cie", "SAAS", True, ["AUTRE"])
    steps = await rows(database, STEPS)
    assert [step.service for step in steps] == [
        "API_IMPOT_PARTICULIER",
        "API_PARTICULIER",
        "FRANCECONNECT_V1",
    ]
    assert {tuple(step[3:9]) for step in steps} == {
        ("QUALIFIED", "DATAPASS", "SELF_DECLARED", today(), None, "administrator")
    }
    assert steps[2].reason == "DataPass : fc_certified"


async def test_two_flags_of_one_service_write_one_step(database: Database, write: Any) -> None:
    flags = ("fc_certified: yes", "apipfc_enabled: true", "already_integrated: api_particulier")
    report = await imported(database, write(entry(f'"{SIRET}"', *flags)))
    assert report.created["integration"] == 2
    assert not report.warnings


async def test_a_true_flag_is_heard_before_a_false_one_of_its_service(
    database: Database, write: Any
) -> None:
    flags = ("apipfc_enabled: false", "already_integrated: api_particulier")
    report = await imported(database, write(entry(f'"{SIRET}"', *flags)))
    assert report.created["integration"] == 1


@pytest.mark.parametrize(
    "siret", [f'"{SIRET[:3]} {SIRET[3:6]} {SIRET[6:9]} {SIRET[9:]}"', SIRET, f"!!str {SIRET}"]
)
async def test_a_siret_is_read_as_it_is_typed(database: Database, write: Any, siret: str) -> None:
    report = await imported(database, write(entry(siret)))
    assert (report.kept, report.faults) == (1, [])
    assert await rows(database, "SELECT siren FROM vendor") == [(SIREN,)]


@pytest.mark.parametrize(
    ("siret", "reason"),
    [
        ("", "SIRET absent"),
        ("~", "SIRET absent"),
        (str(int(SIRET)), "zéros perdus"),
        ('"000001016002860"', "15 chiffres au lieu de 14"),
        ('"00000101600287"', "clé de contrôle"),
        ('"0000010160028A"', "14 chiffres sont attendus"),
        ('"٠٠٠٠٠١٠١٦٠٠٢٨٦"', "14 chiffres sont attendus"),
        ("1.016e+8", "14 chiffres sont attendus"),
        ("[1, 2]", "14 chiffres sont attendus"),
    ],
)
async def test_a_line_without_a_good_siret_is_reported_and_not_written(
    database: Database, write: Any, siret: str, reason: str
) -> None:
    report = await imported(database, write(f"{entry(siret)}\n{GOOD}"))
    (fault,) = report.faults
    assert (fault.file, fault.column) == ("vendors.yml", "brumelune.siret")
    assert fault.line - HEADER == (1 if reason == "SIRET absent" else 4)
    assert reason in fault.reason
    assert "vendors.csv" in fault.reason
    assert report.created == {"vendor": 1, "product": 1}
    assert await rows(database, "SELECT slug FROM product") == [("autre",)]


GOOD = entry(f'"{OTHER_SIRET}"', key="autre")


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (f'a:\n  type: editor\n  siret: "{SIRET}"', (1, "a.name", "")),
        (f'a:\n  type: editor\n  siret: "{SIRET}"\n  name: "  "', (4, "a.name", "")),
        (f'a:\n  siret: "{SIRET}"\n  name: "A\\u202eB"', (3, "a.name", "A\\u202eB")),
        (f'a:\n  siret: "{SIRET}"\n  name: "A\\0B"', (3, "a.name", "A\\u0000B")),
        (f'a:\n  siret: "{SIRET}"\n  name: {{}}', (3, "a.name", "")),
        (f'"???":\n  siret: "{SIRET}"\n  name: A', (1, "", "???")),
        ("a: Brumelune", (1, "a", "Brumelune")),
        ("a:", (1, "a", "")),
        ("? [a, b]\n: {}", (1, "", "")),
        (
            f'a:\n  name: A\n  siret: "{SIRET}"\n  siret: "{OTHER_SIRET}"',
            (4, "a.siret", OTHER_SIRET),
        ),
        (f'a:\n  name: A\n  siret: "{SIRET}"\n  name: B', (4, "a.name", "B")),
    ],
)
async def test_a_line_that_can_not_be_kept_does_not_stop_the_others(
    database: Database, write: Any, lines: str, place: tuple[int, str, str]
) -> None:
    report = await imported(database, write(f"{lines}\n{GOOD}"))
    assert places(report.faults) == [place]
    assert report.created == {"vendor": 1, "product": 1}


async def test_a_key_too_long_for_an_index_is_reported(database: Database, write: Any) -> None:
    report = await imported(database, write(f"{entry(key='a' * 200)}\n{GOOD}"))
    assert report.faults[0].value == "a" * 80 + "…"
    assert report.kept == 1


@pytest.mark.parametrize(
    ("flag", "place"),
    [
        ("fc_certifed: true", (5, "brumelune", "fc_certifed")),
        ("<<: {fc_certified: true}", (5, "brumelune", "<<")),
        ('fc_certified: "true"', (5, "brumelune.fc_certified", "true")),
        ("fc_certified: 1", (5, "brumelune.fc_certified", "1")),
        ("fc_certified: [true]", (5, "brumelune.fc_certified", "")),
        ("fc_certified: !!bool oui", (5, "brumelune.fc_certified", "oui")),
        ("already_integrated: true", (5, "brumelune.already_integrated", "true")),
        (
            "already_integrated: [api_entreprise]",
            (5, "brumelune.already_integrated", "api_entreprise"),
        ),
        ("already_integrated: {a: b}", (5, "brumelune.already_integrated", "")),
        ("fc_certified: true\n  fc_certified: false", (6, "brumelune.fc_certified", "false")),
        ("type: logiciel", (5, "brumelune.type", "logiciel")),
    ],
)
async def test_a_flag_that_can_not_be_read_leaves_the_line_without_it(
    database: Database, write: Any, flag: str, place: tuple[int, str, str]
) -> None:
    report = await imported(database, write(entry(f'"{SIRET}"', flag)))
    assert places(report.warnings) == [place]
    assert report.created == {"vendor": 1, "product": 1}


@pytest.mark.parametrize(
    "flag",
    [
        "fc_certified: false",
        "fc_certified:",
        "apipfc_enabled: no",
        "already_integrated: []",
        "already_integrated: false",
        "already_integrated: ~",
    ],
)
async def test_silence_and_false_say_nothing(database: Database, write: Any, flag: str) -> None:
    report = await imported(database, write(entry(f'"{SIRET}"', flag)))
    assert report.created == {"vendor": 1, "product": 1}
    assert not report.warnings


@pytest.mark.parametrize("kind", ["editeur", "[saas]", "~"])
async def test_an_unknown_type_leaves_the_delivery_model_unknown(
    database: Database, write: Any, kind: str
) -> None:
    report = await imported(database, write(f'a:\n  type: {kind}\n  name: A\n  siret: "{SIRET}"'))
    (warning,) = report.warnings
    assert (warning.column, "editor, saas" in warning.reason) == ("a.type", True)
    assert await rows(database, "SELECT delivery_model FROM product") == [(None,)]


async def test_a_repeated_field_of_one_value_is_kept(database: Database, write: Any) -> None:
    report = await imported(
        database, write(entry(f'"{SIRET}"', "fc_certified: true", "fc_certified: true"))
    )
    assert places(report.warnings) == [(6, "brumelune.fc_certified", "true")]
    assert report.created["integration"] == 1


async def test_data_without_franceconnect_is_kept_and_told(database: Database, write: Any) -> None:
    report = await imported(database, write(entry(f'"{SIRET}"', "apipfc_enabled: true")))
    assert places(report.warnings) == [(5, "brumelune.apipfc_enabled", "true")]
    assert [step.service for step in await rows(database, STEPS)] == ["API_PARTICULIER"]


async def test_twins_that_disagree_keep_the_vendor_without_the_flag(
    database: Database, write: Any
) -> None:
    first = entry(f'"{SIRET}"', "fc_certified: true", "apipfc_enabled: true")
    second = entry(f'"{SAME_SIREN}"', "fc_certified: false", key="brumelune_publik")
    report = await imported(database, write(f"{first}\n{second}"))
    assert places(report.warnings) == [
        (5, "brumelune.fc_certified", "true"),
        (11, "brumelune_publik.fc_certified", "false"),
    ]
    assert "la ligne 13" in report.warnings[0].reason
    assert SIREN in report.warnings[1].reason
    assert report.created == {"vendor": 1, "product": 2, "integration": 1}
    assert [step.service for step in await rows(database, STEPS)] == ["API_PARTICULIER"]


async def test_twins_that_agree_or_are_silent_are_both_heard(
    database: Database, write: Any
) -> None:
    first = entry(f'"{SIRET}"', "fc_certified: true")
    second = entry(f'"{SAME_SIREN}"', "already_integrated: [api_particulier]", key="jumeau")
    report = await imported(database, write(f"{first}\n{second}"))
    assert not report.warnings
    assert [(step.slug, step.service) for step in await rows(database, STEPS)] == [
        ("brumelune", "FRANCECONNECT_V1"),
        ("jumeau", "API_PARTICULIER"),
    ]


@pytest.mark.parametrize("key", ["brumelune", "Brumelune", "brumelune!"])
async def test_a_key_met_twice_is_one_product(database: Database, write: Any, key: str) -> None:
    first, second = entry(f'"{SIRET}"', "fc_certified: true"), entry(f'"{SAME_SIREN}"', key=key)
    report = await imported(database, write(f"{first}\n{second}"))
    assert places(report.warnings) == [(6, "brumelune", "")]
    assert "ligne 3" in report.warnings[0].reason
    assert report.created == {"vendor": 1, "product": 1, "integration": 1}


async def test_a_known_vendor_and_product_are_left_as_they_are(
    database: Database, write: Any
) -> None:
    await declare(database, service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}
    assert await rows(database, "SELECT name FROM vendor") == [("Ancien nom",)]
    (product,) = await rows(database, "SELECT name, citizen_login, demarches FROM product")
    assert tuple(product) == ("Ancien produit", False, ["URBANISME"])


async def test_a_former_key_means_the_product_that_it_became(
    database: Database, write: Any
) -> None:
    await declare(database, service="FRANCECONNECT_V1")
    async with database.transaction() as session:
        await session.execute(
            sa.text(
                "INSERT INTO product_former_key (vendor_siren, slug, product_id)"
                " SELECT :siren, 'vieux', id FROM product"
            ),
            {"siren": SIREN},
        )
    former = entry(f'"{SIRET}"', "fc_certified: true", key="vieux")
    present = entry(f'"{SIRET}"', "fc_certified: true")
    report = await imported(database, write(f"{former}\n{present}"))
    assert report.created == {"integration": 1}
    assert [step.slug for step in await rows(database, STEPS)] == ["brumelune"]


@pytest.mark.parametrize(
    "history",
    [
        [("VENDOR", "SUSPENDED", 0)],
        [("VENDOR", "WITHDRAWN", 900)],
        [("MINISTRY", "NONE", 30)],
        [("VENDOR", "QUALIFIED", 30)],
        [("VENDOR", "SANDBOX", 900), ("DATAPASS", "QUALIFICATION_REQUESTED", 30)],
        [("DATAPASS", "QUALIFIED", 30), ("VENDOR", "SUSPENDED", 3)],
    ],
)
async def test_a_true_flag_never_overwrites_a_declaration(
    database: Database, write: Any, history: list[tuple[str, str, int]]
) -> None:
    await declare(database, *history, service="FRANCECONNECT_V1")
    before = await rows(database, STEPS)
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.nothing
    assert places(report.warnings) == [(5, "brumelune.fc_certified", "true")]
    who, state, _ = next(step for step in reversed(history) if step[0] != "DATAPASS")
    assert f"a déclaré {state}" in report.warnings[0].reason
    assert ("le ministère" in report.warnings[0].reason) == (who == "MINISTRY")
    assert await rows(database, STEPS) == before


@pytest.mark.parametrize("who", ["VENDOR", "MINISTRY", "DATAPASS"])
async def test_a_false_flag_never_moves_a_state(database: Database, write: Any, who: str) -> None:
    await declare(database, (who, "QUALIFIED", 30), service="FRANCECONNECT_V1")
    before = await rows(database, STEPS)
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: false")))
    assert report.nothing
    assert places(report.warnings) == [(5, "brumelune.fc_certified", "false")]
    assert await rows(database, STEPS) == before


async def test_a_declaration_on_another_service_does_not_stop_a_flag(
    database: Database, write: Any
) -> None:
    await declare(database, ("VENDOR", "WITHDRAWN", 5), service="API_PARTICULIER")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}


@pytest.mark.parametrize("days", [0, 30])
async def test_its_own_earlier_step_is_followed_and_ended(
    database: Database, write: Any, days: int
) -> None:
    await declare(database, ("DATAPASS", "SANDBOX", days), service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.created == {"integration": 1}
    steps = await rows(database, STEPS)
    assert [(step.state, step.effective_until) for step in steps] == [
        ("SANDBOX", today()),
        ("QUALIFIED", None),
    ]


@pytest.mark.parametrize(
    ("state", "days", "reason"),
    [
        ("WITHDRAWN", 30, "WITHDRAWN ne peut pas devenir QUALIFIED ; états possibles : PLANNED"),
        ("SANDBOX", -1, "après aujourd’hui"),
    ],
)
async def test_a_step_that_can_not_follow_is_reported_not_forced(
    database: Database, write: Any, state: str, days: int, reason: str
) -> None:
    await declare(database, ("DATAPASS", state, days), service="FRANCECONNECT_V1")
    report = await imported(database, write(entry(f'"{SIRET}"', "fc_certified: true")))
    assert report.nothing
    assert reason in report.warnings[0].reason


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
        async with database.transaction() as session:
            await import_datapass(session, PUBLIC, FIXTURE)


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
    max_examples=150,
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
