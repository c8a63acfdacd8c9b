"""What a signal rewards that it should not, and rejects that is right: probed before a policy finds out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from freshbits.information.resampling import proportion
from freshbits.results import Estimate
from freshbits.signals.degenerate import PROBES, Case
from freshbits.signals.degenerate_code import CODE_PROBES
from freshbits.signals.degenerate_judges import JUDGE_PROBES
from freshbits.signals.gold import FORMS, Gold, check_gold
from freshbits.signals.normalised import normal
from freshbits.signals.numeric import parse_number
from freshbits.signals.stated import quoted
from freshbits.signals.stated import references as read_references
from freshbits.signals.traits import traits
from freshbits.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.degenerate import Expects, Probe
    from freshbits.signals.signal import Item, Signal, Verdict

TESTS = frozenset({"test", "tests", "test_list", "unit_tests"})
"""Columns that only a signal which runs programs asks for."""
MOST_PROMPTS = 200
MOST_JUDGED = 20  # where a model has to be asked about each completion
FEW_PROMPTS = 5
MOST_WRONG = 4


@dataclass(frozen=True, kw_only=True)
class Probed:
    """Holds what a signal did with one probe.

    Attributes:
        probe: its name. expects: should_reject, should_accept or reading. phrase: what the completions are.
        rewarded: share of prompts on which the completion was rewarded. mean: mean score. n: prompts scored.
        unscored: prompts on which the signal gave no verdict. finding: whether it did what a sound verifier does not.
        sentence: the same for a person. example: {prompt, completion, evidence} of the first fault, or None.
    """

    probe: str
    expects: Expects
    phrase: str
    rewarded: Estimate
    mean: float | None
    n: int
    unscored: int
    finding: bool
    sentence: str
    example: dict[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Hardening:
    """Holds what `harden` found.

    Attributes:
        signal: its name. origin: where its verdicts come from. prompts: prompts that probes were made from.
        form: the loosest form in which most golds are accepted: what should be rejected is stated in it.
        marked: the most explicit one: what should be accepted is stated in it.
        gold: the check of the golds. probes: one entry per probe, in the order of the report.
    """

    signal: str
    origin: str
    prompts: int
    form: str | None
    marked: str | None
    gold: Gold
    probes: tuple[Probed, ...]

    @property
    def findings(self) -> list[Probed]:
        """The probes that found a fault: what is rewarded and should not be first, then what is wrongly rejected."""
        return sorted((each for each in self.probes if each.finding), key=lambda one: one.expects == "should_accept")

    @property
    def has_rewarded_nothing(self) -> bool:
        """Whether no probe and no gold was rewarded: nothing then shows that the signal can accept an answer."""
        return self.gold.accepted == 0 and not any(each.rewarded.value for each in self.probes)

    def rows(self) -> list[dict[str, Any]]:
        """Returns one flat row per probe, for a table."""
        return [
            {
                "signal": self.signal,
                "probe": each.probe,
                "expects": each.expects,
                "rewarded": each.rewarded.value,
                "mean": each.mean,
                "low": each.rewarded.low,
                "high": each.rewarded.high,
                "n": each.n,
                "unscored": each.unscored,
                "finding": each.finding,
                "sentence": each.sentence,
            }
            for each in self.probes
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns the hardening as plain data."""
        found = asdict(self) | {"gold": self.gold.to_json()}
        return {"freshbits": __version__, "schema": 1, "hardening": _rounded(found)}

    def dumps(self) -> str:
        """Returns the hardening as JSON text; the same verdicts give the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


class Subject(NamedTuple):
    """Holds one prompt under probes: whether the signal can score it at all, and whether it accepts its gold."""

    case: Case
    is_able: bool
    is_right: bool


def harden(
    signal: Signal,
    items: Sequence[Item],
    references: Sequence[str | None] | None = None,
    *,
    prompts: int | None = None,
    accept: float = 1.0,
    reward: float = 0.5,
    tolerate: float = 0.0,
    runs_code: bool | None = None,
) -> Hardening:
    """Probes a signal with degenerate completions made from real prompts and golds.

    Args:
        signal: any signal; it is asked about some forty completions per prompt.
        items: rows of a log, or of prompts only; their completions are not looked at.
        references: a completion known to be right per row, where there is one (a canonical solution): the gold is
            checked by it.
        prompts: distinct prompts to use at most, spread evenly over the rows; None: 200, of a judge 20.
        accept: the least score that accepts what is right.
        reward: the least score that rewards what is wrong: a signal that gives shares of the reward should give less.
        tolerate: the share of faulty verdicts that is no finding yet (a prompt may hold its answer by chance).
        runs_code: whether to add programs that please tests; None asks whether the signal needs tests.

    A probe of `should_reject` is a finding where more than `tolerate` of its completions are rewarded, one of
    `should_accept` where more are rejected on prompts whose plain gold is accepted, and either where a completion
    leaves the signal without a verdict: a stall on input that a policy can write. Intervals are Wilson's at 95 %,
    prompts as the unit. The probes are examples, no proof: a signal without findings may have holes that nobody
    thought of.

    >>> from freshbits.signals.exact import Exact
    >>> from freshbits.signals.signal import Item
    >>> found = harden(Exact(), [Item("6*7?", "", "42"), Item("1+1?", "", "2")])
    >>> [each.probe for each in found.findings]
    ['gold, after thought', 'gold, in bold', 'gold, full stop', 'gold, in LaTeX', 'gold, with a unit', 'gold, decimals']
    """
    judges = traits(signal).judges
    places = _spread(items, prompts if prompts is not None else MOST_JUDGED if judges else MOST_PROMPTS)
    rows = [items[at] for at in places]
    gold = check_gold(signal, rows, None if references is None else [references[at] for at in places], accept=accept)
    cases = _cases(rows, *(FORMS.get(form or "", "{}") for form in (gold.form, gold.marked)))
    code = runs_code if runs_code is not None else bool(TESTS & {*signal.needs, *traits(signal).wants})
    probes = (*PROBES, *(CODE_PROBES if code else ()), *(JUDGE_PROBES if judges else ()))
    subjects = _subjects(signal, cases, accept)
    probed = [
        _probed(signal, probe, subjects, accept if probe.expects == "should_accept" else reward, tolerate)
        for probe in probes
    ]
    return Hardening(
        signal=signal.name,
        origin=signal.origin,
        prompts=len(rows),
        form=gold.form,
        marked=gold.marked,
        gold=gold,
        probes=tuple(one for one in probed if one is not None),
    )


def _spread(items: Sequence[Item], most: int) -> list[int]:
    """Returns the places of the first rows of at most so many prompts, evenly spread."""
    first: dict[str, int] = {}
    for at, item in enumerate(items):
        first.setdefault(item.prompt, at)
    distinct = list(first.values())
    step = max(len(distinct) / max(most, 1), 1.0)
    return [distinct[int(at * step)] for at in range(min(most, len(distinct)))]


def _cases(rows: Sequence[Item], form: str, marked: str) -> list[Case]:
    golds = read_references([item.answer for item in rows])
    counted = Counter(gold for gold in golds if gold is not None)
    common = counted.most_common(1)[0][0] if counted else None
    others = list(counted)
    cases = []
    for at, (item, gold) in enumerate(zip(rows, golds, strict=True)):
        start = at % max(len(others), 1)
        wrong = [one for one in others[start:] + others[:start] if gold is not None and not _same(one, gold)]
        cases.append(Case(item, gold, tuple(wrong[:MOST_WRONG]), form, marked, common))
    return cases


def _same(one: str, other: str) -> bool:
    left, right = parse_number(one), parse_number(other)
    return (left is not None and left == right) or normal(one) == normal(other)


def _verdicts(signal: Signal, probe: Probe, cases: Sequence[Case]) -> list[Verdict | None]:
    made = [probe.made(case) for case in cases]
    items = [
        replace(case.item, completion=text, group=f"{probe.name} {at}")
        for at, (case, text) in enumerate(zip(cases, made, strict=True))
        if text is not None
    ]
    found = iter(signal.score(items) if items else [])
    return [None if text is None else next(found) for text in made]


def _subjects(signal: Signal, cases: Sequence[Case], accept: float) -> list[Subject]:
    by_name = {probe.name: probe for probe in PROBES}
    golds, texts = (_verdicts(signal, by_name[name], cases) for name in ("gold", "constant text"))
    # Without a reference nothing can be scored, and that is no fault; a stall on one kind of text is.
    return [
        Subject(case, (seen := gold or text) is not None and seen.score is not None, _accepts(gold, accept))
        for case, gold, text in zip(cases, golds, texts, strict=True)
    ]


def _probed(signal: Signal, probe: Probe, subjects: Sequence[Subject], least: float, tolerate: float) -> Probed | None:
    chosen = list(subjects[:FEW_PROMPTS] if probe.few else subjects)
    if probe.expects == "should_accept" and probe.name != "gold":
        chosen = [subject for subject in chosen if subject.is_right]
    verdicts = _verdicts(signal, probe, [subject.case for subject in chosen])
    seen = [(s.case, one) for s, one in zip(chosen, verdicts, strict=True) if one is not None]
    if not seen:
        return None
    scored = [(case, one) for case, one in seen if one.score is not None]
    rewarded = [_accepts(one, least) for _, one in scored]
    n, hits = len(scored), sum(rewarded)
    wanted = {"should_reject": False, "should_accept": True}.get(probe.expects)
    faults = [pair for pair, got in zip(scored, rewarded, strict=True) if wanted is not None and got != wanted]
    stalls = [
        (s.case, one)
        for s, one in zip(chosen, verdicts, strict=True)
        if one is not None and one.score is None and s.is_able
    ]
    finding = wanted is not None and (len(faults) > tolerate * n or bool(stalls))
    example = next(iter(faults or stalls), None) if finding else None
    return Probed(
        probe=probe.name,
        expects=probe.expects,
        phrase=probe.phrase,
        rewarded=_share(hits, n),
        mean=sum(one.score or 0.0 for _, one in scored) / n if n else None,
        n=n,
        unscored=len(seen) - n,
        finding=finding,
        sentence=_sentence(probe, hits, n, len(seen) - n),
        example=None if example is None else _example(probe, *example),
    )


def _sentence(probe: Probe, hits: int, n: int, unscored: int) -> str:
    if n == 0:
        return f"gives no verdict on {probe.phrase}: {unscored} of {unscored}"
    if probe.expects == "should_accept":
        said = f"rejects {probe.phrase}: {n - hits} of {n}"
        share = (n - hits) / n
    else:
        said, share = f"rewards {probe.phrase}: {hits} of {n}", hits / n
    said += f" ({100 * share:.0f} %)" if 0 < share < 1 else ""
    return said + (f"; no verdict on {unscored}" if unscored else "")


def _example(probe: Probe, case: Case, verdict: Verdict) -> dict[str, str]:
    text = probe.made(case) or ""
    return {
        "prompt": quoted(case.item.prompt, 100),
        "completion": quoted(text, 100),
        "evidence": verdict.evidence,
    }


def _accepts(verdict: Verdict | None, least: float) -> bool:
    return verdict is not None and verdict.score is not None and verdict.score >= least - 1e-9


def _share(hits: int, n: int) -> Estimate:
    """Returns the share of prompts; bounds alone where no prompt was scored."""
    method = "exact binomial"
    found = proportion(hits, n, unit="share", method=method)
    return found or Estimate(None, 0.0, 1.0, 1.0, "share", method, 0, 0)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
