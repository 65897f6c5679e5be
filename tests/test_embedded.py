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
