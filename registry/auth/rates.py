"""How often an address may ask, whichever the door, counted in this process: requests, and points
of cost.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from time import monotonic

from starlette.requests import HTTPConnection

WINDOW = 60
"""Seconds in which a whole quota comes back."""
MAX_CALLERS = 20_000
COVERAGE = BLOCKERS = 20
SIMULATION = 100
FORECAST = CHANGES = 250
PLAN = TREND = 1_000
"""Points of the answers that ask for work besides what they bring."""
SITE = 64
"""Bits of an IPv6 address that name a subscriber, who chooses the others."""


class TooOften(Exception):
    """``wait`` is in seconds; ``limit`` is the name of what is spent, of which ``allowed`` a
    minute.
    """

    def __init__(self, limit: str, allowed: int, wait: int) -> None:
        what = {"requests": "requêtes", "points": "points de coût"}[limit]
        super().__init__(
            f"Trop de {what} : {allowed} par minute au plus ; réessayer dans {wait} s."
        )
        self.limit, self.allowed, self.wait = limit, allowed, wait


@dataclass(slots=True)
class Bucket:
    """GCRA: what was taken leaks away at a constant pace, and all that is kept is when it is gone.

    A quota of 0 is no limit.
    """

    name: str
    unit: str
    quota: int
    empty_at: float = 0.0

    def remaining(self) -> int:
        return math.floor(self.quota - self._taken())

    def take(self, units: int) -> float:
        """The seconds to wait; 0: the units are taken. More than the quota is the whole of it."""
        units = min(units, self.quota)
        excess = self._taken() + units - self.quota
        if excess > 0:
            return excess * WINDOW / self.quota
        if units:
            self.empty_at = max(self.empty_at, monotonic()) + units * WINDOW / self.quota
        return 0.0

    def full_in(self) -> float:
        return max(0.0, self.empty_at - monotonic())

    def _taken(self) -> float:
        return round(self.full_in() * self.quota / WINDOW, 3)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to one caller."""

    requests: Bucket
    points: Bucket

    def ask(self) -> None:
        """Raises ``TooOften``."""
        _take(self.requests, 1)

    def spend(self, cost: int) -> None:
        """Raises ``TooOften``."""
        _take(self.points, cost)

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers writes them."""
        limited = [bucket for bucket in (self.requests, self.points) if bucket.quota]
        if not limited:
            return {}
        return {
            "RateLimit-Policy": ", ".join(
                f'"{bucket.name}";q={bucket.quota};qu="{bucket.unit}";w={WINDOW}'
                for bucket in limited
            ),
            "RateLimit": ", ".join(
                f'"{bucket.name}";r={bucket.remaining()};t={math.ceil(WINDOW / bucket.quota)}'
                for bucket in limited
            ),
        }


class Rates:
    """The allowances of those who came last: beyond ``MAX_CALLERS`` the others are forgotten."""

    def __init__(self, requests: int, points: int) -> None:
        self.quotas = requests, points
        self.callers: OrderedDict[str, Allowance] = OrderedDict()

    def of_client(self, connection: HTTPConnection) -> Allowance:
        return self.of(connection.client.host if connection.client else "")

    def of(self, address: str) -> Allowance:
        name = caller(address)
        allowance = self.callers.pop(name, None) or self._new()
        self.callers[name] = allowance
        if len(self.callers) > MAX_CALLERS:
            self.callers.popitem(last=False)
        return allowance

    def _new(self) -> Allowance:
        requests, points = self.quotas
        return Allowance(
            Bucket("requests", "requests", requests), Bucket("points", "points", points)
        )


@lru_cache(maxsize=MAX_CALLERS)
def caller(address: str) -> str:
    """The same name for all the addresses that one subscriber may take."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> (128 - SITE))


def _take(bucket: Bucket, units: int) -> None:
    wait = math.ceil(bucket.take(units))
    if wait:
        raise TooOften(bucket.name, bucket.quota, wait)
