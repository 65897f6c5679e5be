"""What each vendor committed to on price since the charter, and the verdict that follows."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import NamedTuple

from registry.exchange.demo.chance import between, pick, stream, weighted
from registry.exchange.demo.days import CHARTER, ISO, REFERENCE
from registry.exchange.demo.integrations import V1, V2, Roadmap
from registry.exchange.demo.names import words
from registry.exchange.demo.products import Product
from registry.exchange.demo.vendors import Vendor

COLUMNS = (
    *("vendor_siren", "product", "effective_on", "state", "charter_version", "signatory"),
    *("signatory_capacity", "exclusions", "valid_until", "evidence_url", "declared_by"),
)

# Plan of a history: its states in order. A trailing star: the signature has run out since.
_PLANS: Mapping[str, Mapping[tuple[str, ...], float]] = {
    "leader": {
        ("INVITED", "SIGNED"): 5,
        ("SIGNED",): 4,
        ("SIGNED", "BREACH_ALLEGED"): 0.6,
        ("SIGNED", "BREACH_ALLEGED", "SIGNED"): 0.6,
        ("INVITED", "SIGNED", "EXPIRED", "SIGNED"): 0.8,
    },
    "follower": {
        ("INVITED", "SIGNED"): 7,
        ("INVITED", "DECLINED", "SIGNED"): 1.5,
        ("SIGNED", "WITHDRAWN", "SIGNED"): 0.7,
        ("SIGNED", "BREACH_ALLEGED"): 0.8,
    },
    "pricy": {
        ("INVITED", "DECLINED"): 5,
        ("DECLINED",): 1.5,
        ("INVITED", "SIGNED", "BREACH_ALLEGED", "BREACHED"): 2.5,
    },
    "vague": {
        (): 3,
        ("INVITED",): 4,
        ("INVITED", "SIGNED", "WITHDRAWN"): 1.2,
        ("SIGNED*", "EXPIRED"): 1,
        ("INVITED", "SIGNED*"): 1.6,
    },
    "late": {(): 3, ("INVITED",): 4, ("INVITED", "DECLINED"): 1, ("INVITED", "SIGNED"): 2.5},
    "lapsed": {(): 2, ("INVITED",): 2, ("SIGNED", "WITHDRAWN"): 2},
    "silent": {(): 5, ("INVITED",): 4},
}
_OVERRIDES: Mapping[str, Mapping[tuple[str, ...], float]] = {
    "leader": {
        ("DECLINED",): 2,
        ("SIGNED", "BREACH_ALLEGED", "BREACHED"): 2,
        ("SIGNED", "BREACH_ALLEGED"): 2,
        ("SIGNED*",): 1,
    },
    "pricy": {("SIGNED",): 1},
    "vague": {("SIGNED",): 2, ("DECLINED",): 1},
}
_AUTHORS: Mapping[str, str] = {
    "INVITED": "MINISTRY",
    "EXPIRED": "MINISTRY",
    "BREACHED": "MINISTRY",
    "SIGNED": "VENDOR",
    "DECLINED": "VENDOR",
    "WITHDRAWN": "VENDOR",
    "BREACH_ALLEGED": "COLLECTIVITE",
}


class Commitment(NamedTuple):
    day: int
    state: str
    valid_until: int | None


class History(NamedTuple):
    """`product` is None for the vendor-wide one; `entries`, oldest first, aren't empty."""

    vendor: Vendor
    product: Product | None
    entries: tuple[Commitment, ...]

    def reading(self) -> str:
        _, state, valid_until = self.entries[-1]
        past = valid_until is not None and valid_until < REFERENCE
        return "EXPIRED" if past and state in ("SIGNED", "BREACH_ALLEGED") else state


def histories(seed: int, vendors: list[Vendor], products: list[Product]) -> list[History]:
    rng = stream(seed, "commitments")
    wide = [History(v, None, _entries(rng, weighted(rng, _PLANS[v.attitude]))) for v in vendors]
    own = [
        History(product.vendor, product, _entries(rng, weighted(rng, _OVERRIDES[product.attitude])))
        for product in products
        if product.citizen_login and product.attitude in _OVERRIDES and rng.random() < 0.09
    ]
    return [history for history in (*wide, *own) if history.entries]


def verdicts(
    products: list[Product], plans: list[Roadmap], commitments: list[History]
) -> list[str]:
    """Of each product on the reference day."""
    readings = {
        (h.vendor.siren, h.product.slug if h.product else ""): h.reading() for h in commitments
    }
    return [
        _verdict(product, plan, readings) for product, plan in zip(products, plans, strict=True)
    ]


def rows(seed: int, commitments: list[History]) -> Iterator[tuple[str, ...]]:
    rng = stream(seed, "signatories")
    for vendor, product, entries in commitments:
        signature = _signature(rng)
        evidence = f"{vendor.website}/charte" if vendor.website and rng.random() < 0.5 else ""
        for when, state, valid_until in entries:
            signed = state == "SIGNED" or state.startswith("BREACH")
            yield (
                vendor.siren,
                product.slug if product else "",
                ISO[when],
                state,
                *(signature if signed else ("", "", "", "")),
                "" if valid_until is None else ISO[valid_until],
                evidence if signed else "",
                _AUTHORS[state],
            )


def _verdict(product: Product, plan: Roadmap, readings: Mapping[tuple[str, str], str]) -> str:
    if not product.citizen_login:
        return "NOT_CONCERNED"
    if not (plan.is_qualified(V1) or plan.is_qualified(V2)):
        return "NOT_INTEGRATED"
    own = readings.get((product.vendor.siren, product.slug), "NONE")
    wide = readings.get((product.vendor.siren, ""), "NONE")
    applied = wide if own in ("NONE", "INVITED", "EXPIRED") else own
    by_state = {"DECLINED": "SURCHARGE", "BREACHED": "SURCHARGE"}
    return (by_state | {"SIGNED": "READY", "BREACH_ALLEGED": "READY"}).get(applied, "COST_UNKNOWN")


def _entries(rng: Random, plan: tuple[str, ...]) -> tuple[Commitment, ...]:
    days = _days(rng, len(plan))
    entries: list[Commitment] = []
    for n, planned in enumerate(plan):
        state = planned.rstrip("*")
        after = plan[n + 1] if n + 1 < len(plan) else ""
        if after == "EXPIRED":
            until: int | None = days[n + 1] - 1
        elif state == "SIGNED":
            until = _valid_until(rng, days[n], past=planned.endswith("*"))
        else:
            until = entries[-1].valid_until if state.startswith("BREACH") else None
        entries.append(Commitment(days[n], state, until))
    return tuple(entries)


def _days(rng: Random, count: int) -> list[int]:
    """Most come soon after the charter; each is later than the one before."""
    days = [CHARTER + int(900 * rng.random() ** 2)]
    while len(days) < count:
        days.append(days[-1] + 1 + int((REFERENCE - days[-1]) * 0.6 * rng.random()))
    return days


def _valid_until(rng: Random, signed: int, *, past: bool) -> int | None:
    if past:
        return between(rng, signed + 30, REFERENCE - 1)
    return between(rng, REFERENCE + 5, REFERENCE + 900) if rng.random() < 0.5 else None


def _signature(rng: Random) -> tuple[str, str, str, str]:
    """Charter version, a fictional person, their capacity, what is excluded."""
    return (
        "2022-03",
        f"{pick(rng, words('first_names'))} {pick(rng, words('last_names'))}",
        pick(rng, words("capacities")),
        pick(rng, words("exclusions")) if rng.random() < 0.12 else "",
    )
