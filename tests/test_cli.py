"""The command line: what it prints, writes and returns, for good input and for bad."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest

import freshbits as fb
from freshbits.rollouts.read import formats

if TYPE_CHECKING:
    from pathlib import Path

TOP = [
    "freshbits",
    "schema",
    "log",
    "openness",
    "budget",
    "components",
    "channel",
    "efficiency",
    "coverage",
    "forecast",
    "hacking",
    "remedies",
]
SECTIONS = {  # the keys that reports are compared by, in their order
    "openness": "verdict adjective origin structure measured columns bits share surprise_bits within_bits "
    "between_bits controls sharpening_ceiling",
    "budget": "contrast_bits surprise_bits discordant dead_groups all_wrong all_right informative_groups "
    "oversampling accepted_share by_round",
    "components": "alone given_others variance_share saturated_at",
    "channel": "tpr fpr j lr ppv base_rate bits p_value negative_j auroc worst pressure",
    "efficiency": "partition task_bits total_bits eta coarser finer surface ladder portable_bits local_bits",
    "forecast": "form fit binding_risk diversity_half_life rounds_to_target ceiling fixation onset "
    "trajectory backtest change",
    "hacking": "verdict risk first kind fpr fpr_source own_alarm_rate gain features",
}
LOG = (
    "format files rollouts prompts groups rounds signals truth labels unscored truncated duplicates filtered "
    "sampled degenerate"
)
COVERAGE = "classes effective good_turing chao1 redundancy unreadable by_signal"
BOTH = ("accuracy_reward", "format_reward")


def in_order(wanted: str, keys: list[str]) -> bool:
    """Tells whether the wanted keys are all there, in this order (others may stand between)."""
    return [key for key in keys if key in wanted.split()] == wanted.split()


@pytest.fixture(scope="module")
def report(trl_log: Path) -> dict:
    """Returns the JSON that another process prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "freshbits", "audit", str(trl_log), "--json", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return json.loads(ran.stdout)


def test_audit_prints_a_page_about_every_signal(freshbits, trl_log):
    ran = freshbits("audit", trl_log)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("TRL completions: 960 rollouts of ")
    for signal in BOTH:
        assert f"{signal} carries " in ran.out
    assert "Not judged" in ran.out
    assert f"freshbits label {trl_log}" in ran.out.replace("\n  ", " ")
    assert "\x1b[" not in ran.out, "colours are for people only"


def test_json_has_the_contract_s_keys_in_their_order(report):
    assert list(report) == TOP
    assert (report["freshbits"], report["schema"]) == (fb.__version__, 1)
    assert in_order(LOG, list(report["log"]))
    assert in_order(COVERAGE, list(report["coverage"]))
    assert tuple(report["log"]["signals"]) == BOTH
    for section, keys in SECTIONS.items():
        assert tuple(report[section]) == BOTH
        for part in report[section].values():
            assert list(part)[:4] == ["status", "code", "reason", "needs"]
            assert in_order(keys, list(part)), section


def test_every_estimate_says_how_and_on_how_much_it_rests(report):
    seen = 0

    def look(value: object) -> None:
        nonlocal seen
        if isinstance(value, dict):
            if {"value", "low", "high"} <= value.keys():
                seen += 1
                assert list(value) == [
                    "value",
                    "low",
                    "high",
                    "level",
                    "unit",
                    "method",
                    "prompts",
                    "rollouts",
                ]
                assert value["unit"]
                assert value["method"]
                assert 0 < value["prompts"] <= value["rollouts"]
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            for part in value:
                look(part)

    look(report)
    assert seen > 50


def test_what_was_not_judged_has_a_code_and_a_reason(report):
    for section in SECTIONS:
        for part in report[section].values():
            assert part["status"] in ("judged", "not_judged", "not_applicable")
            if part["status"] != "judged":
                assert part["code"].isupper()
                assert part["reason"]


def test_the_same_log_gives_the_same_bytes(freshbits, trl_log, report):
    first = freshbits("audit", trl_log, "--json", "-")
    assert first.out == json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    assert freshbits("audit", trl_log).out == freshbits("audit", trl_log).out


def test_json_to_a_file_is_whole_and_alone(freshbits, trl_log, tmp_path, report):
    path = tmp_path / "audit.json"
    path.write_text("an older report")
    ran = freshbits("audit", trl_log, "--json", path)
    assert ran.code == 0
    assert ran.out.startswith("TRL completions")
    assert json.loads(path.read_text()) == report
    assert [file.name for file in tmp_path.iterdir()] == ["audit.json"]


def test_json_that_cannot_be_written_leaves_nothing(freshbits, trl_log, tmp_path):
    ran = freshbits("audit", trl_log, "--json", tmp_path / "missing" / "audit.json")
    assert ran.code == 2
    assert one_sentence(ran.err)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_older_report(tmp_path):
    from freshbits.report.files import write_text

    path = tmp_path / "audit.json"
    path.write_text("an older report")
    with pytest.raises(UnicodeEncodeError):
        write_text("half\ud800", str(path))
    assert path.read_text() == "an older report"
    assert [file.name for file in tmp_path.iterdir()] == ["audit.json"]


def test_fail_on_exits_with_one_where_it_holds(freshbits, trl_log):
    held = freshbits("audit", trl_log, "--fail-on", "budget.dead_groups>0.01")
    assert held.code == 1
    assert held.out.startswith("TRL completions"), "the page is printed all the same"
    assert [line.split(":")[0] for line in held.err.splitlines()] == [f"budget of {signal}" for signal in BOTH]
    assert freshbits("audit", trl_log, "--fail-on", "budget.dead_groups>0.99").code == 0


def one_sentence(err: str) -> bool:
    return err.startswith("freshbits: ") and err.count("\n") == 1 and "Traceback" not in err


BAD = {
    "no such place": lambda here: [here / "nowhere"],
    "nothing in it": lambda here: [here],
    "not a log": lambda here: [written(here / "a.jsonl", '{"cat": 1}\n')],
    "half a line": lambda here: [written(here / "a.jsonl", '{"prompt": "q", "completion"')],
    "reward as text": lambda here: [
        written(here / "a.csv", "prompt,completion,reward\nq,a,good\n"),
        "--signal",
        "reward",
    ],
    "no such signal": lambda here: [
        written(here / "a.csv", "prompt,completion,reward\nq,a,1\n"),
        "--signal",
        "speed",
    ],
    "no such format": lambda here: [
        written(here / "a.csv", "prompt,completion,reward\nq,a,1\n"),
        "--format",
        "xml",
    ],
    "a gate that is none": lambda here: [
        written(here / "a.csv", "prompt,completion,reward\nq,a,1\n"),
        "--fail-on",
        "dead",
    ],
    "a pickle": lambda here: [written(here / "a.pkl", "x")],
}


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_sentence_and_exit_two(freshbits, tmp_path, kind):
    ran = freshbits("audit", *BAD[kind](tmp_path))
    assert ran.code == 2
    assert ran.out == ""
    assert one_sentence(ran.err), ran.err


def test_bad_input_shows_no_traceback_in_a_process_of_its_own(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "freshbits", "audit", str(tmp_path / "nowhere")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert one_sentence(ran.stderr)


def test_wrong_usage_is_exit_two(freshbits):
    assert freshbits("audit").code == 2
    assert freshbits("audits").code == 2


def test_version(freshbits):
    assert freshbits("--version").out == f"{fb.__version__}\n"


def test_formats_names_every_reader(freshbits):
    ran = freshbits("formats")
    assert (ran.code, ran.err) == (0, "")
    names = {line.split()[0] for line in ran.out.splitlines() if line and not line.startswith(" ")}
    assert {card.name for card in formats()} <= names


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_label_then_truth_then_audit(freshbits, trl_log, drawn, tmp_path, ending):
    path = tmp_path / f"labels{ending}"
    ran = freshbits("label", trl_log, "-n", 60, "-o", path, "--signal", "accuracy_reward")
    assert (ran.code, ran.err) == (0, "")
    assert f"freshbits audit {trl_log} --labels {path}" in ran.out
    table = READ[ending](path)
    assert table.columns == [
        "row",
        "key",
        "prompt",
        "completion",
        "accuracy_reward",
        "truth",
        "inclusion_probability",
    ]
    assert table.height == 60
    assert table["truth"].null_count() == 60
    assert (table["accuracy_reward"] == 1).sum() == 30, "half accepted, half rejected"
    assert table["inclusion_probability"].is_between(0, 1, closed="right").all()
    weighted = (1 / table["inclusion_probability"]).sum()
    assert weighted == pytest.approx(drawn["signal.accuracy_reward"].count())

    filled = table.with_columns(truth=pl.col("accuracy_reward").cast(pl.Int64))
    WRITE[ending](filled, path)
    audit = freshbits("audit", trl_log, "--labels", path, "--json", "-")
    assert audit.code == 0, audit.err
    log = json.loads(audit.out)["log"]
    assert log["truth"] is True
    assert log["labels"]["rows"] == 60
    assert "inclusion probabilities" in log["labels"]["design"]


READ = {".csv": pl.read_csv, ".jsonl": pl.read_ndjson, ".parquet": pl.read_parquet}
WRITE = {
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
    ".parquet": pl.DataFrame.write_parquet,
}


def test_label_is_seeded(freshbits, trl_log, tmp_path):
    texts = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        freshbits("label", trl_log, "-n", 20, "--seed", seed, "-o", tmp_path / f"{name}.csv")
        texts.append((tmp_path / f"{name}.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_labels_of_another_log_are_refused(freshbits, trl_log, tmp_path):
    path = tmp_path / "labels.csv"
    freshbits("label", trl_log, "-n", 20, "-o", path)
    table = pl.read_csv(path).with_columns(key=pl.lit("0" * 16), truth=1)
    table.write_csv(path)
    ran = freshbits("audit", trl_log, "--labels", path)
    assert ran.code == 2
    assert one_sentence(ran.err)
    assert "made from another log" in ran.err


def test_labels_inside_the_log_are_no_part_of_it(freshbits, trl_log, tmp_path):
    """`label LOG -o LOG/labels.csv` is the natural thing to do: neither audit may stumble over the file."""
    log = tmp_path / "log"
    shutil.copytree(trl_log, log)
    labels = log / "labels.csv"
    assert freshbits("label", log, "-n", "20", "-o", labels).code == 0
    passed = freshbits("audit", log, "--labels", labels)
    assert passed.code == 0, passed.err
    ignored = freshbits("audit", log)
    assert ignored.code == 0, ignored.err
    assert "labels.csv holds labels" in ignored.out
