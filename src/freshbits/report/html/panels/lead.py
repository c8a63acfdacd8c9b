"""The verdict in one sentence, what is said of the other signals, and what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.panels.channel import rates
from freshbits.report.html.parts import notes, unbroken
from freshbits.report.sets import headline, judges
from freshbits.report.shortcuts import tells
from freshbits.report.terminal import carries
from freshbits.report.truth import verdict_of
from freshbits.report.words import many

if TYPE_CHECKING:
    from freshbits.results import Audit

MOST_SAID = 6
MOST_NAMED = 3  # signals that say the same


def lead(audit: Audit) -> Html:
    """Writes the verdict: of the first signal that can be judged; other signals follow, those that say the same once.

    With truth it is whether the signal is open, or else its rates; without, what it carries. Where nothing could be
    judged it says so.
    """
    said: dict[str, tuple[str, list[str]]] = {}
    for signal, sentence, status in _sentences(audit):
        said.setdefault(sentence, (status, []))[1].append(signal)
    ordered = sorted(said.items(), key=lambda item: item[1][0] != "judged")
    if not ordered:
        return tag("h1", "This log holds no signal that could be judged.")
    sentence, (status, names) = ordered[0]
    first = tag("h1", tag("b", _names(names)), unbroken(f" {sentence}"), class_=f"verdict {status}")
    others = [
        tag("li", tag("b", _names(names)), unbroken(f" {sentence}"), class_=status)
        for sentence, (status, names) in ordered[1:MOST_SAID]
    ]
    more = len(ordered) - MOST_SAID
    if more > 0:
        others.append(tag("li", f"and {many(more, 'more sentence')}: see the panels below"))
    return join(first, tag("ul", *others, class_="also") if others else None)


def _names(signals: list[str]) -> str:
    return ", ".join(signals) if len(signals) <= MOST_NAMED else f"{signals[0]} and {len(signals) - 1} more"


def _sentences(audit: Audit) -> list[tuple[str, str, str]]:
    """Returns (signal, sentence, status): sources that answer nothing, risks, openness with truth, contents."""
    found = [
        (source.source, f"does not answer its prompts: {source.why}.", "judged") for source in audit.log.degenerate
    ]
    if audit.sft is not None:
        if not audit.log.truth:  # else openness says so below
            found += [(signal, f"is closed: {words}.", "judged") for signal, words, same in judges(audit.sft) if same]
        found.append(("the set", f"holds {headline(audit.sft)}", "judged" if audit.sft.duplicates else "not_judged"))
    found += [
        (signal, f"is at risk of being hacked: {tells(section)}.", "judged")
        for signal, section in audit.hacking.items()
        if section.verdict == "at_risk"
    ]
    if audit.log.truth:
        for signal, section in audit.openness.items():
            verdict, rest = verdict_of(section)
            if verdict is not None:
                found.append((signal, f"is {verdict}{rest}", "judged"))
            elif (channel := audit.channel.get(signal)) is not None and channel.status == "judged":
                found.append((signal, rates(channel), "judged"))
    for signal, budget in audit.budget.items():
        sentence = carries(budget)
        if budget.status != "not_applicable":
            found.append((signal, sentence, budget.status))
    return found


def read(audit: Audit) -> Html:
    """Writes what the log is, how it was read, what was mended and what is missing from it."""
    log = audit.log
    size = (
        f"{many(log.rollouts, 'rollout')} of {many(log.prompts, 'prompt')} in {many(log.groups, 'group')} of "
        f"{log.group_size}, {many(log.rounds, 'round')}"
    )
    size += f", {many(len(log.sources), 'source')}" if log.sources else ""
    size += f", {many(log.files, 'file')}" if log.files else ""
    lines = [*log.notes, *log.problems]
    if log.labels is not None:
        labelled = f"{many(log.labels.rows, 'labelled row')} of {many(log.labels.prompts, 'prompt')}"
        lines.append(f"truth: {labelled}, {log.labels.design}")
    if log.duplicates:
        lines.append(f"{many(log.duplicates, 'repeated row')} left out")
    unscored = sum(count > 0 for count in log.unscored.values())
    if unscored:
        lines += [f"{name}: {count:,} rollouts unscored" for name, count in log.unscored.items() if count][:MOST_SAID]
    if log.filtered:
        lines.append(log.filtered)
    if log.sampled:
        of = f"{many(log.sampled.rows, 'rollout')} of {many(log.sampled.prompts, 'prompt')}"
        lines.append(f"features, surprise and scores from a sample of {of}")
    told = tag("details", tag("summary", "How it was read"), notes(lines)) if lines else None
    return join(tag("p", tag("b", log.format), f": {size}", class_="read"), told)
