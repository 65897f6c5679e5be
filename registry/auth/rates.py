"""How often an address may ask, whichever the door, counted in this process: requests, points of
cost, and requests in work at once.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from time import monotonic

from starlette.requests import HTTPConnection

WINDOW = 60
"""Seconds in which a whole quota comes back."""
MAX_CALLERS = 20_000
SITE = 64
"""Bits of an IPv6 address that name a subscriber, who chooses the others."""
RUNNING, WAITING = 4, 60
"""Requests of one address, at one door, that are in work at once, and that wait for them."""
PATIENCE = 5.0
"""Seconds that one waits for its turn."""


class TooOften(Exception):
    """``wait`` is in seconds; ``limit`` is the name of what is spent, of which ``allowed`` a
    minute.
    """

    def __init__(self, limit: str, allowed: int, wait: int) -> None:
        what = {
            "requests": f"requêtes : {allowed} par minute",
            "points": f"points de coût : {allowed} par minute",
            "running": f"requêtes en cours : {allowed} à la fois",
        }[limit]
        super().__init__(f"Trop de {what} au plus ; réessayer dans {wait} s.")
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


class Queue:
    """Requests of one caller: so many in work at once, the others in the order they came in.

    A ``size`` of 0 is no limit.
    """

    def __init__(self, size: int, waiting: int = WAITING) -> None:
        self.size, self.most_waiting = size, waiting
        self.waiting = 0
        self.places = asyncio.Semaphore(size)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises ``TooOften`` where too many wait, or for too long."""
        if not self.size:
            yield
            return
        await self._enter()
        try:
            yield
        finally:
            self.places.release()

    async def _enter(self) -> None:
        if not self.places.locked():
            await self.places.acquire()
            return
        if self.waiting >= self.most_waiting:
            raise TooOften("running", self.size, 1)
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self.places.acquire()
        except TimeoutError as late:
            raise TooOften("running", self.size, math.ceil(PATIENCE)) from late
        finally:
            self.waiting -= 1


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to one caller; ``queries`` and ``pages`` don't wait for each other."""

    requests: Bucket
    points: Bucket
    queries: Queue
    pages: Queue

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

    def __init__(self, requests: int, points: int, running: int = RUNNING) -> None:
        self.quotas = requests, points
        self.running = running
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
            Bucket("requests", "requests", requests),
            Bucket("points", "points", points),
            Queue(self.running),
            Queue(self.running),
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
