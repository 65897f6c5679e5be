"""What the campaign aims at; every figure follows at once."""

import re
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from models import DATA_APIS, Campaign, Service, Stratum
from registry.domain import campaigns
from registry.domain.campaigns import CampaignRead, Change
from registry.domain.errors import InvalidInput
from registry.domain.histories import Said
from registry.domain.words import SERVICES, STRATA
from registry.web.forms import Form, posted, sent
from registry.web.french import number
from registry.web.spaces.guards import for_ministry
from registry.web.visits import At, Visit

PLACE = "/espace/ministere/campagne"
SHARE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?\s*%?")
FIELDS = {stratum: f"share{place}" for place, stratum in enumerate(Stratum, 1)}
SIGN_INS = [(service.value, SERVICES[service]) for service in Service if service not in DATA_APIS]


def routes(at: At) -> list[Route]:
    return [at(PLACE, for_ministry(show)), at(PLACE, for_ministry(edit), "POST")]


async def show(visit: Visit) -> Response:
    return await _shown(visit, None)


async def _shown(visit: Visit, form: Form | None) -> Response:
    """Once a conflict was told, with what stands now beside it, the same form may be sent again."""
    async with visit.database.read() as session:
        present = await campaigns.current(session, visit.today)
    standing = _form(present)
    return visit.page(
        "spaces/ministry/campaign.html",
        campaign=present.campaign,
        version=present.campaign.version if form is None or form.refusal else form.get("version"),
        form=form or standing,
        standing=standing if form is not None and form.refusal else None,
        targets=[(FIELDS[target.stratum], STRATA[target.stratum]) for target in present.targets],
        services=SIGN_INS,
    )


def _form(present: CampaignRead) -> Form:
    campaign = present.campaign
    shares = {FIELDS[target.stratum]: _percent(target.share) for target in present.targets}
    return Form.of(
        **shares,
        totalTarget=campaign.total_target,
        acceptedServices=campaign.accepted_services,
        deadline=campaign.deadline.isoformat(),
        grantAmountCents=number(campaign.grant_amount_cents / 100, 2),
    )


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}".replace(".", ",")


async def edit(visit: Visit) -> Response:
    form = await posted(visit)
    for name in ("totalTarget", "deadline", "grantAmountCents"):
        form.required(name)
    shares = [
        (stratum, _share(form, name)) for stratum, name in FIELDS.items() if name in form.values
    ]
    change = Change(
        [(stratum, share) for stratum, share in shares if share is not None],
        form.integer("totalTarget"),
        form.words("acceptedServices", Service),
        form.date("deadline"),
        form.cents("grantAmountCents"),
    )
    version = form.integer("version") or 0

    async def work(session: AsyncSession, _: Said) -> Campaign:
        return (await campaigns.edit(session, visit.actor, version, change)).campaign

    done = "La campagne est modifiée : tous les chiffres en tiennent compte dès maintenant."
    return await sent(visit, form, work, to=PLACE, said=done, again=_shown)


def _share(form: Form, name: str) -> float | None:
    with form.checks:
        found = SHARE.fullmatch(form.get(name))
        share = Decimal(f"{found[1]}.{found[2] or 0}") / 100 if found else Decimal(0)
        if not 0 < share <= 1:
            raise InvalidInput(name, "Un pourcentage est attendu, de 0 à 100, comme 87,5.")
        return float(share)
    return None
