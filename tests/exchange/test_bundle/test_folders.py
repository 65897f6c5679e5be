"""Folders that are no bundle, and files that are none of one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.database import Database
from tests.exchange.bundles import small, write
from tests.exchange.test_bundle.support import HEADER, faults_of


def _misspelt(folder: Path) -> str:
    (folder / "vendeurs.csv").write_bytes(HEADER)
    return "vendeurs.csv"


def _capital(folder: Path) -> str:
    (folder / "VENDORS.CSV").write_bytes(HEADER)
    return "VENDORS.CSV"


def _directory(folder: Path) -> str:
    (folder / "vendors.csv").mkdir()
    return "vendors.csv"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "vendors.csv")
    return "vendors.csv"


def _dangling(folder: Path) -> str:
    (folder / "vendors.csv").symlink_to(folder / "nowhere")
    return "vendors.csv"


@pytest.mark.parametrize("spoil", [_misspelt, _capital, _directory, _pipe, _dangling])
async def test_a_file_that_is_none_of_the_bundle(
    filled: Database, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    """Beside a file that is right."""
    folder = write(tmp_path / "in", {"products": small()["products"]})
    name = spoil(folder)
    (fault,) = await faults_of(filled, folder)
    assert (fault.file, fault.line) == (name, 0)


async def test_a_folder_that_is_none(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for name in ("absent", "empty", "file"):
        (fault,) = await faults_of(filled, tmp_path / name)
        assert fault.file == str(tmp_path / name)
