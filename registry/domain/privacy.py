"""What the registry holds of a mailbox or of an account, and how it forgets them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from registry.domain import ledger, record_values
from registry.domain.actor import Actor, Role
from registry.domain.errors import NotAllowed, NotFound
from registry.domain.record_values import Value

VALUES = sa.text("""
    SELECT noun, subject_id, field, value FROM record_value AS known
    WHERE lower(value) = lower(:mailbox)
       OR (noun = 'account' AND subject_id = ANY(:accounts))
    ORDER BY noun, subject_id, field, id
""")
ACCOUNTS = sa.text("""
    SELECT id FROM account WHERE lower(email) = lower(:mailbox) OR id = :account
""")
OF_RECORDS = sa.text("""
    SELECT noun, subject_id, field, value FROM record_value
    WHERE noun = :noun AND subject_id = ANY(:ids) ORDER BY subject_id, field, id
""")
MAILBOXES = sa.text("SELECT email FROM account WHERE id = :account")
RECORDS: Mapping[str, str] = {
    "accounts": """
        SELECT id, issuer, subject, siret, organisation, email, created_at
        FROM account WHERE id = ANY(:accounts) ORDER BY id
    """,
    "sessions": """
        SELECT id, account_id, siret, created_at, used_at, ended_at
        FROM web_session WHERE account_id = ANY(:accounts) ORDER BY id
    """,
    "delegations": """
        SELECT id, siren, delegate_siren, email, created_at, ended_at
        FROM delegation WHERE lower(email) = lower(:mailbox) ORDER BY id
    """,
    "vendors": """
        SELECT id, siren, name, contact FROM vendor
        WHERE lower(contact) = lower(:mailbox) ORDER BY id
    """,
    "messages": """
        SELECT id, recipient, subject, body, created_at, sent_at
        FROM message WHERE lower(recipient) = lower(:mailbox) ORDER BY id
    """,
    "entries": """
        SELECT seq, recorded_at, noun, subject_id,
               CAST(convert_from(payload, 'UTF8') AS json) ->> 'action' AS action
        FROM ledger WHERE noun = 'account' AND subject_id = ANY(:accounts) ORDER BY seq
    """,
}
"""For each part of an export, what it selects."""
LEAVING = ("account", "delegation")
"""The nouns whose rows go with the person; of the others a column alone is emptied."""


async def export(session: AsyncSession, actor: Actor, person: str) -> dict[str, Any]:
    """All that concerns the mailbox, or the account of that number."""
    _check_terminal(actor)
    subject = await _subject(session, person)
    found: dict[str, Any] = {"person": person}
    for part, query in RECORDS.items():
        rows = await session.execute(sa.text(query), subject)
        found[part] = [dict(row) for row in rows.mappings()]
    values = await session.execute(VALUES, subject)
    found["values"] = [dict(row) for row in values.mappings()]
    return found


async def erase(session: AsyncSession, actor: Actor, person: str) -> Mapping[str, int]:
    """Forget them, each value with its entry; what was removed, by noun."""
    _check_terminal(actor)
    subject = await _subject(session, person)
    await ledger.take_turn(session)
    values = [Value(*row) for row in await session.execute(VALUES, subject)]
    if not values:
        raise NotFound("person", "Le registre ne tient rien de cette personne.")
    await _forget(session, values)
    messages = await session.execute(
        sa.text("DELETE FROM message WHERE lower(recipient) = lower(:mailbox) RETURNING id"),
        subject,
    )
    return Counter(value.noun for value in values) | {"message": len(messages.all())}


async def forget(session: AsyncSession, noun: str, ids: Sequence[int]) -> None:
    """Likewise for all that was ever recorded of a person in these records."""
    rows = await session.execute(OF_RECORDS, {"noun": noun, "ids": [*ids]})
    await _forget(session, [Value(*row) for row in rows])


async def _forget(session: AsyncSession, values: Sequence[Value]) -> None:
    """The records no longer hold the values, then the ledger; records of a person alone go."""
    places = sorted({(value.noun, value.field) for value in values if value.noun not in LEAVING})
    for noun, field in places:
        held = [value for value in values if (value.noun, value.field) == (noun, field)]
        await session.execute(
            sa.text(
                f"UPDATE {noun} SET {field} = NULL"
                " FROM unnest(CAST(:ids AS bigint[]), CAST(:values AS text[])) AS given (id, value)"
                f" WHERE {noun}.id = given.id AND {noun}.{field} = given.value"
            ),
            {
                "ids": [value.subject_id for value in held],
                "values": [value.value for value in held],
            },
        )
    await record_values.erase(session, values)
    for noun in LEAVING:
        await _remove(
            session, noun, sorted({each.subject_id for each in values if each.noun == noun})
        )


async def _remove(session: AsyncSession, noun: str, ids: Sequence[int]) -> None:
    """Delete rows whose personal values are erased, once the ledger says that they go."""
    if ids:
        await ledger.append(session, "delete", noun, ids)
        if noun == "account":
            await session.execute(
                sa.text("DELETE FROM web_session WHERE account_id = ANY(:ids)"), {"ids": ids}
            )
        await session.execute(sa.text(f"DELETE FROM {noun} WHERE id = ANY(:ids)"), {"ids": ids})


async def _subject(session: AsyncSession, person: str) -> dict[str, Any]:
    account = int(person) if person.isascii() and person.isdigit() and len(person) < 19 else None
    mailbox = person
    if account is not None:
        mailbox = await session.scalar(MAILBOXES, {"account": account}) or ""
        if not mailbox:
            raise NotFound("person", "Aucun compte n’a ce numéro.")
    ids = await session.scalars(ACCOUNTS, {"mailbox": mailbox, "account": account})
    return {"mailbox": mailbox, "accounts": [*ids]}


def _check_terminal(actor: Actor) -> None:
    if actor.role is not Role.ADMINISTRATOR:
        raise NotAllowed("Seul l’administrateur du registre exporte ou efface une personne.")
