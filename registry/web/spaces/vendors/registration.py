"""A company enters the registry: its SIREN is that of the connection."""

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from models import Vendor
from registry.domain import policy, vendors
from registry.domain.histories import Said
from registry.domain.vendors import VendorDetails
from registry.web.forms import Form, posted, sent
from registry.web.spaces.vendors.space import ROOT
from registry.web.visits import Visit


async def show(visit: Visit) -> Response:
    policy.require_signed_in(visit.actor)
    known = await _known(visit)
    if known is not None and known.id in visit.actor.vendors and known.claimed_on is not None:
        return RedirectResponse(f"{ROOT}/{known.siren}", 303)
    named = known.name if known else visit.actor.label
    return await _form(visit, Form.of(name=named))


async def register(visit: Visit) -> Response:
    form = await posted(visit)
    siren = visit.actor.organisation or ""
    details = VendorDetails(
        form.required("name"),
        form.text("website"),
        form.text("contact"),
        form.text("parentSiren"),
    )

    async def work(session: AsyncSession, _: Said) -> Vendor:
        return await vendors.register(session, visit.actor, siren, details)

    said = "Votre société est inscrite. Ajoutez maintenant un logiciel."
    return await sent(visit, form, work, to=f"{ROOT}/{siren}", said=said, again=_form)


async def _known(visit: Visit) -> Vendor | None:
    async with visit.database.read() as session:
        return await vendors.by_siren(session, visit.actor.organisation or "")


async def _form(visit: Visit, form: Form) -> Response:
    return visit.page("spaces/vendors/registration.html", form=form)
