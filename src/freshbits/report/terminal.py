"""The page on a terminal: what the log proves first, then what it cannot say, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from freshbits.report import rubric
from freshbits.report.ahead import forecast
from freshbits.report.layout import MOST_SIGNALS, WIDTH, command, few, item, new_table, plain, printed, safe
from freshbits.report.probed import probed
from freshbits.report.sets import sets
from freshbits.report.shortcuts import risks, shortcuts
from freshbits.report.spent import efficiency
from freshbits.report.truth import channel, openness
from freshbits.report.words import many, number, share, trend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from freshbits.results import Audit, Budget, Section

MOST_CANDIDATES = 5
MOST_Q = 0.1
WHERE = {"set": "in the set, region held fixed", "pairs": "inside a pair", "prompts": "inside a prompt"}


def page(audit: Audit, *, width: int = WIDTH, colour: bool = False) -> str:
    """Writes the audit as a page of text.

    Args:
        audit: what `freshbits.audit` returned.
        width: characters per line.
        colour: whether to add terminal colours.
    """
    return printed(lambda console: _write(console, audit), width, colour=colour)


def _write(console: Console, audit: Audit) -> None:
    """Prints every part of the page, in its order."""
    _head(console, audit)
    openness(console, audit)
    if audit.sft is not None:
        closed = [signal for signal, found in audit.openness.items() if found.origin == "own_state"]
        sets(console, audit.sft, closed)
    _verdict(console, audit)
    risks(console, audit)
    channel(console, audit)
    if audit.log.truth:
        efficiency(console, audit)
    _no_contrast(console, audit)
    _bits(console, audit)
    _follows(console, audit)
    shortcuts(console, audit)
    probed(console, audit)
    if not audit.log.truth:  # what the log proves by itself comes first
        efficiency(console, audit)
    _answers(console, audit)
    forecast(console, audit)
    _not_judged(console, audit)
    _next(console, audit)


def _head(console: Console, audit: Audit) -> None:
    log = audit.log
    for source in log.degenerate:  # before anything else: what such a source scores is no answer to anything
        item(console, f"{source.source}: {source.why}", "bold red", indent=0, mark="!")
    grouped = f"in {many(log.groups, 'group')} of {safe(log.group_size)}, {many(log.rounds, 'round')}"
    if audit.sft is not None:
        size = f"{many(log.rollouts, 'row')}, {many(log.prompts, 'instruction')}"
    else:
        size = f"{many(log.rollouts, 'rollout')} of {many(log.prompts, 'prompt')} {grouped}"
    console.print(
        f"[bold]{safe(log.format)}[/bold]: {size}"
        + (f", {many(len(log.sources), 'source')}" if log.sources else "")
        + (f", {many(log.files, 'file')}" if log.files else "")
    )
    lines = [*log.notes, *log.problems]
    if log.duplicates:
        lines.append(f"{many(log.duplicates, 'repeated row')} left out")
    if log.sampled:
        size = f"{many(log.sampled.rows, 'rollout')} of {many(log.sampled.prompts, 'prompt')}"
        lines.append(f"features, surprise and scores from a sample of {size}")
    for line in lines:
        item(console, line, "dim")


def _verdict(console: Console, audit: Audit) -> None:
    """Leads with one sentence per signal (the first few); signals that say the same share one."""
    sentences: dict[str, list[str]] = {}
    for signal, budget in few(audit.budget):
        if budget.code != "NO_GROUPS":  # a set: nothing inside groups is asked
            sentences.setdefault(carries(budget), []).append(signal)
    if sentences or not audit.budget:
        console.print()
    for sentence, signals in sentences.items():
        console.print(Text(plain(", ".join(signals)), style="bold") + Text(plain(f" {sentence}"), style="not bold"))
    hidden = len(audit.budget) - MOST_SIGNALS
    if hidden > 0:
        console.print(f"and {many(hidden, 'more signal')}: see --json")


def carries(budget: Budget) -> str:
    """Says in a sentence what a signal carries, or why that was not judged."""
    bits, dead = budget.contrast_bits, budget.dead_groups
    if budget.status != "judged" or bits is None:
        return f"not judged: {budget.reason}." if budget.status == "not_judged" else f"{budget.reason}."
    if bits.value is None:
        return f"carries between {bits.low:.2f} and {bits.high:.2f} bit per rollout; {budget.reason}."
    carries = f"carries {number(bits)} bit per rollout" + (" at 4 levels" if budget.kind == "score" else "")
    if dead is None:
        return f"{carries}; {budget.reason or 'the share of groups without contrast is unknown'}."
    return f"{carries}; {share(dead)} of its groups carry none."


def _no_contrast(console: Console, audit: Audit) -> None:
    rows = [(s, b) for s, b in few(audit.budget) if b.status == "judged" and b.dead_groups is not None]
    if not rows:
        return
    log = audit.log
    table = new_table(
        "No contrast", "dead groups", "all wrong", "all right", "rollouts", "truncated at lowest", "unscored"
    )
    for signal, budget in rows:
        table.add_row(
            safe(signal),
            share(budget.dead_groups),
            share(budget.all_wrong) if budget.all_wrong else "–",
            share(budget.all_right) if budget.all_right else "–",
            f"{budget.dead_rollouts:,}" if budget.dead_rollouts is not None else "–",
            f"{budget.truncated_zero:,} of {log.truncated:,}" if budget.truncated_zero is not None else "not logged",
            f"{log.unscored.get(signal, 0):,}",
        )
    console.print(Padding(table, (1, 0, 0, 0)))
    for signal, budget in rows:
        sizes = [f"{size}: {100 * (e.value or 0):.0f} %" for size, e in budget.informative_groups.items()]
        if sizes:
            item(console, f"{signal}, groups with contrast by group size:  " + "  ".join(sizes), "dim")
        for check in budget.checks:
            item(console, f"{signal}: {check}", "yellow", mark="!")


def _bits(console: Console, audit: Audit) -> None:
    rows = [(s, b) for s, b in few(audit.budget) if b.contrast_bits is not None]
    if rows:
        table = new_table("Bits per rollout", "contrast", "given the others", "surprise", "mean")
        for signal, budget in rows:
            table.add_row(
                safe(signal),
                number(budget.contrast_bits),
                number(audit.components[signal].given_others),
                number(budget.surprise_bits),
                number(budget.mean),
            )
        console.print(Padding(table, (1, 0, 0, 0)))
        for signal, budget in rows:
            drawn, dry = trend(budget.by_round), audit.components[signal].saturated_at
            if drawn:
                spent = f"; dry (under .05 bit) from round {dry} on" if dry is not None else ""
                item(console, f"{signal}, contrast over rounds:  {drawn}{spent}", "dim")
        for told in (rubric.together(audit), *(rubric.noise(*row) for row in rows[: rubric.MOST_NOISY])):
            if told is not None:
                item(console, told, "dim")
        return
    means = [(s, b) for s, b in few(audit.budget) if b.mean is not None]
    if means:
        table = new_table("Verdicts", "mean", "contradicts itself")
        for signal, budget in means:
            table.add_row(
                safe(signal),
                number(budget.mean),
                share(budget.self_contradiction) if budget.self_contradiction else "asked once",
            )
        console.print(Padding(table, (1, 0, 0, 0)))


def _follows(console: Console, audit: Audit) -> None:
    rows = [(s, audit.hacking[s]) for s, _ in few(audit.budget) if audit.hacking[s].features]
    if not rows:
        return
    beyond = any(candidate.spurious_bits for _, section in rows for candidate in section.features)
    told = "right and wrong not held fixed" if audit.log.truth else "shortcut or skill cannot be told without labels"
    told = "beyond the truth: with right and wrong held fixed" if beyond else told
    several = any(candidate.source_fixed for _, section in rows for candidate in section.features)
    unit = "pair" if audit.log.pairs else "row" if audit.sft is not None else "rollout"
    table = new_table(
        "",
        f"bits per {unit}",
        *(["beyond the truth"] if beyond else []),
        *(["source held fixed"] if several else []),
        "leans to",
        "q",
    )
    for signal, section in rows:
        shown = [c for c in section.features if (c.q_value or 0) <= MOST_Q][:MOST_CANDIDATES]
        none = "" if shown else f": none of the {len(section.features)} looked at"
        table.add_row(Text(plain(signal + none), style="bold"))
        for candidate in shown:
            fixed = candidate.source_fixed
            cells = [f"  {safe(candidate.name)}", number(candidate.signal_bits, 3)]
            cells += [number(candidate.spurious_bits, 3)] if beyond else []
            cells += [number(fixed.signal_bits, 3) if fixed else "–"] if several else []
            q = f"{candidate.q_value:.1g}" if candidate.q_value is not None else ""
            table.add_row(*cells, candidate.direction or "", q)
    where = "in judged pairs" if audit.log.pairs else "inside a prompt"
    if audit.sft is not None:
        where = WHERE[audit.sft.compared]
    console.print(f"\n[bold]What the signal follows {where}[/bold] ({told})")
    console.print(table)


def _answers(console: Console, audit: Audit) -> None:
    coverage = audit.coverage
    if coverage.status != "judged":
        return
    console.print(f"\n[bold]Answers[/bold] ({safe(coverage.reason or '')})")
    seen = [
        f"{number(coverage.effective, 1)} effective classes per group",
        f"{share(coverage.good_turing)} of rollouts show a class that others show too (Good-Turing)",
        f"{100 * (coverage.redundancy or 0):.0f} % of rollouts repeat an answer",
        f"{100 * (coverage.unreadable or 0):.0f} % unreadable",
    ]
    item(console, "; ".join(seen))
    for signal, _ in few(audit.budget):
        found = coverage.by_signal.get(signal)
        if found is None:
            continue
        passes = [f"@{k} {100 * e.value:.0f} %" for k, e in found.pass_at.items() if e.value is not None]
        item(
            console,
            f"{signal}: {number(found.distinct_accepted, 1)} distinct accepted per prompt, "
            f"next rollout shows a new one with {share(found.next_new)}; pass{' '.join(passes)}",
        )


def _not_judged(console: Console, audit: Audit) -> None:
    """Lists the questions that were not judged, and under them the command or the log that would let them be."""
    found: dict[str | None, dict[str, list[str]]] = {}
    for name, section in _asked(audit):
        if section.status == "not_judged":
            reasons = found.setdefault(section.needs, {})
            reasons.setdefault(f"{section.reason} ({section.code})", []).append(name)
    if not found:
        return
    console.print("\n[bold]Not judged[/bold]")
    for needs, reasons in sorted(found.items(), key=lambda item: item[0] is None):
        for reason, names in reasons.items():
            item(console, f"{', '.join(names)}: {reason}")
        if needs is not None:
            console.print(
                Text("    this would let it: ", style="dim") + Text(plain(needs), style="bold cyan"), soft_wrap=True
            )


def _asked(audit: Audit) -> Iterator[tuple[str, Section]]:
    """Yields the sections with their names: of every signal where there is truth, else of the first one."""
    yield from ((f"budget of {signal}", section) for signal, section in few(audit.budget))
    signals = [signal for signal, _ in few(audit.budget)][: None if audit.log.truth else 1]
    for name in ("openness", "channel", "hacking", "efficiency"):
        for signal in signals:
            section: Section = getattr(audit, name)[signal]
            said = name == "openness" and audit.log.truth and section.needs is None  # its reason leads the page
            if not said:
                yield name if len(signals) == 1 else f"{name} of {signal}", section
    yield "coverage", audit.coverage
    if signals:
        yield "forecast", audit.forecast[signals[0]]


def _next(console: Console, audit: Audit) -> None:
    if not audit.remedies:
        return
    console.print("\n[bold]Do next[/bold]")
    for remedy in audit.remedies:
        lead = "  $ " if remedy.command.startswith("freshbits ") else "  · "  # a setting is nothing to paste
        command(console, lead, remedy.command)
        item(console, f"{remedy.why}; expected: {remedy.expected}", "dim", indent=4, mark="")
