"""Well-known column names: which column of a plain log is the prompt, the completion, a reward, the truth.

Names only; what a format's own reader knows about its layout stands in that reader. The first name that is
there wins, a `--map` overrules it, and whatever is left becomes `extra.NAME`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.options import ReadOptions, nearest
from freshbits.rollouts.schema import COLUMNS, EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES: dict[str, tuple[str, ...]] = {
    "run": ("run", "run_id", "run_name", "experiment"),
    "round": ("round", "iteration", "generation_round"),
    "step": ("step", "global_step", "training_step", "train_step"),
    "prompt": (
        "prompt",
        "question",
        "instruction",
        "problem",
        "input",
        "query",
        "messages_prompt",
        "prompt_text",
    ),
    "prompt_id": (
        "prompt_id",
        "example_id",
        "problem_id",
        "question_id",
        "task_id",
        "uid",
        "prompt_idx",
        "idx",
    ),
    "group": ("group", "group_id", "group_index"),
    "source": ("model", "generator", "model_name", "policy", "source", "system"),
    "sample": ("sample_index", "sample", "sample_idx", "sample_id", "rollout_index", "attempt"),
    "completion": (
        "completion",
        "response",
        "output",
        "generation",
        "completion_text",
        "output_1",
        "model_output",
    ),
    "opponent": ("opponent", "output_2", "baseline_output"),
    "truth": ("truth", "is_truth", "gold_label", "human_label"),
    "answer": (
        "answer",
        "ground_truth",
        "gold",
        "target",
        "gts",
        "reference_answer",
        "solution",
        "expected_answer",
    ),
    "extracted": ("extracted_answer", "extracted", "pred", "prediction", "parsed_answer", "answer_parsed"),
    "reference": ("reference", "reference_solution", "canonical_solution", "reference_completion"),
    "logprob": ("logprob", "logprobs", "logprob_sum", "log_prob", "log_probs", "token_logprobs"),
    "tokens": (
        "tokens",
        "n_tokens",
        "num_tokens",
        "completion_tokens",
        "completion_length",
        "response_length",
    ),
    "turns": ("turns", "num_turns", "n_turns"),
    "truncated": ("truncated", "is_truncated", "finish_reason", "stop_reason", "stop_condition"),
    "region": ("data_source", "region", "domain", "dataset", "category", "subset", "task", "env", "env_id"),
}
KINDS: dict[str, Kind] = {
    name: Kind.TEXT if dtype == pl.String else Kind.INTEGER if dtype == pl.Int64 else Kind.NUMBER
    for name, dtype in COLUMNS.items()
} | {"completion": Kind.SAMPLED, "opponent": Kind.SAMPLED, "reference": Kind.SAMPLED, "logprob": Kind.LOGPROB,
     "tokens": Kind.LENGTH, "turns": Kind.LENGTH, "truncated": Kind.STOP}  # fmt: skip

REWARD = re.compile(
    r"(reward|score|rating|preference|correctness)s?$|^(rewards?|scores?)[_./]|_(reward|score|correct|passed)$"
    r"|^(is_)?(correct|right|passed|pass|solved|success|accepted|resolved)$|^(acc|accuracy|verdict|win|won)$"
)
ASKED = re.compile(r"@\d+$")  # one of several verdicts of the same judge on the same rollout
NO_REWARD = re.compile(r"advantage|std$|_mean$|baseline|threshold|weight")
JUDGE = ("judge", "judge_model", "judge_name", "annotator", "grader")
JUDGED_BY = ("strategy", "eval_version")  # further parts of a judge's name
PAIRS = "; --format sft reads pairs to train on, scored or not"
WINNER = ("winner", "preferred", "choice")


def plan_columns(columns: Mapping[str, pl.DataType], options: ReadOptions) -> tuple[Plan, list[str]]:
    """Returns where each canonical column of a plain log comes from, and notes for the person to check.

    >>> plan, _ = plan_columns({"question": pl.String(), "response": pl.String(), "is_correct": pl.Boolean()},
    ...                        ReadOptions())
    >>> sorted(plan)
    ['completion', 'prompt', 'signal.is_correct']
    """
    taken: dict[str, str] = {}  # canonical -> column
    given = mapped(options, columns)
    taken |= {name: want.column for name, want in given.items() if not name.startswith(SIGNAL)}
    used = set(taken.values())
    spelled = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in columns}  # Question, "Model Output"
    for canonical, names in NAMES.items():
        if canonical in taken:
            continue
        for written in names:
            name = written if written in columns else spelled.get(written, written)
            if name in columns and name not in used and _fits(canonical, columns[name]):
                taken[canonical] = name
                used.add(name)
                break
    _answer_or_completion(taken, columns)
    rounds = _epoch(taken, columns, used, spelled.get("epoch", "epoch"))
    plan: Plan = {
        canonical: given.get(canonical, Want(column, KINDS.get(canonical, Kind.SCORE)))
        for canonical, column in taken.items()
    }
    gone = {*taken.values(), *(want.column for want in given.values())}
    rest = {name: dtype for name, dtype in columns.items() if name not in gone}
    signals = [name for name in rest if is_reward(name, rest[name])]
    if not signals and not any(name.startswith(SIGNAL) for name in given):
        # A label is a verdict only where nothing else is; a text reward is named by the error it gives.
        signals = [name for name in rest if name == "label" and is_number(rest[name])]
        if not options.unscored:
            signals = signals or [name for name in rest if REWARD.search(name) and rest[name] == pl.String]
    for name in options.signals:
        base = name.split("@")[0]  # a judge's signal is named COLUMN@JUDGE
        if name not in columns and base in rest and base not in signals:
            signals.append(base)
        signals += [each for each in rest if ASKED.sub("", each) == name != each and each not in signals]
    plan |= {name: want for name, want in given.items() if name.startswith(SIGNAL)}
    for name in signals:
        plan[SIGNAL + name.removeprefix(SIGNAL)] = Want(name, Kind.SCORE)
        rest.pop(name, None)
    notes = rounds + _passed_over(rest)
    plan |= extras(rest) | asked(options, columns)
    return plan, notes


def asked(options: ReadOptions, columns: Mapping[str, pl.DataType]) -> Plan:
    """Returns the columns that were asked for by name as `extra.NAME`; lists and structs become JSON text.

    >>> list(asked(ReadOptions(columns=("tests", "other")), {"tests": pl.List(pl.String())}))
    ['extra.tests']
    """
    plan: Plan = {}
    for name in options.columns:
        found = name if name in columns else EXTRA + name
        if found in columns:
            flat = extras({found: columns[found]})
            plan[EXTRA + name] = next(iter(flat.values()), Want(found, Kind.TEXT, strict=False))
    return plan


def is_number(dtype: pl.DataType) -> bool:
    """Returns whether a column holds numbers or truth values (or nothing yet)."""
    return dtype.is_numeric() or dtype == pl.Boolean


def is_reward(name: str, dtype: pl.DataType) -> bool:
    """Returns whether a column is a reward by its name and type.

    >>> [is_reward(name, pl.Float64()) for name in ("proxy_reward", "reward_format", "advantage")]
    [True, True, False]
    """
    if name.startswith(SIGNAL):  # a table that has canonical names already
        return is_number(dtype)
    name = ASKED.sub("", name)
    return is_number(dtype) and bool(REWARD.search(name.lower())) and not NO_REWARD.search(name.lower())


def extras(columns: Mapping[str, pl.DataType]) -> Plan:
    """Returns left-over flat columns as `extra.NAME`, with their own types."""
    plan: Plan = {}
    for name, dtype in columns.items():
        extra = EXTRA + name.removeprefix(EXTRA)
        if dtype == pl.Boolean:
            plan[extra] = Want(name, Kind.FLAG, strict=False)
        elif dtype.is_numeric():
            plan[extra] = Want(name, Kind.NUMBER, strict=False)
        elif not dtype.is_nested() and dtype not in (pl.Null, pl.Binary, pl.Object):
            plan[extra] = Want(name, Kind.TEXT, strict=False)
    return plan


def mapped(options: ReadOptions, columns: Mapping[str, pl.DataType]) -> Plan:
    """Returns what the person named: `--map`, `--truth`, and numeric columns declared with `--signal`."""
    plan: Plan = {}
    for canonical, column in options.map.items():
        require(column, columns, f"--map {canonical}={column}")
        if canonical.startswith(EXTRA):
            plan |= dict.fromkeys([canonical], *extras({column: columns[column]}).values())
        else:
            plan[canonical] = Want(column, KINDS.get(canonical, Kind.SCORE))
    if options.truth is not None:
        require(options.truth, columns, f"--truth {options.truth}")
        plan["truth"] = Want(options.truth, Kind.NUMBER if options.truth_is is None else Kind.TEXT)
    for name in options.signals:
        if name in columns:
            plan[SIGNAL + name] = Want(name, Kind.SCORE)
    return plan


def require(name: str, among: Iterable[str], said: str) -> None:
    """Raises an `InputError` naming the nearest column where a column that was asked for is missing."""
    columns = list(among)
    if name not in columns:
        raise InputError(
            f"{said}: the log has no column {name!r}" + nearest(name, columns),
            mend=f"its columns are {', '.join(columns[:30])}",
        )


def require_rollouts(
    plan: Plan, columns: Mapping[str, pl.DataType], file: object = None, *, unscored: bool = False
) -> None:
    """Raises an `InputError` where a prompt, a completion or (unless the log is to be scored) a signal is missing."""
    missing = [
        what
        for what, present in {
            "prompt": any(name in plan for name in ("prompt", "prompt_id", "group")),
            "completion": "completion" in plan,
            "reward": unscored or any(name.startswith(SIGNAL) for name in plan),
        }.items()
        if not present
    ]
    if missing:
        canonical = {"reward": "signal.reward"}.get(missing[0], missing[0])
        option = "--signal COLUMN" if missing[0] == "reward" else f"--map {canonical}=COLUMN"
        among = ", ".join(list(columns)[:30]) or "no columns at all"
        raise InputError(
            f"no {' and no '.join(missing)} column among {among}",
            file=str(file) if file is not None else None,
            mend=f"say which it is with {option}" + (PAIRS if missing == ["reward"] else ""),
        )


def _fits(canonical: str, dtype: pl.DataType) -> bool:
    if canonical in ("round", "step", "sample", "turns"):
        return dtype.is_integer() or dtype.is_float() or dtype == pl.Null
    if canonical == "tokens":
        return dtype.is_integer() or isinstance(dtype, pl.List)
    if canonical == "logprob":
        return dtype.is_float() or isinstance(dtype, pl.List)
    if canonical == "truncated":
        return dtype in (pl.Boolean, pl.String)
    if canonical == "truth":
        return not dtype.is_nested()
    if canonical in ("prompt", "completion", "opponent"):
        return dtype == pl.String or dtype.is_nested() or dtype == pl.Categorical
    return not dtype.is_nested()


def _answer_or_completion(taken: dict[str, str], columns: Mapping[str, pl.DataType]) -> None:
    """`answer` is the completion where there is no other one."""
    if "completion" not in taken and taken.get("answer") == "answer":
        taken["completion"] = taken.pop("answer")
        further = next((name for name in NAMES["answer"][1:] if name in columns), None)
        if further is not None:
            taken["answer"] = further


def _epoch(taken: dict[str, str], columns: Mapping[str, pl.DataType], used: set[str], name: str) -> list[str]:
    """`epoch` is the round where nothing finer is logged; evaluations call their attempts so too, which is said."""
    if {"round", "step"} & set(taken) or name in used or not is_number(columns.get(name, pl.Null())):
        return []
    taken["round"] = name
    used.add(name)
    return [f"{name} was taken for rounds of training; if it counts attempts at a prompt: --map sample={name}"]


def _passed_over(rest: Mapping[str, pl.DataType]) -> list[str]:
    numeric = [name for name, dtype in rest.items() if is_number(dtype)]
    if not numeric:
        return []
    return [f"numbers that were not taken as signals (--signal NAME takes one): {', '.join(numeric)}"]
