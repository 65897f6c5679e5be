"""The fields that a query may begin with."""

from datetime import date

from registry.domain import collectivites, postal_codes, products, vendors
from registry.domain.errors import InvalidInput
from registry.domain.filters import checked_siren
from registry.domain.products.reading import checked_slug
from registry.domain.projections.building import (
    HOLDS,
    UNDERIVED,
    Draft,
    Expression,
    NotCovered,
    Selected,
    Statement,
    json_of,
)
from registry.domain.projections.pages import Pages
from registry.domain.projections.types import TYPES

VENDOR = "SELECT coalesce(merged_into_id, id) FROM vendor WHERE siren = {siren}"
PRODUCT = (
    "SELECT product_id FROM product_key WHERE vendor_siren = {siren} AND slug = {slug}"
    " ORDER BY product_id LIMIT 1"
)
POSTAL = f"CASE WHEN EXISTS (SELECT {postal_codes.SERVED}) THEN '{{elsewhere}}' END"
"""What is only a postal code is for the other way to refuse."""
COLLECTIVITE = "SELECT collectivite_id FROM collectivite_code WHERE code = {code} LIMIT 1"


def vendor(draft: Draft, _: str, selected: Selected) -> str:
    siren = checked_siren("siren", selected.arguments["siren"])
    return _found(draft, "Vendor", VENDOR.format(siren=draft.value(siren, "text")), selected)


def product(draft: Draft, _: str, selected: Selected) -> str:
    siren = checked_siren("vendor_siren", selected.arguments["vendorSiren"])
    slug = checked_slug("slug", selected.arguments["slug"])
    found = PRODUCT.format(siren=draft.value(siren, "text"), slug=draft.value(slug, "text"))
    return _found(draft, "Product", found, selected)


def collectivite(draft: Draft, _: str, selected: Selected) -> str:
    code = collectivites.checked_code("code", selected.arguments["code"])
    meant = draft.value(code, "text")
    row = _found(draft, "Collectivite", COLLECTIVITE.format(code=meant), selected)
    postal = POSTAL.format(code=meant, elsewhere=UNDERIVED)
    return f"coalesce({row}, {postal})"


def _found(draft: Draft, name: str, found: str, selected: Selected) -> str:
    row = draft.alias()
    body = json_of(draft, name, TYPES[name], row, selected)
    return f"(SELECT {body} FROM {name.lower()} AS {row} WHERE {row}.id = ({found}))"


ROOTS: dict[str, Expression] = {
    "vendor": vendor,
    "vendors": Pages(
        "Vendor",
        TYPES,
        "vendor",
        "",
        "{row}.merged_into_id IS NULL",
        vendors.VendorOrder,
        vendors.ORDERINGS,
    ),
    "product": product,
    "products": Pages(
        "Product",
        TYPES,
        "product",
        "JOIN vendor AS {joined} ON {joined}.id = {row}.vendor_id",
        "TRUE",
        products.ProductOrder,
        products.ORDERINGS,
    ),
    "collectivite": collectivite,
    "collectivites": Pages(
        "Collectivite",
        TYPES,
        "collectivite",
        "",
        "{row}.closed_on IS NULL",
        collectivites.CollectiviteOrder,
        collectivites.ORDERINGS,
    ),
}


def statement(selected: Selected, day: date) -> Statement | None:
    """None: it is for the other way to answer, or to say what is wrong."""
    draft = Draft(day)
    try:
        text = ROOTS[selected.name](draft, "", selected)
    except (NotCovered, InvalidInput):
        return None
    if draft.derived:
        holds = HOLDS.format(today=draft.today())
        text = f"CASE WHEN {holds} THEN {text} ELSE '{UNDERIVED}' END"
    return draft.statement(f"SELECT {text}")
