"""Which prompts tell most: a table to sort and search, with a few rollouts quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.report.html.escape import Html, join, tag
from freshbits.report.html.parts import Panel, command, notes, table
from freshbits.report.words import many

if TYPE_CHECKING:
    from freshbits.results import Audit
    from freshbits.telling import Rollout, Telling

QUESTION = "Which prompts tell most?"
WHY = {"truth": "contradicts truth", "waste": "no contrast", "contrast": "rollouts differ"}
ASK = "freshbits audit LOG --html PAGE.html"


def prompts(audit: Audit) -> Panel:
    """Writes the panel of telling prompts; where they were not gathered it says how to have them."""
    if not audit.prompts:
        body = join(notes(["this report was written without the table of prompts; this adds it:"]), command(ASK))
        return Panel("prompts", QUESTION, "", "not_judged", body, listed=False)
    rows = [_row(each) for each in audit.prompts]
    heads = (
        "prompt", "signal", "why", "part", "scored", "accepted", "groups without contrast", "rollouts in them",
        "labelled", "right", "wrong, accepted", "right, rejected",
    )  # fmt: skip
    counted = sum(bool(each.rollouts) for each in audit.prompts)
    answer = (
        f"{many(len({each.key for each in audit.prompts}), 'prompt')} of {audit.log.prompts:,}: where verdicts "
        "contradict truth, where rollouts carry nothing, where they differ most."
    )
    said = ["Counts of this log, not estimates; accepted is the signal's highest value."]
    said += [f"A few rollouts are quoted for {many(counted, 'prompt')}: open them in the first column."] * bool(counted)
    body = join(notes(said), table(QUESTION, heads, rows, sort=True, keys=[_keys(each) for each in audit.prompts]))
    return Panel("prompts", QUESTION, answer, "judged", body, listed=False, marked=False)


def _row(each: Telling) -> tuple[Any, ...]:
    dead = "–" if each.dead_groups is None else f"{each.dead_groups:,} of {each.groups:,}"
    truth = (each.labelled, each.right) if each.labelled else (None, None)
    counts = (each.dead_rollouts, *truth, each.wrong_accepted, each.right_rejected)
    return (
        _prompt(each),
        each.signal,
        WHY.get(each.why, each.why),
        each.region or "–",
        f"{each.scored:,}",
        f"{each.accepted:,}",
        dead,
        *("–" if count is None else f"{count:,}" for count in counts),
    )


def _keys(each: Telling) -> tuple[Any, ...]:
    counts = (each.dead_rollouts, each.labelled, each.right, each.wrong_accepted, each.right_rejected)
    return (None, None, None, None, each.scored, each.accepted, each.dead_groups, *counts)


def _prompt(each: Telling) -> Html:
    text = tag("span", each.prompt.strip() if each.prompt is not None else f"prompt {each.key}", class_="quote")
    if not each.rollouts:
        return text
    count = many(len(each.rollouts), "rollout")
    return join(text, tag("details", tag("summary", f"Show {count}"), *(_rollout(one) for one in each.rollouts)))


def _rollout(one: Rollout) -> Html:
    said = [f"score {one.score:g}" if one.score is not None else "unscored"]
    if one.truth is not None:
        said.append("right" if one.truth == 1 else "wrong" if one.truth == 0 else f"truth {one.truth:g}")
    said += [f"by {one.source}"] if one.source else []
    said += [f"round {one.round}"] if one.round is not None else []
    said += ["cut here"] if one.cut else []
    return tag("div", tag("p", " · ".join(said), class_="note"), tag("pre", one.completion), class_="rollout")
