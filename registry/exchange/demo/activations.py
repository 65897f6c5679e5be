"""Services put in use on deployments: a rollout that grows from 2019, at each stratum's pace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from registry.exchange.demo.bodies import Body
from registry.exchange.demo.chance import between, pick, shuffled, stream, weighted
from registry.exchange.demo.days import ISO, OPENING, REFERENCE
from registry.exchange.demo.deployments import Use
from registry.exchange.demo.integrations import IMPOT, PARTICULIER, V1, V2, Roadmap

COLUMNS = (
    *("collectivite", "vendor_siren", "product", "demarche", "service", "effective_on"),
    *("state", "declared_by"),
)
# Share of each stratum that is connected on the reference day, and that has begun otherwise.
_CONNECTED: Mapping[str, float] = {
    "DEPARTEMENT": 0.85,
    "EPCI": 0.35,
    "COMMUNE_OVER_3500": 0.4,
    "COMMUNE_UP_TO_3500": 0.06,
}
_BEGUN: Mapping[str, float] = {
    "DEPARTEMENT": 0.8,
    "EPCI": 0.22,
    "COMMUNE_OVER_3500": 0.2,
    "COMMUNE_UP_TO_3500": 0.035,
}
# A guess for twenty collectivités, so that the first follow the same pace as the others.
_GUESSED = 20
_EAGER: Mapping[str, float] = {
    "DEPARTEMENT": 160,
    "EPCI": 80,
    "COMMUNE_OVER_3500": 80,
    "COMMUNE_UP_TO_3500": 28,
}
_LADDER = (
    *("PLANNED", "HABILITATION_SUBMITTED", "HABILITATION_GRANTED", "IN_INTEGRATION"),
    *("GO_LIVE_REQUESTED", "IN_PRODUCTION"),
)
_DETOURS = ("HABILITATION_CHANGES_REQUESTED", "HABILITATION_REFUSED")
# Days that a state lasts before the next, at least and at most.
_LASTS: Mapping[str, tuple[int, int]] = {
    "PLANNED": (10, 150),
    "HABILITATION_SUBMITTED": (4, 60),
    "HABILITATION_GRANTED": (5, 90),
    "IN_INTEGRATION": (10, 120),
    "GO_LIVE_REQUESTED": (0, 25),
}
_WHEREABOUTS: Mapping[str, float] = {
    "PLANNED": 30,
    "HABILITATION_SUBMITTED": 20,
    "HABILITATION_CHANGES_REQUESTED": 8,
    "HABILITATION_REFUSED": 5,
    "HABILITATION_GRANTED": 14,
    "IN_INTEGRATION": 12,
    "GO_LIVE_REQUESTED": 4,
    "SUSPENDED": 3,
    "STOPPED": 5,
}
# Where the vendor isn't ready; someone may say that it runs all the same.
_WAITING: Mapping[str, float] = {
    "PLANNED": 50,
    "HABILITATION_SUBMITTED": 25,
    "HABILITATION_GRANTED": 14,
    "IN_INTEGRATION": 10,
    "IN_PRODUCTION": 1,
}
_AUTHORS: Mapping[str, float] = {"COLLECTIVITE": 62, "VENDOR": 30, "MINISTRY": 8}

Steps = list[tuple[int, str]]


@dataclass(slots=True)
class Rollout:
    """Counts, for each stratum, who was seen and how eager those were that could connect."""

    seed: int
    plans: Sequence[Roadmap]
    verdicts: Sequence[str]
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_CONNECTED, _GUESSED))
    eager: dict[str, float] = field(default_factory=lambda: dict(_EAGER))
    places: dict[str, float] = field(default_factory=dict)

    def connects(self, rng: Random, body: Body, able: Sequence[Use]) -> bool:
        self.seen[body.stratum] += 1
        if not able:
            return False
        eagerness = self._eagerness(body) * (12 if any(map(self.is_ready, able)) else 1)
        self.eager[body.stratum] += eagerness
        rate = _CONNECTED[body.stratum] * self.seen[body.stratum] / self.eager[body.stratum]
        return rng.random() < rate * eagerness

    def is_ready(self, use: Use) -> bool:
        return self.verdicts[use.product.index] == "READY"

    def _eagerness(self, body: Body) -> float:
        if body.stratum == "DEPARTEMENT":
            return 1
        place = body.departements[0]
        if place not in self.places:
            self.places[place] = 0.4 + 1.2 * stream(self.seed, f"pace/{place}").random()
        return self.places[place] * (1.5 if body.population > 15_000 else 1)


def rows(
    rng: Random, rollout: Rollout, body: Body, used: Sequence[Use]
) -> Iterator[tuple[str, ...]]:
    live = [use for use in used if use.in_force and use.product.citizen_login]
    able = [use for use in live if _qualified(rollout.plans[use.product.index])]
    if body.stratum not in _CONNECTED:
        return
    if rollout.connects(rng, body, able):
        for n, use in enumerate(sorted(shuffled(rng, able), key=rollout.is_ready, reverse=True)):
            if n == 0 or rng.random() < 0.3:
                yield from _running(rng, body, use, rollout.plans[use.product.index])
    elif live and rng.random() < _BEGUN[body.stratum]:
        use = pick(rng, able or live)
        yield from _begun(rng, body, use, rollout.plans[use.product.index])


def _qualified(plan: Roadmap) -> bool:
    return plan.is_qualified(V1) or plan.is_qualified(V2)


def _running(rng: Random, body: Body, use: Use, plan: Roadmap) -> Iterator[tuple[str, ...]]:
    histories = _sign_in(rng, use, plan)
    if not histories:
        return
    live = min(
        when for steps in histories.values() for when, state in steps if state == "IN_PRODUCTION"
    )
    for service in (PARTICULIER, IMPOT):
        if plan.is_qualified(service) and rng.random() < 0.42:
            histories[service] = _arrival(rng, use, plan, service, live + 15)
    for n, demarche in enumerate(use.demarches):
        if n == 0 or rng.random() < 0.7:
            for service, steps in histories.items():
                yield from _written(rng, body, use, (demarche, service), steps)


def _sign_in(rng: Random, use: Use, plan: Roadmap) -> dict[str, Steps]:
    """One of the two versions runs on the reference day; the older may have run before it."""
    first = _arrival(rng, use, plan, V1, OPENING)
    second = _arrival(rng, use, plan, V2, first[-1][0] + 30 if first else OPENING)
    if not plan.is_qualified(V2) or not second:
        return {V1: first} if first else {}
    if not first or rng.random() < 0.35:
        return {V2: second}
    if plan.is_qualified(V1) and rng.random() < 0.5:
        return {V1: first}
    stopped = min(second[-1][0] + between(rng, 0, 60), REFERENCE)
    return {V1: [*first, (stopped, "STOPPED")], V2: second}


def _arrival(rng: Random, use: Use, plan: Roadmap, service: str, after: int) -> Steps:
    """The way to production while the product is qualified for it; empty if there was no time."""
    qualified = plan.qualified(service)
    if qualified is None:
        return []
    earliest = max(qualified[0], use.since, after) + 30
    if earliest > qualified[1]:
        return []
    live = earliest + int((qualified[1] - earliest) * rng.random() ** 1.5)
    steps = _way(rng, "IN_PRODUCTION", live, use, qualified=True)
    if rng.random() < 0.02 and live + 90 <= qualified[1]:
        steps += [(live + 40, "SUSPENDED"), (live + 90, "IN_PRODUCTION")]
    return steps


def _begun(rng: Random, body: Body, use: Use, plan: Roadmap) -> Iterator[tuple[str, ...]]:
    """Not connected: on its way, given up, or waiting for its vendor."""
    state = weighted(rng, _WHEREABOUTS if _qualified(plan) else _WAITING)
    when = max(use.since, between(rng, REFERENCE - 600, REFERENCE - 2))
    if state in ("SUSPENDED", "STOPPED"):
        before = _way(rng, "IN_PRODUCTION", when - between(rng, 60, 500), use, qualified=False)
        steps = [*before, (when, state)]
    else:
        steps = _way(rng, state, when, use, qualified=False)
    service = V2 if rng.random() < 0.8 else V1
    yield from _written(rng, body, use, (use.demarches[0], service), steps)


def _way(rng: Random, top: str, when: int, use: Use, *, qualified: bool) -> Steps:
    """Steps that lead to `top`; what precedes the use of the software, or 2019, isn't recorded.

    `qualified`: the product is on the day of the request, and integration may be skipped.
    """
    steps = [(when, top)]
    below = _LADDER[:2] if top in _DETOURS else _LADDER[: _LADDER.index(top)]
    for state in reversed(below):
        when -= between(rng, *_LASTS[state])
        if state == "IN_INTEGRATION" and qualified and rng.random() < 0.3:
            continue
        steps.append((when, state))
        if state == "HABILITATION_SUBMITTED" and rng.random() < 0.15:
            steps += [(when - 12, "HABILITATION_CHANGES_REQUESTED"), (when - 25, state)]
            when -= 25
    return [step for step in reversed(steps) if step[0] >= max(use.since, OPENING)]


def _written(
    rng: Random, body: Body, use: Use, of: tuple[str, str], steps: Steps
) -> Iterator[tuple[str, ...]]:
    vendor, product = use.product.vendor.siren, use.product.slug
    for when, state in steps:
        yield (body.code, vendor, product, *of, ISO[when], state, _declared_by(rng, use, state))


def _declared_by(rng: Random, use: Use, state: str) -> str:
    if state.startswith("HABILITATION") and rng.random() < 0.45:
        return "DATAPASS"
    author = weighted(rng, _AUTHORS)
    said = {use.declared_by, use.confirmed_by}
    # An operator acts once the collectivité or the ministry has spoken of the link.
    acts = use.operator and not said.isdisjoint(("COLLECTIVITE", "MINISTRY"))
    return "OPERATOR" if acts and author == "COLLECTIVITE" else author
