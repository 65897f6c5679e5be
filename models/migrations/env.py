"""Alembic runs on the connection that ``registry.database`` hands over."""

from alembic import context
from sqlmodel import SQLModel

import models as models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=SQLModel.metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
