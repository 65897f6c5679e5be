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
    known, parent = await _known(visit)
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
    return await _form(visit, recorded, known=True)


async def register(visit: Visit) -> Response:
    form, (known, _) = await posted(visit), await _known(visit)
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
    if known is not None:
        said = "La fiche est à votre nom."
    return await sent(visit, form, work, to=f"{ROOT}/{siren}", said=said, again=_again)


async def _known(visit: Visit) -> tuple[Vendor | None, Vendor | None]:
    """The company as the registry holds it already, and its parent."""
    async with visit.database.read() as session:
        known = await vendors.by_siren(session, visit.actor.organisation or "")
        if known is None or known.parent_id is None:
            return known, None
        return known, (await vendors.by_ids(session, [known.parent_id])).get(known.parent_id)


async def _again(visit: Visit, form: Form) -> Response:
    known, _ = await _known(visit)
    return await _form(visit, form, known=known is not None)


async def _form(visit: Visit, form: Form, *, known: bool = False) -> Response:
    """``known``: the registry holds a sheet of the company, which this takes over."""
    return visit.page("spaces/vendors/registration.html", form=form, known=known)
