"""Openness: how often a signal that brings nothing is called open, and how often one that brings something is seen.

Every quantity but the bits is the rate of something, so its bias column is that rate:

    beyond             measured beyond the logged belief. For votes and confidence that the log does not show this is
                       no error: they hold more of the model's state than eight votes do.
    open               the verdict with the true origin declared: the error that must not happen in a closed world
    open, undeclared   the verdict with origin unknown
    not open           the verdict of a signal from outside with its origin declared: 1 - power
    closed             the same, where even that is denied
    control failed     moved verdicts or verdicts by lot look as if they said something
    bits               I(S→C|B) against its exact value, for channels that look at the truth alone

Logs of 375 prompts with 8 rollouts each go through the tally and are measured as in an audit; all rows are labelled,
or 300 of them drawn as `freshbits label` draws them. On every thirtieth log the whole criterion is run too, with and
without the origin declared, and must give the verdict that follows from the measurement.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.criteria.beyond import believed, beyond
from freshbits.criteria.inputs import Evidence
from freshbits.criteria.labelled import labelled
from freshbits.criteria.openness import openness
from freshbits.information.entropy import binary_entropy
from freshbits.outputs.belief import belief
from freshbits.outputs.keys import prompt_keys
from freshbits.remedies.label import draw_rows
from freshbits.results import Budget
from freshbits.rollouts.log import Log
from freshbits.rollouts.schema import EXTRA, SIGNAL, conform
from freshbits.tally.local import tally
from freshbits.worlds import (
    Answers,
    Atoms,
    Ballot,
    Beta,
    Channel,
    Confidence,
    Majority,
    Mixture,
    PromptNoise,
    Random,
    Region,
    Regional,
    SampledConfidence,
    SelfJudge,
    World,
)

if TYPE_CHECKING:
    from freshbits.results import Openness

PROMPTS = 375
LABELS = 300
LABELLED = "300 labels"
# In half of the prompts one wrong answer is popular: votes are often wrong, and never tell the whole truth.
_ANSWERS = Answers(3, Atoms([(0.1, 1.0), (0.7, 1.0)]))
_MISTAKEN = Mixture([(0.7, Beta(4.0, 2.0)), (0.3, Beta(1.0, 19.0))])  # 30 % of prompts: sure and wrong
_OWN = {
    "majority": Majority(),
    "maj@64": Ballot(64),
    "fresh vote": Ballot(1),
    "confidence": Confidence(0.5),
    "sampled confidence": SampledConfidence(),
    "self-judge": SelfJudge(),
}
_NOISE = {"noise": Random(0.5), "prompt noise": PromptNoise(Beta(0.5, 0.5))}
_WEAK = {"J = .2": Channel(0.6, 0.4)}

WORLDS: dict[str, World] = {
    "closed": World(prompts=PROMPTS, signals={**_NOISE, **_OWN}, answers=_ANSWERS),
    "base rate .3, two answers": World(prompts=PROMPTS, base=Beta(0.9, 2.1), signals=_WEAK, answers=Answers(1)),
    "base rate .5, two answers": World(prompts=PROMPTS, base=Beta(1.5, 1.5), signals=_WEAK, answers=Answers(1)),
    "base rate .7, two answers": World(prompts=PROMPTS, base=Beta(2.1, 0.9), signals=_WEAK, answers=Answers(1)),
    "base rate .1": World(
        prompts=PROMPTS, base=Beta(0.3, 2.7), signals={"J = .4": Channel(0.7, 0.3)}, answers=_ANSWERS
    ),
    LABELLED: World(
        prompts=PROMPTS,
        signals={
            **_NOISE,
            "J = .25": Channel(0.625, 0.375),
            "J = .3": Channel(0.65, 0.35),
            "J = .3, strict": Channel(0.4, 0.1),
        },
        answers=_ANSWERS,
    ),
    "strong verifier": World(prompts=PROMPTS, signals={"J = .9": Channel(0.95, 0.05)}, answers=_ANSWERS),
    "closed, confident misconceptions": World(
        prompts=PROMPTS,
        signals={name: _OWN[name] for name in ("majority", "confidence")},
        base=_MISTAKEN,
        answers=Answers(3, Atoms([(0.05, 1.0)])),
    ),
    "closed, log-probability logged": World(
        prompts=PROMPTS, signals={"confidence": _OWN["confidence"]}, answers=_ANSWERS, logprobs=True
    ),
    "closed, two regions": World(
        prompts=PROMPTS,
        signals={"format": Regional(Random(0.9), (("hard", Random(0.3)),))},
        regions=(Region("easy", base=Beta(6, 3)), Region("hard", base=Beta(3, 6))),
        answers=_ANSWERS,
    ),
    "40 prompts": World(prompts=40, signals=_NOISE, answers=_ANSWERS),
    "base rate .7, votes tell much": World(prompts=PROMPTS, base=Beta(2.1, 0.9), signals=_WEAK, answers=_ANSWERS),
}
CELLS: tuple[Cell, ...] = tuple({"world": name} for name in WORLDS)
WHOLE = 30  # every so many logs the whole criterion is run beside the measurement, with and without an origin


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log and measures each of its signals; on some logs the verdicts are compared with what they must be."""
    name = str(cell["world"])
    frame = WORLDS[name].draw(seed)
    if WORLDS[name].logprobs:
        frame = frame.drop("tokens")  # the belief is then the log-probability itself, not its mean per token
    whole = None if name == LABELLED else evidence(frame)
    known = None
    found = []
    for signal, part in WORLDS[name].signals.items():
        given = whole or evidence(label(frame, signal, seed))
        rows = labelled(given.tally, signal)
        assert rows is not None
        if known is None or whole is None:
            known = believed(rows)
        told = beyond(given.tally, signal, rows, known=known, beside=False)
        outside = signal not in _OWN
        is_open = outside and told.measured == "beyond" and told.failed is None
        found += [
            _rate(signal, "control failed", told.failed is not None),
            _rate(signal, "beyond", told.measured == "beyond"),
        ]
        if isinstance(part, Channel):
            found += [
                _rate(signal, "not open", not is_open),
                _rate(signal, "closed", told.measured == "nothing_beyond" and told.failed is None),
                Reading.of(f"{signal}: bits", told.found.bits if told.found else None, truth(name, signal)),
            ]
        else:
            found.append(_rate(signal, "open", is_open))
        if seed % WHOLE == 0:
            declared = judged(replace(given, origins={signal: "external" if outside else "own_state"}), signal)
            assert (declared.verdict == "open") == is_open, (name, signal, seed)
            found.append(_rate(signal, "open, undeclared", judged(given, signal).verdict == "open"))
    return found


def evidence(frame: pl.DataFrame) -> Evidence:
    """Tallies drawn rows as an audit does."""
    rows = conform(frame.drop([name for name in frame.columns if name.startswith(EXTRA)]))
    log = Log("world", (), dict(rows.schema), lambda names: iter([rows if names is None else rows.select(names)]))
    return Evidence(tally=tally(log), truth=True)


def judged(given: Evidence, signal: str) -> Openness:
    """Judges openness without the surprise bits, which can only turn a verdict to `closed`."""
    return openness(given, signal, Budget(status="judged", kind="binary"))


def label(frame: pl.DataFrame, signal: str, seed: int, count: int = LABELS) -> pl.DataFrame:
    """Keeps the truth of the rows that `freshbits label` would draw, with their weights."""
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    region = np.zeros(frame.height, dtype=np.int64)
    drawn = draw_rows(frame[SIGNAL + signal].to_numpy(), prompts, region, count, seed)
    chosen = pl.DataFrame({"row": drawn.rows, "truth_weight": 1 / drawn.probability})
    rows = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    rows = rows.join(chosen, on="row", how="left", maintain_order="left").drop("row")
    return rows.with_columns(truth=pl.when(pl.col("truth_weight").is_not_null()).then("truth"))


@cache
def truth(name: str, signal: str) -> float:
    """Returns I(S;C|B) of a channel: E h(q TPR + (1-q) FPR) - q h(TPR) - (1-q) h(FPR), q = P(C=1|B) counted.

    Eight votes give few different beliefs, so q is read off 60,000 drawn prompts.
    """
    world = replace(WORLDS[name], prompts=60_000)
    frame = world.draw(1)
    part = world.signals[signal]
    assert isinstance(part, Channel)
    classes = frame["extracted"].cast(pl.Categorical).to_physical()
    state = belief(pl.DataFrame({"group": prompt_keys(frame["prompt"]), "answer_class": classes}))
    cells = state.with_columns(frame["truth"]).group_by(state.columns).agg(pl.len(), pl.col("truth").mean())
    q, weight = cells["truth"].to_numpy(), cells["len"].to_numpy()
    bits = binary_entropy(q * part.tpr + (1 - q) * part.fpr)
    bits = bits - q * binary_entropy(part.tpr) - (1 - q) * binary_entropy(part.fpr)
    return float(np.average(bits, weights=weight))


def _rate(signal: str, what: str, happened: bool) -> Reading:
    return Reading(f"{signal}: {what}", float(happened), np.nan, np.nan, 0.0)


STUDY = Study("openness", "Openness: rates of errors, and bits beyond the belief", CELLS, measure, logs=300)
