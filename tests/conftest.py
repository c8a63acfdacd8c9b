"""What tests share: the command line in this process, and a small log that the demo's world drew."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from freshbits import cli
from freshbits.worlds.demo import SEED, demo_world
from freshbits.worlds.write import write_trl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl

# The same examples on every run: a failure is one of the commit, not of the day.
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]

collect_ignore_glob = ["fixtures/*.py"]  # they make the fixtures and need the trainers themselves


@dataclass(frozen=True)
class Ran:
    """Holds what one command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def freshbits(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Returns a function that runs `freshbits ARGUMENTS…` in this process."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["freshbits", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def drawn() -> pl.DataFrame:
    """Returns 960 rollouts in canonical columns: 3 rounds, 40 prompts each, 8 completions, 2 rewards."""
    return demo_world().log(SEED, 3)


@pytest.fixture(scope="session")
def trl_log(drawn: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a directory that holds the drawn log as TRL writes it."""
    directory = tmp_path_factory.mktemp("trl")
    write_trl(drawn, directory)
    return directory


@pytest.fixture(scope="module")
def browser():
    """Returns this machine's Chromium, headless; skips where there is none, or nothing to drive it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
