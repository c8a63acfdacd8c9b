"""The lines that `score` ends with: what was scored, what was not and why, and how to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report.layout import WIDTH, command, item, printed, safe

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.signals.scoring import Scored, Scores

MOST_REASONS = 5


def scored_page(result: Scored, width: int = WIDTH, *, colour: bool = False) -> str:
    """Returns what `freshbits score` prints."""

    def write(console: Console) -> None:
        for gold in result.golds:
            console.print(safe(gold.sentence))
        for scores in result.signals:
            console.print(_headline(scores))
            for line in _details(scores):
                item(console, line)
        if result.out is not None:
            command(console, "wrote ", str(result.out))
            command(console, "go on with: ", _next(result))

    return printed(write, width, colour=colour)


def _headline(scores: Scores) -> str:
    mean = "" if scores.mean is None else f", mean {scores.mean:.3g}"
    name = f"[bold]{safe(scores.name)}[/bold] ({scores.origin})"
    return f"{name}: {scores.scored:,} of {scores.rows:,} rollouts scored{mean}"


def _details(scores: Scores) -> list[str]:
    lines = [f"{count:,} unscored: {why}" for why, count in list(scores.unscored.items())[:MOST_REASONS]]
    more = list(scores.unscored.values())[MOST_REASONS:]
    if more:
        lines.append(f"{sum(more):,} unscored for {len(more):,} further reasons (see {scores.name}.evidence)")
    if scores.repeated:
        lines.append(f"equal to another one, so not scored again: {scores.repeated:,}")
    if scores.resumed:
        lines.append(f"verdicts taken over from an interrupted run: {scores.resumed:,}")
    if scores.usage.requests:
        lines.append(_used(scores))
    columns = [f"{name} {mean:.3g}" for name, mean in scores.columns.items() if mean is not None and "@" not in name]
    if columns:
        lines.append(f"means: {', '.join(columns)}")
    return lines


def _used(scores: Scores) -> str:
    """Says what was asked of servers: requests, tokens, and their cost where prices were given."""
    used = scores.usage
    cost = "" if scores.cost is None else f", cost {scores.cost:.4g}"
    unknown = f"; {used.unknown:,} of them without a count" if used.unknown else ""
    return (
        f"asked {used.requests:,} times: {used.prompt:,} tokens of prompts, {used.completion:,} of replies"
        f"{cost}{unknown}"
    )


def _next(result: Scored) -> str:
    unknown = [f" --origin {scores.name}=external" for scores in result.signals if scores.origin == "unknown"]
    return f"freshbits audit {result.out}" + "".join(unknown)
