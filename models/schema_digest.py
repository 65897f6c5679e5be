import sqlalchemy as sa
from sqlmodel import Field

from models.base import Base


class SchemaDigest(Base, table=True):
    """The walls of the database as the last migration left them; see ``models.migrations``.

    ``server`` is PostgreSQL's major version, which words what it enforces.
    """

    __tablename__ = "schema_digest"
    __table_args__ = (sa.Index("uq_schema_digest_single", sa.text("(true)"), unique=True),)

    revision: str = Field(sa_type=sa.Text)
    server: int
    digest: str = Field(sa_type=sa.Text)
