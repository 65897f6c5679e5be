"""What a geography says, as the registry's rows: its bodies, and the codes it gave up."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from models import CollectiviteKind, Stratum
from registry.domain.errors import InvalidInput
from registry.domain.search import fold, folded
from registry.exchange.geography import Commune, DepartementBody, Geography

SMALL_COMMUNE = 3500


class Body(NamedTuple):
    """``code`` is the key: the INSEE code of a commune, else the SIREN."""

    code: str
    kind: CollectiviteKind
    insee: str | None
    siren: str | None
    name: str
    population: int | None
    departements: tuple[str, ...]
    regions: tuple[str, ...]
    strata: tuple[Stratum, ...]
    epci: str | None
    search: str
    postal_codes: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()


def bodies(geography: Geography) -> list[Body]:
    """Each body once: Paris is a commune and Métropole de Lyon an EPCI, in two strata each."""
    powers = {body.siren: body for body in geography.bodies}
    local = [*map(_commune, geography.communes), *_epcis(geography)]
    _refuse_shared_siren(local)
    merged = [_with_powers(body) if body.siren in powers else body for body in local]
    return [*merged, *_departements(geography, {body.siren for body in local})]


def meanings(
    geography: Geography, listed: Iterable[Body], older: Iterable[Geography]
) -> list[tuple[str, str, bool]]:
    """Former INSEE codes and SIRENs, the INSEE code of the commune that each now means, and
    whether the geography itself says so (else it is drawn from an older one, newest first).
    """
    live = {code for body in listed for code in (body.insee, body.siren) if code}
    said = dict(_given_up(geography.communes))
    known = {commune.code: commune.code for commune in geography.communes} | said
    drawn: dict[str, str] = {}
    for past in sorted(older, key=lambda past: past.vintage, reverse=True):
        for code, commune in _borne(past.communes):
            target = known.get(commune)
            if target and code not in live and code not in known:
                drawn.setdefault(code, target)
        known = drawn | known
    return [(*pair, True) for pair in said.items()] + [(*pair, False) for pair in drawn.items()]


def with_former_names(
    listed: Sequence[Body], meanings: Iterable[tuple[str, str, bool]], older: Iterable[Geography]
) -> list[Body]:
    """Each body with the names that it bore in older geographies too, and those of the communes
    that it succeeds, unless another body of its départements bears them today.
    """
    current = {former: code for former, code, _ in meanings}
    current |= {code: code for body in listed for code in (body.insee, body.siren) if code}
    names: defaultdict[str | None, list[str]] = defaultdict(list)
    for past in older:
        for commune in past.communes:
            names[current.get(commune.code)] += (commune.name, *commune.other_names)
        for epci in past.epcis:
            names[current.get(epci.siren)].append(epci.name)
    borne = {_spelled(body, name) for body in listed for name in (body.name, *body.other_names)}
    return [_also_named(body, names.get(body.code, ()), borne) for body in listed]


def _also_named(
    body: Body, former: Iterable[str], borne: Collection[tuple[tuple[str, ...], str]]
) -> Body:
    names = {fold(name): name for name in former if _spelled(body, name) not in borne}
    names |= {fold(name): name for name in body.other_names if fold(name) != fold(body.name)}
    return body._replace(other_names=tuple(sorted(names.values())))


def _spelled(body: Body, name: str) -> tuple[tuple[str, ...], str]:
    return body.departements, fold(name)


def _given_up(communes: Iterable[Commune]) -> Iterator[tuple[str, str]]:
    return ((former, commune.code) for commune in communes for former in commune.former_codes)


def _borne(communes: Collection[Commune]) -> Iterator[tuple[str, str]]:
    """Every code of a past year, with the commune that bore it or took it over then."""
    for commune in communes:
        yield commune.code, commune.code
        if commune.siren:
            yield commune.siren, commune.code
    yield from _given_up(communes)


def _commune(commune: Commune) -> Body:
    return Body(
        code=commune.code,
        kind=CollectiviteKind.COMMUNE,
        insee=commune.code,
        siren=commune.siren,
        name=commune.name,
        population=commune.population,
        departements=(commune.departement,),
        regions=(commune.region,),
        strata=_commune_strata(commune),
        epci=commune.epci,
        search=folded(commune.name, commune.code, commune.siren),
        postal_codes=commune.postal_codes,
        other_names=commune.other_names,
    )


def _commune_strata(commune: Commune) -> tuple[Stratum, ...]:
    if commune.siren is None or commune.population is None:
        return ()
    if commune.population > SMALL_COMMUNE:
        return (Stratum.COMMUNE_OVER_3500,)
    return (Stratum.COMMUNE_UP_TO_3500,)


def _epcis(geography: Geography) -> Iterator[Body]:
    members: defaultdict[str | None, list[Commune]] = defaultdict(list)
    for commune in geography.communes:
        members[commune.epci].append(commune)
    for epci in geography.epcis:
        yield Body(
            code=epci.siren,
            kind=CollectiviteKind.EPCI,
            insee=None,
            siren=epci.siren,
            name=epci.name,
            population=_inhabitants(members[epci.siren]),
            departements=tuple(sorted({c.departement for c in members[epci.siren]})),
            regions=tuple(sorted({c.region for c in members[epci.siren]})),
            strata=(Stratum.EPCI,),
            epci=None,
            search=folded(epci.name, epci.siren),
        )


def _inhabitants(communes: Iterable[Commune]) -> int | None:
    known = [commune.population for commune in communes if commune.population is not None]
    return sum(known) if known else None


def _with_powers(body: Body) -> Body:
    return body._replace(strata=(Stratum.DEPARTEMENT, *body.strata))


def _departements(geography: Geography, elsewhere: Collection[str | None]) -> Iterator[Body]:
    """The bodies that are nothing else. The communes of an EPCI with département powers (Lyon)
    are counted there, not in the département around it.
    """
    powers = {body.siren for body in geography.bodies}
    communes: defaultdict[str, list[Commune]] = defaultdict(list)
    for commune in geography.communes:
        if commune.epci not in powers:
            communes[commune.departement].append(commune)
    region_of = {departement.code: departement.region for departement in geography.departements}
    for body in geography.bodies:
        if body.siren not in elsewhere:
            yield _departement(body, communes, region_of)


def _departement(
    body: DepartementBody, communes: Mapping[str, Sequence[Commune]], region_of: Mapping[str, str]
) -> Body:
    codes = tuple(sorted({code.removesuffix("M") for code in body.departements}))
    return Body(
        code=body.siren,
        kind=CollectiviteKind.DEPARTEMENT,
        insee=None,
        siren=body.siren,
        name=body.name,
        population=_inhabitants(c for code in codes for c in communes.get(code, ())),
        departements=codes,
        regions=tuple(sorted({region_of[code] for code in codes})),
        strata=(Stratum.DEPARTEMENT,),
        epci=None,
        search=folded(body.name, body.siren),
    )


def _refuse_shared_siren(local: Iterable[Body]) -> None:
    owners: dict[str, Body] = {}
    for body in local:
        if body.siren is None:
            continue
        other = owners.setdefault(body.siren, body)
        if other is not body:
            raise InvalidInput(
                "siren",
                f"Le SIREN {body.siren} est donné à la fois à {other.name} ({other.code})"
                f" et à {body.name} ({body.code}).",
            )
