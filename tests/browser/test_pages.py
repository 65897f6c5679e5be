"""Each page of the table, narrow and wide, in both themes, by keyboard, and without a script."""

import pytest

from tests.browser import audit
from tests.browser.pages import PAGES, Address
from tests.browser.visitors import WIDTHS, Visitors
from tests.browser.watching import Watch

every_page = pytest.mark.parametrize("address", PAGES, ids=lambda address: address.name)


@every_page
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_sound(visitors: Visitors, address: Address, width: int) -> None:
    with visitors.window(address.role, width) as window:
        watch = Watch(window, visitors.base_url, status=address.status)
        page = window.new_page()
        page.goto(visitors.path(address))
        faults = [
            *watch.faults,
            *audit.shape(page),
            *audit.keyboard(page),
            *audit.accessibility(page),
        ]
    assert faults == []


@every_page
def test_a_page_needs_no_script(visitors: Visitors, address: Address) -> None:
    with visitors.window(address.role, script=False) as window:
        page = window.new_page()
        page.goto(visitors.path(address))
        assert [*audit.without_script(page)] == []


def test_the_first_stop_leads_past_the_header(visitors: Visitors) -> None:
    with visitors.window(None) as window:
        page = window.new_page()
        page.goto("/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.locator("main :focus").count() == 1
