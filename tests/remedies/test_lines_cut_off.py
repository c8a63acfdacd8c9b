"""What a log holds that could not be read is said wherever rows are chosen from it, not by the audit alone."""

import json

import pytest

import freshbits as fb


@pytest.fixture
def cut(tmp_path):
    rows = [
        {"prompt": f"q{i // 8}", "completion": f"a{i % 3} {i}", "reward": float(i % 3 == 0), "truth": i % 3 == 0}
        for i in range(320)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"prompt": "q1", "compl', encoding="utf-8")
    return path


def test_every_choice_of_rows_says_what_was_not_read(cut):
    log = fb.read(cut)
    _, selected = fb.select(log, 20)
    _, allocated = fb.allocate(fb.read(cut), 64)
    _, balanced = fb.rebalance(fb.read(cut), ["digits"])
    planned = fb.plan(cut)
    for result in (selected, allocated, balanced, planned):
        assert sum("the last line is cut off" in note for note in result.notes) == 1
        assert any(note.startswith("1 row: ") for note in result.notes)
