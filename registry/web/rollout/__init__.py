"""The rollout: how far it is, what blocks it, and the shortest way to the targets."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain

from starlette.responses import Response
from starlette.routing import Route

from registry.exchange.lists import Format
from registry.web import exports
from registry.web.rollout import blockers, changes, coverage, plan, simulation, trend
from registry.web.rollout.scopes import PATH, told
from registry.web.visits import At, Endpoint, Visit

SHOWN: dict[str, Endpoint] = {
    PATH: coverage.show,
    f"{PATH}/tendance": trend.show,
    f"{PATH}/blocages": blockers.show,
    f"{PATH}/simulation": simulation.show,
    f"{PATH}/plan": plan.show,
    f"{PATH}/changements": changes.show,
    f"{PATH}/changements/logiciels": changes.show_products,
}
FILES: dict[str, Callable[[Format, Visit], Awaitable[Response]]] = {
    PATH: coverage.file,
    f"{PATH}/departements": coverage.file_departements,
    f"{PATH}/tendance": trend.file,
    f"{PATH}/blocages": blockers.file,
    f"{PATH}/plan": plan.file,
    f"{PATH}/changements": changes.file,
    f"{PATH}/changements/logiciels": changes.file_products,
}
"""Those of their lists."""


def routes(at: At) -> list[Route]:
    shown = [at(path, told(endpoint)) for path, endpoint in SHOWN.items()]
    files = (exports.routes(at, path, partial(_as_file, file)) for path, file in FILES.items())
    return [*shown, *chain.from_iterable(files)]


def _as_file(file: Callable[[Format, Visit], Awaitable[Response]], format: Format) -> Endpoint:
    return told(partial(file, format))
