"""Who uses software: the real collectivités, and a few bodies that are as fictional as vendors."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

from registry.exchange.demo.chance import between, pick, shuffled, stream
from registry.exchange.demo.names import siren, words
from registry.exchange.geography import Departement, Geography

_COMMUNES = (
    (200, 500, 1_500, 3_501, 10_000, 50_000),
    ("hamlet", "village", "small_town", "market_town", "town", "city", "large_city"),
)
_SYNDICATS = 8
_EPCIS = ((15_000, 100_000), ("small_epci", "epci", "large_epci"))


@dataclass(frozen=True, slots=True)
class Body:
    """`code` keys its deployments: INSEE for a commune, else SIREN.

    `segments` tell what kinds of client it is, two for one that is a département as well;
    `stratum` whose pace it follows. The first of `departements` is its market.
    """

    code: str
    siren: str
    name: str
    departements: tuple[str, ...]
    population: int
    segments: tuple[str, ...]
    stratum: str
    epci: str = ""


def real_bodies(geography: Geography) -> Iterator[Body]:
    """Overseas communes without a SIREN are left out: they are in no stratum."""
    departements = {body.siren for body in geography.bodies}
    for body in chain(_communes(geography), _epcis(geography)):
        if body.siren in departements:
            both = (*body.segments, "departement")
            yield replace(body, segments=both, stratum="DEPARTEMENT")
        else:
            yield body
    yield from _departements(geography)


def fictional_bodies(seed: int, departements: Sequence[Departement]) -> list[Body]:
    """Syndicats, then CCAS."""
    rng = stream(seed, "bodies")
    places = enumerate(shuffled(rng, words("territories")))
    return [_fictional(rng, number, place, departements) for number, place in places]


def _fictional(rng: Random, number: int, place: str, departements: Sequence[Departement]) -> Body:
    home = pick(rng, departements)
    syndicat = number < _SYNDICATS
    around = [d.code for d in departements if d.region == home.region]
    name = "Syndicat mixte numérique de démonstration" if syndicat else "CCAS de démonstration"
    return Body(
        code=siren(9_000 + number),
        siren=siren(9_000 + number),
        name=f"{name} {place}",
        departements=tuple(around[: between(rng, 1, 3)]) if syndicat else (home.code,),
        population=0,
        segments=("syndicat" if syndicat else "ccas",),
        stratum="",
    )


def kind(body: Body) -> str:
    return body.segments[0].upper()


def _communes(geography: Geography) -> Iterator[Body]:
    for commune in geography.communes:
        if commune.siren is not None:
            population = commune.population or 0
            yield Body(
                code=commune.code,
                siren=commune.siren,
                name=commune.name,
                departements=(commune.departement,),
                population=population,
                segments=(_segment(_COMMUNES, population),),
                stratum="COMMUNE_OVER_3500" if population > 3_500 else "COMMUNE_UP_TO_3500",
                epci=commune.epci or "",
            )


def _epcis(geography: Geography) -> Iterator[Body]:
    population: Counter[str] = Counter()
    departement: dict[str, str] = {}
    for commune in geography.communes:
        if commune.epci is not None:
            population[commune.epci] += commune.population or 0
            departement.setdefault(commune.epci, commune.departement)
    for epci in geography.epcis:
        yield Body(
            code=epci.siren,
            siren=epci.siren,
            name=epci.name,
            departements=(departement[epci.siren],),
            population=population[epci.siren],
            segments=(_segment(_EPCIS, population[epci.siren]),),
            stratum="EPCI",
        )


def _departements(geography: Geography) -> Iterator[Body]:
    others = {c.siren for c in geography.communes} | {e.siren for e in geography.epcis}
    for body in geography.bodies:
        if body.siren not in others:
            yield Body(
                code=body.siren,
                siren=body.siren,
                name=body.name,
                departements=body.departements,
                population=1_000_000,
                segments=("departement",),
                stratum="DEPARTEMENT",
            )


def _segment(scale: tuple[tuple[int, ...], tuple[str, ...]], population: int) -> str:
    limits, names = scale
    return names[bisect_right(limits, population)]
