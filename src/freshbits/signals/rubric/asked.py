"""One asking of a judge about one completion: every criterion once, malformed replies asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.signals.rubric.asking import PREFERS, question
from freshbits.signals.rubric.replies import hear
from freshbits.signals.spending import NOTHING, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.rubric.criteria import Criterion
    from freshbits.signals.server import Server
    from freshbits.signals.signal import Item


@dataclass(frozen=True, slots=True)
class Asked:
    """Holds what one asking brought.

    Attributes:
        scores: of each criterion, 0 to 1; None where it has none.
        words: the verdicts as they were given.
        reason: the judge's own sentence.
        fault: why something is unscored.
        usage: of all requests.
        passing: whether the fault is the server's, and may pass.
    """

    scores: tuple[float | None, ...]
    words: tuple[str, ...] = ()
    reason: str = ""
    fault: str = ""
    usage: Usage = NOTHING
    passing: bool = False


@dataclass(frozen=True, slots=True)
class How:
    """Holds how a judge is asked.

    Attributes:
        criteria: what it judges.
        each: whether one criterion at a time.
        again: how often a malformed reply is asked for again.
        form: whether the reply's form is sent along as `response_format`.
        temperature: of the questions.
        seed: of the first question about a text; further ones count on from it.
        secret: of the run.
        longest: most characters of each text.
        reference: whether the reference answer is shown.
    """

    criteria: tuple[Criterion, ...]
    each: bool = False
    again: int = 2
    form: bool = True
    temperature: float = 0.0
    seed: int = 0
    secret: str = ""
    longest: int | None = None
    reference: bool = False


def ask(server: Server, how: How, item: Item, *, number: int = 0, swapped: bool | None = None) -> Asked:
    """Asks once about a completion.

    Args:
        server: where.
        how: the judge is asked.
        item: the completion, its prompt, and its opponent where it has one.
        number: of the asking, from 0 on: further ones have a seed of their own.
        swapped: whether the opponent is shown first; None where there is none. Verdicts are swapped back.
    """
    parts = [(each,) for each in how.criteria] if how.each else [how.criteria]
    found = [_ask(server, how, item, part, number, swapped) for part in parts]
    usage = NOTHING
    for one in found:
        usage += one.usage
    faults = [one for one in found if one.fault]
    return Asked(
        scores=tuple(score for one in found for score in one.scores),
        words=tuple(word for one in found for word in one.words),
        reason=" ".join(one.reason for one in found if one.reason),
        fault=faults[0].fault if faults else "",
        usage=usage,
        passing=any(one.passing for one in faults),
    )


def _ask(
    server: Server, how: How, item: Item, criteria: Sequence[Criterion], number: int, swapped: bool | None
) -> Asked:
    responses = [item.completion] if swapped is None else [item.completion, str(item.fields["opponent"])]
    shown = responses[::-1] if swapped else responses
    usage, wrong = NOTHING, ""
    for tried in range(how.again + 1):
        asked = question(
            how.secret, criteria, item.prompt, shown, reference=item.answer if how.reference else None,
            longest=how.longest, ask=f"{number} {swapped} {tried}", wrong=wrong,
        )  # fmt: skip
        seed = how.seed + number * (how.again + 1) + tried
        reply = server.ask(
            asked.system, asked.user, seed=seed, temperature=how.temperature, form=asked.form if how.form else None
        )
        usage += reply.usage
        if reply.text is None:
            none = (None,) * len(criteria)
            return Asked(none, ("–",) * len(criteria), fault=reply.fault, usage=usage, passing=True)
        heard = hear(reply.text, asked)
        if not heard.fault:
            scores = tuple(
                _scored(each, verdict, swapped) for each, verdict in zip(criteria, heard.verdicts, strict=True)
            )
            return Asked(scores, tuple(map(str, heard.verdicts)), heard.reason, usage=usage)
        wrong = heard.fault
    fault = f"no reply of {how.again + 1} could be read: {wrong}"
    return Asked((None,) * len(criteria), ("–",) * len(criteria), fault=fault, usage=usage)


def _scored(criterion: Criterion, verdict: str | int, swapped: bool | None) -> float:
    if swapped is None:
        return criterion.scored(verdict)
    first = PREFERS.index(str(verdict)) / 2
    return 1.0 - first if swapped else first
