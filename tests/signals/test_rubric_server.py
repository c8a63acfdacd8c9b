"""A rubric behind a server that misbehaves: nothing lost, nothing scored twice, what stays unread is unscored."""

from __future__ import annotations

import threading
import time

import polars as pl
import pytest
from benchmarks.rubrics.bad_server import FAULTS, MALFORMED, BadServer, serving

from freshbits.errors import InputError
from freshbits.signals import server as serving_module
from freshbits.signals.journal import journal_of
from freshbits.signals.named import make
from freshbits.signals.pace import Pace
from freshbits.signals.rubric.file import parse_rubric
from freshbits.signals.rubric.options import Options
from freshbits.signals.rubric.signal import RubricSignal
from freshbits.signals.scoring import score
from freshbits.signals.signal import Item

pytest.importorskip("openai")

RUBRIC = parse_rubric(
    "name: help\nwritten_by: people\ncriteria:\n"
    "- {name: helpful, text: 'Does it answer the task?', weight: 2}\n"
    "- {name: clear, text: 'How clear is it?', scale: 1..5}\n"
    "- {name: rude, text: 'Is it rude?', weight: -1}\n"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(serving_module, "FIRST_PAUSE", 0.005)


@pytest.fixture
def bad():
    server = BadServer(0.0)
    with serving(server):
        yield server


@pytest.fixture
def judge(bad):
    made = []

    def build(**options):
        settings = {"model": "judge", "url": bad.url, "seconds": 0.2, "secret": "s", **options}
        made.append(RubricSignal.of(RUBRIC, Options(**settings)))
        return made[-1]

    yield build
    for signal in made:
        for client in signal.server._held:
            client.close()


def log(rows: int) -> pl.DataFrame:
    texts = [f"completion {row}" for row in range(rows)]
    return pl.DataFrame({"prompt": [f"prompt {row // 4}" for row in range(rows)], "completion": texts})


def test_every_fault_is_mended_by_asking_again(bad, judge):
    found = judge(tries=8).score([Item("a task", f"an answer [{fault}]") for fault in FAULTS])
    assert dict(bad.seen.faults) == dict.fromkeys(FAULTS, 1)
    assert [fault for fault, each in zip(FAULTS, found, strict=True) if each.score is None] == []
    assert set(bad.seen.good.values()) == {1}
    assert bad.seen.requests == 2 * len(FAULTS)


def test_what_is_never_read_is_unscored_and_counted(bad, judge):
    found = score(pl.DataFrame({"prompt": ["p"] * 3, "completion": ["never well", "dead", "fine"]}), judge(tries=2))
    frame = found.frame()
    assert frame["rubric"].is_null().to_list() == [True, True, False]
    assert frame["rubric.helpful"].is_null().to_list() == [True, True, False]
    (said,) = found.signals
    assert said.scored == 1
    assert sum(said.unscored.values()) == 2
    assert "the server answered #" in said.unscored
    assert any(why.startswith("no reply of # could be read") for why in said.unscored)
    assert sum(bad.seen.faults[how] for how in MALFORMED) == 3  # once and twice again, no more


def test_all_at_once_nothing_is_lost_and_nothing_scored_twice(bad, judge, tmp_path):
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    score(log(60), judge(), out=whole)
    bad.bad, bad.seen.good = 1.0, bad.seen.good.__class__()
    bad.seen.tries.clear()
    (said,) = score(log(60), judge(tries=8), out=out, workers=8).signals
    assert said.scored == 60
    assert out.read_bytes() == whole.read_bytes()
    assert set(bad.seen.good.values()) == {1}
    assert sum(bad.seen.faults.values()) > 30
    assert said.usage.requests == 60 + sum(bad.seen.faults.values())
    broken = ("late", "reset", "closed", "truncated body", "no JSON", "no choices")
    assert said.usage.unknown == sum(bad.seen.faults[how] for how in broken)


def test_a_server_that_takes_no_form_is_asked_without_one(bad, judge):
    bad.forms = False
    found = judge().score([Item("a task", f"answer {n}") for n in range(20)])
    assert all(each.score is not None for each in found)
    assert bad.seen.forms <= 8  # those on their way before the first answer; none after
    again = bad.seen.forms
    judge_again = judge(form="plain")
    assert judge_again.score([Item("a task", "answer")])[0].score is not None
    assert bad.seen.forms == again


def test_a_question_that_is_refused_for_itself_leaves_the_others(bad, judge, monkeypatch):
    def refuse(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        if b"too long" in raw:
            self._answer(400, {"error": {"message": "context length exceeded"}})
        else:
            self.rfile = __import__("io").BytesIO(raw)
            answer(self)

    answer = bad.RequestHandlerClass.do_POST
    monkeypatch.setattr(bad.RequestHandlerClass, "do_POST", refuse)
    signal = judge()
    texts = ["fine", "too long", "good", "too long 2", "too long 3", "too long 4", "well"]
    found = [signal.score([Item("a task", text)])[0] for text in texts]
    assert [each.score is None for each in found] == ["too long" in text for text in texts]
    assert "context length exceeded" in found[1].evidence
    with pytest.raises(InputError, match="refuses the request"):
        [judge_ for judge_ in [judge()] for n in range(3) if judge_.score([Item("a task", f"too long {n}")])]


def test_a_server_that_starts_late_is_waited_for(judge):
    held = BadServer()
    port = held.server_port
    held.server_close()
    found = []
    signal = judge(url=f"http://127.0.0.1:{port}/v1", tries=12)
    asking = threading.Thread(target=lambda: found.extend(signal.score([Item("a task", "an answer")])))
    asking.start()
    time.sleep(0.05)
    assert not found
    with serving(BadServer(0.0, port=port)):
        asking.join()
    assert found[0].score is not None


def test_the_budget_is_never_passed_and_the_run_goes_on_where_it_stopped(bad, judge, tmp_path):
    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    (full,) = score(log(40), judge(price_in=1.0, price_out=4.0), out=whole).signals
    cost = full.cost
    assert cost == pytest.approx((full.usage.prompt + 4 * full.usage.completion) / 1e6)
    bad.seen.good.clear()
    limited = {"price_in": 1.0, "price_out": 4.0, "tokens": 64}
    (full,) = score(log(40), judge(**limited), out=whole).signals
    bad.seen.good.clear()
    with pytest.raises(InputError, match=r"the budget of .* is used up") as stopped:
        score(log(40), judge(**limited, budget=cost / 2), out=out, workers=4)
    assert "raise budget= and run the same command" in str(stopped.value)
    assert not out.exists()
    paid = sum(bad.seen.good.values())
    kept = journal_of(out).read_text().count('"scores"')
    assert 0 < paid < 40
    assert kept == paid  # what was answered is on disk
    spent = full.cost * paid / 40
    assert spent <= cost / 2
    (said,) = score(log(40), judge(**limited, budget=cost * 10), out=out, workers=4).signals
    assert out.read_bytes() == whole.read_bytes()
    assert set(bad.seen.good.values()) == {1}
    assert said.resumed == paid
    assert said.usage == full.usage


def test_an_earlier_run_s_cost_counts_against_the_budget(judge, tmp_path):
    out = tmp_path / "out.jsonl"
    limited = {"price_in": 1.0, "price_out": 4.0, "tokens": 64, "budget": 0.004}
    with pytest.raises(InputError, match="used up"):
        score(log(60), judge(**limited), out=out, workers=2)
    before = journal_of(out).read_bytes()
    with pytest.raises(InputError, match="used up"):
        score(log(60), judge(**limited), out=out, workers=2)
    assert journal_of(out).read_bytes() == before


def test_faults_of_the_server_are_asked_again_by_a_run_that_goes_on(bad, judge, tmp_path, monkeypatch):
    monkeypatch.setattr(serving_module, "FAILED_IN_A_ROW", 5)
    texts = [f"fine {n}" for n in range(6)] + [f"dead {n}" for n in range(8)]
    table = pl.DataFrame({"prompt": ["p"] * 14, "completion": texts})
    out = tmp_path / "out.jsonl"
    with pytest.raises(InputError, match="has left 5 questions in a row"):
        score(table, judge(tries=1), out=out, workers=1)
    monkeypatch.setattr(BadServer, "fault", lambda *_: None)
    (said,) = score(table, judge(tries=1), out=out, workers=1).signals
    assert (said.scored, said.resumed, said.asked) == (14, 6, 8)


def test_several_askings_stand_beside_their_mean(bad, judge):
    signal = judge(repeats=3, temperature=1.0)
    frame = score(log(20), signal).frame()
    for name in ("rubric", "rubric.helpful", "rubric.clear"):
        several = frame.select(f"{name}@1", f"{name}@2", f"{name}@3")
        mean = several.mean_horizontal()
        assert (frame[name] - mean).abs().max() < 1e-8
        assert several.n_unique() > 1
    assert bad.seen.requests == 60
    weights = dict(signal.weights)
    total = sum(weight * frame[f"rubric{ending}"] for ending, weight in weights.items())
    assert (total - frame["rubric"]).abs().max() < 1e-8


def test_one_criterion_is_the_total_and_has_no_column_of_its_own(bad):
    rubric = parse_rubric("name: one\ncriteria: [{name: helpful, text: 'Does it help?', weight: 3}]")
    options = Options(model="judge", url=bad.url, repeats=2)
    signal = RubricSignal.of(rubric, options)
    frame = score(log(4), signal).frame()
    assert signal.columns == ("@1", "@2")
    assert [name for name in frame.columns if name.startswith("rubric")] == [
        "rubric", "rubric.evidence", "rubric.origin", "rubric@1", "rubric@2",
    ]  # fmt: skip
    assert (frame["rubric"] - frame.select("rubric@1", "rubric@2").mean_horizontal()).abs().max() < 1e-8
    for client in signal.server._held:
        client.close()


def test_one_call_per_criterion(bad, judge):
    texts = pl.DataFrame({"prompt": ["p"] * 2, "completion": ["fine", "also fine"]})
    frame = score(texts, judge(calls="each")).frame()
    assert bad.seen.requests == 6
    assert frame.select("rubric", "rubric.helpful", "rubric.clear", "rubric.rude").null_count().row(0) == (0, 0, 0, 0)


def test_both_orders_of_a_pair_are_asked_and_swapped_back(judge, bad, monkeypatch):
    def first_is_better(self):
        return dict.fromkeys(self.levels, "first")

    monkeypatch.setattr("benchmarks.rubrics.bad_server.Question.verdicts", first_is_better)
    table = pl.DataFrame({"prompt": ["p"], "completion": ["one"], "opponent": ["other"], "score": [1.0]})
    frame = score(table, judge()).frame()
    # A judge that always prefers what comes first contradicts itself: 1 and 0, on the average a tie.
    assert frame.select("rubric.helpful@1", "rubric.helpful@2", "rubric.helpful").row(0) == (1.0, 0.0, 0.5)
    assert bad.seen.requests == 2


def test_no_minute_holds_more_than_allowed():
    now = [0.0]
    pace = Pace(5, 1000, clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    asked = []
    for number in range(40):
        if number == 20:
            pace.hold(7.0)
            held = now[0]
        tokens = (50, 300, 1200, 700)[number % 4]
        place = pace.enter(tokens)
        asked.append((now[0], tokens if number % 3 else tokens // 2))
        pace.leave(place, asked[-1][1])
    assert asked[20][0] >= held + 7.0
    for begun, _ in asked:
        minute = [tokens for when, tokens in asked if begun <= when < begun + 60.0]
        assert len(minute) <= 5
        assert sum(minute) <= 1000 or len(minute) == 1  # one that is larger by itself goes alone
    assert Pace().enter(10**9) is not None


def test_the_key_names_what_verdicts_depend_on_and_nothing_else():
    base = {"model": "m", "url": "http://u"}
    key = RubricSignal.of(RUBRIC, Options(**base)).key
    for more in ({"budget": 1.0, "price_in": 1.0}, {"rpm": 5.0}, {"seconds": 3.0}, {"tries": 2}, {"secret": "x"},
                 {"trained_on": ("people",)}, {"student": "s"}):  # fmt: skip
        assert RubricSignal.of(RUBRIC, Options(**base, **more)).key == key
    for more in ({"repeats": 2}, {"temperature": 1.0}, {"calls": "each"}, {"seed": 1}, {"tokens": 9}, {"longest": 9}):
        assert RubricSignal.of(RUBRIC, Options(**base, **more)).key != key
    with pytest.raises(InputError, match="name their file"):
        make("rubric", {"model": "m"})
    with pytest.raises(InputError, match="says nothing without prices"):
        make("rubric", {"model": "m", "rubric": "r.yaml", "budget": "1"})
