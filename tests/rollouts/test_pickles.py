"""Pickles are refused by their first bytes, whatever they are called, with a way out that works."""

import json
import pickle
import re
import subprocess
import sys
import zipfile

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.pickles import is_pickle
from freshbits.rollouts.read import read

SAMPLES = [
    {"group_index": 0, "index": at, "rollout_id": 1, "prompt": "q", "response": f"a{at}", "reward": float(at % 2),
     "response_length": 2, "status": "completed"}
    for at in range(4)
]  # fmt: skip


class Trap:
    """Says so if it is ever loaded."""

    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize("name", ["a.pkl", "a.pt", "a.pickle", "a.pth", "rollouts.jsonl", "x"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_is_refused_unread(tmp_path, name, protocol):
    (tmp_path / name).write_bytes(pickle.dumps(Trap(), protocol))
    with pytest.raises(InputError, match="is a pickle: reading it would run whatever code it holds; export"):
        read(tmp_path / name)


def test_a_zip_of_torch_is_a_pickle_too_and_another_zip_is_not(tmp_path):
    for name, inside in (("rollout", "archive/data.pkl"), ("other.zip", "samples/1.json")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inside, pickle.dumps(Trap()))
    assert is_pickle(tmp_path / "rollout")
    assert not is_pickle(tmp_path / "other.zip")
    with pytest.raises(InputError, match="is a pickle"):
        read(tmp_path / "rollout")


def test_the_way_out_writes_what_can_be_read(tmp_path):
    (tmp_path / "7.pkl").write_bytes(pickle.dumps({"rollout_id": 1, "samples": SAMPLES}))
    with pytest.raises(InputError) as refused:
        read(tmp_path / "7.pkl")
    code = re.search(r"`(import json;.*)`", str(refused.value)).group(1)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    written = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    assert written == SAMPLES
    log = read(tmp_path / "rollouts.jsonl")
    assert log.format == "slime samples"
    assert pl.concat(log.batches())["signal.reward"].to_list() == [0.0, 1.0, 0.0, 1.0]


def test_it_is_one_sentence_and_exit_two(freshbits, tmp_path):
    (tmp_path / "global_step_1_training_input.pkl").write_bytes(pickle.dumps(Trap()))
    ran = freshbits("audit", tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "is a pickle" in ran.err
