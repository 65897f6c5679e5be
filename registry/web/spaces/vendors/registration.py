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
    """What the registry already holds of that company is there to be checked."""
    policy.require_signed_in(visit.actor)
    async with visit.database.read() as session:
        known = await vendors.by_siren(session, visit.actor.organisation or "")
        parent = await _parent(session, known)
    if known is None:
        return await _form(visit, Form.of(name=visit.actor.label))
    if known.claimed_on is not None:
        return RedirectResponse(f"{ROOT}/{known.siren}", 303)
    recorded = Form.of(
        name=known.name,
        website=known.website,
        contact=known.contact,
        parentSiren=parent.siren if parent else None,
    )
    return await _form(visit, recorded)


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


async def _parent(session: AsyncSession, vendor: Vendor | None) -> Vendor | None:
    if vendor is None or vendor.parent_id is None:
        return None
    return (await vendors.by_ids(session, [vendor.parent_id])).get(vendor.parent_id)


async def _form(visit: Visit, form: Form) -> Response:
    return visit.page("spaces/vendors/registration.html", form=form)
