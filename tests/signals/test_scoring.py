"""Signals applied to a log: what is asked, what is kept, what is written, and that none of it depends on the way."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

import polars as pl
import pytest
from tests.signals.counting import Counting, Dying

import freshbits as fb
from freshbits.errors import FreshbitsError, InputError
from freshbits.signals import passes
from freshbits.signals.applied import Applied
from freshbits.signals.contents import keys_of
from freshbits.signals.journal import Journal, journal_of
from freshbits.signals.named import make, parse_names, parse_settings
from freshbits.signals.scoring import kind, score
from freshbits.signals.signal import Item, Verdict


@dataclass(frozen=True)
class Told:
    """Scores as a function says, and remembers what it was asked."""

    how: object = None
    name: str = "told"
    origin: str = "external"
    key: str = "1"
    needs: tuple[str, ...] = ()
    whole_groups: bool = False
    asked: list = field(default_factory=list, compare=False)

    def score(self, items):
        self.asked.append([item.completion for item in items])
        return [self.how(item) for item in items]


@dataclass(frozen=True)
class Sizes(Told):
    """Scores the size of the group that it is shown."""

    whole_groups: bool = True

    def score(self, items):
        self.asked.append([item.group for item in items])
        return [Verdict(sum(other.group == item.group for other in items)) for item in items]


@pytest.fixture(scope="module")
def audited(trl_log):
    return fb.audit(str(trl_log)).to_json()


def length(item):
    return Verdict(float(len(item.completion)), "its length")


def log(rows=40, **columns):
    return pl.DataFrame(
        {
            "prompt": [f"prompt {row // 4}" for row in range(rows)],
            "completion": [f"completion {row % 10}" for row in range(rows)],
            **columns,
        }
    )


def test_rows_keep_their_order_and_get_three_columns():
    rows = log(step=[row // 20 for row in range(40)], reward=[0.5] * 40, note=["n"] * 40)
    found = score(rows, Told(length)).frame()
    assert found.columns == ["step", "prompt", "completion", "signal.reward", "extra.note", "told", "told.evidence",
                             "told.origin"]  # fmt: skip
    assert found["prompt"].to_list() == rows["prompt"].to_list()
    assert found["told"].to_list() == [float(len(text)) for text in rows["completion"]]
    assert set(found["told.evidence"]) == {"its length"}
    assert set(found["told.origin"]) == {"external"}


def test_equal_contents_are_asked_once_and_unequal_ones_never_share():
    signal = Told(lambda item: Verdict(float(item.answer), ""), needs=("answer",))
    rows = log(answer=[str(row % 3) for row in range(40)])
    found = score(rows, signal)
    assert found.frame()["told"].to_list() == [row % 3 for row in range(40)]
    asked = [text for batch in signal.asked for text in batch]
    contents = set(zip(rows["prompt"], rows["completion"], rows["answer"], strict=True))
    assert len(asked) == len(contents)
    twice = pl.concat([rows, rows])
    again = Told(lambda item: Verdict(float(item.answer), ""), needs=("answer",))
    (said,) = score(twice, again).signals
    assert (said.asked, said.repeated, said.rows) == (len(contents), 80 - len(contents), 80)


def test_keys_tell_all_parts_of_a_content_apart():
    signal = Told(length)
    items = [Item("ab", "c"), Item("a", "bc"), Item("ab", "c", answer=""), Item("ab", "c", fields={"x": 1}),
             Item("ab", "c", fields={"x": "1"})]  # fmt: skip
    keys = [key for item in items for key in keys_of(signal, [item])]
    assert len(set(keys)) == len(items)
    assert keys_of(signal, [Item("q", "c", group="1")]) == keys_of(signal, [Item("q", "c", group="2")])
    assert keys_of(Told(length, key="2"), items[:1]) != keys[:1]
    groups = [[Item("q", "a", group="1"), Item("q", "b", group="1")], [Item("q", "a", group="1")] * 2]
    assert len({key for group in groups for key in keys_of(Sizes(), group)}) == 4


@pytest.mark.parametrize("held", [50_000, 8, 1])
def test_groups_come_whole_however_they_are_scattered(monkeypatch, held):
    monkeypatch.setattr(passes, "HELD_ROWS", held)
    rows = log(120).with_columns(step=pl.int_range(120) % 3).sample(fraction=1.0, shuffle=True, seed=3)
    signal = Sizes()
    found = score(rows, signal).frame()
    sizes = rows.group_by("prompt", "step").len()
    wanted = rows.join(sizes, on=["prompt", "step"], how="left", maintain_order="left")["len"].to_list()
    assert found["told"].to_list() == wanted
    groups = [group for batch in signal.asked for group in set(batch)]
    assert len(groups) == len(set(groups)) == sizes.height, "a group was shown in two batches"


def test_groups_are_those_of_the_audit(trl_log, audited):
    signal = Sizes()
    score(str(trl_log), signal)
    assert len({group for batch in signal.asked for group in batch}) == audited["log"]["groups"]


def test_what_a_signal_does_wrong_stays_with_the_item():
    def faulty(item):
        if item.completion.endswith("3"):
            raise ValueError("a three")
        return Verdict(math.inf if item.completion.endswith("4") else 1.0, "")

    (said,) = score(log(), Told(faulty)).signals
    assert (said.scored, said.mean) == (32, 1.0)
    assert said.unscored == {"told failed: ValueError: a three": 4, "the score is inf": 4}


def test_one_verdict_for_all_completions_is_refused():
    class One(Told):
        def score(self, items):
            return [Verdict(1.0)]

    with pytest.raises(FreshbitsError, match="gave 1 verdicts for 16 completions"):
        score(log(), One())


def test_a_missing_completion_is_unscored_and_not_asked():
    rows = log().with_columns(completion=pl.when(pl.int_range(40) % 2 == 0).then("completion"))
    signal = Told(length)
    (said,) = score(rows, signal).signals
    assert said.unscored == {"there is no completion": 20}
    assert None not in [text for batch in signal.asked for text in batch]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_the_file_is_read_again_as_it_was(tmp_path, trl_log, ending):
    out = tmp_path / f"scored{ending}"
    score(str(trl_log), "majority", "random", out=out, origins={"random": "external"})
    before, after = fb.read(str(trl_log)), fb.read(str(out))
    assert after.signals == (*before.signals, "majority", "random")
    assert after.origins == {"majority": "own_state", "random": "external"}
    assert after.applied == ("majority", "random")
    for name in ("step", "prompt", "completion", "group", *(f"signal.{name}" for name in before.signals)):
        one, other = (pl.concat(log.batches([name])) for log in (before, after))
        assert one.equals(other), name


def test_the_audit_says_the_same_of_the_signals_that_were_there(tmp_path, trl_log, audited):
    out = tmp_path / "scored.parquet"
    score(str(trl_log), "majority", out=out)
    scored = fb.audit(str(out)).to_json()
    for section in ("budget", "components", "efficiency"):
        for signal in ("accuracy_reward", "format_reward"):
            assert scored[section][signal] == audited[section][signal], (section, signal)
    assert scored["openness"]["majority"]["origin"] == "own_state"


def test_scoring_again_keeps_origins_evidence_and_why_groups_are_missing(tmp_path):
    once, twice = tmp_path / "once.jsonl", tmp_path / "twice.jsonl"
    score(log(reward=[1.0] * 40), Told(length), out=once)
    lines = [json.loads(line) | {"log.filtered": "dead groups were dropped"} for line in once.read_text().splitlines()]
    once.write_text("".join(json.dumps(line) + "\n" for line in lines))
    score(str(once), "random", out=twice)
    again = fb.read(str(twice))
    assert again.origins == {"told": "external", "random": "own_state"}
    assert again.filtered == "dead groups were dropped"
    row = json.loads(twice.read_text().splitlines()[0])
    assert (row["told.evidence"], row["signal.reward"], row["log.filtered"]) == (
        "its length", 1.0, "dead groups were dropped",
    )  # fmt: skip


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_bytes_do_not_depend_on_workers_or_threads(tmp_path, ending):
    rows = log(300).with_columns(completion=pl.int_range(300).cast(pl.String))
    made = []
    for workers in (1, 1, 3) if ending == ".jsonl" else (1, 1):
        out = tmp_path / f"{len(made)}{ending}"
        score(rows, Counting(), out=out, workers=workers)
        made.append(out.read_bytes())
    threaded = Told(lambda item: Counting().score([item])[0], name="counting")
    object.__setattr__(threaded, "threads", 4)
    score(rows, threaded, out=tmp_path / f"threads{ending}")
    made.append((tmp_path / f"threads{ending}").read_bytes())
    assert len(set(made)) == 1


def test_a_process_that_dies_is_named_and_what_came_before_is_kept(tmp_path):
    rows = log(100).with_columns(completion=pl.int_range(100).cast(pl.String))
    out = tmp_path / "out.jsonl"
    with pytest.raises(InputError, match="a process that scored counting died"):
        score(rows, Dying(), out=out, workers=2)
    (said,) = score(rows, Counting(), out=out).signals
    assert said.resumed > 0
    assert said.resumed + said.asked == 100


def test_columns_are_found_by_their_own_names_and_lists_come_as_json():
    signal = Told(lambda item: Verdict(len(json.loads(item.fields["tests"]))), needs=("tests",))
    rows = log(tests=[[f"assert {row}"] * (row % 4) for row in range(40)])
    assert score(rows, signal).frame()["told"].to_list() == [row % 4 for row in range(40)]
    with pytest.raises(InputError, match="needs a column 'tests', which the log does not have"):
        score(log(), signal)


def test_a_log_without_any_signal_is_scored_and_not_audited():
    assert score(log(), "random").rows == 40
    with pytest.raises(InputError, match="no reward column"):
        fb.read(log())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"names": {"told": "reward"}}, "the log has a signal 'reward' already"),
        ({"names": {"told": "prompt"}}, "'prompt' is the name of another column"),
        ({"names": {"other": "x"}}, "no such signal is applied"),
        ({"out": "x.txt"}, "cannot write .txt"),
        ({"origins": {"told": "outside"}}, "'outside' is no origin"),
        ({"origins": {"tolt": "external"}}, "no signal 'tolt' is applied"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_scored(options, said):
    signal = Told(length)
    with pytest.raises(InputError, match=said):
        score(log(reward=[1.0] * 40), signal, **options)
    assert signal.asked == []


def test_a_file_inside_its_own_log_is_refused(tmp_path):
    log(reward=[1.0] * 40).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(InputError, match="would become a part of it"):
        score(str(tmp_path), "random", out=tmp_path / "scored.parquet")
    with pytest.raises(InputError, match="is the log itself"):
        score(str(tmp_path / "log.parquet"), "random", out=tmp_path / "log.parquet")


def test_another_command_s_journal_is_refused_and_can_be_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("freshbits.signals.applied.FIRST", 2)
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(log(), Told(_stop_at("completion 7")), out=out)
    assert journal_of(out).exists()
    with pytest.raises(InputError, match="belongs to other signals or options: 1"):
        score(log(), Told(length, key="2"), out=out)
    score(log(), Told(length, key="2"), out=out, resume=False)
    assert out.exists()
    assert not journal_of(out).exists()


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("freshbits.signals.applied.FIRST", 2)
    monkeypatch.setattr("freshbits.signals.applied.LARGEST", 2)
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    score(log(), Told(length), out=whole)
    with pytest.raises(KeyboardInterrupt):
        score(log(), Told(_stop_at("completion 7")), out=out)
    rest = Told(length)
    (said,) = score(log(), rest, out=out).signals
    assert out.read_bytes() == whole.read_bytes()
    assert said.resumed == 6
    assert [text for batch in rest.asked for text in batch][:2] == ["completion 6", "completion 7"]


def test_a_journal_is_whole_up_to_its_last_line(tmp_path):
    path = tmp_path / "j"
    journal = Journal(path, [Told(length)])
    journal.add(0, [b"a" * 16, b"b" * 16], [Verdict(0.1, "é"), Verdict(None, "none")])
    journal.add(0, [b"c" * 16], [Verdict(1.0)])
    journal.close()
    good = path.read_bytes()
    for cut in range(1, len(good)):
        path.write_bytes(good[:-cut])
        again = Journal(path, [Told(length)])
        kept = [key for _, keys, _ in again.verdicts() for key in keys]
        again.close()
        assert kept in ([b"a" * 16, b"b" * 16], [])
        assert not path.exists() or good.startswith(path.read_bytes())
        assert path.exists() == bool(kept)
    path.write_bytes(good)
    whole = Journal(path, [Told(length)])
    assert list(whole.verdicts()) == [
        (0, [b"a" * 16, b"b" * 16], [Verdict(0.1, "é"), Verdict(None, "none")]), (0, [b"c" * 16], [Verdict(1.0)]),
    ]  # fmt: skip
    with pytest.raises(InputError, match="another command is writing this file"):
        Journal(path, [Told(length)])
    whole.close()


def test_a_journal_without_verdicts_stands_in_nobody_s_way(tmp_path):
    path = tmp_path / "j"
    Journal(path, [Told(length)]).close()
    assert not path.exists()
    path.write_bytes(b'{"journal":0}\n{"torn')
    Journal(path, [Told(length)]).close()
    assert not path.exists()

    def cannot(item):
        raise InputError("there is no server")

    with pytest.raises(InputError, match="there is no server"):
        score(log(), Told(cannot), out=tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_can_be_scored():
    read = fb.read(log(reward=[1.0] * 40))
    assert score(read, Told(length)).frame()["told"].to_list() == score(log(), Told(length)).frame()["told"].to_list()


def test_a_log_that_grows_meanwhile_is_refused(tmp_path):
    path = tmp_path / "log.parquet"
    log(reward=[1.0] * 40).write_parquet(path)
    grown = log(44, reward=[1.0] * 44)

    def meanwhile(item):
        grown.write_parquet(path)
        return length(item)

    with pytest.raises(InputError, match="the log has changed"):
        score(str(path), Told(meanwhile), out=tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_fixed_batches_hold_the_same_rows_after_an_interruption(tmp_path):
    whole = Told(length)
    object.__setattr__(whole, "batch", 4)
    score(log(), whole, out=tmp_path / "whole.jsonl")
    broken = Told(_stop_at("completion 9"))
    object.__setattr__(broken, "batch", 4)
    with pytest.raises(KeyboardInterrupt):
        score(log(), broken, out=tmp_path / "out.jsonl")
    rest = Told(length)
    object.__setattr__(rest, "batch", 4)
    score(log(), rest, out=tmp_path / "out.jsonl")
    assert rest.asked == whole.asked[len(whole.asked) - len(rest.asked) :]


def test_batches_grow_with_quick_signals_and_shrink_with_slow_ones():
    applied = Applied(Told(length))
    applied._resize(16, 0.01)
    assert applied._size == 32
    applied._resize(32, 5.0)
    assert applied._size == 16


def test_reasons_are_counted_without_what_differs():
    assert kind("expected '12', read \"it's 11\"") == kind("expected '3', read \"4\"") == "expected …, read …"
    assert kind("timed out after 3.5 s") == "timed out after # s"
    assert kind("") == "no reason given"


def test_names_and_settings():
    with pytest.raises(InputError, match=r"no such signal \(nearest: majority\)"):
        make("majorty")
    with pytest.raises(InputError, match="which of a, b is it for"):
        parse_settings(["x=1"], ["a", "b"])
    with pytest.raises(InputError, match="c is not applied"):
        parse_settings(["c.x=1"], ["a"])
    assert parse_settings(["url=http://localhost:1/v1"], ["a"]) == {"a": {"url": "http://localhost:1/v1"}}
    with pytest.raises(InputError, match="is not SIGNAL=NAME"):
        parse_names(["x"], ["a", "b"])


def _stop_at(text):
    def stop(item):
        if item.completion == text:
            raise KeyboardInterrupt
        return length(item)

    return stop
