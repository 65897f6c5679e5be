"""A delegate who has a company too: what is sent in a space is the space's, and nobody else's."""

import pytest
import sqlalchemy as sa
from sqlmodel import col

from models import BulkDeclaration, Delegation, Evidence
from registry.database import Database
from registry.domain.actor import ADMINISTRATOR
from tests.api.sides import AUBEPINE, EBENE, READY, town
from tests.factories import add
from tests.pictures import pdf
from tests.web.browsing import Browser
from tests.web.conftest import Open
from tests.web.test_vendor_space.conftest import PRODUCT, SPACE

HEADER = "collectivite,vendor_siren,product,demarche,since\n"


@pytest.fixture
async def delegate(database: Database, competitor: Browser) -> Browser:
    """Of Aubépine; for Ébène, and for a town."""
    async with database.transaction(ADMINISTRATOR) as session:
        for siren in (EBENE, town(READY)):
            email = "agent@organisation.example"
            await add(session, Delegation(siren=siren, delegate_siren=AUBEPINE, email=email))
    competitor.client.base_url = "http://127.0.0.1"
    return competitor


async def test_a_file_is_the_space_s(
    delegate: Browser, vendor: Browser, browsers: Open, database: Database
) -> None:
    page = await delegate.open(f"{SPACE}/fichiers")
    files = {"file": ("clients.csv", HEADER.encode())}
    sent = await delegate.send(page.form("/fichiers"), files=files)
    assert "En attente." in sent.text
    async with database.read(ADMINISTRATOR) as session:
        assert [*await session.scalars(sa.select(col(BulkDeclaration.siren)))] == [EBENE]
    assert (await vendor.open(sent.path)).status == 200
    assert len((await vendor.client.get(f"{SPACE}/fichiers.json")).json()) == 1
    own = f"/espace/editeurs/{AUBEPINE}/fichiers.json"
    assert (await delegate.client.get(own)).json() == []
    number = sent.path.rpartition("/")[2]
    assert (await delegate.open(f"/espace/editeurs/{AUBEPINE}/fichiers/{number}")).status == 404


async def test_evidence_is_the_organisation_s_acted_for(
    delegate: Browser, database: Database
) -> None:
    page = await delegate.open(f"{PRODUCT}/services/FRANCECONNECT_V1")
    form = page.form("/services/FRANCECONNECT_V1")
    given = {"evidenceFile": ("attestation.pdf", pdf())}
    done = await delegate.send(form, files=given, state="QUALIFIED")
    assert "étayé" in done.text
    form = await delegate.open(f"/collectivites/{READY}/surcout", logiciel=f"{EBENE}/famille")
    quote = {"evidenceFile": ("devis.pdf", pdf(b"Devis de FranceConnect"), "application/pdf")}
    done = await delegate.send(
        form.form("/surcout"),
        quote,
        statement="600 €",
        amountCents="600",
        surchargeKind="ONE_OFF_FEES",
    )
    assert "Votre signalement est envoyé." in done.text
    async with database.read(ADMINISTRATOR) as session:
        owners = await session.scalars(sa.select(col(Evidence.siren)).order_by(col(Evidence.id)))
        assert [*owners] == [EBENE, town(READY)]
