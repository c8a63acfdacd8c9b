"""Labels: truth put beside the rows it was made for, and nowhere else."""

import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.labels import row_key
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

LOG = pl.DataFrame(
    {
        "prompt": [f"p{i % 5}" for i in range(50)],
        "completion": [f"c{i}" for i in range(50)],
        "reward": [float(i % 2) for i in range(50)],
        "truth": [1.0] * 50,
    }
)


def labels(picked=(3, 17, 42), **changes):
    frame = {
        "row": list(picked),
        "key": [row_key(LOG["prompt"][i], LOG["completion"][i]) for i in picked],
        "truth": ["1", "false", ""],
        "inclusion_probability": [0.5, 0.25, 1.0],
    }
    return pl.DataFrame(frame | changes)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_truth_and_weight_stand_on_labelled_rows_only(kind, tmp_path):
    path = tmp_path / f"labels.{kind}"
    frame = labels()
    {"parquet": frame.write_parquet, "jsonl": frame.write_ndjson, "csv": frame.write_csv}[kind](path)
    log = read(LOG, ReadOptions(labels=path))
    rows = pl.concat(log.batches())
    assert rows["truth"].count() == 2  # the log's own truth column is overruled
    assert (rows["truth"][3], rows["truth_weight"][3]) == (1.0, 2.0)
    assert (rows["truth"][17], rows["truth_weight"][17]) == (0.0, 4.0)
    assert (rows["truth"][42], rows["truth_weight"][42]) == (None, 1.0)
    assert "2 of 3 rows in it are labelled" in log.notes[-1]


def test_truth_alone_may_be_asked_for(tmp_path):
    labels().write_csv(tmp_path / "l.csv")
    log = read(LOG, ReadOptions(labels=tmp_path / "l.csv"))
    rows = pl.concat(log.batches(["truth", "signal.reward"]))
    assert rows.columns == ["truth", "signal.reward"]
    assert rows["truth"][3] == 1.0
    assert pl.concat(log.batches(["signal.reward"])).height == 50


def test_rows_are_found_across_batches(tmp_path):
    big = pl.DataFrame(
        {"prompt": ["p"] * 50_000, "completion": [str(i) for i in range(50_000)], "reward": [1.0] * 50_000}
    )
    picked = [0, 19_999, 20_000, 49_999]
    pl.DataFrame({"row": picked, "key": [row_key("p", str(i)) for i in picked], "truth": [1, 0, 1, 0]}).write_csv(
        tmp_path / "l.csv"
    )
    rows = pl.concat(read(big, ReadOptions(labels=tmp_path / "l.csv")).batches(["truth"]))
    assert [rows["truth"][i] for i in picked] == [1.0, 0.0, 1.0, 0.0]
    assert rows["truth"].count() == 4


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"key": ["0" * 16] * 3},
            "column 'key': the key of row 3 does not fit the log; these labels were made from another",
        ),
        ({"row": [3, 17, 99]}, "column 'row': labels rows past the end of the log"),
        ({"row": [3, 3, 42]}, "row 1, column 'row': is 3; it must be given once each"),
        ({"truth": ["1", "2", ""]}, "row 2, column 'truth': is 2.0; it must be 0, 1, true, false or empty"),
        ({"truth": ["1", "yes!", ""]}, "row 3, column 'truth': 'yes!' is text, not a number"),
        (
            {"inclusion_probability": [0.5, 0.0, 1.0]},
            "column 'inclusion_probability': is 0.0; it must be above 0",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(changes, sentence, tmp_path):
    labels(**changes).write_csv(tmp_path / "l.csv")
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        list(read(LOG, ReadOptions(labels=tmp_path / "l.csv")).batches())


def test_a_file_without_keys_is_no_label_file(tmp_path):
    labels().drop("key").write_csv(tmp_path / "l.csv")
    with pytest.raises(InputError, match="no column 'key'"):
        read(LOG, ReadOptions(labels=tmp_path / "l.csv"))


def test_prompt_and_completion_both_make_the_key():
    assert row_key("a", "bc") != row_key("ab", "c")
    assert row_key(None, "x") == row_key("", "x")
    assert len(row_key("a", "b")) == 16
