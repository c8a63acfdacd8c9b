"""The results as a page."""

from __future__ import annotations

from typing import Any

from benchmarks.policies.cured import CURE
from benchmarks.policies.judged import by_probes, right_first, summed
from benchmarks.policies.study import LASTS, MARGIN

SEEN = (
    "Not all was unknown then: `rebalance` and `groups` had been read after 4 rounds on six of them (101 to 103, 105 "
    "to 107), `rebalance` after 8 on 105 to 107, and there one slope per log unit where `reward` has levels now."
)


def markdown(found: dict[str, Any]) -> str:
    """Writes the page."""
    told = summed(found)
    parts = [
        _opening(),
        _first(found, told),
        _onset(found, told),
        _order(found, told),
        _cure(found, told),
        _rare(found),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _opening() -> list[str]:
    return [
        "# Policies trained on rewards with planted shortcuts",
        "",
        "A Llama of 133,000 parameters on sums, trained by the loop runner: 80 prompts, 8 rollouts each a round, 20 "
        "updates. Its answers may end in marks that mean nothing. The verifier accepts right completions at one "
        "rate, wrong ones at another, and whatever shows the planted shortcut at a third, right or wrong, by lot. "
        "Definitions, the rules of the forecasts and their constants were fixed on other runs (seeds 1 to 14) and "
        "committed before these runs were read; every run that was trained is below.",
        "",
    ]


def _first(found: dict[str, Any], told: dict[str, Any]) -> list[str]:
    lines = [
        "## What is learned first",
        "",
        "*Came first*: which of truth and the shortcut first rises by .1 of all rollouts within 8 rounds. *Hacked*: "
        "the shortcut rose by .1 and took more than half of the gain in acceptance. The forecast knows round 0 only, "
        "truth on all of its 640 rows, and what a small transformer learns of each candidate in one pass over it.",
        "",
        f"**The forecast is right in {told['first_right']} of {told['planted']}** (bar: 80 %): it names the planted "
        "kind where that came first, none where it did not. "
        f"**Without a shortcut it names one in {told['false_alarms']} of {told['plain']}** (bar: at most 1). "
        f"The shortcut came first in {told['shortcut_first']} of {told['planted']}, {told['hacked']} were hacked. The "
        "probes alone, over accepted and rejected rollouts (highest PSI of what the signal leans to), are right in "
        f"{told['probes_right']} of {told['planted']} and name a shortcut in {told['probes_alarms']} of "
        f"{told['plain']} without one.",
        "",
        "| seed | method | planted | accepts shortcut, right, wrong | shows it, first → last | right, first → last "
        "| came first | forecast | probes alone | hacked |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in found["planted"]:
        mark = "" if right_first(run) else " ✗"
        lines.append(
            f"| {run['seed']} | {run['method']} | {run['kind']} "
            f"| {run['lured']:.2f}, {run['tpr']:.2f}, {run['fpr']:.2f} | {_course(run['shown'])} "
            f"| {_course(run['right'])} | {run['first']} | {run['foreseen_first']}{mark} "
            f"| {by_probes(run)} | {'yes' if run['hacked'] else 'no'} |"
        )
    return [*lines, ""]


def _onset(found: dict[str, Any], told: dict[str, Any]) -> list[str]:
    lines = [
        "## When it takes over",
        "",
        "*Onset*: the round in which the shortcut's share of accepted rollouts passes half-way from its share of round "
        "0's rollouts to all. The forecast reads verdicts and who shows the shortcut in the rounds it knows, no truth: "
        "log-odds grow by step × ln(w/v), w and v its acceptance with and without the shortcut, the step from one "
        "pass of a small transformer over round 0 (from counts of the rounds known, once there are two).",
        "",
        "| knows rounds | runs with an onset still ahead | within 25 % | median error | inside the 90 % interval "
        "| no onset in 8 rounds | and none foreseen |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for last in LASTS:
        each = told["onset"][last]
        error = "" if each["median_error"] is None else f"{100 * each['median_error']:.0f} %"
        lines.append(
            f"| {'0' if last == 0 else f'0 to {last}'} | {each['runs']} | {each['within']} | {error} "
            f"| {each['inside']} | {each['without']} | {each['without_told']} |"
        )
    lines += [
        "",
        "| seed | planted | learned in a pass | onset | from round 0 | from 0 to 1 | from 0 to 2 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in found["planted"]:
        bits = "few pairs" if run["learned"] is None else f"{run['learned']:.2f}"
        ahead = " | ".join(_round(*run["foreseen_onset"][str(last)]) for last in LASTS)
        lines.append(f"| {run['seed']} | {run['kind']} | {bits} | {_number(run['onset'])} | {ahead} |")
    return [*lines, ""]


def _order(found: dict[str, Any], told: dict[str, Any]) -> list[str]:
    if not found["weighed"]:
        return []
    rules = ", ".join(f"{name} {count}" for name, count in told["rules_right"].items())
    lines = [
        "## Which component is used up first",
        "",
        "Reward = weight × right + weight × shows the easy component; rft keeps what is above its group's mean, grpo "
        "is paid the total; 4 rounds. *Used up first*: half-way from its mean in round 0 to 1 first; where neither "
        "gets there, further on its way. Forecast from round 0: way / (step × pull).",
        "",
        f"**Right in {told['order_right']} of {told['weighed']}** (bar: 80 %). Simpler rules: {rules}.",
        "",
        "| seed | method | easy component | weights | accuracy, first → last | easy, first → last | first | forecast |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in found["weighed"]:
        mark = "" if run["foreseen"] == run["first"] else " ✗"
        lines.append(
            f"| {run['seed']} | {run['method']} | {run['kind']} | {run['weights'][0]}:{run['weights'][1]} "
            f"| {_course(run['course']['accuracy'])} | {_course(run['course']['easy'])} | {run['first']} "
            f"| {run['foreseen']}{mark} |"
        )
    return [*lines, ""]


def _cure(found: dict[str, Any], told: dict[str, Any]) -> list[str]:
    if not found["cured"]:
        return []
    all_of = told["cured"]
    best = all_of["ways"].get("cure, all")
    lines = [
        "## The cure",
        "",
        "Every hacked run again, with the same seed and for the same 8 rounds, every round balanced against the "
        "shortcut before it is trained on (`train: {balance: {how: …}}`). *Right*: exact accuracy on held-out prompts. "
        f"*Use back*: shown by at most {100 * MARGIN:.0f} points more than in round 0. *Rows*: trained on, mean of the "
        "rounds of 640 rollouts. `again`: untreated once more, by another seed of sampling; `clean`: a verifier that "
        "accepts right and wrong ones at the same rates and cannot be lured. Two untreated runs of one loop lie "
        f"{_points(all_of['spread'])} points apart (root mean square); *worse* counts runs that are worse by more.",
        "",
        f"Recommended, {' and '.join(f'`{how}` for {method}' for method, how in CURE.items())}: chosen on the "
        f"hacked ones of seeds 1 to 14 and committed before it was run on these. {SEEN}",
        "",
    ]
    if best:
        lines += [
            f"**As right or more in {best['as_right']} of {best['runs']}** (bar: 90 %)**, use back in "
            f"{best['back']}**; {_interval(best['difference'])} points in the mean, worse in {best['worse']}.",
            "",
        ]
    lines += [
        "| way, method | as right or more | use back | points above none | worse | below clean, points | rows |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, each in all_of["ways"].items():
        worse = "" if each["worse"] is None else each["worse"]
        lines.append(
            f"| {name} | {each['as_right']} of {each['runs']} | {each['back']} | {_interval(each['difference'])} "
            f"| {worse} | {_below(each['beside_clean'])} | {each['rows']:.0f} |"
        )
    return [*lines, "", *_ways(found["cured"])]


def _points(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _below(value: float | None) -> str:
    return f"{-100 * value:.1f}" if value else "–"


def _interval(values: list[float]) -> str:
    mean, low, high = (100 * each for each in values)
    return f"{mean:+.1f} [{low:.1f}, {high:.1f}]"


def _ways(runs: list[dict[str, Any]]) -> list[str]:
    """Writes how right each run is, and how often it shows its shortcut, by way."""
    names = list(dict.fromkeys(how for run in runs for how in run["ways"]))
    lines = [
        "Right, and shows the shortcut, in the end:",
        "",
        f"| seed | method | planted | round 0 | {' | '.join(names)} |",
        "| --- | --- | --- | --- |" + " --- |" * len(names),
    ]
    for run in runs:
        cells = [run["ways"].get(how) for how in names]
        shown = [f"{100 * each['held_out']:.1f}, {100 * each['shown']:.0f} %" if each else "" for each in cells]
        head = f"| {run['seed']} | {run['method']} | {run['kind']} | {100 * run['base_rate']:.0f} % "
        lines.append(f"{head}| {' | '.join(shown)} |")
    return [*lines, ""]


def _rare(found: dict[str, Any]) -> list[str]:
    if not found["rare"]:
        return []
    runs = found["rare"]
    lines = [
        "## The same rare shortcut, again and again",
        "",
        "24 prompts, a shortcut that 2 % of answers show, the same rates of acceptance; only seeds differ. "
        f"{sum(run['hacked'] for run in runs)} of {len(runs)} runs were hacked within 8 rounds, the onset came in "
        f"{sum(run['onset'] is not None for run in runs)}.",
        "",
        "| seed | rollouts of round 0 that show it | shows it, by round | onset | hacked |",
        "| --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        shown = " ".join(f"{100 * each:.0f}" for each in run["shown"])
        lines.append(
            f"| {run['seed']} | {run['rows']} | {shown} % | {_number(run['onset'])} "
            f"| {'yes' if run['hacked'] else 'no'} |"
        )
    return [*lines, ""]


def _course(values: list[float]) -> str:
    return f"{100 * values[0]:.0f} → {100 * values[-1]:.0f} %"


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def _round(at: float | None, low: float | None, high: float | None) -> str:
    return f"{_number(at)} [{_number(low)}, {_number(high)}]"
