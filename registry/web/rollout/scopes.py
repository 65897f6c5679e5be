"""What a page of the rollout is asked about: in its address, in a sentence, in a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Collectivite, Demarche, Stratum, Territory, TerritoryKind
from registry.domain import collectivites, days, territories
from registry.domain.errors import InvalidInput
from registry.domain.rollout.scope import Basis, Scope
from registry.domain.words import DEMARCHES, STRATA
from registry.exchange.lists import Format
from registry.web import kept
from registry.web.french import day, listed
from registry.web.queries import AFTER, BEFORE, Query
from registry.web.visits import Endpoint, Visit

DATE = "au"
NAMES = ("strate", "departement", "region", "epci", "demarche", "base", DATE)
PATH = "/deploiement"
PAGES = {
    PATH: "Couverture",
    f"{PATH}/tendance": "Tendance et prévision",
    f"{PATH}/blocages": "Blocages",
    f"{PATH}/simulation": "Simulation",
    f"{PATH}/plan": "Plan",
    f"{PATH}/changements": "Changements",
}
OWN: Mapping[str, tuple[str, ...]] = {
    f"{PATH}/blocages": ("par",),
    f"{PATH}/simulation": ("par", "editeur", "logiciel", "ajouter", "calculer"),
    f"{PATH}/plan": ("par", "sauf", "promis", "auplus", "calculer"),
    f"{PATH}/changements": ("depuis", "jusqua", "genre", "verdict"),
}
"""What each page may be asked besides its scope."""
ASKED_FOR = ("calculer", "oui")
LABELS: Mapping[str, str] = {
    "sauf": "Sans compter sur",
    "promis": "Déjà promis",
    "auplus": "Étapes au plus",
    "editeur": "Éditeur",
    "logiciel": "Logiciel",
    "depuis": "Du",
    "jusqua": "Au",
}
"""What pages are asked in people's own words, besides the scope."""
DATELESS = (f"{PATH}/tendance", f"{PATH}/changements")
"""What spans dates of its own takes none from its scope."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``query`` is the whole address; ``epci`` is the one that the scope names."""

    query: Query
    scope: Scope
    departements: Sequence[Territory] = ()
    regions: Sequence[Territory] = ()
    epci: Collectivite | None = None

    @property
    def tabs(self) -> list[tuple[str, str]]:
        return [(self.to(path), words) for path, words in PAGES.items()]

    @property
    def tab(self) -> str:
        """The page of ``PAGES`` that this one is, or is part of."""
        return next(path for path in reversed(PAGES) if self.query.path.startswith(path))

    @property
    def dated(self) -> bool:
        return self.tab not in DATELESS

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the address says besides the scope and the place in a list; where it was refused,
        no more than what can't be wrong.
        """
        if self.query.faults:
            return tuple(pair for pair in self.query.pairs if pair == ASKED_FOR)
        other = {*NAMES, AFTER, BEFORE}
        return tuple(pair for pair in self.query.pairs if pair[0] not in other)

    @property
    def corrected(self) -> list[tuple[str, str]]:
        """What is to be seen, and mended, once it was refused: by parameter, its label."""
        asked = [pair for pair in LABELS.items() if self.query.all(pair[0])]
        return asked if self.query.faults else []

    @property
    def scoped(self) -> tuple[tuple[str, str], ...]:
        return tuple(pair for pair in self.query.pairs if pair[0] in NAMES)

    def to(self, path: str, **changes: str | None) -> str:
        """Another page on the same scope."""
        dropped: dict[str, str | None] = {DATE: None} if path in DATELESS else {}
        return Query(path, self.scoped).link(**dropped, **changes)

    @property
    def sentence(self) -> str:
        scope = self.scope
        who, place = self._who(), self._place()
        if place:
            text = f"{who or 'Collectivités'} {', '.join(place)}"
        else:
            text = f"{who} de la France entière" if who else "France entière"
        if scope.demarche:
            text += f", pour la démarche «\u00a0{DEMARCHES[scope.demarche]}\u00a0»"
        if scope.basis is Basis.CONFIRMED:
            text += ", d’après les seuls usages confirmés"
        return f"{text}, au {day(scope.as_of)}." if scope.as_of else f"{text}."

    def _who(self) -> str:
        if not self.scope.strata:
            return ""
        first, *others = (STRATA[stratum] for stratum in self.scope.listed_strata)
        return listed([first, *(words[0].lower() + words[1:] for words in others)])

    def _place(self) -> list[str]:
        scope, place = self.scope, []
        if scope.departement:
            place.append(f"du département {_called(scope.departement, self.departements)}")
        if scope.region:
            place.append(f"de la région {_called(scope.region, self.regions)}")
        if self.epci:
            place.append(f"de l’intercommunalité {self.epci.name} et de ses communes")
        return place


def _called(code: str, known: Sequence[Territory]) -> str:
    name = next((territory.name for territory in known if territory.code == code), None)
    return f"{code} ({name})" if name else code


def scope_of(query: Query) -> Scope:
    """Raise ``InvalidInput`` for what is no scope; a territory is checked by who reads it."""
    return Scope(
        strata=query.words("strate", Stratum),
        departement=query.get("departement"),
        region=query.get("region"),
        epci=query.get("epci"),
        demarche=query.word("demarche", Demarche),
        basis=query.word("base", Basis) or Basis.DECLARED,
        as_of=None if query.path.startswith(DATELESS) else _day(query),
    )


def _day(query: Query) -> date | None:
    found = query.date(DATE)
    return None if found is None else days.past(DATE, found)


async def asked(visit: Visit) -> Asked:
    known = await _known(visit)
    scope, epci = scope_of(known.query), None
    if scope.epci:
        async with visit.database.read() as session:
            epci = await collectivites.by_code(session, scope.epci, "epci")
    return replace(known, scope=scope, epci=epci)


async def _known(visit: Visit) -> Asked:
    path = visit.request.url.path
    paging = () if path.endswith(tuple(f".{format}" for format in Format)) else (AFTER, BEFORE)
    query = Query.of(visit.request, _accepted(path), paging=paging)
    departements, regions = await kept.read(visit, "territories", _territories)
    return Asked(query, Scope(), departements, regions)


def _accepted(path: str) -> tuple[str, ...]:
    tab = next(known for known in reversed(PAGES) if path.startswith(known))
    return (*NAMES, *OWN.get(tab, ()))


async def _territories(session: AsyncSession) -> tuple[Sequence[Territory], Sequence[Territory]]:
    found = await territories.of_kinds(session)
    return found[TerritoryKind.DEPARTEMENT], found[TerritoryKind.REGION]


def told(endpoint: Endpoint) -> Endpoint:
    """What the address asks and can't be is told above the form that asked it."""

    @wraps(endpoint)
    async def run(visit: Visit) -> Response:
        try:
            response = await endpoint(visit)
        except InvalidInput as refusal:
            known = await _known(visit)
            refused = replace(known, query=known.query.refused(refusal))
            labels = {**LABELS, "epci": "Intercommunalité", DATE: "À la date du"}
            response = visit.page("rollout/unknown.html", 400, asked=refused, labels=labels)
        if response.status_code == 400 and visit.enhanced:
            # htmx shows no refusal: the browser is sent to the page that does.
            response.headers["HX-Redirect"] = visit.address
        return response

    return run
