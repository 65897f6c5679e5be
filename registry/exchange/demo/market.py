"""Who sells to whom: the weight of each product for each client, with its strongholds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from registry.exchange.demo.catalogue import Product, Vendor
from registry.exchange.demo.chance import draw, stream


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
    **{"famille": 7, "urbanisme": 4.5, "citoyen": 4, "etat_civil": 2.5, "signalement": 1.6},
    **{"petite_enfance": 1.6, "action_sociale": 1.1, "stationnement": 0.5, "gestion": 1},
}
_CITY = {**_TOWN, "petite_enfance": 2.5, "stationnement": 2.5, "signalement": 2.5}
_EPCI = {
    **{"petite_enfance": 3.5, "urbanisme": 3.5, "famille": 3, "citoyen": 3, "mobilite": 2.5},
    **{"signalement": 1.2, "action_sociale": 0.8, "gestion": 1},
}
_DEPARTEMENT = {
    **{"aide_sociale": 8, "college": 5, "citoyen": 4, "aides": 3, "mobilite": 1.2, "gestion": 1},
}
SEGMENTS: Mapping[str, Segment] = {
    "hamlet": Segment(0.45, 2.6, 0, {**_VILLAGE, "famille": 0.5}),
    "village": Segment(0.33, 4.2, 0.1, {**_VILLAGE, "famille": 2.5}),
    "small_town": Segment(0.2, 7, 0.25, {**_TOWN, "petite_enfance": 0.4, "stationnement": 0.05}),
    "market_town": Segment(0.08, 10, 0.4, _TOWN),
    "town": Segment(0.02, 15, 0.6, _TOWN),
    "city": Segment(0, 20, 0.85, _CITY),
    "large_city": Segment(0, 28, 1, _CITY),
    "small_epci": Segment(0.06, 8, 0.4, _EPCI),
    "epci": Segment(0.02, 11, 0.65, _EPCI),
    "large_epci": Segment(0, 18, 1, _EPCI),
    "departement": Segment(0, 22, 1, _DEPARTEMENT),
    "ccas": Segment(0, 4, 0.6, {"action_sociale": 5, "petite_enfance": 2}),
    "syndicat": Segment(0, 4, 0.6, {"citoyen": 3, "urbanisme": 3}),
}

_ONLY_DEPARTEMENT = ("AIDE_SOCIALE_LEGALE", "RESTAURATION_COLLEGE_LYCEE")
_NEVER_DEPARTEMENT = (
    *("PERISCOLAIRE", "RESTAURATION_SCOLAIRE", "ACTIVITES_MUNICIPALES", "PETITE_ENFANCE"),
    *("ETAT_CIVIL", "SIGNALEMENT", "STATIONNEMENT_RESIDENTIEL", "URBANISME"),
)
# How fast weight falls with rank, in each trade's own ranking.
_TAIL = 0.92
_TRADE_WEIGHT: Mapping[str, float] = {"regional": 0.55, "in_house": 0.4, "libre": 0.25}


Weights = tuple[tuple[int, ...], list[float]]


class Choice(NamedTuple):
    """Items of a market, with the running sums of their weights."""

    items: tuple[int, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> int:
        return self.items[draw(rng, self.cumulative)]


class Market:
    """Products and vendors by their index; tables are made when a market is first asked for."""

    def __init__(
        self,
        seed: int,
        vendors: Sequence[Vendor],
        products: Sequence[Product],
        regions: Mapping[str, str],
    ) -> None:
        """`regions`: département → région."""
        self._seed = seed
        self._vendors = {vendor.siren: n for n, vendor in enumerate(vendors)}
        self._sellers = tuple(vendors)
        self._regions = regions
        self._by_kind: dict[str, list[Product]] = defaultdict(list)
        self.first: dict[tuple[int, str], int] = {}
        for product in products:
            self._by_kind[product.kind].append(product)
            self.first.setdefault((self._vendors[product.vendor.siren], product.kind), product.index)
        self._suites = tuple(n for n, vendor in enumerate(vendors) if self._is_suite(n, vendor))
        self._local = [_competent(p, _ONLY_DEPARTEMENT) for p in products]
        self._departemental = [_competent(p, _NEVER_DEPARTEMENT) for p in products]
        self._strengths: dict[str, list[float]] = {}
        self._choices: dict[tuple[str, str, str], Choice] = {}

    def product(self, departement: str, segment: str, kind: str) -> Choice:
        return self._cached(departement, segment, kind)

    def suite(self, departement: str, segment: str) -> Choice:
        """Vendors from which a client takes several products."""
        return self._cached(departement, segment, "")

    def demarches(self, product: Product, segment: str) -> tuple[str, ...]:
        """Those of the product that such a client is competent for."""
        departement = segment == "departement"
        return (self._departemental if departement else self._local)[product.index]

    def _is_suite(self, index: int, vendor: Vendor) -> bool:
        wide = sum((index, kind) in self.first for kind in self._by_kind) > 2
        return vendor.trade in ("suite", "regional") and wide

    def _cached(self, departement: str, segment: str, kind: str) -> Choice:
        key = (departement, segment, kind)
        if key not in self._choices:
            weigh = self._weigh_products if kind else self._weigh_suites
            items, weights = weigh(*key)
            self._choices[key] = Choice(items, tuple(accumulate(weights)))
        return self._choices[key]

    def _weigh_products(self, departement: str, segment: str, kind: str) -> Weights:
        strengths = self._strength(departement)
        products = [p for p in self._by_kind[kind] if self.demarches(p, segment)]
        return tuple(p.index for p in products), [
            strengths[self._vendors[p.vendor.siren]]
            * _size_factor(p.vendor, segment)
            * (1 if self.first[self._vendors[p.vendor.siren], kind] == p.index else 0.35)
            for p in products
        ]

    def _weigh_suites(self, departement: str, segment: str, _kind: str) -> Weights:
        strengths = self._strength(departement)
        return self._suites, [
            strengths[n] * _size_factor(self._sellers[n], segment) for n in self._suites
        ]

    def _strength(self, departement: str) -> list[float]:
        if departement not in self._strengths:
            rng = stream(self._seed, f"market/{departement}")
            region = self._regions[departement]
            self._strengths[departement] = [
                _strength(vendor, departement, region) * (0.4 + 1.2 * rng.random())
                for vendor in self._sellers
            ]
        return self._strengths[departement]


def _competent(product: Product, beyond: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(demarche for demarche in product.demarches if demarche not in beyond)


def _strength(self, departement: str) -> list[float]:
        if departement not in self._strengths:
            rng = stream(self._seed, f"market/{departement}")
            region = self._regions[departement]
            self._strengths[departement] = [
                _strength(vendor, departement, region) * (0.4 + 1.2 * rng.random())
                for vendor in self._sellers
            ]
        return self._strengths[departement]


def demarches(product: Product, segment: str) -> tuple[str, ...]:
    """Those of the product that such a client is competent for."""
    beyond = _NEVER_DEPARTEMENT if segment == "departement" else _ONLY_DEPARTEMENT
    return tuple(demarche for demarche in product.demarches if demarche not in beyond)


def sold_to(product: Product, segment: str) -> bool:
    return bool(demarches(product, segment))


def _strength(vendor: Vendor, departement: str, region: str) -> float:
    weight = vendor.rank**-_TAIL * _TRADE_WEIGHT.get(vendor.trade, 1)
    if vendor.trade == "in_house":
        return weight if departement in vendor.homes else 0.0
    if not vendor.homes:
        return float(weight)
    at_home, elsewhere = (6, 0.1) if vendor.trade == "regional" else (3, 0.3)
    return float(weight * (at_home if region in vendor.homes else elsewhere))


def _size_factor(vendor: Vendor, segment: str) -> float:
    size = SEGMENTS[segment].size
    return {"any": 1.0, "small": 1.7 - 1.4 * size, "large": 0.3 + 1.4 * size}[vendor.reach]
