"""TRL: an allocator chooses the prompts of every generation batch, and learns from the rewards that it sees.

    allocator = Allocator(dataset, samples=8, rule=expected_deviation)  # TRL divides advantages by the deviation
    trainer = allocating(GRPOTrainer, allocator)(
        model=…, train_dataset=dataset, reward_funcs=[observed(right, allocator), neat], callbacks=[Saved(allocator)], …
    )

`allocating` gives the trainer's sampler another source of row numbers, laid out as TRL's own: each prompt
`num_generations` times, each batch as often as it is used. `observed` hands a reward function's values on untouched.
Loaders look one batch ahead, so what is chosen knows all rewards but those of the last batch. On several processes
the verdicts are gathered, so that all choose the same. Unique prompts only: a text that stands in several rows is asked
by its first row.

It does not know rewards that are models, nor streamed data sets, which have no row numbers.
"""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.errors import InputError
from freshbits.integrations.trl import FreshbitsCallback, is_training
from freshbits.rollouts.messages import message_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from freshbits.remedies.allocator import Allocator

STATE = "allocator.npz"


def allocating(trainer: type[Any], allocator: Allocator) -> type[Any]:
    """Returns a trainer class whose training prompts are chosen by the allocator; nothing else is changed.

    Args:
        trainer: `GRPOTrainer` or `RLOOTrainer` (TRL 1.x), or a class of one's own that is one.
        allocator: its pool is the training data set, or a part of it.

    Raises:
        InputError: when the trainer starts, if the data set is streamed or holds no prompt of the pool.
    """

    class Allocating(trainer):  # type: ignore[misc]
        """Trains on prompts that an allocator chooses."""

        def _get_train_sampler(self, dataset: Any = None) -> Sampler:
            rows = self.train_dataset if dataset is None else dataset
            return Sampler(
                allocator,
                prompt_rows(rows, allocator),
                prompts=self.args.generation_batch_size // self.num_generations,
                generations=self.num_generations,
                uses=self.num_iterations * self.args.steps_per_generation,
                length=len(rows),
            )

    Allocating.__name__ = Allocating.__qualname__ = f"Allocating{trainer.__name__}"
    return Allocating


class Sampler:
    """Yields row numbers of a data set, batch after batch, as TRL's own sampler lays them out.

    An allocator is asked when a batch begins, not before: rewards up to then count. An epoch has as many batches as
    the data set has rows for, though some prompts come more often and some not at all.

    Args:
        allocator: chooses.
        rows: row of the data set of each of its prompts.
        prompts: prompts per batch.
        generations: how often each row comes in a row.
        uses: how often each batch comes.
        length: rows of the data set.

    >>> from freshbits.remedies.allocator import Allocator
    >>> sampler = Sampler(Allocator(["a", "b", "c"]), [0, 1, 2], prompts=1, generations=2, uses=2, length=3)
    >>> drawn = list(sampler)
    >>> len(drawn) == len(sampler) == 12, drawn[0] == drawn[1] == drawn[2] == drawn[3]
    (True, True)
    """

    def __init__(
        self, allocator: Allocator, rows: Sequence[int], *, prompts: int, generations: int, uses: int, length: int
    ) -> None:
        if prompts > len(rows):
            raise InputError(
                f"a batch has {prompts} prompts and the pool {len(rows)}",
                mend="make batches smaller, or the pool larger",
            )
        self.allocator, self.rows = allocator, np.asarray(rows, dtype=np.int64)
        self.prompts, self.generations, self.uses = prompts, generations, uses
        self.batches = max(length // prompts, 1)

    def __iter__(self) -> Iterator[int]:
        """Asks the allocator for every batch when it begins."""
        for _ in range(self.batches):
            chosen = self.rows[self.allocator.suggest(self.prompts)].tolist()
            for _ in range(self.uses):
                for row in chosen:
                    for _ in range(self.generations):
                        yield row

    def __len__(self) -> int:
        return self.batches * self.prompts * self.generations * self.uses


def observed(reward_func: Callable[..., Any], allocator: Allocator, *, accept: float = 0.5) -> Callable[..., Any]:
    """Returns the reward function as it is, whose values the allocator sees: above `accept` counts as accepted.

    None is unscored and not counted; batches of an evaluation, and prompts that are not in the pool, are passed over.

    >>> from freshbits.remedies.allocator import Allocator
    >>> allocator = Allocator(["2+2?", "3+3?"])
    >>> @functools.partial(observed, allocator=allocator)
    ... def right(prompts, completions, **kwargs):
    ...     return [float(text == "4") for text in completions]
    >>> right(prompts=["2+2?"] * 2, completions=["4", "5"])
    [1.0, 0.0]
    >>> _ = allocator.suggest(1); allocator.belief.rollouts.round().tolist()
    [2.0, 0.0]
    """

    def note(values: Any, prompts: Sequence[Any], log: Any) -> None:
        if not is_training(log) or len(values) != len(prompts):
            return
        texts = [text if isinstance(text, str) else message_text(text) for text in prompts]
        told: dict[int, list[float]] = {}
        for place, value in zip(allocator.places(texts).tolist(), values, strict=True):
            number = None if value is None else float(value)
            if place >= 0 and number is not None and number == number:
                cell = told.setdefault(place, [0.0, 0.0])
                cell[0] += float(number > accept)
                cell[1] += 1
        for place, passed, asked in _everyones([[place, *cell] for place, cell in told.items()], log):
            allocator.observe(int(place), passed, asked)

    if inspect.iscoroutinefunction(reward_func):

        @functools.wraps(reward_func)
        async def waiting(*args: Any, **kwargs: Any) -> Any:
            values = await reward_func(*args, **kwargs)
            note(values, kwargs["prompts"], kwargs.get("log_metric"))
            return values

        return waiting

    @functools.wraps(reward_func)
    def paying(*args: Any, **kwargs: Any) -> Any:
        values = reward_func(*args, **kwargs)
        note(values, kwargs["prompts"], kwargs.get("log_metric"))
        return values

    return paying


class Saved(FreshbitsCallback):
    """Writes the allocator's state into every checkpoint, as `allocator.npz`.

    To go on from one: `allocator.restore("checkpoint-40/allocator.npz")`, then
    `trainer.train(resume_from_checkpoint=…)` with `ignore_data_skip=True` in the arguments, since batches that were
    chosen once are not to be chosen again.

    >>> from freshbits.remedies.allocator import Allocator
    >>> Saved(Allocator(["2+2?"])).on_log(None, None, None)
    """

    def __init__(self, allocator: Allocator) -> None:
        super().__init__()
        self.allocator = allocator

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Does nothing: what rewards carry is written by the parent."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Writes the state beside the checkpoint that was just written."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            self.allocator.save(folder / STATE)


def prompt_rows(dataset: Any, allocator: Allocator) -> list[int]:
    """Returns the first row of the data set that holds each prompt of the pool.

    Raises:
        InputError: if the data set is streamed, or a prompt of the pool is not in it.
    """
    if not hasattr(dataset, "__len__"):
        raise InputError("a streamed data set has no rows to choose from", mend="load it whole")
    texts = [text if isinstance(text, str) else message_text(text) for text in dataset["prompt"]]
    places = allocator.places(texts)
    rows = np.full(len(allocator), -1, dtype=np.int64)
    known = np.flatnonzero(places >= 0)[::-1]  # the first row of a prompt is written last
    rows[places[known]] = known
    if (rows < 0).any():
        missing = allocator.prompts[int(np.argmin(rows))]
        raise InputError(
            f"{int((rows < 0).sum())} prompts of the pool are not in the data set, such as {missing!r:.60}",
            mend="make the allocator of the training data set",
        )
    return [int(row) for row in rows]


def _everyones(told: list[list[float]], log: Any) -> list[list[float]]:
    """Returns what all processes of a run have seen; on one process what it was given."""
    accelerator = getattr(getattr(log, "__self__", None), "accelerator", None)
    if getattr(accelerator, "num_processes", 1) < 2:
        return told
    from importlib import import_module

    gathered: list[list[float]] = import_module("accelerate.utils").gather_object(told)
    return gathered
