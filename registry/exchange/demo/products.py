"""What the fictional vendors sell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from registry.exchange.demo.chance import between, shuffled, stream, weighted
from registry.exchange.demo.days import day
from registry.exchange.demo.names import product_labels, slug
from registry.exchange.demo.vendors import TRADES, Vendor

# What a product of each kind covers: always, then most often.
_DEMARCHES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "famille": (
        ("PERISCOLAIRE", "RESTAURATION_SCOLAIRE"),
        ("ACTIVITES_MUNICIPALES", "PETITE_ENFANCE", "TRANSPORT_SCOLAIRE"),
    ),
    "petite_enfance": (("PETITE_ENFANCE",), ()),
    "urbanisme": (("URBANISME",), ()),
    "etat_civil": (("ETAT_CIVIL",), ("AUTRE",)),
    "signalement": (("SIGNALEMENT",), ()),
    "stationnement": (("STATIONNEMENT_RESIDENTIEL",), ()),
    "citoyen": (
        ("ETAT_CIVIL",),
        ("SIGNALEMENT", "ACTIVITES_MUNICIPALES", "AIDES_FACULTATIVES", "AUTRE"),
    ),
    "action_sociale": (("AIDE_SOCIALE_LOCALE",), ("AIDES_FACULTATIVES",)),
    "aide_sociale": (("AIDE_SOCIALE_LEGALE",), ("AIDES_FACULTATIVES",)),
    "college": (("RESTAURATION_COLLEGE_LYCEE",), ()),
    "aides": (("AIDES_FACULTATIVES",), ("AUTRE",)),
    "mobilite": (("TRANSPORT_SCOLAIRE",), ("TARIFICATION_TRANSPORT",)),
    "gestion": (("AUTRE",), ("ETAT_CIVIL", "URBANISME", "PERISCOLAIRE")),
}


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


def products(seed: int, sellers: Sequence[Vendor]) -> list[Product]:
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
    always, often = _DEMARCHES[kind]
    name = slug(label)
    return Product(
        index=index,
        vendor=vendor,
        slug=name,
        name=f"{vendor.brand} {label}",
        kind=kind,
        delivery_model=_delivery_model(rng, vendor),
        demarches=(*always, *(demarche for demarche in often if rng.random() < 0.7)),
        former_keys=f"{vendor.siren}/{name}-classique" if rng.random() < 0.03 else "",
        launched=between(rng, day("2008-01-01"), day("2018-12-31")),
        attitude=_product_attitude(rng, vendor),
    )


def _delivery_model(rng: Random, vendor: Vendor) -> str:
    if vendor.trade in ("libre", "in_house"):
        return "OPEN_SOURCE"
    return weighted(rng, {"SAAS": 68, "ON_PREMISE": 30, "OPEN_SOURCE": 2})


def _product_attitude(rng: Random, vendor: Vendor) -> str:
    """Most products follow their vendor; an old one is left behind, a new one is ahead."""
    chance = rng.random()
    if vendor.rank <= 2 or chance > 0.09:
        return vendor.attitude
    return "follower" if vendor.attitude in ("late", "lapsed") else "late"
