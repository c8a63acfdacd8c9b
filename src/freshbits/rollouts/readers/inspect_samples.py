"""One sample of an Inspect log as one flat row: what was asked, what the model wrote, and what each scorer said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.messages import message_text
from freshbits.rollouts.schema import EXTRA, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.rollouts.problems import Problems

    Row = dict[str, Any]

LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
CUT = {"max_tokens", "model_length"}


def to_float(value: Any) -> float | None:
    """Returns a scorer's value as Inspect's `value_to_float` does; None where it has no number (Inspect: 0).

    >>> to_float("C"), to_float("P"), to_float("N"), to_float("yes"), to_float("0.25"), to_float(True)
    (1.0, 0.5, 0.0, 1.0, 0.25, 1.0)
    >>> to_float("unsure"), to_float(float("nan")), to_float(["C"])
    (None, None, None)
    """
    if isinstance(value, str):
        if value in LETTERS:
            return LETTERS[value]
        if value.lower() in WORDS:
            return WORDS[value.lower()]
    elif not isinstance(value, (bool, int, float)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def flat_scores(sample: Any, problems: Problems, file: str, row: int) -> dict[str, float | None]:
    """Returns signal -> number of one sample or its summary; of a sample that failed or was withdrawn, all None."""
    made: dict[str, float | None] = {}
    dead = sample.error is not None or getattr(sample, "invalidation", None) is not None
    for scorer, score in (sample.scores or {}).items():
        value = score.value
        parts = {f"{scorer}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {scorer: value}
        for name, one in parts.items():
            made[name] = None if dead else to_float(one)
            if made[name] is None and isinstance(one, (str, list)) and not dead:
                problems.add(f"{name} is no number, letter or yes: unscored, where Inspect counts 0", file, row)
    return made


def sample_row(sample: Any, header: Any, problems: Problems, file: str, number: int, *, apart: bool) -> Row:
    """Returns one sample as a flat row of canonical names.

    Args:
        sample: Inspect's `EvalSample`.
        header: its log's header.
        problems: where values that are no verdict are counted, with `file` and `number`.
        file: the log's file.
        number: the sample's place in it.
        apart: whether several logs of one task and model are read, so that each is a run.
    """
    key = f"{header.eval.task}/{sample.id}"
    said = _said(sample)
    row: Row = {
        "prompt": _prompt(sample),
        "prompt_id": key,
        "group": key,
        "source": header.eval.model,
        "sample": sample.epoch - 1,
        "completion": "\n\n".join(said) if said else None,
        "answer": _target(sample.target),
        "extracted": next((one.answer for one in (sample.scores or {}).values() if one.answer is not None), None),
        "tokens": _tokens(sample) if len(said) == 1 else None,
        "turns": len(said) or None,
        "truncated": sample.limit is not None or _stopped(sample) in CUT,
        "region": header.eval.task,
        EXTRA + "error": sample.error.message if sample.error is not None else None,
        EXTRA + "limit": sample.limit.type if sample.limit is not None else None,
    }
    if apart:
        row["run"] = str(header.eval.created)
    scores = flat_scores(sample, problems, file, number)
    return row | {SIGNAL + name: value for name, value in scores.items()}


def _prompt(sample: Any) -> str:
    text = sample.input
    if not isinstance(text, str):
        text = message_text([{"role": one.role, "content": one.text} for one in text])
    choices = [f"{chr(65 + place)}) {one}" for place, one in enumerate(sample.choices or [])]
    return "\n".join([text, *choices])


def _said(sample: Any) -> list[str]:
    """Returns what the model wrote, turn by turn: not what the input held as an example, nor what tools answered."""
    turns = [one for one in sample.messages if one.role == "assistant"]
    own = [one for one in turns if getattr(one, "source", None) == "generate"]
    if own:
        return [_turn(one) for one in own]
    return [sample.output.completion] if sample.output is not None and sample.output.completion else []


def _turn(message: Any) -> str:
    calls = [f"{call.function}({call.arguments})" for call in message.tool_calls or []]
    return "\n".join(part for part in (message.text, *calls) if part)


def _target(target: Any) -> Any:
    many: Sequence[Any] = target if isinstance(target, list) else [target]
    return (many[0] if len(many) == 1 else list(many)) if many else None


def _stopped(sample: Any) -> str | None:
    return sample.output.stop_reason if sample.output is not None and sample.output.choices else None


def _tokens(sample: Any) -> int | None:
    usage = sample.output.usage if sample.output is not None else None
    return int(usage.output_tokens) if usage is not None else None
