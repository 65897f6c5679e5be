"""The charter's text, for each of its versions that the project holds."""

from collections.abc import Mapping
from pathlib import Path


def texts(folder: Path) -> Mapping[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
