"""Who sells to whom: the weight of each product for each client, with its strongholds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, NamedTuple, TypeVar

from registry.exchange.demo.chance import draw, stream
from registry.exchange.demo.products import Product
from registry.exchange.demo.vendors import Vendor

T = TypeVar("T")


class Segment(NamedTuple):
    """`without`: share that uses nothing known; `rows`: deployments of the others, on average.

    `size` is 0 for the smallest clients, 1 for the largest; `kinds`: appetite for each kind.
    """

    without: float
    rows: float
    size: float
    kinds: Mapping[str, float]


_VILLAGE = {"urbanisme": 4, "citoyen": 3, "etat_civil": 2.5, "signalement": 1, "gestion": 0.9}
_TOWN = {
    "famille": 7,
    "urbanisme": 4.5,
    "citoyen": 4,
    "etat_civil": 2.5,
    "signalement": 1.6,
    "petite_enfance": 1.6,
    "action_sociale": 1.1,
    "stationnement": 0.5,
    "gestion": 1,
}
_CITY = {**_TOWN, "petite_enfance": 2.5, "stationnement": 2.5, "signalement": 2.5}
_EPCI = {
    "petite_enfance": 3.5,
    "urbanisme": 3.5,
    "famille": 3,
    "citoyen": 3,
    "mobilite": 2.5,
    "signalement": 1.2,
    "action_sociale": 0.8,
    "gestion": 1,
}
_DEPARTEMENT = {
    "aide_sociale": 8,
    "college": 5,
    "citoyen": 4,
    "aides": 3,
    "mobilite": 1.2,
    "gestion": 1,
}
SEGMENTS: Mapping[str, Segment] = {
    "hamlet": Segment(0.45, 2.6, 0, {**_VILLAGE, "famille": 0.5}),
    "village": Segment(0.33, 4.3, 0.1, {**_VILLAGE, "famille": 2.5}),
    "small_town": Segment(0.2, 7.2, 0.2, {**_TOWN, "petite_enfance": 0.4, "stationnement": 0.05}),
    "market_town": Segment(0.08, 10.2, 0.33, _TOWN),
    "town": Segment(0.02, 15.1, 0.42, _TOWN),
    "city": Segment(0, 20, 0.62, _CITY),
    "large_city": Segment(0, 28, 1, _CITY),
    "small_epci": Segment(0.06, 8, 0.42, _EPCI),
    "epci": Segment(0.02, 11, 0.7, _EPCI),
    "large_epci": Segment(0, 18, 1, _EPCI),
    "departement": Segment(0, 15, 1, _DEPARTEMENT),
    "ccas": Segment(0, 4, 0.6, {"action_sociale": 5, "petite_enfance": 2}),
    "syndicat": Segment(0, 4, 0.6, {"citoyen": 3, "urbanisme": 3}),
}

_ONLY_DEPARTEMENT = ("AIDE_SOCIALE_LEGALE", "RESTAURATION_COLLEGE_LYCEE")
_NEVER_DEPARTEMENT = (
    *("PERISCOLAIRE", "RESTAURATION_SCOLAIRE", "ACTIVITES_MUNICIPALES", "PETITE_ENFANCE"),
    *("ETAT_CIVIL", "SIGNALEMENT", "STATIONNEMENT_RESIDENTIEL", "URBANISME"),
)
# How fast weight falls with rank, in each trade's own ranking.
_TAIL = 0.58
_TRADE_WEIGHT: Mapping[str, float] = {"regional": 0.6, "in_house": 0.4, "libre": 0.25}


class Choice(NamedTuple, Generic[T]):
    """Items of a market, with the running sums of their weights."""

    items: tuple[T, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> T:
        return self.items[draw(rng, self.cumulative)]


class Market:
    """A market is a département and a segment; its weights are made when it is first asked for.

    `first`: SIREN and kind → the vendor's main product of that kind.
    """

    def __init__(self, seed: int, products: Sequence[Product], regions: Mapping[str, str]) -> None:
        """`regions`: département → région."""
        self.first: dict[tuple[str, str], Product] = {}
        for product in products:
            self.first.setdefault((product.vendor.siren, product.kind), product)
        self._seed = seed
        self._products = products
        self._regions = regions
        self._vendors = {product.vendor.siren: product.vendor for product in products}
        self._local = [_competent(p, _ONLY_DEPARTEMENT) for p in products]
        self._departemental = [_competent(p, _NEVER_DEPARTEMENT) for p in products]
        self._strengths: dict[str, dict[str, float]] = {}
        self._product_choices: dict[tuple[str, str, str], Choice[Product]] = {}
        self._suite_choices: dict[tuple[str, str], Choice[Vendor]] = {}

    def demarches(self, product: Product, segment: str) -> tuple[str, ...]:
        """Those of the product that such a client is competent for."""
        competent = self._departemental if segment == "departement" else self._local
        return competent[product.index]

    def product(self, departement: str, segment: str, kind: str) -> Choice[Product]:
        key = (departement, segment, kind)
        if key not in self._product_choices:
            self._product_choices[key] = self._weigh_products(*key)
        return self._product_choices[key]

    def suite(self, departement: str, segment: str) -> Choice[Vendor]:
        """The vendors from which a client takes most of its software."""
        key = (departement, segment)
        if key not in self._suite_choices:
            self._suite_choices[key] = self._weigh_suites(*key)
        return self._suite_choices[key]

    def _weigh_products(self, departement: str, segment: str, kind: str) -> Choice[Product]:
        strengths = self._strength(departement)
        sold = [p for p in self._products if p.kind == kind and self.demarches(p, segment)]
        weights = (
            strengths[product.vendor.siren]
            * _fit(product.vendor, segment)
            * (1 if self.first[product.vendor.siren, kind] is product else 0.35)
            for product in sold
        )
        return Choice(tuple(sold), tuple(accumulate(weights)))

    def _weigh_suites(self, departement: str, segment: str) -> Choice[Vendor]:
        strengths = self._strength(departement)
        kinds = Counter(number for number, _ in self.first)
        trades = ("departement",) if segment == "departement" else ("suite", "regional")
        suites = tuple(
            vendor
            for number, vendor in self._vendors.items()
            if vendor.trade in trades and kinds[number] > 2
        )
        weights = (strengths[vendor.siren] * _fit(vendor, segment) for vendor in suites)
        return Choice(suites, tuple(accumulate(weights)))

    def _strength(self, departement: str) -> dict[str, float]:
        if departement not in self._strengths:
            rng = stream(self._seed, f"market/{departement}")
            region = self._regions[departement]
            self._strengths[departement] = {
                number: _strength(vendor, departement, region) * (0.4 + 1.2 * rng.random())
                for number, vendor in self._vendors.items()
            }
        return self._strengths[departement]


def _competent(product: Product, beyond: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(demarche for demarche in product.demarches if demarche not in beyond)


def _strength(vendor: Vendor, departement: str, region: str) -> float:
    weight = vendor.rank**-_TAIL * _TRADE_WEIGHT.get(vendor.trade, 1)
    if vendor.trade == "in_house":
        return weight if departement in vendor.homes else 0.0
    if not vendor.homes:
        return float(weight)
    at_home, elsewhere = (6, 0.1) if vendor.trade == "regional" else (3, 0.3)
    return float(weight * (at_home if region in vendor.homes else elsewhere))


def _fit(vendor: Vendor, segment: str) -> float:
    size = SEGMENTS[segment].size
    fits = {"any": 1.0, "small": 1.5 - 1.2 * size, "large": 0.02 + 0.8 * size**2}
    return fits[vendor.reach]
