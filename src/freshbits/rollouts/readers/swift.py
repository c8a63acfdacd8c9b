"""ms-swift's completions: `completions.jsonl`, one object of lists per logging step, and its Ray trainer's rows.

https://github.com/modelscope/ms-swift, `GRPOTrainer.log` in `swift/rlhf_trainers/grpo_trainer.py` (`log_completions`),
`swift/megatron/trainers/grpo_trainer.py` (`gen_step`) and `_maybe_log_completions` of the Ray trainer (one row a line).
`args.json` beside it holds the arguments of the run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.columnar import AT, BATCH, GROUP, HIDDEN, exploded, once
from freshbits.rollouts.groups import number_generations
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import NAMES, asked, extras, is_number, mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.runs import run_names
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.tolerant import tolerant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="ms-swift",
    title="ms-swift completions",
    files="OUTPUT_DIR/completions.jsonl with args.json (--log_completions true)",
    tells="step, prompt, completion, every reward function by itself, turns, reference answer where logged; from "
    "args.json the weights, num_generations and whether dynamic sampling was on",
    cannot_tell="log-probabilities, truncation, truth; without args.json whether groups were dropped",
    traps=(
        "One line holds a whole batch, every column a list; steps are text.",
        "The buffer of a batch is written at every logging step: a batch that stands there already is left out. With "
        "sparse logging_steps batches are lost.",
        "An evaluation fills the same buffer and is not marked: a second batch under one step is left out and counted.",
        "With dynamic_sample groups without contrast are replaced before they are logged: dead groups are unknown.",
        "A reward function's None is written as NaN: unscored, not 0.",
    ),
)
NOT_REWARDS = {"step", "gen_step", "prompt", "completion", "messages", "advantages", "advantage", "entropy",
               "num_turns", "image", "images", "solution", "kl", AT, BATCH, GROUP}  # fmt: skip
FILTERED = "ms-swift's dynamic sampling (dynamic_sample) replaces groups without contrast before it logs them"


def recognise(family: Family) -> bool:
    """Returns whether lines are objects of equally long lists, or rows with ms-swift's gen_step."""
    columns = set(family.columns)
    if family.kind != "json" or "completion" not in columns or not {"prompt", "messages"} & columns:
        return False
    completions = family.first.get("completion")
    lists = isinstance(completions, list) and all(isinstance(text, (str, type(None))) for text in completions)
    step = family.first.get("step", family.first.get("gen_step"))
    return (lists and isinstance(step, list)) or ("gen_step" in columns and isinstance(completions, str))


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per completion, each batch once, with `group` = "batch:chunk of num_generations"."""
    about = {file: _arguments(file) for file in source.files}

    def unfold(row: Row, file: Path) -> Iterable[Row]:
        generations = about[file].get("num_generations")
        return _unfolded(row, generations if isinstance(generations, int) else None)

    table = tolerant(source, unfold)
    plan = _plan(table.columns, options)
    rewards = [name.removeprefix(SIGNAL) for name in plan if name.startswith(SIGNAL)]
    require_rollouts(plan, table.columns, source.first_file, unscored=options.unscored)
    notes = [*table.notes, f"reward functions: {', '.join(rewards)}"]
    runs = run_names(source.files, source.root)
    if len(runs) > 1:
        notes.append(f"{len(runs)} runs, told apart by directory")
    each = [_weights(arguments, rewards) for arguments in about.values()]
    weights = each[0] if all(found == each[0] for found in each) else {}
    if not weights and len(rewards) > 1 and not options.weights:
        notes.append("no weights, so no total")
    rows = stream(table, plan | (HIDDEN if BATCH in table.columns else {}))
    notes.append(
        "groups by equal text and row order inside each batch" if "group" in plan
        else "no run of equal prompts shows num_generations: groups are equal prompts of one step"
    )  # fmt: skip
    opened = Opened(number_generations(rows, 1, runs), notes, weights=weights)
    if BATCH in table.columns:
        opened.rows = once(opened.rows, opened.duplicates, source.problems)
        notes.append("a batch that an earlier line holds already is left out")
    opened.filtered = FILTERED if any(held.get("dynamic_sample") is True for held in about.values()) else None
    if opened.filtered is not None:
        notes.append(f"{FILTERED}: the share of dead groups is unknown, and bits per rollout are too high")
    if not all("dynamic_sample" in held for held in about.values()):
        notes.append("no args.json says whether dynamic_sample was on: if so, groups without contrast are missing")
    return opened


def _unfolded(row: Row, generations: int | None) -> Iterable[Row]:
    """Yields a line's rows: those of its lists, or the line itself where it is one row."""
    if not isinstance(row.get("completion"), list):
        yield row
        return
    if "prompt" not in row and "messages" in row:
        row = {**row, "prompt": row["messages"]}
    yield from exploded(row, generations)


def _plan(columns: dict[str, pl.DataType], options: ReadOptions) -> Plan:
    plan: Plan = {
        "step": Want("step" if "step" in columns else "gen_step", Kind.INTEGER),
        "prompt": Want("prompt", Kind.TEXT),
        "completion": Want("completion", Kind.SAMPLED),
    }
    if GROUP in columns:
        plan["group"] = Want(GROUP, Kind.TEXT)
    if "num_turns" in columns:
        plan["turns"] = Want("num_turns", Kind.INTEGER)
    answer = next((name for name in NAMES["answer"] if name in columns and not columns[name].is_nested()), None)
    if answer is not None:
        plan["answer"] = Want(answer, Kind.TEXT)
    rewards = [name for name, dtype in columns.items() if is_number(dtype) and name not in NOT_REWARDS]
    # A reward function's None becomes NaN, as in TRL: the producer's way to write null.
    plan |= {SIGNAL + name: Want(name, Kind.NUMBER) for name in rewards}
    plan |= mapped(options, columns)
    taken = {want.column for want in plan.values()} | {AT, BATCH, GROUP, "messages"}
    return (
        plan | extras({name: dtype for name, dtype in columns.items() if name not in taken}) | asked(options, columns)
    )


def _arguments(file: Path) -> dict[str, Any]:
    try:
        held = json.loads((file.parent / "args.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _weights(arguments: dict[str, Any], rewards: list[str]) -> dict[str, float]:
    """Returns the weights of the run; they stand in the order of the reward functions, as their columns do."""
    given = arguments.get("reward_weights")
    if given is None and arguments and len(rewards) > 1:
        given = [1.0] * len(rewards)  # ms-swift's own default
    if not isinstance(given, list) or len(given) != len(rewards):
        return {}
    return {name: float(weight) for name, weight in zip(rewards, given, strict=True)}
