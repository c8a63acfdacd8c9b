"""Chooses every round's prompts while a model is trained: asks nothing but what came of those it chose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from freshbits.atomic import replacing
from freshbits.errors import InputError
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.remedies.allocation.batch import GROUP
from freshbits.remedies.allocation.belief import Belief
from freshbits.remedies.allocation.hierarchy import Prior, variance_of
from freshbits.remedies.allocation.rules import expected_variance
from freshbits.remedies.allocation.shared import Shared
from freshbits.remedies.chosen import Chosen, choose
from freshbits.remedies.prediction.believe import Believed, believe, describe
from freshbits.remedies.prediction.betabinomial import UNKNOWN
from freshbits.remedies.prediction.design import design
from freshbits.remedies.prediction.history import read_history
from freshbits.remedies.prediction.pool import read_pool, read_texts_or_names
from freshbits.remedies.prediction.stack import BASE, FEWEST, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.allocated import Prediction
    from freshbits.remedies.allocation.rules import Rule
    from freshbits.rollouts.log import Log

LEARNED = ("weights", "covariance", "base")  # of the regression on fields
IN_TURNS = 4.0  # sharpness where prompts take turns
AGAIN = 2.0  # times that every prompt has been asked by which information counts by its root
MORE = 1.5  # as many prompts tried as at the last fit, times this, and the predictor learns again


class Allocator:
    """Suggests prompts, is told what came of them, and learns which others are like them.

    A belief is kept for every prompt. A regression on its fields states a pass rate, and follows the policy with every
    round (`allocation.shared`); where prompts have texts or embeddings, a predictor reads them, the regression corrects
    it, and the predictor is fitted again whenever half as many prompts again have been tried. The prompt's own verdicts
    correct both, and how far prompts move as they are trained on is learned. Everything is a function of the pool, what
    was observed, and the seed.

    Prompts take turns, each as often as score^sharpness, where

        score = E[p(1-p)] · (h(E[p]) - E[h(p)])^(t / (t + again)),

    h in bits and t how often every prompt has been asked on average. The first factor is the within-group variance to
    be expected, which is what an update of the policy gets from a group; the second is what a rollout says about its
    prompt, which is of use when the prompt comes again. How often prompts will come again is not known; the more often
    they have, the more it counts. In simulated learners that saves calls where every prompt has to be learned by
    itself, and costs some where a pool is passed over once or twice.

    Args:
        pool: prompts to choose from: a file, a frame (further columns are fields), or a list of texts.
        samples: rollouts per prompt.
        sharpness: prompts are drawn as their score to this power: 0 is uniform, infinity takes the best.
        again: how often every prompt has to have been asked until information counts by its root; infinity: it does not
            count at all.
        turns: whether prompts take turns, each asked in proportion to its score^sharpness in the long run; else they
            are drawn anew for every round, which leaves gaps and repeats.
        rule: scores prompts by a and b; `allocation.rules.through` makes one for a verifier that errs, and
            `allocation.rules.expected_deviation` is for advantages that are divided by the group's deviation.
        learn: whether a predictor is fitted; without it every prompt is known by its own verdicts only.
        embedding: column with a list of numbers per prompt.
        columns: canonical column -> column of the pool, as `--map`.
        seed: of lots and folds.

    Raises:
        InputError: if the pool has no prompts.

    It does not know prompts that differ in ways no column tells, nor that two prompts share a skill the texts hide.

    >>> allocator = Allocator([f"{n}+{n}?" for n in range(40)], samples=4, seed=1)
    >>> for _ in range(8):
    ...     for place in allocator.suggest(8):
    ...         allocator.observe(place, successes=4 if place < 30 else 2, rollouts=4)
    >>> sum(place >= 30 for place in allocator.suggest(8)) >= 4
    True
    """

    def __init__(
        self,
        pool: Any,
        *,
        samples: int = GROUP,
        sharpness: float = IN_TURNS,
        again: float = AGAIN,
        turns: bool = True,
        rule: Rule = expected_variance,
        learn: bool = True,
        embedding: str | None = None,
        columns: dict[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        table, has_text = read_texts_or_names(pool, columns=columns, embedding=embedding)
        believed = believe(None, table, embedding=embedding, has_text=has_text, seed=seed)
        self._begin(believed, samples, sharpness, again, rule, seed, turns=turns, learn=learn)

    @classmethod
    def of(
        cls,
        log: Log,
        pool: Any = None,
        *,
        signal: str | None = None,
        source: str | None = None,
        by: Sequence[str] | None = None,
        embedding: str | None = None,
        samples: int = GROUP,
        sharpness: float = IN_TURNS,
        again: float = AGAIN,
        turns: bool = True,
        rule: Rule = expected_variance,
        seed: int = 0,
    ) -> Self:
        """Begins with what a log says; the candidates are its prompts, or those of a pool.

        Raises:
            InputError: as `freshbits.allocate`.
        """
        table = None if pool is None else read_pool(pool, has_text="prompt" in log.schema, embedding=embedding)
        known = () if table is None else table.columns
        name = signal or log.signals[0]
        history = read_history(log, name, source=source, by=by, embedding=embedding, known=known)
        self = cls.__new__(cls)
        self._begin(
            believe(history, table, embedding=embedding, seed=seed),
            samples,
            sharpness,
            again,
            rule,
            seed,
            turns=turns,
            learn=True,
        )
        return self

    def _begin(
        self,
        believed: Believed,
        samples: int,
        sharpness: float,
        again: float,
        rule: Rule,
        seed: int,
        *,
        turns: bool,
        learn: bool,
    ) -> None:
        if samples < 2:
            raise InputError(f"{samples} rollout per prompt compares nothing", mend="give samples=2 or more")
        if not sharpness >= 0:
            raise InputError(f"sharpness {sharpness:g} would prefer what carries nothing", mend="give 0 or more")
        if not again > 0:
            raise InputError(f"again {again:g} is no number of times", mend="give a number above 0")
        self.samples, self.sharpness, self.again = samples, sharpness, again
        self.rule, self.seed, self.turns, self.learn = rule, seed, turns, learn
        self._believed = believed
        self.belief: Belief = replace(believed.belief, worth=None)  # the policy will be trained
        self.shared: Shared | None = self._following(self.belief.stated_logit) if learn else None
        self.prediction: Prediction | None = believed.prediction
        self._pending: dict[int, list[float]] = {}
        self._learned = int(believed.tried.sum())
        self._rounds = 0
        self._asked = 0
        self._places: dict[int, int] | None = None
        self.last: Chosen | None = None

    @property
    def prompts(self) -> pl.Series:
        """The prompts that are chosen from, by their number."""
        return self._believed.prompts["prompt"]

    def __len__(self) -> int:
        return self._believed.prompts.height

    def suggest(self, prompts: int, *, moved: bool = True) -> list[int]:
        """Returns the numbers of the prompts to ask next, `samples` rollouts each.

        What was observed since the last call is taken in first. How likely each prompt was to be asked is in
        `last.probability`; write it into the log (column `prompt_probability`), so that an audit can say that prompts
        were chosen.

        Args:
            prompts: how many; all where there are fewer.
            moved: whether the policy was updated since the last call; False for a second wave inside a step.

        Raises:
            InputError: if fewer than one is asked for.
        """
        if prompts < 1:
            raise InputError(f"{prompts} prompts cannot be asked", mend="ask for 1 or more")
        self._take_in(moved=moved)
        budget = min(prompts, len(self)) * self.samples
        number = self.seed * 1_000_003 + self._rounds
        self.last = choose(
            self.belief,
            budget,
            group=self.samples,
            rule=self.rule,
            sharpness=self.sharpness,
            explore=self.explore,
            turns=self.turns,
            seed=number,
        )
        self._rounds += 1
        self._asked += len(self.last.index)
        return [int(place) for place in self.last.index]

    @property
    def explore(self) -> float:
        """The power of the information in the score now: t / (t + again)."""
        times = self._asked / len(self)
        return times / (times + self.again)

    def observe(self, prompt: int | str, successes: float, rollouts: float) -> None:
        """Notes what came of a prompt; unscored rollouts are left out, not counted as failures.

        Args:
            prompt: its number, or its text (its id, where the pool has no texts).
            successes: accepted rollouts.
            rollouts: scored rollouts.

        Raises:
            InputError: if there is no such prompt, or more was accepted than asked.
        """
        if not 0 <= successes <= rollouts:
            raise InputError(f"{successes:g} of {rollouts:g} rollouts cannot have been accepted")
        place = self.place(prompt)
        if place is None:
            raise InputError(f"there is no prompt {prompt!r:.60} in the pool", mend="observe prompts of the pool")
        told = self._pending.setdefault(place, [0.0, 0.0])
        told[0] += successes
        told[1] += rollouts

    def place(self, prompt: int | str) -> int | None:
        """Returns the number of a prompt; None where it is not in the pool."""
        if isinstance(prompt, str):
            found = int(self.places([prompt])[0])
            return None if found < 0 else found
        return int(prompt) if 0 <= prompt < len(self) else None

    def places(self, prompts: Sequence[str]) -> NDArray[np.int64]:
        """Returns the numbers of prompts by their texts (ids, where the pool has no texts); -1 for unknown ones."""
        if self._places is None:
            self._places = {key: at for at, key in enumerate(self._believed.prompts["key"].to_list())}
        column = pl.Series(list(prompts), dtype=pl.String)
        keys = prompt_keys(column) if self._believed.raw.words is not None else name_keys(column)
        return np.array([self._places.get(key, -1) for key in keys], dtype=np.int64)

    def _take_in(self, *, moved: bool) -> None:
        """Takes in what was observed; the predictor learns again where enough is new."""
        if self._pending:
            index = np.array(sorted(self._pending), dtype=np.int64)
            told = np.array([self._pending[int(place)] for place in index])
            self.belief = self.belief.observe(index, told[:, 0], told[:, 1])
            self._pending = {}
            if self.shared is not None:
                self.shared = self.shared.observe(index, told[:, 0], told[:, 1])
            if moved:
                self.belief = self.belief.moved()
            if self.shared is not None:
                self.shared = self.shared.moved() if moved else self.shared
                self.belief = self.belief.informed(self.shared.rates())
        tried = int((self.belief.rollouts > 0).sum())
        reads = self._believed.raw.words is not None or self._believed.raw.vectors.shape[1] > 0
        if self.learn and reads and tried >= max(FEWEST, MORE * self._learned):
            self._fit()
            self._learned = tried

    def _fit(self) -> None:
        belief, raw = self.belief, self._believed.raw
        enough = belief.rollouts > 0.05  # what is left of verdicts long ago says nothing any more
        rows, rest = np.flatnonzero(enough), np.flatnonzero(~enough)
        passed, asked = belief.successes[rows], belief.rollouts[rows]
        predictor = fit(raw.take(rows), passed, asked, self.seed)
        rates = np.empty(len(self))
        rates[rows] = predictor.crossed
        if rest.size:
            rates[rest] = predictor.predict(raw.take(rest))
        if predictor.kind != BASE:  # else the regression on fields says more
            prior = Prior(0.0, 1.0, variance_of(predictor.worth or UNKNOWN))
            self.belief = replace(belief.informed(rates), prior=prior)
            self.shared = self._following(self.belief.stated_logit)
        columns = ["text"] * (raw.words is not None) + [*raw.fields]
        self.prediction = describe(predictor, passed, asked, columns, None)

    def _following(self, base: NDArray[np.float64]) -> Shared | None:
        """Begins the regression on fields, around what is stated; none where there are no fields."""
        table, start = design(self._believed.raw)
        return Shared.of(table, start=start, base=base) if table.shape[1] else None

    def save(self, path: str | Path) -> None:
        """Writes the state into one file (.npz, no pickles); `restore` goes on from there as if nothing had been.

        Raises:
            InputError: if the file cannot be written.
        """
        data = self.belief.to_json()
        arrays = {name: np.asarray(each) for name, each in data.items() if isinstance(each, list)}
        header = {
            "belief": {name: each for name, each in data.items() if name not in arrays},
            "pending": [[place, *told] for place, told in sorted(self._pending.items())],
            "learned": self._learned,
            "rounds": self._rounds,
            "asked": self._asked,
            "settings": self._settings(),
        }
        text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        keys = self._believed.prompts["key"].to_numpy()
        with replacing(Path(path)) as temporary, temporary.open("wb") as file:
            held: dict[str, Any] = {f"belief.{name}": each for name, each in arrays.items()}
            if self.shared is not None:
                held |= {f"shared.{name}": getattr(self.shared, name) for name in LEARNED}
            np.savez_compressed(file, header=text, keys=keys, **held)

    def restore(self, path: str | Path) -> None:
        """Goes on from a saved state of an allocator with the same pool and settings.

        Raises:
            InputError: if the file is no such state, or of another pool or other settings.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as held:
                header = json.loads(bytes(held["header"]))
                arrays = {name[7:]: held[name] for name in held.files if name.startswith("belief.")}
                shared = {name: held[f"shared.{name}"] for name in LEARNED if f"shared.{name}" in held.files}
                keys = held["keys"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError("is no state of an allocator", file=path) from error
        if not np.array_equal(keys, self._believed.prompts["key"].to_numpy()):
            raise InputError("is the state of an allocator with another pool", file=path)
        if header["settings"] != self._settings():
            raise InputError(f"was saved with other settings ({header['settings']})", file=path)
        self.belief = Belief.from_json({**header["belief"], **arrays})
        if self.shared is not None:
            self.shared = replace(self.shared, **shared)
        self._pending = {int(place): told for place, *told in header["pending"]}
        self._learned, self._rounds, self._asked = header["learned"], header["rounds"], header["asked"]

    def _settings(self) -> dict[str, Any]:
        return {
            "samples": self.samples,
            "sharpness": self.sharpness,
            "again": self.again,
            "turns": self.turns,
            "seed": self.seed,
            "learn": self.learn,
        }

    def rates(self) -> NDArray[np.float64]:
        """Returns the expected pass rate of every prompt."""
        return self.belief.mean
