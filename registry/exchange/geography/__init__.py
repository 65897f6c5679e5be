"""The administrative geography of one year: read from the npm package, kept as compact fixtures."""

from registry.exchange.geography.fixture import read_fixture, write_fixture
from registry.exchange.geography.package import read_package
from registry.exchange.geography.records import (
    Commune,
    Departement,
    DepartementBody,
    Epci,
    Geography,
    GeographyError,
    Region,
)

__all__ = [
    "Commune",
    "Departement",
    "DepartementBody",
    "Epci",
    "Geography",
    "GeographyError",
    "Region",
    "read_fixture",
    "read_package",
    "write_fixture",
]
