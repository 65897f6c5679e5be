"""Dated histories: what is already recorded is recognised, what follows it is appended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry.exchange.bundle.staging import Cells, Stage, run
from registry.exchange.temporary import create_from


@dataclass(frozen=True, slots=True)
class History:
    """A noun whose rows are the steps of state machines; ``subject`` says whose step it is.

    ``vendor_wide``: the subject may have no product, and its state may expire. ``updated`` and
    ``appended`` are checks of its own (a column, a query of faults) after either.
    """

    noun: str
    arrows: Mapping[Any, frozenset[Any]]
    subject: tuple[str, ...]
    cells: Cells
    vendor_wide: bool = False
    updated: tuple[tuple[str, str], ...] = ()
    appended: tuple[tuple[str, str], ...] = ()

    def same(self, one: str, other: str) -> str:
        return " AND ".join(
            f"{one}.{column} IS NOT DISTINCT FROM {other}.{column}"
            if column == "product_id" and self.vendor_wide
            else f"{one}.{column} = {other}.{column}"
            for column in self.subject
        )

    @property
    def partition(self) -> str:
        return ", ".join(f"good.{column}" for column in self.subject)

    @property
    def keys(self) -> Mapping[str, str]:
        columns = (*self.subject, "effective_on", "state")
        return {column: f"good.{column}" for column in columns} | {
            "effective_until": "good.effective_until",
            "actor": "CAST(:actor AS text)",
            "organisation": "CAST(:organisation AS text)",
        }


async def record_history(stage: Stage, history: History) -> None:
    await _draw_arrows(stage, history)
    await _recognise(stage, history)
    await stage.update(history.noun, _never_lowered(history))
    for column, query in history.updated:
        await stage.report(column, query)
    await _append(stage, history)


async def _draw_arrows(stage: Stage, history: History) -> None:
    rows = [
        {"noun": history.noun, "state": str(state), "following": sorted(map(str, following))}
        for state, following in history.arrows.items()
    ]
    insert = sa.text("INSERT INTO arrow VALUES (:noun, :state, :following)")
    await stage.session.execute(insert, rows)


def _never_lowered(history: History) -> Cells:
    """A level that the ministry verified outlives an import."""
    level = "CASE target.evidence_level WHEN 'VERIFIED' THEN 'VERIFIED' ELSE {} END"
    return {
        column: (source, level.format(cell) if column == "evidence_level" else cell)
        for column, (source, cell) in history.cells.items()
    }


async def _recognise(stage: Stage, history: History) -> None:
    """Give ``existing_id`` to each row equal to the next recorded one of that day and state.

    The rows of one day are walked in the order of the file, each from where the one before stood.
    """
    known = f"""
        LEFT JOIN LATERAL (
            SELECT min(recorded.id) AS id FROM {history.noun} AS recorded
            WHERE {history.same("recorded", "good")}
              AND recorded.effective_on = good.effective_on AND recorded.state = good.state
              AND recorded.id > {{after}}
        ) AS met ON true
    """
    await create_from(
        stage.session,
        "numbered",
        f"""
        SELECT {history.partition}, line, effective_on, state,
               row_number() OVER (PARTITION BY {history.partition}, effective_on ORDER BY line)
        FROM good
        WHERE NOT faulty AND EXISTS (SELECT FROM {history.noun} AS recorded
                                     WHERE {history.same("recorded", "good")})
        """,
    )
    await run(
        stage.session,
        f"""
        WITH RECURSIVE walk AS (
            SELECT good.*, met.id, coalesce(met.id, 0) AS reached
            FROM numbered AS good {known.format(after="0")} WHERE good.row_number = 1
            UNION ALL
            SELECT good.*, met.id, coalesce(met.id, walk.reached)
            FROM walk JOIN numbered AS good
              ON {history.same("walk", "good")} AND good.effective_on = walk.effective_on
             AND good.row_number = walk.row_number + 1
            {known.format(after="walk.reached")}
        )
        UPDATE good SET existing_id = walk.id FROM walk WHERE walk.line = good.line
        """,
    )


async def _append(stage: Stage, history: History) -> None:
    """Refuse what comes before the last recorded step or follows no arrow, record the rest."""
    await _follow(stage, history)
    await _leave_broken(stage, history)
    await stage.report(
        "effective_on",
        """
        SELECT line, effective_on, 'antérieure à la dernière étape enregistrée (' || last_on || ')'
        FROM fresh WHERE effective_on < last_on
        """,
    )
    await stage.report("state", _before_a_known_one(history))
    await _leave_broken(stage, history)
    await stage.report("state", _without_arrow(history))
    for column, query in history.appended:
        await stage.report(column, query)
    await _leave_broken(stage, history)
    await run(
        stage.session,
        f"""
        UPDATE {history.noun} AS last SET effective_until = next.effective_on
        FROM (SELECT last_id, min(effective_on) AS effective_on FROM fresh GROUP BY last_id) AS next
        WHERE last.id = next.last_id
        """,
    )
    await stage.insert(
        history.noun,
        history.keys,
        history.cells,
        rows="fresh AS good",
        order=f"ORDER BY {history.partition}, good.effective_on, good.line",
        actor=stage.actor.name,
        organisation=stage.actor.organisation,
    )


async def _follow(stage: Stage, history: History) -> None:
    """``fresh``: the rows to append, each with the step it follows and the day it ends."""
    expiry, last_expiry = ("NULL", "NULL")
    if history.vendor_wide:
        expiry, last_expiry = ("lag(good.valid_until) OVER step", "last.valid_until")
    await create_from(
        stage.session,
        "fresh",
        f"""
        SELECT good.*, last.id AS last_id, last.effective_on AS last_on,
               coalesce(lag(good.state) OVER step, last.state) AS previous,
               CAST(CASE WHEN lag(good.line) OVER step IS NULL THEN {last_expiry}
                         ELSE {expiry} END AS date) AS previous_expiry,
               lead(good.effective_on) OVER step AS effective_until
        FROM good LEFT JOIN {history.noun} AS last
               ON {history.same("last", "good")} AND last.effective_until IS NULL
        WHERE good.existing_id IS NULL AND NOT good.faulty
        WINDOW step AS (PARTITION BY {history.partition} ORDER BY good.effective_on, good.line)
        """,
    )


async def _leave_broken(stage: Stage, history: History) -> None:
    """A history with a faulty line is not judged further: its other lines may be right."""
    await run(
        stage.session,
        f"DELETE FROM fresh USING good WHERE good.faulty AND {history.same('good', 'fresh')}",
    )


def _before_a_known_one(history: History) -> str:
    """Steps of the last recorded day, recorded in another order than that of the file."""
    return f"""
        SELECT fresh.line, fresh.state,
               'placée avant une étape déjà enregistrée (ligne ' || min(known.line) || ')'
        FROM fresh JOIN good AS known
          ON {history.same("known", "fresh")} AND known.effective_on = fresh.effective_on
         AND known.line > fresh.line AND known.existing_id IS NOT NULL
        WHERE fresh.effective_on = fresh.last_on
        GROUP BY fresh.line, fresh.state
    """


def _without_arrow(history: History) -> str:
    """An arrow starts from the recorded state, or from the state as read on that day."""
    return f"""
        SELECT line, state, previous || ' ne peut pas devenir ' || state
               || ' ; états possibles : '
               || coalesce(nullif(array_to_string(following, ', '), ''), 'aucun')
        FROM (
            SELECT fresh.line, fresh.state, previous,
                   recorded.following || CASE
                       WHEN previous IN ('SIGNED', 'BREACH_ALLEGED')
                            AND previous_expiry < effective_on THEN expired.following
                       ELSE '{{}}' END AS following
            FROM fresh
            JOIN arrow AS recorded
              ON recorded.noun = '{history.noun}' AND recorded.state = previous
            LEFT JOIN arrow AS expired
              ON expired.noun = recorded.noun AND expired.state = 'EXPIRED'
        ) AS step
        WHERE NOT state = ANY(following)
    """
