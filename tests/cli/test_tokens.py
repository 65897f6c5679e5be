import json
import re
from typing import Any

import pytest

from registry.auth import tokens
from registry.database import Database
from tests.api.conftest import MINISTRY
from tests.cli.conftest import Run
from tests.factories import establishment, siren

OWN = siren(99970000)


def created(run: Run, *options: str, name: str = "nuit") -> str:
    outcome = run("token", "create", "--name", name, "--scope", "READ", *options)
    assert outcome.code == 0, outcome.err
    return outcome.out


def listed(run: Run, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("token", "list", "--format", "json", *options).out)
    return found


def test_a_secret_stands_alone_on_stdout(run: Run) -> None:
    outcome = run(
        "token", "create", "--siren", OWN, "--name", "nuit", "--scope", "read", "--scope",
        "DECLARE", "--days", "10",
    )  # fmt: skip
    secret = outcome.out.removesuffix("\n")
    assert tokens.is_well_formed(secret)
    assert outcome.err.startswith("Jeton ")
    assert "ne sera plus montré" in outcome.err
    assert secret not in outcome.err
    (token,) = listed(run)
    assert (token["name"], token["siren"], token["siret"]) == ("nuit", OWN, None)
    assert (token["scopes"], token["state"]) == (["READ", "DECLARE"], "ACTIVE")
    assert secret not in run("token", "list").out


def test_a_token_that_reviews_is_an_allowed_establishment_s(run: Run) -> None:
    siret = establishment(MINISTRY)
    create = ("token", "create", "--name", "revue", "--scope", "REVIEW")
    for holder in (("--siret", siret), ("--siren", MINISTRY)):
        refused = run(*create, *holder)
        assert (refused.code, refused.out) == (1, "")
        assert "liste du ministère" in refused.err
    assert run("ministry", "allow", siret, "--label", "Ministère").code == 0
    assert tokens.is_well_formed(run(*create, "--siret", siret).out.strip())
    assert run(*create, "--siren", MINISTRY).code == 1


def test_a_revoked_token_is_shown_as_such(run: Run) -> None:
    created(run, "--siren", OWN)
    created(run, "--siren", siren(99970001))
    token = listed(run, "--siren", OWN)[0]
    assert len(listed(run)) == 2
    outcome = run("token", "revoke", str(token["id"]))
    assert (outcome.code, outcome.out) == (0, "")
    assert "révoqué" in outcome.err
    assert listed(run, "--siren", OWN)[0]["state"] == "REVOKED"
    assert "révoqué" in run("token", "list").out
    assert run("token", "list", "--format", "csv").out.startswith(
        "id,name,siren,siret,scopes,state"
    )
    again = run("token", "revoke", str(token["id"]))
    assert (again.code, again.err) == (1, "Ce jeton est déjà révoqué.\n")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 1, "Le SIREN ou le SIRET est attendu"),
        (("--siren", OWN, "--siret", establishment(OWN)), 1, "l’un des deux"),
        (("--siren", "123456789"), 1, "n’est pas un SIREN"),
        (("--siret", OWN), 1, "n’est pas un SIRET"),
        (("--siren", OWN, "--days", "366"), 2, "Valeur refusée"),
        (("--siren", OWN, "--scope", "ADMIN"), 2, "n’est pas l’une de ces valeurs"),
    ],
)
def test_a_mistake_creates_nothing(
    run: Run, options: tuple[str, ...], code: int, said: str
) -> None:
    outcome = run("token", "create", "--name", "nuit", "--scope", "READ", *options)
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert not re.search("Invalid|Error|not in the range", outcome.err)
    assert listed(run) == []


def test_a_name_in_force_is_taken(run: Run) -> None:
    created(run, "--siren", OWN)
    outcome = run("token", "create", "--siren", OWN, "--name", "nuit", "--scope", "READ")
    assert (outcome.code, outcome.out) == (1, "")
    assert "le renouveler" in outcome.err
    assert run("token", "revoke", "999999").code == 1


def test_the_list_of_the_ministry(run: Run, database: Database) -> None:
    siret = establishment(MINISTRY)
    assert run("ministry", "remove", siret).code == 1
    added = run("ministry", "allow", f"{siret[:9]} {siret[9:]}", "--label", "Ministère")
    assert (added.code, added.out) == (0, "")
    assert run("ministry", "allow", siret, "--label", "Encore").code == 1
    assert siret in run("ministry", "list").out
    (entry,) = json.loads(run("ministry", "list", "--format", "json").out)
    assert (entry["siret"], entry["label"]) == (siret, "Ministère")
    assert run("ministry", "list", "--format", "csv").out.count("\n") == 2
    assert run("ministry", "remove", siret).code == 0
    assert json.loads(run("ministry", "list", "--format", "json").out) == []
    assert run("verify").code == 0
