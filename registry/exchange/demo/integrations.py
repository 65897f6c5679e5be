"""How far each product is with each service of the State: dated histories, 2019 to today."""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from registry.exchange.demo.chance import between, stream, weighted
from registry.exchange.demo.days import ISO, OPENING, REFERENCE, day
from registry.exchange.demo.products import Product

V1, V2, PLUS = "FRANCECONNECT_V1", "FRANCECONNECT_V2", "FRANCECONNECT_PLUS"
PARTICULIER, IMPOT = "API_PARTICULIER", "API_IMPOT_PARTICULIER"
COLUMNS = (
    *("vendor_siren", "product", "service", "effective_on", "state", "feeds", "target_date"),
    *("evidence_level", "evidence_url", "min_version", "declared_by"),
)
_LADDER = ("PLANNED", "SANDBOX", "QUALIFICATION_REQUESTED", "QUALIFIED")
_FEEDS = ("QUOTIENT_FAMILIAL", "STATUT_ETUDIANT", "STATUT_BOURSIER", "STATUT_DEMANDEUR_EMPLOI")
_WITH_FAMILY_QUOTIENT = ("famille", "petite_enfance", "college", "citoyen")
_WITH_DATA = (*_WITH_FAMILY_QUOTIENT, "action_sociale", "aide_sociale", "aides", "mobilite")
_V2_OPENING = day("2023-04-01")

Steps = list[tuple[int, str]]


class Roadmap(NamedTuple):
    """`steps`: service → (day, state), oldest first; `feeds` those of API Particulier."""

    steps: Mapping[str, Steps]
    feeds: tuple[str, ...]

    def qualified(self, service: str) -> tuple[int, int] | None:
        """First and last day of the last qualification, up to the reference day."""
        steps = self.steps.get(service, [])
        starts = [n for n, (_, state) in enumerate(steps) if state == "QUALIFIED"]
        if not starts:
            return None
        last = starts[-1]
        return steps[last][0], steps[last + 1][0] - 1 if last + 1 < len(steps) else REFERENCE

    def is_qualified(self, service: str) -> bool:
        return [state for _, state in self.steps.get(service, [])][-1:] == ["QUALIFIED"]


def roadmaps(seed: int, products: list[Product]) -> list[Roadmap]:
    rng = stream(seed, "integrations")
    return [_roadmap(rng, product) for product in products]


def rows(seed: int, products: list[Product], plans: list[Roadmap]) -> Iterator[tuple[str, ...]]:
    rng = stream(seed, "declarations")
    for product, plan in zip(products, plans, strict=True):
        for service, steps in plan.steps.items():
            feeds = {PARTICULIER: "|".join(plan.feeds), IMPOT: "AVIS_IMPOSITION"}.get(service, "")
            for when, state in steps:
                yield _row(rng, product, service, when, state, feeds)


def _roadmap(rng: Random, product: Product) -> Roadmap:
    if not product.citizen_login:
        return Roadmap({}, ())
    steps = {service: way for service, way in _SIGN_IN[product.attitude](rng).items() if way}
    quotient = product.kind in _WITH_FAMILY_QUOTIENT
    feeds = tuple(f for n, f in enumerate(_FEEDS) if rng.random() < 0.4 or (n == 0 and quotient))
    if product.kind in _WITH_DATA:
        steps |= _data(rng, product.attitude, steps)
    return Roadmap(steps, feeds or _FEEDS[:1])


def _leader(rng: Random) -> dict[str, Steps]:
    first = _climb(rng, "QUALIFIED", between(rng, OPENING + 60, day("2021-12-31")))
    second = _climb(rng, "QUALIFIED", between(rng, _V2_OPENING + 60, day("2025-06-30")))
    if rng.random() < 0.25:
        first.append((between(rng, day("2025-07-15"), REFERENCE), "WITHDRAWN"))
    plus = _climb(rng, "QUALIFIED", between(rng, day("2022-06-01"), REFERENCE))
    return {V1: first, V2: second, PLUS: plus if rng.random() < 0.12 else []}


def _follower(rng: Random) -> dict[str, Steps]:
    early = rng.random() < 0.65
    first = _climb(rng, "QUALIFIED", between(rng, day("2020-09-01"), day("2023-09-30")))
    if not early or rng.random() < 0.45:
        second = _climb(rng, "QUALIFIED", between(rng, day("2023-10-01"), day("2026-07-31")))
        return {V1: first if early else [], V2: second}
    if rng.random() < 0.2:
        stop = first[-1][0] + between(rng, 90, 500)
        first += [(stop, "SUSPENDED"), (stop + between(rng, 20, 200), "QUALIFIED")]
    return {V1: first, V2: _stuck(rng) if rng.random() < 0.5 else []}


def _late(rng: Random) -> dict[str, Steps]:
    tried = rng.random() < 0.3
    first = _climb(rng, "SANDBOX", between(rng, day("2019-06-01"), day("2022-12-31")))
    return {V1: first if tried else [], V2: _stuck(rng) if rng.random() < 0.85 else []}


def _lapsed(rng: Random) -> dict[str, Steps]:
    first = _climb(rng, "QUALIFIED", between(rng, day("2019-06-01"), day("2022-06-30")))
    end = between(rng, day("2023-01-01"), day("2026-06-30"))
    first.append((end, "SUSPENDED" if rng.random() < 0.6 else "WITHDRAWN"))
    return {V1: first, V2: _stuck(rng) if rng.random() < 0.3 else []}


def _silent(rng: Random) -> dict[str, Steps]:
    """The vendor said nothing: what is known, if anything, comes from elsewhere."""
    known = rng.random() < 0.35
    state = weighted(rng, {"PLANNED": 1, "SANDBOX": 3, "QUALIFICATION_REQUESTED": 2})
    return {V2: [(between(rng, _V2_OPENING, REFERENCE), state)] if known else []}


_SIGN_IN: Mapping[str, Callable[[Random], dict[str, Steps]]] = {
    "leader": _leader,
    "follower": _follower,
    "pricy": _follower,
    "vague": _follower,
    "late": _late,
    "lapsed": _lapsed,
    "silent": _silent,
}


def _stuck(rng: Random) -> Steps:
    top = weighted(rng, {"PLANNED": 55, "SANDBOX": 28, "QUALIFICATION_REQUESTED": 17})
    return _climb(rng, top, between(rng, day("2024-03-01"), REFERENCE - 10))


def _data(rng: Random, attitude: str, sign_in: Mapping[str, Steps]) -> dict[str, Steps]:
    """Data APIs come after sign-in, and not everywhere."""
    since = [when for steps in sign_in.values() for when, state in steps if state == "QUALIFIED"]
    if not since:
        return {PARTICULIER: _stuck(rng)} if rng.random() < 0.06 and attitude != "silent" else {}
    start = min(min(since) + 30, REFERENCE)
    likely = 0.75 if attitude == "leader" else 0.45
    return {
        service: _climb(rng, "QUALIFIED", between(rng, start, REFERENCE))
        for service, chance in ((PARTICULIER, likely), (IMPOT, likely / 3))
        if rng.random() < chance
    }


def _climb(rng: Random, top: str, when: int) -> Steps:
    """The way up to `top`, reached on that day; steps may be skipped, or taken twice."""
    steps = [(when, top)]
    for state in reversed(_LADDER[: _LADDER.index(top)]):
        when -= between(rng, 15, 170)
        if rng.random() < 0.8:
            steps.append((when, state))
        if steps[-1] == (when, "QUALIFICATION_REQUESTED") and rng.random() < 0.2:
            steps.append((when - 40, "SANDBOX"))
            steps.append((when - 75, "QUALIFICATION_REQUESTED"))
            when -= 75
    # What precedes the opening is unknown: an import may start a history at any state.
    return [step for step in reversed(steps) if step[0] >= OPENING]


def _row(
    rng: Random, product: Product, service: str, when: int, state: str, feeds: str
) -> tuple[str, ...]:
    declared_by = _declared_by(rng, product, state)
    level = _level(rng, declared_by, state)
    vendor = product.vendor
    evidence = vendor.website and level != "SELF_DECLARED" and rng.random() < 0.8
    versioned = state == "QUALIFIED" and product.delivery_model != "SAAS" and rng.random() < 0.7
    return (
        vendor.siren,
        product.slug,
        service,
        ISO[when],
        state,
        feeds,
        ISO[when + between(rng, 60, 500)] if state == "PLANNED" else "",
        level,
        f"{vendor.website}/franceconnect/{product.slug}" if evidence else "",
        f"{between(rng, 3, 12)}.{between(rng, 0, 9)}" if versioned else "",
        declared_by,
    )


def _declared_by(rng: Random, product: Product, state: str) -> str:
    if product.attitude == "silent":
        return "MINISTRY" if state == "PLANNED" else "DATAPASS"
    return weighted(rng, {"VENDOR": 88, "DATAPASS": 7, "MINISTRY": 5})


def _level(rng: Random, declared_by: str, state: str) -> str:
    if declared_by == "MINISTRY":
        return "VERIFIED"
    if state == "QUALIFIED":
        return weighted(rng, {"SELF_DECLARED": 38, "EVIDENCED": 37, "VERIFIED": 25})
    return weighted(rng, {"SELF_DECLARED": 85, "EVIDENCED": 15})
