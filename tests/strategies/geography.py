"""Up to eight collectivités: each stratum, each of its edges, and those without stratum."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tests.oracle import Body
from tests.strategies.histories import DATES

POPULATIONS = (None, 0, 12, 3499, 3500, 3501, 45_000)
SITES = (("59", "32"), ("62", "32"), ("2A", "94"), ("69", "84"), ("974", "04"))  # COG codes
DEPARTEMENT_BODIES = (({"59"}, "32"), ({"2A", "2B"}, "94"), ({"69"}, "84"), ({"974"}, "04"))
PARIS = Body(
    code="75056",
    kind="COMMUNE",
    siren="217500016",
    insee="75056",
    population=2_100_000,
    departements=frozenset({"75"}),
    regions=frozenset({"11"}),
    epci=None,
    strata=frozenset({"DEPARTEMENT", "COMMUNE_OVER_3500"}),
)


def siren(base: int) -> str:
    """Eight digits of `base`, and the Luhn key that makes nine."""
    digits = f"{base:08d}"
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(digits)]
    return digits + str(-sum(n // 10 + n % 10 for n in doubled) % 10)


EPCIS = (siren(20_000_001), siren(20_000_002))


def commune_strata(population: int | None) -> frozenset[str]:
    if population is None:
        return frozenset()
    return frozenset({"COMMUNE_OVER_3500" if population > 3500 else "COMMUNE_UP_TO_3500"})


@st.composite
def communes(draw: st.DrawFn) -> list[Body]:
    """One to three; those without population have no SIREN; those closed have no EPCI."""
    found = []
    for i in range(1, draw(st.integers(1, 3)) + 1):
        departement, region = draw(st.sampled_from(SITES))
        population = draw(st.sampled_from(POPULATIONS))
        closed = draw(st.sampled_from((False, False, False, False, True)))
        insee = departement + str(i).zfill(5 - len(departement))
        found.append(
            Body(
                code=insee,
                kind="COMMUNE",
                siren=None if population is None else siren(21_000_000 + i),
                insee=insee,
                population=population,
                departements=frozenset({departement}),
                regions=frozenset({region}),
                epci=None if closed else draw(st.sampled_from((None, EPCIS[0], *EPCIS))),
                strata=commune_strata(population),
                closed=closed,
            )
        )
    return found


def population_of(bodies: Sequence[Body]) -> int | None:
    known = [b.population for b in bodies if b.population is not None]
    return sum(known) if known else None


def epci_of(code: str, towns: Sequence[Body]) -> Body:
    """Where all members are of the Rhône it stands for Métropole de Lyon: a département too."""
    members = [town for town in towns if town.epci == code]
    departements = frozenset(d for m in members for d in m.departements)
    return Body(
        code=code,
        kind="EPCI",
        siren=code,
        insee=None,
        population=population_of(members),
        departements=departements,
        regions=frozenset(r for m in members for r in m.regions),
        epci=None,
        strata=frozenset({"EPCI", "DEPARTEMENT"} if departements == {"69"} else {"EPCI"}),
    )


def departement_body(index: int, towns: Sequence[Body], lyon: set[str]) -> Body:
    """`lyon`: the EPCI that hold the powers of a département, whose communes aren't counted."""
    codes, region = DEPARTEMENT_BODIES[index]
    code = siren(22_000_000 + index)
    own = [t for t in towns if t.departements <= codes and not t.closed and t.epci not in lyon]
    return Body(
        code=code,
        kind="DEPARTEMENT",
        siren=code,
        insee=None,
        population=population_of(own),
        departements=frozenset(codes),
        regions=frozenset({region}),
        epci=None,
        strata=frozenset({"DEPARTEMENT"}),
    )


@st.composite
def bodies_without_stratum(draw: st.DrawFn) -> Body:
    kind = draw(st.sampled_from(("CCAS", "REGION", "SYNDICAT", "OTHER")))
    departement, region = draw(st.sampled_from(SITES))
    code = siren(26_000_001)
    return Body(
        code=code,
        kind=kind,
        siren=code,
        insee=None,
        population=None,
        departements=frozenset({departement}),
        regions=frozenset({region}),
        epci=None,
        strata=frozenset(),
    )


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Body, ...]:
    towns = draw(communes())
    epcis = [epci_of(code, towns) for code in EPCIS if any(t.epci == code for t in towns)]
    found = [*towns, *epcis]
    if draw(st.booleans()):
        found.append(PARIS)
    if draw(st.booleans()):
        lyon = {e.code for e in epcis if "DEPARTEMENT" in e.strata}
        index = draw(st.integers(0, len(DEPARTEMENT_BODIES) - 1))
        found.append(departement_body(index, towns, lyon))
    if draw(st.booleans()):
        found.append(draw(bodies_without_stratum()))
    silent_since = st.none() | st.sampled_from(DATES)
    return tuple(replace(body, no_online_demarche_since=draw(silent_since)) for body in found)
