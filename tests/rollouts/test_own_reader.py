"""A reader of one's own: the page's code as it stands, from the command line and from Python, and what goes wrong."""

import re
from pathlib import Path

import polars as pl
import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

PAGE = Path(__file__).parents[2] / "docs" / "own_reader.md"
LOG, READER, ROWS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """Makes the page's log and reader: 40 prompts with 8 attempts, the third of which crashed."""
    monkeypatch.chdir(tmp_path)
    exec(compile(LOG, "page", "exec"), {})
    (tmp_path / "our_reader.py").write_text(READER)
    return tmp_path


def reader(place, code):
    file = place / "mine.py"
    file.write_text(code)
    return ReadOptions(format=str(file))


def test_the_page_s_reader_has_about_twenty_lines():
    assert len(READER.strip().splitlines()) <= 22


def test_the_page_s_reader_reads_its_log(ours):
    log = read(ours / "ours.jsonl", ReadOptions(format=str(ours / "our_reader.py")))
    frame = pl.concat(log.batches())
    assert log.signals == ("tests", "style")
    assert frame.group_by("group").len()["len"].to_list() == [8] * 40
    assert frame["signal.tests"].null_count() == 40  # crashed attempts are unscored
    assert frame["signal.tests"].mean() == pytest.approx(0.5)
    assert frame["truncated"].sum() == 40
    assert log.notes[0] == "read by our_reader.py, a reader of one's own"
    assert pl.concat(log.batches()).equals(frame)  # anew at each pass


def test_the_page_s_command_audits_it(ours, freshbits):
    ran = freshbits("audit", "ours.jsonl", "--format", "our_reader.py")
    assert ran.code == 0, ran.err
    assert "320 rollouts of 40 prompts in 40 groups of 8" in ran.out
    assert "read by our_reader.py" in ran.out


def test_the_page_s_function_is_a_log(capsys):
    exec(compile(ROWS, "page", "exec"), names := {})
    assert capsys.readouterr().out == "('reward',)\n"
    assert fb.audit(names["rollouts"]).budget["reward"].status == "judged"


def test_a_list_of_dictionaries_is_a_log():
    log = read([{"prompt": "p", "completion": "c", "reward": 1}, {"prompt": "p", "completion": "d", "reward": None}])
    assert pl.concat(log.batches())["signal.reward"].to_list() == [1.0, None]


def test_a_reader_may_return_frames(tmp_path):
    for name in ("a", "b"):
        pl.DataFrame({"prompt": ["p"], "completion": ["c"], "reward": [1.0]}).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    options = reader(tmp_path, "import polars as pl\n\ndef rows(path):\n    return pl.scan_parquet(path)\n")
    assert pl.concat(read([tmp_path / "a.parquet", tmp_path / "b.parquet"], options).batches()).height == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "stopped with ZeroDivisionError"),
        ("x = 1", "has no function rows"),
        ("def rows(path):\n    yield {'prompt': 'p', 'completion': 'c', 'reward': 1}\n    raise KeyError('k')",
         r"row 2: rows\(path\) stopped with KeyError"),
        ("def rows(path):\n    yield 3", r"row 1: rows\(path\) gave int, no dictionary"),
        ("def rows(path):\n    return 3", r"rows\(path\) returned int"),
        ("def rows(path):\n    return open(path + 'x')", "stopped with TypeError"),
        ("def rows(path):\n    yield {'prompt': 'p', 'completion': 'c', 'reward': 'fine'}", "'fine' is text"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_named(ours, code, said):
    with pytest.raises(InputError, match=said):
        list(read(ours / "ours.jsonl", reader(ours, code)).batches())


def test_a_reader_and_a_log_that_are_not_there_are_named(ours):
    with pytest.raises(InputError, match=r"none.py: there is no such file"):
        read(ours / "ours.jsonl", ReadOptions(format=str(ours / "none.py")))
    with pytest.raises(InputError, match=r"none.jsonl: there is no such file"):
        read(ours / "none.jsonl", ReadOptions(format=str(ours / "our_reader.py")))


def test_a_file_of_python_in_a_log_s_folder_is_never_run(ours):
    (ours / "evil.py").write_text("raise SystemExit('run')")
    with pytest.raises(InputError):
        read(ours)
