"""What a candidate of the race is said to do: its drift, an example of it, what probes foretell; frozen."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Holds the mean of a feature in the first and in the last block of rounds, and the change that selection predicts.

    Attributes:
        first: mean over all rows of the first block.
        last: mean over all rows of the last block.
        predicted: the change from first to last that filtering by the signal and retraining on what is left would
            bring: Σ over rounds of the mean over prompts of Cov(S, φ) / mean(S) inside the prompt. Prompts of which
            nothing was accepted are left out, and so are rounds that were not logged. For a policy gradient only the
            sign, and ratios between features, mean something. None where it cannot be computed.
    """

    first: float
    last: float
    predicted: float | None = None


@dataclass(frozen=True, kw_only=True)
class Example:
    """Quotes one rollout; its texts are untrusted."""

    prompt: str
    completion: str
    score: float | None
    truth: float | None


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """Holds what probes say of one candidate: small models that read accepted and rejected texts once.

    Attributes:
        name: the candidate; "truth" is among them where rows are labelled.
        kind: "truth", "surface", "user", "component" or "ngram".
        value: the category, where the candidate is one of several.
        status: "judged", "undecided" or "not_identifiable".
        code: stable code of the reason; None where judged.
        reason: why it is not judged.
        pairs: pairs that differ in it.
        agreement: share of these of which the accepted text is the higher one.
        learned_first: AULC, mean accuracy before each update: the highest is learned first.
        relied_on: prequential signal information in bits per pair: the highest is relied on.
        relied_on_range: the least and the greatest over the families of probes.
        price_bits: description length, its prequential code length in bits.
        crossover: rows from which truth is the cheaper description of the signal; 0 at once, None where it never is.
        crossover_is: "at once", "later" or "never"; None without truth.
        probability: that a learner comes to rely on it more than on truth; only with truth, and where judged.
        probability_range: the least and the greatest over the families of probes.
    """

    name: str
    kind: str
    value: str | None
    status: str
    code: str | None
    reason: str | None
    pairs: int
    agreement: float | None
    learned_first: float | None = None
    relied_on: float | None = None
    relied_on_range: list[float] = field(default_factory=list)
    price_bits: float | None = None
    crossover: float | None = None
    crossover_is: str | None = None
    probability: float | None = None
    probability_range: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class HackForecast:
    """Answers what a learner would take first, by probes on accepted and rejected texts of one prompt.

    Attributes:
        status: whether it was judged; without truth the candidates are ranked all the same.
        code: stable code of why it was not.
        reason: the same in a sentence.
        needs: the command that would let it be judged.
        kind: always "forecast".
        families: the probes that were run.
        pairs: pairs of texts that they read.
        first: what is learned first; None where nothing was learned.
        relied: what is relied on; None likewise.
        probability: that something is relied on more than truth: the greatest of the candidates'; None without truth.
        fpr: how often an alarm (a probability above one half) is raised in the worlds of `fpr_source`.
        fpr_source: these worlds, in which truth is relied on.
        own_alarm_rate: how often verdicts in random order among equally right rollouts would raise one on this log.
        unseen: what these probes cannot see; None where every family was run.
        candidates: the race, what is relied on most first.
    """

    status: str
    code: str | None = None
    reason: str | None = None
    needs: str | None = None
    kind: str = "forecast"
    families: list[str] = field(default_factory=list)
    pairs: int = 0
    first: str | None = None
    relied: str | None = None
    probability: float | None = None
    fpr: float | None = None
    fpr_source: str | None = None
    own_alarm_rate: float | None = None
    unseen: str | None = None
    candidates: list[Foretold] = field(default_factory=list)
