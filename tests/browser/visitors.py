"""Those who look at pages: a session of each role, opened once, and what is theirs."""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.api.conftest import OPERATIONS
from tests.browser.pages import Address, Role

WIDTHS = {360: 740, 1280: 800}
"""And the heights that go with them."""
PATIENCE = 30_000
OURS = {"Sec-Fetch-Site": "same-origin"}
OF_VENDOR = "{ me { vendors { siren products(first: 2) { edges { node { slug } } } } } }"
OF_TOWN = """{ me { collectivites {
  code name deployments { demarche product { slug vendor { siren } } }
} } }"""


class Visitors:
    """``entrance`` is the address, with its code, that the terminal shows to whoever serves."""

    def __init__(self, browser: Browser, entrance: str) -> None:
        self.browser = browser
        self.entrance = entrance
        self.base_url = entrance.partition("/connexion")[0]
        self.session = cache(self._sign_in)
        self.path = cache(self._path)

    def window(
        self, role: Role | None, width: int = 1280, *, script: bool = True
    ) -> BrowserContext:
        """Of someone who prefers that nothing moves: colours are there at once."""
        window = self.browser.new_context(
            base_url=self.base_url,
            viewport={"width": width, "height": WIDTHS[width]},
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="fr-FR",
            timezone_id="Europe/Paris",
            storage_state=None if role is None else self.session(role),
        )
        window.set_default_timeout(PATIENCE)
        window.request.get(self.entrance)
        return window

    def _path(self, address: Address) -> str:
        path = address.path.format_map(self.keys)
        return path if address.follow is None else self._led(path, address)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Of what is theirs, once there is something to read where the demo has nothing."""
        (vendor,) = self._asked(Role.VENDOR, OF_VENDOR)["me"]["vendors"]
        product, other = (edge["node"]["slug"] for edge in vendor["products"]["edges"])
        (town,) = self._asked(Role.TOWN, OF_TOWN)["me"]["collectivites"]
        self._prepare(vendor["siren"], town)
        return {
            "vendor": vendor["siren"],
            "product": product,
            "other": other,
            "town": town["code"],
            "town_name": town["name"],
        }

    def _prepare(self, vendor: str, town: Any) -> None:
        used = next(
            use["product"]
            for use in town["deployments"]
            if use["product"]["vendor"]["siren"] == vendor
        )
        with self.window(Role.TOWN) as window:
            page, own = window.new_page(), {"collectivite": town["code"]}
            write(
                page,
                "OpenDispute",
                **own,
                vendorSiren=vendor,
                product=used["slug"],
                kind="SURCHARGE",
                surchargeKind="RECURRING_FEES",
                amountCents=120_000,
                statement="Le devis du 3 mars compte FranceConnect à part.",
                evidenceUrl="https://collectivite.example/devis.pdf",
            )
            write(page, "NameSoftware", **own, name="Sablier", demarches=["URBANISME"])
            write(page, "ClaimGrant", **own, submit=False)
        with self.window(Role.VENDOR) as window:
            write(window.new_page(), "CreateToken", name="essai", scopes=["READ"], days=30)

    def _led(self, path: str, address: Address) -> str:
        with self.window(address.role) as window:
            html = window.request.get(path).text()
        found = re.search(f'href="({address.follow})"', html)
        assert found, f"{path} leads to no {address.follow}"
        return found[1]

    def _asked(self, role: Role, query: str) -> Any:
        with self.window(role) as window:
            return ask(window.new_page(), query)

    def _sign_in(self, role: Role) -> StorageState:
        with self.window(None) as window:
            page = window.new_page()
            page.goto("/connexion")
            choose(page, role)
            return window.storage_state()


def choose(page: Page, role: Role) -> None:
    """On the page of the trial sign-in, the first of that role."""
    page.get_by_role("button", name=re.compile(f"^{role}")).first.click()


def ask(page: Page, query: str, **variables: Any) -> Any:
    """What the GraphQL door answers to whoever has this page."""
    said = {"query": query, "variables": variables}
    answer = page.request.post("/graphql", data=said, headers=OURS).json()
    assert "errors" not in answer, answer
    return answer["data"]


def write(page: Page, operation: str, **given: Any) -> None:
    query = (OPERATIONS / f"{operation}.graphql").read_text()
    (done,) = ask(page, query, input={"idempotencyKey": operation, **given}).values()
    assert "message" not in done, done
