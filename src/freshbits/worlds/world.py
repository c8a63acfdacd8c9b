"""A world: an exact family of small tasks with known rates, from which logs are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from freshbits.worlds.counts import Counts, count
from freshbits.worlds.draw import draw
from freshbits.worlds.spec import Spec
from freshbits.worlds.step_state import Policies
from freshbits.worlds.truth import WorldTruth, truth_of


@dataclass(frozen=True, kw_only=True)
class World(Spec):
    """Describes an exact small world, draws logs from it, and knows what is true of them.

    Each prompt is a sum ("What is 17 + 25?") that the model gets right with the prompt's own base rate; its
    other answers are shared over a few wrong ones. Components judge completions; features are planted in
    their text.
    Truth is exact for the family of prompts: the drawn prompts differ from it by sampling error.

    Attributes:
        prompts: number of prompts.
        base: distribution of the base rate over prompts.
        signals: name -> component of the reward.
        features: name -> surface feature planted in the text.
        sizes: rollouts per group.
        answers: how wrong answers share the wrong mass.
        sources: the models that answer, each with its own shift of the log-odds.
        regions: kinds of tasks; a region can have base rates of its own.
        drift: how the odds of the right answer grow over rounds.
        cut: share of completions that are cut short before an answer (they are wrong).
        per_round: prompts asked in a round, in turn; None asks all of them.
        labelled: share of rows whose truth is logged; 0 leaves the column out.
        logprobs: whether the log has the model's exact log-probability of its text (without features that
            follow a verdict).
        close: closing sentence with {answer}.

    >>> from freshbits.worlds.channels import Channel
    >>> world = World(prompts=3, signals={"accuracy": Channel(tpr=0.9, fpr=0.1)})
    >>> world.draw(seed=1).shape
    (24, 13)
    >>> round(world.truth().signals["accuracy"].truth_bits, 4)
    0.3647
    """

    def draw(self, seed: int, round: int = 0) -> pl.DataFrame:
        """Draws one round as a canonical table, rows ordered by source, prompt, sample.

        A prompt's rows depend on (seed, round, source, its index) only, and a component's verdicts not on
        which other components there are.
        """
        return draw(self, seed, round)

    def log(self, seed: int, rounds: int) -> pl.DataFrame:
        """Draws rounds 0 … rounds-1 of the same prompts, one below the other."""
        return pl.concat([draw(self, seed, round) for round in range(rounds)])

    def counts(self, seed: int, rounds: tuple[int, ...] = (0,)) -> Counts:
        """Draws counts per group without rows or text, for the binary components."""
        return count(self, seed, rounds)

    def policies(self, seed: int, replicas: int = 1, before: float = 0.0) -> Policies:
        """Returns what the first source believes in round 0, as the start of `replicas` loops (see `step.Loop`).

        The same prompts as `draw(seed)`; `before` rows per prompt weigh as much in an accumulating pool.

        >>> World(prompts=3).policies(seed=1, replicas=2).shares.shape
        (2, 3, 4)
        """
        prompts = self.believed(self.population(seed), self.asked(0), 0, self.sources[0])
        return Policies.of(prompts.belief, replicas, before=before)

    def truth(
        self,
        round: int = 0,
        sizes: tuple[int, ...] = (8,),
        *,
        region: str | None = None,
        source: str | None = None,
    ) -> WorldTruth:
        """Returns what is exactly true in a round, with dead groups at these sizes ."""
        return truth_of(self, round, sizes, region, source)
