"""verl: meter a custom reward function by wrapping it; its scores are handed on unchanged.

In the file that `custom_reward_function.path` names:

    from freshbits.integrations.verl import metered

    compute_score = metered(compute_score, path="freshbits.jsonl")

verl calls a reward once per rollout (or once per batch, with plural arguments, under `reward_manager=batch`) and hands
in no logger, so rollouts are gathered until there are enough to measure, and the numbers go to a JSONL file and to the
logger "freshbits". Written against verl's documented signature, `compute_score(data_source, solution_str, ground_truth,
extra_info=None, **kwargs)`, plain or async.

It does not know the prompt unless `extra_info` says it (`prompt`, `question` or `index`, with `split`): else rollouts
with the same data source and reference count as one group. Rows of another split than train are not measured. Each
process of a parallel reward manager measures its own rows. A wrapped function does not go through pickle, so the
process pool of `reward_manager=prime` cannot use it.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import os
import threading
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.integrations.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROWS = 512
NAMED = ("prompt", "question", "index")  # of extra_info, the first that is there says which prompt it is
SCORES = ("score", "reward")  # of a returned dict

_log = logging.getLogger("freshbits")


def metered(
    compute_score: Callable[..., Any],
    *,
    path: str | Path | None = None,
    rows: int = ROWS,
    window: Window | None = None,
) -> Callable[..., Any]:
    """Returns the reward function as it is, but measured.

    Args:
        compute_score: the function, plain or async, for one rollout or (plural arguments) for a batch.
        path: a JSONL file that every measurement is added to as one line; the logger only where None.
        rows: rollouts that are gathered before they are measured; best the rollouts of one step.
        window: where the batches are kept; one of its own where None.

    >>> @metered
    ... def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    ...     return float(solution_str == ground_truth)
    >>> compute_score("sums", "4", "4")
    1.0
    """
    meter = Meter(None if path is None else Path(path), rows, window or Window())
    signature = inspect.signature(compute_score)

    if inspect.iscoroutinefunction(compute_score):

        @functools.wraps(compute_score)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            found = await compute_score(*args, **kwargs)
            meter.take(signature, args, kwargs, found)
            return found

    else:

        @functools.wraps(compute_score)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            found = compute_score(*args, **kwargs)
            meter.take(signature, args, kwargs, found)
            return found

    wrapper.meter = meter  # type: ignore[attr-defined]  # for whoever wants to look
    return wrapper


@dataclass(frozen=True)
class Rollout:
    """Holds one scored rollout: which prompt, what text, what score, and whether it has waited for its group once."""

    prompt: str
    completion: str
    score: float
    parts: dict[str, float]
    waited: bool = False


class Meter:
    """Gathers rollouts until there are enough, measures them, writes the numbers down; safe under threads."""

    def __init__(self, path: Path | None, rows: int, window: Window) -> None:
        self.path, self.rows, self.window = path, rows, window
        self.stopped: str | None = None
        self._held: list[Rollout] = []
        self._lock = threading.Lock()

    def take(self, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any], found: Any) -> None:
        """Takes one call's result; a fault of the meter ends the metering, never the training."""
        if self.stopped is not None:
            return
        try:
            read = list(_rollouts(signature.bind(*args, **kwargs).arguments, found))
            with self._lock:
                self._held += read
                if len(self._held) >= self.rows:
                    self._measure()
        except Exception as error:
            self.stopped = f"{type(error).__name__}: {error}"
            words = f"freshbits stopped metering ({self.stopped}); training goes on"
            warnings.warn(words, RuntimeWarning, stacklevel=3)

    def _measure(self) -> None:
        size = Counter(rollout.prompt for rollout in self._held)
        whole = max(size.values())
        ready = [r for r in self._held if size[r.prompt] == whole or r.waited]
        # A group that is not whole may come whole with the next rows; it waits once.
        self._held = [replace(r, waited=True) for r in self._held if size[r.prompt] != whole and not r.waited]
        groups = {prompt: number for number, prompt in enumerate(dict.fromkeys(r.prompt for r in ready))}
        names = [name for name in ready[0].parts if all(name in r.parts for r in ready)]
        total = np.array([r.score for r in ready], dtype=np.float64)
        metrics = self.window.take(
            [r.prompt for r in ready],
            [r.completion for r in ready],
            np.array([groups[r.prompt] for r in ready], dtype=np.int64),
            {"score": total, **{name: np.array([r.parts[name] for r in ready]) for name in names}},
            total,
        )
        line = json.dumps({"batch": self.window.batches, "rollouts": len(ready), "process": os.getpid(), **metrics})
        _log.info("%s", line)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def _rollouts(arguments: dict[str, Any], found: Any) -> Iterable[Rollout]:
    """Yields the training rollouts of one call."""
    extra = arguments.get("kwargs") or {}
    named = {**extra, **arguments} if isinstance(extra, dict) else arguments
    if "solution_strs" in named:
        count = len(named["solution_strs"])
        columns: list[Any] = [
            named.get(name) if named.get(name) is not None else [None] * count
            for name in ("data_sources", "solution_strs", "ground_truths", "extra_infos")
        ]
        calls = zip(*columns, found, strict=True)
    else:
        calls = zip(
            *([named.get(name)] for name in ("data_source", "solution_str", "ground_truth", "extra_info")),
            [found],
            strict=True,
        )
    for source, solution, truth, info, result in calls:
        info = info if isinstance(info, dict) else {}
        if info.get("split") not in (None, "train"):
            continue
        name = next((info[key] for key in NAMED if info.get(key) is not None), None)
        score, parts = _score(result)
        yield Rollout(json.dumps([source, truth, name], default=str), str(solution), score, parts)


def _score(result: Any) -> tuple[float, dict[str, float]]:
    """Returns the score of a result and its other numbers; NaN where it is unscored."""
    if not isinstance(result, dict):
        return (float("nan") if result is None else float(result)), {}
    score = next((result[name] for name in SCORES if result.get(name) is not None), None)
    parts = {
        name: float(value)
        for name, value in result.items()
        if name not in SCORES and isinstance(value, (bool, int, float, np.number))
    }
    return (float("nan") if score is None else float(score)), parts
