"""What a geography must satisfy, whichever file it was read from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain

from registry.exchange.geography.records import Geography
from registry.exchange.geography.sources import Source, cite

# Pairs of a record's name or code, which tells a person where to look, and the value to judge.
Pairs = Iterable[tuple[str, str]]

_INSEE = re.compile(r"([0-9]{2}|2[AB])[0-9]{3}")
_POSTAL = re.compile(r"[0-9]{5}")
_SIREN = re.compile(r"[0-9]{9}")
_DEPARTEMENT = re.compile(r"[0-9]{2}|2[AB]|9[78][0-9]")
_REGION = re.compile(r"[0-9]{2}|9[78][0-9]")
_EPCI_TYPES = {"CC", "CA", "CU", "METRO", "MET69"}
_LYON_PART = "69M"


def checked(geography: Geography, sources: Mapping[str, Source]) -> Geography:
    """Returns the geography, or raises the first fault against the source that it stands in.

    `sources` has one key for each of the geography's tuples.
    """
    faults = {
        "regions": _region_faults(geography),
        "departements": _departement_faults(geography),
        "epcis": _epci_faults(geography),
        "communes": _commune_faults(geography),
        "bodies": _body_faults(geography),
    }
    for part, reasons in faults.items():
        if not getattr(geography, part):
            raise sources[part].error("aucune ligne utile")
        for reason in reasons:
            raise sources[part].error(reason)
    return geography


def _region_faults(geography: Geography) -> Iterator[str]:
    codes = [(r.name, r.code) for r in geography.regions]
    return chain(
        _misshapen("code de région", _REGION, codes),
        _repeated("code de région", codes),
        _misnamed((r.code, r.name) for r in geography.regions),
    )


def _departement_faults(geography: Geography) -> Iterator[str]:
    codes = [(d.name, d.code) for d in geography.departements]
    regions = {r.code for r in geography.regions}
    return chain(
        _misshapen("code de département", _DEPARTEMENT, codes),
        _repeated("code de département", codes),
        _misnamed((d.code, d.name) for d in geography.departements),
        _unknown("région", regions, ((d.code, d.region) for d in geography.departements)),
    )


def _epci_faults(geography: Geography) -> Iterator[str]:
    sirens = [(e.name, e.siren) for e in geography.epcis]
    return chain(
        _misshapen("SIREN", _SIREN, sirens),
        _repeated("SIREN", sirens),
        _misnamed((e.siren, e.name) for e in geography.epcis),
        _unknown("type d’EPCI", _EPCI_TYPES, ((e.siren, e.type) for e in geography.epcis)),
    )


def _commune_faults(geography: Geography) -> Iterator[str]:
    communes = geography.communes
    codes = [(c.name, c.code) for c in communes]
    sirens = [(c.code, c.siren) for c in communes if c.siren is not None]
    return chain(
        _misshapen("code INSEE", _INSEE, codes),
        _repeated("code INSEE", codes),
        _misnamed((c.code, c.name) for c in communes),
        _misshapen("SIREN", _SIREN, sirens),
        _repeated("SIREN", sirens),
        _impossible_populations(geography),
        _former_code_faults(geography),
        _misshapen("code postal", _POSTAL, ((c.code, p) for c in communes for p in c.postal_codes)),
        _misnamed((c.code, name) for c in communes for name in c.other_names),
        _commune_places(geography),
    )


def _commune_places(geography: Geography) -> Iterator[str]:
    communes = geography.communes
    departements = {d.code for d in geography.departements}
    regions = {r.code for r in geography.regions}
    epcis = {e.siren for e in geography.epcis}
    return chain(
        _unknown("département", departements, ((c.code, c.departement) for c in communes)),
        _unknown("région", regions, ((c.code, c.region) for c in communes)),
        _unknown("EPCI", epcis, ((c.code, c.epci) for c in communes if c.epci is not None)),
    )


def _former_code_faults(geography: Geography) -> Iterator[str]:
    live = {c.code for c in geography.communes}
    former = [(c.code, old) for c in geography.communes for old in c.former_codes]
    yield from _misshapen("ancien code", _INSEE, former)
    yield from _repeated("ancien code", former)
    for code, old in former:
        if old in live:
            yield f"ancien code encore en vigueur : {cite(old)} ({cite(code)})"


def _impossible_populations(geography: Geography) -> Iterator[str]:
    for commune in geography.communes:
        if commune.population is not None and not 0 <= commune.population < 10**9:
            yield f"population impossible : {commune.population} ({cite(commune.code)})"


def _body_faults(geography: Geography) -> Iterator[str]:
    bodies = geography.bodies
    sirens = [(b.name, b.siren) for b in bodies]
    known = {d.code for d in geography.departements} | {_LYON_PART}
    covered = [(b.siren, code) for b in bodies for code in b.departements or ("",)]
    return chain(
        _misshapen("SIREN", _SIREN, sirens),
        _repeated("SIREN", sirens),
        _misnamed((b.siren, b.name) for b in bodies),
        _unknown("département", known, covered),
        _repeated("département", covered),
    )


def _misshapen(label: str, pattern: re.Pattern[str], values: Pairs) -> Iterator[str]:
    for owner, value in values:
        if not pattern.fullmatch(value):
            yield f"{label} mal formé : {cite(value)} ({cite(owner)})"


def _repeated(label: str, values: Pairs) -> Iterator[str]:
    seen: set[str] = set()
    for owner, value in values:
        if value in seen:
            yield f"{label} en double : {cite(value)} ({cite(owner)})"
        seen.add(value)


def _unknown(label: str, known: Set[str], values: Pairs) -> Iterator[str]:
    for owner, value in values:
        if value not in known:
            yield f"{label} : valeur inconnue {cite(value)} ({cite(owner)})"


def _misnamed(names: Pairs) -> Iterator[str]:
    for owner, name in names:
        if not name.strip() or not name.isprintable():
            yield f"nom vide ou illisible : {cite(name)} ({cite(owner)})"
