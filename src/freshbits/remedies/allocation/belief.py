"""What is believed of every prompt's pass rate: a Beta(a, b), from a prior, from verdicts, and from all other prompts.

The prior is hierarchical. Whoever states rates (a predictor from text, an earlier run, nobody) is heard, and corrected:
logit of the prior mean = intercept + slope · logit of the stated rate, and its worth in rollouts, are fitted to what
prompts showed when they had not been asked lately, one EM step per update of the policy. So a stated rate that says
nothing gets slope 0, rates that are far from it get little worth, and prompts that nobody has asked yet move with those
that were asked for the first time. What a prompt shows after it was trained on is another matter: how far a group
moves its own prompt is learned, too, and so is how far the belief may be trusted at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.hierarchy import Prior, logit, refitted, sigmoid
from freshbits.remedies.allocation.rules import expected_variance
from freshbits.remedies.allocation.track import Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

NEAR = 1e-3  # a stated rate is kept this far from 0 and 1: nobody knows that a prompt is dead before it was asked
KEPT = 0.99  # of old evidence, per update of the policy
KNOWN = 2.0  # rollouts of a prompt that have to be remembered for its next ones to say how it moved
FIRM_PUSH = 8.0  # information, in rollouts, that the push so far counts as
MOST_PUSH = 20.0  # logits
KEPT_ASKED = 0.8  # of a prompt's old evidence when it is asked again: training on it has moved it


@dataclass(frozen=True)
class Belief:
    """Holds a Beta(a, b) per prompt, a = worth · prior mean + successes, b = worth · (1 - prior mean) + failures.

    Make one with `flat` or `stated`. Nothing is changed in place: every method returns a new belief.

    It does not know which prompts share skills (state rates from a predictor that does), and it takes verdicts at
    their word (for a verifier that errs, p is the accepted share; see `rules.through`).

    Attributes:
        stated_logit: logit of the rate somebody stated for each prompt; 0 where nobody did.
        successes: accepted rollouts of each prompt; old ones count less.
        failures: rejected ones.
        first_successes: those of them that a prompt showed when it had not been asked lately; the prior is fitted to
            these.
        first_failures: rejected ones of that kind.
        waited: updates of the policy since each prompt was asked, one more than since the beginning where it never was.
        prior: what was fitted: intercept, slope and worth.
        fits: whether the prior is fitted again with every update of the policy.
        kept: share of old evidence that an update of the policy leaves.
        kept_asked: share of a prompt's old evidence that stays when it is asked again.
        track: how well expected variances foretold those that were seen.
        push: logits by which training on an evenly mixed group moves its own prompt up; learned from prompts that are
            asked again. Groups that all passed or all failed move nothing.

    >>> belief = Belief.flat(3, worth=1.0).observe([0, 1], [8, 3], [8, 8])
    >>> belief.mean.round(2).tolist(), belief.rollouts.tolist()
    ([0.94, 0.39, 0.5], [8.0, 8.0, 0.0])
    """

    stated_logit: NDArray[np.float64]
    successes: NDArray[np.float64]
    failures: NDArray[np.float64]
    first_successes: NDArray[np.float64]
    first_failures: NDArray[np.float64]
    waited: NDArray[np.float64]
    prior: Prior
    fits: bool = True
    kept: float = KEPT
    kept_asked: float = KEPT_ASKED
    push: float = 0.0
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
        prior = Prior(intercept=0.0, slope=1.0, worth=float(worth))
        return cls(logit(given), zero, zero, zero, zero, np.ones(len(given)), prior, fits, kept, kept_asked)

    @property
    def prior_mean(self) -> NDArray[np.float64]:
        """Mean of each prompt's prior: the stated rate as it is corrected."""
        return self.prior.mean(self.stated_logit)

    @property
    def a(self) -> NDArray[np.float64]:
        """First parameter of each prompt's Beta."""
        return self.prior.worth * self.prior_mean + self.successes

    @property
    def b(self) -> NDArray[np.float64]:
        """Second parameter of each prompt's Beta."""
        return self.prior.worth * (1 - self.prior_mean) + self.failures

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each prompt's Beta: the pass rate that is expected."""
        return self.a / (self.prior.worth + self.rollouts)

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
        push = self._push(where, passed, asked) if self.fits else self.push
        yes, no = self.successes.copy(), self.failures.copy()
        yes[where] = self.kept_asked * yes[where] + passed
        no[where] = self.kept_asked * no[where] + np.maximum(asked - passed, 0.0)
        # Training on a group moves its own prompt, by its variance: what was seen is of the policy before.
        both, share = yes[where] + no[where], np.clip(passed / asked, NEAR, 1 - NEAR)
        seen = np.clip(yes[where] / both, 1e-9, 1 - 1e-9)
        yes[where] = both * sigmoid(logit(seen) + push * 4 * share * (1 - share))
        no[where] = both - yes[where]
        # The prior is of prompts that were not asked lately: it is fitted to what such prompts showed.
        new = self.rollouts[where] <= KNOWN
        waited = self.waited.copy()
        waited[where] = 0.0
        first_yes, first_no = self.first_successes.copy(), self.first_failures.copy()
        first_yes[where[new]], first_no[where[new]] = passed[new], (asked - passed)[new]
        track = self.track.batch(expected_variance(self.a[where], self.b[where]), passed, asked)
        return replace(
            self, successes=yes, failures=no, push=push, first_successes=first_yes, first_failures=first_no,
            waited=waited, track=track,
        )  # fmt: skip

    def _push(self, where: NDArray[np.int64], passed: NDArray[np.float64], asked: NDArray[np.float64]) -> float:
        """Corrects how far a group moves its own prompt, by prompts that are asked again: one Newton step."""
        known = self.rollouts[where] > KNOWN
        if not known.any():
            return self.push
        where, passed, asked = where[known], passed[known], asked[known]
        a, b = self.a[where], self.b[where]
        both = a + b
        mean = a / both
        reach = 4 * mean * (1 - mean)
        precision = 1 / (1 + (asked - 1) / (both + 1))  # rollouts of one prompt are alike: its rate is not known
        up = ((passed - asked * mean) * precision * reach).sum()
        weight = (asked * mean * (1 - mean) * precision * reach**2).sum()
        return float(np.clip(self.push + up / (weight + FIRM_PUSH), 0.0, MOST_PUSH))

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
            first_successes=keep * self.first_successes,
            first_failures=keep * self.first_failures,
            waited=self.waited + updates,
        )
        if not self.fits:
            return aged
        return replace(aged, prior=refitted(aged.prior, aged.stated_logit, aged.first_successes, aged.first_failures))

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
            "stated_logit": self.stated_logit.tolist(),
            "successes": self.successes.tolist(),
            "failures": self.failures.tolist(),
            "first_successes": self.first_successes.tolist(),
            "first_failures": self.first_failures.tolist(),
            "waited": self.waited.tolist(),
            "prior": self.prior.to_json(),
            "fits": self.fits,
            "kept": self.kept,
            "kept_asked": self.kept_asked,
            "push": self.push,
            "track": self.track.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Belief:
        """Makes a belief from what `to_json` returned.

        >>> belief = Belief.stated([0.2, 0.9]).observe([0], [1], [4]).moved()
        >>> Belief.from_json(belief.to_json()).to_json() == belief.to_json()
        True
        """
        names = ("stated_logit", "successes", "failures", "first_successes", "first_failures", "waited")
        told, yes, no, first_yes, first_no, waited = (np.asarray(data[name], dtype=np.float64) for name in names)
        prior, track = Prior(**data["prior"]), Track(**data["track"])
        return cls(
            told, yes, no, first_yes, first_no, waited, prior,
            data["fits"], data["kept"], data["kept_asked"], data["push"], track,
        )  # fmt: skip


def _rates(rates: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(rates, dtype=np.float64).reshape(-1)
    if not (len(given) and np.all(given >= 0) and np.all(given <= 1)):
        raise InputError("stated pass rates have to be numbers from 0 to 1", mend="write .5 where nothing is known")
    return np.clip(given, NEAR, 1 - NEAR)
