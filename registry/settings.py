"""What can be set from the environment; nothing else reads it."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """``RACCORD_…`` variables. Without ``database_url`` the embedded PostgreSQL is used.

    ``owner_database_url`` is the login that migrates, where it differs from the service's.
    """

    model_config = SettingsConfigDict(env_prefix="RACCORD_", frozen=True, extra="ignore")

    database_url: str | None = None
    owner_database_url: str | None = None
    data_dir: Path = ROOT / ".raccord"
    fixtures_dir: Path = ROOT / "fixtures"
    pool_size: int = 8
    pool_timeout: float = 5.0
    stale_after_months: int = 12
