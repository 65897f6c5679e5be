"""The pages of a collectivité, and what it does there itself."""

from functools import partial

from starlette.routing import Route

from registry.web import exports
from registry.web.collectivites import (
    contesting,
    correcting,
    letters,
    listing,
    naming,
    offline,
    showing,
    using,
)
from registry.web.visits import At

ONE = "/collectivites/{code}"


def routes(at: At) -> list[Route]:
    return [
        at("/collectivites", listing.show),
        *exports.routes(at, "/collectivites", lambda format: partial(listing.file, format)),
        at(ONE, showing.show),
        at(f"{ONE}/courrier", letters.show),
        at(f"{ONE}/logiciels", using.show_declaring),
        at(f"{ONE}/logiciels", using.declare, "POST"),
        at(f"{ONE}/logiciels/inconnu", naming.show),
        at(f"{ONE}/logiciels/inconnu", naming.name, "POST"),
        at(f"{ONE}/usages/confirmer", using.confirm, "POST"),
        at(f"{ONE}/usages/{{id:int}}", correcting.show),
        at(f"{ONE}/usages/{{id:int}}", correcting.correct, "POST"),
        at(f"{ONE}/usages/{{id:int}}/fin", correcting.show_end),
        at(f"{ONE}/usages/{{id:int}}/fin", correcting.end, "POST"),
        at(f"{ONE}/sans-demarche", offline.show),
        at(f"{ONE}/sans-demarche", offline.declare, "POST"),
        at(f"{ONE}/sans-demarche/retrait", offline.withdraw, "POST"),
        at(f"{ONE}/surcout", contesting.show_surcharge),
        at(f"{ONE}/surcout", contesting.report_surcharge, "POST"),
        at(f"{ONE}/contester", contesting.show_contest),
        at(f"{ONE}/contester", contesting.contest, "POST"),
    ]
