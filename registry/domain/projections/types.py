"""What each field of the contract is in SQL."""

from registry.domain import products
from registry.domain.projections.building import (
    Draft,
    Expression,
    NotCovered,
    Selected,
    Type,
    codes,
    json_of,
    literal,
    optional,
    plain,
    text,
    without_arguments,
    written,
)
from registry.domain.projections.pages import Pages

TYPES: dict[str, Type] = {}


def identifier(name: str) -> Expression:
    encoded = f"encode(convert_to('{name}:' || {{row}}.id, 'UTF8'), 'base64')"
    return written(f"""'"' || {encoded} || '"'""")


def one(name: str, table: str, column: str) -> Expression:
    """The row of ``table`` that ``column`` names; ``null`` where it names none."""

    def build(draft: Draft, row: str, selected: Selected) -> str:
        inner = draft.alias()
        body = json_of(draft, name, TYPES[name], inner, selected)
        found = f"(SELECT {body} FROM {table} AS {inner} WHERE {inner}.id = {row}.{column})"
        return f"coalesce({found}, 'null')"

    return build


def verdict(draft: Draft, row: str, selected: Selected) -> str:
    """Today's: another day's is computed, which is not for one product at a time."""
    without_arguments(selected, "asOf")
    if selected.arguments.get("asOf") not in (None, draft.day):
        raise NotCovered
    draft.derived = True
    return f"""'"' || (SELECT verdict FROM product_verdict WHERE product_id = {row}.id) || '"'"""


def deployments(draft: Draft, row: str, selected: Selected) -> str:
    without_arguments(selected, "inForce")
    inner, product, vendor = draft.alias(), draft.alias(), draft.alias()
    body = json_of(draft, "Deployment", TYPES["Deployment"], inner, selected)
    condition = f"{inner}.collectivite_id = {row}.id"
    if selected.arguments.get("inForce") is not False:
        day = draft.today()
        condition += (
            f" AND {inner}.since <= {day} AND ({inner}.until IS NULL OR {inner}.until > {day})"
        )
    order = f"""{vendor}.siren, {product}.slug, {inner}.demarche COLLATE "C", {inner}.since"""
    return (
        f"(SELECT '[' || coalesce(string_agg({body}, ',' ORDER BY {order}), '') || ']'"
        f" FROM deployment AS {inner}"
        f" JOIN product AS {product} ON {product}.id = {inner}.product_id"
        f" JOIN vendor AS {vendor} ON {vendor}.id = {product}.vendor_id WHERE {condition})"
    )


TYPES["Vendor"] = {
    "id": identifier("Vendor"),
    "siren": plain("siren"),
    "name": text("name"),
    "website": optional(text("website")),
    "contact": optional(text("contact")),
    "claimed": written("CAST({row}.claimed_on IS NOT NULL AS text)"),
    "statement": optional(text("statement")),
    "statementOn": optional(plain("statement_on")),
    "version": literal("version"),
    "parent": one("Vendor", "vendor", "parent_id"),
    "mergedInto": one("Vendor", "vendor", "merged_into_id"),
    "products": Pages(
        "Product",
        TYPES,
        "product",
        "",
        "{row}.vendor_id = {owner}.id",
        products.ProductOrder,
        products.ORDERINGS,
    ),
}
TYPES["Product"] = {
    "id": identifier("Product"),
    "slug": plain("slug"),
    "name": text("name"),
    "deliveryModel": optional(plain("delivery_model")),
    "citizenLogin": literal("citizen_login"),
    "demarches": codes("demarches"),
    "retiredOn": optional(plain("retired_on")),
    "version": literal("version"),
    "vendor": one("Vendor", "vendor", "vendor_id"),
    "verdict": verdict,
    "clientCount": written(
        "(SELECT CAST(count(DISTINCT collectivite_id) AS text) FROM deployment"
        " WHERE product_id = {row}.id AND since <= {today} AND (until IS NULL OR until > {today}))"
    ),
}
TYPES["Deployment"] = {
    "id": identifier("Deployment"),
    "demarche": plain("demarche"),
    "since": plain("since"),
    "sinceApproximate": literal("since_approximate"),
    "until": optional(plain("until")),
    "operator": optional(plain("operator")),
    "declaredBy": plain("declared_by"),
    "confirmedBy": optional(plain("confirmed_by")),
    "confirmed": written(
        "CAST({row}.confirmed_by IS NOT NULL OR {row}.declared_by = 'MINISTRY' AS text)"
    ),
    "inForce": written(
        "CAST({row}.since <= {today} AND ({row}.until IS NULL OR {row}.until > {today}) AS text)"
    ),
    "version": literal("version"),
    "product": one("Product", "product", "product_id"),
    "collectivite": one("Collectivite", "collectivite", "collectivite_id"),
}
TYPES["Collectivite"] = {
    "id": identifier("Collectivite"),
    "code": plain("code"),
    "insee": optional(plain("insee")),
    "siren": optional(plain("siren")),
    "name": text("name"),
    "kind": plain("kind"),
    "strata": codes("strata"),
    "departements": codes("departements"),
    "regions": codes("regions"),
    "population": optional(literal("population")),
    "postalCodes": codes("postal_codes"),
    "closedOn": optional(plain("closed_on")),
    "noOnlineDemarcheSince": optional(plain("no_online_demarche_since")),
    "epci": written(
        """coalesce((SELECT '"' || siren || '"' FROM collectivite AS body"""
        """ WHERE body.id = {row}.epci_id), 'null')"""
    ),
    "deployments": deployments,
}
