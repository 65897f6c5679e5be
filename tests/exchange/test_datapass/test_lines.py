"""What each line says, and what is kept of it."""

from typing import Any

import pytest
import yaml

from registry.database import Database
from registry.domain.clock import today
from tests.exchange.test_datapass.support import (
    ENTRIES,
    FIXTURE,
    HEADER,
    OTHER_SIRET,
    SIREN,
    SIRET,
    STEPS,
    entry,
    imported,
    places,
    rows,
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
