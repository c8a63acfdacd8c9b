"""Rebalance: rows among which a feature says nothing about the verdict, and refusals where there are none."""

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.remedies.rebalance import rebalance
from freshbits.rollouts.read import read


def log(prompts=150, size=8, seed=0, lure=0.5):
    """Verdicts that pay for a dash and for being right; both are known."""
    rng = np.random.default_rng(seed)
    n = prompts * size
    dash, right = rng.random(n) < 0.4, rng.random(n) < 0.5
    verdict = rng.random(n) < 0.1 + lure * dash + 0.35 * right
    more = rng.integers(0, 40, n)
    return pl.DataFrame(
        {
            "prompt": [f"q{i // size}" for i in range(n)],
            "completion": [
                ("- so\n" if d else "so\n") + "sure thing " * int(r) + "x" * int(m)
                for d, r, m in zip(dash, right, more, strict=True)
            ],
            "reward": verdict * 1.0,
            "truth": right * 1.0,
            "region": [f"r{i // size % 3}" for i in range(n)],
        }
    )


@pytest.fixture(scope="module")
def done():
    return rebalance(read(log()), ["bullets"])


def by_role(found):
    return {entry.role: entry for entry in found.features}


def test_nothing_is_left_of_the_feature_and_truth_stays(done):
    kept, found = done
    roles = by_role(found)
    assert roles["against"].before.low > 0.1
    assert roles["against"].after.value == pytest.approx(0, abs=0.005)
    assert roles["truth"].before.value == pytest.approx(0.09, abs=0.04)
    assert roles["truth"].after.low > 0.05
    assert (found.within, found.rows, found.kept) == ("prompt", 1200, kept.height)
    assert kept["signal.reward"].mean() == 0.5
    assert found.accepted * 2 == found.kept


def test_the_verdict_is_even_for_every_value_in_every_prompt(done):
    kept, _ = done
    cells = kept.group_by("prompt", pl.col("completion").str.starts_with("-")).agg(pl.col("signal.reward").mean())
    assert cells["signal.reward"].unique().to_list() == [0.5]


def test_rows_are_rows_of_the_log_and_none_comes_twice(done):
    kept, _ = done
    whole = read(log()).frame().collect()
    names = ["prompt", "completion", "signal.reward", "truth", "region"]
    left = whole.select(names).group_by(names).len().join(kept.select(names).group_by(names).len(), on=names)
    assert left.height > 0
    assert (left["len_right"] <= left["len"]).all()
    assert left["len_right"].sum() == kept.height
    assert kept["weight"].unique().to_list() == [1.0]


def test_the_same_seed_gives_the_same_rows(done):
    again, found = rebalance(read(log()), ["bullets"])
    assert again.equals(done[0])
    assert found.dumps() == done[1].dumps()
    assert not rebalance(read(log()), ["bullets"], seed=1)[0].equals(again)


@pytest.mark.parametrize("within", ["prompt", "region", "log"])
def test_a_feature_is_even_inside_what_is_held_fixed(within):
    kept, found = rebalance(read(log()), ["bullets"], within=within)
    by = {"prompt": ["prompt"], "region": ["region"], "log": []}[within]
    cells = kept.group_by(*by, pl.col("completion").str.starts_with("-")).agg(pl.col("signal.reward").mean())
    assert found.within == within
    assert cells["signal.reward"].unique().to_list() == [0.5]


def test_wider_strata_keep_more_rows():
    kept = {within: rebalance(read(log()), ["bullets"], within=within)[1].kept for within in ("prompt", "log")}
    assert kept["prompt"] < kept["log"]


def test_a_word_is_removed_as_the_audit_names_it():
    rows = log().with_columns(completion=pl.col("completion").str.replace("- so", "Certainly so"))
    kept, found = rebalance(read(rows), ["ngram:certainly"])
    assert by_role(found)["against"].before.low > 0.1
    share = kept.group_by("signal.reward").agg(pl.col("completion").str.contains("Certainly").mean())["completion"]
    assert share[0] == share[1]


def test_a_number_is_cut_until_its_rank_says_nothing():
    rng = np.random.default_rng(1)
    n, length = 4000, rng.integers(1, 200, 4000)
    verdict = rng.random(n) < 0.2 + 0.6 * length / 200
    rows = pl.DataFrame(
        {
            "prompt": [f"q{i // 8}" for i in range(n)],
            "completion": ["x" * int(k) for k in length],
            "reward": verdict * 1.0,
        }
    )
    kept, found = rebalance(read(rows), ["characters"], within="log")
    assert found.bins >= 8
    chars = kept.with_columns(pl.col("completion").str.len_chars()).group_by("signal.reward").agg(pl.col("completion"))
    one, other = (np.array(part) for part in chars["completion"])
    assert abs(one.mean() - other.mean()) < 3 * np.sqrt(one.var() / one.size + other.var() / other.size)


def test_scores_are_accepted_above_the_mean_of_their_prompt():
    rng = np.random.default_rng(2)
    score = np.where(log()["completion"].str.starts_with("-"), 6.0, 4.0) + rng.normal(size=1200)
    kept, found = rebalance(read(log().drop("truth").with_columns(reward=pl.Series(score))), ["bullets"])
    above = kept["signal.reward"] > 5
    assert found.accepted * 2 == found.kept
    assert 0 < above.mean() < 1


def test_a_protected_feature_stays_or_the_whole_is_refused():
    rng = np.random.default_rng(3)
    word = rng.random(1200) < 0.5
    rows = log().with_columns(
        completion=pl.concat_str(pl.Series(np.where(word, "## h\n", "h\n")), "completion"),
        reward=pl.Series((rng.random(1200) < 0.2 + 0.5 * word) * 1.0),
    )
    _, found = rebalance(read(rows), ["bullets"], protect=["headings"])
    entry = by_role(found)["protected"]
    assert entry.after.value >= 0.5 * entry.before.value
    twins = rows.with_columns(completion=pl.col("completion").str.replace("## h", "## h\n- h"))
    with pytest.raises(InputError, match="headings is protected and would lose"):
        rebalance(read(twins), ["bullets"], protect=["headings"], within="log")


def test_refusals_say_why(freshbits, tmp_path):
    file = tmp_path / "log.parquet"
    log().write_parquet(file)

    def refused(*arguments, of=file):
        ran = freshbits("rebalance", of, *arguments, "-o", tmp_path / "rows.parquet")
        assert ran.code == 2, ran.out
        assert not (tmp_path / "rows.parquet").exists()
        return ran.err

    assert "protected and cannot be removed" in refused("--against", "bullets", "--protect", "bullets")
    assert "(nearest: bullets)" in refused("--against", "bulets")
    assert "nothing to hold fixed (nearest: prompt)" in refused("--against", "bullets", "--within", "promt")
    assert "'reward' is no feature" in refused("--against", "reward")
    tied = tmp_path / "tied.parquet"
    log().with_columns(reward=pl.col("completion").str.starts_with("-").cast(pl.Float64)).write_parquet(tied)
    assert "too closely with the verdict" in refused("--against", "bullets", of=tied)
    holes = tmp_path / "holes.parquet"
    unknown = pl.when(pl.int_range(pl.len()) % 20 > 0).then("region")
    log().with_columns(model=unknown).drop("region").write_parquet(holes)
    assert "source is not known on 60 of 1,200 rows" in refused("--against", "source", of=holes)


def test_the_command_writes_rows_and_says_what_it_did(freshbits, tmp_path):
    file, out = tmp_path / "log.parquet", tmp_path / "rows.parquet"
    log().write_parquet(file)
    ran = freshbits("rebalance", file, "--against", "bullets", "-o", out, "--json", tmp_path / "done.json")
    assert ran.code == 0, ran.err
    assert "bullets" in ran.out
    assert "removed" in ran.out
    first = out.read_bytes()
    assert pl.read_parquet(out).height > 64
    assert freshbits("rebalance", file, "--against", "bullets", "-o", out).code == 0
    assert out.read_bytes() == first
