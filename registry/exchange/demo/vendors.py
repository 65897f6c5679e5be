"""The fictional vendors: what they make, whom they sell to, how they answer the charter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from registry.exchange.demo.bodies import Body
from registry.exchange.demo.chance import between, pick, shuffled, stream, weighted
from registry.exchange.demo.names import siren, slug, words


class Trade(NamedTuple):
    """A family of vendors. `kinds` → chance that such a vendor has a product of that kind."""

    vendors: int
    kinds: Mapping[str, float]
    second: float  # Chance of a second product of the same kind.


TRADES: Mapping[str, Trade] = {
    "suite": Trade(
        16,
        {
            "famille": 1,
            "urbanisme": 0.9,
            "etat_civil": 0.9,
            "citoyen": 0.85,
            "signalement": 0.4,
            "petite_enfance": 0.35,
            "action_sociale": 0.25,
            "stationnement": 0.2,
            "gestion": 0.6,
        },
        0.06,
    ),
    "regional": Trade(
        34,
        {
            "famille": 0.75,
            "urbanisme": 0.6,
            "citoyen": 0.55,
            "etat_civil": 0.45,
            "signalement": 0.15,
            "petite_enfance": 0.1,
            "gestion": 0.2,
        },
        0.03,
    ),
    "famille": Trade(24, {"famille": 1, "petite_enfance": 0.5, "action_sociale": 0.2}, 0.1),
    "urbanisme": Trade(16, {"urbanisme": 1, "signalement": 0.1, "gestion": 0.2}, 0.15),
    "citoyen": Trade(
        22, {"citoyen": 0.7, "signalement": 0.5, "stationnement": 0.35, "etat_civil": 0.1}, 0.05
    ),
    "departement": Trade(
        12,
        {"aide_sociale": 1, "college": 0.7, "aides": 0.7, "citoyen": 0.5, "gestion": 0.4},
        0.05,
    ),
    "mobilite": Trade(8, {"mobilite": 1, "stationnement": 0.3}, 0.2),
    "social": Trade(8, {"action_sociale": 1, "aides": 0.3}, 0.1),
    "libre": Trade(4, {"citoyen": 0.8, "famille": 0.5, "urbanisme": 0.5, "signalement": 0.6}, 0),
    "gestion": Trade(5, {"gestion": 1}, 0.7),
}

# The attitude of the largest is set, so that every seed tells a story: some that are late or
# silent hold many collectivités back, one refuses the price, the best are not far.
_LARGEST = {
    "suite": ("late", "leader", "pricy", "silent", "vague", "late", "follower", "leader"),
    "departement": ("leader", "late", "pricy", "follower", "leader", "vague", "follower"),
}
_WITH_SUBSIDIARY = (1, 4, 20, 31, 55)
_OTHERS = (
    *("leader", "follower", "pricy", "pricy", "vague"),
    *("late", "late", "late", "lapsed", "silent", "silent"),
)


@dataclass(frozen=True, slots=True)
class Vendor:
    """`rank` is 1 for the largest of its trade; `homes`: codes of régions where it is strong."""

    siren: str
    brand: str
    name: str
    website: str
    contact: str
    parent_siren: str
    trade: str
    rank: int
    attitude: str
    homes: tuple[str, ...]
    reach: str


def vendors(seed: int, regions: Sequence[str], own: Body) -> list[Vendor]:
    """`own` is the body that also publishes the software that it uses."""
    rng = stream(seed, "vendors")
    brands = iter(shuffled(rng, words("vendors")))
    numbers = (siren(number) for number in shuffled(rng, range(1000, 9000)))
    makers = [
        _vendor(rng, (next(brands), next(numbers)), trade, (rank, attitude), regions)
        for trade, (count, *_) in TRADES.items()
        for rank, attitude in enumerate(_attitudes(rng, trade, count), 1)
    ]
    daughters = [_subsidiary(rng, makers[n], next(numbers)) for n in _WITH_SUBSIDIARY]
    return [*makers, *daughters, _in_house(own)]


def _attitudes(rng: Random, trade: str, count: int) -> Sequence[str]:
    """Dealt rather than drawn: the first of each trade weigh too much to be left to chance."""
    if trade == "libre":
        return ("leader",) * count
    dealt = [*_LARGEST.get(trade, ())]
    while len(dealt) < count:
        dealt += shuffled(rng, _OTHERS)
    return dealt[:count]


def _vendor(
    rng: Random,
    identity: tuple[str, str],
    trade: str,
    place: tuple[int, str],
    regions: Sequence[str],
) -> Vendor:
    (brand, number), (rank, attitude) = identity, place
    local = trade == "regional" or (rank > 3 and rng.random() < 0.25)
    site = f"https://www.{slug(brand)}.example"
    return Vendor(
        siren=number,
        brand=brand,
        name=f"Association {brand}" if trade == "libre" else _company(rng, brand),
        website=site if rng.random() < 0.93 else "",
        contact=_contact(rng, brand, site),
        parent_siren="",
        trade=trade,
        rank=rank,
        attitude=attitude,
        homes=tuple(shuffled(rng, regions)[: between(rng, 1, 3)]) if local else (),
        reach=_reach(rng, rank, attitude),
    )


def _company(rng: Random, brand: str) -> str:
    return f"{brand} {pick(rng, words('company_forms'))}" if rng.random() < 0.6 else brand


def _contact(rng: Random, brand: str, site: str) -> str:
    chance = rng.random()
    if chance < 0.06:
        return ""
    return f"{site}/contact" if chance < 0.2 else f"{_mailbox(rng)}@{slug(brand)}.example"


def _mailbox(rng: Random) -> str:
    return "franceconnect" if rng.random() < 0.4 else pick(rng, words("mailboxes"))


def _reach(rng: Random, rank: int, attitude: str) -> str:
    """Those that sell to large clients are the first to integrate: these ask for it."""
    if attitude in ("leader", "follower"):
        return "large"
    return "any" if rank <= 3 else weighted(rng, {"any": 6, "small": 4, "large": 1})


def _subsidiary(rng: Random, parent: Vendor, number: str) -> Vendor:
    brand = f"{parent.brand} {pick(rng, ('Sud', 'Ouest', 'Est', 'Outre-mer', 'Territoires'))}"
    site = f"https://www.{slug(brand)}.example"
    attitude = pick(rng, _OTHERS)
    return Vendor(
        siren=number,
        brand=brand,
        name=brand,
        website=site,
        contact=f"contact@{slug(brand)}.example",
        parent_siren=parent.siren,
        trade=parent.trade,
        rank=12,
        attitude=attitude,
        homes=parent.homes,
        reach=_reach(rng, 12, attitude),
    )


def _in_house(own: Body) -> Vendor:
    return Vendor(
        siren=own.siren,
        brand="Logiciel syndical",
        name=own.name,
        website="https://www.syndicat-de-demonstration.example",
        contact="numerique@syndicat-de-demonstration.example",
        parent_siren="",
        trade="in_house",
        rank=20,
        attitude="vague",
        homes=own.departements,
        reach="any",
    )
