"""Everything that is derived, recomputed from the rows; and the ledger, from itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

import models as models
from models.migrations import schema_digest
from registry.domain.rollout import derived
from registry.domain.search import folded

RECORDED = (
    "vendor",
    "product",
    "product_former_key",
    "integration",
    "commitment",
    "collectivite",
    "collectivite_former_code",
    "territory",
    "deployment",
    "activation",
    "campaign",
    "target",
    "dispute",
    "dispute_transition",
    "grant_claim",
    "grant_claim_transition",
    "software_request",
    "account",
    "token",
    "evidence",
    "delegation",
    "allowed_siret",
    "schema_digest",
    "web_session",
)
"""The nouns whose every change has a ledger entry."""

PASSING = ("web_session",)
"""Rows that go in the ordinary course, without an entry."""

SUBJECTS = {
    "integration": "product_id, service",
    "commitment": "vendor_id, product_id",
    "activation": "collectivite_id, product_id, demarche, service",
    "dispute_transition": "dispute_id",
    "grant_claim_transition": "grant_claim_id",
}
"""What a dated history is about, for each table of steps."""


SAID = sa.text("SELECT ledger_record(:noun)")


@dataclass(frozen=True, slots=True)
class Check:
    """``query`` selects the first difference as a sentence; no row means none."""

    name: str
    query: str


LEDGER = (
    Check(
        "numéros du journal sans trou",
        """
        SELECT 'le numéro ' || place || ' manque' FROM (
            SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM ledger) AS numbered
        WHERE seq <> place
        """,
    ),
    Check(
        "empreintes du journal",
        """
        SELECT 'l’entrée ' || seq || ' ne correspond pas à son empreinte' FROM ledger
        WHERE leaf_hash IS DISTINCT FROM sha256(payload)
        """,
    ),
    Check(
        "contenu du journal",
        """
        SELECT 'l’entrée ' || seq || ' ne dit pas ce que dit sa ligne' FROM (
            SELECT seq, noun, subject_id, CAST(convert_from(payload, 'UTF8') AS json) AS entry
            FROM ledger) AS read
        WHERE (entry ->> 'seq', entry ->> 'noun', entry ->> 'id')
              IS DISTINCT FROM (CAST(seq AS text), noun, CAST(subject_id AS text))
        """,
    ),
)

PERSONAL = (
    Check(
        "valeurs personnelles du journal",
        """
        WITH said AS (
            SELECT seq, noun, subject_id, field, entry -> 'record' -> field AS value,
                   CASE entry ->> 'action' WHEN 'erase' THEN entry ->> 'column' END AS erased
            FROM (SELECT seq, noun, subject_id,
                         CAST(convert_from(payload, 'UTF8') AS jsonb) AS entry
                  FROM ledger WHERE ledger_columns(noun, 'personal') <> '{}') AS read
            CROSS JOIN LATERAL unnest(ledger_columns(noun, 'personal')) AS field
        ), known AS (
            SELECT noun, subject_id, field, record_digest(salt, value) AS digest FROM record_value
        )
        SELECT 'l’entrée ' || seq || ' (' || field || ') dit une valeur qui n’est plus là, et dont'
               || ' aucun effacement n’a été écrit, ou la dit en clair'
        FROM said
        WHERE value <> 'null' AND value <> '{"sha256": null}'
          AND (jsonb_typeof(value) <> 'object' OR NOT EXISTS (
                   SELECT FROM known WHERE known.noun = said.noun
                   AND known.subject_id = said.subject_id AND known.field = said.field
                   AND known.digest = value ->> 'sha256'))
          AND (jsonb_typeof(value) <> 'object' OR NOT EXISTS (
                   SELECT FROM said AS later WHERE later.noun = said.noun
                   AND later.subject_id = said.subject_id AND later.erased = said.field
                   AND later.seq > said.seq))
        UNION ALL
        SELECT 'une valeur gardée de ' || noun || ' ' || subject_id || ' (' || field
               || ') n’est pas au journal'
        FROM known
        WHERE NOT EXISTS (
            SELECT FROM said WHERE said.noun = known.noun AND said.subject_id = known.subject_id
            AND said.field = known.field AND said.value ->> 'sha256' = known.digest)
        """,
    ),
)

DERIVED = (
    Check(
        "usages des collectivités fermées",
        """
        SELECT 'la collectivité ' || name || ' est fermée et ses usages n’ont pas suivi'
        FROM collectivite
        WHERE successor_id IS NOT NULL
          AND (EXISTS (SELECT FROM deployment WHERE collectivite_id = collectivite.id)
               OR EXISTS (SELECT FROM activation WHERE collectivite_id = collectivite.id))
        """,
    ),
    Check(
        "départements des intercommunalités",
        """
        SELECT name || ' : ' || array_to_string(departements, ', ')
        FROM (SELECT epci.name, epci.departements,
                     array_agg(DISTINCT place ORDER BY place) AS places
              FROM collectivite AS epci
              JOIN collectivite AS commune ON commune.epci_id = epci.id
              CROSS JOIN LATERAL unnest(commune.departements) AS place
              WHERE epci.kind = 'EPCI' AND epci.closed_on IS NULL
              GROUP BY epci.id, epci.name, epci.departements) AS gathered
        WHERE departements IS DISTINCT FROM places
        """,
    ),
    Check(
        "régions",
        """
        SELECT name || ' : ' || array_to_string(regions, ', ') FROM collectivite
        WHERE closed_on IS NULL AND regions IS DISTINCT FROM ARRAY(
            SELECT DISTINCT region FROM territory
            WHERE territory.kind = 'DEPARTEMENT' AND code = ANY(departements) ORDER BY region)
        """,
    ),
    Check(
        "population des intercommunalités",
        """
        SELECT name || ' : ' || coalesce(CAST(population AS text), 'inconnue') || ' au lieu de '
               || coalesce(CAST(inhabitants AS text), 'inconnue')
        FROM (SELECT epci.name, epci.population, sum(commune.population) AS inhabitants
              FROM collectivite AS epci
              LEFT JOIN collectivite AS commune ON commune.epci_id = epci.id
              WHERE epci.kind = 'EPCI' AND epci.closed_on IS NULL
              GROUP BY epci.id, epci.name, epci.population) AS summed
        WHERE population IS DISTINCT FROM inhabitants
        """,
    ),
    Check(
        "population des départements",
        """
        SELECT name || ' : ' || coalesce(CAST(population AS text), 'inconnue') || ' au lieu de '
               || coalesce(CAST(inhabitants AS text), 'inconnue')
        FROM (SELECT body.name, body.population, sum(commune.population) AS inhabitants
              FROM collectivite AS body
              LEFT JOIN collectivite AS commune
                     ON commune.kind = 'COMMUNE' AND commune.closed_on IS NULL
                    AND commune.departements && body.departements
                    AND NOT EXISTS (
                        SELECT FROM collectivite AS epci WHERE epci.id = commune.epci_id
                        AND epci.strata @> ARRAY['DEPARTEMENT'])
              WHERE body.kind = 'DEPARTEMENT' AND body.closed_on IS NULL
              GROUP BY body.id, body.name, body.population) AS summed
        WHERE population IS DISTINCT FROM inhabitants
        """,
    ),
    Check(
        "strates",
        """
        SELECT name || ' : ' || array_to_string(strata, ', ') FROM collectivite
        WHERE array_remove(strata, 'DEPARTEMENT') IS DISTINCT FROM CAST(CASE
            WHEN closed_on IS NOT NULL THEN '{}'
            WHEN kind = 'EPCI' THEN '{EPCI}'
            WHEN kind <> 'COMMUNE' OR siren IS NULL OR population IS NULL THEN '{}'
            WHEN population > 3500 THEN '{COMMUNE_OVER_3500}'
            ELSE '{COMMUNE_UP_TO_3500}' END AS text[])
           OR (kind = 'DEPARTEMENT' AND closed_on IS NULL AND strata <> '{DEPARTEMENT}')
        """,
    ),
    Check(
        "périodes d’usage qui ne se chevauchent pas",
        """
        SELECT 'deux périodes du même logiciel pour ' || collectivite.name || ', dès le ' || since
        FROM (SELECT collectivite_id, since, max(coalesce(until, 'infinity')) OVER (
                         PARTITION BY collectivite_id, product_id, demarche ORDER BY since
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
              FROM deployment WHERE until IS NULL OR until > since) AS ordered
        JOIN collectivite ON collectivite.id = ordered.collectivite_id
        WHERE since < reached
        """,
    ),
)

CATALOGUE = (
    Check(
        "éditeurs réunis",
        """
        SELECT 'l’éditeur ' || merged.siren || ' a été réuni à un autre et garde un logiciel,'
               || ' une filiale ou un éditeur'
        FROM vendor AS merged
        WHERE merged_into_id IS NOT NULL
          AND (EXISTS (SELECT FROM product WHERE vendor_id = merged.id)
               OR EXISTS (SELECT FROM vendor AS other
                          WHERE merged.id IN (other.parent_id, other.merged_into_id)))
        """,
    ),
    Check(
        "clés des logiciels",
        """
        SELECT 'la clé ' || vendor_siren || '/' || slug || ' désigne deux logiciels'
        FROM product_former_key AS former
        WHERE EXISTS (SELECT FROM product JOIN vendor ON vendor.id = product.vendor_id
                      WHERE vendor.siren = former.vendor_siren AND product.slug = former.slug)
        """,
    ),
    Check(
        "engagements des logiciels",
        """
        SELECT 'l’engagement ' || commitment.id || ' n’est pas chez l’éditeur de son logiciel'
        FROM commitment JOIN product ON product.id = product_id
        WHERE commitment.vendor_id <> product.vendor_id
        """,
    ),
)

SEARCHED = {
    "vendor": "SELECT id, search, name, siren, NULL FROM vendor",
    "product": "SELECT id, search, name, slug, NULL FROM product",
    "collectivite": "SELECT id, search, name, insee, siren FROM collectivite",
}


async def differences(session: AsyncSession) -> AsyncIterator[tuple[str, str | None]]:
    """Each check's name with its first difference, or none where all agrees."""
    for check in (
        *LEDGER,
        *[_said(noun, await session.scalar(SAID, {"noun": noun})) for noun in RECORDED],
        *map(_dated, SUBJECTS),
        *PERSONAL,
        *DERIVED,
        *CATALOGUE,
    ):
        yield check.name, await session.scalar(sa.text(f"{check.query} LIMIT 1"))
    yield "murs de la base", await _walls(session)
    async for name, difference in derived.differences(session):
        yield name, difference
    for noun, query in SEARCHED.items():
        yield f"texte recherché ({noun})", await _search(session, query)


def _said(noun: str, record: str) -> Check:
    """The last entry about a record is the record; a removed one was said to be.

    ``record`` is what an entry holds, over its row ``subject``.
    """
    gone = "false" if noun in PASSING else "entry ->> 'action' IS DISTINCT FROM 'delete'"
    return Check(
        f"journal et registre ({noun})",
        f"""
        SELECT '{noun} ' || id || ' n’est pas tel que le journal le dit' FROM (
            SELECT DISTINCT ON (subject_id) subject_id AS id,
                   CAST(convert_from(payload, 'UTF8') AS jsonb) AS entry
            FROM ledger WHERE noun = '{noun}' ORDER BY subject_id, seq DESC) AS said
        FULL JOIN {noun} AS subject USING (id)
        WHERE CASE WHEN subject.id IS NULL THEN {gone}
                   ELSE jsonb_strip_nulls({record})
                        IS DISTINCT FROM jsonb_strip_nulls(entry -> 'record')
                        OR entry ->> 'action' = 'delete' END
        """,
    )


def _dated(noun: str) -> Check:
    subject = SUBJECTS[noun]
    return Check(
        f"fin des étapes ({noun})",
        f"""
        SELECT '{noun} ' || id || ' finit le ' || coalesce(CAST(effective_until AS text), 'jamais')
               || ' au lieu de ' || coalesce(CAST(following AS text), 'jamais')
        FROM (SELECT id, effective_until,
                     lead(effective_on) OVER (PARTITION BY {subject} ORDER BY effective_on, id)
                         AS following
              FROM {noun}) AS ordered
        WHERE effective_until IS DISTINCT FROM following
        """,
    )


async def _walls(session: AsyncSession) -> str | None:
    """What the database enforces is what the last migration left."""
    await session.execute(sa.text(schema_digest.PLACE))
    digest = await session.scalar(sa.text(schema_digest.DIGEST))
    server = await session.scalar(sa.text(schema_digest.SERVER))
    recorded = (
        await session.execute(sa.text("SELECT digest, server FROM schema_digest"))
    ).one_or_none()
    if recorded is None or (recorded.server == server and recorded.digest != digest):
        return (
            "une politique, un déclencheur, une fonction, une contrainte ou un droit n’est plus"
            " celui que la dernière migration a laissé"
        )
    if recorded.server != server:
        return "PostgreSQL a changé de version : lancer « raccord migrate »"
    return None


async def _search(session: AsyncSession, query: str) -> str | None:
    rows = await session.stream(sa.text(query))
    try:
        async for identifier, search, *texts in rows:
            if search != folded(*texts):
                return f"{identifier} : « {search} » au lieu de « {folded(*texts)} »"
    finally:
        await rows.close()
    return None
