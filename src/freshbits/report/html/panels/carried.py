"""How much? Contrast bits over time, base rates, groups that carry nothing, what each component adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.report import rubric
from freshbits.report.charts import carried as charts
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.terminal import carries

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Audit, Budget

MOST_SIGNALS = 8
QUESTION = "How much does it carry?"


def carried(audit: Audit, numbers: Numbers) -> Panel:
    """Writes the panel of the budget and its components."""
    parts: list[Html | None] = []
    pictures = [charts.contrast(audit), charts.dead_groups(audit), charts.base_rates(audit)]
    parts += [figure(picture) for picture in pictures if picture is not None]
    parts.append(_table(audit, numbers))
    warned, said = [], []
    for signal, budget in list(audit.budget.items())[:MOST_SIGNALS]:
        warned += [f"{signal}: {check}" for check in budget.checks]
        said += [f"{signal}: {budget.reason}"] if budget.status == "judged" and budget.reason else []
        dry = audit.components[signal].saturated_at
        asked = rubric.noise(signal, budget)
        said += [asked] if asked is not None else []
        said += [f"{signal} is dry (under .05 bit per rollout) from round {dry} on"] if dry is not None else []
    told = rubric.together(audit)
    said = said if told is None else [told, *said]
    parts += [notes(warned, "warning"), notes(said), _sizes(audit, numbers), unjudged(audit.budget)]
    some = list(audit.budget)[:MOST_SIGNALS]
    held = {signal: [audit.budget[signal], audit.components[signal]] for signal in some}
    parts.append(numbers.table(QUESTION, dict(held)))
    order = sorted(audit.budget.items(), key=lambda item: item[1].status != "judged")
    if not order:
        return Panel("budget", QUESTION, "No signal.", "not_judged", join())
    signal, first = order[0]
    answer = f"{signal}{' ' if first.status == 'judged' else ': '}{carries(first)}"
    return Panel("budget", QUESTION, answer, first.status, join(*parts))


def _table(audit: Audit, numbers: Numbers) -> Html | None:
    log = audit.log
    heads = (
        "signal", "contrast", "given the others", "surprise", "mean", "dead groups", "all wrong", "all right",
        "rollouts in them", "truncated at lowest", "unscored", "contradicts itself",
    )  # fmt: skip
    rows = []
    for signal, budget in audit.budget.items():
        cut = "–" if budget.truncated_zero is None else f"{budget.truncated_zero:,} of {log.truncated:,}"
        rows.append(
            (
                signal,
                numbers.show(budget.contrast_bits),
                numbers.show(audit.components[signal].given_others),
                numbers.show(budget.surprise_bits),
                numbers.show(budget.mean),
                numbers.show(budget.dead_groups),
                numbers.show(budget.all_wrong),
                numbers.show(budget.all_right),
                "–" if budget.dead_rollouts is None else f"{budget.dead_rollouts:,}",
                cut,
                f"{log.unscored.get(signal, 0):,}",
                numbers.show(budget.self_contradiction),
            )
        )
    return table("Bits per rollout and groups without contrast, by signal", heads, rows)


def _sizes(audit: Audit, numbers: Numbers) -> Html | None:
    """Writes the share of groups with contrast at other group sizes."""
    known = {signal: budget for signal, budget in audit.budget.items() if budget.informative_groups}
    sizes = list(dict.fromkeys(size for budget in known.values() for size in budget.informative_groups))
    rows = [(signal, *(_at(budget, size, numbers) for size in sizes)) for signal, budget in known.items()]
    heads = ("groups with contrast, at group size", *sizes)
    return table("Groups with contrast by group size", heads, rows)


def _at(budget: Budget, size: str, numbers: Numbers) -> Html | str:
    return numbers.show(budget.informative_groups.get(size))
