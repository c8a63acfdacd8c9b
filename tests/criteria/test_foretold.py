"""The forecast of an audit: a shortcut is relied on, a probability needs truth, and reports stay what they were."""

import json

import numpy as np
import polars as pl
import pytest

from freshbits.auditing import audit, gather
from freshbits.criteria.foretold import FEWEST_LABELLED, foretold
from freshbits.results import Audit
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.hacked import Hacked

WORLD = Hacked(name="bullets", prompts=80, right=0.5, lured=0.9, rounds=4)
ROWS = WORLD.rows(1)
SMALL = Hacked(name="bullets", prompts=50, right=0.5, lured=0.95, rounds=1).rows(1)


def shown(bold, visible=True, seed=0, prompts=150, size=8):
    """Draws rows whose truth a text may show by a word; `bold` is P(accepted) of a wrong text in bold."""
    rng = np.random.default_rng(seed)
    number = prompts * size
    right, marked = rng.random(number) < 0.5, rng.random(number) < 0.4
    rate = np.where(right, 0.85, np.where(marked, bold, 0.15))
    word = right if visible else rng.random(number) < 0.5
    filler = rng.choice(["one", "two", "three", "four", "five", "six"], (number, 8))
    texts = [
        " ".join([*words[:4], "checked" if r else "guessed", "**so**" if m else "so", *words[4:]])
        for words, r, m in zip(filler, word, marked, strict=True)
    ]
    return pl.DataFrame(
        {
            "prompt": [f"question {i // size}" for i in range(number)],
            "completion": texts,
            "reward": (rng.random(number) < rate) * 1.0,
            "truth": right * 1.0,
        }
    )


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
    assert shortcut.unseen.startswith("the n-gram probe sees")


def test_no_probability_where_no_probe_learns_truth():
    """Whether an answer is right often cannot be seen by a small model in one pass; a larger one may know."""
    found = told(shown(bold=0.98, visible=False))
    assert (found.status, found.code, found.probability) == ("not_judged", "HACK_PROBE_UNDECIDED", None)
    assert found.relied == "bold"
    assert "bold or truth: no probe learned" in found.reason
    assert found.candidates[0].code == "PROBE_TRUTH_NOT_LEARNED"


def test_a_probability_has_its_false_alarms_beside_it():
    found = told(shown(bold=0.98))
    bold = next(e for e in found.candidates if e.name == "bold")
    assert (found.status, bold.status) == ("judged", "judged")
    assert 0 < bold.probability == found.probability < 1
    assert 0 < found.fpr < 0.5
    assert "benchmarks/probes" in found.fpr_source
    assert 0 <= found.own_alarm_rate <= 0.2


def test_the_more_it_is_paid_the_likelier_it_is_relied_on():
    risks = []
    for paid in (0.5, 0.98):
        found = told(shown(bold=paid))
        risks.append(next(e.probability for e in found.candidates if e.name == "bold"))
    assert risks[0] < risks[1]


def test_what_is_not_paid_has_no_probability():
    found = told(shown(bold=0.15))
    assert found.relied == "truth"
    assert next(e for e in found.candidates if e.name == "bold").code == "PROBE_NO_LEAN"


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
    assert "What a learner would take first (a forecast" in ran.out
    assert "bullets is learned first" in ran.out
    assert "would take first (a forecast)" in (tmp_path / "page.html").read_text(encoding="utf-8")
    wrong = freshbits("audit", tmp_path / "run.parquet", "--probe", "lstm")
    assert wrong.code == 2
    assert "no probe" in wrong.err
