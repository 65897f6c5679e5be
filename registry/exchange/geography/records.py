from dataclasses import dataclass


class GeographyError(ValueError):
    """A file of the geography can't be used; the message names it, the fault and the way out."""


@dataclass(frozen=True, slots=True)
class Commune:
    """`former_codes`: the INSEE codes that live no more and whose successor is this commune, and
    those of its municipal arrondissements. `other_names`: of the communes that became parts of it.
    """

    code: str
    name: str
    siren: str | None
    population: int | None
    departement: str
    region: str
    epci: str | None
    former_codes: tuple[str, ...]
    postal_codes: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Epci:
    """`type` is one of CC, CA, CU, METRO, MET69."""

    siren: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Departement:
    code: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class DepartementBody:
    """A body that holds département powers; `69M` among its codes is Lyon's part of 69."""

    siren: str
    name: str
    departements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Geography:
    """Each tuple is sorted by code or SIREN, except `bodies`, which keep their file's order."""

    vintage: int
    communes: tuple[Commune, ...]
    epcis: tuple[Epci, ...]
    departements: tuple[Departement, ...]
    regions: tuple[Region, ...]
    bodies: tuple[DepartementBody, ...]
