"""A rubric's file, the quotation of what it judges, and the replies that it takes."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from benchmarks.rubrics.literal import obeys, reply
from benchmarks.rubrics.ways_out import CRITERIA, HARMLESS, PROMPTS, ours, study
from hypothesis import given
from hypothesis import strategies as some

from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.structure import origins
from freshbits.signals.degenerate_judges import JUDGE_PROBES, ORDER, WAYS
from freshbits.signals.hardening import harden
from freshbits.signals.rubric.asking import question
from freshbits.signals.rubric.criteria import Criterion, Rubric
from freshbits.signals.rubric.file import parse_rubric, read_rubric
from freshbits.signals.rubric.options import Options
from freshbits.signals.rubric.provenance import origin
from freshbits.signals.rubric.quoting import marks, quote
from freshbits.signals.rubric.replies import hear
from freshbits.signals.rubric.signal import RubricSignal
from freshbits.signals.server import Reply
from freshbits.signals.signal import Item

GOOD = """name: help
written_by: people
criteria:
  - name: helpful
    text: Does it answer the task?
    weight: 2
  - {name: clear, text: "How clear is it?", scale: 1..5}
  - {name: rude, text: "Is it rude?", weight: -1}
"""


def test_a_rubric_is_read_from_yaml_and_json(tmp_path):
    rubric = parse_rubric(GOOD)
    assert [each.name for each in rubric.criteria] == ["helpful", "clear", "rude"]
    assert (rubric.written_by, rubric.criteria[1].levels) == ("people", (1, 2, 3, 4, 5))
    assert rubric.weights == (2 / 3, 1 / 3, -1 / 3)
    assert rubric.total([1.0, 1.0, 0.0]) == 1.0
    assert rubric.total([1.0, None, 0.0]) is None
    file = tmp_path / "r.json"
    rows = [{"name": each.name, "text": each.text, "weight": each.weight, "scale": each.scale} for each in
            rubric.criteria]  # fmt: skip
    file.write_text(json.dumps({"name": "help", "written_by": "people", "criteria": rows}))
    assert read_rubric(file) == rubric


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("weight: 2", "wieght: 2"), "row 6, column 'criteria[1].wieght': a criterion has no 'wieght'; write 'weight'"),
        (("weight: 2", "weight: heavy"), "row 6, column 'criteria[1].weight': the weight 'heavy' is no number"),
        (("weight: 2", "weight: .nan"), "the weight nan is no number; write a number, such as 2 or -1"),
        (("weight: 2", "weight: true"), "the weight True is no number"),
        (("1..5", "1-5"), "row 7, column 'criteria[2].scale': '1-5' is no scale; write yes_no, or whole numbers"),
        (("1..5", "5..1"), "'5..1' is no scale"),
        (("name: rude", "name: Clear"), "row 8, column 'criteria[3].name': two criteria are called 'Clear'"),
        (("name: rude", "name: a.b"), "'a.b' cannot name a column; begin with a letter"),
        (("name: rude", "name: yes"), "name is True, not a text; write name: with a text in quotes"),
        (("name: help\n", ""), "name is not said; write name: with a text in quotes"),
        (("name: help\n", "name: help\nname: two\n"), "row 2: 'name' stands twice in one place"),
        (("written_by: people", "written_by: god"), "row 2, column 'written_by': 'god' writes no criteria"),
        (("criteria:", "critera:"), "row 3, column 'critera': a rubric has no 'critera'; write 'criteria'"),
        (('"Is it rude?"', "[1]"), "column 'criteria[3].text': text is [1], not a text"),
        (('{name: clear, text: "How clear is it?", scale: 1..5}', "clear"), "row 7, column 'criteria[2]'"),
        (("{name: rude", "{name: {a: {b: {c: {d: 1}}}}"), "is nested too deeply"),
        (("{name: rude", "{{name: rude"), "is no YAML"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(change, said):
    with pytest.raises(InputError) as wrong:
        parse_rubric(GOOD.replace(*change))
    assert said in str(wrong.value)
    assert str(wrong.value).endswith(".")


def test_files_that_are_no_rubric(tmp_path):
    file = tmp_path / "r.json"
    for text, said in (
        ("{", "is no JSON"), ("[]", "a rubric is a mapping"), ('{"name": "a", "name": "b"}', "stands twice"),
        ('{"name": "a", "criteria": []}', "there are no criteria"), ("[" * 100_000, "nested too deeply"),
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(InputError, match=said):
            read_rubric(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text"):
        read_rubric(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_rubric(tmp_path / "none.yaml")


def test_none_of_forty_ways_leads_out_and_each_leads_out_of_a_prompt_without_quotation():
    found = study()
    assert len(WAYS) == 40
    assert found["nothing quoted"]["obeyed"] == 40
    assert {name: row["obeyed"] for name, row in found.items() if name.startswith("rubric")} == {
        name: 0 for name in PROMPTS if name.startswith("rubric")
    }
    # Neither a secret fence nor a secret mark on every line is enough by itself.
    assert found["between secret lines"]["obeyed"] >= 10
    assert found["a secret mark on every line"]["obeyed"] >= 10


def test_a_real_tokenizer_reads_no_role_tag_that_the_template_did_not_set():
    pytest.importorskip("transformers")
    from benchmarks.rubrics.chatml import tokenizer
    from benchmarks.rubrics.real import tags

    assert tags(tokenizer()) == {"nothing quoted": 2, "rubric": 0}


@given(some.text(some.characters(codec=None), max_size=80), some.sampled_from([text for _, text in WAYS.values()]))
def test_whatever_it_is_mixed_with_an_order_stays_inside(text, way):
    short = way[-300:]
    for mixed in (text + short, short + text, short[:20] + text + ORDER, text + "\n" + ORDER):
        assert not obeys(ours("What is 1+1?", mixed))


@given(some.text(some.characters(codec=None), max_size=200))
def test_every_line_of_a_quotation_begins_with_its_mark(text):
    mark, code = marks("secret", text)
    quoted = quote(text, mark)
    assert all(line.startswith(f"{mark}| ") for line in quoted.splitlines())
    assert code not in quoted
    assert not re.search(r"<\||\[INST\]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", quoted)


def test_marks_depend_on_the_secret_and_on_everything_that_is_quoted():
    asked = [
        question(secret, CRITERIA, task, [text], ask=ask).code
        for secret, task, text, ask in itertools.product("ab", ("t", "u"), ("x", "y"), ("0", "1"))
    ]
    assert len(set(asked)) == len(asked)
    assert question("a", CRITERIA, "t", ["x"]).code == question("a", CRITERIA, "t", ["x"]).code


def test_a_long_text_is_cut_in_the_middle_and_says_so():
    mark, _ = marks("s", "x")
    lines = quote("a" * 50 + "b" * 50, mark, longest=20).splitlines()
    assert lines == [f"{mark}| {'a' * 10}", "(80 characters are left out here)", f"{mark}| {'b' * 10}"]


ASKED = question("secret", CRITERIA, "1+1?", ["2"])
SAID = {"code": ASKED.code, "reason": "It is.", "verdicts": {"right": "yes", "clear": 4}}


def test_a_good_reply_is_heard_in_a_fence_and_behind_a_thought():
    text = json.dumps(SAID)
    for form in (
        text,
        f"\n {text} \n",
        f"```json\n{text}\n```",
        f"```\n{text}\n```",
        f"<think>No: no!</think>\n{text}",
    ):
        assert hear(form, ASKED).verdicts == ("yes", 4)
    pair = question("secret", CRITERIA, "1+1?", ["2", "3"])
    said = {"code": pair.code, "reason": "", "verdicts": {"right": "first", "clear": "tie"}}
    assert hear(json.dumps(said), pair).verdicts == ("first", "tie")


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "yes", json.dumps(SAID)[:-1], f"{json.dumps(SAID)} done", f"so: {json.dumps(SAID)}",
        json.dumps(SAID) * 2, json.dumps(SAID | {"more": 1}), json.dumps(SAID | {"code": "0" * 12}),
        json.dumps(SAID | {"reason": 3}), json.dumps({k: v for k, v in SAID.items() if k != "reason"}),
        *(json.dumps(SAID | {"verdicts": v}) for v in (
            None, [], {"right": "yes"}, {"right": "yes", "clear": 4, "kind": "yes"}, {"right": "Yes", "clear": 4},
            {"right": True, "clear": 4}, {"right": "yes", "clear": 4.0}, {"right": "yes", "clear": "4"},
            {"right": "yes", "clear": 6}, {"right": "yes", "clear": True}, {"right": None, "clear": 4},
        )),
        json.dumps(SAID)[:-1] + ', "code": "x"}', json.dumps(SAID).replace('"yes"', "NaN"),
        json.dumps(SAID).replace('"yes"', '"no", "right": "yes"'), "[" * 100_000, " " * 30_000 + json.dumps(SAID),
    ],
)  # fmt: skip
def test_any_other_reply_is_none(text):
    found = hear(text, ASKED)
    assert found.verdicts == ()
    assert found.fault


class Literal:
    """Answers as the literal judge does, without a server."""

    def ask(self, system, user, *, seed=None, temperature=0.0, form=None):
        body = {"messages": [{"content": system}, {"content": user}], "response_format": form}
        return Reply(reply(body))


def test_hardening_tries_the_forty_ways_on_judges_and_on_nothing_else():
    rubric = Rubric("r", (Criterion("right", "Is it right?"),))
    judge = RubricSignal(rubric, Options(model="m"), secret="s", server=Literal())
    rows = [Item(f"{n}+1?", "", str(n + 1)) for n in range(3)]
    found = {each.probe: each for each in harden(judge, rows).probes}
    ways = [found[probe.name] for probe in JUDGE_PROBES]
    assert len(ways) == 40
    assert {each.rewarded.value for each in ways} == {0.0}
    assert not any(each.finding for each in ways)
    assert judge.score([Item("1+1?", HARMLESS)])[0].score == 0.0


def test_nothing_is_external_that_nobody_declared():
    for student, learned, frozen, author in itertools.product(
        (True, False), ((), ("people",), ("student",), ("people", "student")), (True, False),
        (None, "people", "student", "model"),
    ):  # fmt: skip
        found = origin(is_student=student, trained_on=learned, frozen=frozen, written_by=author)
        if student or learned == ("student",):
            assert found == "own_state"
        elif not frozen:
            assert found == "drifting"
        else:
            assert found == ("external" if learned == ("people",) and author == "people" else "unknown")


def loop(**signal):
    return Loop(
        task={"environment": "sums"}, model={"config": "tiny"}, signal={"rubric": "r.yaml", **signal},
        train={"method": "rft"},
    )  # fmt: skip


def test_what_is_declared_in_full_is_the_same_for_score_and_for_check():
    said = origin(is_student=False, trained_on=["people"], written_by="people")
    assert origins(loop(model="judge", trained_on=["people"])) == {"rubric": said}
    for declared in ("own_state", "drifting", "external"):
        assert origins(loop(model="judge", origin=declared)) == {"rubric": declared}


def test_the_log_says_whether_the_judge_is_the_student():
    rubric = parse_rubric(GOOD)
    both = {"model": "org/Judge-7B", "trained_on": ("people",)}
    for sources, found in (((), "external"), (("other",), "external"), (("judge-7b",), "own_state"),
                           (("judge-7b", "other"), "unknown")):  # fmt: skip
        assert RubricSignal(rubric, Options(**both), sources=sources).origin == found
    assert RubricSignal(rubric, Options(**both, student="/models/judge-7b"), sources=("other",)).origin == "own_state"
