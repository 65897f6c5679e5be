from pathlib import Path

from tests.cli.conftest import Run

COMMITMENTS = """\
vendor_siren,product,effective_on,state,valid_until
000000109,,2022-04-01,SIGNED,2024-12-31
"""


def test_what_is_due_is_done_by_hand_once_and_goes_round(run: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "bundle", tmp_path / "out"
    folder.mkdir()
    (folder / "vendors.csv").write_text("siren,name\n000000109,Éditeur\n")
    (folder / "commitments.csv").write_text(COMMITMENTS)
    assert run("import", "bundle", str(folder)).code == 0
    for _ in range(2):
        done = run("work")
        assert (done.code, done.out, done.err) == (0, "", "Travaux de fond à jour.\n")
    assert run("verify").code == 0
    assert "Rien n’a changé" in run("import", "bundle", str(folder)).err
    assert run("export", "bundle", str(out)).code == 0
    lines = (out / "commitments.csv").read_text().splitlines()
    assert [line.split(",")[2:4] for line in lines[1:]] == [
        ["2022-04-01", "SIGNED"],
        ["2025-01-01", "EXPIRED"],
    ]
    assert lines[2].endswith(",MINISTRY")
    assert "Rien n’a changé" in run("import", "bundle", str(out)).err
