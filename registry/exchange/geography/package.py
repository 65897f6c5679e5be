from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import orjson

from registry.exchange.geography.faults import checked
from registry.exchange.geography.records import (
    Commune,
    Departement,
    Epci,
    Geography,
    GeographyError,
    Region,
)
from registry.exchange.geography.sources import Source, bodies_source, cite, read_bodies

T = TypeVar("T")

_WAY_OUT = "Reprenez le dossier data/ du paquet npm @etalab/decoupage-administratif."
_KINDS: dict[type, str] = {str: "un texte", int: "un nombre entier", list: "une liste"}
_WHOLE_OF = {
    "commune-deleguee": "chefLieu",
    "commune-associee": "chefLieu",
    "arrondissement-municipal": "commune",
}
"""The key that names the commune of which an entry of that type is a part."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One JSON object of a file. Its getters refuse a value of another kind than the one asked."""

    source: Source
    fields: Mapping[str, object]

    def get(self, key: str, kind: type[T]) -> T | None:
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(f"la clé « {key} » doit porter {_KINDS[kind]}")
        return value

    def need(self, key: str, kind: type[T]) -> T:
        value = self.get(key, kind)
        if value is None:
            raise self.error(f"la clé « {key} » manque")
        return value

    def texts(self, key: str) -> list[str]:
        values = self.get(key, list) or []
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"la clé « {key} » doit porter une liste de textes")
        return values

    def error(self, reason: str) -> GeographyError:
        code = self.fields.get("code", "sans code")
        return self.source.error(f"enregistrement {cite(code)}, {reason}")


def read_package(folder: Path, vintage: int, bodies: Path) -> Geography:
    """`folder` is the npm package's `data/`, `bodies` the CSV of those with département powers."""
    sources = {
        "communes": Source(folder / "communes.json", _WAY_OUT),
        "epcis": Source(folder / "epci.json", _WAY_OUT),
        "departements": Source(folder / "departements.json", _WAY_OUT),
        "regions": Source(folder / "regions.json", _WAY_OUT),
        "bodies": bodies_source(bodies),
    }
    entries = {
        part: _entries(source, source.content())
        for part, source in sources.items()
        if part != "bodies"
    }
    geography = Geography(
        vintage,
        _communes(entries["communes"], entries["epcis"]),
        _epcis(entries["epcis"]),
        _departements(entries["departements"]),
        _regions(entries["regions"]),
        read_bodies(sources["bodies"]),
    )
    return checked(geography, sources)


def _entries(source: Source, content: bytes) -> list[_Entry]:
    try:
        objects = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        position = f"ligne {error.lineno}, colonne {error.colno}"
        raise source.error(f"JSON invalide ({position})") from error
    return _objects(source, objects)


def _objects(source: Source, objects: object) -> list[_Entry]:
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise source.error("une liste d’objets JSON est attendue")
    return [_Entry(source, each) for each in objects]


def _communes(entries: list[_Entry], epcis: list[_Entry]) -> tuple[Commune, ...]:
    live = [entry for entry in entries if entry.need("type", str) == "commune-actuelle"]
    codes = {entry.need("code", str) for entry in live}
    epci_of = _membership(epcis, codes)
    former_of = _former_codes(entries, codes)
    names_of = _other_names(entries)
    communes = (_commune(entry, epci_of, former_of, names_of) for entry in live)
    return tuple(sorted(communes, key=attrgetter("code")))


def _commune(
    entry: _Entry,
    epci_of: Mapping[str, str],
    former_of: Mapping[str, list[str]],
    names_of: Mapping[str, set[str]],
) -> Commune:
    code, name = entry.need("code", str), entry.need("nom", str)
    return Commune(
        code=code,
        name=name,
        siren=entry.get("siren", str),
        population=entry.get("population", int),
        departement=entry.need("departement", str),
        region=entry.need("region", str),
        epci=epci_of.get(code),
        former_codes=tuple(former_of.get(code, ())),
        postal_codes=tuple(sorted(set(entry.texts("codesPostaux")))),
        other_names=tuple(sorted(names_of.get(code, set()) - {name})),
    )


def _membership(epcis: list[_Entry], communes: Set[str]) -> dict[str, str]:
    """From a commune's code to its EPCI's SIREN."""
    epci_of: dict[str, str] = {}
    for epci in epcis:
        for member in _objects(epci.source, epci.need("membres", list)):
            code = member.need("code", str)
            if code not in communes:
                raise epci.error(f"le membre {cite(code)} n’est pas une commune actuelle")
            if code in epci_of:
                raise epci.error(
                    f"la commune {cite(code)} est déjà membre de {cite(epci_of[code])}"
                )
            epci_of[code] = epci.need("code", str)
    return epci_of


def _former_codes(entries: list[_Entry], live: Set[str]) -> dict[str, list[str]]:
    """From a live commune's code to the dead codes that it alone succeeds, sorted."""
    claimants: dict[str, set[str]] = defaultdict(set)
    absorbers: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        code, kind = entry.need("code", str), entry.need("type", str)
        if kind in _WHOLE_OF:
            absorbers[code].add(entry.need(_WHOLE_OF[kind], str))
        elif kind == "commune-actuelle":
            for former in entry.texts("anciensCodes"):
                claimants[former].add(code)
    former_of: dict[str, list[str]] = defaultdict(list)
    for former in sorted((claimants.keys() | absorbers.keys()) - live):
        # The file may name two communes (60455 in 2026): the one that holds the old commune as a
        # part of itself today is right, for the other one's claim may outlive a merger undone.
        successors = (absorbers[former] & live) or claimants[former]
        if len(successors) == 1:
            former_of[successors.pop()].append(former)
    return former_of


def _other_names(entries: list[_Entry]) -> dict[str, set[str]]:
    """From a commune's code to the names of its parts."""
    names_of: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        whole = _WHOLE_OF.get(entry.need("type", str))
        if whole is not None:
            names_of[entry.need(whole, str)].add(entry.need("nom", str))
    return names_of


def _epcis(entries: list[_Entry]) -> tuple[Epci, ...]:
    epcis = (
        Epci(entry.need("code", str), entry.need("nom", str), entry.need("type", str))
        for entry in entries
    )
    return tuple(sorted(epcis, key=attrgetter("siren")))


def _departements(entries: list[_Entry]) -> tuple[Departement, ...]:
    departements = (
        Departement(entry.need("code", str), entry.need("nom", str), entry.need("region", str))
        for entry in entries
    )
    return tuple(sorted(departements, key=attrgetter("code")))


def _regions(entries: list[_Entry]) -> tuple[Region, ...]:
    regions = (Region(entry.need("code", str), entry.need("nom", str)) for entry in entries)
    return tuple(sorted(regions, key=attrgetter("code")))
