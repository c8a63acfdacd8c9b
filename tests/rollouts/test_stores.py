"""Logs in object stores: what can be read without a network, and one sentence for the rest."""

from __future__ import annotations

import sys

import polars as pl
import pytest

from freshbits import InputError, audit, read

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.fixture
def frame():
    return pl.DataFrame({"at": range(320)}).select(
        prompt="q" + (pl.col("at") // 8).cast(pl.String),
        completion="a" + (pl.col("at") % 3).cast(pl.String),
        reward=(pl.col("at") % 3 == 0).cast(pl.Float64),
    )


@pytest.fixture
def store(frame):
    """Two files in fsspec's memory, as an object store would hold them."""
    held = fsspec.filesystem("memory")
    for number, part in enumerate((frame[:100], frame[100:])):
        with held.open(f"/run/part-{number}.parquet", "wb") as stream:
            part.write_parquet(stream)
    with held.open("/run/log.jsonl", "wb") as stream:
        frame.write_ndjson(stream)
    yield held
    held.rm("/run", recursive=True)


@pytest.mark.parametrize("where", ["memory://run/*.parquet", "memory://run/log.jsonl"])
def test_what_fsspec_holds_gives_the_same_report(frame, store, where):
    log = read(where)
    assert pl.concat(list(log.batches())).equals(pl.concat(list(read(frame).batches())))
    assert log.notes[0] == f"read where it lies: {where}"
    assert audit(where).budget["reward"] == audit(frame).budget["reward"]


def test_a_file_address_is_a_path(frame, tmp_path):
    frame.write_parquet(tmp_path / "a log.parquet")
    address = (tmp_path / "a log.parquet").as_uri()
    assert audit(address, where="LOG").dumps() == audit(tmp_path / "a log.parquet", where="LOG").dumps()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("memory://run", "is no file that can be read in an object store; name files that end in .parquet"),
        ("memory://nowhere/log.parquet", "cannot be read"),
        ("memory://nowhere/*.parquet", "there is no such file"),
        ("nothing://run/log.parquet", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(store, where, words):
    with pytest.raises(InputError, match="^" + where.replace("*", r"\*") + ": " + words):
        read(where)


def test_a_missing_package_is_named(monkeypatch, store):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match=r"reading memory:// needs a package that is not installed .*; pip install"):
        read("memory://run/log.jsonl")


def test_files_of_two_places_are_not_one_log(store, tmp_path):
    with pytest.raises(InputError, match="files of this machine and of an object store in one log"):
        read([str(tmp_path), "memory://run/log.jsonl"])
