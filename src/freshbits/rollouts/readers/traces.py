"""Traces of verifiers v1 and prime-rl: one episode per line, its traces with message nodes and named rewards.

https://github.com/PrimeIntellect-ai/verifiers, `verifiers/v1/{episode,trace,graph}.py`;
https://github.com/PrimeIntellect-ai/prime-rl writes the same episodes under
`rollouts/step_N/{train,eval}/{all,effective}/traces.jsonl`. `all` is the unbiased sample, `effective` what
trained.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.messages import content_text, message_text
from freshbits.rollouts.names import mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.jsonl import peek

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="traces",
    title="verifiers and prime-rl traces",
    files="RUN/rollouts/step_N/train/all/traces.jsonl (prime-rl), outputs/RUN/traces.jsonl (verifiers v1)",
    tells="group, every reward and its weight, log-probabilities, tokens, turns, truncation, failures",
    cannot_tell="truth; from `effective` alone how many groups were dropped; an evaluation without groups is "
    "grouped by task",
    traps=(
        "A failed episode was not judged: its rewards are unscored, whatever number stands there, and its rows stay.",
        "Under prime-rl `all` holds failures and rejected work (the unbiased sample), `effective` only what trained: "
        "`all` is read where both are there, and where only `effective` is the share of dead groups is unknown.",
        "A reward of null was never scored; 0 is a score.",
        "Traces of helpers (a simulated user, a judge: trainable false) are not the model's rollouts and are left out.",
        "Log-probabilities are summed only where every turn has them: a partial sum would look more likely.",
        "Weights are those of the first episodes; where they change, that is said.",
    ),
)
LIMITS = {"max_turns", "max_input_tokens", "max_output_tokens", "max_total_tokens", "compaction_failed"}
REWARD, WEIGHT, METRIC = "reward.", "weight.", "metric."
COLUMNS = {
    "run": Kind.TEXT,
    "step": Kind.INTEGER,
    "prompt": Kind.TEXT,
    "prompt_id": Kind.TEXT,
    "group": Kind.TEXT,
    "source": Kind.TEXT,
    "completion": Kind.SAMPLED,
    "answer": Kind.TEXT,
    "logprob": Kind.NUMBER,
    "tokens": Kind.INTEGER,
    "turns": Kind.INTEGER,
    "truncated": Kind.FLAG,
    "region": Kind.TEXT,
}


def recognise(family: Family) -> bool:
    """Returns whether rows are episodes with traces, or single traces with nodes."""
    columns = set(family.columns)
    return family.kind == "json" and ({"traces", "task"} <= columns or {"nodes", "rewards", "task"} <= columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per trainable trace: of `all` where it exists, of training before evaluation."""
    files, notes, filtered = _choose(source.files)
    table = source.table(unfold, files)
    plan: Plan = {
        name: Want(name, kind) for name, kind in COLUMNS.items() if table.columns.get(name, pl.Null()) != pl.Null
    }
    rewards = [name for name in table.columns if name.startswith(REWARD)]
    for name in rewards:
        plan[SIGNAL + name.removeprefix(REWARD)] = Want(name, Kind.SCORE)
    for name in table.columns:
        if name.startswith(METRIC):
            plan[EXTRA + name.removeprefix(METRIC)] = Want(name, Kind.NUMBER, strict=False)
    if "error" in table.columns:
        plan[EXTRA + "error"] = Want("error", Kind.TEXT, strict=False)
    plan |= mapped(options, table.columns)
    weights, varying = _weights(files)
    if varying:
        notes.append(f"the weights of {', '.join(varying)} differ between episodes: the first ones are used")
    total = ", ".join(f"{weights[name]:g} × {name}" for name in weights)
    notes.append(f"{len(rewards)} rewards with logged weights ({total})" if weights else "no rewards with weights")
    return Opened(stream(table, plan), [*table.notes, *notes], weights=weights, filtered=filtered, files=files)


def unfold(document: Row, file: Path) -> Iterable[Row]:
    """Yields a row per trace; an episode that failed before any trace is one row without completion."""
    if "traces" not in document:
        yield _row(document, document, file)
        return
    traces = [trace for trace in document["traces"] or [] if _trainable(trace)]
    for trace in traces:
        yield _row(document, trace, file)
    if not document["traces"]:
        yield _row(document, {"task": document.get("task")}, file)


def _row(episode: Row, trace: Row, file: Path) -> Row:
    task = trace.get("task") or episode.get("task") or {}
    data = task.get("data") or {}
    agent = trace.get("agent") or {}
    nodes = trace.get("nodes") or []
    sampled = [node for node in nodes if node.get("sampled")]
    failed = episode.get("ok") is False or trace.get("ok") is False
    env = episode.get("env") or {}
    run = episode.get("run") or {}
    key = task.get("key") or task.get("hash") or data.get("id")
    group = (episode.get("group") or {}).get("id")
    row: Row = {
        "run": run.get("id"),
        "step": _step(run, file),
        "prompt": _prompt(data, nodes),
        "prompt_id": str(key if key is not None else data.get("idx", "")) or None,
        "group": group if group is not None else (f"task {key}" if key is not None else None),
        "source": _model(agent, trace.get("calls") or []),
        "completion": "\n\n".join(content_text(node.get("message") or {}) for node in sampled) if sampled else None,
        "answer": data.get("answer"),
        "turns": len(sampled) if nodes else None,
        "tokens": _tokens(sampled, trace),
        "logprob": _logprob(sampled),
        "truncated": _truncated(trace) if nodes else None,
        "region": env.get("name") or env.get("id"),
        "error": _error(episode, trace),
    }
    for name, reward in (trace.get("rewards") or {}).items():
        # A failed episode was not judged, whatever number stands there.
        row[REWARD + name] = None if failed or reward is None else _score(reward)
    for name, value in (trace.get("metrics") or {}).items():
        row[METRIC + name] = value
    return row


def _score(reward: Any) -> Any:
    return reward.get("score") if isinstance(reward, dict) else reward


def _trainable(trace: Row) -> bool:
    """A frozen helper (a simulated user, a judge) writes traces too; they are not the model's rollouts."""
    return (trace.get("agent") or {}).get("trainable", True) is not False


def _step(run: Row, file: Path) -> int | None:
    work = run.get("work") or {}
    for value in (work.get("step"), run.get("step")):
        if isinstance(value, int):
            return value
    match = re.search(r"step_(\d+)", str(file.parent))
    return int(match.group(1)) if match else None


def _prompt(data: Row, nodes: Sequence[Row]) -> str | None:
    prompt = data.get("prompt")
    if isinstance(prompt, str) and prompt:
        return prompt if not data.get("system_prompt") else f"system: {data['system_prompt']}\n\nuser: {prompt}"
    if isinstance(prompt, list) and prompt:
        return message_text(prompt)
    before = []
    for node in nodes:
        if node.get("sampled"):
            break
        before.append(node.get("message") or {})
    return message_text(before) if before else None


def _model(agent: Row, calls: Sequence[Row]) -> str | None:
    config = agent.get("config") or {}
    model = config.get("model")
    if isinstance(model, str):
        return model
    return next((call["model"] for call in calls if isinstance(call.get("model"), str)), None)


def _tokens(sampled: Sequence[Row], trace: Row) -> int | None:
    counts = [
        len(node["logprobs"]) or sum(node.get("mask") or []) for node in sampled if node.get("logprobs") is not None
    ]
    if sum(counts):
        return sum(counts)
    found = trace.get("num_output_tokens")
    return found if isinstance(found, int) and found > 0 else None


def _logprob(sampled: Sequence[Row]) -> float | None:
    """The sum over every sampled node; null where one has none (a partial sum would look more likely)."""
    if not sampled or any(not node.get("logprobs") for node in sampled):
        return None
    return float(sum(sum(node["logprobs"]) for node in sampled))


def _truncated(trace: Row) -> bool:
    if trace.get("stop_condition") in LIMITS or trace.get("is_truncated"):
        return True
    last = next((call for call in reversed(trace.get("calls") or []) if not call.get("error")), None)
    return bool(last and last.get("finish_reason") == "length")


def _error(episode: Row, trace: Row) -> str | None:
    errors = [*(trace.get("errors") or []), *(episode.get("errors") or [])]
    return str(errors[-1].get("type")) if errors and isinstance(errors[-1], dict) else None


def _weights(files: Sequence[Path]) -> tuple[dict[str, float], list[str]]:
    """Returns the logged weight of each reward in the first rows of the first file, and which vary there."""
    weights: dict[str, float] = {}
    varying: list[str] = []
    for document in peek(files[0], Problems()) if files else []:
        for trace in document.get("traces") or [document]:
            for name, reward in (trace.get("rewards") or {}).items():
                weight = reward.get("weight") if isinstance(reward, dict) else None
                if weight is not None and weights.setdefault(name, float(weight)) != weight:
                    varying.append(name)
    return weights, sorted(set(varying))


def _choose(files: tuple[Path, ...]) -> tuple[tuple[Path, ...], list[str], str | None]:
    """Prefers training over evaluation, and `all` over `effective` where both are there."""
    notes: list[str] = []

    def under(part: str, among: Sequence[Path]) -> list[Path]:
        return [file for file in among if part in file.parts[:-1]]

    chosen = list(files)
    train, evaluation = under("train", chosen), under("eval", chosen)
    if train and evaluation:
        chosen = [file for file in chosen if file not in set(evaluation)]
        notes.append(f"training rollouts; {len(evaluation)} evaluation file(s) left out (point at one to read it)")
    everything, effective = under("all", chosen), under("effective", chosen)
    if not effective:
        return tuple(chosen), notes, None
    whole = {file.parent.parent for file in everything}
    kept = [file for file in chosen if file not in set(effective) or file.parent.parent not in whole]
    only = [file for file in kept if file in set(effective)]
    if everything:
        notes.append("`all` is read, not `effective`: it holds failed and rejected rollouts too")
    if not only:
        return tuple(kept), notes, None
    notes.append(f"{len(only)} step(s) have only `effective`: rollouts that were not trained on are missing")
    return (
        tuple(kept),
        notes,
        "prime-rl `effective` holds only what trained: groups without contrast were dropped before it",
    )
