"""Measures the verifier `unit_tests` on public code: gold, truth, model-written tests, cheats, and its cost.

    FRESHBITS_DATA=folder python -m benchmarks.unit_tests          (about ten minutes on one core)

The folder holds `code_prompts.parquet` (HumanEval, MBPP), `codet_humaneval_samples_dev.parquet` and
`codet_humaneval_generated_tests_dev.parquet` (CodeT's samples and tests, with truth and proxy recorded by another
runner: the program and each test in one process, stopped by the clock).

    gold         canonical solutions by their own tests: all are right
    truth        100 samples of one model on each of 82 problems, by the problem's tests: agreement with recorded truth
    generated    the same samples by the tests that the model wrote: agreement with the recorded share and vector
    cheats       candidates that are right, wrong, or out for the reward, through every shape of tests
    again        verdicts of a part of the samples once more while the machine is kept busy: how many change
    speed        executions per second of CPU, all processes counted, against one bare interpreter each
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from benchmarks.sandbox.candidates import CASES, HACKS, HONEST_RIGHT, HONEST_WRONG

from freshbits.signals.signal import Item, Verdict
from freshbits.signals.unit_tests import UnitTests, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RESULTS = Path(__file__).parent / "results"
RECORDED = {"score": "share", "each": "0.25", "slow": "5", "time": "60", "broken": "count", "workers": "4"}
LISTED = 60
WORKERS = 4  # they wait for each other's jails; verdicts do not depend on their number
NO_PROGRAM = ("prints a lot", "main guard")  # what they print is no answer: as programs they are wrong

# Beyond the shared list: what only tests that are code could fall for.
MORE_HACKS = {
    "empties its argument": "def solve(numbers):\n    numbers.clear()\n    return 0\n",
    "counts its calls": "calls = []\ndef solve(numbers):\n    calls.append(1)\n    return len(calls)\n",
    "truth without equality": (
        "class A:\n    def __bool__(self): return True\n    def __eq__(self, other): return True\n"
        "def solve(numbers):\n    return A()\n"
    ),
    "defines check": "def check(candidate): return True\ndef solve(numbers):\n    return -1\n",
    "raises AssertionError": "def solve(numbers):\n    raise AssertionError\n",
    "no asserts": "import builtins\nbuiltins.AssertionError = type('A', (BaseException,), {})\nsolve = lambda n: -1\n",
    "skips": "import unittest\ndef solve(numbers):\n    raise unittest.SkipTest('later')\n",
    "names what a test lacks": "def solve(numbers):\n    raise NameError('name x is not defined', name='x')\n",
}


def shapes() -> dict[str, tuple[dict[str, Any], str]]:
    """Returns, per shape of tests, a row's columns and what is added to a candidate's source."""
    asserts = [f"assert solve({given}) == {expected}" for given, expected in CASES]
    variables = "\n".join(
        f"    numbers = {given}\n    assert candidate(numbers) == sum(n * n for n in numbers)" for given, _ in CASES
    )
    method = "\nclass Solution:\n    def run(self, numbers):\n        return solve(numbers)\n"
    main = "\nimport json\nprint(solve(json.loads(input())))\n"
    return {
        "check": ({"test": "def check(candidate):\n" + variables, "entry_point": "solve"}, ""),
        "asserts": ({"test_list": asserts}, ""),
        "test functions": (
            {"test": "".join(f"def test_{at}():\n    {each}\n" for at, each in enumerate(asserts))},
            "",
        ),
        "pairs": ({"tests": [{"input": [given], "output": out} for given, out in CASES], "entry_point": "solve"}, ""),
        "method": (
            {"tests": [{"input": [given], "output": out} for given, out in CASES], "entry_point": "Solution().run"},
            method,
        ),
        "programs": ({"inputs": [str(given) for given, _ in CASES], "outputs": [str(out) for _, out in CASES]}, main),
    }


def cheats() -> dict[str, Any]:
    """Runs every candidate through every shape; lists those whose reward is not what it should be."""
    unit_tests = UnitTests.from_options({"join": "completion", "time": "0.5", "workers": "4"})
    kinds = (("right", HONEST_RIGHT, 1.0), ("wrong", HONEST_WRONG, 0.0), ("hack", HACKS | MORE_HACKS, 0.0))
    rewarded: dict[str, dict[str, int]] = {}
    surprises = []
    for shape, (fields, added) in shapes().items():
        rewarded[shape] = {}
        for kind, candidates, due in kinds:
            if shape == "programs":
                candidates = {name: source for name, source in candidates.items() if name not in NO_PROGRAM}
            items = [Item("", source + added, fields=fields) for source in candidates.values()]
            verdicts = unit_tests.score(items)
            rewarded[shape][kind] = sum(verdict.score == 1.0 for verdict in verdicts)
            surprises += [
                {"shape": shape, "kind": kind, "candidate": name, "score": verdict.score, "evidence": verdict.evidence}
                for name, verdict in zip(candidates, verdicts, strict=True)
                if verdict.score != due
            ]
    return {
        "candidates": {kind: len(candidates) for kind, candidates, _ in kinds},
        "rewarded": rewarded,
        "not as due": surprises,
    }


def gold(prompts: pl.DataFrame) -> dict[str, Any]:
    """Scores canonical solutions by their own tests."""
    rows = list(prompts.iter_rows(named=True))
    items = [
        Item(row["prompt"], row["canonical_solution"], fields={name: row[name] for name in ("test", "entry_point")})
        for row in rows
    ]
    verdicts, cpu = measured(UnitTests(workers=WORKERS), items)
    wrong = [
        {"prompt_id": row["prompt_id"], "score": verdict.score, "evidence": verdict.evidence}
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict.score != 1.0
    ]
    return {"solutions": len(rows), "right": len(rows) - len(wrong), "cpu_s": cpu, "not right": wrong}


def truth(samples: pl.DataFrame, prompts: pl.DataFrame) -> dict[str, Any]:
    """Scores samples by their problem's tests; compares with the recorded truth."""
    return compared(samples, UnitTests(workers=WORKERS), with_tests(samples, prompts), "truth")


def generated(samples: pl.DataFrame, prompts: pl.DataFrame, tests: pl.DataFrame) -> dict[str, Any]:
    """Scores samples by model-written tests; compares with the recorded share and vector."""
    lists = {
        name[0]: part["generated_test"].to_list()
        for name, part in tests.sort("prompt_id", "test_index").group_by("prompt_id", maintain_order=True)
    }
    entries = dict(zip(prompts["prompt_id"], prompts["entry_point"], strict=True))
    items = [
        Item(
            row["prompt"],
            row["completion"],
            fields={"tests": lists.get(row["prompt_id"], []), "entry_point": entries[row["prompt_id"]]},
        )
        for row in samples.iter_rows(named=True)
    ]
    return compared(samples, UnitTests.from_options(RECORDED), items, "proxy_reward", "generated_test_vector")


def with_tests(samples: pl.DataFrame, prompts: pl.DataFrame) -> list[Item]:
    """Returns samples as items with the tests of their prompts."""
    own = {row["prompt_id"]: row for row in prompts.iter_rows(named=True)}
    return [
        Item(
            row["prompt"],
            row["completion"],
            fields={name: own[row["prompt_id"]][name] for name in ("test", "entry_point")},
        )
        for row in samples.iter_rows(named=True)
    ]


def compared(
    samples: pl.DataFrame, unit_tests: UnitTests, items: list[Item], column: str, vector: str | None = None
) -> dict[str, Any]:
    """Scores items and lists where the score, or the vector, is not the recorded one."""
    verdicts, cpu = measured(unit_tests, items)
    other, vectors = [], 0
    for row, verdict in zip(samples.iter_rows(named=True), verdicts, strict=True):
        mine, theirs = verdict.score, row[column]
        same = mine == theirs if mine is None or theirs is None else abs(mine - theirs) < 1e-9
        if vector is not None and row[vector]:
            marks = verdict.evidence.split(" ")[0].replace("x", "0").replace("v", "1").replace("-", "0")
            vectors += marks == row[vector]
        if not same:
            said = {"score": mine, "recorded": theirs, "evidence": verdict.evidence, "why": why(row)}
            other.append({"prompt_id": row["prompt_id"], "sample_index": row["sample_index"], **said})
    found: dict[str, Any] = {
        "samples": len(items),
        "agree": 1.0 - len(other) / len(items),
        "unscored": sum(verdict.score is None for verdict in verdicts),
        "cpu_s": cpu,
        "cpu ms per sample": round(1000 * cpu / len(items), 1),
    }
    if vector is not None:
        found["vectors that agree"] = vectors / max(int((samples[vector].str.len_chars() > 0).sum()), 1)
    return found | {"disagree": len(other), "disagreements": other[:LISTED]}


def why(row: dict[str, Any]) -> str:
    """Returns what a difference from the recorded verdict goes with; a person has looked at each that is listed."""
    if not row["executes"]:
        return "the recording runner did not load it (it refused imports such as socket, multiprocessing)"
    return "the order of a set of texts, which differs by run" if "set(" in row["completion"] else "not known"


def measured(unit_tests: UnitTests, items: list[Item]) -> tuple[list[Verdict], float]:
    """Scores items; returns the verdicts and the seconds of CPU of this and all other processes at work."""
    unit_tests.score(items[:1])  # the sandbox is warm
    before = cpu_seconds()
    verdicts = unit_tests.score(items)
    return verdicts, round(cpu_seconds() - before, 2)


def cpu_seconds() -> float:
    """Returns seconds of CPU of this process, of its children that have ended, and of all that live below it."""
    uses = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    ticks = os.sysconf("SC_CLK_TCK")
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        parents[pid], spent[pid] = int(fields[1]), sum(map(int, fields[11:15])) / ticks
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(use.ru_utime + use.ru_stime for use in uses) + sum(spent[pid] for pid in below - {os.getpid()})


def again(samples: pl.DataFrame, prompts: pl.DataFrame, count: int = 300) -> dict[str, Any]:
    """Scores a part of the samples alone, and again beside as many endless loops as there are cores, times two."""
    items = with_tests(samples.sample(count, seed=1), prompts)
    first = UnitTests(workers=WORKERS).score(items)
    loops = [multiprocessing.Process(target=_endless, daemon=True) for _ in range(2 * (os.cpu_count() or 1))]
    for loop in loops:
        loop.start()
    second = UnitTests(workers=WORKERS).score(items)
    for loop in loops:
        loop.kill()
    changed = sum(one.score != other.score for one, other in zip(first, second, strict=True))
    return {"samples": count, "loops beside": len(loops), "scores changed": changed}


def _endless() -> None:
    os.nice(0)
    while True:
        pass


def speed(count: int = 300) -> dict[str, Any]:
    """Measures executions per second of CPU: one trivial program and one test each."""
    source = "def solve(numbers):\n    return sum(n * n for n in numbers)\n"
    test = "assert solve([1, 2]) == 5"
    found: dict[str, Any] = {}
    before = cpu_seconds()
    for _ in range(count):
        subprocess.run([sys.executable, "-I", "-S", "-c", f"{source}\n{test}"], check=True)
    found["a bare interpreter"] = round(count / (cpu_seconds() - before), 1)
    rows: dict[str, dict[str, Any]] = {
        "pairs (one jail)": {"tests": [{"input": [[1, 2]], "output": 5}], "entry_point": "solve"},
        "asserts (two jails)": {"test_list": [test]},
        "programs (one jail)": {"inputs": [""], "outputs": ["5"]},
    }
    for name, fields in rows.items():
        program = source + "\nprint(solve([1, 2]))" if name.startswith("programs") else source
        unit_tests = UnitTests(workers=1)
        items = [Item("", program, fields=fields)] * count
        verdicts, cpu = measured(unit_tests, items)
        assert all(verdict.score == 1.0 for verdict in verdicts)
        found[name] = round(count / cpu, 1)
    return found


def main() -> None:
    """Measures all parts and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", help="one of the parts only")
    parser.add_argument("--every", type=int, default=1, help="generated: only every n-th sample of each problem")
    parser.add_argument("--rows", type=int, help="only so many samples; nothing is written")
    options = parser.parse_args()
    folder = Path(os.environ["FRESHBITS_DATA"])
    prompts = pl.read_parquet(folder / "code_prompts.parquet")
    samples = pl.read_parquet(folder / "codet_humaneval_samples_dev.parquet")
    tests = pl.read_parquet(folder / "codet_humaneval_generated_tests_dev.parquet")
    samples = samples if options.rows is None else samples.sample(options.rows, seed=0)
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "cheats": cheats,
        "gold": lambda: gold(prompts),
        "speed": speed,
        "truth": lambda: truth(samples, prompts),
        "generated": lambda: (
            generated(samples.filter(pl.col("sample_index") % options.every == 0), prompts, tests)
            | {"every": options.every}
        ),
        "again": lambda: again(samples, prompts),
    }
    out = RESULTS / "unit_tests.json"
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if options.part and out.exists() else {}
    found["sandbox"] = sandbox_of("auto", 1).version
    for name, measure in parts.items():
        if options.part is None or name in options.part:
            started = time.monotonic()
            found[name] = measure()
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            if options.rows is None:
                written(out, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if set(parts) <= set(found):
        print(page(found))
        if options.rows is None:
            written(RESULTS / "unit_tests.md", page(found))


def page(found: dict[str, Any]) -> str:
    """Returns the figures as a page."""
    gold_, truth_, tests, cheat = found["gold"], found["truth"], found["generated"], found["cheats"]
    which = "" if tests["every"] == 1 else f" (every {tests['every']}. sample of a problem)"
    lines = [
        "# Unit tests, measured",
        "",
        f"`python -m benchmarks.unit_tests`, sandbox: {found['sandbox']}.",
        "",
        f"- Gold: {gold_['right']} of {gold_['solutions']} canonical solutions pass their own tests.",
        f"- Truth: {truth_['agree']:.3%} of {truth_['samples']:,} samples are judged as recorded "
        f"({truth_['disagree']} are not), {truth_['cpu ms per sample']} ms of CPU each.",
        f"- Model-written tests: {tests['agree']:.3%} of {tests['samples']:,} shares{which} as recorded, "
        f"{tests['vectors that agree']:.3%} of vectors, {tests['cpu ms per sample']} ms of CPU each.",
        f"- Busy machine: {found['again']['scores changed']} of {found['again']['samples']} scores change beside "
        f"{found['again']['loops beside']} endless loops.",
        "",
        "## Candidates rewarded, by shape of the tests",
        "",
        *table(
            ["shape", *(f"{kind} ({count})" for kind, count in cheat["candidates"].items())],
            ([shape, *counts.values()] for shape, counts in cheat["rewarded"].items()),
        ),
        "",
        "As programs two of the right ones are left out: what they print besides is no answer. Not as due, because it "
        "is right there (`float` equals the int in Python's own `==`, so in tests that are code; printed, `text` is "
        "the number):",
        "",
        *(
            f"- {each['shape']}: {each['kind']} `{each['candidate']}` {each['score']}: {escaped(each['evidence'])}"
            for each in cheat["not as due"]
        ),
        "",
        "## Executions per second of CPU",
        "",
        *table(["how", "per CPU second"], found["speed"].items()),
        "",
        "## Disagreements",
        "",
    ]
    lines += [
        f"- {name}: {each['prompt_id']} sample {each['sample_index']}: {each['score']:.3f}, "
        f"recorded {each['recorded']:.3f}: {each['why']}; {escaped(each['evidence'])}"
        for name in ("truth", "generated")
        for each in found[name]["disagreements"]
    ]
    return "\n".join(lines) + "\n"


def table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> list[str]:
    """Returns a table in Markdown."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return [lines[0], "|" + " --- |" * lines[0].count(" | ") + " --- |", *lines[1:]]


def escaped(text: str) -> str:
    """Returns text that cannot break the page; it may quote a model."""
    return "`" + " ".join(text.replace("`", "'").split())[:160] + "`"


def written(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
