"""What a collectivité can do now, and whom to ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from models import CommitmentState, Demarche, Integration, IntegrationState, Product, Vendor
from registry.domain import commitments, integrations, products, vendors
from registry.domain.commitments import CommitmentRead
from registry.domain.rollout.readiness import ORDER, Readiness, with_readiness
from registry.domain.rollout.scope import bind_bodies


class NextStepCode(StrEnum):
    ALL_CONNECTED = "ALL_CONNECTED"
    CONNECT_REMAINING = "CONNECT_REMAINING"
    ACTIVATE = "ACTIVATE"
    ASK_PRICE = "ASK_PRICE"
    ASK_NO_SURCHARGE = "ASK_NO_SURCHARGE"
    ASK_INTEGRATION = "ASK_INTEGRATION"
    DECLARE_SOFTWARE = "DECLARE_SOFTWARE"
    NOTHING_ASKED = "NOTHING_ASKED"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about a product. ``address`` is a functional mailbox or a URL; none: unknown."""

    product_id: int
    product_name: str
    vendor_id: int
    vendor_name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """``demarches`` are those not connected. ``min_version`` and ``exclusions`` are those of the
    first contact's product: what to have, and what the vendor's commitment leaves out.
    """

    code: NextStepCode
    sentence: str
    demarches: tuple[Demarche, ...] = ()
    contacts: tuple[Contact, ...] = ()
    min_version: str | None = None
    exclusions: str | None = None


class _Use(NamedTuple):
    """A concerned deployment in force, and whether the vendor ever spoke of its product."""

    product_id: int
    demarche: Demarche
    readiness: Readiness
    declared: bool


@dataclass(slots=True)
class _Situation:
    readiness: Readiness
    no_online_demarche_since: date | None
    uses: list[_Use] = field(default_factory=list)

    @property
    def remaining(self) -> list[_Use]:
        """The uses whose démarche is connected by no product."""
        done = {use.demarche for use in self.uses if use.readiness is Readiness.CONNECTED}
        return [use for use in self.uses if use.demarche not in done]


@dataclass(frozen=True, slots=True)
class _Catalogue:
    products: Mapping[int, Product]
    vendors: Mapping[int, Vendor]
    integrations: Mapping[int, list[Integration]]
    commitments: Mapping[int, CommitmentRead]
    accepted: Sequence[str]

    def contact(self, product_id: int) -> Contact:
        product = self.products[product_id]
        vendor = self.vendors[product.vendor_id]
        return Contact(product_id, product.name, product.vendor_id, vendor.name, vendor.contact)

    def key(self, product_id: int) -> tuple[str, str]:
        product = self.products[product_id]
        return self.vendors[product.vendor_id].siren, product.slug

    def min_version(self, product_id: int) -> str | None:
        qualified = (
            row.min_version
            for row in self.integrations.get(product_id, [])
            if row.state is IntegrationState.QUALIFIED and row.service in self.accepted
        )
        return next((version for version in qualified if version), None)

    def exclusions(self, product_id: int) -> str | None:
        read = self.commitments.get(product_id)
        signed = (CommitmentState.SIGNED, CommitmentState.BREACH_ALLEGED)
        return read.row.exclusions if read and read.state in signed else None


STEPS = {
    Readiness.READY: NextStepCode.ACTIVATE,
    Readiness.COST_UNKNOWN: NextStepCode.ASK_PRICE,
    Readiness.BLOCKED_BY_SURCHARGE: NextStepCode.ASK_NO_SURCHARGE,
    Readiness.BLOCKED_BY_SOFTWARE: NextStepCode.ASK_INTEGRATION,
}

DEMARCHES = {
    Demarche.PETITE_ENFANCE: "petite enfance",
    Demarche.RESTAURATION_SCOLAIRE: "restauration scolaire",
    Demarche.RESTAURATION_COLLEGE_LYCEE: "restauration au collège et au lycée",
    Demarche.PERISCOLAIRE: "périscolaire",
    Demarche.ACTIVITES_MUNICIPALES: "activités municipales",
    Demarche.TRANSPORT_SCOLAIRE: "transport scolaire",
    Demarche.TARIFICATION_TRANSPORT: "tarification des transports",
    Demarche.AIDES_FACULTATIVES: "aides facultatives",
    Demarche.AIDE_SOCIALE_LEGALE: "aide sociale légale",
    Demarche.AIDE_SOCIALE_LOCALE: "aide sociale locale",
    Demarche.STATIONNEMENT_RESIDENTIEL: "stationnement résidentiel",
    Demarche.URBANISME: "urbanisme",
    Demarche.ETAT_CIVIL: "état civil",
    Demarche.SIGNALEMENT: "signalement",
    Demarche.AUTRE: "autre démarche",
}


async def of_collectivites(
    session: AsyncSession, ids: Sequence[int], day: date
) -> dict[int, NextStep]:
    bound = await bind_bodies(session, list(ids), as_of=day)
    query = sa.text(f"""
        {with_readiness(bound)}
        SELECT state.id, state.rank, no_online_demarche_since, usage.product_id, demarche,
               usage.rank AS use_rank, usage.declared_on IS NOT NULL AS declared
        FROM state LEFT JOIN usage ON usage.collectivite_id = state.id
    """)
    situations: dict[int, _Situation] = {}
    for row in await session.execute(query, bound.values):
        found = situations.setdefault(
            row.id, _Situation(ORDER[row.rank], row.no_online_demarche_since)
        )
        if row.product_id is not None:
            use = _Use(row.product_id, Demarche(row.demarche), ORDER[row.use_rank], row.declared)
            found.uses.append(use)
    used = {use.product_id for situation in situations.values() for use in situation.uses}
    catalogue = await _catalogue(session, sorted(used), bound.values["accepted"], day)
    return {body: _step(situation, catalogue, day) for body, situation in situations.items()}


async def _catalogue(
    session: AsyncSession, ids: Sequence[int], accepted: Sequence[str], day: date
) -> _Catalogue:
    known = await products.by_ids(session, ids)
    owners = sorted({product.vendor_id for product in known.values()})
    return _Catalogue(
        known,
        await vendors.by_ids(session, owners),
        await integrations.current_of_products(session, ids, day),
        await commitments.applying(session, ids, day),
        accepted,
    )


def _step(situation: _Situation, catalogue: _Catalogue, day: date) -> NextStep:
    if situation.readiness is Readiness.NO_KNOWN_SOFTWARE:
        return _without_software(situation.no_online_demarche_since, day)
    remaining = situation.remaining
    if not remaining:
        return NextStep(
            NextStepCode.ALL_CONNECTED,
            "FranceConnect est en service sur toutes vos démarches connues :"
            " vous n’avez rien à faire.",
        )
    best = min((use.readiness for use in remaining), key=ORDER.index)
    movable = [use for use in remaining if use.readiness is best]
    contacts = _contacts(movable, catalogue)
    code, sentence = STEPS[best], _sentence(best, movable, contacts)
    if situation.readiness is Readiness.CONNECTED:
        code = NextStepCode.CONNECT_REMAINING
        sentence = f"FranceConnect est déjà en service chez vous. {_left(remaining)} {sentence}"
    first = contacts[0].product_id
    version = catalogue.min_version(first)
    exclusions = catalogue.exclusions(first)
    return NextStep(
        code,
        sentence + _conditions(version, exclusions),
        _ordered(use.demarche for use in remaining),
        contacts,
        version,
        exclusions,
    )


def _without_software(no_online_demarche_since: date | None, day: date) -> NextStep:
    if no_online_demarche_since is not None and no_online_demarche_since <= day:
        return NextStep(
            NextStepCode.NOTHING_ASKED,
            "Vous avez déclaré ne proposer aucune démarche en ligne : rien ne vous est demandé.",
        )
    return NextStep(
        NextStepCode.DECLARE_SOFTWARE,
        "Aucun logiciel de démarches en ligne n’est connu pour vous : indiquez celui que vous"
        " utilisez, ou déclarez que vous ne proposez pas de démarche en ligne.",
    )


def _contacts(uses: Iterable[_Use], catalogue: _Catalogue) -> tuple[Contact, ...]:
    """The product that covers most démarches first, then by key."""
    served: dict[int, set[Demarche]] = {}
    for use in uses:
        served.setdefault(use.product_id, set()).add(use.demarche)
    ranked = sorted(served, key=lambda product: (-len(served[product]), catalogue.key(product)))
    return tuple(catalogue.contact(product) for product in ranked)


def _sentence(
    readiness: Readiness,
    uses: Sequence[_Use],
    contacts: Sequence[Contact],
) -> str:
    names = _listed(f"{contact.product_name} ({contact.vendor_name})" for contact in contacts)
    askers = _listed(dict.fromkeys(map(_reached, contacts)))
    if readiness is Readiness.READY:
        return (
            f"Vous pouvez agir dès maintenant : demandez l’activation de FranceConnect, sans"
            f" surcoût, sur {names}. Adressez-vous à {askers}."
        )
    if readiness is Readiness.COST_UNKNOWN:
        return (
            f"FranceConnect est intégré à {names}, mais le prix n’en est pas connu : demandez à"
            f" {askers} de s’engager à le fournir sans surcoût."
        )
    if readiness is Readiness.BLOCKED_BY_SURCHARGE:
        return (
            f"FranceConnect est intégré à {names}, mais l’absence de surcoût n’est pas acquise"
            f" (engagement refusé ou non tenu) : demandez à {askers} de l’offrir sans surcoût."
        )
    silent = not any(use.declared for use in uses)
    status = (
        "aucune intégration n’a été déclarée à ce jour" if silent else "il n’est pas encore prêt"
    )
    return (
        f"FranceConnect ne peut pas être activé pour l’instant sur {names} : {status}."
        f" Demandez à {askers} de l’intégrer et d’en donner la date."
    )


def _left(remaining: Iterable[_Use]) -> str:
    names = _listed(DEMARCHES[demarche] for demarche in _ordered(use.demarche for use in remaining))
    return f"Il reste à raccorder : {names}."


def _conditions(version: str | None, exclusions: str | None) -> str:
    needed = f" Version minimale : {version}." if version else ""
    left_out = f" L’engagement ne couvre pas : {exclusions}." if exclusions else ""
    return needed + left_out


def _reached(contact: Contact) -> str:
    return f"{contact.vendor_name} ({contact.address})" if contact.address else contact.vendor_name


def _ordered(demarches: Iterable[Demarche]) -> tuple[Demarche, ...]:
    return tuple(sorted(set(demarches), key=list(Demarche).index))


def _listed(names: Iterable[str]) -> str:
    *earlier, last = names
    return f"{', '.join(earlier)} et {last}" if earlier else last
