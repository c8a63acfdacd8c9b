"""What one round does: train on the round before, write, score, meter. A function of that round and of the seed."""

from __future__ import annotations

import contextlib
import math
import random
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from freshbits.errors import InputError
from freshbits.loop.asking import Asking
from freshbits.loop.engines import Remote, Vllm
from freshbits.loop.episodes import FAULT, columns, demonstrations, measured, told
from freshbits.loop.episodes import tokens as episode_tokens
from freshbits.loop.evaluation import exact, sampled
from freshbits.loop.generate import Local
from freshbits.loop.meter import meter_round
from freshbits.loop.model.model import Model, load
from freshbits.loop.rounds import WEIGHTS
from freshbits.loop.scoring import OWN_CHECK, scorers, totals, truth
from freshbits.loop.tasks.build import build
from freshbits.loop.tasks.turns import Turns
from freshbits.loop.train.balanced import balanced, online_balance
from freshbits.loop.train.examples import IDS, OWN, Example, accepted, mixed, references, written
from freshbits.loop.train.relative import Scored, reinforce
from freshbits.loop.train.shared import Updates
from freshbits.loop.train.supervised import supervise
from freshbits.outputs.answers import choose
from freshbits.rollouts.schema import CHOSEN, EXTRA, SIGNAL, conform
from freshbits.signals.own_state.votes import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from freshbits.loop.asking import Came
    from freshbits.loop.declare import Loop
    from freshbits.loop.evaluation import Evaluation
    from freshbits.loop.generate import Generator
    from freshbits.loop.given import Given
    from freshbits.loop.meter import LedgerRow
    from freshbits.loop.rounds import Rounds
    from freshbits.loop.scoring import Judge, Scorer
    from freshbits.loop.tasks.task import Prompt, Task

LARGE = 64_000_000  # parameters; the weights of a larger model are kept for the last round only


@dataclass(frozen=True)
class Rounding:
    """Holds what stays the same over the rounds of a loop.

    Attributes:
        loop: the declaration.
        control: the control that is run in its place, or None.
        task: what it is about.
        prompts: the prompts that every round asks.
        scorers: its signals.
        judge: its truth.
        asking: chooses every round's prompts, where the loop declares an allocation.
        probability: how likely each of the prompts was to be asked, where they were chosen.
    """

    loop: Loop
    control: str | None
    task: Task
    prompts: tuple[Prompt, ...]
    scorers: tuple[Scorer, ...]
    judge: Judge
    asking: Asking | None = None
    probability: tuple[float, ...] | None = None

    @classmethod
    def of(cls, loop: Loop, control: str | None, given: Mapping[str, Given] | None = None) -> Rounding:
        """Makes the task and the signals of a loop ready; `given` ones take the place of declared ones.

        Raises:
            InputError: if something that is declared cannot be run.
        """
        task = build(loop.task)
        if loop.train.method == "grpo" and (loop.train.pool != "replace" or loop.train.fresh):
            raise InputError("grpo learns from the round's own rollouts only", mend="leave out pool and fresh")
        if loop.train.method == "grpo" and loop.train.samples < 2:
            raise InputError("grpo compares completions of one prompt", mend="write samples: 8")
        server = loop.model.server
        if server is not None and server.reload is None and control != "frozen":
            raise InputError(
                "the server would go on with the weights it has",
                column="model.server",
                mend="write reload: a command that brings it the folder {weights}",
            )
        for signal in loop.signals:
            if signal.kind == "reference" and signal.reference != "task":
                raise InputError(
                    f"references from {signal.reference!r} cannot be run yet", mend="write reference: task"
                )
        count = loop.train.prompts or len(task.train)
        if count > len(task.train):
            raise InputError(
                f"the task has {len(task.train)} prompts to train on, not {count}", mend=f"prompts: {len(task.train)}"
            )
        lots = loop.seed if control == "random" else None
        if loop.train.balance is not None:
            online_balance(loop.train.balance, loop.seed)  # refuses what it does not know
        signals = tuple(scorers(loop, task, lots=lots, given=given))
        asking = None
        if loop.allocation.rule != "uniform" and control != "fresh":  # fresh rows are of prompts that stay the same
            asking = Asking(loop.allocation, task.train, count, loop.train.samples, loop.seed)
        return cls(loop, control, task, tuple(task.train[:count]), signals, truth(loop, task), asking)

    @property
    def steps(self) -> int:
        """Updates in a round: the same whatever is kept, so that methods and controls are trained equally long."""
        train = self.loop.train
        return train.steps or math.ceil(train.epochs * len(self.prompts) * train.samples / train.batch)

    @contextlib.contextmanager
    def one_thread(self) -> Iterator[None]:
        """Runs a small model on one thread: more are slower, and sums in another order give other bytes."""
        import torch

        before = torch.get_num_threads()
        if self.loop.model.config is not None:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def keeps_all(self, model: Model) -> bool:
        """Tells whether the weights of every round are kept."""
        return model.adapter or model.parameters <= LARGE

    def model(self, number: int, folder: Path) -> Model:
        """Builds the model of a round from the weights in its folder; for round 0 as the loop found it."""
        began = not any((folder / name).is_file() for name in WEIGHTS)
        model = self._load(None if began else folder)
        if number == 0 and self.keeps_all(model):
            model.save(folder)
        return model

    def _load(self, folder: Path | None) -> Model:
        import torch

        torch.manual_seed(self.loop.seed)  # an adapter begins from random numbers
        return load(self.loop.model, folder)

    def chosen(self, rounds: Rounds, number: int) -> tuple[Rounding, dict[str, float | None]]:
        """Returns this with the prompts of a round, and what the allocation has spent with that round.

        Unchanged, and nothing, where the loop declares no allocation.
        """
        if self.asking is None:
            return self, {}
        asked = self.asking.round(number, lambda before: self._came(rounds.rollouts(before)))
        work = replace(self, prompts=asked.prompts, probability=asked.probability)
        spent = asked.calls + len(asked.prompts) * self.loop.train.samples
        return work, {"calls": spent, "tried_before": asked.tried}

    def _came(self, rows: pl.DataFrame) -> Came:
        """Returns what came of every prompt of a round: accepted and scored rollouts."""
        known = pl.all_horizontal(pl.col(SIGNAL + scorer.name).is_not_null() for scorer in self.scorers)
        told = rows.select("prompt", known=known, passed=pl.Series(self._passed(rows))).filter("known")
        counts = told.group_by("prompt", maintain_order=True).agg(pl.col("passed").sum(), pl.len())
        return [(text, float(passed), float(scored)) for text, passed, scored in counts.rows()]

    def write(self, model: Model, number: int) -> pl.DataFrame:
        """Lets the model write, scores what it wrote, and returns the rows in canonical columns."""
        train = self.loop.train
        asked = [prompt for prompt in self.prompts for _ in range(train.samples)]
        drawn, tokens = self._drawn(model, asked, number)
        rows = pl.DataFrame(
            {
                "run": [self.loop.name] * len(asked),
                "round": [number] * len(asked),
                "prompt": [prompt.text for prompt in asked],
                "group": [f"{number}-{at // train.samples}" for at in range(len(asked))],
                "sample": [at % train.samples for at in range(len(asked))],
                "answer": pl.Series([prompt.answer for prompt in asked], dtype=pl.String),
                "region": [prompt.region for prompt in asked],
            }
        ).hstack(drawn)
        if self.probability is not None:
            chance = [each for each in self.probability for _ in range(train.samples)]
            rows = rows.with_columns(pl.Series(EXTRA + CHOSEN, chance, dtype=pl.Float64))
        empty = [name for name in ("answer", "truth", EXTRA + FAULT) if name in rows.columns]
        rows = rows.drop([name for name in empty if rows[name].null_count() == rows.height])
        scored = [pl.Series(SIGNAL + each.name, each.score(asked, rows), dtype=pl.Float64) for each in self.scorers]
        scored += [
            pl.Series(SIGNAL + name, part, dtype=pl.Float64)
            for each in self.scorers
            for name, part in each.parts().items()
            if "@" not in name
        ]
        return conform(rows.with_columns(scored)).with_columns(tokens)

    def _drawn(self, model: Model, asked: Sequence[Prompt], number: int) -> tuple[pl.DataFrame, list[pl.Series]]:
        """Returns what the model wrote as columns of the round's rows, and its tokens."""
        temperature, seed = self.loop.train.temperature, self._seed(number, "rollouts")
        if isinstance(self.task, Turns):
            # Every attempt is hidden something of its own: one secret for a group would teach that secret.
            rng = random.Random(seed)
            hidden = [rng.getrandbits(31) for _ in asked]
            found = told(self.task, model, self._generator(model), asked, hidden, temperature, seed)
            rows = columns(found)
            if self.loop.meter.truth not in OWN_CHECK:
                rows = rows.with_columns(
                    truth=pl.Series(self.judge(asked, rows["completion"].to_list()), dtype=pl.Float64)
                )
            return rows, episode_tokens(found)
        drawn = self._generator(model).generate([prompt.text for prompt in asked], temperature, seed)
        texts = [each.text for each in drawn]
        rows = pl.DataFrame(
            {
                "completion": texts,
                "truth": pl.Series(self.judge(asked, texts), dtype=pl.Float64),
                "logprob": [each.logprob for each in drawn],
                "tokens": [len(each.tokens) for each in drawn],
                "truncated": [each.truncated for each in drawn],
            }
        )
        return rows, [pl.Series(IDS, [list(each.tokens) for each in drawn])]

    def train(self, rounds: Rounds, number: int, folder: Path, scratch: Path) -> dict[str, float | None]:
        """Trains the model of the round before on it, and writes the weights into the new round's folder."""
        last = rounds.folder(number - 1)
        if self.control == "frozen":
            for name in WEIGHTS:
                if (last / name).is_file():
                    shutil.copyfile(last / name, folder / name)
            return {"trained_rows": 0.0, "updates": 0.0}
        held = rounds.has_weights(number - 1)
        if number > 1 and not held:
            raise InputError("there are no weights to go on from", file=last, mend="run the loop in a new directory")
        model = self._load(last if held else None)
        updates = Updates(
            self.steps, self.loop.train.batch, self.loop.train.learning_rate, self.loop.seed + number,
            bf16=self.loop.model.dtype == "bfloat16",
        )  # fmt: skip
        if self.loop.train.method == "grpo" and self.control != "fresh":
            found = self._reinforce(model, rounds.rollouts(number - 1), number - 1, updates, scratch)
        else:
            found = self._supervise(model, rounds, number - 1, updates, scratch)
        model.save(folder)
        return found

    def _reinforce(
        self, model: Model, rows: pl.DataFrame, number: int, updates: Updates, scratch: Path
    ) -> dict[str, float | None]:
        rewards = totals(self.scorers, {each.name: rows[SIGNAL + each.name].to_list() for each in self.scorers})
        kept = len(rewards)
        if self.loop.train.balance is not None:
            left = balanced(self.loop.train.balance, rows, rewards, self._seed(number, "balance"))
            rewards, kept = left.rewards, sum(left.kept)
        wrote = zip(written(rows), rewards, strict=True)
        given = [Scored(each.prompt, each.tokens, value, each.sampled) for each, value in wrote]
        reinforce(model, given, self.loop.train.samples, updates, scratch)
        return {"trained_rows": float(kept), "updates": float(updates.steps)}

    def _supervise(
        self, model: Model, rounds: Rounds, last: int, updates: Updates, scratch: Path
    ) -> dict[str, float | None]:
        first = 0 if self.loop.train.pool == "accumulate" else last
        examples = [
            example
            for number in range(first, last + 1)
            for example in self._examples(model, rounds.rollouts(number), number)
        ]
        if not examples:
            return {"trained_rows": 0.0, "updates": 0.0}
        supervise(model, examples, updates, scratch)
        return {"trained_rows": float(len(examples)), "updates": float(updates.steps)}

    def _examples(self, model: Model, rows: pl.DataFrame, number: int) -> list[Example]:
        """Returns the rows that a round gives to training."""
        train = self.loop.train
        rng = random.Random(self._seed(number, "rows"))
        fresh = self._fresh(model, number) if self.control == "fresh" or train.fresh else []
        if self.control == "fresh":
            return fresh
        if train.method == "sft":
            own = self._references(model)
        elif train.method == "self":
            own = written(rows)
        else:
            passed = self._passed(rows)
            if train.balance is not None:
                left = balanced(train.balance, rows, [float(good) for good in passed], self._seed(number, "balance"))
                passed = [good and kept for good, kept in zip(passed, left.kept, strict=True)]
            own = accepted(rows, passed, train.keep, rng)
        return mixed(own, fresh, train.fresh, rng)

    def _passed(self, rows: pl.DataFrame) -> list[bool]:
        groups = rows["group"].to_list()
        each = [scorer.passed(rows[SIGNAL + scorer.name].to_list(), groups) for scorer in self.scorers]
        return [all(row) for row in zip(*each, strict=True)]

    def _references(self, model: Model) -> list[Example]:
        if isinstance(self.task, Turns):
            return demonstrations(self.task, model, self.prompts, 1, f"{self.loop.seed} reference")
        fixed = [(prompt.text, self.task.fixed_reference(prompt)) for prompt in self.prompts]
        return [Example(asked, tuple(model.encode_completion(text))) for asked, text in fixed if text is not None]

    def _fresh(self, model: Model, number: int) -> list[Example]:
        seed = f"{self._seed(number, 'fresh')}"
        samples = self.loop.train.samples
        if isinstance(self.task, Turns):
            found = demonstrations(self.task, model, self.prompts, samples, seed)
        else:
            found = references(self.task, self.prompts, model.encode_completion, samples, seed)
        if not found:
            raise InputError("the task has no true completions to train on", mend="leave out fresh")
        return found

    def _generator(self, model: Model) -> Generator:
        longest = self.task.longest
        # A right completion is no longer than this in characters, so not in tokens either; one more ends it.
        most = self.loop.train.max_tokens if longest is None else min(self.loop.train.max_tokens, longest + 1)
        if isinstance(self.task, Turns) and self.task.tokens is not None:
            most = self.task.tokens
        declared = self.loop.model
        if declared.server is not None:
            return Remote(model, most, declared.server)
        if declared.engine == "vllm":
            return Vllm(model, most, dict(declared.engine_options))
        return Local(model, most)

    def meter(self, model: Model, rows: pl.DataFrame, rounds: Rounds, trained: Mapping[str, float | None]) -> LedgerRow:
        """Meters a round: what its verdicts offered, and how good the model is on prompts that it never trains on."""
        number = int(rows["round"][0])
        first = rounds.rollouts(0) if number else rows
        partition = choose(first) if self.task.read is None else partition_of(self.task.read)
        held_out = self._measured(model, self.task.held_out, number)
        found: dict[str, float | None] = {
            "held_out_accuracy": held_out.mean("accuracy"),
            "held_out_distinct": held_out.distinct,
            "held_out_entropy": held_out.mean("entropy"),
            "task_loss": held_out.mean("loss"),
        }
        if self._listed:
            own = exact(model, self.task, self.prompts[: len(self.task.held_out)])  # as many: listing has its price
            found |= {"train_accuracy": own.mean("accuracy"), "train_distinct": own.distinct}
        if EXTRA + FAULT in rows.columns:
            found["faults"] = float(rows[EXTRA + FAULT].count())
        narrow = rows.drop(IDS, OWN, strict=False)
        return meter_round(narrow, evaluation={**found, **trained}, signal=self.scorers[0].name, partition=partition)

    @property
    def _listed(self) -> bool:
        """Whether accuracy is computed over all right answers: the task can list them, and the meter does not mind."""
        return self.loop.meter.exact is None and self.task.answers(self.prompts[0]) is not None

    def _measured(self, model: Model, prompts: Sequence[Prompt], number: int) -> Evaluation:
        if self._listed:
            return exact(model, self.task, prompts)
        samples, seed = self.loop.meter.samples, self._seed(number, "held out")
        if isinstance(self.task, Turns) and self.loop.meter.truth in OWN_CHECK:
            asked, rng = [prompt for prompt in prompts for _ in range(samples)], random.Random(seed)
            hidden = [rng.getrandbits(31) for _ in asked]
            found = told(self.task, model, self._generator(model), asked, hidden, 1.0, seed)
            return measured(found, prompts, samples)
        return sampled(self._generator(model), self.judge, prompts, samples, seed)

    def _seed(self, number: int, purpose: str) -> int:
        return random.Random(f"{self.loop.seed} {number} {purpose}").getrandbits(31)
