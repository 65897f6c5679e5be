"""The vendor's space: its products and their states, its commitment, its clients."""

from collections.abc import Callable
from itertools import chain

from starlette.routing import Route

from registry.exchange.bulk import templates
from registry.exchange.lists import Format
from registry.web import exports
from registry.web.spaces.vendors import (
    activations,
    bulk_declarations,
    clients,
    commitments,
    delegations,
    deployments,
    disputes,
    integrations,
    overview,
    products,
    registration,
    sheet,
    tokens,
)
from registry.web.spaces.vendors.space import ROOT, Page, own
from registry.web.visits import At

OWN = f"{ROOT}/{{siren}}"
SHOWN: dict[str, Page] = {
    "": overview.show,
    "/logiciels": products.show_all,
    "/nouveau-logiciel": products.show_new,
    "/logiciels/{slug}": products.show,
    "/logiciels/{slug}/fiche": products.show_edit,
    "/logiciels/{slug}/retrait": products.show_retirement,
    "/logiciels/{slug}/services/{service}": integrations.show,
    "/logiciels/{slug}/services/{service}/correction": integrations.show_amendment,
    "/engagement": commitments.show_all,
    "/engagement/signature": commitments.show_signing,
    "/engagement/refus": commitments.show_declining,
    "/engagement/retrait": commitments.show_withdrawing,
    "/clients": clients.show,
    "/nouveau-client": deployments.search,
    "/nouveau-client/{code}": deployments.show_declaration,
    "/clients/{id}": deployments.show,
    "/clients/{id}/services/{service}": activations.show,
    "/fichiers": bulk_declarations.show_all,
    "/fichiers/{id}": bulk_declarations.show,
    "/fichiers/{id}/lignes-fautives.csv": bulk_declarations.faulty_lines,
    "/contestations": disputes.show_all,
    "/contestations/{id}": disputes.show,
    "/jetons": tokens.show,
    "/delegues": delegations.show,
    "/fiche": sheet.show,
    "/fiche/declaration": sheet.show_statement,
}
TEMPLATES: dict[str, Page] = {
    f"/fichiers/modeles/{contents}.{kind}": bulk_declarations.template(noun, kind)
    for noun, contents in bulk_declarations.CONTENTS.items()
    for kind in templates.Format
}
FILES: dict[str, Callable[[Format], Page]] = {
    "/logiciels": products.as_file,
    "/clients": clients.as_file,
    "/fichiers": bulk_declarations.as_file,
    "/contestations": disputes.as_file,
    "/jetons": tokens.as_file,
    "/delegues": delegations.as_file,
}
SENT: dict[str, Page] = {
    "/nouveau-logiciel": products.add,
    "/logiciels/{slug}/fiche": products.edit,
    "/logiciels/{slug}/retrait": products.retire,
    "/logiciels/{slug}/services/{service}": integrations.record,
    "/logiciels/{slug}/services/{service}/correction": integrations.amend,
    "/logiciels/{slug}/services/{service}/confirmation": integrations.confirm,
    "/engagement/signature": commitments.sign,
    "/engagement/refus": commitments.decline,
    "/engagement/retrait": commitments.withdraw,
    "/nouveau-client/{code}": deployments.declare,
    "/clients": clients.confirm,
    "/clients/{id}/confirmation": deployments.confirm,
    "/clients/{id}/fin": deployments.end,
    "/clients/{id}/services/{service}": activations.record,
    "/fichiers": bulk_declarations.send,
    "/fichiers/{id}/envoi": bulk_declarations.send_for_good,
    "/contestations/{id}/reponse": disputes.reply,
    "/contestations/{id}/reouverture": disputes.reopen,
    "/jetons": tokens.create,
    "/jetons/{id}/renouvellement": tokens.rotate,
    "/jetons/{id}/revocation": tokens.revoke,
    "/delegues": delegations.name,
    "/delegues/{id}/fin": delegations.end,
    "/fiche": sheet.edit,
    "/fiche/declaration": sheet.publish,
}


def routes(at: At) -> list[Route]:
    return [
        at(f"{ROOT}/inscription", registration.show),
        at(f"{ROOT}/inscription", registration.register, "POST"),
        *(at(f"{OWN}{path}", own(page)) for path, page in (SHOWN | TEMPLATES).items()),
        *chain.from_iterable(_files(at, f"{OWN}{path}", page) for path, page in FILES.items()),
        *(at(f"{OWN}{path}", own(page), "POST") for path, page in SENT.items()),
    ]


def _files(at: At, path: str, page: Callable[[Format], Page]) -> list[Route]:
    return exports.routes(at, path, lambda format: own(page(format)))
