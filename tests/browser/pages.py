"""Every page that is looked at: where it is, who looks at it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """As the page of the trial sign-in says it."""

    MINISTRY = "Ministère"
    VENDOR = "Éditeur"
    TOWN = "Collectivité"
    OPERATOR = "Opérateur"


class Address(NamedTuple):
    """``path`` has in braces the keys of ``visitors.Visitors.keys``.

    ``follow``: the page is the first of those that it leads to whose path is as this says.
    """

    name: str
    path: str
    role: Role | None = None
    follow: str | None = None
    status: int = 200


def _of(role: Role, prefix: str, root: str, **pages: str | tuple[str, str]) -> Iterator[Address]:
    """Pages by their names; each a path from ``root``, and what to follow there if need be."""
    for name, said in pages.items():
        path, follow = (said, None) if isinstance(said, str) else said
        yield Address(f"{prefix}-{name.replace('_', '-')}", f"{root}{path}", role, follow)


PUBLIC = (
    Address("accueil", "/"),
    Address("recherche", "/recherche?q=mont"),
    Address("recherche-vaine", "/recherche?q=zzzz"),
    Address("collectivites", "/collectivites"),
    Address("collectivites-filtrees", "/collectivites?departement=69"),
    Address("collectivite", "/collectivites/{town}"),
    Address("collectivite-courrier", "/collectivites/{town}/courrier"),
    Address("logiciels", "/logiciels"),
    Address("logiciel", "/editeurs/{vendor}/{product}"),
    Address("comparer", "/comparer?a={vendor}/{product}&b={vendor}/{other}"),
    Address("editeurs", "/editeurs"),
    Address("editeur", "/editeurs/{vendor}"),
    Address("deploiement", "/deploiement"),
    Address("deploiement-region", "/deploiement?region=84"),
    Address("tendance", "/deploiement/tendance"),
    Address("blocages", "/deploiement/blocages"),
    Address("simulation", "/deploiement/simulation"),
    Address("plan", "/deploiement/plan"),
    Address("changements", "/deploiement/changements"),
    Address("changements-logiciels", "/deploiement/changements/logiciels"),
    Address("aide", "/aide"),
    Address("api", "/api"),
    Address("introuvable", "/nulle-part", status=404),
    Address("connexion", "/compte"),
    Address("connexion-essai", "/connexion/essai"),
    Address("deconnecte", "/deconnexion"),
    Address("compte", "/compte", Role.VENDOR),
)
VENDOR = _of(
    Role.VENDOR,
    "editeur",
    "/espace/editeurs/{vendor}",
    espace="",
    logiciels="/logiciels",
    nouveau_logiciel="/nouveau-logiciel",
    logiciel="/logiciels/{product}",
    fiche_logiciel="/logiciels/{product}/fiche",
    retrait_logiciel="/logiciels/{product}/retrait",
    service="/logiciels/{product}/services/FRANCECONNECT_V2",
    engagement="/engagement",
    signature="/engagement/signature",
    refus="/engagement/refus",
    clients="/clients",
    client=("/clients", r"/espace/editeurs/\d+/clients/\d+"),
    nouveau_client="/nouveau-client",
    declaration_client="/nouveau-client/{town}",
    fichiers="/fichiers",
    contestations="/contestations",
    contestation=("/contestations", r"/espace/editeurs/\d+/contestations/\d+"),
    jetons="/jetons",
    delegues="/delegues",
    fiche="/fiche",
    declaration="/fiche/declaration",
)
TOWN = _of(
    Role.TOWN,
    "commune",
    "/collectivites/{town}",
    page="",
    nouveau_logiciel="/logiciels",
    logiciel_inconnu="/logiciels/inconnu",
    sans_demarche="/sans-demarche",
    surcout="/surcout",
    contester="/contester",
    usage=("", r"/collectivites/\w+/usages/\d+"),
    fin=("", r"/collectivites/\w+/usages/\d+/fin"),
)
TOWN_SPACE = _of(
    Role.TOWN,
    "commune",
    "/espace/collectivites/{town}",
    espace="",
    raccordement=("", r"/espace/raccordements/\d+"),
    contestations="/contestations",
    contestation=("/contestations", r"/espace/collectivites/\w+/contestations/\d+"),
    subventions="/subventions",
    subvention=("/subventions", r"/espace/collectivites/\w+/subventions/\d+"),
    delegues="/delegues",
)
OPERATOR = _of(Role.OPERATOR, "operateur", "/espace/operateur", espace="")
MINISTRY = _of(
    Role.MINISTRY,
    "ministere",
    "/espace/ministere",
    espace="",
    file="/file",
    integration=("/file?sorte=INTEGRATION_TO_VERIFY", r"/espace/ministere/integrations/\d+"),
    logiciel_nomme=("/file?sorte=SOFTWARE_TO_SETTLE", r"/espace/ministere/logiciels-nommes/\d+"),
    contestations="/contestations",
    contestation=("/contestations", r"/espace/ministere/contestations/\d+"),
    subventions="/subventions",
    subvention=("/subventions", r"/espace/ministere/subventions/\d+"),
    editeurs="/editeurs",
    nouvel_editeur="/editeurs/nouveau",
    editeur="/editeurs/{vendor}",
    reunion="/editeurs/{vendor}/reunion",
    logiciel=("/editeurs/{vendor}", r"/espace/ministere/logiciels/\d+"),
    campagne="/campagne",
    etablissements="/etablissements",
    journal="/journal",
    entrees=("/journal", r"/espace/ministere/journal/\w+/\d+"),
)
PAGES = (*PUBLIC, *VENDOR, *TOWN, *TOWN_SPACE, *OPERATOR, *MINISTRY)
