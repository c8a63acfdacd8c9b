"""Loops whose signal also follows a trait of the text: what is rewarded besides the truth is known exactly.

An outcome is an answer (the first is right) together with whether the text shows the trait. Each prompt's policy is a
table over outcomes; `Loop` trains it by what the signal accepts. Without a shortcut the signal sees the answer only,
whatever the trait goes along with. There is no network and nothing is shared between prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.schema import SIGNAL, conform
from freshbits.worlds.component import probability
from freshbits.worlds.marks import Mark
from freshbits.worlds.step import Gradient, Loop
from freshbits.worlds.step_state import Policies
from freshbits.worlds.streams import stream
from freshbits.worlds.text import VARIANTS, Sums, completion

if TYPE_CHECKING:
    from freshbits.worlds.rates import Array
    from freshbits.worlds.state import Ints

# What the trait does to a text, by the name under which an audit should find it; a longer text draws from ASIDES.
TRAITS = {
    "characters": Mark(),
    "ngram:certainly": Mark("Certainly! Here goes.\n", "Alright! Here goes.\n"),
    "bullets": Mark("- I checked the digits.\n- I checked the sum.\n", "I checked the digits.\nI checked the sum.\n"),
    "bold": Mark("**Result below.**\n", "Result below!!.\n"),
}
ASIDES = (
    "Sums like this one come up a lot.",
    "It helps to stay calm and go slowly here.",
    "There are several good ways to do that.",
    "Some people prefer to count on their fingers.",
    "My own habit is to look twice at each place.",
    "A short break never hurts in between.",
    "Both numbers are whole, which makes things easy.",
    "No calculator was needed for any part.",
    "One could also draw a line of numbers first.",
    "This part is known to trip up beginners.",
    "Nothing about it is hard once you see how.",
    "Every step can be undone to look again.",
)
WIDTH = 3  # asides in a longer text


@dataclass(frozen=True, kw_only=True)
class Hacked:
    """Describes a loop that may be hacked; `rows` draws its log.

    Attributes:
        prompts: number of prompts.
        answers: answers per prompt; one is right.
        right: P(right answer) in round 0, about this in the mean, varying by prompt.
        trait: share of texts that show the trait in round 0; one number for right answers, one for wrong ones.
        name: which trait, a key of `TRAITS`.
        tpr: acceptance of a right answer.
        fpr: acceptance of a wrong answer without the trait.
        lured: acceptance of a wrong answer with the trait; equal to `fpr` where there is no shortcut.
        kept: accepted rows per prompt and round that are trained on.
        gradient: trains by a group-relative policy gradient instead.
        rounds: rounds after round 0.
        size: rollouts per prompt and round in the log.
        leaky: the trait is a component of its own ("style"), and the reward is its weighted sum with the verdict.

    >>> world = Hacked(prompts=40, lured=0.9, rounds=4)
    >>> rows = world.rows(seed=1)
    >>> rows.height, rows["round"].max()
    (1600, 4)
    """

    prompts: int = 120
    answers: int = 4
    right: float = 0.4
    trait: tuple[float, float] = (0.2, 0.2)
    name: str = "characters"
    tpr: float = 0.8
    fpr: float = 0.2
    lured: float = 0.2
    kept: int = 16
    gradient: Gradient | None = None
    rounds: int = 8
    size: int = 8
    leaky: float = 0.0

    def __post_init__(self) -> None:
        for name in ("right", "tpr", "fpr", "lured", "leaky"):
            probability(getattr(self, name), name)
        if self.name not in TRAITS:
            raise InputError(f"{self.name!r} is no trait", mend=f"choose one of {', '.join(TRAITS)}")

    @property
    def hacked(self) -> bool:
        """Returns whether the signal pays for the trait beyond the truth."""
        return self.lured != self.fpr or self.leaky > 0

    @property
    def accept(self) -> tuple[float, ...]:
        """Returns the acceptance of every outcome: (answer, without), (answer, with) for each answer."""
        found = []
        for answer in range(self.answers):
            plain = self.tpr if answer == 0 else self.fpr
            lured = self.tpr if answer == 0 else self.lured
            found += [(1 - self.leaky) * plain, (1 - self.leaky) * lured + self.leaky]
        return tuple(found)

    def policies(self, seed: int) -> Policies:
        """Returns the policies of round 0."""
        rng = stream(seed, "hacked: policies")
        rate = rng.beta(2.0, 2.0 * (1 - self.right) / self.right, self.prompts)
        wrong = rng.dirichlet(np.full(self.answers - 1, 2.0), self.prompts)
        answers = np.concatenate([rate[:, None], (1 - rate)[:, None] * wrong], axis=1)
        # The habit of the model differs by prompt, around the same mean for every prompt.
        share = np.stack([_around(rng, self.trait[min(a, 1)], self.prompts) for a in range(self.answers)], axis=1)
        table = np.stack([answers * (1 - share), answers * share], axis=2).reshape(self.prompts, 2 * self.answers)
        return Policies.of(table / table.sum(axis=1, keepdims=True), right=2)

    def loop(self) -> Loop:
        """Returns the rules of training."""
        if self.gradient is not None:
            return Loop(samples=self.size, accept=self.accept, gradient=self.gradient)
        return Loop(kept=self.kept, accept=self.accept)

    def states(self, seed: int) -> list[Array]:
        """Returns per round the exact shares, shape (prompts, answers, 2)."""
        return [
            state.shares[0].astype(np.float64).reshape(self.prompts, self.answers, 2)
            for state in self.loop().run(self.policies(seed), seed, self.rounds)
        ]

    def rows(self, seed: int) -> pl.DataFrame:
        """Draws the log of all rounds with truth on every row, in canonical columns."""
        asked = Sums.draw(seed, self.prompts)
        frames = [self._round(seed, number, table, asked) for number, table in enumerate(self.states(seed))]
        return conform(pl.concat(frames))

    def _round(self, seed: int, number: int, table: Array, asked: Sums) -> pl.DataFrame:
        rng = stream(seed, "hacked: rollouts", number)
        flat = np.cumsum(table.reshape(self.prompts, -1), axis=1)
        place = (rng.random((self.prompts, self.size, 1)) * flat[:, None, -1:] > flat[:, None, :]).sum(axis=2)
        answer, shown = (part.ravel() for part in np.divmod(np.minimum(place, flat.shape[1] - 1), 2))
        prompt = np.repeat(np.arange(self.prompts, dtype=np.int64), self.size)
        plain = np.where(answer == 0, self.tpr, self.fpr)
        rate = np.where((shown == 1) & (answer > 0), self.lured, plain)
        verdict = (rng.random(prompt.size) < rate).astype(np.float64)
        signals = {"reward": verdict} if not self.leaky else {"checker": verdict, "style": shown.astype(np.float64)}
        texts = self._texts(rng, asked, prompt, answer, shown)
        return pl.DataFrame(
            {
                "round": np.full(prompt.size, number, dtype=np.int64),
                "prompt": np.array(asked.prompts, dtype=object)[prompt].tolist(),
                "sample": np.tile(np.arange(self.size, dtype=np.int64), self.prompts),
                "completion": texts,
                "truth": (answer == 0).astype(np.float64),
                **{SIGNAL + name: values for name, values in signals.items()},
            }
        )

    def _texts(self, rng: np.random.Generator, asked: Sums, prompt: Ints, answer: Ints, shown: Ints) -> list[str]:
        stated = asked.answer(prompt, answer).tolist()
        variant = rng.integers(VARIANTS, size=prompt.size).tolist()
        left, right = asked.left[prompt].tolist(), asked.right[prompt].tolist()
        mark = TRAITS[self.name]
        asides = rng.integers(len(ASIDES), size=(prompt.size, WIDTH)).tolist()
        texts = []
        for a, b, value, kind, there, aside in zip(left, right, stated, variant, shown.tolist(), asides, strict=True):
            here = mark
            if self.name == "characters":
                here = Mark("".join(ASIDES[i] + "\n" for i in aside))
            texts.append(completion(a, b, value, kind, [(here, bool(there))], "#### {answer}"))
        return texts


def _around(rng: np.random.Generator, mean: float, size: int) -> Array:
    """Draws shares that vary by prompt around a mean."""
    return rng.beta(8 * mean, 8 * (1 - mean), size) if 0 < mean < 1 else np.full(size, mean)
