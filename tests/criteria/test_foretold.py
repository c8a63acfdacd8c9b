"""The forecast of an audit: a shortcut is relied on, a probability needs truth, and reports stay what they were."""

import json

import polars as pl
import pytest

from freshbits.auditing import audit, gather
from freshbits.criteria.foretold import FEWEST_LABELLED, foretold
from freshbits.results import Audit
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.hacked import Hacked

WORLD = Hacked(name="bullets", prompts=80, right=0.5, lured=0.9, rounds=4)
ROWS = WORLD.rows(1)
SMALL = Hacked(name="bullets", prompts=40, right=0.5, lured=0.95, rounds=3).rows(1)


def told(rows, **options):
    _, evidence, _ = gather(rows, ReadOptions(), **options)
    return foretold(evidence, "reward", ("ngram",))


@pytest.fixture(scope="module")
def shortcut():
    return told(ROWS)


def test_a_shortcut_is_learned_first_and_relied_on(shortcut):
    assert (shortcut.kind, shortcut.first, shortcut.relied) == ("forecast", "bullets", "bullets")
    top = shortcut.candidates[0]
    assert (top.name, top.kind) == ("bullets", "surface")
    assert top.agreement > 0.7
    assert top.relied_on > 5 * next(e.relied_on for e in shortcut.candidates if e.kind == "truth")
    assert shortcut.unseen.startswith("the n-gram probe sees")


def test_a_probability_has_its_false_alarms_beside_it(shortcut):
    assert shortcut.status == "judged"
    assert shortcut.probability == max(e.probability for e in shortcut.candidates if e.probability is not None)
    assert shortcut.probability > 0.5
    assert 0 < shortcut.fpr < 0.5
    assert "benchmarks/probes" in shortcut.fpr_source
    assert 0 <= shortcut.own_alarm_rate <= 1


def test_without_a_shortcut_nothing_is_relied_on_more():
    found = told(Hacked(name="bullets", prompts=80, right=0.5, rounds=4).rows(1))
    assert found.relied == "truth"
    assert found.probability is None or found.probability < 0.5


def test_without_truth_it_ranks_and_gives_no_risk():
    found = told(ROWS.drop("truth"))
    assert (found.status, found.code) == ("not_judged", "HACK_NO_TRUTH")
    assert found.first == "bullets"
    assert found.probability is None
    assert found.fpr is None
    assert all(e.probability is None and e.crossover_is is None for e in found.candidates)
    assert found.needs.startswith("freshbits label")


def test_few_labels_say_how_many_more():
    some = ROWS.with_columns(pl.when(pl.int_range(pl.len()) < 160).then(pl.col("truth")).alias("truth"))
    found = told(some)
    assert found.code == "HACK_PROBE_FEW_PAIRS"
    assert f"{FEWEST_LABELLED} or more" in found.reason
    assert found.candidates == []
    assert "label" in found.needs


def test_without_texts_nothing_is_read():
    assert told(ROWS, texts=False).code == "HACK_PROBE_NO_TEXT"
    judged_pairs = ROWS.with_columns(pl.lit("other").alias("opponent"))
    assert told(judged_pairs).code == "HACK_PROBE_JUDGED_PAIRS"


def test_the_same_log_gives_the_same_forecast(shortcut):
    assert told(ROWS) == shortcut


def test_the_report_holds_it_only_where_probes_were_run():
    plain, probed = audit(SMALL), audit(SMALL, probe="ngram")
    assert all("foretold" not in section for section in plain.to_json()["hacking"].values())
    assert Audit.from_json(json.loads(probed.dumps())).dumps() == probed.dumps()
    section = probed.hacking["reward"]
    assert (section.kind, section.risk) == ("audit", plain.hacking["reward"].risk)
    filled = next(c for c in section.features if c.name == "bullets")
    entry = next(e for e in section.foretold.candidates if e.name == "bullets")
    assert filled.learned_first is not None
    assert (filled.learned_first, filled.relied_on, filled.price_bits) == (
        entry.learned_first,
        entry.relied_on,
        entry.price_bits,
    )


def test_the_page_and_the_html_tell_it(freshbits, tmp_path):
    SMALL.write_parquet(tmp_path / "run.parquet")
    ran = freshbits("audit", tmp_path / "run.parquet", "--probe", "ngram", "--html", tmp_path / "page.html")
    assert ran.code == 0
    assert "What a learner would take first (a forecast)" in ran.out
    assert "bullets is learned first" in ran.out
    assert "would take first (a forecast)" in (tmp_path / "page.html").read_text(encoding="utf-8")
    wrong = freshbits("audit", tmp_path / "run.parquet", "--probe", "lstm")
    assert wrong.code == 2
    assert "no probe" in wrong.err
