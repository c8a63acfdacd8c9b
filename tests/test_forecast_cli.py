"""`freshbits forecast` and `fb.forecast`."""

import json
import subprocess
import sys

import pytest

import freshbits as fb
from freshbits.results import Projection

NUMBERS = ("--tpr", ".9", "--fpr", ".5", "--base-rate", ".05", "--keep", "8", "--prompts", "500", "--target", ".95")


def test_numbers_give_the_verdict_first(freshbits):
    ran = freshbits("forecast", *NUMBERS)
    assert ran.code == 0
    assert ran.out.startswith("95% is not reached")
    assert "drift loses the right answer" in ran.out.splitlines()[0]
    assert "Change first" in ran.out
    assert "●" in ran.out


def test_json_holds_the_projection(freshbits):
    ran = freshbits("forecast", *NUMBERS, "--json", "-", "--horizon", "5")
    found = json.loads(ran.out)["projection"]
    assert len(found["trajectory"]) == 6
    assert found["situation"]["base_rate"] == 0.05
    assert found["binding_risk"] == "drift loses the right answer before selection finds it"


def test_python_gives_the_same():
    found = fb.forecast(base_rate=0.05, tpr=0.9, fpr=0.5, keep=8, prompts=500, target=0.95)
    assert isinstance(found, Projection)
    assert found.binding_risk == "drift loses the right answer before selection finds it"


def test_a_distribution_and_intervals_are_read(freshbits):
    ran = freshbits("forecast", "--base-rate", "beta:1,3", "--tpr", ".9:.8:.95", "--fpr", ".2", "--samples", "8")
    assert ran.code == 0
    assert ran.out.startswith("accuracy ends at")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to forecast"),
        (("--keep", "8"), "base rate"),
        (("--base-rate", "often", "--keep", "8"), "no rate"),
        (("--base-rate", ".1", "--keep", "8", "--pool", "mix"), "pool"),
        (("--base-rate", ".1"), "declared once"),
        (("somewhere", "--keep", "8"), "a log is read"),
    ],
)
def test_bad_usage_is_one_sentence(freshbits, arguments, words):
    ran = freshbits("forecast", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_grpo_is_refused_with_what_would_help(freshbits):
    ran = freshbits("forecast", "--base-rate", ".1", "--keep", "8", "--method", "grpo")
    assert "FORECAST_NO_STEP" in ran.out
    assert "freshbits forecast LOG" in ran.out


def test_a_log_that_cannot_be_forecast_says_why(freshbits, trl_log):
    ran = freshbits("forecast", trl_log)
    assert ran.code == 0
    assert "not judged" in ran.out
    assert "FORECAST_" in ran.out


def test_json_of_a_log_names_every_signal(freshbits, trl_log):
    found = json.loads(freshbits("forecast", trl_log, "--json", "-").out)["forecast"]
    assert set(found) == {"accuracy_reward", "format_reward"}
    assert {section["status"] for section in found.values()} <= {"judged", "not_judged"}


def test_numbers_load_neither_tables_nor_learners():
    code = (
        "import sys; from freshbits.forecasting import forecast; forecast(base_rate=.1, tpr=.9, fpr=.3, keep=8); "
        "assert not {'polars', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
