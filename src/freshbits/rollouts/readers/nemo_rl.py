"""NeMo RL's training data: `train_data_step{N}.jsonl`, one rollout per line, every value in a list of one.

https://github.com/NVIDIA-NeMo/RL: `log_data` in `nemo_rl/algorithms/grpo.py`, `Logger.log_batched_dict_as_jsonl` in
`nemo_rl/utils/logger.py`, and `nemo_rl/experience/rollouts.py`, which appends what the environment said (for some the
verdict itself) to the messages.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.groups import num_generations, number_generations
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.messages import message_text, sampled_text
from freshbits.rollouts.names import asked, extras, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.runs import run_names
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.jsonl import peek
from freshbits.rollouts.tables.tolerant import tolerant
from freshbits.rollouts.token_text import reading, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row
    from freshbits.rollouts.token_text import Reading

CARD = FormatCard(
    name="nemo-rl",
    title="NeMo RL training data",
    files="LOG_DIR/exp_NNN/train_data_step{N}.jsonl (val_data_step{N}.jsonl where it alone is there)",
    tells="step, prompt, completion without what the environment said, reward, tokens, log-probabilities, turns; "
    "whether dynamic sampling dropped groups (filtered_rewards)",
    cannot_tell="the group (equal prompts in a row), reward components, truth, truncation; with dynamic sampling the "
    "groups that were dropped",
    traps=(
        "With dynamic sampling `rewards` is of all rollouts before it, in another order than the lines: the reward of "
        "a line is `filtered_rewards`, and the share of dead groups is unknown.",
        "Every value stands in a list of one, and token lists are padded: tokens and log-probabilities are counted "
        "under token_loss_mask up to input_lengths.",
        "What the environment said, for some the verdict itself, is logged behind the answer: it is not part of the "
        "completion.",
        "val_data_step files hold evaluations and are left out of training.",
        "Log-probabilities that are all 0 were not kept by the backend: unknown, not certain.",
    ),
)
FILE = re.compile(r"(train|val)_data_step(\d+)\.jsonl(\.gz)?$")
SAMPLE = re.compile(r"(.+)_g(\d+)")
FILTERED = "NeMo RL's dynamic sampling dropped groups without contrast before it wrote these files"
UNKNOWN = f"{FILTERED}: the share of dead groups is unknown, and bits per rollout are too high"
LOOKED_AT = 3  # files that show num_generations; one is a whole batch
COLUMNS = {
    "step": Kind.INTEGER,
    "prompt": Kind.TEXT,
    "group": Kind.TEXT,
    "sample": Kind.INTEGER,
    "completion": Kind.TEXT,
    "logprob": Kind.NUMBER,
    "tokens": Kind.INTEGER,
    "turns": Kind.INTEGER,
    "region": Kind.TEXT,
}


def recognise(family: Family) -> bool:
    """Returns whether rows are of a batch logged by NeMo RL: rewards and idx, and its name or log-probabilities."""
    columns = set(family.columns)
    named = bool(family.files) and FILE.search(family.files[0].name) is not None
    return family.kind == "json" and {"rewards", "idx"} <= columns and (named or "generation_logprobs" in columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns training rollouts with `group` = "step:chunk of num_generations"; evaluation only where it is alone."""
    files, notes, training = _choose(source.files)
    first = _prompt_messages(files[0])

    as_text = {place: reading(None, place) or spelled for place in {file.parent for file in files}}

    def unfold(row: Row, file: Path) -> Iterable[Row]:
        for each in _each(row):
            yield _flat(each, file, first, as_text[file.parent], training=training)

    table = tolerant(source, unfold, files)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    plan[SIGNAL + "reward"] = Want("reward", Kind.SCORE)
    if "accuracy" in table.columns:
        plan[SIGNAL + "accuracy"] = Want("accuracy", Kind.SCORE)
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()} | {"filtered", "spelled"}
    plan |= extras({name: dtype for name, dtype in table.columns.items() if name not in taken})
    plan |= asked(options, table.columns)
    rows = stream(table, plan)
    runs = run_names(files, source.root)
    if len(runs) > 1:
        notes.append(f"{len(runs)} runs, told apart by directory")
    if not training:
        notes.append("evaluations, each step's by itself: they are no rounds of training")
        return Opened(number_generations(rows, 1, runs), [*table.notes, *notes], files=files)
    generations = 1
    if "group" not in plan:
        looked = tolerant(source, unfold, files[:: max(1, len(files) // LOOKED_AT)])
        generations = num_generations(looked.read({"step": plan["step"], "prompt": plan["prompt"]}))
    if "group" in plan:
        notes.append("groups from sample_id")
    elif generations > 1:
        notes.append(f"{generations} per prompt by equal text and row order")
    else:
        notes.append("no run of equal prompts shows num_generations: groups are equal prompts of one step")
    if "spelled" in table.columns:
        notes.append("without messages texts are made of token ids: by tokenizer.json beside the log, else they are "
                     "spelled as letters, and what is said of answers, features and quotes is of the ids")  # fmt: skip
    filtered = FILTERED if "filtered" in table.columns else None
    if filtered:
        notes.append(UNKNOWN)
        notes.append("rewards are `filtered_rewards`; `rewards` is of all rollouts before dynamic sampling, in an "
                     "order of its own, and not used")  # fmt: skip
    rows = number_generations(rows, generations, runs)
    return Opened(rows, [*table.notes, *notes], filtered=filtered, files=files)


def _choose(files: Sequence[Path]) -> tuple[tuple[Path, ...], list[str], bool]:
    """Returns the files of training, or those of evaluation where there are no others."""
    evaluation = [file for file in files if (match := FILE.search(file.name)) and match.group(1) == "val"]
    if not evaluation or len(evaluation) == len(files):
        return tuple(files), [], not evaluation
    note = f"training rollouts; {len(evaluation)} evaluation file(s) left out (point at one to read it)"
    return tuple(file for file in files if file not in set(evaluation)), [note], True


def _each(row: Row) -> Iterable[Row]:
    """Yields the rollouts of a line: one in a batch of one, as the logger writes it, or several of a larger batch."""
    rewards = row.get("rewards")
    if not isinstance(rewards, list):
        yield row
        return
    lists = {name: value for name, value in row.items() if isinstance(value, list) and len(value) == len(rewards)}
    for at in range(len(rewards)):
        yield row | {name: values[at] for name, values in lists.items()}


def _flat(held: Row, file: Path, first: int, as_text: Reading, *, training: bool) -> Row:
    mask = _mask(held)
    prompt, completion, turns = _texts(held, mask, first, as_text)
    match = FILE.search(file.name)
    step = int(match.group(2)) if match else None
    flat: Row = {
        "prompt": prompt,
        "completion": completion,
        "reward": held.get("filtered_rewards", held.get("rewards")),
        "logprob": _logprob(held.get("generation_logprobs"), mask),
        "tokens": sum(mask) if mask else None,
        "turns": turns,
        "idx": held.get("idx"),
    }
    flat |= {"step": step} if training else {"group": f"{step}: {prompt}", "evaluated_at": step}
    if "filtered_rewards" in held:
        flat["filtered"] = True
    if not isinstance(held.get("content"), (list, dict)):
        flat["spelled"] = True
    named = SAMPLE.fullmatch(str(held.get("sample_id", "")))
    if named and training:
        flat |= {"group": f"{step}:{named.group(1)}", "sample": int(named.group(2))}
    if isinstance(held.get("agent_ref"), dict):
        flat["region"] = held["agent_ref"].get("name")
    for name in ("accuracy", "sample_loss_mask"):
        if isinstance(held.get(name), (bool, int, float)):
            flat[name] = held[name]
    advantages = held.get("advantages")
    if isinstance(advantages, list):  # one per token, the same on all that were sampled
        advantages = next((value for value, on in zip(advantages, mask, strict=False) if on), None)
    if advantages is not None:
        flat["advantage"] = advantages
    return flat


def _mask(held: Row) -> list[bool]:
    """Returns which tokens were sampled, without the padding."""
    mask = held.get("token_loss_mask")
    if not isinstance(mask, list):
        return []
    length = held.get("input_lengths")
    return [bool(value) for value in (mask[:length] if isinstance(length, int) else mask)]


def _texts(held: Row, mask: list[bool], first: int, as_text: Reading) -> tuple[str | None, str | None, int | None]:
    """Returns prompt, completion and turns; what the environment said between and after them is left out."""
    content = held.get("content")
    if isinstance(content, dict):  # a message log of one message
        content = [content]
    if isinstance(content, list) and content and all(isinstance(message, dict) for message in content):
        at = next((i for i, message in enumerate(content) if message.get("role") == "assistant"), len(content))
        turns = sum(message.get("role") == "assistant" for message in content)
        return message_text(content[:at]), sampled_text(content[at:]), turns
    if isinstance(content, list):
        said = [str(message) for message in content]
        sampled = said[first::2]
        return "\n\n".join(said[:first]), "\n\n".join(sampled), len(sampled)
    ids = held.get("token_ids")
    if not isinstance(ids, list) or not mask:
        return None, content, None
    start = mask.index(True) if True in mask else len(mask)
    sampled_ids = [token for token, on in zip(ids, mask, strict=False) if on]
    turns = sum(on for on, _ in groupby(mask))
    return as_text(ids[:start]), content if isinstance(content, str) else as_text(sampled_ids), turns


def _logprob(values: Any, mask: list[bool]) -> float | None:
    """Returns the sum over sampled tokens; None where one is missing, or all are 0 because none were kept."""
    if not isinstance(values, list) or not any(mask) or len(values) < len(mask):
        return None
    kept = [value for value, on in zip(values, mask, strict=False) if on]
    if any(value is None or not math.isfinite(value) for value in kept) or not any(kept):
        return None
    return float(sum(kept))


def _prompt_messages(file: Path) -> int:
    """Returns how many messages stand before the first sampled one, as most of the first rows show it.

    Roles are not logged; the mask shows how often the model spoke and whether the environment spoke last.
    """
    counts: Counter[int] = Counter()
    for held in (each for row in peek(file, Problems()) for each in _each(row)):
        mask, content = _mask(held), held.get("content")
        if isinstance(content, list) and any(mask):
            spoke = sum(on for on, _ in groupby(mask))
            counts[len(content) - (2 * spoke - 1) - (not mask[-1])] += 1
    found = counts.most_common(1)[0][0] if counts else 1
    return max(found, 1)
