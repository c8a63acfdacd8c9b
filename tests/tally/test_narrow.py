"""The narrow frame: spilled in parts, removed in every case, one sentence where the disk is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.tally import narrow as module
from freshbits.tally.narrow import PREFIX, Narrow, sweep

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="locks and signals of POSIX")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "SPILL_ROWS", 10)
    return tmp_path


def spilled(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*/*.parquet"))


def test_rows_come_back_in_order_from_memory_and_disk(folder):
    parts = [pl.DataFrame({"a": range(start, start + 7)}) for start in range(0, 35, 7)]
    with Narrow() as narrow:
        for part in parts:
            narrow.append(part)
        assert len(spilled(folder)) == 2
        rows = narrow.lazy().collect()
    assert rows["a"].to_list() == rows["row"].to_list() == list(range(35))
    assert list(folder.iterdir()) == []


def test_parts_that_lack_a_column_are_null_there(folder):
    with Narrow() as narrow:
        narrow.append(pl.DataFrame({"a": range(12), "b": range(12)}))
        narrow.append(pl.DataFrame({"a": range(12)}))
        assert narrow.lazy().collect()["b"].null_count() == 12


def test_what_was_spilled_goes_when_an_error_passes(folder):
    def interrupted() -> None:
        with Narrow() as narrow:
            narrow.append(pl.DataFrame({"a": range(20)}))
            assert spilled(folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), pl.exceptions.ComputeError("No space left on device (os error 28)")],
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(error, folder, monkeypatch):
    def full(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(InputError, match=r"temporary folder is full.*TMPDIR") as raised, Narrow() as narrow:
        narrow.append(pl.DataFrame({"a": range(20)}))
    assert "\n" not in str(raised.value)
    assert list(folder.iterdir()) == []


def test_another_error_of_writing_is_not_called_a_full_disk(monkeypatch):
    def broken(*_args: object, **_options: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", broken)
    with pytest.raises(OSError, match="Input/output"), Narrow() as narrow:
        narrow.append(pl.DataFrame({"a": range(20)}))


@posix
def test_what_a_killed_process_left_is_swept_and_a_living_one_keeps_its_own(folder):
    code = (
        "import sys, time, tempfile, polars as pl\n"
        f"tempfile.tempdir = {str(folder)!r}\n"
        "from freshbits.tally import narrow\n"
        "narrow.SPILL_ROWS = 10\n"
        "rows = narrow.Narrow()\n"
        "rows.append(pl.DataFrame({'a': range(20)}))\n"
        "print('spilled', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "spilled\n"
        with Narrow() as mine:
            mine.append(pl.DataFrame({"a": range(20)}))
            sweep()
            assert len(spilled(folder)) == 2
            other.send_signal(signal.SIGKILL)
            other.wait()
            sweep()
            assert len(spilled(folder)) == 1
            assert mine.lazy().collect().height == 20
    assert list(folder.iterdir()) == []
