"""How every message reads. No subject holds what a person wrote."""

SITE = "{public_url}"
"""Stands in the outbox for the service's address, which whoever sends knows."""


def body(link: str, *paragraphs: str) -> str:
    return "\n\n".join(
        [
            "Bonjour,",
            *paragraphs,
            f"{SITE}{link}",
            "-- \nRaccord, le registre de la charte FranceConnect\n"
            "Ce message est automatique : les réponses ne sont pas lues.\n",
        ]
    )


def vendor_page(siren: str) -> str:
    return f"/editeurs/{siren}"


def collectivite_page(code: str) -> str:
    return f"/collectivites/{code}"
