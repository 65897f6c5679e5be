"""Data to stdout, messages to stderr, progress where a person watches."""

import codecs
import io
import json
import re
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson
import typer

# The service starts without a table, a bar or a CSV file: what makes them is loaded by each.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID
    from rich.table import Table

Record = Mapping[str, object]

WIDE = 200
"""Columns of a table that goes to a file or to another program."""

UNBOUNDED = 100_000
ANSWERS = {"o": True, "oui": True, "n": False, "non": False, "": False}


PLAIN = dict(zip("’«»…—–−", ("'", '"', '"', "...", "-", "-", "-"), strict=True)) | {"œ": "oe"}
"""What stands for a sign in an alphabet that has not got it; a letter loses its accent."""


def degrade() -> None:
    """Write what the terminal's alphabet has, in its own encoding, rather than stop at a letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="raccord")


def fitting(text: str) -> str:
    """As the terminal can write it: typer would force UTF-8 on one that has ASCII alone."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "raccord").decode(encoding)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = "".join(PLAIN.get(sign) or unicodedata.normalize("NFKD", sign) for sign in signs)
    letters = plain.encode("ascii", "ignore").decode()
    return letters or "?", error.end


codecs.register_error("raccord", _nearest)


def complain(message: str) -> None:
    typer.echo(fitting(message), err=True)


def console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    watched = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(width=None if watched else WIDE, stderr=stderr, markup=False, highlight=False)


def write_json(value: object) -> None:
    """In an alphabet that has not got all letters, as JSON spells the others: nothing is lost."""
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2)
    typer.echo(text)


def write_csv(records: Sequence[Record], columns: Sequence[str]) -> None:
    """As the files of the site: what is no terminal gets UTF-8, whatever its alphabet."""
    from registry.exchange.lists import Format, encode_records, header

    content = header(Format.CSV, columns) + encode_records(Format.CSV, columns, records)
    if sys.stdout.isatty():
        typer.echo(fitting(content.decode()), nl=False)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def confirm(question: str) -> bool:
    """No, where nothing is answered. Raises ``typer.Abort`` where nobody can."""
    while True:
        typer.echo(fitting(f"{question} [o/N] : "), nl=False, err=True)
        answer = sys.stdin.readline()
        if not answer:
            raise typer.Abort
        if answer.strip().lower() in ANSWERS:
            return ANSWERS[answer.strip().lower()]
        complain("Répondez par « o » (oui) ou « n » (non).")


def tell(sentence: str, *, stderr: bool = False) -> None:
    """On a terminal, on lines of whole words that begin with no sign that ends one in French."""
    screen = console(stderr=stderr)
    if screen.is_terminal:
        bound = re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", sentence)
        sentence = textwrap.fill(bound, screen.width, break_on_hyphens=False)
    screen.print(sentence, soft_wrap=True)


def table(title: str, columns: Sequence[tuple[str, bool]], *, tight: bool = False) -> "Table":
    """``columns``: each header, and whether its cells are numbers, which never wrap."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    grid = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    if tight:
        grid.show_edge = grid.pad_edge = False
        grid.padding = (0, 1, 0, 0)
    for header, numeric in columns:
        if numeric:
            grid.add_column(header, justify="right", no_wrap=True, overflow="ellipsis")
        else:
            grid.add_column(header, overflow="fold")
    return grid


def display(*layouts: "Table") -> None:
    """The first layout that the screen has room for without wrapping, else the last one."""
    screen = console()
    unbounded = screen.options.update(max_width=UNBOUNDED)
    fitting = (
        grid for grid in layouts if screen.measure(grid, options=unbounded).maximum <= screen.width
    )
    screen.print(next(fitting, layouts[-1]))


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
        return f"{value:%d/%m}/{value.year:04}"
    return str(value)


def counted(count: int, one: str, many: str | None = None) -> str:
    """French counts 0 in the singular; ``many`` is ``one`` and an s where not given."""
    return f"{shown(count)} {one if abs(count) < 2 else many or f'{one}s'}"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each name it is told of; silent where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

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
