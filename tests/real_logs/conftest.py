"""Public logs with known faults, and made-up tables of the same columns: both must be read and judged alike.

The public files are looked for in the folder that FRESHBITS_DATA names; without it only the made-up tables are
audited. A public log tells that a status holds on real text, a made-up one that the test can run anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freshbits import ReadOptions, audit

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from freshbits import Audit


@pytest.fixture(scope="module", params=["made up", "public"])
def kind(request: pytest.FixtureRequest) -> str:
    """Returns which of the two logs is audited."""
    return str(request.param)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Audit, pl.DataFrame]]:
    """Returns a function that audits one log, public or made up, and returns the report and the log's table."""

    def run(
        kind: str,
        name: str,
        made_up: pl.DataFrame,
        join: tuple[str, pl.DataFrame] | None = None,
        accept: dict[str, tuple[str, float]] | None = None,
    ) -> tuple[Audit, pl.DataFrame]:
        import polars as pl

        tables = {name: made_up} | (dict([join]) if join else {})
        if kind == "public":
            here = public(name)
        else:
            here = tmp_path_factory.mktemp("made_up")
            for file, table in tables.items():
                table.write_parquet(here / file)
        options = ReadOptions(join=here / join[0] if join else None, accept=accept or {})
        return audit(here / name, options), pl.read_parquet(here / name)

    return run


def public(name: str) -> Path:
    """Returns the folder of the public logs; skips the test where it is not there."""
    folder = os.environ.get("FRESHBITS_DATA")
    if not folder:
        pytest.skip("FRESHBITS_DATA names no folder with the public logs")
    if not (Path(folder) / name).exists():
        pytest.skip(f"{name} is not in the folder that FRESHBITS_DATA names")
    return Path(folder)
