"""The page with truth: what leads, what is said of every verdict, and that not judged never looks like fine."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import freshbits as fb
from freshbits.report.comparison import comparison_page
from freshbits.report.forecast import forecast_page
from freshbits.results import Channel, Efficiency, Estimate, Forecast, Labels, Openness

GOLDEN = Path(__file__).parents[1] / "golden"
A, B = "accuracy_reward", "format_reward"


def e(value, low=None, high=None, level=0.95, unit="share"):
    return Estimate(value, low, high, level, unit, "by hand", 120, 960)


OPEN = Openness(
    status="judged", verdict="open", adjective="renewing", origin="external", measured="beyond",
    reason="external, and it says 0.41 bit per rollout beyond the model's own votes",
    bits=e(0.41, 0.35, 0.47), share=e(0.62, 0.55, 0.7), within_bits=e(0.3, 0.2, 0.4), between_bits=e(0.11, 0.0, 0.2),
)  # fmt: skip
CLOSED = Openness(
    status="judged", verdict="closed", origin="own_state", reason="it is a vote of the model's own answers",
    sharpening_ceiling=e(0.58, 0.5, 0.66),
)  # fmt: skip
UNDETERMINED = Openness(
    status="judged", verdict="undetermined", reason="beyond vote share; declare where it comes from"
)
UNJUDGED = Openness(status="not_judged", code="OPEN_CONTROL_FAILED", reason="a random verdict looks open too")
CURVE = [
    {"n": n, "truth": e(t, t - 0.02, t + 0.02, 0.9 if n > 8 else 0.95), "signal": e(s)}
    for n, t, s in [(1, 0.4, 0.4), (2, 0.5, 0.6), (4, 0.6, 0.8), (8, 0.55, 0.9), (16, 0.5, 0.95)]
]
RATES = Channel(
    status="judged", tpr=e(0.9, 0.86, 0.93), fpr=e(0.12, 0.08, 0.17), j=e(0.78, 0.7, 0.84), ppv=e(0.84, 0.8, 0.88),
    bits=e(0.35, 0.3, 0.4), p_value=0.005, negative_j=e(0.08, 0.03, 0.15),
    worst={"feature": "first_token", "value": "many", "fpr": e(0.4, 0.3, 0.5), "tpr": e(0.9, 0.8, 1.0), "j": e(0.5),
           "q_value": 0.003, "loss": "fpr", "prompts": 44},
    pressure={"curve": CURVE, "peak": e(4, 2, 8, 0.9, "n")},
)  # fmt: skip
SPENT = Efficiency(
    status="judged", partition="boxed answer", task_bits=e(0.3, 0.2, 0.4), total_bits=e(0.6, 0.5, 0.7),
    eta=e(0.5, 0.4, 0.6), coarser={"partition": "right or wrong", "eta": e(0.45, 0.3, 0.6)}, finer=None,
    surface=[{"feature": name, "bits": e(bits)} for name, bits in [("digits", 0.01), ("words", 0.05), ("bold", 0.02),
                                                                   ("lines", 0.002)]],
    ladder=[{"rung": "verdict", "status": "judged", "bits": e(0.6)},
            {"rung": "full text", "status": "not_judged", "bits": None}],
)  # fmt: skip


def audit(opens=(OPEN, CLOSED), channels=(RATES, RATES), spent=None, truth=True, names=(A, B)):
    """Returns the recorded demo audit with sections made by hand, its two signals renamed."""
    text = (GOLDEN / "demo.json").read_text(encoding="utf-8")
    made = fb.Audit.from_json(json.loads(text))
    new = dict(zip((A, B), names, strict=True))
    sections = {
        part: {new[name]: section for name, section in getattr(made, part).items()}
        for part in ("openness", "budget", "components", "channel", "efficiency", "forecast", "hacking")
    }
    sections["openness"] = dict(zip(names, opens, strict=True))
    sections["channel"] = dict(zip(names, channels, strict=True))
    if spent is not None:
        sections["efficiency"] = dict(zip(names, spent, strict=True))
    labels = Labels(rows=300, prompts=120, design="drawn with known inclusion probabilities") if truth else None
    return replace(made, log=replace(made.log, truth=truth, labels=labels), **sections)


def lines(page):
    """Returns the page's paragraphs, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in page.split("\n\n")]


def test_openness_leads_with_one_sentence_per_signal():
    said = fb.page(audit()).splitlines()
    at = said.index("")
    assert said[at + 1].startswith("accuracy_reward is open (renewing): external, and it says 0.41 bit per rollout")
    rest = " ".join(" ".join(said[at + 1 :]).split())
    assert (
        "accuracy_reward: beyond the model's own state 0.41 [0.35, 0.47] bit per rollout, 62 % [55, 70] of what that "
        "state leaves open; inside prompts 0.30 [0.20, 0.40], between prompts 0.11 [0.00, 0.20]" in rest
    )
    assert "format_reward is closed: it is a vote of the model's own answers." in rest
    assert rest.index("is closed") < rest.index("accuracy_reward carries") < rest.index("Against truth")
    assert rest.index("Against truth") < rest.index("No contrast")


def test_closed_says_that_it_may_still_sharpen():
    page = " ".join(fb.page(audit()).split())
    assert "format_reward: training on it can still sharpen: the majority answer is right for 58 % [50, 66]" in page


def test_signals_with_the_same_verdict_share_a_sentence():
    page = fb.page(audit((UNDETERMINED, UNDETERMINED)))
    assert f"{A}, {B} are undetermined: beyond vote share; declare where it comes from." in " ".join(page.split())


def test_what_would_decide_stands_under_an_undetermined_verdict():
    page = " ".join(
        fb.page(audit((replace(UNDETERMINED, needs="freshbits audit LOG --origin r=external"), OPEN))).split()
    )
    assert "this would tell more: freshbits audit LOG --origin r=external" in page


def test_not_judged_looks_like_itself_and_never_like_a_verdict():
    page = fb.page(audit((UNJUDGED, OPEN)))
    said = next(line for line in page.splitlines() if "not judged" in line)
    assert said.startswith(f"? openness of {A} not judged: a random verdict looks open too (OPEN_CONTROL_FAILED)")
    assert not re.search(rf"{A} (is|are) (open|closed|undetermined)", page)
    coloured = fb.page(audit((UNJUDGED, OPEN)), colour=True)
    style = {name: re.search(r"\x1b\[([\d;]+)m" + re.escape(name), coloured)[1] for name in ("? openness", "open")}
    assert style["? openness"] != style["open"]


def test_without_truth_and_verdict_the_page_is_the_one_it_was():
    text = (GOLDEN / "demo.json").read_text(encoding="utf-8")
    page = fb.page(fb.Audit.from_json(json.loads(text)))
    first = page.split("\n\n")[1]
    assert first.startswith("accuracy_reward carries 0.60")
    assert "Against truth" not in page


def test_a_verdict_that_needs_no_truth_leads_too():
    page = fb.page(audit((CLOSED, UNJUDGED), truth=False))
    assert lines(page)[1].startswith(f"{A} is closed")
    assert f"openness of {B}" not in lines(page)[1]
    assert "Against truth" not in page


def test_the_table_gives_rates_with_intervals_and_how_they_were_labelled():
    page = fb.page(audit())
    at = page.index("Against truth")
    assert page[at:].startswith(
        "Against truth (300 labelled rows of 120 prompts, drawn with known inclusion probabilities)"
    )
    head, row = page[at:].splitlines()[1:3]
    assert head.split() == ["TPR", "FPR", "J", "PPV", "bits"]
    shown = "90 % [86, 93] 12 % [8, 17] 0.78 [0.70, 0.84] 84 % [80, 88] 0.350 [0.300, 0.400]"
    assert " ".join(row.split()) == f"{A} {shown}"


def test_the_worst_stratum_is_named_with_its_rate_the_usual_one_and_how_sure():
    page = " ".join(fb.page(audit()).split())
    assert f"{A}: worst where first token is many: FPR 40 % [30, 50], 12 % on all rows (q = 0.003, 44 prompts)" in page
    none = " ".join(fb.page(audit(channels=(replace(RATES, worst=None), RATES))).split())
    assert f"{A}: no stratum stands out" in none


def test_pressure_is_one_line_with_its_peak_and_what_is_projected():
    said = " ".join(fb.page(audit()).split())
    found = re.search(rf"{A}: best of n by it is right: (\S+) (.*?) beyond it", said)
    assert found[1] == "▁▅█▆┊▅"
    assert found[2] == "40 % at n = 1, 55 % at 8, projected (after ┊) 50 % at 16; peak at n = 4 [2, 8]:"


@pytest.mark.parametrize(
    "peak", [{"n": 4, "low": 2, "high": 8, "fall": e(0.1)}, {"value": 4, "low": 2, "high": 8}, e(4, 2, 8)]
)
def test_a_peak_is_read_as_result_and_as_json(peak):
    page = fb.page(audit(channels=(replace(RATES, pressure={"curve": CURVE, "peak": peak}), RATES)))
    assert "peak at n = 4 [2, 8]" in " ".join(page.split())


@pytest.mark.parametrize(
    ("peak", "said"),
    [
        (None, "it only rises"),
        (e(16, 8, 16), "no turn up to n = 16"),
        (e(4, 2, 16), "highest at n = 4 [2, 16], not surely a turn"),
    ],
)
def test_a_turn_that_is_not_sure_is_not_claimed(peak, said):
    reason = {"reason": "it only rises"} if peak is None else {}
    page = " ".join(
        fb.page(audit(channels=(replace(RATES, pressure={"curve": CURVE, "peak": peak} | reason), RATES))).split()
    )
    assert said in page
    assert page.count("makes it worse") == 1  # the other signal's


def test_chance_and_wrong_way_round_are_said():
    page = " ".join(fb.page(audit(channels=(replace(RATES, p_value=0.4), RATES))).split())
    assert f"{A}: tells right from wrong no better than chance (p = 0.4)" in page
    assert f"{B}: tells right from wrong no better than chance" not in page
    assert "the wrong way round (J below 0) in 8 % [3, 15] of prompts" in page


def test_a_channel_that_was_not_judged_stands_under_not_judged_with_its_command():
    missing = Channel(
        status="not_judged", code="CHANNEL_FEW", reason="12 rows are labelled", needs="freshbits label LOG"
    )
    page = fb.page(audit(channels=(missing, RATES)))
    last = next(p for p in lines(page) if p.startswith("Not judged"))
    assert f"channel of {A}: 12 rows are labelled (CHANNEL_FEW)" in last
    assert "freshbits label LOG" in last
    table = page[page.index("Against truth") : page.index("Where the bits go")]
    assert A not in table


def test_scores_show_auroc_and_no_rates():
    score = Channel(status="judged", auroc=e(0.8, 0.75, 0.85), bits=e(0.2, 0.1, 0.3))
    page = fb.page(audit(channels=(score, score)))
    head = page[page.index("Against truth") :].splitlines()[1]
    assert head.split() == ["AUROC", "bits"]
    assert "worst" not in page


def test_efficiency_gives_task_of_total_surface_and_rungs():
    page = fb.page(audit(spent=(SPENT, SPENT)))
    at = page.index("Where the bits go (answers told apart by boxed answer; coarser: right or wrong)")
    head, row = page[at:].splitlines()[1:3]
    assert " ".join(head.split()) == "task bits of total η coarser η"
    assert " ".join(row.split()) == f"{A} 0.30 [0.20, 0.40] 0.60 [0.50, 0.70] 0.50 [0.40, 0.60] 0.45 [0.30, 0.60]"
    said = " ".join(page.split())
    assert f"{A}, {B}: surface, given the answer: words 0.050, bold 0.020, digits 0.010 ·" in said
    assert f"{A}, bits that could be given: verdict 0.60 (not judged: full text)" in said


def test_without_truth_efficiency_comes_after_what_the_log_proves_by_itself():
    page = fb.page(audit((UNJUDGED, UNJUDGED), spent=(SPENT, SPENT), truth=False))
    assert page.index("Bits per rollout") < page.index("Where the bits go") < page.index("Answers")
    page = fb.page(audit(spent=(SPENT, SPENT)))
    assert page.index("Against truth") < page.index("Where the bits go") < page.index("No contrast")


def test_sections_from_json_give_the_same_page():
    made = audit(spent=(SPENT, SPENT))
    again = fb.Audit.from_json(json.loads(made.dumps()))
    assert fb.page(again) == fb.page(made)


def test_names_and_values_are_printed_not_obeyed():
    hostile = "[bold]x[/nope]\x1b[2J"
    worst = {**RATES.worst, "value": hostile}
    made = audit((OPEN, UNJUDGED), (replace(RATES, worst=worst), RATES), (SPENT, SPENT), names=(hostile, "b\x07"))
    page = fb.page(made)
    assert "[bold]x[/nope]?[2J is open" in page
    assert "where first token is [bold]x[/nope]?[2J" in " ".join(page.split())
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", page)
    assert not re.search(r"\x1b\[(?![\d;]*m)", fb.page(made, colour=True))


def test_labels_of_unknown_design_say_so():
    made = audit()
    unknown = Labels(rows=300, prompts=120, design="unknown, taken as random over rollouts")
    page = fb.page(replace(made, log=replace(made.log, labels=unknown)))
    assert "(300 labelled rows of 120 prompts, design unknown, taken as random over rollouts)" in page


def test_long_names_that_begin_alike_share_the_heading():
    names = ("winner@GPT-4-0613/Vanilla", "winner@GPT-4-0613/Swap_CoT")
    page = fb.page(audit(names=names))
    head, first, second = page[page.index("Against truth") :].splitlines()[1:4]
    assert head.startswith("winner@GPT-4-0613/…  ")
    assert first.startswith("…Vanilla  ")
    assert second.startswith("…Swap_CoT  ")


def test_many_signals_keep_the_page_short():
    names = [f"s{i}" for i in range(8)]
    made = audit()
    sections = {
        part: {name: getattr(made, part)[A] for name in names}
        for part in ("openness", "budget", "components", "channel", "efficiency", "forecast", "hacking")
    }
    page = fb.page(replace(made, **sections))
    assert page.count("worst where") == 3
    assert "worst strata and pressure of 5 more: see --json" in page


def test_other_pages_do_not_obey_names_either():
    evil = "re\x1b[2J[bold]ward"
    rows = [{"prompt": f"q{i // 8}", "completion": f"a{i % 3}", evil: float(i % 3 == 0)} for i in range(320)]
    comparison = comparison_page(fb.compare(pl.DataFrame(rows), options=fb.ReadOptions(signals=(evil,))))
    section = Forecast(status="not_judged", code="FORECAST_ONE_ROUND", reason="one round")
    for text in (comparison, forecast_page({evil: section})):
        assert "\x1b" not in text
        assert "[bold]ward" in text


def test_a_source_that_writes_one_text_is_named_before_anything_else():
    rows = [
        {
            "prompt": f"What is {q} + {q}?",
            "model": model,
            "completion": "This is perfect." if model == "flatterer" else f"{q} and {q} make {2 * q + k % 2}.",
            "score": 1.0 if model == "flatterer" else float(k % 2 == 0),
        }
        for q in range(60)
        for model in ("honest", "flatterer")
        for k in range(4)
    ]
    audit = fb.audit(pl.DataFrame(rows))
    assert fb.page(audit).splitlines()[0].startswith("! flatterer: one text of 16 characters")
    from freshbits.report.html.page import audit_html

    heading = audit_html(audit).split("<h1", 1)[1].split("</h1>", 1)[0]
    assert "flatterer" in heading
    assert "does not answer its prompts" in heading
