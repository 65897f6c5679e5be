"""What the registry says of the vendor itself, and its statement."""

from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from models import Vendor
from registry.domain import vendors
from registry.domain.histories import Said
from registry.domain.vendors import LONGEST_STATEMENT, VendorDetails
from registry.web.forms import Form, posted
from registry.web.spaces.vendors.space import Space


async def show(space: Space) -> Response:
    vendor = space.vendor
    parent = await _parent(space)
    return await _edit(
        space,
        Form.of(
            version=vendor.version,
            name=vendor.name,
            website=vendor.website,
            contact=vendor.contact,
            parentSiren=parent.siren if parent else None,
        ),
    )


async def edit(space: Space) -> Response:
    form = await posted(space.visit)
    details = VendorDetails(
        form.required("name"),
        form.text("website"),
        form.text("contact"),
        form.text("parentSiren"),
    )
    version = form.integer("version") or 0

    async def work(session: AsyncSession, _: Said) -> Vendor:
        siren, actor = space.vendor.siren, space.visit.actor
        return await vendors.edit(session, actor, siren, version, asdict(details))

    said = "Votre fiche est modifiée."
    return await space.sent(form, work, to=space.to("fiche"), said=said, again=_edit)


async def _edit(space: Space, form: Form) -> Response:
    """With what is recorded beside it, where it changed since the form was opened."""
    changed = form.get("version") != str(space.vendor.version)
    parent = await _parent(space)
    return space.page("sheet.html", form=form, changed=changed, parent=parent)


async def _parent(space: Space) -> Vendor | None:
    parent = space.vendor.parent_id
    if parent is None:
        return None
    async with space.visit.database.read() as session:
        return (await vendors.by_ids(session, [parent])).get(parent)


async def show_statement(space: Space) -> Response:
    return await _statement(space, Form.of(statement=space.vendor.statement))


async def publish(space: Space) -> Response:
    form = await posted(space.visit)
    statement = form.text("statement")

    async def work(session: AsyncSession, _: Said) -> Vendor:
        siren, actor = space.vendor.siren, space.visit.actor
        return await vendors.publish_statement(session, actor, siren, statement)

    said = "Votre déclaration est publiée." if statement else "Votre déclaration est retirée."
    return await space.sent(form, work, to=space.to("fiche"), said=said, again=_statement)


async def _statement(space: Space, form: Form) -> Response:
    return space.page("statement.html", form=form, longest=LONGEST_STATEMENT)
