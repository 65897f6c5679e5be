from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from models.base import KEY, Base, moment, recorded_at


class Message(Base, table=True):
    """An e-mail to send, written in the transaction that decides it; ``key`` makes it unique.

    ``organisation`` is the SIREN of whom it is for. A message given up has neither ``sent_at``
    nor ``next_try_at``.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("key", "recipient"),
        sa.Index(
            "ix_message_waiting",
            "next_try_at",
            postgresql_where=sa.text("sent_at IS NULL AND next_try_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_message_undelivered",
            "organisation",
            postgresql_where=sa.text("sent_at IS NULL AND next_try_at IS NULL"),
        ),
    )

    key: str = Field(sa_type=sa.Text)
    recipient: str = Field(sa_type=sa.Text)
    organisation: str | None = Field(default=None, sa_type=KEY)
    subject: str = Field(sa_type=sa.Text)
    body: str = Field(sa_type=sa.Text)
    created_at: datetime = recorded_at()
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_try_at: datetime | None = Field(
        default=None,
        sa_type=sa.TIMESTAMP(timezone=True),
        sa_column_kwargs={"server_default": sa.func.now()},
    )
    failure: str | None = Field(default=None, sa_type=sa.Text)
    sent_at: datetime | None = moment()
