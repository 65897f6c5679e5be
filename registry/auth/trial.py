"""The development sign-in: on one's own machine, any of the demo's organisations, at a click.

Local means loopback and nothing in between, which no header proves: a relay may write them all. Who
may use it has read the code of this run, in the address that the terminal shows.
"""

import hmac
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from registry.auth import sessions, signing_in
from registry.auth.signing_in import SignedIn, local_path
from registry.database import Database
from registry.domain.accounts import Person
from registry.domain.examples import ISSUER, Example, examples
from registry.settings import LOOPBACK, Settings

CODE_FILE = "connexion-essai"
"""In the data folder, for the processes of one service and its owner alone."""
RELAYED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"}


class TrialRefused(ValueError):
    """It would let anyone in; the message says why."""


def check(settings: Settings, host: str) -> None:
    """Raises ``TrialRefused`` where the registry is not one's own, on one's own machine."""
    if settings.database_url is not None:
        raise TrialRefused(
            "La connexion d’essai n’existe qu’avec la base embarquée : retirez --dev-sign-in,"
            " ou RACCORD_DATABASE_URL."
        )
    if settings.proconnect_url is not None:
        raise TrialRefused(
            "La connexion d’essai ne va pas avec ProConnect : retirez --dev-sign-in,"
            " ou RACCORD_PROCONNECT_URL."
        )
    if not is_loopback(host):
        raise TrialRefused(
            f"La connexion d’essai ouvrirait le registre à quiconque atteint {host} :"
            " servez sur 127.0.0.1, ou retirez --dev-sign-in."
        )


def renew_code(settings: Settings) -> str:
    """That of the former run opens nothing any more."""
    secret, file = sessions.generate(), settings.data_dir / CODE_FILE
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(0o600, exist_ok=False)
    file.write_text(secret, encoding="ascii")
    return secret


def read_code(settings: Settings) -> str:
    return (settings.data_dir / CODE_FILE).read_text(encoding="ascii")


def is_code(expected: str, given: str | None) -> bool:
    return hmac.compare_digest(expected.encode(), (given or "").encode(errors="replace"))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def is_local(client: str, headers: Mapping[str, str]) -> bool:
    """Whether someone on this machine asks, under its own name, and no relay for another.

    The name counts: a page of another site may have its own name lead to this machine.
    """
    if not is_loopback(client) or RELAYED & {name.lower() for name in headers}:
        return False
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname in LOOPBACK
    except ValueError:
        return False


async def identities(database: Database) -> list[Example]:
    async with database.read() as session:
        return await examples(session)


async def enter(
    database: Database, siren: str, former: str | None, return_to: str | None = None
) -> SignedIn | None:
    """None for an organisation that is not among those to try."""
    for example in await identities(database):
        if example.siren == siren:
            person = Person(ISSUER, siren, example.siret, f"essai@{siren}.example", example.name)
            return await signing_in.enter(database, person, local_path(return_to), former)
    return None
