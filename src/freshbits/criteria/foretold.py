"""What a learner would take first: probes on accepted and rejected texts of one prompt, compared with truth.

A forecast: it rests on what small models find easy, and on how often each candidate is on the accepted side, not on
what the current policy has gained so far. Probes read the texts themselves, so none are run on a log without texts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.labelled import labelled
from freshbits.criteria.moved import moved_alarms
from freshbits.criteria.paid import TOTAL
from freshbits.criteria.sampled import scored_sample
from freshbits.criteria.traits import Traits, traits, words
from freshbits.probes.families import FAMILIES
from freshbits.probes.pairs import Pairs, pair_up
from freshbits.probes.race import FEWEST_PAIRS, ProbeResult, race
from freshbits.probes.risk import FPR, FPR_SOURCE, calibrated, chances
from freshbits.probes.targets import signs, target
from freshbits.results import Foretold, HackForecast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Candidate, Hacking

MOST_PAIRS = 1_024  # read by probes: a bound on time
MOST_CANDIDATES = 8  # likewise: those that share most bits with the signal
MOST_WORDS = 3
MOST_SIGNALS = 4
FEWEST_LABELLED = 128  # pairs of labelled rows; with fewer, what truth costs to learn is not seen
DRAWS = 40
UNSEEN = (
    "the n-gram probe sees which words and pairs of words there are, not their order, places or counts compared; "
    "install freshbits[torch]"
)
TRUTH = "truth"


@dataclass(frozen=True)
class Read:
    """Holds the rows whose texts are known, as probes are given them.

    Attributes:
        rows: narrow rows, sorted by group.
        score: the signal's value of each.
        right: truth of each; None without.
        text: where the text of each stands.
    """

    rows: pl.DataFrame
    score: NDArray[np.float64]
    right: NDArray[np.float64] | None
    text: NDArray[np.int64]


def foretell(
    evidence: Evidence,
    found: Mapping[str, Hacking],
    families: Sequence[str],
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Hacking]:
    """Adds to what was audited what probes foretell, for the first four signals.

    Args:
        evidence: what the criteria judge by.
        found: signal -> its audit.
        families: the probes to run.
        seed: start of the probes, and of the draw of pairs.
        progress: called with what is being done.
    """
    done: dict[str, Hacking] = {}
    for number, (signal, section) in enumerate(found.items(), start=1):
        if number > MOST_SIGNALS:
            done[signal] = section
            continue
        if progress is not None:
            progress(f"{len(families)} probes read pairs of {signal} ({number} of {min(len(found), MOST_SIGNALS)})")
        told = foretold(evidence, signal, families, seed)
        done[signal] = replace(section, foretold=told, features=_with(section, told))
    return done


def foretold(evidence: Evidence, signal: str, families: Sequence[str], seed: int = 0) -> HackForecast:
    """Races candidates and, where rows are labelled, truth on up to 1,024 pairs of texts of one prompt.

    Rows of a group are paired by score, every row once. A probability is given only where truth is labelled on 128
    pairs or more; `not_identifiable` where hardly any pair tells a candidate and truth apart, `undecided` where probes
    learned neither or disagree.
    """
    if evidence.pairs:
        return _none("HACK_PROBE_JUDGED_PAIRS", "probes read scored rollouts of one prompt; these are judged pairs")
    read = _read(evidence, signal)
    if read is None:
        return _none("HACK_PROBE_NO_TEXT", "probes read texts: the log holds none, or --no-text keeps them out")
    high, low = (part[:MOST_PAIRS] for part in pair_up(read.score, read.rows["group"].to_numpy(), seed))
    least = FEWEST_PAIRS if read.right is None else FEWEST_LABELLED
    if high.size < least:
        return _none(
            "HACK_PROBE_FEW_PAIRS",
            f"{high.size} pairs of an accepted and a rejected text of one prompt; {least} or more make a race",
            evidence.more_labels(signal) if read.right is not None else None,
        )
    columns = _columns(evidence, signal, read, high, low)
    candidates = {key: (values[high], values[low]) for key, (_, values) in columns.items()}
    if read.right is not None:
        candidates[TRUTH] = (read.right[high], read.right[low])
    if not candidates:
        return _none("HACK_PROBE_NOTHING", "nothing looked at differs between accepted and rejected texts")
    assert evidence.quotes is not None
    texts = evidence.quotes.rows["completion"].to_list()
    graded = evidence.tally.values[signal].kind == "score"
    pairs = Pairs(
        [texts[read.text[k]] for k in high],
        [texts[read.text[k]] for k in low],
        read.score[high] - read.score[low] if graded else None,
    )
    beside = TRUTH if read.right is not None else None
    raced = race(pairs, candidates, families=families, seed=seed, beside=beside)
    return _told(evidence, signal, read, raced, columns, families, len(pairs), seed)


def _told(
    evidence: Evidence,
    signal: str,
    read: Read,
    raced: list[ProbeResult],
    columns: Mapping[str, tuple[Foretold, NDArray[np.float64]]],
    families: Sequence[str],
    pairs: int,
    seed: int,
) -> HackForecast:
    raced = _truth_alone(raced)
    entries = [_entry(result, columns.get(result.name)) for result in raced]
    learned = [entry for entry, result in zip(entries, raced, strict=True) if result.leans and result.curves]
    known = [entry.probability for entry in entries if entry.probability is not None]
    own = None
    if read.right is not None and known:
        values = {result.name: columns[result.name][1] for result in raced if result.name in columns}
        group = read.rows["group"].to_numpy()
        own = moved_alarms(raced, values, read.score, read.right, group, draws=DRAWS, most=MOST_PAIRS, seed=seed)
    truth = read.right is not None
    judged = truth and bool(known)
    code = None if judged else ("HACK_PROBE_UNDECIDED" if truth else "HACK_NO_TRUTH")
    reason = None
    if not judged:
        reason = _open(entries, raced) if truth else "ranked; a risk cannot be told without truth"
    return HackForecast(
        status="judged" if judged else "not_judged",
        code=code,
        reason=reason,
        needs=None if judged else (evidence.more_labels(signal) if truth else evidence.label_command(signal)),
        families=list(families),
        pairs=pairs,
        first=_called(max(learned, key=lambda e: e.learned_first or 0.0)) if learned else None,
        relied=_called(max(learned, key=lambda e: e.relied_on or 0.0)) if learned else None,
        probability=max(known) if known else None,
        fpr=FPR.get(calibrated(families)) if judged else None,
        fpr_source=FPR_SOURCE if judged else None,
        own_alarm_rate=own,
        unseen=UNSEEN if tuple(families) == FAMILIES[:1] else None,
        candidates=entries,
    )


def _called(entry: Foretold) -> str:
    return entry.name if entry.value is None else f"{entry.name} {entry.value}"


def _open(entries: Sequence[Foretold], raced: Sequence[ProbeResult]) -> str:
    """Says why no probability is given: why not of the first candidate that the signal leans to."""
    for entry, result in zip(entries, raced, strict=True):
        if result.leans and entry.kind != TRUTH and entry.reason:
            return f"{_called(entry)} or truth: {entry.reason}"
    return "the signal surely leans to nothing else that was looked at"


def _entry(result: ProbeResult, known: tuple[Foretold, NDArray[np.float64]] | None) -> Foretold:
    name, kind, value = (TRUTH, TRUTH, None) if known is None else (known[0].name, known[0].kind, known[0].value)
    chance = chances(result)
    apart = result.status != "not_identifiable"
    return Foretold(
        name=name,
        kind=kind,
        value=value,
        status=result.status,
        code=result.code,
        reason=result.reason,
        pairs=result.pairs,
        agreement=result.agreement if result.pairs else None,
        learned_first=result.learned_first,
        relied_on=result.relied_on,
        relied_on_range=[] if result.low is None or result.high is None else [result.low, result.high],
        price_bits=result.price_bits,
        crossover=None if result.crossover is None else result.crossover.rows,
        crossover_is=None if result.crossover is None else result.crossover.when,
        probability=chance[0] if chance and result.status == "judged" else None,
        probability_range=list(chance[1:]) if chance and apart else [],
    )


def _truth_alone(raced: list[ProbeResult]) -> list[ProbeResult]:
    """Gives truth the curves that it has when it cannot be read through the candidate that is relied on most."""
    rival = next((each for each in raced if each.name != TRUTH and each.leans and each.against), None)
    if rival is None or rival.against is None:
        return raced
    psi = [curve.psi for curve in rival.against.values()]
    alone = {
        "learned_first": float(np.mean([curve.aulc for curve in rival.against.values()])),
        "relied_on": float(np.mean(psi)),
        "price_bits": float(np.mean([curve.price_bits for curve in rival.against.values()])),
        "low": min(psi),
        "high": max(psi),
    }
    found = [ProbeResult(**{**vars(each), **alone}) if each.name == TRUTH else each for each in raced]
    return sorted(found, key=lambda each: (not each.leans, each.relied_on is None, -(each.relied_on or 0.0), each.name))


def _read(evidence: Evidence, signal: str) -> Read | None:
    """Returns the rows to be paired: labelled ones where there are any, else the sample; None without texts."""
    if evidence.quotes is None:
        return None
    found = labelled(evidence.tally, signal) if evidence.truth else None
    if found is not None:
        rows, score, right = found.rows, found.score, found.truth
    else:
        scores = scored_sample(evidence.tally, signal)
        rows, score, right = evidence.tally.sample[scores.index], scores.score, None
    if rows.height == 0:
        return None
    place = evidence.quotes.places(rows["row"])
    have = place.is_not_null()
    kept = have.to_numpy()
    if not kept.any():
        return None
    text = place.filter(have).cast(int).to_numpy()
    return Read(rows.filter(have), score[kept], None if right is None else right[kept], text)


def _columns(
    evidence: Evidence, signal: str, read: Read, high: NDArray[np.int64], low: NDArray[np.int64]
) -> dict[str, tuple[Foretold, NDArray[np.float64]]]:
    """Returns the candidates that share most bits with the signal on these pairs, with their values on all rows."""
    looked = traits(evidence, signal, read.rows)
    whole = signal == TOTAL and bool(evidence.weights)
    kept = [kind != "source" and not (whole and kind == "component") for kind in looked.kinds]
    looked = looked.of(np.array(kept, dtype=bool))
    group = read.rows["group"].to_numpy()
    right = None if read.right is None else read.right == 1.0
    cell = group if right is None else group * np.uint64(2) + right.astype(np.uint64)
    found = words(evidence, read.rows, read.score, right, cell)
    most = np.arange(len(found.names)) < MOST_WORDS
    looked = looked + found.of(most) if len(found.names) else looked
    weight = np.ones(high.size)
    asked = [target(signs(values[high], values[low]), weight) for values in looked.values.T]
    order = sorted(range(len(asked)), key=lambda k: (-asked[k].bits, k))
    order = [k for k in order if asked[k].place.size >= FEWEST_PAIRS][:MOST_CANDIDATES]
    return {_key(looked, k): (_named(looked, k), looked.values[:, k]) for k in order}


def _key(looked: Traits, k: int) -> str:
    """Names a column apart from truth and from other categories of its candidate."""
    return f"{k}:{looked.names[k]} {looked.labels[k]}"


def _named(looked: Traits, k: int) -> Foretold:
    return Foretold(
        name=looked.names[k],
        kind=looked.kinds[k],
        value=looked.labels[k] or None,
        status="undecided",
        code=None,
        reason=None,
        pairs=0,
        agreement=None,
    )


def _with(section: Hacking, told: HackForecast) -> list[Candidate]:
    """Fills in the forecast of the ranked candidates, of a category what its most relied on value gets."""
    best: dict[str, Foretold] = {}
    for entry in told.candidates:
        best.setdefault(entry.name, entry)
    return [
        replace(
            candidate,
            learned_first=best[candidate.name].learned_first,
            relied_on=best[candidate.name].relied_on,
            price_bits=best[candidate.name].price_bits,
            crossover=best[candidate.name].crossover,
        )
        if candidate.name in best
        else candidate
        for candidate in section.features
    ]


def _none(code: str, reason: str, needs: str | None = None) -> HackForecast:
    return HackForecast(status="not_judged", code=code, reason=reason, needs=needs)
