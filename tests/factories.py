"""A small registry to ask questions of: short inserts, and a world where every case stands."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models import (
    Activation,
    ActivationState,
    Collectivite,
    CollectiviteFormerCode,
    CollectiviteKind,
    Commitment,
    CommitmentState,
    DeliveryModel,
    Demarche,
    Deployment,
    EvidenceLevel,
    Integration,
    IntegrationState,
    Product,
    ProductFormerKey,
    Service,
    Source,
    Stratum,
    Territory,
    TerritoryKind,
    Transition,
    Vendor,
)
from registry.domain.actor import Actor, Role
from registry.domain.clock import today
from registry.domain.identifiers import is_siren, is_siret
from registry.domain.search import folded

YEAR = timedelta(days=365)
STRANGER = Actor(Role.MEMBER, "token:0")
"""Signed in, and acting for nobody of the registry."""


def siren(number: int) -> str:
    """The valid SIREN that starts with this number of at most 8 digits."""
    stem = f"{number:08d}"
    return next(stem + digit for digit in "0123456789" if is_siren(stem + digit))


def establishment(siren: str) -> str:
    """The valid SIRET of a first establishment of that SIREN."""
    return next(
        siren + f"{number:05d}" for number in range(10, 20) if is_siret(siren + f"{number:05d}")
    )


def vendor(number: int, name: str, **values: Any) -> Vendor:
    key = siren(number)
    return Vendor(siren=key, name=name, search=folded(name, key), **values)


def product(owner: Vendor, slug: str, name: str, *demarches: Demarche, **values: Any) -> Product:
    return Product(
        vendor_id=owner.id,
        slug=slug,
        name=name,
        demarches=[*demarches],
        search=folded(name, slug),
        **({"citizen_login": True} | values),
    )


def commune(insee: str, name: str, population: int | None, **values: Any) -> Collectivite:
    over = population is not None and population > 3500
    stratum = Stratum.COMMUNE_OVER_3500 if over else Stratum.COMMUNE_UP_TO_3500
    return Collectivite(
        kind=CollectiviteKind.COMMUNE,
        insee=insee,
        siren=siren(21000000 + int(insee)),
        name=name,
        population=population,
        **(
            {
                "search": folded(name, insee),
                "departements": [insee[:2]],
                "regions": ["84"],
                "strata": [] if population is None else [stratum.value],
            }
            | values
        ),
    )


def history(*rows: Transition) -> list[Transition]:
    """The rows of one history, each in force until the next one."""
    for row, following in pairwise(rows):
        row.effective_until = following.effective_on
    return [*rows]


async def add(session: AsyncSession, *rows: SQLModel) -> None:
    session.add_all(rows)
    await session.flush()


def deployment(body: Collectivite, used: Product, demarche: Demarche, **values: Any) -> Deployment:
    return Deployment(
        collectivite_id=body.id,
        product_id=used.id,
        demarche=demarche,
        **({"since": date(2023, 1, 1), "declared_by": Source.VENDOR} | values),
    )


async def add_world(session: AsyncSession) -> None:
    vendors = {
        "ebene": vendor(99990000, "Ébène Logiciels", contact="contact@ebene.example"),
        "aubepine": vendor(99990001, "Aubépine", contact="https://aubepine.example/contact"),
        "cedre": vendor(99990002, "Cèdre & Fils"),
        "muet": vendor(99990003, "Éditions du Silence"),
    }
    await add(session, *vendors.values())
    vendors["cedre"].parent_id = vendors["ebene"].id
    products = {
        "famille": product(
            vendors["ebene"],
            "famille",
            "Portail Familles",
            Demarche.PERISCOLAIRE,
            Demarche.RESTAURATION_SCOLAIRE,
            delivery_model=DeliveryModel.SAAS,
        ),
        "interne": product(
            vendors["ebene"], "interne", "Ébène Interne", Demarche.AUTRE, citizen_login=False
        ),
        "guichet": product(vendors["aubepine"], "guichet", "Guichet Été", Demarche.PERISCOLAIRE),
        "cantine": product(vendors["cedre"], "cantine", "Cantine", Demarche.RESTAURATION_SCOLAIRE),
        "mairie": product(vendors["muet"], "mairie", "e-Mairie", Demarche.ETAT_CIVIL),
    }
    await add(session, *products.values())
    await add(session, *_territories(), *_histories(vendors, products))
    await add(
        session,
        ProductFormerKey(
            vendor_siren=vendors["aubepine"].siren,
            slug="ancien",
            product_id=products["famille"].id,
        ),
    )
    bodies = await _bodies(session)
    await add(session, *_usages(bodies, products))
    await session.execute(sa.text("UPDATE campaign SET vintage = 2026"))


def _territories() -> list[SQLModel]:
    return [
        Territory(kind=TerritoryKind.DEPARTEMENT, code="01", name="Ain", region="84"),
        Territory(kind=TerritoryKind.DEPARTEMENT, code="02", name="Aisne", region="32"),
        Territory(kind=TerritoryKind.REGION, code="84", name="Auvergne-Rhône-Alpes"),
    ]


def _histories(vendors: dict[str, Vendor], products: dict[str, Product]) -> list[Transition]:
    def said(name: str, state: IntegrationState, day: date, **values: Any) -> Integration:
        return Integration(
            product_id=products[name].id,
            state=state,
            effective_on=day,
            **({"service": Service.FRANCECONNECT_V2, "declared_by": Source.VENDOR} | values),
        )

    def committed(name: str, state: CommitmentState, day: date, **values: Any) -> Commitment:
        return Commitment(
            vendor_id=vendors[name].id,
            state=state,
            effective_on=day,
            declared_by=Source.VENDOR,
            **values,
        )

    qualified = IntegrationState.QUALIFIED
    return [
        *history(
            said("famille", IntegrationState.SANDBOX, date(2023, 5, 1)),
            said(
                "famille",
                qualified,
                today() - YEAR / 2,
                evidence_level=EvidenceLevel.EVIDENCED,
                min_version="4.2",
            ),
        ),
        said(
            "famille",
            IntegrationState.PLANNED,
            today() - 2 * YEAR,
            service=Service.API_PARTICULIER,
            feeds=["QUOTIENT_FAMILIAL"],
            target_date=today() - YEAR,
        ),
        said("guichet", qualified, date(2024, 2, 1)),
        said("cantine", qualified, date(2024, 3, 1)),
        said("mairie", IntegrationState.NONE, date(2024, 1, 1), declared_by=Source.MINISTRY),
        *history(
            committed("ebene", CommitmentState.INVITED, date(2022, 3, 7)),
            committed(
                "ebene",
                CommitmentState.SIGNED,
                date(2024, 1, 10),
                charter_version="2022-03-07",
                exclusions="module de paiement",
            ),
        ),
        committed("aubepine", CommitmentState.DECLINED, date(2024, 1, 1)),
        committed(
            "cedre", CommitmentState.SIGNED, date(2022, 4, 1), valid_until=today() - timedelta(1)
        ),
    ]


async def _bodies(session: AsyncSession) -> dict[str, Collectivite]:
    epci = Collectivite(
        kind=CollectiviteKind.EPCI,
        siren=siren(20000000),
        name="CC du Val d’Ain",
        population=9000,
        departements=["01"],
        regions=["84"],
        strata=[Stratum.EPCI.value],
        search=folded("CC du Val d’Ain", siren(20000000)),
    )
    await add(session, epci)
    bodies = {
        "epci": epci,
        "connected": commune("01001", "Saint-Étienne-du-Bois", 5000, epci_id=epci.id),
        "ready": commune("01002", "Éloise", 800, epci_id=epci.id),
        "surcharge": commune("01003", "Étrez", 700),
        "unknown": commune("01004", "Saint-Étienne-sur-Chalaronne", 1500),
        "software": commune("01005", "Belley", 9000),
        "nothing": commune("01006", "Le Bois", 100),
        "offline": commune(
            "01007", "Lélex", 200, no_online_demarche_since=today() - timedelta(days=1)
        ),
        "overseas": commune("97501", "Miquelon", None, departements=["975"], regions=[]),
    }
    await add(session, *bodies.values())
    closed = commune(
        "01099",
        "Saint-Étienne-Vieux",
        50,
        strata=[],
        closed_on=date(2024, 1, 1),
        successor_id=bodies["connected"].id,
    )
    successor = bodies["connected"].id
    await add(
        session,
        closed,
        CollectiviteFormerCode(former_code="01099", collectivite_id=successor),
        CollectiviteFormerCode(former_code=siren(21009999), collectivite_id=successor),
    )
    return bodies


def _usages(bodies: dict[str, Collectivite], products: dict[str, Product]) -> Iterable[SQLModel]:
    town, school = bodies["connected"], Demarche.PERISCOLAIRE
    yield deployment(town, products["famille"], school, confirmed_by=Source.COLLECTIVITE)
    yield deployment(town, products["mairie"], Demarche.ETAT_CIVIL)
    yield deployment(
        town, products["guichet"], school, since=date(2020, 1, 1), until=date(2023, 1, 1)
    )
    yield deployment(bodies["ready"], products["famille"], school)
    yield deployment(bodies["ready"], products["interne"], Demarche.AUTRE)
    yield deployment(bodies["surcharge"], products["guichet"], school)
    yield deployment(bodies["unknown"], products["cantine"], Demarche.RESTAURATION_SCOLAIRE)
    yield deployment(bodies["software"], products["mairie"], Demarche.ETAT_CIVIL)

    def step(state: ActivationState, day: date, service: Service) -> Activation:
        return Activation(
            collectivite_id=town.id,
            product_id=products["famille"].id,
            demarche=school,
            service=service,
            state=state,
            effective_on=day,
            declared_by=Source.COLLECTIVITE,
        )

    france_connect = Service.FRANCECONNECT_V2
    yield from history(
        step(ActivationState.PLANNED, date(2024, 1, 1), france_connect),
        step(ActivationState.IN_PRODUCTION, date(2025, 6, 1), france_connect),
    )
    yield step(ActivationState.IN_PRODUCTION, date(2025, 9, 1), Service.API_PARTICULIER)
