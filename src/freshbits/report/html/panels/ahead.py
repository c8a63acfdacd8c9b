"""What will happen? The rounds that exist, the fan of what is expected, and what paired rounds show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.charts import ahead as charts
from freshbits.report.html.drawing import figure
from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, notes, table, unjudged
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from freshbits.report.html.numbers import Numbers
    from freshbits.results import Forecast

MOST_DETAILED = 3
MOST_SIGNALS = 8
QUESTION = "What will happen?"


def ahead(found: dict[str, Forecast], numbers: Numbers) -> Panel:
    """Writes the panel of forecasts."""
    judged = {signal: section for signal, section in found.items() if section.status == "judged"}
    parts: list[Html | None] = []
    for signal, section in list(judged.items())[:MOST_DETAILED]:
        picture = charts.fan(section, signal)
        parts.append(figure(picture) if picture else None)
        parts.append(_told(signal, section, numbers))
    said = []
    for signal, section in list(found.items())[:MOST_SIGNALS]:
        if section.change is not None:
            moved = number(estimate_of(section.change.get("difference")), 3)
            between = f"{section.change.get('from')} to {section.change.get('to')}"
            verdict = section.change.get("verdict")
            said.append(f"{signal}, rounds {between}, on the same prompts: {verdict}; accuracy moves by {moved}")
    parts += [notes(said), _backtest(judged, numbers), unjudged(found)]
    parts.append(numbers.table(QUESTION, dict(list(found.items())[:MOST_SIGNALS])))
    if judged:
        signal, section = next(iter(judged.items()))
        return Panel("forecast", QUESTION, f"{signal}: {_answer(section)}", "judged", join(*parts))
    first = next(iter(found.values()), None)
    answer = f"Not judged: {first.reason}." if first is not None else "No signal."
    return Panel("forecast", QUESTION, answer, first.status if first is not None else "not_judged", join(*parts))


def _answer(section: Forecast) -> str:
    """Says where accuracy is expected to be, as far ahead as is shown."""
    known = [(row["round"], estimate_of(row.get("accuracy"))) for row in section.trajectory]
    last = [(at, found) for at, found in known if found is not None]
    said = [f"accuracy {share(last[-1][1])} at round {last[-1][0]}"] if last else []
    said += [f"by {section.form}"] if section.form else []
    said += [f"first to bind: {section.binding_risk}"] if section.binding_risk else []
    return "; ".join(said) + "."


def _told(signal: str, section: Forecast, numbers: Numbers) -> Html | None:
    fit = section.fit or {}
    rows = [
        (name, numbers.show(found))
        for name, found in (
            ("rounds to the target", section.rounds_to_target),
            ("ceiling", section.ceiling),
            ("half of the variety gone after rounds", section.diversity_half_life),
            ("prompts whose right answer survives", section.fixation),
            ("a shortcut leads from round", section.onset),
            ("TPR/FPR, fitted", estimate_of(fit.get("r"))),
            ("rows kept per prompt, fitted", estimate_of(fit.get("n_e"))),
            ("share of fresh rows, fitted", estimate_of(fit.get("fresh"))),
        )
        if found is not None
    ]
    return join(
        table(f"Forecast of {signal}", (signal, "90 % interval"), rows),
        notes([section.reason] if section.reason else []),
    )


def _backtest(judged: dict[str, Forecast], numbers: Numbers) -> Html | None:
    """Writes what the log's earlier rounds would have said about its later ones."""
    rows: list[tuple[Any, ...]] = []
    for signal, section in list(judged.items())[:MOST_DETAILED]:
        for row in section.backtest:
            for name in ("accuracy", "diversity"):
                expected, seen = estimate_of(row.get(name)), (row.get("seen") or {}).get(name)
                if expected is not None and seen is not None:
                    about = f"{signal}, {name} of round {row.get('round')}"
                    rows.append((about, str(row.get("form")), numbers.show(expected), f"{100 * seen:.1f} %"))
    made = table("Backtest", ("foreseen from earlier rounds", "form", "expected", "seen"), rows)
    return join(tag("h3", "What it would have foreseen"), made) if made else None
