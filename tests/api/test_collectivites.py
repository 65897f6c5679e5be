from datetime import date, timedelta

import pytest

from models import (
    Activation,
    ActivationState,
    Collectivite,
    CollectiviteKind,
    Demarche,
    Service,
    Source,
    Territory,
    TerritoryKind,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from registry.domain.clock import today
from registry.domain.search import folded
from tests.api.conftest import Ask
from tests.api.test_vendors import AUBEPINE, EBENE, SILENT
from tests.factories import YEAR, add, commune, deployment, product, siren, vendor

EPCI = siren(20000000)

pytestmark = pytest.mark.usefixtures("world")


async def test_a_collectivite_with_what_it_uses(ask: Ask) -> None:
    town = (await ask("Collectivite", code="01001"))["collectivite"]
    assert {key: town[key] for key in ("code", "insee", "siren", "kind", "epci")} == {
        "code": "01001",
        "insee": "01001",
        "siren": siren(21001001),
        "kind": "COMMUNE",
        "epci": EPCI,
    }
    assert town["strata"] == ["COMMUNE_OVER_3500"]
    assert (town["departements"], town["regions"]) == (["01"], ["84"])
    assert (town["population"], town["readiness"]) == (5000, "CONNECTED")
    used = town["deployments"]
    assert [(use["product"]["vendor"]["siren"], use["demarche"]) for use in used] == [
        (EBENE, "PERISCOLAIRE"),
        (SILENT, "ETAT_CIVIL"),
    ]
    assert [(use["confirmed"], use["inForce"]) for use in used] == [(True, True), (False, True)]
    assert used[0]["confirmedBy"] == "COLLECTIVITE"
    assert used[0]["activations"] == [
        {
            "service": "FRANCECONNECT_V2",
            "state": "IN_PRODUCTION",
            "effectiveOn": "2025-06-01",
            "declaredBy": "COLLECTIVITE",
            "stale": True,
        },
        {
            "service": "API_PARTICULIER",
            "state": "IN_PRODUCTION",
            "effectiveOn": "2025-09-01",
            "declaredBy": "COLLECTIVITE",
            "stale": True,
        },
    ]
    assert used[1]["activations"] == []


async def test_ended_uses_come_on_demand(ask: Ask) -> None:
    town = (await ask("Collectivite", code="01001", inForce=False))["collectivite"]
    assert [(use["product"]["vendor"]["siren"], use["until"]) for use in town["deployments"]] == [
        (EBENE, None),
        (AUBEPINE, "2023-01-01"),
        (SILENT, None),
    ]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (" 01 001 ", "01001"),
        (siren(21001001), "01001"),
        (EPCI, EPCI),
        ("01099", "01001"),
        (siren(21009999), "01001"),
        ("97501", "97501"),
    ],
)
async def test_any_code_finds_it_and_a_vanished_one_gives_the_successor(
    ask: Ask, code: str, found: str
) -> None:
    assert (await ask("Collectivite", code=code))["collectivite"]["code"] == found


async def test_a_siret_finds_it(ask: Ask) -> None:
    head = siren(21001001)
    sirets = (f"{head}{number:05d}" for number in range(20))
    found = [await ask("Collectivite", code=siret) for siret in sirets if valid_siret(siret)]
    assert {reply["collectivite"]["code"] for reply in found} == {"01001"}


def valid_siret(text: str) -> bool:
    digits = [int(digit) for digit in reversed(text)]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


async def test_an_unknown_population_is_null(ask: Ask) -> None:
    town = (await ask("Collectivite", code="97501"))["collectivite"]
    assert (town["population"], town["strata"], town["epci"]) == (None, [], None)


async def test_an_unknown_code_is_null(ask: Ask) -> None:
    assert (await ask("Collectivite", code="01500"))["collectivite"] is None


@pytest.mark.parametrize("code", ["", "0100", "Belley", "123456789", "٠١٠٠١"])
async def test_a_malformed_code_is_refused(answer: Ask, code: str) -> None:
    (error,) = (await answer("Collectivite", code=code))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "code"}
    assert "INSEE" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "readiness"),
    [
        ({}, "CONNECTED"),
        ({"basis": "CONFIRMED"}, "CONNECTED"),
        ({"demarche": "ETAT_CIVIL"}, "BLOCKED_BY_SOFTWARE"),
        ({"demarche": "ETAT_CIVIL", "basis": "CONFIRMED"}, "NO_KNOWN_SOFTWARE"),
        ({"demarche": "URBANISME"}, "NO_KNOWN_SOFTWARE"),
        ({"asOf": "2025-05-31"}, "BLOCKED_BY_SOFTWARE"),
        ({"asOf": "1999-01-01"}, "NO_KNOWN_SOFTWARE"),
    ],
)
async def test_readiness_by_demarche_date_and_basis(
    ask: Ask, arguments: dict[str, str], readiness: str
) -> None:
    town = (await ask("CollectiviteReadiness", code="01001", **arguments))["collectivite"]
    assert town["readiness"] == readiness


@pytest.mark.parametrize(
    ("code", "step", "words"),
    [
        ("01001", "CONNECT_REMAINING", ["déjà en service", "état civil", "e-Mairie"]),
        ("01002", "ACTIVATE", ["dès maintenant", "Portail Familles", "contact@ebene.example"]),
        ("01003", "ASK_NO_SURCHARGE", ["Guichet Été", "Aubépine", "sans surcoût"]),
        ("01004", "ASK_PRICE", ["Cantine", "Cèdre & Fils", "s’engager"]),
        ("01005", "ASK_INTEGRATION", ["e-Mairie", "n’a été déclarée à ce jour"]),
        ("01006", "DECLARE_SOFTWARE", ["indiquez celui que vous utilisez"]),
        ("01007", "NOTHING_ASKED", ["rien ne vous est demandé"]),
    ],
)
async def test_the_next_step_of_each_situation(
    ask: Ask, code: str, step: str, words: list[str]
) -> None:
    found = (await ask("CollectiviteNextStep", code=code))["collectivite"]["nextStep"]
    assert found["code"] == step
    for word in words:
        assert word in found["sentence"]


async def test_the_next_step_says_whom_to_ask_and_on_what_terms(ask: Ask) -> None:
    found = (await ask("CollectiviteNextStep", code="01002"))["collectivite"]["nextStep"]
    assert found["demarches"] == ["PERISCOLAIRE"]
    assert found["contacts"] == [
        {
            "address": "contact@ebene.example",
            "product": {"slug": "famille", "name": "Portail Familles"},
            "vendor": {"siren": EBENE, "name": "Ébène Logiciels"},
        }
    ]
    assert (found["minVersion"], found["exclusions"]) == ("4.2", "module de paiement")
    assert found["sentence"] == (
        "Vous pouvez agir dès maintenant : demandez l’activation de FranceConnect, sans surcoût,"
        " sur Portail Familles (Ébène Logiciels). Adressez-vous à Ébène Logiciels"
        " (contact@ebene.example). Version minimale : 4.2. L’engagement ne couvre pas :"
        " module de paiement."
    )


async def test_only_what_is_not_connected_is_left_to_do(ask: Ask) -> None:
    found = (await ask("CollectiviteNextStep", code="01001"))["collectivite"]["nextStep"]
    assert found["demarches"] == ["ETAT_CIVIL"]
    assert [contact["vendor"]["siren"] for contact in found["contacts"]] == [SILENT]


ALL = ["01005", EPCI, "01002", "01003", "01006", "01007", "97501", "01001", "01004"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ALL),
        ({"text": "saint etienne"}, ["01001", "01004"]),
        ({"text": "ÉTIENNE bois"}, ["01001"]),
        ({"kinds": ["EPCI"]}, [EPCI]),
        ({"kinds": []}, ALL),
        ({"strata": ["COMMUNE_OVER_3500", "EPCI"]}, ["01005", EPCI, "01001"]),
        ({"departement": "02"}, []),
        ({"departement": "01", "text": "bel"}, ["01005"]),
        ({"region": "84", "kinds": ["EPCI"]}, [EPCI]),
        ({"epci": EPCI}, [EPCI, "01002", "01001"]),
        ({"minPopulation": 800, "maxPopulation": 5000}, ["01002", "01001", "01004"]),
    ],
)
async def test_collectivites_are_filtered_and_sorted_by_name(
    ask: Ask, wanted: dict[str, object], found: list[str]
) -> None:
    listed = (await ask("Collectivites", filter=wanted))["collectivites"]
    assert [edge["node"]["code"] for edge in listed["edges"]] == found
    assert listed["totalCount"] == len(found)


@pytest.mark.parametrize("field", ["departement", "region", "epci"])
@pytest.mark.parametrize("value", ["", "99", "é"])
async def test_an_unknown_territory_is_refused(refusal: Ask, field: str, value: str) -> None:
    refused = await refusal("Collectivites", filter={field: value})
    assert refused == {"code": "BAD_USER_INPUT", "field": field}


async def test_the_list_tells_where_each_one_is(ask: Ask) -> None:
    listed = (await ask("Collectivites", orderBy="POPULATION_DESC"))["collectivites"]
    nodes = [edge["node"] for edge in listed["edges"]]
    assert [(node["population"], node["readiness"]) for node in nodes] == [
        (9000, "NO_KNOWN_SOFTWARE"),
        (9000, "BLOCKED_BY_SOFTWARE"),
        (5000, "CONNECTED"),
        (1500, "COST_UNKNOWN"),
        (800, "READY"),
        (700, "BLOCKED_BY_SURCHARGE"),
        (200, "NO_KNOWN_SOFTWARE"),
        (100, "NO_KNOWN_SOFTWARE"),
        (None, "NO_KNOWN_SOFTWARE"),
    ]
    assert [len(node["deployments"]) for node in nodes] == [0, 1, 2, 1, 2, 1, 0, 0, 0]


async def test_readiness_of_yesterday_is_read_with_yesterday_s_states(ask: Ask) -> None:
    before = str(today() - YEAR / 2 - timedelta(days=1))
    town = (await ask("CollectiviteReadiness", code="01002", asOf=before))["collectivite"]
    assert town["readiness"] == "BLOCKED_BY_SOFTWARE"


@pytest.mark.parametrize("kind", ["REGION", "CCAS", "SYNDICAT", "OTHER"])
async def test_a_body_outside_the_referential_is_found_by_its_siren(
    database: Database, ask: Ask, kind: str
) -> None:
    key = siren(23000000)
    async with database.transaction(ADMINISTRATOR) as session:
        body = Collectivite(
            kind=CollectiviteKind(kind), siren=key, name="Organisme", search=folded("Organisme")
        )
        await add(session, body)
    found = (await ask("Collectivite", code=f" {key} "))["collectivite"]
    assert [found[name] for name in ("code", "siren", "insee", "kind", "strata")] == [
        key,
        key,
        None,
        kind,
        [],
    ]
    step = (await ask("CollectiviteNextStep", code=key))["collectivite"]
    assert (step["readiness"], step["nextStep"]["code"]) == (
        "NO_KNOWN_SOFTWARE",
        "DECLARE_SOFTWARE",
    )


async def test_a_town_closed_without_successor_answers_by_its_code(
    database: Database, ask: Ask
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add(session, commune("01098", "Perdue", 10, strata=[], closed_on=date(2024, 1, 1)))
    town = (await ask("CollectiviteNextStep", code="01098"))["collectivite"]
    assert town["nextStep"]["code"] == "NOTHING_ASKED"
    assert "n’existe plus depuis le 01/01/2024" in town["nextStep"]["sentence"]


async def test_an_activation_is_in_force_from_its_day_and_stale_after_a_year(
    database: Database, ask: Ask
) -> None:
    school, year_ago = Demarche.PERISCOLAIRE, today() - timedelta(days=370)
    async with database.transaction(ADMINISTRATOR) as session:
        owner, town = vendor(99990009, "Neuf"), commune("01008", "Neuville", 900)
        await add(session, owner, town)
        used = product(owner, "neuf", "Neuf", school)
        await add(session, used)
        ended = deployment(town, used, school, until=today())
        began = deployment(town, used, school, since=today(), until=today() + timedelta(days=1))

        def step(service: Service, state: ActivationState, on: date, **until: date) -> Activation:
            return Activation(
                collectivite_id=town.id,
                product_id=used.id,
                demarche=school,
                service=service,
                state=state,
                effective_on=on,
                declared_by=Source.COLLECTIVITE,
                **until,
            )

        planned, submitted = ActivationState.PLANNED, ActivationState.HABILITATION_SUBMITTED
        await add(
            session,
            ended,
            began,
            step(Service.FRANCECONNECT_V2, planned, year_ago, effective_until=today()),
            step(Service.FRANCECONNECT_V2, submitted, today()),
            step(Service.API_PARTICULIER, planned, year_ago),
        )
    (use,) = (await ask("Collectivite", code="01008"))["collectivite"]["deployments"]
    assert use["since"] == str(today())
    assert [(step["state"], step["stale"]) for step in use["activations"]] == [
        ("HABILITATION_SUBMITTED", False),
        ("PLANNED", True),
    ]


@pytest.fixture
async def lille(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        served = commune("59350", "Lille", 240_000)
        served.postal_codes = ["59000", "01005"]
        await add(session, served)


async def test_a_code_is_taken_as_the_files_for_excel_write_it(answer: Ask) -> None:
    found = await answer("Collectivite", code='="01001"')
    assert found["data"]["collectivite"]["code"] == "01001"


POSTAL = "59000 est un code postal, et non un code INSEE : celui de Lille (59350)"


@pytest.mark.usefixtures("lille")
async def test_a_postal_code_is_said_to_be_one_with_its_communes(answer: Ask) -> None:
    error = (await answer("Collectivite", code="59000"))["errors"][0]
    assert error["message"] == f"{POSTAL}."
    assert error["extensions"]["field"] == "code"


@pytest.mark.usefixtures("lille")
async def test_an_insee_code_that_is_a_postal_code_too_means_its_commune(ask: Ask) -> None:
    assert (await ask("Collectivite", code="01005"))["collectivite"]["code"] == "01005"


async def test_a_territory_is_known_in_lower_case(ask: Ask, database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        await add(
            session,
            Territory(kind=TerritoryKind.REGION, code="94", name="Corse"),
            Territory(kind=TerritoryKind.DEPARTEMENT, code="2A", name="Corse-du-Sud", region="94"),
        )
    found = await ask("Collectivites", filter={"departement": "2a"})
    assert found["collectivites"]["totalCount"] == 0


async def test_the_code_of_a_commune_given_for_an_epci_is_told_its_own(answer: Ask) -> None:
    error = (await answer("Collectivites", filter={"epci": "01001"}))["errors"][0]
    assert (
        "qui n’est pas une intercommunalité : elle est membre de CC du Val d’Ain"
        in (error["message"])
    )
