"""The audit: read, tally, measure and judge, advise. Every number on the page is computed by what is called here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import polars as pl
from threadpoolctl import threadpool_limits

from freshbits.cluster import require_engine
from freshbits.criteria.authors import own_judged
from freshbits.criteria.budget import budget
from freshbits.criteria.channel import channel
from freshbits.criteria.components import components
from freshbits.criteria.coverage import coverage
from freshbits.criteria.efficiency import efficiency
from freshbits.criteria.forecast import forecast
from freshbits.criteria.foretold import foretell
from freshbits.criteria.hacking import hacking
from freshbits.criteria.inputs import Evidence
from freshbits.criteria.openness import openness
from freshbits.criteria.picked import picked
from freshbits.criteria.quoting import quoted
from freshbits.criteria.sft import sft
from freshbits.criteria.summary import count_labels, summary
from freshbits.criteria.telling import telling
from freshbits.criteria.ungrouped import (
    alone,
    no_budget,
    no_component,
    no_coverage,
    no_forecast,
    no_openness,
    no_within,
    single,
    without_groups,
)
from freshbits.outputs.features.own import parse_features
from freshbits.probes.families import chosen
from freshbits.remedies.advise import advise
from freshbits.results import Audit, Budget, Hacking, Labels
from freshbits.rollouts.log import Log
from freshbits.rollouts.options import ReadOptions, as_typed
from freshbits.rollouts.read import read
from freshbits.tally.local import tally
from freshbits.tally.quotes import Quotes, quotes
from freshbits.tally.ray import tally as tally_on_cluster
from freshbits.tally.tally import Tally  # noqa: TC001  beside what makes it
from freshbits.tally.texts import texts as compared

Source = str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame | Log
Engine = Literal["local", "ray"]


def audit(
    source: Source,
    options: ReadOptions | None = None,
    *,
    where: str | None = None,
    progress: Callable[[str], None] | None = None,
    prompts: bool = False,
    texts: bool = True,
    features: Sequence[str] = (),
    probe: str = "none",
    seed: int = 0,
    engine: Engine = "local",
    ray_address: str | None = None,
) -> Audit:
    """Audits a rollout log: what its signals carry, waste and repeat, and what could not be judged and why.

    Args:
        source: files, a directory, a frame, or what `freshbits.read` gave.
        options: how to read it; everything is recognised where None.
        where: how to name the log in the commands that the report suggests.
        progress: called with what is being done, in words.
        prompts: whether to add the table of the prompts that tell most (`audit.prompts`).
        texts: whether words and pairs of words are looked at, examples quoted, and prompts in that table, for which the
            log is read once more.
        features: features of one's own as `NAME=contains:TEXT`, `NAME=matches:REGEX` or `NAME=count:TEXT`.
        probe: small models that read accepted and rejected texts once, for a forecast of what is learned first: "none",
            "ngram", "cnn", "gru", "transformer" (all but the first need torch), or "auto" for all that can run.
        seed: start of the probes, and of the draw of the pairs that they read.
        engine: "local", or "ray" to count on a Ray cluster; the report is the same to the last byte.
        ray_address: of the cluster; None: `RAY_ADDRESS`, else one is started on this machine.

    Raises:
        InputError: if the log cannot be read, a probe cannot run or there is no cluster; the message says where and
            how to mend it.

    >>> rows = [{"prompt": f"q{i // 8}", "completion": f"a{i % 3}", "reward": float(i % 3 == 0)} for i in range(320)]
    >>> audit(pl.DataFrame(rows)).budget["reward"].status
    'judged'
    """
    families = chosen(probe)
    log, evidence, labels = gather(
        source,
        options,
        where=where,
        progress=progress,
        texts=texts,
        features=features,
        engine=engine,
        ray_address=ray_address,
    )
    found = judge(log, evidence, labels, progress)
    if families:
        with threadpool_limits(limits=1):
            found = replace(found, hacking=foretell(evidence, found.hacking, families, seed, progress))
    if not prompts:
        return found
    told = telling(evidence)
    highs = {name: values.high for name, values in evidence.tally.values.items()}
    return replace(found, prompts=quoted(log, told, highs) if texts else told)


def gather(
    source: Source,
    options: ReadOptions | None = None,
    *,
    where: str | None = None,
    progress: Callable[[str], None] | None = None,
    texts: bool = True,
    features: Sequence[str] = (),
    engine: Engine = "local",
    ray_address: str | None = None,
) -> tuple[Log, Evidence, Labels | None]:
    """Reads and counts a log: what `judge` judges by; without `texts` no text is kept, so no words are looked at.

    Raises:
        InputError: if the log cannot be read; the message says where and how to mend it.
    """
    own = parse_features(features)
    log = source if isinstance(source, Log) else read(source, options or ReadOptions())
    require_engine(engine, ray_address)
    on_cluster = engine == "ray"
    counts = tally_on_cluster(log, progress, own, address=ray_address) if on_cluster else tally(log, progress, own)
    labels = count_labels(counts, drawn=options is not None and options.labels is not None)
    evidence = Evidence(
        tally=counts,
        truth=labels is not None,
        pairs=_holds_pairs(log),
        filtered=log.filtered,
        weights=log.weights,
        origins=log.origins,
        structures=log.structures,
        judges={**log.judges, **dict.fromkeys(log.applied, "freshbits")},  # no components of the run's reward
        quotes=_quotes(log, counts) if texts else None,
        where=(where or _name(source)) + ("" if options is None else as_typed(options)),
        made=log.made,
        texts=compared(log, progress),
        judged_by=log.judged_by,
    )
    return log, replace(evidence, origins=own_judged(evidence) | evidence.origins), labels


def judge(log: Log, evidence: Evidence, labels: Labels | None, progress: Callable[[str], None] | None = None) -> Audit:
    """Judges every question of the report, in its order, and advises."""
    # Small matrices: threads cost more than they save, and one thread keeps the bytes equal.
    with threadpool_limits(limits=1):
        return _judge(log, evidence, labels, progress)


def _judge(log: Log, evidence: Evidence, labels: Labels | None, progress: Callable[[str], None] | None) -> Audit:
    """Judges every question of the report, in its order, and advises."""
    budgets: dict[str, Budget] = {}
    ranked: dict[str, Hacking] = {}
    lone = {signal for signal in log.signals if without_groups(evidence, signal)}
    for number, signal in enumerate(log.signals, start=1):
        if progress is not None:
            progress(f"judging {signal} ({number} of {len(log.signals)})")
        budgets[signal] = no_budget(evidence, signal) if signal in lone else budget(evidence, signal)
        ranked[signal] = picked(evidence, signal) if signal in lone and alone(evidence) else hacking(evidence, signal)
    parts = components(evidence, budgets)
    channels = {signal: channel(evidence, signal) for signal in budgets}
    channels |= {signal: no_within(channels[signal]) for signal in lone}
    made = evidence.made is not None
    return Audit(
        log=summary(log, evidence.tally, labels, pairs=evidence.pairs),
        openness={
            signal: no_openness(evidence, signal) if signal in lone else openness(evidence, signal, found)
            for signal, found in budgets.items()
        },
        budget=budgets,
        components={
            signal: no_component(budgets[signal]) if signal in lone else part for signal, part in parts.items()
        },
        channel=channels,
        efficiency={
            signal: efficiency(evidence, signal, found, channels[signal], parts[signal].together)
            for signal, found in budgets.items()
        },
        coverage=no_coverage(evidence) if single(evidence) else coverage(evidence),
        forecast={signal: no_forecast() if made else forecast(evidence, signal) for signal in budgets},
        hacking=ranked,
        remedies=advise(evidence, budgets, parts),
        sft=sft(evidence, channels),
    )


def _quotes(log: Log, counts: Tally) -> Quotes | None:
    """Fetches the texts of the rows that are looked at closely: labelled ones first, else sampled ones."""
    wanted = counts.labelled if counts.labelled.height else counts.sample
    return quotes(log, wanted)


def _holds_pairs(log: Log) -> bool:
    """Tells judged pairs: the other completion is there, or verdicts were asked in both orders without any text."""
    return "opponent" in log.schema or ("repeat" in log.schema and "completion" not in log.schema)


def _name(source: Source) -> str:
    """Names a source for commands."""
    if isinstance(source, (str, Path)):
        return str(source)
    if isinstance(source, Sequence):
        return " ".join(str(part) for part in source)
    return "LOG"
