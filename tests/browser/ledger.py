"""What the ledger says of a record, as anyone may ask who may read it."""

from typing import Any

from playwright.sync_api import Page

from tests.api.conftest import OPERATIONS
from tests.browser.visitors import ask


def history(page: Page, operation: str, **variables: str) -> list[Any]:
    """The entries of the one thing that ``ProductHistory``, ``NodeHistory``… ask for, the last
    one first.
    """
    query = (OPERATIONS / f"{operation}.graphql").read_text()
    (record,) = ask(page, query, **variables).values()
    return [edge["node"] for edge in record["history"]["edges"]]
