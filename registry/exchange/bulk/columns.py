"""What a column of a file of declarations says, for whoever fills it in."""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "collectivite": "code INSEE d’une commune, ou SIREN",
    "vendor_siren": "votre SIREN",
    "product": "code de votre logiciel",
    "demarche": "code de la démarche pour laquelle il sert",
    "since": "premier jour de l’usage, comme 2024-09-01",
    "until": "premier jour sans ce logiciel ; vide s’il sert encore",
    "operator": "SIREN de qui l’exploite pour la collectivité, si ce n’est pas elle",
    "declared_by": "qui le dit ; vous, si rien n’est indiqué, ou comme le dit le registre",
    "confirmed_by": "qui d’autre le confirme, comme le dit le registre ; vide sinon",
    "service": "code du service de l’État",
    "effective_on": "jour où le raccordement en est venu là, comme 2025-01-15",
    "state": "code de l’état du raccordement",
}
