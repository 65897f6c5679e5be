"""Which software each body uses, since when, and who said so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from registry.exchange.demo.bodies import Body
from registry.exchange.demo.chance import between, shuffled, weighted
from registry.exchange.demo.days import ISO, REFERENCE
from registry.exchange.demo.market import SEGMENTS, Market
from registry.exchange.demo.products import Product
from registry.exchange.demo.vendors import Vendor

COLUMNS = (
    *("collectivite", "vendor_siren", "product", "demarche", "since", "until", "operator"),
    *("declared_by", "confirmed_by"),
)
# How often a client goes through the kinds of software; then shares: bought from the vendor of
# its suite, having replaced another product, left or to be left, used once before.
_ROUNDS = 4
_LOYALTY = 0.82
_REPLACED = 0.13
_LEAVING = 0.04
_CAME_BACK = 0.005
_BY_ALL = {"VENDOR": 80, "COLLECTIVITE": 13, "MINISTRY": 7}
_BY_CLIENTS = {"COLLECTIVITE": 70, "MINISTRY": 30}
# Best first.
_ORDER = ("READY", "COST_UNKNOWN", "SURCHARGE", "NOT_INTEGRATED", "NOT_CONCERNED")


class Use(NamedTuple):
    """`until` is None for a use without a known end."""

    product: Product
    demarches: tuple[str, ...]
    since: int
    until: int | None
    operator: str
    declared_by: str
    confirmed_by: str

    @property
    def in_force(self) -> bool:
        return self.until is None or self.until > REFERENCE


@dataclass(frozen=True, slots=True)
class Shop:
    """What a body chooses from.

    `in_house`: SIREN of a body → the software that it publishes itself; `syndicats`:
    département → SIREN of one that runs software for communes there.
    """

    market: Market
    products: Sequence[Product]
    verdicts: Sequence[str]
    in_house: Mapping[str, Sequence[Product]]
    syndicats: Mapping[str, str]


@dataclass(slots=True)
class Basket:
    """`left`: how many deployments the body still lacks."""

    body: Body
    left: int = 0
    uses: list[Use] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


def uses(rng: Random, shop: Shop, body: Body, scale: int) -> list[Use]:
    basket = Basket(body)
    for segment in body.segments:
        without, average, *_ = SEGMENTS[segment]
        if rng.random() >= without:
            count = max(1, round(average * (0.5 + rng.random())))
            basket.left = count
            _fill(rng, shop, basket, segment)
            basket.left += count * (scale - 1)
            _stock(rng, shop, basket, segment)
    return basket.uses


def rows(body: Body, used: Sequence[Use]) -> Iterator[tuple[str, ...]]:
    for use in used:
        for demarche in use.demarches:
            yield (
                body.code,
                use.product.vendor.siren,
                use.product.slug,
                demarche,
                ISO[use.since],
                "" if use.until is None else ISO[use.until],
                use.operator,
                use.declared_by,
                use.confirmed_by,
            )


def _fill(rng: Random, shop: Shop, basket: Basket, segment: str) -> None:
    for product in shop.in_house.get(basket.body.siren, ()):
        _take(rng, shop, basket, product, segment)
    kinds = SEGMENTS[segment].kinds
    suite = shop.market.suite(basket.body.departements[0], segment).draw(rng)
    for _ in range(_ROUNDS):
        for kind in shuffled(rng, tuple(kinds), tuple(kinds.values())):
            if basket.left <= 0:
                return
            _buy(rng, shop, basket, segment, suite, kind)


def _buy(rng: Random, shop: Shop, basket: Basket, segment: str, suite: Vendor, kind: str) -> None:
    """Most often from the vendor of its suite; some products replaced another."""
    choice = shop.market.product(basket.body.departements[0], segment, kind)
    own = shop.market.first.get((suite.siren, kind))
    product = own if own and rng.random() < _LOYALTY else choice.draw(rng)
    current = _take(rng, shop, basket, product, segment)
    if current and rng.random() < _REPLACED:
        former = choice.draw(rng)
        if former.launched < current.since - 400:
            _take(rng, shop, basket, former, segment, until=current.since)


def _stock(rng: Random, shop: Shop, basket: Basket, segment: str) -> None:
    """Adds software that leaves the body's readiness as it is: a larger registry, not a better."""
    if basket.left <= 0:
        return
    ranks = [_ORDER.index(shop.verdicts[use.product.index]) for use in basket.uses if use.in_force]
    floor = min(ranks, default=len(_ORDER) - 1)
    for product in shuffled(rng, shop.products):
        if basket.left <= 0:
            return
        if _ORDER.index(shop.verdicts[product.index]) >= floor:
            _take(rng, shop, basket, product, segment)


def _take(
    rng: Random,
    shop: Shop,
    basket: Basket,
    product: Product,
    segment: str,
    until: int | None = None,
) -> Use | None:
    """None if there is no room, or if the product isn't for that body or is there already."""
    covered = shop.market.demarches(product, segment)[: max(basket.left, 0)]
    if not covered or product.index in basket.taken:
        return None
    start, end = product.launched + 30, (REFERENCE if until is None else until) - 20
    since = start + int((end - start) * rng.random() ** 0.8)
    if until is None and rng.random() < _LEAVING:
        until = since + between(rng, 365, 2_500)
    operator = _operator(rng, shop, basket.body, product)
    use = Use(product, covered, since, until, operator, *_said(rng, product, operator))
    basket.taken.add(product.index)
    basket.uses.append(use)
    basket.left -= len(covered)
    if rng.random() < _CAME_BACK and basket.left >= len(covered) and since - start > 900:
        basket.uses.append(use._replace(since=since - 800, until=since - between(rng, 1, 300)))
        basket.left -= len(covered)
    return use


def _operator(rng: Random, shop: Shop, body: Body, product: Product) -> str:
    """Communes share the instruction of permits in their EPCI, and other software in a syndicat."""
    if not body.epci:
        return ""
    if product.vendor.siren in shop.in_house:
        return product.vendor.siren
    if product.kind == "urbanisme" and rng.random() < 0.3:
        return body.epci
    return shop.syndicats.get(body.departements[0], "") if rng.random() < 0.05 else ""


def _said(rng: Random, product: Product, operator: str) -> tuple[str, str]:
    """Who declared the link, and who confirmed it."""
    told_by_clients = product.vendor.attitude == "silent"
    declared_by = weighted(rng, _BY_CLIENTS if told_by_clients else _BY_ALL)
    likely = 0 if declared_by == "MINISTRY" else 0.6 if operator else 0.37
    if rng.random() >= likely:
        return declared_by, ""
    other = "COLLECTIVITE" if declared_by == "VENDOR" else "VENDOR"
    return declared_by, "MINISTRY" if told_by_clients or rng.random() < 0.2 else other
