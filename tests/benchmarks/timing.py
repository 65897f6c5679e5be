"""Two ways of doing the same work, in turn, on one machine."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

Work = Callable[[], Awaitable[float]]
"""Does the work once and returns the seconds that count."""

RUNS = 5


class FlawedLimit(Exception):
    """A work took less than its limit, which is a fault of the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """Times of ours, and of a peer's pair by pair, or none where the limit is a time of our own.

    ``faster``: the ratio tells how many times we are the faster, and is to reach ``must`` and
    ``aim``; else how many times the slower, and is not to pass them. Without a peer they are
    seconds. ``rate``: the times are those of one answer out of many, shown as answers a second.
    ``limit``: the peer is what nobody can beat. Without ``must`` and ``aim`` the row has no bar.
    """

    name: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    must: float | None
    aim: float | None
    faster: bool = True
    rate: bool = False
    limit: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that beats its limit: what it was compared with was no limit."""
        if self.limit and (median(self.figures) > 1) == self.faster:
            raise FlawedLimit(f"{self.name} : {median(self.figures):.3f} × ce qui est sa limite.")

    @property
    def figures(self) -> list[float]:
        if not self.peer:
            return sorted(self.ours)
        pairs = zip(self.ours, self.peer, strict=True)
        return sorted(b / a if self.faster else a / b for a, b in pairs)

    @property
    def held(self) -> str:
        if self._reaches(self.aim):
            return "visé atteint"
        if self.must is None:
            return "visé manqué" if self.aim else "—"
        return "tenu" if self._reaches(self.must) else "MANQUÉ"

    def _reaches(self, limit: float | None) -> bool:
        if limit is None:
            return False
        figure = median(self.figures)
        return figure >= limit if self.faster else figure <= limit

    def cells(self) -> list[str]:
        figures = self.figures
        sign = "×" if self.peer else "s"
        return [
            self.name,
            self._shown(self.ours),
            self._shown(self.peer) if self.peer else "—",
            f"{_french(median(figures))} {sign}" if self.peer else "—",
            f"{_french(figures[0])} – {_french(figures[-1])}",
            self._limit(self.must),
            self._limit(self.aim),
            self.held,
        ]

    def _shown(self, times: tuple[float, ...]) -> str:
        if self.rate:
            return f"{_french(1 / median(times))} req/s"
        return f"{_french(median(times))} s"

    def _limit(self, limit: float | None) -> str:
        if limit is None:
            return "—"
        return f"{'≥' if self.faster else '≤'} {limit:g} {'×' if self.peer else 's'}".replace(
            ".", ","
        )


COLUMNS = ("travail", "Raccord", "pair", "rapport", "étendue", "à tenir", "visé", "tenu ?")


def _french(figure: float) -> str:
    """Three figures that count."""
    digits = 3 if figure < 1 else 2 if figure < 10 else 1 if figure < 100 else 0
    return f"{figure:,.{digits}f}".replace(",", "\u202f").replace(".", ",")


async def compare(
    name: str,
    ours: Work,
    peer: Work,
    *,
    must: float | None,
    aim: float | None,
    faster: bool = True,
    rate: bool = False,
    limit: bool = False,
    runs: int = RUNS,
) -> Row:
    """One warm-up of each, then A B A B…; what is done once is long, and warms up by itself."""
    if runs > 1:
        await ours()
        await peer()
    pairs = [(await ours(), await peer()) for _ in range(runs)]
    first, second = zip(*pairs, strict=True)
    return Row(name, first, second, must, aim, faster, rate, limit)


async def alone(name: str, ours: Work, *, must: float, runs: int = RUNS) -> Row:
    """Against a time that is not to be passed."""
    await ours()
    return Row(name, tuple([await ours() for _ in range(runs)]), (), must, None, faster=False)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start
