"""What is made of the runs: ranks with intervals, orders, probabilities, by learner, by kind, by probe, by labels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from benchmarks.probes.kinds import KINDS
from benchmarks.probes.learners import LEARNERS
from benchmarks.probes.logistic import calibration, fitted, told
from benchmarks.probes.one import LABELS
from benchmarks.probes.read import Runs, auroc, interval, order_right, runs

FAMILIES = tuple(LEARNERS)
ENOUGH = 6  # runs of each answer below which no rank is given


def results(dev_rows: Any, dev: Any, held_rows: Any, held: Any) -> dict[str, Any]:
    """Returns every figure of the table as plain data, with the runs themselves."""
    own = runs(held_rows, held["learned"], held["probed"])
    weights = {
        probe or "own": fitted(runs(dev_rows, dev["learned"], dev["probed"], probe))
        for probe in (None, "all", *FAMILIES)
    }
    probes: dict[str, Any] = {}
    for probe in (None, "all", *FAMILIES):
        found = runs(held_rows, held["learned"], held["probed"], probe)
        probes[probe or "own"] = {
            "overall": _ranked(found, None if probe is None else ("PSI",)),
            "probability": _probability(weights[probe or "own"], found),
            "by_learner": {family: _short(found.where(found.learner == family)) for family in FAMILIES},
        }
    few = {
        str(rows): {
            name: _short(runs(_labelled(held_rows, held, rows), held["learned"], held[f"probed_{rows}"], probe))
            for name, probe in (("own", None), ("all", "all"))
        }
        for rows in LABELS
        if f"probed_{rows}" in held
    }
    if few:
        some = [row for row in held_rows if row["seed"] in held[f"probed_{LABELS[0]}"]]
        few = {"all": {p or "own": _short(runs(some, held["learned"], held["probed"], p)) for p in (None, "all")}} | few
    return {
        "configurations": {
            "dev": len(dev_rows),
            "held_out": len(held_rows),
            "with_two_learners": sum(len(each) > 1 for each in held["learned"].values()),
            "with_few_labels": len(held.get(f"probed_{LABELS[0]}", {})),
        },
        "runs": {"dev": int(sum(len(each) for each in dev["learned"].values())), "held_out": int(own.config.size)},
        "hacked": _share(own.relied),
        "first_and_final_differ": _share((own.first == 1) != own.relied, ~np.isnan(own.first)),
        "weights": {name: [round(float(w), 2) for w in each] for name, each in weights.items()},
        "probes": probes,
        "by_kind": {kind.name: _of_kind(own, kind.name) for kind in KINDS},
        "by_training": {
            name: _short(own.where(np.array([row["pairwise"] == pairwise for row in own.rows])))
            for name, pairwise in (("pairs", True), ("classifier", False))
        },
        "by_pairs": {
            str(size): _short(own.where(np.array([row["pairs"] == size for row in own.rows]))) for size in (768, 2048)
        },
        "safe_by_correlation": _short(own.where(own.says["correlation"] < 0)),
        "few_labels": few,
        "cost": _cost(held),
        "rows": [
            {**row, "learned": held["learned"][row["seed"]], "probed": _brief(held["probed"][row["seed"]]["families"])}
            for row in held_rows
        ],
    }


def _brief(probed: Any) -> Any:
    """Leaves out how each pass went, block by block."""
    brief = ("aulc", "psi", "accuracy", "price")
    return {
        family: {
            "agreement": each["agreement"],
            **{side: {key: each[side][key] for key in brief} for side in ("intended", "spurious")},
        }
        for family, each in probed.items()
    }


def _labelled(rows: Any, held: Any, labels: int) -> Any:
    """Returns the configurations that were probed with so many rows labelled, two to a pair."""
    done = held[f"probed_{labels}"]
    return [{**row, "read": min(labels // 2, row["pairs"])} for row in rows if row["seed"] in done]


def _ranked(found: Runs, names: tuple[str, ...] | None) -> dict[str, Any]:
    first = found.where(~np.isnan(found.first))
    asked = (("relied", found, found.relied), ("first", first, first.first == 1))
    table: dict[str, Any] = {}
    for name in names or tuple(found.says):
        table[name] = {}
        for what, held, yes in asked:
            says, plain = held.says[name], held.says["correlation"]
            table[name][what] = _rounded(interval(held.config, partial(_auroc_of, says, yes)))
            table[name][f"{what}_order"] = round(order_right(says, yes), 3)
            if name != "correlation":
                above = interval(held.config, partial(_above, says, plain, yes))
                table[name][f"{what}_above_correlation"] = _rounded(above)
    return table


def _auroc_of(says: Any, yes: Any, rows: Any) -> float:
    return auroc(says[rows], yes[rows])


def _above(says: Any, plain: Any, yes: Any, rows: Any) -> float:
    return auroc(says[rows], yes[rows]) - auroc(plain[rows], yes[rows])


def _short(found: Runs) -> dict[str, Any]:
    known = ~np.isnan(found.first)
    yes, no = int(found.relied.sum()), int((~found.relied).sum())
    if min(yes, no) < ENOUGH:
        return {"runs": int(found.config.size), "hacked": yes}
    return {
        "runs": int(found.config.size),
        "hacked": yes,
        "PSI": round(auroc(found.says["PSI"], found.relied), 3),
        "correlation": round(auroc(found.says["correlation"], found.relied), 3),
        "order": round(order_right(found.says["PSI"], found.relied), 3),
        "decided": _share(found.decided),
        "order_decided": round(order_right(found.says["PSI"][found.decided], found.relied[found.decided]), 3),
        "AULC_first": round(auroc(found.says["AULC"][known], found.first[known] == 1), 3),
        "early_first": round(auroc(found.says["early PSI"][known], found.first[known] == 1), 3),
    }


def _probability(weights: Any, found: Runs) -> dict[str, Any]:
    p = told(weights, found)
    base = float(found.relied.mean())
    return {
        "auroc": _rounded(interval(found.config, partial(_auroc_of, p, found.relied))),
        "brier_of_the_base_rate": round(base * (1 - base), 4),
        **_told(p, found.relied),
        "calibration": calibration(p, found.relied),
        "decided": {"share": _share(found.decided), **_told(p[found.decided], found.relied[found.decided])},
    }


def _told(p: Any, relied: Any) -> dict[str, Any]:
    return {
        "brier": round(float(np.mean((p - relied) ** 2)), 4),
        "order": round(float(np.mean((p > 0.5) == relied)), 3),
        "alarms": _share(p > 0.5, relied),
        "false_alarms": _share(p > 0.5, ~relied),
    }


def _of_kind(own: Runs, kind: str) -> dict[str, Any]:
    spurious = own.where(np.array([row["spurious"] == kind for row in own.rows]))
    intended = own.where(np.array([row["intended"] == kind for row in own.rows]))
    return {
        "runs": int(spurious.config.size),
        "relied_on_where_spurious": int(spurious.relied.sum()),
        "order_right_where_spurious": _share((spurious.says["PSI"] > 0) == spurious.relied),
        "runs_intended": int(intended.config.size),
        "order_right_where_intended": _share((intended.says["PSI"] > 0) == intended.relied),
    }


def _cost(held: Any) -> dict[str, Any]:
    """CPU of one pass, and of a candidate (its own pass and truth's), as a share of one training of the learner."""
    found = {}
    for family in FAMILIES:
        shares = [
            held["probed"][seed]["families"][family]["seconds"] / each[family]["seconds"]
            for seed, each in held["learned"].items()
            if family in each
        ]
        if shares:
            found[family] = {
                "pass": round(float(np.median(shares)) / 2, 3),
                "candidate": round(float(np.median(shares)), 3),
                "training_seconds": round(
                    float(np.median([e[family]["seconds"] for e in held["learned"].values() if family in e])), 2
                ),
            }
    return found


def _share(yes: Any, among: Any = None) -> float | None:
    kept = np.asarray(yes) if among is None else np.asarray(yes)[among]
    return round(float(kept.mean()), 3) if kept.size else None


def _rounded(values: tuple[float, float, float]) -> list[float]:
    return [round(value, 3) for value in values]


def markdown(found: dict[str, Any]) -> str:
    """Writes the tables."""
    counts, own = found["configurations"], found["probes"]["own"]
    lines = [
        "# Probes held against learners",
        "",
        f"{counts['held_out']} fresh configurations of pairs of token sequences, {found['runs']['held_out']} learners "
        f"({100 * found['hacked']:.0f} % come to rely on the spurious feature; in "
        f"{100 * found['first_and_final_differ']:.0f} % what is learned first is not what is relied on at the end). "
        f"Statistics and the probability were fixed on {counts['dev']} others ({found['runs']['dev']} learners). "
        f"One learner each, families in turn, two on the first {counts['with_two_learners']}; few labels on the first "
        f"{counts['with_few_labels']}. Intervals: 95 %, whole configurations resampled.",
        "",
        "## Statistics, probe of the learner's own family",
        "",
        "| statistic | AUROC, relied on | above correlation | order right | AUROC, first | above correlation "
        "| order right, first |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, each in own["overall"].items():
        above = [
            _span(each[key]) if key in each else "" for key in ("relied_above_correlation", "first_above_correlation")
        ]
        lines.append(
            f"| {name} | {_span(each['relied'])} | {above[0]} | {each['relied_order']:.2f} | {_span(each['first'])} "
            f"| {above[1]} | {each['first_order']:.2f} |"
        )
    lines += [
        "",
        "## The probability, by probe",
        "",
        "`own`: of the learner's family; `all`: the mean over the four; a name: that probe for every learner.",
        "",
        "| probe | AUROC of PSI | AUROC of the probability | Brier (base rate) | order right | alarms where relied on "
        "| false alarms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    decided = []
    for name, each in found["probes"].items():
        p = each["probability"]
        lines.append(
            f"| {name} | {_span(each['overall']['PSI']['relied'])} | {_span(p['auroc'])} | {p['brier']:.3f} "
            f"({p['brier_of_the_base_rate']:.3f}) | {p['order']:.2f} | {p['alarms']:.2f} | {p['false_alarms']:.2f} |"
        )
        d = p["decided"]
        decided.append(
            f"| {name} | {d['share']:.2f} | {d['brier']:.3f} | {d['order']:.2f} | {d['alarms']:.2f} "
            f"| {d['false_alarms']:.2f} |"
        )
    lines += [
        "",
        "The same where it is given: not where probes learned neither of the two or not truth, or disagree.",
        "",
        "| probe | given for | Brier | order right | alarms where relied on | false alarms |",
        "| --- | --- | --- | --- | --- | --- |",
        *decided,
    ]
    for name in ("own", "all", "ngram"):
        bins = found["probes"][name]["probability"]["calibration"]
        said = "; ".join(f"{b['said']:.2f} said, {b['so']:.2f} so ({b['runs']:.0f})" for b in bins)
        lines += ["", f"Calibration, {name}: {said}."]
    lines += [
        "",
        "## AUROC of PSI for what is relied on: probe (row) on learner (column)",
        "",
        f"| probe | {' | '.join(FAMILIES)} |",
        f"| --- |{' --- |' * len(FAMILIES)}",
    ]
    for name, each in found["probes"].items():
        cells = [str(each["by_learner"][family].get("PSI", "–")) for family in FAMILIES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "## Parts of the runs, probe of the learner's own family", "", _HEADS, _RULE]
    parts = {f"learner {family}": own["by_learner"][family] for family in FAMILIES}
    parts |= {f"trained as {name}": each for name, each in found["by_training"].items()}
    parts |= {f"{name} pairs": each for name, each in found["by_pairs"].items()}
    parts |= {"truth goes more with the verdict": found["safe_by_correlation"]}
    parts |= {f"truth on {rows} rows, own": each["own"] for rows, each in found["few_labels"].items()}
    parts |= {f"truth on {rows} rows, all": each["all"] for rows, each in found["few_labels"].items()}
    lines += [_part(name, each) for name, each in parts.items()]
    lines += [
        "",
        "## By kind of feature",
        "",
        "| kind | runs where spurious | relied on | order right | runs where intended | order right |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {kind} | {each['runs']} | {each['relied_on_where_spurious']} "
        f"| {_plain(each['order_right_where_spurious'])} | {each['runs_intended']} "
        f"| {_plain(each['order_right_where_intended'])} |"
        for kind, each in found["by_kind"].items()
    ]
    lines += ["", "## CPU of a probe as a share of one training of the learner (medians)", ""]
    lines += [
        f"- {family}: {100 * each['pass']:.0f} % a pass, {100 * each['candidate']:.0f} % a candidate with truth's pass "
        f"beside it (a training takes {each['training_seconds']:.1f} s)"
        for family, each in found["cost"].items()
    ]
    return "\n".join(lines) + "\n"


_HEADS = (
    "| part | runs | relied on spurious | AUROC, PSI | AUROC, correlation | order right | decided | order right there "
    "| AUROC first, AULC | early PSI |"
)
_RULE = "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"


def _part(name: str, each: dict[str, Any]) -> str:
    cells = [
        _plain(each.get(key))
        for key in ("PSI", "correlation", "order", "decided", "order_decided", "AULC_first", "early_first")
    ]
    return f"| {name} | {each['runs']} | {each['hacked']} | {' | '.join(cells)} |"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(values: list[float]) -> str:
    return f"{values[0]:.3f} [{values[1]:.2f}, {values[2]:.2f}]"
