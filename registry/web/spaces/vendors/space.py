"""Who enters a vendor's space, and what its pages share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from models import Vendor
from registry.domain import actors, vendors
from registry.domain.policy import Action, Subject
from registry.web.forms import Form, Work, sent
from registry.web.visits import Endpoint, Visit

ROOT = "/espace/editeurs"


@dataclass(frozen=True, slots=True)
class Space:
    visit: Visit
    vendor: Vendor

    def to(self, *parts: object) -> str:
        """The address of a page of this space."""
        return "/".join([ROOT, self.vendor.siren, *map(str, parts)])

    def given(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.visit.request.path_params[name])

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        return self.visit.page(f"spaces/vendors/{template}", status, space=self, **values)

    async def sent(
        self,
        form: Form,
        work: Work,
        *,
        to: str | Callable[[int], str],
        said: str,
        again: "Shown",
    ) -> Response:
        async def shown(_: Visit, form: Form) -> Response:
            return await again(self, form)

        return await sent(self.visit, form, work, to=to, said=said, again=shown)


Page = Callable[[Space], Awaitable[Response]]
Shown = Callable[[Space, Form], Awaitable[Response]]
"""A page with its form, as it was typed."""


def own(page: Page) -> Endpoint:
    """For the vendor's people alone, who may publish in its name; a former SIREN leads to the
    present address.
    """

    async def run(visit: Visit) -> Response:
        siren = str(visit.request.path_params["siren"])
        async with visit.database.read() as session:
            vendor = await vendors.authorised(session, visit.actor, Action.PUBLISH_STATEMENT, siren)
            subject = Subject(vendor=vendor.recorded_id)
            actor = await actors.acting_for(session, visit.actor, subject)
        if siren != vendor.siren:
            rest = visit.address.removeprefix(f"{ROOT}/{siren}")
            return RedirectResponse(f"{ROOT}/{vendor.siren}{rest}", 308)
        return await page(Space(replace(visit, actor=actor), vendor))

    return run
