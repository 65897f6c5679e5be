"""Whatever a field of a form says, no answer is a defect."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from starlette.routing import Route

from registry import app as root
from registry.auth import sessions
from registry.auth.rates import Rates
from registry.database import Database
from registry.settings import ROOT, Settings
from registry.web.forms import TOKEN
from registry.web.look import Look
from registry.web.visits import Door
from tests.api.sides import EBENE, town
from tests.test_envelope import PARAMETER
from tests.web.browsing import SENT, Browser, FilledForm, Page
from tests.web.conftest import Open
from tests.web.test_spaces.conftest import ELOISE, asked, surcharge

MULTIPART = "multipart/form-data"
ROOM = 90_000
"""Bytes of a form that is not too large."""
BYTES = (b"\0", b"\xff\xfe", b"\xed\xa0\x80")
DIGITS = b"9" * 5_000
SIGNS = "\u202e\u2066\u00b2\u0663%_\\'\";--".encode()
HOSTILE = (*BYTES, DIGITS, SIGNS, b"9999-12-31")
READ = re.compile(r"form\.\w+\(\s*\"(\w+)\"")
NAMED = {"product", "usage", "replaced", "share1", "evidenceUrl"}
"""Fields whose names the pages make."""
PARAMETERS = {
    "{siren}": EBENE,
    "{slug}": "famille",
    "{code}": ELOISE,
    "{service}": "FRANCECONNECT_V2",
}
SKIPPED = re.compile(
    r"/(deconnexion|connexion|static|graphi?ql|evidence)|\.(csv|json|atom|svg|png)$"
)
MOST_PAGES = 150


def alike(path: str) -> str:
    return re.sub(r"(?<=/)(\d[\dAB]*|[A-Z][A-Z_0-9]+|(?<=logiciels/)[a-z]+)(?=/|$)", "1", path)


async def pages(browser: Browser, *starts: str) -> list[Page]:
    """Those that links lead to, one of each kind: numbers and codes in an address are alike."""
    waiting, found = [*starts], {}
    while waiting and len(found) < MOST_PAGES:
        path = urlsplit(waiting.pop(0)).path
        kind = alike(path)
        if not path.startswith("/") or kind in found or SKIPPED.search(path):
            continue
        page = found[kind] = await browser.open(path)
        assert page.status < 500, path
        waiting += [address for address, _ in page.read.links]
    return [*found.values()]


def written(found: list[Page]) -> list[FilledForm]:
    """Each form that writes, once."""
    forms = {}
    for page in found:
        for form in page.read.forms:
            if form.method == "post" and not SKIPPED.search(form.action):
                action = form.action or page.path
                names = sorted({name for name, _ in form.values})
                kind = alike(action), *names
                forms.setdefault(kind, replace(form, action=action))
    return [*forms.values()]


def encoded(kind: str, fields: Mapping[str, bytes]) -> tuple[bytes, str]:
    if kind != MULTIPART:
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())
        return body.encode(), "application/x-www-form-urlencoded"
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    )
    return b"".join(parts) + b"--x--\r\n", f"{MULTIPART}; boundary=x"


def batched(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


@dataclass
class Sender:
    """Forms with a proof that they are ours, each sent for the first time."""

    browser: Browser
    numbers: Iterator[int] = field(default_factory=count)

    async def defect(self, action: str, kind: str, fields: Mapping[str, bytes]) -> str | None:
        sending = f"s{next(self.numbers)}"
        secret = self.browser.client.cookies[sessions.SESSION].encode()
        proof = hmac.new(secret, sending.encode(), hashlib.sha256).hexdigest()[:32]
        body, media = encoded(kind, fields | {TOKEN: f"{sending}.{proof}".encode()})
        reply = await self.browser.client.post(
            action, content=body, headers=SENT | {"content-type": media}, follow_redirects=False
        )
        assert reply.status_code != 415
        if reply.status_code < 500 and "Traceback" not in reply.text:
            return None
        said = {name: value[:20] for name, value in fields.items()}
        return f"{action}: {reply.status_code}: {said}"


@pytest.fixture
async def people(browsers: Open, analyst: Browser) -> Mapping[str, Browser]:
    """Who sends forms, by where their pages begin."""
    eloise, vendor = await browsers(town(ELOISE)), await browsers(EBENE)
    await asked(eloise, "OpenDispute", **surcharge())
    return {
        f"/espace/editeurs/{EBENE}": vendor,
        f"/collectivites/{ELOISE}": eloise,
        f"/espace/collectivites/{ELOISE}": eloise,
        "/espace/ministere": analyst,
    }


async def test_all_the_fields_of_every_form_at_once(
    people: Mapping[str, Browser], database: Database
) -> None:
    door = Door(database, Settings(), None, Rates(0, 0), Look(), trial="code")
    actions = [
        route.path
        for route in root._routes(door)
        if isinstance(route, Route) and "POST" in (route.methods or ())
    ]
    sources = "".join(path.read_text() for path in (ROOT / "registry" / "web").rglob("*.py"))
    names = {*READ.findall(sources), *NAMED}
    assert {"since", "signatory", "targetSiren"} <= names
    for known, value in PARAMETERS.items():
        actions = [action.replace(known, value) for action in actions]
    senders = {start: Sender(browser) for start, browser in people.items()}
    defects = []
    for action in actions:
        begun = [sender for start, sender in senders.items() if action.startswith(start)]
        sender = (begun or [*senders.values()])[0]
        for value in HOSTILE:
            for some in batched(sorted(names), ROOM // (len(value) + 20)):
                fields = dict.fromkeys(some, value)
                defects.append(await sender.defect(PARAMETER.sub("1", action), "", fields))
        fields = dict.fromkeys(names, BYTES[1])
        defects.append(await sender.defect(PARAMETER.sub("1", action), MULTIPART, fields))
    assert [each for each in defects if each] == []


@pytest.mark.parametrize("start", [0, 1, 3], ids=["vendor", "town", "ministry"])
async def test_each_field_of_a_form_that_is_right_otherwise(
    people: Mapping[str, Browser], start: int
) -> None:
    page, browser = [*people.items()][start]
    sender = Sender(browser)
    forms = written(await pages(browser, page, "/espace"))
    assert len(forms) > 4
    defects = []
    for form in forms:
        fields = {name: text.encode() for name, text in form.values}
        for name in fields:
            defects.append(await sender.defect(form.action, form.kind, fields | {name: DIGITS}))
    assert [each for each in defects if each] == []
