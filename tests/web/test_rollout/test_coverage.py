import csv
import io
from dataclasses import asdict, replace

import pytest

from models import Stratum
from registry.database import Database
from registry.domain.clock import today
from registry.domain.rollout.coverage import Coverage, measure
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.rollout.territories import Share, by_departement
from registry.domain.words import STRATA
from registry.web.french import counted
from registry.web.rollout.tiles import PLACES, tone
from tests.api.sides import town
from tests.factories import siren
from tests.web.browsing import Browser
from tests.web.test_rollout.tables import table

COUNTS = (
    *("total", "connected", "connected_with_prefill", "ready", "ready_unverified"),
    *("cost_unknown", "blocked_by_surcharge", "blocked_by_software", "blocked_undeclared"),
    *("no_known_software", "no_online_demarche"),
)


async def measured(database: Database, scope: Scope) -> Coverage:
    async with database.read() as session:
        return await measure(session, scope)


SCOPES: list[tuple[dict[str, str], Scope]] = [
    ({}, Scope()),
    ({"departement": "01", "base": "CONFIRMED"}, Scope(departement="01", basis=Basis.CONFIRMED)),
    ({"region": "84", "strate": "EPCI"}, Scope(region="84", strata=(Stratum.EPCI,))),
    ({"au": "2025-01-01"}, Scope(as_of=today().replace(2025, 1, 1))),
]


@pytest.mark.parametrize(("query", "scope"), SCOPES)
async def test_the_table_is_the_domains(
    public: Browser, database: Database, query: dict[str, str], scope: Scope
) -> None:
    shown = table(await public.open("/deploiement", **query), "Couverture au")
    found = await measured(database, scope)
    lines = [*((STRATA[line.stratum], line) for line in found.strata), ("Ensemble", found.total)]
    assert len(shown.headings) == len(lines) + 1
    for column, (name, line) in enumerate(lines, start=1):
        values = [*(getattr(line.counts, count) for count in COUNTS)]
        values += [line.target_count, line.missing]
        assert shown.headings[column].startswith(name.replace("\u202f", ""))
        cells = [row[column] for row in shown.rows]
        assert cells == ["–" if value is None else str(value) for value in values]


async def test_the_scope_is_said_and_kept(public: Browser) -> None:
    page = await public.open(
        "/deploiement", strate="COMMUNE_OVER_3500", departement="01", demarche="PERISCOLAIRE"
    )
    assert (
        "Communes de plus de 3 500 habitants du département 01 (Ain), pour la démarche"
        " « périscolaire »."
    ) in page.text
    blockers = await public.follow(page, "Blocages")
    assert "du département 01 (Ain)" in blockers.text
    assert blockers.path.startswith("/deploiement/blocages?strate=COMMUNE_OVER_3500")
    assert "France entière." in (await public.open("/deploiement")).text


async def test_the_form_keeps_what_was_chosen(public: Browser) -> None:
    page = await public.open("/deploiement", departement="02", au="2025-03-01")
    form = page.form("/deploiement", "Appliquer")
    assert ("departement", "02") in form.values
    assert ("au", "2025-03-01") in form.values
    changed = await public.send(form, departement="01", strate=["EPCI", "DEPARTEMENT"])
    assert "Départements et intercommunalités du département 01 (Ain), au 1er mars" in changed.text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"departement": "999"}, "Code de département inconnu"),
        ({"region": "00"}, "Code de région inconnu"),
        ({"epci": "123"}, "n’est pas un code de collectivité"),
        ({"epci": town("01006")}, "qui n’est pas une intercommunalité"),
        ({"strate": "VILLE"}, "« VILLE » n’est pas de la liste"),
        ({"au": "hier"}, "Une date est attendue"),
        ({"au": "2999-01-01"}, "Le 01/01/2999 est à venir : aujourd’hui au plus tard."),
    ],
)
async def test_an_unknown_scope_is_told(
    public: Browser, query: dict[str, str], message: str
) -> None:
    page = await public.open("/deploiement", **query)
    assert page.status == 400
    assert message in page.text
    assert "Appliquer" in page.form("/deploiement", "Appliquer").buttons


async def test_an_epci_is_named(public: Browser, database: Database) -> None:
    async with database.read() as session:
        shares = await by_departement(session, Scope())
    assert shares["01"].total == 8
    page = await public.open("/deploiement", epci=siren(20000000))
    assert "de l’intercommunalité CC du Val d’Ain et de ses communes" in page.text
    shown = table(page, "Couverture au").row("Total")
    assert shown["Ensemble, chacune une fois"] == "3"


def test_a_tile_without_collectivites_is_not_the_best() -> None:
    assert tone(Share("75", 0, 0, 0)) == "none"
    assert tone(Share("75", 1, 1, 0)) == "best"


async def test_the_map_holds_what_each_departement_says(
    public: Browser, database: Database
) -> None:
    page = await public.open("/deploiement", strate="COMMUNE_UP_TO_3500")
    scope = Scope(strata=(Stratum.COMMUNE_UP_TO_3500,))
    total = (await measured(database, replace(scope, departement="01"))).total.counts
    connected = " ".join(counted(total.connected, "raccordée").split())
    words = f"Ain (01) : {connected} sur {total.total}"
    assert words in page.text
    one = await public.open(page.link(words))
    assert "du département 01 (Ain)" in one.text
    shown = table(page, "par département").row("01 – Ain")
    assert shown["Total"] == str(total.total)
    assert (await public.open(page.link("01 – Ain"))).path == one.path


async def test_each_departement_has_its_tile() -> None:
    metropolitan = {f"{number:02d}" for number in range(1, 96)} - {"20"} | {"2A", "2B"}
    assert set(PLACES) == metropolitan | {"971", "972", "973", "974", "976"}
    assert len(set(PLACES.values())) == len(PLACES) == 101
    assert all(1 <= place <= 14 for pair in PLACES.values() for place in pair)


async def test_figures_lead_to_those_they_count(public: Browser) -> None:
    page = await public.open("/deploiement", departement="01")
    lists = [
        (address, words)
        for address, words in page.read.links
        if address.startswith("/collectivites?strate=")
    ]
    assert {"situation=BLOCKED_BY_SOFTWARE", "situation=UNDECLARED"} <= {
        address.split("&")[1] for address, _ in lists
    }
    for address, words in lists:
        assert "departement=01" in address
        assert counted(int(words), "collectivité") in (await public.open(address)).reply.text
    dated = await public.open("/deploiement", au="2025-01-01")
    assert not [address for address, _ in dated.read.links if "situation=" in address]


async def test_the_twins_are_the_table(public: Browser, database: Database) -> None:
    page = await public.open("/deploiement", departement="01")
    csv_page = await public.open(page.link("CSV"))
    rows = [*csv.DictReader(io.StringIO(csv_page.reply.text))]
    found = await measured(database, Scope(departement="01"))
    assert [row["stratum"] for row in rows] == [*Stratum, "TOTAL"]
    for row, line in zip(rows, [*found.strata, found.total], strict=True):
        assert {name: row[name] for name in COUNTS} == {
            name: str(value) for name, value in asdict(line.counts).items()
        }
    json_page = await public.open(page.link("JSON"))
    assert [row["connected"] for row in json_page.reply.json()] == [
        int(row["connected"]) for row in rows
    ]
    shares = (await public.open("/deploiement/departements.json")).reply.json()
    assert [(row["departement"], row["name"], row["total"]) for row in shares] == [("01", "Ain", 8)]
