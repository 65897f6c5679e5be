import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from registry.embedded import EmbeddedError, running
from tests.servers import free_port


def raccord(data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RACCORD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "registry", *arguments],
        env=environment | {"RACCORD_DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def postmasters(data_dir: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"] and str(data_dir) in " ".join(process.info["cmdline"])
    ]


@pytest.mark.parametrize("name", ["Mes documents", "R&D", "l'espace", "dièse #1"])
def test_a_path_that_postgresql_can_not_take_is_refused_with_the_way_out(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(EmbeddedError, match="RACCORD_DATA_DIR"), running(tmp_path / name):
        pass


def test_first_starts_at_once_all_answer_and_leave_nothing_behind(tmp_path: Path) -> None:
    programs = [raccord(tmp_path, "coverage", "--format", "csv") for _ in range(3)]
    answers = [program.communicate(timeout=120) for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert postmasters(tmp_path) == []


@pytest.mark.parametrize("pause", [0.0, 1.5])
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_ends_stops_its_database(
    tmp_path: Path, ending: signal.Signals, workers: str, pause: float
) -> None:
    service = raccord(tmp_path, "serve", "--port", str(free_port()), "--workers", workers)
    assert service.stderr is not None
    for line in service.stderr:
        if "Raccord répond" in line:
            break
    time.sleep(pause)
    service.send_signal(ending)
    service.communicate(timeout=60)
    assert postmasters(tmp_path) == []


def test_a_killed_program_does_not_keep_the_server_up(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (folder,) = tmp_path.iterdir()
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    (folder / ".handle_pids.json").write_text(f"[{finished.pid}]")
    with running(tmp_path):
        assert postmasters(tmp_path)
    assert postmasters(tmp_path) == []


async def test_the_service_and_the_owner_are_two_accounts(tmp_path: Path) -> None:
    with running(tmp_path) as addresses:
        connection = await asyncpg.connect(addresses.service)
        try:
            assert await connection.fetchval("SELECT session_user") == "raccord"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("SET ROLE raccord_owner")
        finally:
            await connection.close()


def test_another_program_whose_number_the_folder_names_is_left_alone(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (folder,) = tmp_path.iterdir()
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        lines = [str(other.pid), str(folder), "1790000000", "5432", str(folder), "", "1 1", "ready"]
        (folder / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with running(tmp_path):
            assert postmasters(tmp_path)
        assert postmasters(tmp_path) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_a_server_killed_alone_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as addresses:
        (folder,) = tmp_path.iterdir()
        for _ in range(2):
            first = int((folder / "postmaster.pid").read_text().partition("\n")[0])
            os.kill(first, signal.SIGKILL)
            for _ in range(600):
                await asyncio.sleep(0.1)
                try:
                    connection = await asyncpg.connect(addresses.service)
                except (OSError, asyncpg.PostgresError):
                    continue
                break
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
            assert int((folder / "postmaster.pid").read_text().partition("\n")[0]) != first
    assert postmasters(tmp_path) == []


def test_a_start_waits_for_the_server_that_was_killed_with_its_program(tmp_path: Path) -> None:
    service = raccord(tmp_path, "serve", "--port", str(free_port()))
    assert service.stderr is not None
    for line in service.stderr:
        if "Raccord répond" in line:
            break
    (pidfile,) = tmp_path.glob("*/postmaster.pid")
    os.kill(int(pidfile.read_text().partition("\n")[0]), signal.SIGKILL)
    service.kill()
    service.communicate()
    program = raccord(tmp_path, "coverage", "--format", "csv")
    _, messages = program.communicate(timeout=120)
    assert (program.returncode, "Traceback" in messages) == (0, False), messages
    assert postmasters(tmp_path) == []


def test_no_empty_registry_begins_beside_one_of_another_postgresql(tmp_path: Path) -> None:
    other = tmp_path / "postgresql-16"
    other.mkdir()
    (other / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 16, .* PostgreSQL 18"), running(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["postgresql-16"]


def test_a_folder_is_itself_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (Path("data"), Path("link"), Path("data")):
        if not Path("link").exists():
            Path("link").symlink_to("data")
        with running(folder):
            assert postmasters(tmp_path)


def test_what_is_beside_the_server_is_no_other_registry(tmp_path: Path) -> None:
    saved = tmp_path / "backup"
    saved.mkdir()
    (saved / "PG_VERSION").write_text("18\n")
    with running(tmp_path):
        assert postmasters(tmp_path)


def test_a_folder_that_another_postgresql_wrote_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "postgresql-18"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 17, .* PostgreSQL 18"), running(tmp_path):
        pass


@pytest.mark.parametrize("command", ["coverage", "migrate"])
async def test_a_database_that_a_later_program_wrote_is_refused(
    tmp_path: Path, command: str
) -> None:
    first = raccord(tmp_path, "migrate")
    first.communicate(timeout=120)
    assert first.returncode == 0
    with running(tmp_path) as addresses:
        owner = await asyncpg.connect(addresses.owner)
        await owner.execute("UPDATE alembic_version SET version_num = 'zzzz'")
        await owner.close()
    program = raccord(tmp_path, command)
    _, messages = program.communicate(timeout=120)
    assert program.returncode == 1
    assert "zzzz" in messages
    assert "plus récente" in messages
    assert "Traceback" not in messages
