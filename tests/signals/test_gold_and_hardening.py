"""Golds checked first, and signals probed: what is found of verifiers whose faults are known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from freshbits.report.hardening import hardening_page
from freshbits.signals.choice import Choice
from freshbits.signals.degenerate import PROBES, Case, written
from freshbits.signals.degenerate_code import CODE_PROBES, entry_point
from freshbits.signals.exact import Exact
from freshbits.signals.gold import check_gold
from freshbits.signals.hardening import harden
from freshbits.signals.numeric import Numeric, parse_number
from freshbits.signals.signal import Item, Verdict


@dataclass(frozen=True)
class Substring:
    """Accepts whatever holds the reference: the verifier that hardening is for."""

    whole_groups: ClassVar[bool] = False
    needs: tuple[str, ...] = ("answer",)
    name: str = "substring"
    origin: str = "external"
    key: str = "substring"

    def score(self, items):
        return [Verdict(None if i.answer is None else float(i.answer in i.completion), "looked") for i in items]


@dataclass(frozen=True)
class Always(Substring):
    """Gives one score to everything."""

    value: float | None = 1.0
    name: str = "always"
    asked: list = field(default_factory=list, compare=False)

    def score(self, items):
        self.asked.extend(items)
        return [Verdict(self.value, "always")] * len(items)


ITEMS = [Item(f"{n} times 37?", "", str(37 * n)) for n in range(2, 42)]


def by_name(found):
    return {each.probe: each for each in found.probes}


def test_every_gold_is_checked_once_in_the_forms_of_a_completion():
    rows = [*ITEMS, ITEMS[0], Item("Why?", "", None)]
    assert check_gold(Numeric("boxed"), rows).forms == {"bare": 0, "sentence": 0, "box": 1, "hash": 0, "tag": 0}
    found = check_gold(Numeric("boxed"), rows)
    assert (found.prompts, found.accepted, found.missing, found.form) == (40, 40, 1, "box")
    assert found.rejected == found.unscored == ()


def test_a_rejected_gold_is_named_with_its_row_and_an_unscored_one_is_no_rejection():
    rows = [Item("a?", "", "A"), Item("b?", "", "(e)"), Item("c?", "", "Paris")]
    found = check_gold(Choice(letters="ABCD"), rows)
    assert (found.accepted, [f.row for f in found.rejected], [f.row for f in found.unscored]) == (1, [], [1, 2])
    wrong = check_gold(Always(value=0.0), rows)
    assert [(f.row, f.gold, f.evidence) for f in wrong.rejected][1] == (1, "(e)", "always")
    assert "rejects 3 of 3 gold answers: row 1" in wrong.sentence
    assert json.loads(wrong.dumps())["rejected"][0]["prompt"] == "a?"


def test_a_reference_completion_is_checked_as_it_stands():
    found = check_gold(Substring(), [Item("f?", "", "42")], ["def f(): return 42"])
    assert (found.accepted, found.forms) == (1, {"reference": 1.0})


def test_golds_are_groups_of_their_own():
    signal = Always()
    check_gold(signal, ITEMS)
    groups = {item.group for item in signal.asked}
    assert len(groups) == len(ITEMS)


def test_a_strict_verifier_has_no_finding_among_what_it_should_reject():
    found = harden(Numeric("hash"), ITEMS)
    assert found.form == "hash"
    assert found.findings == []
    assert {p.probe for p in found.probes if p.rewarded.value} >= {"gold", "gold, in bold", "gold, with a unit"}


def test_the_last_number_rewards_a_denial_and_hardening_says_so():
    found = by_name(harden(Numeric("last_number"), ITEMS))
    denial = found["refusal that names the gold"]
    assert denial.finding
    assert denial.sentence == "rewards a denial that names the gold: 40 of 40"
    assert (denial.rewarded.value, denial.rewarded.high, denial.n) == (1.0, 1.0, 40)
    assert denial.rewarded.low == pytest.approx(0.025 ** (1 / 40))  # the exact binomial lower end at p = 1
    assert not found["empty"].finding
    assert found["empty"].sentence == "rewards empty completions: 0 of 40"


def test_a_substring_verifier_is_caught_at_every_list_of_guesses():
    found = by_name(harden(Substring(), ITEMS))
    for probe in ("several at once", "several in one", "gold first, wrong last", "either or", "ten times"):
        assert found[probe].finding, probe
    assert found["off by one"].rewarded.value == 0
    assert found["gold, thousands"].finding  # rejects 1,369
    assert found["gold, thousands"].sentence.startswith("rejects the gold with thousands separators")


def test_a_signal_that_always_rewards_fails_every_probe_that_should_be_rejected():
    found = harden(Always(), ITEMS)
    assert {p.probe for p in found.probes if p.expects == "should_reject"} == {p.probe for p in found.findings}


def test_a_signal_that_never_rewards_is_said_to_be_untested():
    found = harden(Always(value=0.0), ITEMS)
    assert found.has_rewarded_nothing
    assert [p.probe for p in found.findings] == ["gold"]
    assert "nothing shows" in hardening_page(found)


def test_a_stall_on_one_kind_of_text_is_a_finding_and_lack_of_a_reference_is_none():
    class Stalls(Substring):
        def score(self, items):
            return [Verdict(None, "stalled") if len(i.completion) > 50_000 else v
                    for i, v in zip(items, super().score(items), strict=True)]  # fmt: skip

    stalled = by_name(harden(Stalls(), ITEMS))
    assert stalled["very long"].finding
    assert stalled["very long"].unscored == 40
    assert "no verdict" in stalled["very long"].sentence
    assert harden(Numeric(), [Item("Why?", "", None)]).findings == []
    assert harden(Numeric("hash"), [*ITEMS, Item("Why?", "", None)]).findings == []


def test_a_finding_may_be_tolerated_up_to_a_share():
    items = [*ITEMS, Item("What is 5?", "", "5")]
    echoed = {t: by_name(harden(Numeric("last_number"), items, tolerate=t))["prompt echoed"] for t in (0.0, 0.2)}
    assert echoed[0.0].finding
    assert not echoed[0.2].finding
    assert "(2 %)" in echoed[0.0].sentence


def test_probes_are_made_from_distinct_prompts_spread_over_the_rows():
    signal = Always()
    found = harden(signal, ITEMS * 2, prompts=10)
    assert found.prompts == 10
    assert {item.prompt for item in signal.asked} == {ITEMS[at].prompt for at in range(0, 40, 4)}


def test_code_probes_are_asked_of_what_runs_tests():
    row = Item("def add(a, b):", "", fields={"entry_point": "add", "test": "assert add(1, 2) == 3"})
    tests = Always(needs=("test",))
    assert {p.name for p in CODE_PROBES} <= {p.probe for p in harden(tests, [row]).probes}
    assert not {p.name for p in CODE_PROBES} & {p.probe for p in harden(Always(), [row]).probes}
    assert entry_point(Case(Item("Write it.\nassert mul(2, 3) == 6", ""), None)) == "mul"
    for probe in CODE_PROBES:
        text = probe.make(Case(row, None))
        assert text is not None
        compile(text.removeprefix("```python\n").removesuffix("\n```"), probe.name, "exec")


def test_references_are_checked_as_they_stand_when_a_signal_is_probed():
    rows = [Item("f?", "", "42", fields={"test": "?"}), Item("f?", "", "42"), Item("g?", "", "43")]
    found = harden(Substring(), rows, ["def f(): return 42", None, "def g(): return 1"])
    assert (found.gold.accepted, [fault.row for fault in found.gold.rejected]) == (1, [1])
    assert (found.prompts, found.form) == (2, "reference")


def test_every_probe_makes_what_it_says_of_a_number():
    case = Case(Item("?", ""), "1234", ("7", "8"), "#### {}", "#### {}", "7")
    made = {probe.name: probe.make(case) for probe in PROBES}
    assert made["off by one"] == "#### 1235"
    assert made["sign changed"] == "#### -1234"
    assert made["gold, thousands"] == "#### 1,234"
    assert made["several in one"] == "#### 7, 8, 1234"
    assert made["off by a thousandth"] == "#### 1235.234"
    assert [name for name, text in made.items() if text is None] == ["gold, other case"]
    assert {probe.make(Case(Item("?", ""), None)) for probe in PROBES if "gold" in probe.name} == {None}
    assert [parse_number(written(v)) == v for v in map(parse_number, ("0.001", "-5", "1/3", "1.5"))] == [True] * 4


def test_the_report_is_plain_data_and_a_page():
    found = harden(Exact(), ITEMS[:5])
    data = json.loads(found.dumps())["hardening"]
    assert [p["probe"] for p in data["probes"]] == [row["probe"] for row in found.rows()]
    assert set(data["probes"][0]["rewarded"]) == {
        "value", "low", "high", "level", "unit", "method", "prompts", "rollouts",
    }  # fmt: skip
    page = hardening_page(found)
    assert "Rejects what is right" in page
    assert "rejects the gold in bold: 5 of 5" in page
    assert found.dumps() == harden(Exact(), ITEMS[:5]).dumps()


def test_a_page_never_obeys_what_a_log_brings():
    bad = [Item("\x1b[2J?", "", "4\x1b[2J"), Item("[red]", "", "[bold]x")]
    assert "\x1b" not in hardening_page(harden(Substring(), bad))
