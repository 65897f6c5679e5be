"""What can be set from the environment; nothing else reads it."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _address(url: str) -> str:
    """Scheme and host are written in one case: what compares them need not know of others."""
    try:
        parts = urlsplit(url)
        given = parts.port
    except ValueError as error:
        raise ValueError("cette adresse est mal formée") from error
    scheme, name = parts.scheme.lower(), (parts.hostname or "").lower()
    local = scheme == "http" and name in LOOPBACK
    if not name or not (scheme == "https" or local):
        raise ValueError("il faut https://…, ou http:// sur cette machine")
    if parts.username is not None or parts.query or parts.fragment or not name.isascii():
        raise ValueError("il faut une adresse seule, sans compte, « ? », « # » ni accent")
    host = f"[{name}]" if ":" in name else name
    port = "" if given in (None, {"https": 443, "http": 80}[scheme]) else f":{given}"
    return f"{scheme}://{host}{port}{parts.path}"


def _site(url: str) -> str:
    """The service's own: its pages are at the root."""
    address = _address(url).rstrip("/")
    if urlsplit(address).path:
        raise ValueError("Raccord se sert à la racine d’un site : il faut une adresse sans chemin")
    return address


Address = Annotated[str, AfterValidator(_address)]
"""HTTPS, or HTTP that doesn't leave the machine."""
Site = Annotated[str, AfterValidator(_site)]


def _networks(text: str) -> str:
    """Each proxy by its address: « * » would let anyone write whom they come from."""
    try:
        for part in filter(None, text.split(",")):
            ip_network(part.strip(), strict=False)
    except ValueError as error:
        raise ValueError("il faut des adresses ou des réseaux, séparés par des virgules") from error
    return text


MOST_DAYS = 36_500
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


class Settings(BaseSettings):
    """``RACCORD_…`` variables. Without ``database_url`` the embedded PostgreSQL is used.

    ``owner_database_url`` is the login that migrates, where it differs from the service's.
    ``https`` tells browsers to come back by HTTPS alone: set it where nothing else answers.
    ``public_url`` is where browsers find the service, the root of a site; signing in by
    ``proconnect_url`` (its issuer) needs it, and the client's id and secret.
    ``proconnect_pkce`` ``auto`` sends a challenge where the provider's discovery lists S256.
    ``proconnect_hs256`` takes signatures by the client's secret, and then no others.
    ``evidence_dir`` keeps the files given as evidence, ``uploads_dir`` those of declarations, both
    in ``data_dir`` if they are not set; all that serve share them. ``exports_dir``, likewise, keeps
    the public lists written as files, which may be lost: they are written again. Each organisation
    has ``storage_limit`` bytes for evidence and declarations, 0 being no limit; a file of
    declarations is deleted ``uploads_days`` after it was worked on, a piece of evidence that
    nothing cites ``evidence_days`` after it was given. The other settings in ``_days`` are periods
    of retention: see ``domain.retention``.
    Each process of the service has its metrics on ``metrics_port`` or the first free one after it.
    ``trusted_proxies``, addresses or networks joined by commas, are believed when they say for whom
    they ask. ``requests_per_minute`` and ``points_per_minute`` (the cost of queries) are what each
    process grants to an address, ``writes_per_minute`` what the service grants to whoever is signed
    in; 0 is no limit. ``requests_at_once`` is how many of an address each process works on at
    once, at each door: the API, the pages.
    Each process has ``pool_size`` connections. Queries by the API take half of them at most, and
    two for one request (``connections_per_request``); writers take a third at most: what is left is
    the pages'.
    ``http_connections``, of which an address holds ``http_connections_per_address`` at most, are
    those of each process; ``sockets_per_address`` are an address's WebSockets. A head is to come
    whole in ``head_seconds``; a body brings a kilobyte a second in each span of ``body_seconds``.
    Once it is told to stop, the service has ``stop_seconds`` to end what it answers.
    ``response_cache_bytes`` bounds the answers that each process keeps to public queries; 0 keeps
    none.
    ``site_dir`` holds the templates and static files that replace the pages' own: see ``web.look``.
    Messages are sent by ``smtp_host`` in the name of ``mail_from``, with links to ``public_url``;
    without both of them they wait.
    """

    model_config = SettingsConfigDict(env_prefix="RACCORD_", frozen=True, extra="ignore")

    database_url: str | None = None
    owner_database_url: str | None = None
    data_dir: Path = ROOT / ".raccord"
    uploads_dir: Path | None = None
    upload_limit: int = 100_000_000
    evidence_dir: Path | None = None
    exports_dir: Path | None = None
    storage_limit: int = Field(2_000_000_000, ge=0)
    uploads_days: Days = 30
    evidence_days: Days = 30
    accounts_days: Days = 1_095
    sessions_days: Days = 1
    delegations_days: Days = 365
    signatories_days: Days = 1_826
    replaced_values_days: Days = 365
    # Within the month a reminder is looked for anew, and a message that is gone would leave again.
    messages_days: int = Field(365, ge=32, le=MOST_DAYS)
    idempotency_days: Days = 30
    fixtures_dir: Path = ROOT / "fixtures"
    site_dir: Path | None = None
    pool_size: int = Field(9, ge=3)
    pool_timeout: float = 5.0
    https: bool = False
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stale_after_months: int = 12
    response_cache_bytes: int = Field(64_000_000, ge=0)
    public_url: Site | None = None
    proconnect_url: Address | None = None
    proconnect_client_id: str | None = None
    proconnect_client_secret: SecretStr | None = None
    proconnect_pkce: Literal["auto", "always", "never"] = "auto"
    proconnect_hs256: bool = False
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = ""
    requests_per_minute: int = Field(1_200, ge=0)
    points_per_minute: int = Field(120_000, ge=0)
    requests_at_once: int = Field(4, ge=0)
    connections_per_request: int = Field(2, ge=1)
    writes_per_minute: int = Field(600, ge=0, lt=2**31 - 1)
    http_connections: int = Field(400, gt=0)
    http_connections_per_address: int = Field(100, gt=0)
    sockets_per_address: int = Field(50, gt=0)
    head_seconds: float = Field(10.0, gt=0)
    body_seconds: float = Field(10.0, gt=0)
    stop_seconds: int = Field(20, gt=0)
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = Field("raccord@localhost", pattern=r"^[^\s@,<>]+@[A-Za-z0-9.-]+$")

    @classmethod
    def variable(cls, field: str) -> str:
        """The name of a setting in the environment."""
        return f"{cls.model_config['env_prefix']}{field}".upper()

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service by HTTPS alone, and its cookies too."""
        return self.https or (self.public_url or "").startswith("https:")

    @property
    def query_share(self) -> int:
        """Connections for queries by the API."""
        return self.pool_size // 2

    @property
    def write_share(self) -> int:
        """Connections for transactions."""
        return self.pool_size // 3

    @property
    def sends(self) -> bool:
        return self.smtp_host is not None and self.public_url is not None

    @property
    def evidence_folder(self) -> Path:
        return self.evidence_dir or self.data_dir / "evidence"

    @property
    def exports_folder(self) -> Path:
        return self.exports_dir or self.data_dir / "exports"

    @property
    def uploads_folder(self) -> Path:
        return self.uploads_dir or self.data_dir / "uploads"
