"""What went wrong, and the way out: on a page for people, in a line for programs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from registry.auth.rates import TooOften
from registry.web.look import Look

if TYPE_CHECKING:
    from registry.web.visits import Visit

TITLES = {
    400: "Cette demande n’est pas comprise",
    403: "Vous ne pouvez pas faire cela",
    404: "Cette page n’existe pas",
    405: "Cette méthode n’est pas admise ici",
    408: "Cet envoi est trop lent",
    413: "Cet envoi est trop gros",
    415: "Cet envoi n’est pas d’un type attendu",
    429: "Trop de demandes en peu de temps",
    500: "Le registre a rencontré un défaut",
    503: "Le registre ne répond pas pour le moment",
}
RULES = {
    400: "L’adresse ou le formulaire contient une valeur que le registre ne connaît pas.",
    403: "Cette requête ne vient pas d’une page de ce site, ou la page a été ouverte avant votre"
    " connexion : rouvrez-la, puis recommencez.",
    404: "Rien ne se trouve à cette adresse.",
    405: "Cette méthode n’est pas admise ici.",
    413: "Un fichier ou un texte dépasse la taille admise.",
    415: "Un formulaire de ce site envoie autre chose.",
    408: "Le formulaire n’est pas arrivé à temps : recommencez.",
    429: "Attendez quelques secondes avant de recommencer.",
    500: "Ce n’est pas de votre fait. Si cela se reproduit, signalez-le avec le numéro ci-dessous.",
    503: "La base de données ne répond pas. Rien de ce que vous avez envoyé n’est écrit à moitié :"
    " recommencez dans un instant.",
}
OTHER = "Cette requête est refusée."
RETRY_AFTER = "30"


def page(visit: "Visit", status: int, rule: str | None = None) -> Response:
    response = visit.page("error.html", status, **_said(visit.request, status, rule))
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def too_often(visit: "Visit", cause: TooOften) -> Response:
    response = page(visit, 429, str(cause))
    response.headers["Retry-After"] = str(cause.wait)
    return response


def for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def line(request: Request, status: int, headers: Mapping[str, str]) -> Response:
    said = _said(request, status, None)
    text = said["rule"]
    if status >= 500:
        text = f"Erreur interne ; la signaler avec le numéro {said['number']}."
    return PlainTextResponse(f"{text}\n", status, headers)


def broken(look: Look, request: Request) -> Response:
    """Who asks is not looked for: that may be what broke."""
    if not for_people(request):
        return line(request, 500, {})
    content = look.render("error.html", visit=None, said=None, **_said(request, 500, None))
    return HTMLResponse(content, 500)


def _said(request: Request, status: int, rule: str | None) -> dict[str, object]:
    return {
        "code": status,
        "title": TITLES.get(status, OTHER),
        "rule": rule or RULES.get(status, OTHER),
        "number": getattr(request.state, "request_id", None),
    }
