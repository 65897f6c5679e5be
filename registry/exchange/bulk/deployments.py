"""deployments.csv as one side sends it: new links are declared, those in force are confirmed.

A line that says who else declared or confirmed a link, as the registry does, only repeats it: a
list of clients comes back, and what was edited in it is all that changes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from models import Source
from registry.exchange.bulk.ownership import refuse_unknown_keys
from registry.exchange.bundle.deployments import refuse_overlap
from registry.exchange.bundle.references import COLLECTIVITE, PRODUCT
from registry.exchange.bundle.staging import Stage, run

LIVE = """
LEFT JOIN deployment AS live
       ON live.collectivite_id = collectivite_code.collectivite_id
      AND live.product_id = product_key.product_id AND live.demarche = staged.demarche
      AND live.since <= CAST('{day}' AS date) AND (live.until IS NULL OR live.until > '{day}')
      AND ({until} IS NULL OR {until} > '{day}' OR live.since = staged.since)
LEFT JOIN deployment AS past
       ON past.collectivite_id = collectivite_code.collectivite_id
      AND past.product_id = product_key.product_id AND past.demarche = staged.demarche
      AND past.since = staged.since
"""
REPEATED = """
EXISTS (SELECT FROM deployment WHERE deployment.id = good.existing_id AND {column} = good.{column})
"""
FOREIGN = """
    good.live_id = target.id
    AND NOT (target.declared_by = '{source}' AND target.confirmed_by IS NULL)
"""
"""A link in force that is not the sender's own to correct."""
SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """Who sends, on what day; ``complete_on``: the day on which the absent ones end."""

    source: Source
    day: date
    complete_on: date | None = None


async def record(stage: Stage, given: Given) -> dict[str, Any]:
    """What was done, for the report: counts, and the first lines of what is worth reading."""
    await _resolve(stage, given)
    repeated = REPEATED.format(column="declared_by")
    await refuse_unknown_keys(stage, given.source, stage.actor, repeated)
    await _refuse(stage, given)
    await _refuse_foreign(stage, given.source)
    differences = await _differences(stage)
    confirmed = await _confirm(stage, given.source)
    changed = await _change_own(stage, given.source) + await _end(stage, given.source)
    created = await _declare(stage, given.source)
    done: dict[str, Any] = {"created": created, "confirmed": confirmed, "changed": changed}
    done["unchanged"] = await _unchanged(stage)
    return done | differences | await _complete(stage, given)


async def _resolve(stage: Stage, given: Given) -> None:
    until = "staged.until" if "until" in stage.present else "CAST(NULL AS date)"
    await stage.resolve(
        "collectivite_code.collectivite_id, product_key.product_id,"
        " coalesce(live.id, past.id) AS existing_id, live.id AS live_id, live.since AS live_since,"
        " past.until AS past_until",
        f"{COLLECTIVITE} {PRODUCT} {LIVE.format(day=given.day, until=until)}",
    )


async def _refuse(stage: Stage, given: Given) -> None:
    await stage.report(
        "confirmed_by",
        f"""
        SELECT line, confirmed_by, 'ce n’est pas ce que dit le registre : laissez cette cellule '
               || 'vide, c’est l’autre partie ou le ministère qui confirme'
        FROM good WHERE confirmed_by IS NOT NULL AND NOT {REPEATED.format(column="confirmed_by")}
          AND NOT (confirmed_by = '{given.source}'
                   AND coalesce(declared_by, '{given.source}') <> '{given.source}')
        """,
    )
    await stage.report(
        "demarche",
        """
        SELECT line, demarche, 'le logiciel ne couvre pas cette démarche ; il couvre : '
               || array_to_string(demarches, ', ')
        FROM good JOIN product ON product.id = good.product_id
        WHERE NOT demarche = ANY(demarches) AND live_id IS NULL
        """,
    )
    await stage.report(
        "product",
        f"""
        SELECT line, slug, 'logiciel retiré le ' || to_char(retired_on, 'DD/MM/YYYY')
               || ' : il ne prend plus de client'
        FROM good JOIN product ON product.id = good.product_id
        WHERE retired_on <= '{given.day}' AND existing_id IS NULL
        """,
    )
    if given.source is Source.MINISTRY:
        await _refuse_silent_operator(stage)
    usage = "collectivite_id, product_id, demarche"
    resolved = "collectivite_id IS NOT NULL AND product_id IS NOT NULL AND NOT faulty"
    await stage.refuse_repeated("since", f"{usage}, since", "since", resolved)
    await stage.refuse_repeated("demarche", "live_id", "demarche", "live_id IS NOT NULL")
    await stage.report(
        "since",
        """
        SELECT line, since, 'cet usage est déjà enregistré depuis ce jour, et a pris fin le '
               || to_char(past_until, 'DD/MM/YYYY')
        FROM good WHERE live_id IS NULL AND existing_id IS NOT NULL
          AND past_until IS DISTINCT FROM until
        """
        if "until" in stage.present
        else """
        SELECT line, since, 'cet usage est déjà enregistré depuis ce jour, et a pris fin le '
               || to_char(past_until, 'DD/MM/YYYY')
        FROM good WHERE live_id IS NULL AND existing_id IS NOT NULL
        """,
    )
    until = "until" if "until" in stage.present else "CAST(NULL AS date)"
    await stage.report(
        "until",
        f"SELECT line, {until}, 'fin antérieure au début (' || since || ')' FROM good"
        f" WHERE {until} < coalesce(live_since, since)",
    )
    await refuse_overlap(stage, until, "NOT faulty AND existing_id IS NULL")


async def _refuse_silent_operator(stage: Stage) -> None:
    """The ministry's word acknowledges the operator that a link names: it must name it too."""
    said = "good.operator" if "operator" in stage.present else "NULL"
    await stage.report(
        "operator",
        f"""
        SELECT line, {said}, 'la déclaration de l’éditeur nomme l’opérateur ' || live.operator
               || ' : écrivez-le pour le reconnaître, ou corrigez l’usage'
        FROM good JOIN deployment AS live ON live.id = good.live_id
        WHERE live.operator IS NOT NULL AND live.operator IS DISTINCT FROM {said}
          AND live.declared_by = 'VENDOR' AND live.confirmed_by IS NULL
        """,
    )


async def _refuse_foreign(stage: Stage, source: Source) -> None:
    """What a file would change of a link that its sender can only confirm or end."""
    foreign = FOREIGN.format(source=source)
    await stage.report(
        "until",
        f"""
        SELECT line, good.until, 'cet usage prend fin le ' || to_char(target.until, 'DD/MM/YYYY')
               || ' : pour le prolonger, corrigez-le depuis sa page'
        FROM good JOIN deployment AS target ON {foreign} AND good.until > target.until
        """,
    )
    await stage.report(
        "operator",
        f"""
        SELECT line, good.operator, 'le registre dit '
               || coalesce('que l’opérateur est ' || target.operator, 'qu’il n’y en a pas')
               || ' : laissez cette cellule vide, ou corrigez l’usage depuis sa page'
        FROM good JOIN deployment AS target
          ON {foreign} AND good.operator <> coalesce(target.operator, '') AND NOT good.faulty
        """,
    )


async def _differences(stage: Stage) -> dict[str, Any]:
    """The recorded date of a link stays; the file's is told."""
    rows = await run(
        stage.session,
        f"""
        SELECT line, since, live_since, count(*) OVER () FROM good
        WHERE NOT faulty AND live_since <> since ORDER BY line LIMIT {SHOWN}
        """,
    )
    found = rows.all()
    return {
        "different": found[0][3] if found else 0,
        "differences": [
            {"line": line, "given": str(since), "recorded": str(recorded)}
            for line, since, recorded, _ in found
        ],
    }


async def _confirm(stage: Stage, source: Source) -> int:
    return await _written(
        stage,
        """
        UPDATE deployment AS target SET confirmed_by = :source FROM good
        WHERE target.id = good.live_id AND NOT good.faulty AND target.confirmed_by IS NULL
          AND target.declared_by NOT IN (:source, 'MINISTRY')
          AND (coalesce(good.declared_by, :source) = :source OR good.confirmed_by = :source)
        RETURNING target.id
        """,
        source=source,
    )


async def _change_own(stage: Stage, source: Source) -> int:
    """The end and the operator of one's own links that nobody confirmed yet."""
    columns = [name for name in ("until", "operator") if name in stage.present]
    if not columns:
        return 0
    kept = ", ".join(f"target.{name}" for name in columns)
    said = ", ".join(stage.said(name, f"target.{name}") for name in columns)
    return await _written(
        stage,
        f"""
        UPDATE deployment AS target SET ({", ".join(columns)}) = ROW({said}) FROM good
        WHERE target.id = good.live_id AND NOT good.faulty AND target.declared_by = :source
          AND target.confirmed_by IS NULL AND ({kept}) IS DISTINCT FROM ({said})
        RETURNING target.id
        """,
        source=source,
    )


async def _end(stage: Stage, source: Source) -> int:
    """Any link may end sooner: what was said and confirmed of the days before stands."""
    return await _written(
        stage,
        f"""
        UPDATE deployment AS target SET until = good.until FROM good
        WHERE NOT good.faulty AND {FOREIGN.format(source=source)}
          AND good.until < coalesce(target.until, 'infinity')
        RETURNING target.id
        """,
    )


async def _declare(stage: Stage, source: Source) -> int:
    columns = [
        "collectivite_id",
        "product_id",
        "demarche",
        "since",
        *(name for name in ("until", "operator") if name in stage.present),
    ]
    return await _written(
        stage,
        f"""
        INSERT INTO deployment ({", ".join(columns)}, declared_by)
        SELECT {", ".join(columns)}, :source FROM good
        WHERE existing_id IS NULL AND NOT faulty ORDER BY line RETURNING id
        """,
        created=True,
        source=source,
    )


async def _unchanged(stage: Stage) -> int:
    """The lines that say what is recorded already."""
    counted = await run(
        stage.session,
        "SELECT (SELECT count(*) FROM good WHERE NOT faulty) - count(DISTINCT id) FROM written",
    )
    return int(counted.scalar_one())


async def _complete(stage: Stage, given: Given) -> dict[str, Any]:
    """One's own unconfirmed links of the file's products that are absent from it end that day.

    Nothing ends while a line is faulty: it may be the one that names the link.
    """
    if given.complete_on is None:
        return {}
    if stage.faults.found:
        return {"ended": 0, "absent": [], "completed": False}
    absent = await run(
        stage.session,
        f"""
        SELECT collectivite.code, collectivite.name, product.slug, target.demarche, target.since
        FROM deployment AS target
        JOIN collectivite ON collectivite.id = target.collectivite_id
        JOIN product ON product.id = target.product_id
        WHERE {ABSENT} ORDER BY collectivite.code, product.slug, target.demarche LIMIT {SHOWN}
        """,
        source=given.source,
        day=given.complete_on,
    )
    shown = [
        {
            "collectivite": code,
            "name": name,
            "product": slug,
            "demarche": demarche,
            "since": str(since),
        }
        for code, name, slug, demarche, since in absent
    ]
    ended = await _written(
        stage,
        f"UPDATE deployment AS target SET until = :day WHERE {ABSENT} RETURNING target.id",
        source=given.source,
        day=given.complete_on,
    )
    return {"ended": ended, "absent": shown, "completed": True}


ABSENT = """
    target.declared_by = :source AND target.confirmed_by IS NULL
    AND target.since <= :day AND (target.until IS NULL OR target.until > :day)
    AND target.product_id IN (SELECT product_id FROM good)
    AND NOT EXISTS (SELECT FROM good
                    WHERE good.collectivite_id = target.collectivite_id
                      AND good.product_id = target.product_id
                      AND good.demarche = target.demarche)
"""


async def _written(stage: Stage, statement: str, *, created: bool = False, **values: object) -> int:
    kept = await run(
        stage.session,
        f"WITH done AS ({statement})"
        " INSERT INTO written SELECT 'deployment', id, :created FROM done RETURNING id",
        created=created,
        **values,
    )
    return len(kept.all())
