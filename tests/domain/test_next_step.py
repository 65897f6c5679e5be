"""What a town is told to do now, by what is under way on its software and by whose it is."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models import (
    Activation,
    ActivationState,
    Collectivite,
    Commitment,
    CommitmentState,
    Demarche,
    Integration,
    IntegrationState,
    Product,
    Service,
    Source,
)
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR, PUBLIC
from registry.domain.clock import today
from registry.domain.rollout import answer
from registry.domain.rollout.answer import Answer
from registry.domain.rollout.next_step import NextStepCode
from registry.domain.rollout.verdicts import Verdict
from tests.factories import add, commune, deployment, history, product, vendor

SCHOOL, CANTEEN = Demarche.PERISCOLAIRE, Demarche.RESTAURATION_SCOLAIRE
SAID = {"effective_on": date(2024, 1, 1), "declared_by": Source.VENDOR}
V2 = Service.FRANCECONNECT_V2


async def town(session: AsyncSession, **values: Any) -> Collectivite:
    body = commune("01001", "Belley", 5000, **values)
    await add(session, body)
    return body


async def used(
    session: AsyncSession,
    body: Collectivite,
    slug: str,
    *demarches: Demarche,
    commitment: CommitmentState | None = None,
    qualified: bool = True,
    number: int = 99990000,
    **values: Any,
) -> Product:
    """A product of a new vendor, in use since 2023 for each of its démarches."""
    owner = vendor(number, f"Éditeur {slug}", contact=f"{slug}@editeur.example")
    await add(session, owner)
    found = product(owner, slug, slug.capitalize(), *demarches)
    await add(session, found)
    if qualified:
        state = IntegrationState.QUALIFIED
        await add(session, Integration(product_id=found.id, service=V2, state=state, **SAID))
    if commitment is not None:
        await add(session, Commitment(vendor_id=owner.id, state=commitment, **SAID, **values))
    await add(session, *(deployment(body, found, demarche) for demarche in demarches))
    return found


async def begin(
    session: AsyncSession,
    body: Collectivite,
    on: Product,
    demarche: Demarche,
    *states: ActivationState,
    service: Service = V2,
) -> None:
    """One state a day, the last one today."""
    rows = [
        Activation(
            collectivite_id=body.id,
            product_id=on.id,
            demarche=demarche,
            service=service,
            state=state,
            effective_on=today() - timedelta(days=before),
            declared_by=Source.COLLECTIVITE,
        )
        for before, state in zip(reversed(range(len(states))), states, strict=True)
    ]
    await add(session, *history(*rows))


async def asked(database: Database, code: str = "01001") -> Answer:
    async with database.read() as session:
        return await answer.of_collectivite(session, PUBLIC, code)


A, N = ActivationState, NextStepCode


@pytest.mark.parametrize(
    ("states", "code", "sentence"),
    [
        (
            [A.PLANNED],
            N.REQUEST_HABILITATION,
            "le raccordement à FranceConnect est prévu. Déposez votre demande d’habilitation.",
        ),
        (
            [A.PLANNED, A.HABILITATION_SUBMITTED],
            N.FOLLOW_ACTIVATION,
            "votre demande d’habilitation à FranceConnect est en cours d’instruction. Attendez la"
            " réponse : rien d’autre ne vous est demandé.",
        ),
        (
            [A.HABILITATION_SUBMITTED, A.HABILITATION_CHANGES_REQUESTED],
            N.COMPLETE_HABILITATION,
            "des modifications sont demandées sur votre demande d’habilitation à FranceConnect."
            " Complétez-la et déposez-la de nouveau.",
        ),
        (
            [A.HABILITATION_SUBMITTED, A.HABILITATION_REFUSED],
            N.COMPLETE_HABILITATION,
            "votre demande d’habilitation à FranceConnect a été refusée. Corrigez-la et déposez-la"
            " de nouveau.",
        ),
        (
            [A.HABILITATION_GRANTED],
            N.ASK_GO_LIVE,
            "votre habilitation à FranceConnect est accordée. Demandez à Éditeur portail"
            " (portail@editeur.example) de mettre FranceConnect en service.",
        ),
        (
            [A.IN_INTEGRATION],
            N.FOLLOW_ACTIVATION,
            "FranceConnect est en cours d’intégration. Suivez sa mise en service avec"
            " Éditeur portail (portail@editeur.example).",
        ),
        (
            [A.GO_LIVE_REQUESTED],
            N.FOLLOW_ACTIVATION,
            "la mise en service de FranceConnect est demandée. Attendez-la : rien d’autre ne vous"
            " est demandé.",
        ),
        (
            [A.IN_PRODUCTION, A.SUSPENDED],
            N.ASK_GO_LIVE,
            "FranceConnect est suspendu. Demandez à Éditeur portail (portail@editeur.example) de"
            " le remettre en service.",
        ),
    ],
)
async def test_a_town_is_told_where_its_activation_stands(
    database: Database, states: Sequence[ActivationState], code: NextStepCode, sentence: str
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        portal = await used(session, body, "portail", SCHOOL, commitment=CommitmentState.SIGNED)
        await begin(session, body, portal, SCHOOL, *states)
    step = (await asked(database)).next_step
    assert step.code is code
    assert step.sentence == f"Périscolaire, sur Portail (Éditeur portail) : {sentence}"
    assert step.demarches == (SCHOOL,)
    assert [contact.product_name for contact in step.contacts] == ["Portail"]


@pytest.mark.parametrize(
    ("state", "service"),
    [
        (A.NONE, V2),
        (A.STOPPED, V2),
        (A.HABILITATION_GRANTED, Service.API_PARTICULIER),
        (A.HABILITATION_GRANTED, Service.FRANCECONNECT_PLUS),
    ],
)
async def test_what_has_not_begun_on_an_accepted_service_is_to_begin(
    database: Database, state: ActivationState, service: Service
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        portal = await used(session, body, "portail", SCHOOL, commitment=CommitmentState.SIGNED)
        await begin(session, body, portal, SCHOOL, state, service=service)
    assert (await asked(database)).next_step.code is N.ACTIVATE


async def test_the_activation_furthest_along_decides(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        signed = CommitmentState.SIGNED
        first = await used(session, body, "portail", SCHOOL, Demarche.URBANISME, commitment=signed)
        other = await used(session, body, "cantine", CANTEEN, commitment=signed, number=99990001)
        await begin(session, body, first, SCHOOL, A.HABILITATION_SUBMITTED)
        await begin(session, body, first, Demarche.URBANISME, A.PLANNED)
        await begin(session, body, other, CANTEEN, A.HABILITATION_GRANTED)
    step = (await asked(database)).next_step
    assert (step.code, step.sentence.split(" :")[0]) == (
        N.ASK_GO_LIVE,
        "Restauration scolaire, sur Cantine (Éditeur cantine)",
    )
    assert step.demarches == (CANTEEN, SCHOOL, Demarche.URBANISME)


async def test_two_demarches_at_the_same_point_are_told_together(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        signed = CommitmentState.SIGNED
        portal = await used(session, body, "portail", SCHOOL, CANTEEN, commitment=signed)
        for demarche in (SCHOOL, CANTEEN):
            await begin(session, body, portal, demarche, A.HABILITATION_SUBMITTED)
    sentence = (await asked(database)).next_step.sentence
    assert sentence.startswith("Restauration scolaire et périscolaire, sur Portail")


async def test_a_connected_town_with_nothing_begun_elsewhere(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        college = Demarche.RESTAURATION_COLLEGE_LYCEE
        signed = CommitmentState.SIGNED
        portal = await used(session, body, "portail", SCHOOL, college, commitment=signed)
        await begin(session, body, portal, SCHOOL, A.IN_PRODUCTION)
    step = (await asked(database)).next_step
    assert (step.code, step.demarches) == (N.CONNECT_REMAINING, (college,))
    assert "Il reste à raccorder : restauration au collège et au lycée." in step.sentence


async def test_a_connected_town_follows_what_it_has_begun_elsewhere(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        signed = CommitmentState.SIGNED
        portal = await used(session, body, "portail", SCHOOL, CANTEEN, commitment=signed)
        await begin(session, body, portal, SCHOOL, A.IN_PRODUCTION)
        await begin(session, body, portal, CANTEEN, A.HABILITATION_CHANGES_REQUESTED)
    step = (await asked(database)).next_step
    assert (step.code, step.demarches) == (N.COMPLETE_HABILITATION, (CANTEEN,))
    assert step.sentence.startswith(
        "FranceConnect est déjà en service chez vous. Il reste à raccorder : restauration"
        " scolaire. Restauration scolaire, sur Portail (Éditeur portail) : des modifications"
    )


async def test_a_price_still_unknown_is_asked_for_on_the_way(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        portal = await used(session, body, "portail", SCHOOL)
        await begin(session, body, portal, SCHOOL, A.HABILITATION_SUBMITTED)
    step = (await asked(database)).next_step
    assert step.code is N.FOLLOW_ACTIVATION
    assert step.sentence.endswith(
        " Le prix n’en est pas connu : demandez à Éditeur portail (portail@editeur.example) de"
        " s’engager à le fournir sans surcoût."
    )


@pytest.mark.parametrize(
    ("qualified", "code"), [(True, N.ASK_NO_SURCHARGE), (False, N.ASK_INTEGRATION)]
)
async def test_software_that_blocks_comes_first_and_the_activation_is_recalled(
    database: Database, *, qualified: bool, code: NextStepCode
) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        declined = CommitmentState.DECLINED
        portal = await used(
            session, body, "portail", SCHOOL, commitment=declined, qualified=qualified
        )
        await begin(session, body, portal, SCHOOL, A.HABILITATION_SUBMITTED)
    step = (await asked(database)).next_step
    assert step.code is code
    assert step.sentence.endswith(
        " Périscolaire, sur Portail (Éditeur portail) : votre demande d’habilitation à"
        " FranceConnect est en cours d’instruction."
    )


async def test_a_town_is_not_sent_to_itself_for_its_own_software(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        await used(
            session,
            body,
            "maison",
            SCHOOL,
            commitment=CommitmentState.DECLINED,
            number=21001001,
            exclusions="tout",
        )
    found = await asked(database)
    assert found.next_step.code is N.ACTIVATE
    assert found.next_step.sentence == (
        "Vous pouvez agir dès maintenant : activez FranceConnect sur votre logiciel Maison,"
        " développé par vos services."
    )
    assert found.next_step.exclusions is None
    assert [use.verdict for use in found.uses] == [Verdict.READY]


async def test_its_own_software_beside_a_vendor_s(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        await used(session, body, "maison", SCHOOL, number=21001001)
        await used(session, body, "portail", CANTEEN, commitment=CommitmentState.SIGNED)
    assert (await asked(database)).next_step.sentence == (
        "Vous pouvez agir dès maintenant : activez FranceConnect sur votre logiciel Maison,"
        " développé par vos services ; demandez l’activation de FranceConnect, sans surcoût, sur"
        " Portail (Éditeur portail). Adressez-vous à Éditeur portail (portail@editeur.example)."
    )


async def test_its_own_software_without_france_connect(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        await used(session, body, "maison", SCHOOL, number=21001001, qualified=False)
    found = await asked(database)
    assert found.next_step.sentence == (
        "FranceConnect ne peut pas être activé pour l’instant sur votre logiciel Maison,"
        " développé par vos services : aucune intégration n’a été déclarée à ce jour. Demandez à"
        " vos services de l’intégrer et d’en donner la date."
    )
    assert [use.verdict for use in found.uses] == [Verdict.NOT_INTEGRATED]


async def test_another_town_s_software_keeps_its_verdict(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session)
        await used(session, body, "maison", SCHOOL, number=21001002)
    found = await asked(database)
    assert [use.verdict for use in found.uses] == [Verdict.COST_UNKNOWN]
    assert "Éditeur maison (maison@editeur.example)" in found.next_step.sentence


async def test_nothing_is_asked_of_a_town_that_is_no_more(database: Database) -> None:
    async with database.transaction(ADMINISTRATOR) as session:
        body = await town(session, closed_on=date(2024, 1, 2))
        await used(session, body, "portail", SCHOOL, commitment=CommitmentState.SIGNED)
    step = (await asked(database)).next_step
    assert (step.code, step.demarches, step.contacts) == (N.NOTHING_ASKED, (), ())
    assert step.sentence == (
        "Cette collectivité n’existe plus depuis le 02/01/2024 : rien ne lui est demandé."
    )
