"""TRL: meter the rewards of a GRPO run by adding `metered(...)` around them; no reward is ever changed.

>>> def is_short(completions, **kwargs):
...     return [float(len(text) < 20) for text in completions]
>>> rewards = metered(is_short)  # GRPOTrainer(reward_funcs=metered(is_short), …)
>>> rewards.__name__
'is_short'

Each reward function is called as TRL would call it and what it returned is handed on untouched. When all functions of
a batch have answered, the batch is measured and the numbers go to the trainer's own loggers through TRL's `log_metric`
(TRL >= 1.0), under `info/…` and `hack/…`. A callback could not do this: callbacks do not see rewards.

It does not know rewards that are models (they are handed on as they are and not metered; then there is no total), nor
`multi_objective_aggregation="normalize_then_sum"`: the total is the weighted sum, the default. On several processes
each measures its own rows and TRL averages the numbers.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.errors import InputError
from freshbits.integrations.window import Window
from freshbits.rollouts.messages import message_text, sampled_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

OWN = ("info/", "hack/")  # what the names of all metrics begin with


def metered(reward_funcs: Any, *, weights: Sequence[float] | None = None, window: Window | None = None) -> Any:
    """Returns the reward functions as they are, but measured: what goes in as a list comes out as a list.

    Args:
        reward_funcs: what `GRPOTrainer` and `RLOOTrainer` take: a function, an async function, a callable object, the
            name of a reward model or the model itself, or a list of these. Names and models come back untouched.
        weights: as in `reward_weights` of the trainer's arguments; where None the trainer is asked, else all are 1.
        window: where the batches are kept; one of its own where None.

    Raises:
        InputError: if there are not as many weights as rewards.
    """
    listed = reward_funcs if isinstance(reward_funcs, list) else [reward_funcs]
    if weights is not None and len(weights) != len(listed):
        raise InputError(f"{len(weights)} weights for {len(listed)} rewards", mend="give each reward its weight")
    meter = Meter(len(listed), None if weights is None else list(weights), window or Window())
    wrapped = [
        func if _is_model(func) else (AsyncMetered if _is_async(func) else Metered)(func, meter, place)
        for place, func in enumerate(listed)
    ]
    meter.awaited = sum(isinstance(func, _Wrapper) for func in wrapped)
    return wrapped if isinstance(reward_funcs, list) else wrapped[0]


class Meter:
    """Gathers what the reward functions of one batch returned, measures the batch, and logs it."""

    def __init__(self, rewards: int, weights: list[float] | None, window: Window) -> None:
        self.rewards, self.weights, self.window = rewards, weights, window
        self.awaited = rewards
        self.stopped: str | None = None
        self._completions: Any = None
        self._found: dict[int, tuple[str, NDArray[np.float64]]] = {}

    def take(self, place: int, name: str, values: Any, arguments: dict[str, Any]) -> None:
        """Takes one function's values; a fault of the meter ends the metering, never the training."""
        if self.stopped is not None:
            return
        try:
            self._take(place, name, values, arguments)
        except Exception as error:
            self.stopped = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"freshbits stopped metering ({self.stopped}); training goes on", RuntimeWarning, stacklevel=4
            )

    def _take(self, place: int, name: str, values: Any, arguments: dict[str, Any]) -> None:
        completions = arguments["completions"]
        if completions is not self._completions or place in self._found:
            self._completions, self._found = completions, {}
        if not hasattr(values, "__len__") or len(values) != len(completions):  # the trainer will say so itself
            return
        self._found[place] = name, _numbers(values)
        if len(self._found) < self.awaited:
            return
        scores = self._named()
        log, total = arguments.get("log_metric"), None
        if self.awaited == self.rewards:
            weights = self.weights or _weights(log, self.rewards)
            total = _weighted(np.stack([self._found[at][1] for at in sorted(self._found)]), weights)
        prompts = [text if isinstance(text, str) else message_text(text) for text in arguments["prompts"]]
        texts = [text if isinstance(text, str) else sampled_text(text) for text in completions]
        metrics = self.window.take(prompts, texts, _groups(prompts, log), scores, total, keep=is_training(log))
        if log is not None:
            for metric, value in metrics.items():
                log(metric, value)
        self._completions, self._found = None, {}

    def _named(self) -> dict[str, NDArray[np.float64]]:
        scores: dict[str, NDArray[np.float64]] = {}
        for at in sorted(self._found):
            name, values = self._found[at]
            scores[f"{name}_{at}" if name in scores else name] = values
        return scores


class _Wrapper:
    """Stands for a reward function under its own name."""

    def __init__(self, func: Callable[..., Any], meter: Meter, place: int) -> None:
        inner = func
        while isinstance(inner, functools.partial):
            inner = inner.func
        self.__name__ = getattr(inner, "__name__", type(inner).__name__)
        self.__doc__ = inner.__doc__
        self.__wrapped__ = func
        self.meter, self.place = meter, place


class Metered(_Wrapper):
    """Calls a reward function, measures what it returned, and returns just that."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Returns what the reward function returns, the same object."""
        values = self.__wrapped__(*args, **kwargs)
        self.meter.take(self.place, self.__name__, values, kwargs)
        return values


class AsyncMetered(_Wrapper):
    """Awaits an async reward function, measures what it returned, and returns just that."""

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Returns what the reward function returns, the same object."""
        values = await self.__wrapped__(*args, **kwargs)
        self.meter.take(self.place, self.__name__, values, kwargs)
        return values


class FreshbitsCallback:
    """Keeps what `metered` rewards logged in one small file beside the run: `freshbits.jsonl`, a line per logging step.

    Optional: the trainer's loggers have the same numbers. It has the methods of a `transformers.TrainerCallback`.

    Args:
        folder: where to write; the trainer's `output_dir` where None.

    >>> callback = FreshbitsCallback()  # GRPOTrainer(reward_funcs=metered(…), callbacks=[callback])
    >>> callback.on_step_end(None, None, None) is None
    True
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = None if folder is None else Path(folder)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Writes the metered part of what is being logged."""
        found = {name: value for name, value in (logs or {}).items() if name.removeprefix("eval_").startswith(OWN)}
        if not found or not state.is_world_process_zero:
            return
        folder = self.folder or Path(args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "freshbits.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **found}) + "\n")

    def __getattr__(self, name: str) -> Any:
        """Returns a method that does nothing, for all other events of a trainer."""
        if name.startswith("on_"):
            return _nothing
        raise AttributeError(name)


def _nothing(*_: Any, **__: Any) -> None:
    """Does nothing at an event that says nothing about rewards."""


def runs(prompts: Sequence[str]) -> NDArray[np.int64]:
    """Numbers the groups of a batch: consecutive rows with equal prompts, as TRL lays them out.

    A prompt drawn twice in a row stands in one run of twice the length; where the shortest run divides all others it is
    the size of a group.

    >>> runs(["a", "a", "b", "b", "b", "b"]).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    changes = np.array([one != two for one, two in zip(prompts[1:], prompts, strict=False)], dtype=bool)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(prompts)]])
    lengths = np.diff(starts)
    size = int(lengths.min())
    if size > 1 and (lengths % size == 0).all():
        return np.arange(len(prompts)) // size
    return np.repeat(np.arange(lengths.size), lengths)


def _groups(prompts: Sequence[str], log: Any) -> NDArray[np.int64]:
    """Numbers the groups: chunks of the trainer's `num_generations` where it can be seen and fits, else runs."""
    trainer = getattr(log, "__self__", None)
    name = "num_generations" if is_training(log) else "num_generations_eval"
    size = getattr(trainer, name, None)
    if isinstance(size, int) and size > 0 and len(prompts) % size == 0:
        number = np.arange(len(prompts)) // size
        if all(prompts[row] == prompts[row - row % size] for row in range(len(prompts))):
            return number
    return runs(prompts)


def _numbers(values: Any) -> NDArray[np.float64]:
    """Returns rewards as numbers, None as NaN: unscored, never 0."""
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def _weighted(scores: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """Returns the trainer's total: the weighted sum of what is scored, unscored where nothing is."""
    known = ~np.isnan(scores)
    total = (np.where(known, scores, 0.0) * np.asarray(weights)[:, None]).sum(axis=0)
    return np.where(known.any(axis=0), np.round(total, 9), np.nan)


def _weights(log: Any, rewards: int) -> list[float]:
    """Returns the trainer's own weights where it can be seen, else 1 for every reward, which is its default."""
    own = getattr(getattr(log, "__self__", None), "reward_weights", None)
    found = [] if own is None else [float(weight) for weight in own]
    return found if len(found) == rewards else [1.0] * rewards


def _is_model(func: Any) -> bool:
    """Tells a reward model, or its name, from a function, without loading torch."""
    torch = sys.modules.get("torch")
    return isinstance(func, str) or (torch is not None and isinstance(func, torch.nn.Module))


def _is_async(func: Any) -> bool:
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(getattr(func, "__call__", None))  # noqa: B004


def is_training(log: Any) -> bool:
    """Tells an evaluation's batch by the mode that the trainer's model is in, where the trainer can be seen."""
    model = getattr(getattr(log, "__self__", None), "model", None)
    return bool(getattr(model, "training", True))
