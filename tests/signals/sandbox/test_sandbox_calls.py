"""Calls and programs: what comes back, and how an end is named."""

from __future__ import annotations

import pytest

from freshbits.errors import InputError
from freshbits.signals.sandbox import Limits, UnsupportedError

pytestmark = pytest.mark.sandbox

SOURCE = """
import os, sys, time

def double(x, *, times=2):
    return x * times

def sort(values, into):
    values.sort()
    into['n'] = len(values)

class Stack:
    limit = 3
    def __init__(self, items=()):
        self.items = list(items)
    def push(self, item):
        if len(self.items) == self.limit:
            raise OverflowError('full')
        self.items.append(item)
        return len(self.items)
    @staticmethod
    def empty():
        return True

class Own(ValueError):
    pass

def fail():
    raise Own('no\\x1b[2J ' + 'x' * 1000)

def eat():
    return bytearray(1 << 40)

def eat_slowly():
    held = []
    while True:
        held.append(b'x' * (1 << 20))

def eat_together():
    for _ in range(4):
        os.fork()
    held = b'x' * (1 << 26)
    time.sleep(20)

def eat_unseen():
    import ctypes
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    eat_together()

def fork_all():
    while True:
        try:
            if os.fork() == 0:
                time.sleep(20)
        except OSError:
            pass

def spin():
    while True:
        pass

def sleep():
    time.sleep(20)

def leave(code):
    os._exit(code)

def numbers():
    yield from range(3)

def big():
    return 'x' * 70_000

def environment():
    return dict(os.environ), sys.argv, os.listdir('/tmp'), os.listdir('/proc'), os.getpid(), os.getuid()
"""


@pytest.fixture
def jail(sandbox):
    with sandbox.load(SOURCE) as jail:
        assert jail.loaded.ok
        yield jail


def test_arguments_and_values_keep_their_types(jail):
    assert jail.call("double", [(1, 2)]).value == (1, 2, 1, 2)
    assert jail.call("double", ["a"], {"times": 3}).value == "aaa"
    assert jail.call("double", [b"\xff"]).value == b"\xff\xff"
    assert list(jail.call("numbers").value) == [0, 1, 2]
    assert jail.call("Stack.empty").value is True


def test_arguments_come_back_changed_where_asked(jail):
    reply = jail.call("sort", [[3, 1, 2], {}], back=True)
    assert reply.value is None
    assert reply.args == [[1, 2, 3], {"n": 3}]
    assert jail.call("sort", [[3, 1, 2], {}]).args is None


def test_objects_stay_inside_and_answer_by_number(jail):
    one, other = jail.new("Stack").value, jail.new("Stack", [[7, 8]]).value
    assert one != other
    assert [jail.method(each, "push", [1]).value for each in (one, other, one)] == [1, 3, 2]
    reply = jail.method(other, "push", [1])
    assert (reply.status, reply.raised[0]) == ("raised", "OverflowError")
    assert jail.method(99, "push", [1]).status == "raised"


def test_an_exception_comes_back_as_its_names_and_a_short_printable_text(jail):
    reply = jail.call("fail")
    assert reply.status == "raised"
    assert reply.raised == ("Own", "ValueError", "Exception")
    assert reply.error.startswith("Own: no\ufffd[2J x")
    assert len(reply.error) <= 400
    assert jail.call("absent").raised[0] == "NameError"
    assert jail.call("double", [1]).value == 2  # it lives on


def test_an_argument_that_is_no_data_is_refused_before_it_is_sent(jail):
    with pytest.raises(UnsupportedError):
        jail.call("double", [object()])
    assert jail.call("double", [1]).value == 2


def test_a_reply_too_long_is_no_value(jail):
    assert jail.call("big").status == "unsupported"
    assert jail.call("double", [1]).value == 2


@pytest.mark.parametrize(
    ("name", "args", "status", "word"),
    [
        ("leave", [0], "died", "exit code 0"),
        ("leave", [70], "died", "exit code 70"),
        ("sleep", [], "timeout", "0.3 s"),
        ("eat", [], "memory", "MemoryError"),
        ("eat_slowly", [], "memory", ""),
        ("eat_together", [], "memory", "memory"),
        ("eat_unseen", [], "memory", "memory"),
        ("fork_all", [], "processes", "processes"),
    ],
)
def test_how_a_call_ends_is_named(sandbox, name, args, status, word):
    with sandbox.load(SOURCE) as jail:
        reply = jail.call(name, args, wall_s=0.3 if name == "sleep" else 30.0)
        assert (reply.status, word in reply.error) == (status, True), reply
        if status not in ("memory",):
            assert jail.call("double", [1]) == reply  # the end is repeated, never a value


def test_cpu_time_ends_a_call_before_its_time_by_the_clock(sandbox):
    with sandbox.load(SOURCE, limits=Limits(cpu_s=0.2, wall_s=20.0)) as jail:
        reply = jail.call("spin")
    assert (reply.status, reply.error) == ("timeout", "it used up its CPU time")


def test_a_candidate_finds_nothing_but_itself(jail):
    environment, argv, files, processes, pid, uid = jail.call("environment").value
    assert environment.keys() <= {"LC_CTYPE", "PWD"}  # which Python or bubblewrap set
    assert argv == ["-c"] or str(argv[-1]) in ("zygote", "launch")
    assert (files, processes, pid, uid) == ([], [], 1, 65534)


def test_no_candidate_sees_another_one_before_it(sandbox):
    for _ in range(3):
        with sandbox.load("import os, sys\nseen = os.listdir('/tmp'), hasattr(sys, 'mark')\nsys.mark = 1\n"
                          "open('/tmp/left', 'w').close()\ndef f(): return seen") as jail:  # fmt: skip
            assert jail.call("f").value == ([], False)


def test_a_closed_jail_answers_that_it_is_closed(sandbox):
    jail = sandbox.load(SOURCE)
    jail.close()
    jail.close()
    assert jail.call("double", [1]).status == "died"


@pytest.mark.parametrize(
    ("source", "given", "status", "printed"),
    [
        ("print(int(input()) + 1)", "41\n", "ok", "42\n"),
        ("import sys\nprint(sys.stdin.read().upper(), end='')", "ä\n", "ok", "Ä\n"),
        ("print('a')\nimport sys\nsys.exit()", "", "ok", "a\n"),
        ("print('a')\nraise SystemExit(3)", "", "raised", "a\n"),
        ("print('a', flush=True)\nimport os\nos._exit(0)", "", "ok", "a\n"),
        ("print('a')\n1 / 0", "", "raised", "a\n"),
        ("print(", "", "raised", ""),
        ("import os\nos.write(1, b'\\xff')", "", "ok", "\ufffd"),
        ("import os\nos.kill(os.getpid(), 11)\nos.abort()", "", "died", ""),
        ("import sys\nprint('seen', file=sys.stderr)", "", "ok", ""),
        ("if __name__ == '__main__': print('main')", "", "ok", "main\n"),
        ("import os\nif os.fork() == 0:\n    import time\n    time.sleep(60)\nprint('first')", "", "ok", "first\n"),
        ("import os\nos.write(3, b'x' * 100_000)", "", "malformed", ""),
        ("x = bytearray(1 << 40)", "", "memory", ""),
        ("import os\nos.closerange(0, 64)", "", "ok", ""),
    ],
)
def test_a_program_is_read_by_what_it_prints(sandbox, source, given, status, printed):
    output = sandbox.run(source, given)
    assert (output.status, output.stdout) == (status, printed), output
    assert "freshbits" not in output.error


def test_a_program_that_prints_without_end_is_cut(sandbox):
    output = sandbox.run("while True: print('x' * 1000)", limits=Limits(output_mb=0.1))
    assert output.status == "output"
    assert len(output.stdout) == int(0.1 * (1 << 20))


def test_a_program_that_never_ends_is_ended(sandbox):
    assert sandbox.run("print(1, flush=True)\nwhile True: pass", limits=Limits(cpu_s=0.2)).status == "timeout"
    output = sandbox.run("print(1, flush=True)\nimport time\ntime.sleep(60)", limits=Limits(wall_s=0.3))
    assert (output.status, output.stdout) == ("timeout", "1\n")


@pytest.mark.parametrize("limits", [{"memory_mb": 8}, {"processes": 0}, {"output_mb": 0.0}, {"wall_s": float("nan")}])
def test_limits_that_nobody_can_live_within_are_bad_input(limits):
    with pytest.raises(InputError):
        Limits(**limits)


def test_the_least_memory_is_enough_for_a_bare_interpreter(sandbox):
    with sandbox.load(SOURCE, limits=Limits(memory_mb=64)) as jail:
        assert jail.call("double", [1]).value == 2
