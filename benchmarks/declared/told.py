"""The table of declared and measured loops as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.declared.loops import LIKELY, RATES, ROUNDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.declared.measured import Held

HEAD = f"""# What was declared and what was measured

The tiny model on sums, {ROUNDS} rounds of training, 640 completions of 80 prompts in each of {ROUNDS + 1} logged
rounds, truth on every row. *Declared*: read off the declaration before the run, for the loop and for its signal.
*By the log alone*: the audit where no origin is declared, so that a signal that says something beyond the model stays
undetermined. *Verdict*: `freshbits audit DIR`, which finds the declaration
in the run's record. Bits are those that the signal says per rollout beyond the model's own votes and log-probability.
Flawed verifiers accept {100 * RATES[0]:.0f} % of right and {100 * RATES[1]:.0f} % of wrong completions, by lot: one
without a fault cannot be told from a copy of the truth. The judges accept completions that a model finds likelier than
1 in {1 / LIKELY:.0f}: the student as it was, or another that was trained on true answers. *Right*: share of rollouts.
*Variety*: effective number of right answers per prompt, on prompts that are never trained on."""


def markdown(found: Sequence[Held]) -> str:
    """Writes the table, and below it why declaration and measurement differ where they do."""
    lines = [
        "| loop | declared: loop | declared: signal | by the log alone | bits [95 %] | verdict | right | variety |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in found:
        verdict = each.verdict + (f", {each.adjective}" if each.adjective else "")
        course = f"{100 * each.accuracy[0]:.0f} → {100 * each.accuracy[-1]:.0f} %"
        lines.append(
            f"| {each.name} | {each.loop} | `{each.signal}`: {each.declared} | {_words(each)} | {_bits(each)} "
            f"| {verdict}{'' if each.agrees else ' (differs)'} | {course} "
            f"| {each.variety[0]:.0f} → {each.variety[-1]:.0f} |"
        )
    agree = sum(each.agrees for each in found)
    why = [f"- *{each.name}*: {each.reason}. {each.why}".rstrip() for each in found if each.why or not each.agrees]
    parts = [HEAD, "\n".join(lines), f"{agree} of {len(found)} signals are judged as declared. What differs, and why:"]
    return "\n\n".join([*parts, "\n".join(why)]) + "\n"


def _words(held: Held) -> str:
    return f"{held.measured.replace('_', ' ') if held.measured.islower() else f'`{held.measured}`'}: {held.alone}"


def _bits(held: Held) -> str:
    if held.bits is None:
        return ""
    value, low, high = (0.0 if part is None else round(part, 3) + 0.0 for part in held.bits)  # no minus before 0
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
