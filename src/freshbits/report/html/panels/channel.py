"""How good? How often the signal accepts right and wrong answers, where it is worst, where pressure turns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.charts import against
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.truth import SURE, worst_words
from freshbits.report.words import share

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Audit, Channel

MOST_DETAILED = 3
MOST_SIGNALS = 8
QUESTION = "How good is it?"


def channel(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of the channel and of pressure."""
    judged = {signal: section for signal, section in audit.channel.items() if section.status == "judged"}
    parts: list[Html | None] = []
    whole = against.channel(audit) if judged else None
    parts.append(figure(whole) if whole else None)
    heads = ("signal", "TPR", "FPR", "J", "TPR/FPR", "precision", "AUROC", "bits about truth", "base rate")
    rows = [
        (
            signal,
            *(numbers.show(found) for found in (held.tpr, held.fpr, held.j, held.lr, held.ppv, held.auroc)),
            numbers.show(held.bits, 3),
            numbers.show(held.base_rate),
        )
        for signal, held in judged.items()
    ]
    parts.append(table("Rates against truth, by signal", heads, rows))
    for signal, section in list(judged.items())[:MOST_DETAILED]:
        pictures = (against.strata(section, signal), against.pressure(section, signal))
        parts += [figure(picture) for picture in pictures if picture is not None]
        parts.append(notes([f"{signal}: {line}" for line in _said(section)]))
    parts.append(unjudged(audit.channel))
    parts.append(numbers.table(QUESTION, dict(list(audit.channel.items())[:MOST_SIGNALS])))
    if judged:
        signal, section = next(iter(judged.items()))
        return Panel("channel", QUESTION, f"{signal} {rates(section)}", "judged", join(*parts))
    first = next(iter(audit.channel.values()), None)
    answer = f"Not judged: {first.reason}." if first is not None else "No signal."
    return Panel("channel", QUESTION, answer, first.status if first is not None else "not_judged", join(*parts))


def rates(section: Channel) -> str:
    """Says in a sentence how often right and wrong answers are accepted, or how well they are ranked."""
    if section.tpr is not None and section.fpr is not None:
        return f"accepts {share(section.tpr)} of right and {share(section.fpr)} of wrong answers."
    if section.auroc is not None:
        return f"ranks a right answer above a wrong one with {share(section.auroc)}."
    return f"was judged on labelled rows: {section.reason or 'no rate is given'}."


def _said(section: Channel) -> list[str]:
    lines = [worst_words(section)] if section.fpr is not None else []
    if section.p_value is not None and section.p_value > SURE:
        lines.append(f"tells right from wrong no better than chance (p = {section.p_value:.2g})")
    wrong = section.negative_j
    if wrong is not None and (wrong.low or 0) > 0:
        lines.append(f"the wrong way round (J below 0) in {share(wrong)} of prompts")
    reason = (section.pressure or {}).get("reason")
    return [*lines, *([section.reason] if section.reason else []), *([str(reason)] if reason else [])]
