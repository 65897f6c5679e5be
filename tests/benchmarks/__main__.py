"""``make bench``: ratios against what a user would pick instead, in one run on one machine."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import node
from tests.benchmarks.answers import blockers, confirmed, covered, grown, past, ranked, year
from tests.benchmarks.exchanges import exported, imported
from tests.benchmarks.files import listed_again, listed_first
from tests.benchmarks.pages import PAGES
from tests.benchmarks.plan import planned
from tests.benchmarks.questions import COLLECTIVITE, VENDORS
from tests.benchmarks.report import Report
from tests.benchmarks.serving import against_nothing, answered
from tests.benchmarks.stage import Stage, staged
from tests.benchmarks.start import answering, started
from tests.benchmarks.timing import Row

SERVED: dict[str, Callable[[Stage], Awaitable[Row]]] = {
    "collectivite": partial(answered, question=COLLECTIVITE, reuse=False),
    "vendors": partial(answered, question=VENDORS, reuse=False),
    "collectivite-again": partial(answered, question=COLLECTIVITE, reuse=True),
    "vendors-again": partial(answered, question=VENDORS, reuse=True),
    "collectivite-nothing": partial(against_nothing, question=COLLECTIVITE),
    "vendors-nothing": partial(against_nothing, question=VENDORS),
    "start-peer": answering,
}
"""What needs a peer of Node."""
WORKED: dict[str, Callable[[Stage], Awaitable[Row]]] = {
    "blockers": blockers,
    "past": past,
    "plan": planned,
    "import": imported,
    "export": exported,
    "confirmation": confirmed,
    "list-first": listed_first,
    "list-again": listed_again,
} | {name: page.row for name, page in PAGES.items()}
GROWN: dict[str, Callable[[Stage, Stage], Awaitable[Row]]] = {
    "blockers-grown": partial(grown, name="blockers national", answer=ranked),
    "coverage-grown": partial(grown, name="coverage national", answer=covered),
}
YEAR, YEAR_SCALE = "trend", 5
"""Its limit is told for a million deployments."""
START = "start"
SCALES = (1, 10)


def main() -> None:
    asked = _asked()
    if not asked.without_peers and (missing := node.missing()):
        sys.exit(
            f"Il manque {', '.join(missing)} : « make bench-peers » les installe, « make bench"
            ' OPTIONS="--without-peers" » mesure le reste.'
        )
    names = [name for name in asked.only if not (asked.without_peers and name in SERVED)]
    report = Report(asked.without_peers)
    report.open()
    with TemporaryDirectory() as folder:
        asyncio.run(_measure(report, Path(folder), sorted(set(asked.scale)), names))
    if asked.output:
        report.save(asked.output)


def _asked() -> argparse.Namespace:
    every = [*SERVED, *WORKED, *GROWN, YEAR, START]
    parser = argparse.ArgumentParser(prog="make bench", description="Les mesures de vitesse.")
    parser.add_argument("--scale", type=int, nargs="+", choices=SCALES, default=SCALES)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=every,
        default=every,
        help=f"ces lignes seulement : {', '.join(every)}",
        metavar="LIGNE",
    )
    parser.add_argument(
        "--without-peers", action="store_true", help="sans PostGraphile ni autocannon"
    )
    parser.add_argument("--output", type=Path, help="une page de Markdown", metavar="FICHIER")
    return parser.parse_args()


async def _measure(report: Report, folder: Path, scales: list[int], names: list[str]) -> None:
    folders = {scale: folder / str(scale) for scale in scales}
    async with AsyncExitStack() as running:
        stages: list[Stage] = []
        for scale, place in folders.items():
            stages.append(await running.enter_async_context(staged(place, scale)))
            report.section(_title(scale))
            for name, measured in (SERVED | WORKED).items():
                if name in names:
                    report.add(await measured(stages[-1]))
        if len(stages) > 1:
            report.section("Du registre de démonstration à dix fois celui-ci")
            for name, compared in GROWN.items():
                if name in names:
                    report.add(await compared(stages[1], stages[0]))
    if YEAR in names:
        async with staged(folder / "year", YEAR_SCALE) as stage:
            report.section(f"{stage.size} usages")
            report.add(await year(stage))
    if START in names:
        for scale, place in folders.items():
            report.section(f"{_title(scale)} : démarrage")
            report.add(await started(place / "data"))


def _title(scale: int) -> str:
    return "Registre de démonstration" if scale == 1 else "Dix fois le registre de démonstration"


if __name__ == "__main__":
    main()
