"""What can be set from the environment; nothing else reads it."""

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """``RACCORD_…`` variables. Without ``database_url`` the embedded PostgreSQL is used.

    ``owner_database_url`` is the login that migrates, where it differs from the service's.
    ``https`` tells browsers to come back by HTTPS alone: set it where nothing else answers.
    Each process of the service has its metrics on ``metrics_port`` or the first free one after it.
    """

    model_config = SettingsConfigDict(env_prefix="RACCORD_", frozen=True, extra="ignore")

    database_url: str | None = None
    owner_database_url: str | None = None
    data_dir: Path = ROOT / ".raccord"
    uploads_dir: Path = ROOT / ".raccord" / "uploads"
    upload_limit: int = 100_000_000
    fixtures_dir: Path = ROOT / "fixtures"
    pool_size: int = 8
    pool_timeout: float = 5.0
    https: bool = False
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stale_after_months: int = 12
