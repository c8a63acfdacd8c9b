"""What is believed of every prompt's pass rate: from a prior, from verdicts, from how prompts move, from the others.

The prior is hierarchical. Whoever states rates (a predictor from text, an earlier run, nobody) is heard, and corrected:
a prompt's logit is normal around intercept + slope · logit of the stated rate, and all three are fitted to what prompts
showed the first time that they were asked, beside what was stated before that, one EM step per update of the policy.
What they showed first is kept whole: later groups are of prompts that were chosen by what they had shown, and if dead
prompts were forgotten and mixed ones asked again, all prompts would seem mixed in the end. So a stated rate that says
nothing gets slope 0, rates that prompts lie far from are worth little, and prompts that nobody has asked yet move with
those that were asked for the first time.

Verdicts are of the policy that wrote them. What a prompt showed is read as of then, and the prompt has moved since: by
its own groups, and by updates that others were trained with. How far is learned from prompts that are asked again
(`moves`), and so is how far the belief may be trusted at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.hierarchy import Prior, refitted, variance_of
from freshbits.remedies.allocation.moves import Moves
from freshbits.remedies.allocation.posterior import Posterior, conjugate, logit, posterior, sigmoid
from freshbits.remedies.allocation.track import Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

NEAR = 1e-3  # a stated rate is kept this far from 0 and 1: nobody knows that a prompt is dead before it was asked
KEPT = 0.99  # of old evidence, per update of the policy
KNOWN = 2.0  # rollouts of a prompt that have to be remembered for its next ones to say how it moved
KEPT_ASKED = 0.8  # of a prompt's old evidence when it is asked again: how training on it has moved it is known roughly
EDGE = 1e-9
ARRAYS = (
    "stated_logit", "successes", "failures", "pushed", "aged", "first_stated", "first_successes", "first_failures",
    "waited",
)  # fmt: skip


@dataclass(frozen=True)
class Belief:
    """Holds what is believed of each prompt; `a` and `b` are of the Beta with the same E[p] and E[p(1-p)].

    Where `worth` is given, the policy is taken as it stands: a = worth · stated rate + successes, b = worth ·
    (1 - stated rate) + failures.

    Make one with `flat` or `stated`. Nothing is changed in place: every method returns a new belief.

    It does not know which prompts share skills (state rates from a predictor that does), nor that untried prompts pass
    more often than those did that were first asked long ago, unless what states the rates says so. It takes verdicts at
    their word (for a verifier that errs, p is the accepted share; see `rules.through`).

    Attributes:
        stated_logit: logit of the rate somebody stated for each prompt; 0 where nobody did.
        successes: accepted rollouts of each prompt; old ones count less.
        failures: rejected ones.
        pushed: 4 s/n (1 - s/n) of the groups that a prompt was trained on since it showed these.
        aged: updates of the policy since.
        first_stated: logit of the rate that was stated before the prompt was asked.
        first_successes: rollouts accepted of a prompt the first time it was asked; the prior is fitted to these.
        first_failures: rejected ones of that kind.
        waited: updates of the policy since each prompt was asked, one more than since the beginning where it never was.
        prior: what was fitted: intercept, slope and variance.
        fits: whether the prior is fitted again with every update of the policy.
        kept: share of old evidence that an update of the policy leaves.
        kept_asked: share of a prompt's old evidence that stays when it is asked again.
        track: how well expected variances foretold those that were seen.
        worth: rollouts that the stated rates are worth to a policy that stays as it is; None where it is trained.
        moves: how far groups move their own prompts, and updates all of them.

    >>> belief = Belief.flat(3, worth=1.0).observe([0, 1], [8, 3], [8, 8])
    >>> belief.mean.round(2).tolist(), belief.rollouts.tolist()
    ([0.94, 0.38, 0.5], [8.0, 8.0, 0.0])
    """

    stated_logit: NDArray[np.float64]
    successes: NDArray[np.float64]
    failures: NDArray[np.float64]
    pushed: NDArray[np.float64]
    aged: NDArray[np.float64]
    first_stated: NDArray[np.float64]
    first_successes: NDArray[np.float64]
    first_failures: NDArray[np.float64]
    waited: NDArray[np.float64]
    prior: Prior
    fits: bool = True
    kept: float = KEPT
    kept_asked: float = KEPT_ASKED
    worth: float | None = None
    moves: Moves = Moves()
    track: Track = Track()

    @classmethod
    def flat(cls, prompts: int, *, rate: float = 0.5, worth: float = 1.0, fits: bool = True) -> Belief:
        """Begins where nothing is known: every prompt passes at the same rate, which is worth `worth` rollouts."""
        return cls.stated(np.full(prompts, rate), worth=worth, fits=fits)

    @classmethod
    def stated(
        cls,
        rates: ArrayLike,
        *,
        worth: float = 2.0,
        fits: bool = True,
        kept: float = KEPT,
        kept_asked: float = KEPT_ASKED,
    ) -> Belief:
        """Begins with stated pass rates, one per prompt.

        Args:
            rates: pass rates in [0, 1], from whatever states them.
            worth: how many rollouts they are worth to begin with.
            fits: correct them by what is observed. False: keep them, and their worth, as stated.
            kept: share of old evidence that an update of the policy leaves; 1 where the policy stays as it is.
            kept_asked: share of a prompt's old evidence that stays when it is asked again.

        Raises:
            InputError: if a rate is no probability, or the worth is not above 0.
        """
        given = _rates(rates)
        if not worth > 0:
            raise InputError(f"a prior worth {worth:g} rollouts is none", mend="give a worth above 0")
        zero = np.zeros(len(given))
        told, prior = logit(given), Prior(0.0, 1.0, variance_of(float(worth)))
        waited = np.ones(len(given))
        return cls(told, zero, zero, zero, zero, told, zero, zero, waited, prior, fits, kept, kept_asked)

    @property
    def prior_mean(self) -> NDArray[np.float64]:
        """Mean of each prompt's prior: the stated rate as it is corrected, with prompts spread around it."""
        zero = np.zeros(len(self.stated_logit))
        return posterior(self.prior.at(self.stated_logit), self.prior.variance, zero, zero).rate

    @cached_property
    def now(self) -> Posterior:
        """What is expected of every prompt under the policy as it is."""
        if self.worth is not None:
            told = sigmoid(self.stated_logit)
            return conjugate(self.worth * told + self.successes, self.worth * (1 - told) + self.failures)
        moved = self.moves.of(self.pushed, self.aged)
        return posterior(self.prior.at(self.stated_logit), self.prior.variance, self.successes, self.failures, moved)

    @property
    def a(self) -> NDArray[np.float64]:
        """First parameter of the Beta with each prompt's E[p] and E[p(1-p)]."""
        return np.asarray(np.maximum(self.now.rate, EDGE) * self.now.worth)

    @property
    def b(self) -> NDArray[np.float64]:
        """Second parameter of that Beta."""
        return np.asarray(np.maximum(1 - self.now.rate, EDGE) * self.now.worth)

    @property
    def mean(self) -> NDArray[np.float64]:
        """The pass rate that is expected of each prompt."""
        return self.now.rate

    @property
    def rollouts(self) -> NDArray[np.float64]:
        """How many rollouts of each prompt are remembered."""
        return self.successes + self.failures

    def observe(self, index: ArrayLike, successes: ArrayLike, rollouts: ArrayLike) -> Belief:
        """Adds verdicts; a prompt's older evidence counts `kept_asked` as much from then on.

        Args:
            index: numbers of the prompts that were asked, each once.
            successes: accepted rollouts of each; scores in [0, 1] may be added up.
            rollouts: scored rollouts of each; unscored ones are left out, not counted as failures.

        Raises:
            InputError: if a prompt is named twice or is not there, or more was accepted than was asked.
        """
        where = np.asarray(index, dtype=np.int64).reshape(-1)
        passed = np.asarray(successes, dtype=np.float64).reshape(-1)
        asked = np.asarray(rollouts, dtype=np.float64).reshape(-1)
        if not len(where) == len(passed) == len(asked):
            raise InputError(f"{len(where)} prompts, {len(passed)} successes and {len(asked)} rollouts do not match")
        if len(where) and (where.min() < 0 or where.max() >= len(self.successes)):
            raise InputError(f"there is no prompt {int(where.max())}; there are {len(self.successes)}")
        if len(np.unique(where)) < len(where):
            raise InputError("a prompt is named twice", mend="add its rollouts up first")
        if not (np.all(passed >= 0) and np.all(passed <= asked + 1e-9)):  # also catches NaN
            raise InputError("successes have to lie between 0 and the rollouts", mend="leave unscored rollouts out")
        some = asked > 0
        where, passed, asked = where[some], passed[some], asked[some]
        before = self.rollouts[where]
        again = np.flatnonzero(before > KNOWN)
        moves = self.moves
        if self.fits and self.kept_asked < 1 and again.size:  # else the policy stays as it is
            rows = where[again]
            moves = moves.learned(self.now, rows, passed[again], asked[again], self.pushed[rows], self.aged[rows])
        found = {name: getattr(self, name).copy() for name in ARRAYS}
        found["successes"][where] = self.kept_asked * self.successes[where] + passed
        found["failures"][where] = self.kept_asked * self.failures[where] + np.maximum(asked - passed, 0.0)
        # Older evidence has been pushed more often; what is remembered has on average.
        share, old = passed / asked, self.kept_asked * before
        old = old / (old + asked)
        found["pushed"][where] = old * self.pushed[where] + 4 * share * (1 - share)
        found["aged"][where] *= old
        found["waited"][where] = 0.0
        new = self.first_successes[where] + self.first_failures[where] <= 0
        found["first_stated"][where[new]] = self.stated_logit[where[new]]
        found["first_successes"][where[new]], found["first_failures"][where[new]] = passed[new], (asked - passed)[new]
        track = self.track.batch(self.now.mixed[where], passed, asked)
        return replace(self, **found, moves=moves, track=track)

    def moved(self, updates: int = 1) -> Belief:
        """Takes note that the policy was updated: old evidence counts less, and the prior is fitted again.

        Args:
            updates: how many steps of training lie between the last verdicts and the next.
        """
        keep = self.kept**updates
        aged = replace(
            self,
            successes=keep * self.successes,
            failures=keep * self.failures,
            aged=self.aged + updates,
            waited=self.waited + updates,
        )
        if not self.fits:
            return aged
        return replace(aged, prior=refitted(aged.prior, aged.first_stated, aged.first_successes, aged.first_failures))

    def informed(self, rates: ArrayLike) -> Belief:
        """Replaces the stated rates, when what states them has learned more; evidence stays.

        Raises:
            InputError: if they are not one probability per prompt.
        """
        given = _rates(rates)
        if len(given) != len(self.successes):
            raise InputError(f"{len(given)} rates for {len(self.successes)} prompts", mend="state one rate per prompt")
        return replace(self, stated_logit=logit(given))

    def to_json(self) -> dict[str, Any]:
        """Returns the belief as plain data, from which `from_json` makes it again."""
        return {
            **{name: getattr(self, name).tolist() for name in ARRAYS},
            "prior": self.prior.to_json(),
            "fits": self.fits,
            "kept": self.kept,
            "kept_asked": self.kept_asked,
            "worth": self.worth,
            "moves": self.moves.to_json(),
            "track": self.track.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Belief:
        """Makes a belief from what `to_json` returned.

        >>> belief = Belief.stated([0.2, 0.9]).observe([0], [1], [4]).moved()
        >>> Belief.from_json(belief.to_json()).to_json() == belief.to_json()
        True
        """
        return cls(
            **{name: np.asarray(data[name], dtype=np.float64) for name in ARRAYS},
            prior=Prior(**data["prior"]),
            fits=data["fits"],
            kept=data["kept"],
            kept_asked=data["kept_asked"],
            worth=data["worth"],
            moves=Moves(**data["moves"]),
            track=Track(**data["track"]),
        )


def _rates(rates: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(rates, dtype=np.float64).reshape(-1)
    if not (len(given) and np.all(given >= 0) and np.all(given <= 1)):
        raise InputError("stated pass rates have to be numbers from 0 to 1", mend="write .5 where nothing is known")
    return np.clip(given, NEAR, 1 - NEAR)
