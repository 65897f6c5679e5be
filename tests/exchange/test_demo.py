import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from registry.exchange.demo import write_demo
from registry.exchange.geography import Geography, read_fixture

REFERENTIAL = Path(__file__).resolve().parents[2] / "fixtures" / "referential"
TODAY = "2026-10-31"
SIGN_IN = ("FRANCECONNECT_V1", "FRANCECONNECT_V2")
DATA = ("API_PARTICULIER", "API_IMPOT_PARTICULIER")

INTEGRATION = {
    "PLANNED": {"SANDBOX", "QUALIFICATION_REQUESTED", "QUALIFIED", "WITHDRAWN"},
    "SANDBOX": {"QUALIFICATION_REQUESTED", "QUALIFIED", "WITHDRAWN"},
    "QUALIFICATION_REQUESTED": {"QUALIFIED", "SANDBOX", "WITHDRAWN"},
    "QUALIFIED": {"SUSPENDED", "WITHDRAWN"},
    "SUSPENDED": {"QUALIFIED", "WITHDRAWN"},
    "WITHDRAWN": {"PLANNED"},
}
COMMITMENT = {
    "INVITED": {"SIGNED", "DECLINED"},
    "DECLINED": {"SIGNED"},
    "SIGNED": {"WITHDRAWN", "EXPIRED", "BREACH_ALLEGED"},
    "BREACH_ALLEGED": {"SIGNED", "BREACHED"},
    "WITHDRAWN": {"SIGNED"},
    "EXPIRED": {"SIGNED"},
    "BREACHED": {"SIGNED"},
}
ACTIVATION = {
    "PLANNED": {"HABILITATION_SUBMITTED", "STOPPED"},
    "HABILITATION_SUBMITTED": {
        "HABILITATION_CHANGES_REQUESTED",
        "HABILITATION_GRANTED",
        "HABILITATION_REFUSED",
        "STOPPED",
    },
    "HABILITATION_CHANGES_REQUESTED": {"HABILITATION_SUBMITTED", "STOPPED"},
    "HABILITATION_REFUSED": {"HABILITATION_SUBMITTED", "STOPPED"},
    "HABILITATION_GRANTED": {"IN_INTEGRATION", "GO_LIVE_REQUESTED", "STOPPED"},
    "IN_INTEGRATION": {"GO_LIVE_REQUESTED", "STOPPED"},
    "GO_LIVE_REQUESTED": {"IN_PRODUCTION", "STOPPED"},
    "IN_PRODUCTION": {"SUSPENDED", "STOPPED"},
    "SUSPENDED": {"IN_PRODUCTION", "STOPPED"},
    "STOPPED": {"PLANNED"},
}

Row = dict[str, str]
Bundle = Mapping[str, list[Row]]


@pytest.fixture(scope="module")
def france() -> Geography:
    return read_fixture(REFERENTIAL / "2026", 2026, REFERENTIAL / "departement_bodies.csv")


@pytest.fixture(scope="module")
def whole(france: Geography, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, france)
    return read(folder)


def around(geography: Geography, departement: str) -> Geography:
    communes = tuple(c for c in geography.communes if c.departement == departement)
    members = {commune.epci for commune in communes}
    return replace(
        geography,
        communes=communes,
        epcis=tuple(e for e in geography.epcis if e.siren in members),
        bodies=tuple(b for b in geography.bodies if departement in b.departements),
    )


def read(folder: Path) -> Bundle:
    bundle = {}
    for path in sorted(folder.iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            bundle[path.stem] = list(csv.DictReader(file))
    return bundle


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.iterdir()))).hexdigest()


def is_siren(text: str) -> bool:
    digits = [int(digit) for digit in text]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) == 9 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def grouped(rows: Iterable[Row], *columns: str) -> Mapping[Sequence[str], list[Row]]:
    groups: defaultdict[Sequence[str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def histories_off_the_arrows(
    groups: Mapping[Sequence[str], list[Row]], arrows: Mapping[str, set[str]]
) -> list[Row]:
    faults = [rows[0] for rows in groups.values() if rows[0]["state"] not in arrows]
    for rows in groups.values():
        for before, after in pairwise(rows):
            forward = before["effective_on"] <= after["effective_on"]
            if not forward or after["state"] not in arrows[before["state"]]:
                faults.append(after)
    return faults


def test_the_same_seed_gives_the_same_bytes(france: Geography, tmp_path: Path) -> None:
    lozere = around(france, "48")
    write_demo(tmp_path / "one", lozere, seed=5)
    write_demo(tmp_path / "other", lozere, seed=6)
    program = (
        "from pathlib import Path; from tests.exchange.test_demo import *;"
        "france = read_fixture(REFERENTIAL / '2026', 2026, REFERENTIAL / 'departement_bodies.csv');"
        f"write_demo(Path({str(tmp_path / 'again')!r}), around(france, '48'), seed=5)"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=REFERENTIAL.parents[1],
        env=os.environ | {"PYTHONHASHSEED": "1"},
    )
    assert digest(tmp_path / "one") == digest(tmp_path / "again")
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


def test_a_smaller_geography_keeps_the_vendors(
    france: Geography, whole: Bundle, tmp_path: Path
) -> None:
    write_demo(tmp_path, around(france, "48"))
    part = read(tmp_path)
    for name in ("vendors", "products", "integrations", "commitments", "collectivites"):
        assert part[name] == whole[name]
    assert 500 < len(part["deployments"]) < 1_500


def test_scale_multiplies_the_deployments_alone(france: Geography, tmp_path: Path) -> None:
    lozere = around(france, "48")
    write_demo(tmp_path / "once", lozere)
    write_demo(tmp_path / "tenfold", lozere, scale=10)
    once, tenfold = read(tmp_path / "once"), read(tmp_path / "tenfold")
    assert once["products"] == tenfold["products"]
    assert 8.5 < len(tenfold["deployments"]) / len(once["deployments"]) < 11.5
    assert deployment_faults(tenfold) == []


def test_it_is_as_large_as_promised(whole: Bundle) -> None:
    assert len(whole["vendors"]) == pytest.approx(150, abs=15)
    assert len(whole["products"]) == pytest.approx(400, abs=40)
    assert len(whole["deployments"]) == pytest.approx(200_000, rel=0.02)


def test_vendors_are_fictional_and_well_formed(whole: Bundle) -> None:
    sirens = [row["siren"] for row in whole["vendors"]]
    assert len(set(sirens)) == len(sirens)
    assert len({row["name"] for row in whole["vendors"]}) == len(sirens)
    for row in (*whole["vendors"], *whole["collectivites"]):
        assert row["siren"].startswith("0000")
        assert is_siren(row["siren"])
    for row in whole["vendors"]:
        assert not row["website"] or row["website"].endswith(".example")
        assert not row["contact"] or ".example" in row["contact"]
        assert not row["parent_siren"] or row["parent_siren"] in sirens
    assert {row["siren"] for row in whole["collectivites"]} & set(sirens)  # In-house software.
    assert {row["kind"] for row in whole["collectivites"]} == {"CCAS", "SYNDICAT"}
    assert all("de démonstration" in row["name"] for row in whole["collectivites"])


def test_products_are_well_formed(whole: Bundle) -> None:
    vendors = {row["siren"] for row in whole["vendors"]}
    keys = [(row["vendor_siren"], row["slug"]) for row in whole["products"]]
    former = [key for row in whole["products"] if (key := row["former_keys"])]
    assert len(set(keys)) == len(keys)
    assert len(set(former)) == len(former) > 0
    assert not {f"{siren}/{slug}" for siren, slug in keys} & set(former)
    for row in whole["products"]:
        assert row["vendor_siren"] in vendors
        assert row["slug"].replace("-", "a").isalnum()
        assert row["slug"].isascii()
        assert row["slug"] == row["slug"].lower()
        assert row["demarches"]
    logins = Counter(row["citizen_login"] for row in whole["products"])
    assert 0.05 < logins["false"] / len(keys) < 0.15


def test_integrations_follow_the_arrows(whole: Bundle) -> None:
    keys = {(row["vendor_siren"], row["slug"]) for row in whole["products"]}
    rows = whole["integrations"]
    histories = grouped(rows, "vendor_siren", "product", "service")
    assert histories_off_the_arrows(histories, INTEGRATION) == []
    for row in rows:
        assert (row["vendor_siren"], row["product"]) in keys
        assert "2019-01-01" <= row["effective_on"] <= TODAY
        assert bool(row["target_date"]) == (row["state"] == "PLANNED")
        assert bool(row["feeds"]) == (row["service"] in DATA)
        assert row["evidence_level"] in ("SELF_DECLARED", "EVIDENCED", "VERIFIED")
    assert {row["state"] for row in rows} == set(INTEGRATION)
    late = [h[-1] for h in histories.values() if h[-1]["state"] == "PLANNED"]
    assert any(row["target_date"] < TODAY for row in late)
    assert any(row["target_date"] > TODAY for row in late)


def test_commitments_follow_the_arrows(whole: Bundle) -> None:
    keys = {(row["vendor_siren"], row["slug"]) for row in whole["products"]}
    keys |= {(row["siren"], "") for row in whole["vendors"]}
    rows = whole["commitments"]
    assert histories_off_the_arrows(grouped(rows, "vendor_siren", "product"), COMMITMENT) == []
    for row in rows:
        assert (row["vendor_siren"], row["product"]) in keys
        assert "2022-03-07" <= row["effective_on"] <= TODAY
        signed = row["state"] in ("SIGNED", "BREACH_ALLEGED", "BREACHED")
        assert bool(row["signatory"]) == signed
        assert not row["valid_until"] or row["valid_until"] >= row["effective_on"]
    assert {row["state"] for row in rows} == set(COMMITMENT)
    assert any(row["product"] for row in rows)
    assert any(row["exclusions"] for row in rows)


def test_deployments_obey_the_contract(france: Geography, whole: Bundle) -> None:
    assert deployment_faults(whole) == []
    known = {c.code for c in france.communes} | {e.siren for e in france.epcis}
    known |= {b.siren for b in france.bodies} | {row["siren"] for row in whole["collectivites"]}
    users = {row["collectivite"] for row in whole["deployments"]}
    assert users <= known
    assert "75056" in users
    assert "217500016" not in users
    operators = {row["operator"] for row in whole["deployments"]} - {""}
    assert operators
    assert all(map(is_siren, operators))


def deployment_faults(bundle: Bundle) -> list[Row]:
    covered = {
        (row["vendor_siren"], row["slug"]): row["demarches"].split("|")
        for row in bundle["products"]
    }
    groups = grouped(bundle["deployments"], "collectivite", "vendor_siren", "product", "demarche")
    faults = []
    for (_, vendor, product, demarche), rows in groups.items():
        rows.sort(key=lambda row: row["since"])
        if demarche not in covered[vendor, product]:
            faults += rows
        faults += [b for a, b in pairwise(rows) if not a["until"] or a["until"] > b["since"]]
        faults += [row for row in rows if not row_is_sound(row)]
    return faults


def row_is_sound(row: Row) -> bool:
    dated = row["since"] <= TODAY and (not row["until"] or row["since"] < row["until"])
    confirmed = row["confirmed_by"]
    ministry = row["declared_by"] == "MINISTRY"
    return dated and confirmed != row["declared_by"] and not (ministry and confirmed)


def test_activations_follow_the_arrows(whole: Bundle) -> None:
    columns = ("collectivite", "vendor_siren", "product", "demarche")
    histories = grouped(whole["activations"], *columns, "service")
    assert histories_off_the_arrows(histories, ACTIVATION) == []
    used = grouped(whole["deployments"], *columns)
    assert all(key[:-1] in used for key in histories)
    assert all("2019-01-01" <= row["effective_on"] <= TODAY for row in whole["activations"])
    assert {row["state"] for row in whole["activations"]} == set(ACTIVATION)


def test_integration_is_skipped_only_where_the_product_is_qualified(whole: Bundle) -> None:
    integrations = grouped(whole["integrations"], "vendor_siren", "product", "service")
    columns = ("collectivite", "vendor_siren", "product", "demarche", "service")
    skips = 0
    for key, rows in grouped(whole["activations"], *columns).items():
        for before, after in pairwise(rows):
            if (before["state"], after["state"]) == ("HABILITATION_GRANTED", "GO_LIVE_REQUESTED"):
                history = integrations[key[1], key[2], key[4]]
                assert state_at(history, after["effective_on"]) == "QUALIFIED"
                skips += 1
    assert skips > 100


def test_it_reads_like_a_rollout_in_progress(france: Geography, whole: Bundle) -> None:
    readiness = readiness_by_code(whole)
    small = [c for c in france.communes if c.siren and (c.population or 0) <= 3_500]
    large = [c for c in france.communes if (c.population or 0) > 3_500]
    strata = {
        "DEPARTEMENT": body_codes(france),
        "EPCI": [e.siren for e in france.epcis],
        "COMMUNE_OVER_3500": [c.code for c in large],
        "COMMUNE_UP_TO_3500": [c.code for c in small],
    }
    expected = {
        "DEPARTEMENT": (0.75, 0.97),
        "EPCI": (0.28, 0.42),
        "COMMUNE_OVER_3500": (0.33, 0.47),
        "COMMUNE_UP_TO_3500": (0.05, 0.08),
    }
    for stratum, codes in strata.items():
        counts = Counter(readiness.get(code, "NO_KNOWN_SOFTWARE") for code in codes)
        low, high = expected[stratum]
        assert low < counts["CONNECTED"] / len(codes) < high, stratum
        if stratum != "DEPARTEMENT":
            assert len(counts) == 6, stratum
    unknown = sum(code.code not in readiness for code in small) / len(small)
    assert 0.25 < unknown < 0.35


def body_codes(france: Geography) -> list[str]:
    communes = {c.siren: c.code for c in france.communes if c.siren}
    return [communes.get(body.siren, body.siren) for body in france.bodies]


def state_at(history: Sequence[Row], day: str) -> str:
    reached = [row["state"] for row in history if row["effective_on"] <= day]
    return reached[-1] if reached else "NONE"


def readiness_by_code(bundle: Bundle) -> Mapping[str, str]:
    """Of those that use software with a sign-in on the last day (domain.md §5)."""
    verdicts = verdicts_by_product(bundle)
    in_force = [
        row
        for row in bundle["deployments"]
        if (not row["until"] or row["until"] > TODAY)
        and (row["vendor_siren"], row["product"]) in verdicts
    ]
    columns = ("collectivite", "vendor_siren", "product", "demarche")
    connected = {
        key[:-1]
        for key, rows in grouped(bundle["activations"], *columns, "service").items()
        if key[-1] in SIGN_IN and rows[-1]["state"] == "IN_PRODUCTION"
    }
    order = ("CONNECTED", "READY", "COST_UNKNOWN", "SURCHARGE", "NOT_INTEGRATED")
    best: dict[str, int] = {}
    for row in in_force:
        key = tuple(row[column] for column in columns)
        reached = "CONNECTED" if key in connected else verdicts[key[1], key[2]]
        code = row["collectivite"]
        best[code] = min(best.get(code, len(order)), order.index(reached))
    return {code: order[rank] for code, rank in best.items()}


def verdicts_by_product(bundle: Bundle) -> Mapping[tuple[str, str], str]:
    integrations = grouped(bundle["integrations"], "vendor_siren", "product", "service")
    commitments = grouped(bundle["commitments"], "vendor_siren", "product")
    verdicts = {}
    for row in bundle["products"]:
        key = (row["vendor_siren"], row["slug"])
        states = [state_at(integrations.get((*key, service), ()), TODAY) for service in SIGN_IN]
        own = commitment_read(commitments.get(key, ()))
        if own in ("NONE", "INVITED", "EXPIRED"):
            own = commitment_read(commitments.get((key[0], ""), ()))
        if row["citizen_login"] == "false":
            continue
        if "QUALIFIED" not in states:
            verdicts[key] = "NOT_INTEGRATED"
        elif own in ("DECLINED", "BREACHED"):
            verdicts[key] = "SURCHARGE"
        else:
            verdicts[key] = "READY" if own in ("SIGNED", "BREACH_ALLEGED") else "COST_UNKNOWN"
    return verdicts


def commitment_read(history: Sequence[Row]) -> str:
    state = state_at(history, TODAY)
    until = history[-1]["valid_until"] if history else ""
    past = bool(until) and until < TODAY
    return "EXPIRED" if past and state in ("SIGNED", "BREACH_ALLEGED") else state
