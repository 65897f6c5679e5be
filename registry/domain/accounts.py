"""The persons who signed in. The ledger knows them by a number."""

from dataclasses import dataclass, field, replace

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models import Account
from registry.domain.actor import SIGN_IN, Actor


@dataclass(frozen=True, slots=True)
class Person:
    """As an identity provider tells of them. ``organisation`` is a name."""

    issuer: str
    subject: str
    siret: str
    email: str = field(repr=False)
    organisation: str | None = None


async def remember(session: AsyncSession, person: Person) -> Account:
    """The account of that person, with what the provider says of them today."""
    said = {
        "siret": person.siret,
        "organisation": person.organisation,
        "email": person.email.lower(),
    }
    statement = (
        insert(Account)
        .values(issuer=person.issuer, subject=person.subject, **said)
        .on_conflict_do_update(index_elements=["issuer", "subject"], set_=said)
        .returning(Account)
    )
    rows = await session.scalars(statement, execution_options={"populate_existing": True})
    account: Account = rows.one()
    return account


def name(account: Account) -> str:
    return f"account:{account.recorded_id}"


def author(account: Account, siret: str) -> Actor:
    """Who signs in or out for that establishment, as the ledger writes it."""
    return replace(SIGN_IN, name=name(account), organisation=siret[:9])
