"""A session that ends in the middle of a form loses nothing of what was written."""

import re
from html import unescape

import sqlalchemy as sa

from registry.auth import sessions
from registry.database import Database
from registry.domain.actor import SIGN_IN
from tests.api.conftest import Token
from tests.api.sides import TOWN, town
from tests.web.browsing import Browser

OURS = {"Sec-Fetch-Site": "same-origin"}
TEXT = "Une phrase « écrite » & <longue>"


async def test_what_was_written_is_there_after_signing_in_again(
    secretary: Browser, database: Database, person: Token
) -> None:
    path, client = f"/collectivites/{TOWN}/sans-demarche", secretary.client
    async with database.transaction(SIGN_IN) as session:
        await session.execute(sa.text("UPDATE web_session SET ended_at = now()"))
    typed = {"since": "2024-01-02", "reason": TEXT, "_jeton": "a.b"}
    over = await client.post(path, headers=OURS, data=typed)
    assert over.status_code == 401
    assert 'href="/connexion?retour=/compte"' in over.text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', over.text))
    assert {name: unescape(value) for name, value in fields.items()} == {
        "_reprise": "oui",
        "since": "2024-01-02",
        "reason": TEXT,
    }
    client.cookies.set(sessions.SESSION, await person(town(TOWN)))
    resumed = typed | {"_reprise": "oui"}
    shown = await client.post(path, headers=OURS, data=resumed)
    assert shown.status_code == 422
    assert "Votre session avait expiré" in shown.text
    assert 'value="2024-01-02"' in shown.text
    elsewhere = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"}, data=resumed)
    assert elsewhere.status_code == 403


async def test_who_never_signed_in_is_not_read(public: Browser) -> None:
    public.client.cookies.set(sessions.SESSION, "x" * 43)
    reply = await public.client.post(
        f"/collectivites/{TOWN}/sans-demarche",
        headers=OURS,
        data={"reason": TEXT},
        follow_redirects=False,
    )
    assert reply.status_code == 303
