"""The real geography: its counts, what changed between the two vintages, its fixtures."""

import bz2
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.exchange.geography import (
    Commune,
    Departement,
    DepartementBody,
    Epci,
    Geography,
    Region,
    read_fixture,
    write_fixture,
)

ROOT = Path(__file__).resolve().parents[2]
REFERENTIAL = ROOT / "fixtures" / "referential"
BODIES = REFERENTIAL / "departement_bodies.csv"
PARTS = ("communes", "epcis", "departements", "regions")


@cache
def real(vintage: int) -> Geography:
    return read_fixture(REFERENTIAL / str(vintage), vintage, BODIES)


def communes(vintage: int) -> dict[str, Commune]:
    return {commune.code: commune for commune in real(vintage).communes}


# The counts


@pytest.mark.parametrize(
    ("vintage", "total", "with_siren"), [(2022, 35049, 34955), (2026, 34969, 34875)]
)
def test_communes(vintage: int, total: int, with_siren: int) -> None:
    found = communes(vintage)
    without_siren = [code for code, commune in found.items() if commune.siren is None]
    assert len(found) == len(real(vintage).communes) == total
    assert total - len(without_siren) == with_siren
    assert len(without_siren) == 94
    assert all(code.startswith(("975", "977", "978", "98")) for code in without_siren)


@pytest.mark.parametrize(
    ("vintage", "over", "exactly", "under"), [(2022, 3182, 1, 31772), (2026, 3252, 2, 31621)]
)
def test_communes_around_3500_inhabitants(
    vintage: int, over: int, exactly: int, under: int
) -> None:
    populations = [c.population for c in real(vintage).communes if c.siren is not None]
    known = [population for population in populations if population is not None]
    assert len(known) == len(populations)
    assert sum(population > 3500 for population in known) == over
    assert known.count(3500) == exactly
    assert sum(population < 3500 for population in known) == under


def test_an_unknown_population_is_not_zero() -> None:
    uninhabited = {c.code for c in real(2026).communes if c.population is None}
    assert uninhabited == {"98411", "98412", "98413", "98414", "98415", "98901"}
    assert communes(2026)["55139"].population == 0  # Cumières-le-Mort-Homme


@pytest.mark.parametrize(
    ("vintage", "types"),
    [
        (2022, {"CC": 992, "CA": 227, "CU": 14, "METRO": 21, "MET69": 1}),
        (2026, {"CC": 989, "CA": 230, "CU": 14, "METRO": 21, "MET69": 1}),
    ],
)
def test_epcis(vintage: int, types: dict[str, int]) -> None:
    epcis = real(vintage).epcis
    assert len({epci.siren for epci in epcis}) == len(epcis) == 1255
    assert Counter(epci.type for epci in epcis) == types
    alone = {c.code for c in real(vintage).communes if c.epci is None and c.siren is not None}
    assert alone == {"22016", "29083", "29155", "85113"}  # Four islands.


@pytest.mark.parametrize("vintage", [2022, 2026])
def test_one_hundred_bodies_cover_every_departement(vintage: int) -> None:
    geography = real(vintage)
    bodies = {body.siren: body for body in geography.bodies}
    covered = [code for body in geography.bodies for code in body.departements]
    overseas = {c.departement for c in geography.communes if c.siren is None}
    assert len(bodies) == len(geography.bodies) == 100
    assert len(geography.departements) - len(overseas) == 101
    assert sorted(covered) == sorted({d.code for d in geography.departements} - overseas | {"69M"})
    several = {
        body.name: body.departements for body in bodies.values() if len(body.departements) > 1
    }
    assert several == {
        "Collectivité de Corse": ("2A", "2B"),
        "Collectivité européenne d'Alsace": ("67", "68"),
    }


@pytest.mark.parametrize("vintage", [2022, 2026])
def test_paris_and_lyon_hold_two_roles_under_one_siren(vintage: int) -> None:
    geography = real(vintage)
    bodies = {body.siren for body in geography.bodies}
    assert [c.code for c in geography.communes if c.siren in bodies] == ["75056"]
    assert [e.type for e in geography.epcis if e.siren in bodies] == ["MET69"]


# From one vintage to the next


def test_each_vanished_code_has_exactly_one_successor() -> None:
    before, after = communes(2022), communes(2026)
    former = Counter(old for commune in after.values() for old in commune.former_codes)
    vanished = before.keys() - after.keys()
    assert len(vanished) == 92
    assert len(after.keys() - before.keys()) == 12
    assert {code: former[code] for code in vanished} == dict.fromkeys(vanished, 1)


@pytest.mark.parametrize("vintage", [2022, 2026])
def test_a_former_code_is_dead_and_followed_once(vintage: int) -> None:
    former = [old for commune in real(vintage).communes for old in commune.former_codes]
    assert len(set(former)) == len(former) > 4000
    assert not set(former) & communes(vintage).keys()


def test_where_the_package_names_two_successors_the_part_decides() -> None:
    after = communes(2026)
    assert "60455" in after["60694"].former_codes
    assert "60455" not in after["60054"].former_codes
    assert "55273" in after["55386"].former_codes
    assert "55273" not in after["55245"].former_codes


def test_sirens_change_under_a_code_and_move_between_codes() -> None:
    before, after = communes(2022), communes(2026)
    kept = before.keys() & after.keys()
    assert sum(before[code].siren != after[code].siren for code in kept) == 66
    assert before["60054"].siren == after["60694"].siren == "200083483"
    assert after["60054"].siren == "216000539"


# The fixtures


@pytest.mark.parametrize("vintage", [2022, 2026])
def test_writing_what_was_read_gives_the_same_bytes(vintage: int, tmp_path: Path) -> None:
    write_fixture(real(vintage), tmp_path)
    stored = {path.name: path.read_bytes() for path in (REFERENTIAL / str(vintage)).iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == stored
    assert stored.keys() == {f"{part}.csv.bz2" for part in PARTS}


@pytest.mark.parametrize("vintage", [2022, 2026])
@pytest.mark.parametrize("part", PARTS)
def test_fixtures_are_plain_csv_sorted_in_byte_order(vintage: int, part: str) -> None:
    content = bz2.decompress((REFERENTIAL / str(vintage) / f"{part}.csv.bz2").read_bytes())
    lines = content.split(b"\n")
    assert b"\r" not in content
    assert lines.pop() == b""
    keys = [line.split(b",")[0] for line in lines[1:]]
    assert keys == sorted(keys)


hard_names = st.text(
    st.sampled_from("Éœçÿ ',\";’-()/\\|=+ÀŁ") | st.characters(categories=["L", "N", "P"]),
    min_size=1,
).filter(str.strip)
sirens = st.from_regex(r"[0-9]{9}", fullmatch=True)
insee_codes = st.from_regex(r"([0-9]{2}|2[AB])[0-9]{3}", fullmatch=True)


@st.composite
def geographies(draw: st.DrawFn) -> Geography:
    regions = [
        Region(code, draw(hard_names)) for code in draw(some(st.sampled_from(["11", "94", "975"])))
    ]
    region_codes = st.sampled_from([region.code for region in regions])
    departements = [
        Departement(code, draw(hard_names), draw(region_codes))
        for code in draw(some(st.sampled_from(["2A", "69", "75", "974"])))
    ]
    epcis = [
        Epci(siren, draw(hard_names), draw(st.sampled_from(["CC", "CA", "CU", "METRO", "MET69"])))
        for siren in draw(some(sirens))
    ]
    former = iter(draw(st.lists(insee_codes, unique=True, max_size=6)))
    codes = draw(some(insee_codes))
    dead = [code for code in former if code not in codes]
    identities = iter(draw(st.lists(sirens, unique=True, min_size=len(codes), max_size=len(codes))))
    return Geography(
        draw(st.integers(2019, 2030)),
        tuple(
            Commune(
                code,
                draw(hard_names),
                draw(st.sampled_from([None, next(identities)])),
                draw(st.none() | st.integers(0, 3_000_000)),
                draw(st.sampled_from([departement.code for departement in departements])),
                draw(region_codes),
                draw(st.sampled_from([None, *(epci.siren for epci in epcis)])),
                tuple(sorted(dead[rank :: len(codes)])),
            )
            for rank, code in enumerate(codes)
        ),
        tuple(epcis),
        tuple(departements),
        tuple(regions),
        (DepartementBody("217500016", "Ville de Paris", ("69M",)),),
    )


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, unique=True, min_size=1, max_size=4).map(sorted)


@given(geographies())
def test_any_geography_comes_back_equal(geography: Geography) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        bodies = folder / "bodies.csv"
        bodies.write_text("siren,name,departement_codes\n217500016,Ville de Paris,69M\n")
        write_fixture(geography, folder)
        assert read_fixture(folder, geography.vintage, bodies) == geography


# The script


def build(*folders: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "fixtures/referential/build.py", *map(str, folders)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_script_refuses_the_wrong_version(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"version": "6.0.0"}')
    refusal = build(tmp_path, tmp_path)
    assert refusal.returncode == 1
    assert "version 6.0.0, or le millésime 2022 vient de la version 2.3.1" in refusal.stderr
    assert "Traceback" not in refusal.stderr


def test_the_script_refuses_a_folder_that_is_no_package(tmp_path: Path) -> None:
    refusal = build(tmp_path, tmp_path)
    assert refusal.returncode == 1
    assert "package.json : fichier absent ou illisible." in refusal.stderr


def test_the_script_wants_both_packages(tmp_path: Path) -> None:
    assert build(tmp_path).returncode == 2
