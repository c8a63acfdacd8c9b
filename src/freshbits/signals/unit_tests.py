"""The verifier `unit_tests`: the completion's program passes the tests of its row, each side in a jail of its own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.options import key_of, known, number, one_of
from freshbits.signals.sandbox import Sandbox
from freshbits.signals.signal import Verdict
from freshbits.signals.suites.beside import run_beside
from freshbits.signals.suites.pairs import run_pairs
from freshbits.signals.suites.program import JOINS, program
from freshbits.signals.suites.programs import run_programs
from freshbits.signals.suites.relay import Relay
from freshbits.signals.suites.shape import Checks, Pairs, Programs, Suite, Unusable
from freshbits.signals.suites.subject import Allowance, Subject
from freshbits.signals.suites.syntax import preamble
from freshbits.signals.suites.tables import ENTRIES, INPUTS, OUTPUTS, SETUPS, TESTS, entry_of, suite_of
from freshbits.signals.suites.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item
    from freshbits.signals.suites.result import Result

VERSION = "1"
OPTIONS = (
    "score", "join", "setup", "broken", "beside", "tests_by", "tolerance",
    "time", "each", "slow", "memory", "level", "workers",
)  # fmt: skip


@dataclass(frozen=True)
class UnitTests:
    """Scores a completion by the tests of its row: 1 where they pass, or the share that does.

    **What runs where.** The program (`suites.program` says how it is made of prompt and completion) is loaded in a
    jail of its own and gets inputs only. Expected values stay outside: pairs of inputs and outputs are compared in this
    process, tests that are code run in a second jail, where the entry point is a stand-in whose calls this process
    passes on as data. So nothing that a program does to its own process, to `assert`, to `==` or to its exit code
    changes a verdict.

    **Score.** A wrong answer, an exception, a death, a time-out, a value that is no data (an object of the program's
    own class), a program that does not load: that test is failed. None, with the reason: the row has no usable test
    (it is no Python, or fails before it calls the program), tests that hand over what is no data (a function, an
    object), or a fault of the sandbox. Tests that pass without calling the program say nothing and do not count.

    **Evidence** starts with one mark per test: `1` passed, `0` failed, `-` not run and so failed, `x` broken, `v`
    vacuous; then the share, the kind of the first failure (`wrong`, `raised`, `timeout`, `died`, …) and its words.

    **Time** is the CPU time of the program's jail, not time by the clock: on a busy machine a program that works, or
    waits for the processor, goes on up to its limit of CPU; only one that sleeps is ended by the clock, after three
    times as long and two seconds more. Hashes of text and the module `random` start from the same seed in every jail,
    so a verdict is the same in every run, but for programs that come within a fifth of a limit or read the clock.

    What it does NOT know: whether the tests say all that the task asks. A program may still recognise the inputs that
    it has seen in training. Arguments that a program changes are shown to the tests only where a test calls it as a
    statement (`f(numbers)`), because otherwise emptying an argument would pass `assert f(x) == sorted(x)`.

    Sources: HumanEval (arXiv:2107.03374) and MBPP (arXiv:2108.07732) for the two common shapes of tests.

    Attributes:
        share: the score is the share of tests passed; otherwise 1 where all pass, else 0.
        join: how prompt and completion become a program (`suites.program`).
        setup: source that runs before every program and its tests (imports).
        count_broken: broken tests count as failed and vacuous ones as passed, as if the tests were simply run.
        beside: tests that cannot be told apart from the program run beside it; marked `weak` in the evidence.
        student: the tests were written by the model that is trained; says nothing about the score. Tests that are
            executed bring something from outside through the executor only, and nothing new about the specification.
        tolerance: how far numbers may lie apart in pairs and printed lines; None for equal.
        allowance: limits of time and memory.
        level: the sandbox's level.
        workers: how many completions are judged at once; 0 for as many as there are processors.
    """

    share: bool = False
    join: str = "auto"
    setup: str = ""
    count_broken: bool = False
    beside: bool = False
    student: bool = False
    tolerance: float | None = None
    allowance: Allowance = Allowance()
    level: str = field(default="auto", compare=False)
    workers: int = field(default=0, compare=False)

    name: ClassVar[str] = "unit_tests"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ()
    wants: ClassVar[tuple[str, ...]] = (*TESTS, *INPUTS, *OUTPUTS, *ENTRIES, *SETUPS)
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        `score=all|share`, `join=auto|prompt+completion|completion|fence`, `setup=SOURCE`, `broken=drop|count`,
        `beside=no|weak`, `tests_by=others|student`, `tolerance=1e-6`, `time=3` (seconds of CPU for all tests of one
        completion), `each=0.25` (for one test), `slow=5` (after so many slow tests the rest count 0), `memory=512`
        (megabytes), `level=auto|bubblewrap|namespaces`, `workers=2` (at once; otherwise one per processor).

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, OPTIONS)
        return cls(
            share=one_of(options, "score", ("all", "share"), "all") == "share",
            join=one_of(options, "join", JOINS, "auto"),
            setup=options.get("setup", ""),
            count_broken=one_of(options, "broken", ("drop", "count"), "drop") == "count",
            beside=one_of(options, "beside", ("no", "weak"), "no") == "weak",
            student=one_of(options, "tests_by", ("others", "student"), "others") == "student",
            tolerance=number(options, "tolerance", 0.0) or None,
            allowance=Allowance(
                time=number(options, "time", 3.0, positive=True),
                each=number(options, "each", 0.0) or None,
                slow=_whole(options, "slow", 0) or None,
                memory=_whole(options, "memory", 512),
            ),
            level=one_of(options, "level", ("auto", "bubblewrap", "namespaces"), "auto"),
            workers=_whole(options, "workers", 0),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on: options and the sandbox's version."""
        return key_of(self, VERSION, sandbox_of(self.level, self.threads).version)

    @property
    def threads(self) -> int:
        """How many completions are judged at once."""
        return self.workers or os.cpu_count() or 1

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        if self.threads > 1 and len(items) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                return list(pool.map(self._one, items))
        return [self._one(item) for item in items]

    def _one(self, item: Item) -> Verdict:
        entry = entry_of(item.fields)
        suite = suite_of(item.fields, preamble(item.prompt, entry) if entry else "", self.setup)
        if isinstance(suite, Unusable):
            return Verdict(None, suite.reason)
        source = program(item.prompt, item.completion, _entry(suite), self.join)
        source = f"{self.setup}\n{source}" if self.setup else source
        result = self._run(suite, source)
        weak = bool(result.beside) and self.beside
        if weak:
            known = suite_of(item.fields, source, self.setup)  # the same tests, with the program's own names
            result = self._beside(known) if isinstance(known, Checks) else result
        return verdict(result, share=self.share, count_broken=self.count_broken, weak=weak)

    def _run(self, suite: Suite, source: str) -> Result:
        sandbox = sandbox_of(self.level, self.threads)
        with _places(sandbox):
            if isinstance(suite, Programs):
                return run_programs(suite, source, sandbox, self.allowance, self.tolerance)
            with Subject(sandbox, source, self.allowance) as subject:
                if isinstance(suite, Pairs):
                    return run_pairs(suite, subject, self.tolerance)
                return Relay(suite, subject, sandbox).run()

    def _beside(self, suite: Checks) -> Result:
        sandbox = sandbox_of(self.level, self.threads)
        with _places(sandbox):
            return run_beside(suite, sandbox, self.allowance)


def _entry(suite: Suite) -> str:
    """Returns the name that a program must define."""
    if isinstance(suite, Checks):
        return suite.entry or (suite.names[0] if suite.names else "")
    return suite.entry if isinstance(suite, Pairs) else ""


def _whole(options: Mapping[str, str], name: str, default: int) -> int:
    value = number(options, name, default)
    if value != int(value):
        raise InputError(f"--option {name}={options[name]} is no whole number")
    return int(value)


@lru_cache(maxsize=8)
def sandbox_of(level: str, workers: int) -> Sandbox:
    """Returns the sandbox that verifiers of a level and a number of workers share in this process.

    >>> sandbox_of("auto", 2).workers
    4
    """
    # Two jails for each completion: its program and its tests.
    return Sandbox(level, workers=2 * workers)


@lru_cache(maxsize=8)
def _places(sandbox: Sandbox) -> threading.Semaphore:
    # A program that waits for a place for its tests would keep its own: never more programs than pairs of places.
    return threading.Semaphore(max(sandbox.workers // 2, 1))
