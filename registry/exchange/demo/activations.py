"""Services put in use on deployments: a rollout that grows from 2019, at each stratum's pace."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from registry.exchange.demo.bodies import Body
from registry.exchange.demo.chance import between, pick, stream, weighted
from registry.exchange.demo.days import ISO, REFERENCE, day
from registry.exchange.demo.deployments import Use
from registry.exchange.demo.integrations import IMPOT, PARTICULIER, V1, V2, Roadmap

COLUMNS = (
    *("collectivite", "vendor_siren", "product", "demarche", "service", "effective_on"),
    *("state", "declared_by"),
)
# Share of each stratum that is connected on the reference day.
_PACE: Mapping[str, float] = {
    **{"DEPARTEMENT": 0.85, "EPCI": 0.35},
    **{"COMMUNE_OVER_3500": 0.4, "COMMUNE_UP_TO_3500": 0.06},
}
