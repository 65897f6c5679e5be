from pathlib import Path

from registry.domain.errors import InvalidInput
from registry.exchange.geography import Geography, read_fixture, read_package


def locate(fixtures_dir: Path, vintage: int, from_folder: Path | None = None) -> Geography:
    """The geography of that year: the fixture's, or that of the npm package's ``data/`` folder.

    Raises ``InvalidInput`` for a year without fixture, ``GeographyError`` for a faulty file.
    """
    if from_folder is not None:
        return read_package(from_folder, vintage, _bodies(fixtures_dir))
    available = _available(fixtures_dir)
    if vintage not in available:
        listed = ", ".join(map(str, available)) or "aucun"
        raise InvalidInput(
            "vintage", f"Millésime inconnu : {vintage}. Millésimes disponibles : {listed}."
        )
    return _fixture(fixtures_dir, vintage)


def earlier(fixtures_dir: Path, vintage: int) -> list[Geography]:
    """The fixtures of the years before: they tell what codes meant then."""
    return [_fixture(fixtures_dir, year) for year in _available(fixtures_dir) if year < vintage]


def _available(fixtures_dir: Path) -> list[int]:
    folders = _referential(fixtures_dir).glob("[0-9][0-9][0-9][0-9]")
    return sorted(int(folder.name) for folder in folders if folder.is_dir())


def _fixture(fixtures_dir: Path, vintage: int) -> Geography:
    return read_fixture(_referential(fixtures_dir) / str(vintage), vintage, _bodies(fixtures_dir))


def _bodies(fixtures_dir: Path) -> Path:
    return _referential(fixtures_dir) / "departement_bodies.csv"


def _referential(fixtures_dir: Path) -> Path:
    return fixtures_dir / "referential"
