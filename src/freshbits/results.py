"""What an audit answers: frozen values that go to JSON and back, and know no formula.

Every number that was estimated is an `Estimate`: never a bare float. Every section says whether it was judged; a
section that was not says why, under a stable code, and names the command that would let it be judged.
`Audit` holds the sections in the order of the report. Key order is the order of the fields.
"""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from freshbits.described import Degenerate as Degenerate
from freshbits.described import Labels as Labels
from freshbits.described import LogSummary as LogSummary  # noqa: TC001 — `from_plain` reads the annotation
from freshbits.described import Sampled as Sampled
from freshbits.described import Sft as Sft  # noqa: TC001
from freshbits.plain import from_plain, to_plain
from freshbits.raced import Drift as Drift  # noqa: TC001
from freshbits.raced import Example as Example  # noqa: TC001
from freshbits.raced import Foretold as Foretold
from freshbits.raced import HackForecast as HackForecast  # noqa: TC001
from freshbits.shown import Plotted, Shown
from freshbits.telling import Telling  # noqa: TC001 — `from_plain` reads the annotation

Status = Literal["judged", "not_judged", "not_applicable"]
Json = dict[str, Any]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """Holds one estimated number with its interval.

    Attributes:
        value: the point estimate; None where only bounds are known.
        low: lower end of the interval, or lower bound where value is None.
        high: upper end of the interval, or upper bound.
        level: coverage of the interval (0.95); 1.0 for bounds that hold by construction.
        unit: what it is measured in ("bits/rollout", "share", "classes").
        method: how it was estimated, in words.
        prompts: prompts behind it: the unit of resampling.
        rollouts: rollouts behind it.

    >>> f"{Estimate(0.5, 0.4, 0.6, 0.95, 'bits/rollout', 'npmle', 100, 800):.2f}"
    '0.50 [0.40, 0.60]'
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    unit: str
    method: str
    prompts: int
    rollouts: int

    def __format__(self, form: str) -> str:
        value, low, high = ("–" if one is None else format(one, form) for one in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]" if form else str(self)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Says whether a question was judged and, where it was not, why and what would let it be."""

    status: Status
    code: str | None = None
    reason: str | None = None
    needs: str | None = None


@dataclass(frozen=True, kw_only=True)
class Openness(Section):
    """Answers: does the signal bring task information from outside the model?"""

    verdict: str | None = None
    adjective: str | None = None
    origin: str = "unknown"
    structure: str | None = None
    measured: str | None = None
    columns: list[str] = field(default_factory=list)
    bits: Estimate | None = None
    share: Estimate | None = None
    surprise_bits: Estimate | None = None
    within_bits: Estimate | None = None
    between_bits: Estimate | None = None
    controls: Json | None = None
    sharpening_ceiling: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Holds the budget of one block of consecutive rounds, `from` and `to` included."""

    round: int
    from_: int
    to: int
    rollouts: int
    mean: Estimate | None
    contrast_bits: Estimate | None
    dead_groups: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Budget(Section):
    """Answers: how many bits per rollout does the signal carry, and which rollouts carry none?"""

    kind: str
    mean: Estimate | None = None
    contrast_bits: Estimate | None = None
    surprise_bits: Estimate | None = None
    surprise_columns: list[str] = field(default_factory=list)
    discordant: Estimate | None = None
    dead_groups: Estimate | None = None
    all_wrong: Estimate | None = None
    all_right: Estimate | None = None
    dead_rollouts: int | None = None
    truncated_zero: int | None = None
    self_contradiction: Estimate | None = None
    own_noise: Estimate | None = None
    informative_groups: dict[str, Estimate] = field(default_factory=dict)
    oversampling: Estimate | None = None
    accepted_share: Estimate | None = None
    resolution: dict[str, Estimate] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    by_round: list[Block] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Together:
    """Holds what several components say of one rollout, all of them together.

    Attributes:
        criteria: number of components.
        matters: different things they look at.
        alone: sum of their contrast bits.
        joint: contrast bits of all together, the judge's own noise in each included.
        agreed: the part of `joint` that at least two of them say.
        worth: how many criteria's worth of bits that is.
    """

    criteria: int
    matters: int | None
    alone: Estimate
    joint: Estimate
    agreed: Estimate
    worth: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Component(Section):
    """Answers: what does this reward component add to the others, and is it drying up?"""

    alone: Estimate | None = None
    given_others: Estimate | None = None
    variance_share: Estimate | None = None
    saturated_at: int | None = None
    together: Together | None = None


@dataclass(frozen=True, kw_only=True)
class Channel(Section):
    """Answers: how reliable is the verifier, and where is it worst?"""

    tpr: Estimate | None = None
    fpr: Estimate | None = None
    j: Estimate | None = None
    lr: Estimate | None = None
    ppv: Estimate | None = None
    base_rate: Estimate | None = None
    bits: Estimate | None = None
    p_value: float | None = None
    negative_j: Estimate | None = None
    auroc: Estimate | None = None
    worst: Json | None = None
    pressure: Json | None = None
    agreement: Estimate | None = None
    worst_prompts: list[Json] = field(default_factory=list)
    by_region: list[Json] = field(default_factory=list)
    by_round: list[Json] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Efficiency(Section):
    """Answers: how many of the bits are spent on the task?"""

    partition: str | None = None
    task_bits: Estimate | None = None
    total_bits: Estimate | None = None
    eta: Estimate | None = None
    coarser: Json | None = None
    finer: Json | None = None
    surface: list[Json] = field(default_factory=list)
    ladder: list[Json] = field(default_factory=list)
    portable_bits: Estimate | None = None
    local_bits: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class SignalCoverage:
    """Counts the distinct accepted answers of one signal."""

    distinct_accepted: Estimate | None
    next_new: Estimate | None
    pass_at: dict[str, Estimate]


@dataclass(frozen=True, kw_only=True)
class Coverage(Section):
    """Answers: how diverse are the answers, and how much of the log repeats itself?"""

    classes: int | None = None
    effective: Estimate | None = None
    good_turing: Estimate | None = None
    chao1: Estimate | None = None
    redundancy: float | None = None
    unreadable: float | None = None
    by_signal: dict[str, SignalCoverage] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Forecast(Section, Shown):
    """Answers: what will happen?"""

    form: str | None = None
    fit: Json | None = None
    binding_risk: str | None = None
    diversity_half_life: Estimate | None = None
    rounds_to_target: Estimate | None = None
    ceiling: Estimate | None = None
    fixation: Estimate | None = None
    onset: Estimate | None = None
    trajectory: list[Json] = field(default_factory=list)
    backtest: list[Json] = field(default_factory=list)
    change: Json | None = None
    logged: list[Json] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Projection(Section, Shown):
    """Answers what will happen in a loop that is declared in numbers, not logged.

    `numbers` holds what the declaration gives by itself (LR, J, the control number); rows of `trajectory` are
    `{round, accuracy, diversity, pass_at}`, diversity being what is left inside the accepted class, 1 at the start.
    """

    situation: Json
    numbers: Json = field(default_factory=dict)
    form: str | None = None
    binding_risk: str | None = None
    diversity_half_life: Estimate | None = None
    rounds_to_target: Estimate | None = None
    ceiling: Estimate | None = None
    fixation: Estimate | None = None
    trajectory: list[Json] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def to_json(self) -> Json:
        """Returns the projection as plain data, in the order of its fields."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, "projection": to_plain(self)}


@dataclass(frozen=True, kw_only=True)
class SourceFixed:
    """Holds what is left of a candidate's bits once the source that wrote the text is held fixed."""

    signal_bits: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Ranks one thing a learner may follow: bits that it shares with the signal inside a prompt."""

    name: str
    kind: str
    signal_bits: Estimate | None
    direction: str | None
    spurious_bits: Estimate | None
    source_fixed: SourceFixed | None
    learned_first: float | None
    relied_on: float | None
    price_bits: float | None
    crossover: float | None
    drift: Drift | None
    q_value: float | None


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """Names a feature that a signal pays for among rollouts that are equally right.

    Attributes:
        name: the candidate.
        kind: "surface", "user", "ngram", "component" or "source".
        value: the category that is paid, where the candidate is one of several ("code_fence" of first_token).
        code: stable code of the finding.
        matters: whether its share of the response is large enough to be a risk.
        among: rows in which it is paid: "all", "wrong" or "right".
        direction: "more is accepted" or "less is accepted".
        share: of the response to selection by the signal.
        gained: what it added to the mean score from the first rounds to the last; None for a log of one round.
        p_value: chance of an equally sure feature among all looked at, had the signal paid for none.
        examples: up to three rollouts that are paid for it.
        onset_round: rounds after the last one logged until wrong rollouts with the feature outnumber right ones, were
            the model filtered and retrained at the last round's rates: ln(p_t/p_s) / ln(h_s/TPR). None where it would
            not, where the feature is not a matter of yes or no or not paid among wrong rollouts, and for scores.
    """

    name: str
    kind: str
    code: str
    matters: bool
    among: str
    direction: str
    share: Estimate
    gained: float | None
    p_value: float
    examples: list[Example] = field(default_factory=list)
    value: str | None = None
    onset_round: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class Hacking(Section):
    """Answers: what will it learn instead? `foretold` is filled, and in the JSON, only where probes were run."""

    verdict: str | None = None
    risk: float | None = None
    first: str | None = None
    kind: str = "audit"
    fpr: float | None = None
    fpr_source: str | None = None
    own_alarm_rate: float | None = None
    gain: list[Json] = field(default_factory=list)
    features: list[Candidate] = field(default_factory=list)
    shortcuts: list[Shortcut] = field(default_factory=list)
    looked_at: int | None = None
    foretold: HackForecast | None = None


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Gives one command, why, and what it is expected to do."""

    command: str
    why: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class Audit(Plotted):
    """Holds everything `freshbits.audit` found out about a log.

    `to_json()` and `Audit.from_json()` are inverse; floats are written to six significant digits. `prompts` is filled,
    and stands in the JSON, only where it was asked for, `sft` only for a set that was made to be trained on.
    """

    log: LogSummary
    openness: dict[str, Openness]
    budget: dict[str, Budget]
    components: dict[str, Component]
    channel: dict[str, Channel]
    efficiency: dict[str, Efficiency]
    coverage: Coverage
    forecast: dict[str, Forecast]
    hacking: dict[str, Hacking]
    remedies: list[Remedy]
    prompts: list[Telling] = field(default_factory=list)
    sft: Sft | None = None

    def to_json(self) -> Json:
        """Returns the report as plain data, in the order of the schema."""
        from freshbits.version import __version__

        plain = {"freshbits": __version__, "schema": SCHEMA, **to_plain(self)}
        for section in plain["hacking"].values():
            if section["foretold"] is None:
                del section["foretold"]
        return {key: part for key, part in plain.items() if part or key not in ("prompts", "sft")}

    @classmethod
    def from_json(cls, data: Json) -> Audit:
        """Rebuilds the audit from what `to_json` gave; unknown keys are ignored so that newer reports open."""
        return typing.cast("Audit", from_plain(cls, data))

    def dumps(self) -> str:
        """Returns the report as JSON text; the same audit gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
