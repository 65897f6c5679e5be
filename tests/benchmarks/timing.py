"""Two ways of doing the same work, in turn, on one machine."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

Work = Callable[[], Awaitable[float]]
"""Does the work once and returns the seconds that count."""

RUNS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """``ratios`` are pair by pair; above 1, ours is the faster when ``faster`` is true, and the
    slower when it is false.
    """

    name: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    faster: bool
    must: str
    aim: str

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.ours, self.peer, strict=True)
        return sorted(b / a if self.faster else a / b for a, b in pairs)

    def __str__(self) -> str:
        low, *_, high = self.ratios
        return (
            f"{self.name:<44} {median(self.ours):>9.3f} s {median(self.peer):>9.3f} s "
            f"{median(self.ratios):>7.2f} × [{low:.2f} – {high:.2f}]   "
            f"{self.must:>8} {self.aim:>8}"
        )


HEADER = (
    f"{'travail':<44} {'Raccord':>11} {'pair':>11} {'rapport':>9} [étendue]       "
    f"{'à tenir':>8} {'visé':>8}"
)


async def compare(
    name: str, ours: Work, peer: Work, *, faster: bool, must: str, aim: str, runs: int = RUNS
) -> Row:
    """One warm-up of each, then A B A B…"""
    await ours()
    await peer()
    pairs = [(await ours(), await peer()) for _ in range(runs)]
    first, second = zip(*pairs, strict=True)
    return Row(name, first, second, faster, must, aim)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start
