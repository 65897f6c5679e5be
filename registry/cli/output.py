"""Data to stdout, messages to stderr, progress where a person watches."""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import Enum

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from registry.exchange.bundle.cells import neutralise

Record = Mapping[str, object]

WIDE = 200
"""Columns of a table that goes to a file or to another program."""


def complain(message: str) -> None:
    typer.echo(message, err=True)


def console() -> Console:
    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, highlight=False)


def write_json(value: object) -> None:
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def write_csv(records: Sequence[Record], columns: Sequence[str]) -> None:
    """Formulas are neutralised: such a file ends in a spreadsheet."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow([_csv_cell(record[column]) for column in columns])


def _csv_cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return value.value
    return neutralise(value) if isinstance(value, str) else value


def table(title: str, columns: Sequence[tuple[str, bool]]) -> Table:
    """``columns``: each header, and whether its cells are numbers."""
    shown = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for header, numeric in columns:
        shown.add_column(header, justify="right" if numeric else "left", overflow="fold")
    return shown


def shown(value: object) -> str:
    """A cell as a French person reads it."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, Decimal):
        return f"{value * 100:.0f} %"
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each name it is told of; silent where stderr is not a terminal."""
    bars: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as shown_progress:

        def tell(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = shown_progress.add_task(name, total=total)
            shown_progress.update(bars[name], completed=done, total=total)

        yield tell
