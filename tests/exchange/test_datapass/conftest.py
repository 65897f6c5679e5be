from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(entries: str | bytes) -> Path:
        path = tmp_path / "vendors.yml"
        if isinstance(entries, str):
            entries = f"---\nshared:\n{indent(dedent(entries).strip(), '  ')}\n".encode()
        path.write_bytes(entries)
        return path

    return written
