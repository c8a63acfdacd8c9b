"""Data sets as Hugging Face leaves them: saved to disk, splits, shards; JSON lines packed by gzip and Zstandard."""

import gzip
import json
import sys

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.read import read

ROWS = [{"prompt": f"q{n // 8}", "completion": f"a{n % 3}", "reward": float(n % 3 == 0)} for n in range(64)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def means(source):
    log = read(source)
    return log, pl.concat(log.batches())["signal.reward"].mean()


EXPECTED = pytest.approx(22 / 64, abs=1e-12)


def test_a_data_set_saved_to_disk_and_each_of_its_splits(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    one = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict(train=one, test=one.select(range(8))).save_to_disk(str(tmp_path))
    log, mean = means(tmp_path / "train")
    assert mean == EXPECTED
    assert not any("splits" in note for note in log.notes)
    log, mean = means(tmp_path)
    assert mean == pytest.approx((22 + 3) / 72, abs=1e-12)
    assert "2 splits are read together: test, train (point at one to read it alone)" in log.notes


def test_shards_of_the_hub_are_one_log_and_its_splits_are_named(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for part in range(4):
        pl.DataFrame(ROWS[16 * part : 16 * part + 16]).write_parquet(data / f"train-0000{part}-of-00004.parquet")
    (tmp_path / "README.md").write_text("a card")
    (tmp_path / "dataset_infos.json").write_text(json.dumps({"default": {"splits": {}}}, indent=2))
    log, mean = means(tmp_path)
    assert (mean, len(log.files)) == (EXPECTED, 4)
    assert not any("splits" in note for note in log.notes)
    pl.DataFrame(ROWS[:8]).write_parquet(data / "validation-00000-of-00001.parquet")
    assert any(note.startswith("2 splits are read together: train, validation") for note in read(tmp_path).notes)


def test_packed_lines_are_unpacked(tmp_path):
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(LINES))
    assert means(tmp_path)[1] == EXPECTED
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(LINES[:900]) + zstandard.compress(LINES[900:])  # two frames, as a resumed writer leaves
    (tmp_path / "log.jsonl.zst").write_bytes(packed)
    assert means(tmp_path / "log.jsonl.zst")[1] == EXPECTED
    (tmp_path / "cut.jsonl.zst").write_bytes(b"no frame" * 9)
    with pytest.raises(InputError, match=r"cut.jsonl.zst: cannot be unpacked"):
        read(tmp_path / "cut.jsonl.zst")


def test_without_zstandard_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "log.jsonl.zst").write_bytes(b"x")
    with pytest.raises(InputError, match="pip install zstandard, or unpack it first"):
        read(tmp_path)
