"""The words of the demo, kept in fixtures/demo, and the identifiers made of them."""

import csv
import re
import unicodedata
from collections import defaultdict
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "demo"


@cache
def words(name: str) -> tuple[str, ...]:
    return tuple((_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


@cache
def product_labels() -> dict[str, list[str]]:
    """Kind of product → what such a product may be called."""
    labels: dict[str, list[str]] = defaultdict(list)
    with (_FOLDER / "products.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["kind"]].append(row["label"])
    return dict(labels)


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def siren(number: int) -> str:
    """A SIREN that passes Luhn and that nobody holds; `number` is 1 to 9999."""
    # Not 9999: INSEE numbers in sequence and comes near. No known unit is below 0001.
    body = f"0000{number:04d}"
    digits = [int(digit) for digit in body]
    doubled = (2 * digit for digit in digits[1::2])
    total = sum(digits[::2]) + sum(twice - 9 if twice > 9 else twice for twice in doubled)
    return f"{body}{-total % 10}"
