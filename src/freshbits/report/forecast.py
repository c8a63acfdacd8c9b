"""The page of a forecast: the verdict first, the numbers, a small chart in plain characters, what to change first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.layout import plain
from freshbits.report.words import estimate_of, number, share

if TYPE_CHECKING:
    from freshbits.results import Estimate, Forecast, Projection

HEIGHT, WIDTH = 9, 60
LABEL = 18


def projection_page(projection: Projection) -> str:
    """Writes the projection of a declared loop as a page of text."""
    if projection.status != "judged":
        return f"not judged: {projection.reason} ({projection.code}).\nThis would let it: {projection.needs}\n"
    lines = [projection_verdict(projection), ""]
    lines += [_line(name, value) for name, value in _told(projection)]
    lines += ["", *chart(projection.trajectory, "accuracy")]
    if projection.advice:
        lines += ["", "Change first", *(f"  · {sentence}" for sentence in projection.advice)]
    lines += ["", "Assumes a full refit every round and prompts that share nothing; a network moves more slowly."]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def forecast_page(found: dict[str, Forecast]) -> str:
    """Writes the forecasts of a log's signals as a page of text."""
    parts = []
    for signal, section in found.items():
        lines = [f"{signal}: {_of_log(section)}"]
        if section.change is not None:
            between = f"rounds {section.change['from']} to {section.change['to']}"
            moved = _signed(estimate_of(section.change["difference"]))
            lines.append(_line(between, f"{section.change['verdict']}; accuracy {moved}"))
        if section.fit:
            for name, title in (("r", "TPR/FPR fitted"), ("n_e", "rows kept fitted"), ("fresh", "fresh share fitted")):
                lines.append(_line(title, f"{number(estimate_of(section.fit[name]))} (90 %)"))
        if section.status == "judged":
            for name in ("accuracy", "diversity"):
                drawn = chart(section.trajectory, name)
                lines += ["", *drawn] if drawn else []
        elif section.needs:
            lines.append(_line("this would let it", section.needs))
        parts.append("\n".join(plain(line).rstrip() for line in lines))
    return "\n\n".join(parts) + "\n"


def chart(rows: list[dict[str, Any]], name: str) -> list[str]:
    """Draws one quantity over rounds with its interval: `●` the value, `│` between low and high.

    >>> from freshbits.results import Estimate
    >>> rows = [{"round": t, "a": Estimate(t / 4, t / 4, t / 4, 0.9, "", "", 1, 1)} for t in range(5)]
    >>> print("\\n".join(chart(rows, "a")[:2]))
      a
      1.00 ┤                ●
    """
    known = [(row["round"], found) for row in rows if (found := estimate_of(row.get(name))) is not None]
    known = [(at, found) for at, found in known if found.value is not None]
    if len(known) < 2:
        return []
    ends = [end for _, found in known for end in (found.value, found.low, found.high) if end is not None]
    top, bottom = max(ends), min(ends)
    if top - bottom < 0.05:
        top, bottom = min(top + 0.05, 1.0), max(bottom - 0.05, 0.0)
    wide = max(1, min(4, WIDTH // len(known)))
    field = [[" "] * (wide * len(known)) for _ in range(HEIGHT)]

    def row_of(value: float) -> int:
        return round((top - value) / (top - bottom) * (HEIGHT - 1))

    for place, (_, found) in enumerate(known):
        column = place * wide
        if found.low is not None and found.high is not None:
            for row in range(row_of(found.high), row_of(found.low) + 1):
                field[row][column] = "│"
        assert found.value is not None
        field[row_of(found.value)][column] = "●"
    lines = [f"  {name}"]
    for row in range(HEIGHT):
        value = top - (top - bottom) * row / (HEIGHT - 1)
        lines.append(f"  {value:.2f} ┤{''.join(field[row])}".rstrip())
    first, last = str(known[0][0]), str(known[-1][0])
    gap = wide * (len(known) - 1) - len(first)
    lines.append(f"  round {first}{' ' * max(gap, 1)}{last}")
    return lines


def projection_verdict(projection: Projection) -> str:
    """Says in a sentence whether and when the target is reached, and what binds first."""
    target, needed = projection.situation.get("target"), projection.rounds_to_target
    if target is not None and needed is not None:
        if needed.value is None:
            said = f"{target:.0%} is not reached: accuracy ends at {share(projection.ceiling)}"
        else:
            high = "never" if needed.high is None else f"{needed.high:.1f}"
            said = f"{target:.0%} is reached after {needed.value:.1f} rounds [{needed.low or 0:.1f}, {high}]"
    else:
        said = f"accuracy ends at {share(projection.ceiling)}"
    return f"{said}; first to bind: {projection.binding_risk}."


def _told(projection: Projection) -> list[tuple[str, str]]:
    numbers = projection.numbers
    ratio = "∞" if numbers["lr"] is None else f"{numbers['lr']:.2f}"
    told = [
        ("filter", f"TPR/FPR {ratio}, J {numbers['j']:.2f}, {numbers['ppv']:.0%} of the first kept rows are right"),
        ("ceiling", share(projection.ceiling)),
        ("right answer kept", f"{share(projection.fixation)} of prompts in the end"),
    ]
    if numbers["control_number"] is not None:
        told.append(("2 n p0 ln(TPR/FPR)", f"{numbers['control_number']:.2f} (1: drift decides; 3: 5 % of loops lose)"))
    half = projection.diversity_half_life
    if half is not None:
        after = f"gone after {half.value:.1f} rounds" if half.value is not None else "never gone"
        told.append(("half the variety", f"inside the accepted class: {after}"))
    return told


def _of_log(section: Forecast) -> str:
    if section.status != "judged":
        return f"not judged: {section.reason} ({section.code})."
    last = section.trajectory[-1]
    said = [
        f"{name} {number(found)} at round {row['round']}"
        for name in ("accuracy", "diversity")
        for row in [next((r for r in reversed(section.trajectory) if r.get(name) is not None), last)]
        if (found := estimate_of(row.get(name))) is not None
    ]
    risk = f"; first to bind: {section.binding_risk}" if section.binding_risk else ""
    note = f" ({section.reason})" if section.reason else ""
    return f"{', '.join(said)}, by {section.form}{risk}{note}."


def _signed(found: Estimate | None) -> str:
    if found is None or found.value is None:
        return "unknown"
    return f"{found.value:+.3f} [{found.low or 0:+.3f}, {found.high or 0:+.3f}]"


def _line(name: str, text: str) -> str:
    return f"  {name:<{LABEL}}  {text}"
