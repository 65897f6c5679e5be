"""The fictional vendors and what they sell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import NamedTuple

from registry.exchange.demo.bodies import Body
from registry.exchange.demo.chance import between, pick, shuffled, stream, weighted
from registry.exchange.demo.days import day
from registry.exchange.demo.names import product_labels, siren, slug, words

# What a product of each kind covers: the first is always there, the others most often.
DEMARCHES: Mapping[str, tuple[str, ...]] = {
    "famille": (
        *("PERISCOLAIRE", "RESTAURATION_SCOLAIRE"),
        *("ACTIVITES_MUNICIPALES", "PETITE_ENFANCE", "TRANSPORT_SCOLAIRE"),
    ),
    "petite_enfance": ("PETITE_ENFANCE",),
    "urbanisme": ("URBANISME",),
    "etat_civil": ("ETAT_CIVIL", "AUTRE"),
    "signalement": ("SIGNALEMENT",),
    "stationnement": ("STATIONNEMENT_RESIDENTIEL",),
    "citoyen": (
        *("AUTRE", "ETAT_CIVIL", "SIGNALEMENT"),
        *("ACTIVITES_MUNICIPALES", "AIDES_FACULTATIVES", "STATIONNEMENT_RESIDENTIEL"),
    ),
    "action_sociale": ("AIDE_SOCIALE_LOCALE", "AIDES_FACULTATIVES"),
    "aide_sociale": ("AIDE_SOCIALE_LEGALE", "AIDES_FACULTATIVES"),
    "college": ("RESTAURATION_COLLEGE_LYCEE",),
    "aides": ("AIDES_FACULTATIVES", "AUTRE"),
    "mobilite": ("TRANSPORT_SCOLAIRE", "TARIFICATION_TRANSPORT"),
    "gestion": ("AUTRE", "ETAT_CIVIL", "URBANISME", "PERISCOLAIRE"),
}


class Trade(NamedTuple):
    """A family of vendors. `kinds` → chance that such a vendor has a product of that kind."""

    vendors: int
    kinds: Mapping[str, float]
    second: float  # Chance of a second product of the same kind.


TRADES: Mapping[str, Trade] = {
    "suite": Trade(
        16,
        {
            **{"famille": 1, "urbanisme": 0.95, "etat_civil": 0.95, "citoyen": 0.9},
            **{"signalement": 0.5, "petite_enfance": 0.45, "action_sociale": 0.35},
            **{"stationnement": 0.3, "gestion": 0.7},
        },
        0.12,
    ),
    "regional": Trade(
        34,
        {
            **{"famille": 0.85, "urbanisme": 0.7, "citoyen": 0.65, "etat_civil": 0.6},
            **{"signalement": 0.25, "petite_enfance": 0.15, "gestion": 0.2},
        },
        0.06,
    ),
    "famille": Trade(24, {"famille": 1, "petite_enfance": 0.5, "action_sociale": 0.2}, 0.2),
    "urbanisme": Trade(16, {"urbanisme": 1, "signalement": 0.1, "gestion": 0.2}, 0.3),
    "citoyen": Trade(
        22,
        {"citoyen": 0.75, "signalement": 0.6, "stationnement": 0.45, "etat_civil": 0.2},
        0.1,
    ),
    "departement": Trade(
        12,
        {"aide_sociale": 1, "college": 0.7, "aides": 0.8, "citoyen": 0.6, "gestion": 0.4},
        0.12,
    ),
    "mobilite": Trade(8, {"mobilite": 1, "stationnement": 0.3}, 0.3),
    "social": Trade(8, {"action_sociale": 1, "aides": 0.3}, 0.2),
    "libre": Trade(4, {"citoyen": 0.8, "famille": 0.5, "urbanisme": 0.5, "signalement": 0.6}, 0),
    "gestion": Trade(5, {"gestion": 1}, 0.7),
}

# The attitude of the largest suites is set, so that every seed tells a story: two that say
# nothing or are late hold many collectivités back, one refuses the price.
_LARGEST = ("late", "leader", "pricy", "silent", "vague", "late", "follower", "leader")
_DEPARTEMENT = ("leader", "follower", "leader", "pricy", "follower", "vague", "late")
_OTHERS: Mapping[str, float] = {
    **{"leader": 13, "follower": 17, "pricy": 11, "vague": 15},
    **{"late": 22, "lapsed": 6, "silent": 16},
}


@dataclass(frozen=True, slots=True)
class Vendor:
    """`rank` is 1 for the largest of its trade; `homes`: codes of régions where it is strong."""

    siren: str
    brand: str
    name: str
    website: str
    contact: str
    parent_siren: str
    trade: str
    rank: int
    attitude: str
    homes: frozenset[str]
    reach: str


@dataclass(frozen=True, slots=True)
class Product:
    index: int
    vendor: Vendor
    slug: str
    name: str
    kind: str
    delivery_model: str
    demarches: tuple[str, ...]
    former_keys: str
    launched: int
    attitude: str

    @property
    def citizen_login(self) -> bool:
        return self.kind != "gestion"


def vendors(seed: int, regions: tuple[str, ...], own: Body) -> list[Vendor]:
    """`own` is the body that also publishes the software that it uses."""
    rng = stream(seed, "vendors")
    brands = iter(shuffled(rng, words("vendors")))
    numbers = iter(shuffled(rng, range(1000, 9000)))
    found: list[Vendor] = []
    for trade, (count, *_) in TRADES.items():
        for rank in range(1, count + 1):
            found.append(_vendor(rng, next(brands), siren(next(numbers)), trade, rank, regions))
    subsidiaries = [_subsidiary(rng, found[n], siren(next(numbers))) for n in (1, 4, 20, 31, 55)]
    return [*found, *subsidiaries, _in_house(own)]


def _vendor(
    rng: Random, brand: str, number: str, trade: str, rank: int, regions: tuple[str, ...]
) -> Vendor:
    local = trade == "regional" or rng.random() < 0.25
    site = f"https://www.{slug(brand)}.example"
    return Vendor(
        siren=number,
        brand=brand,
        name=f"Association {brand}" if trade == "libre" else _company(rng, brand),
        website=site if rng.random() < 0.93 else "",
        contact=_contact(rng, brand, site),
        parent_siren="",
        trade=trade,
        rank=rank,
        attitude=_attitude(rng, trade, rank),
        homes=frozenset(shuffled(rng, regions)[: between(rng, 1, 3)]) if local else frozenset(),
        reach=weighted(rng, {"any": 5, "small": 3, "large": 3}) if rank > 2 else "any",
    )


def _company(rng: Random, brand: str) -> str:
    return f"{brand} {pick(rng, words('company_forms'))}" if rng.random() < 0.6 else brand


def _contact(rng: Random, brand: str, site: str) -> str:
    chance = rng.random()
    if chance < 0.06:
        return ""
    return f"{site}/contact" if chance < 0.2 else f"{_mailbox(rng)}@{slug(brand)}.example"


def _mailbox(rng: Random) -> str:
    return "franceconnect" if rng.random() < 0.4 else pick(rng, words("mailboxes"))


def _attitude(rng: Random, trade: str, rank: int) -> str:
    set_ones = {"suite": _LARGEST, "departement": _DEPARTEMENT}.get(trade, ())
    if rank <= len(set_ones):
        return set_ones[rank - 1]
    return "leader" if trade == "libre" else weighted(rng, _OTHERS)


def _subsidiary(rng: Random, parent: Vendor, number: str) -> Vendor:
    brand = f"{parent.brand} {pick(rng, ('Sud', 'Ouest', 'Est', 'Outre-mer', 'Territoires'))}"
    site = f"https://www.{slug(brand)}.example"
    return Vendor(
        siren=number,
        brand=brand,
        name=brand,
        website=site,
        contact=f"contact@{slug(brand)}.example",
        parent_siren=parent.siren,
        trade=parent.trade,
        rank=12,
        attitude=weighted(rng, _OTHERS),
        homes=parent.homes,
        reach="any",
    )


def _in_house(own: Body) -> Vendor:
    return Vendor(
        siren=own.siren,
        brand="Logiciel syndical",
        name=own.name,
        website="https://www.syndicat-de-demonstration.example",
        contact="numerique@syndicat-de-demonstration.example",
        parent_siren="",
        trade="in_house",
        rank=20,
        attitude="vague",
        homes=frozenset(own.departements),
        reach="any",
    )


def products(seed: int, sellers: list[Vendor]) -> list[Product]:
    rng = stream(seed, "products")
    offers = chain.from_iterable(_offers(rng, vendor) for vendor in sellers)
    return [_product(rng, n, *offer) for n, offer in enumerate(offers)]


def _offers(rng: Random, vendor: Vendor) -> Iterator[tuple[Vendor, str, str]]:
    """Vendor, kind and label of each of its products; a vendor has at least one."""
    if vendor.trade == "in_house":
        yield from ((vendor, kind, product_labels()[kind][0]) for kind in ("citoyen", "urbanisme"))
        return
    trade = TRADES[vendor.trade]
    kinds = [kind for kind, chance in trade.kinds.items() if rng.random() < chance]
    for kind in kinds or list(trade.kinds)[:1]:
        labels = shuffled(rng, product_labels()[kind])
        yield from ((vendor, kind, label) for label in labels[: 1 + (rng.random() < trade.second)])


def _product(rng: Random, index: int, vendor: Vendor, kind: str, label: str) -> Product:
    first, *others = DEMARCHES[kind]
    name = slug(label)
    return Product(
        index=index,
        vendor=vendor,
        slug=name,
        name=f"{vendor.brand} {label}",
        kind=kind,
        delivery_model=_delivery_model(rng, vendor),
        demarches=(first, *(demarche for demarche in others if rng.random() < 0.7)),
        former_keys=f"{vendor.siren}/{name}-classique" if rng.random() < 0.03 else "",
        launched=between(rng, day("2008-01-01"), day("2021-06-30")),
        attitude=_product_attitude(rng, vendor),
    )


def _delivery_model(rng: Random, vendor: Vendor) -> str:
    if vendor.trade in ("libre", "in_house"):
        return "OPEN_SOURCE"
    return weighted(rng, {"SAAS": 68, "ON_PREMISE": 30, "OPEN_SOURCE": 2})


def _product_attitude(rng: Random, vendor: Vendor) -> str:
    """Most products follow their vendor; an old one is left behind, a new one is ahead."""
    chance = rng.random()
    if vendor.rank <= 2 or chance > 0.12:
        return vendor.attitude
    return "follower" if vendor.attitude in ("late", "lapsed") else "late"
