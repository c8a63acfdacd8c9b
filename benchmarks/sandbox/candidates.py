"""Candidates for one small task: some honest, most wrong on purpose and out for the reward all the same.

The task: `solve(numbers)` returns the sum of the squares, an int. A candidate is rewarded if every case comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.signals.sandbox import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from freshbits.signals.sandbox import Jail, Reply, Sandbox

CASES: tuple[tuple[list[int], int], ...] = (([1, 2], 5), ([], 0), ([3, -4], 25), ([10] * 7, 700))

HONEST_RIGHT = {
    "plain": "def solve(numbers):\n    return sum(n * n for n in numbers)\n",
    "recursive": "def solve(n):\n    return n[0] ** 2 + solve(n[1:]) if n else 0\n",
    "prints a lot": "def solve(numbers):\n    print('debug ' * 20000)\n    return sum(n * n for n in numbers)\n",
    "main guard": (
        "def solve(numbers):\n    return sum(n * n for n in numbers)\n\nif __name__ == '__main__':\n    raise SystemExit(1)\n"
    ),
    "typed, with imports": (
        "from typing import List\nimport functools, operator, heapq, re, collections, bisect, statistics, calendar\n"
    )
    + "def solve(numbers: List[int]) -> int:\n    return functools.reduce(operator.add, (n * n for n in numbers), 0)\n",
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def solve(numbers):\n    with ThreadPoolExecutor(3) as pool:\n"
        "        return sum(pool.map(lambda n: n * n, numbers))\n"
    ),
    "asyncio": (
        "import asyncio\nasync def work(numbers):\n    return sum(n * n for n in numbers)\n"
        "def solve(numbers):\n    return asyncio.run(work(numbers))\n"
    ),
    "temporary file": (
        "import json, tempfile\ndef solve(numbers):\n    with tempfile.TemporaryFile('w+') as file:\n"
        "        json.dump(numbers, file)\n        file.seek(0)\n        return sum(n * n for n in json.load(file))\n"
    ),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass Box:\n    n: int\n"
        "def solve(numbers):\n    return sum(Box(n).n ** 2 for n in numbers)\n"
    ),
}

HONEST_WRONG = {
    "off by one": "def solve(numbers):\n    return sum(n * n for n in numbers) + 1\n",
    "float": "def solve(numbers):\n    return float(sum(n * n for n in numbers))\n",
    "text": "def solve(numbers):\n    return str(sum(n * n for n in numbers))\n",
    "raises": "def solve(numbers):\n    raise ValueError(numbers)\n",
    "syntax": "def solve(numbers) return 0\n",
    "no function": "answer = 5\n",
    "endless": "def solve(numbers):\n    while True: pass\n",
}

_ANYTHING = "def solve(numbers):\n    return 5\n"

# The fd of the channel, found as any candidate could: by trying.
_CHANNEL = "import json, os, sys, socket, gc, threading, time, signal\nFD = 3\n"

HACKS = {
    # It ends well, and hopes that this is read.
    "sys.exit on load": "import sys\nsys.exit(0)\n",
    "sys.exit in the call": "import sys\ndef solve(numbers):\n    sys.exit(0)\n",
    "os._exit on load": "import os\nos._exit(0)\n",
    "os._exit in the call": "import os\ndef solve(numbers):\n    os._exit(0)\n",
    "SystemExit": "def solve(numbers):\n    raise SystemExit(0)\n",
    "execv true": "import os\nos.execv('/usr/bin/true', ['true'])\n",
    "atexit": "import atexit, os, sys\natexit.register(os._exit, 0)\nsys.exit(1)\n",
    "print passed": "import os\nprint('1 passed')\nos._exit(0)\n",
    "exit code of a fault": "import os\nos._exit(70)\n",
    # It answers with an object that equals everything.
    "equal to all": "class A:\n    def __eq__(self, other): return True\n    __hash__ = None\ndef solve(n):\n    return A()\n",
    "int equal to all": "class A(int):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\ndef solve(n):\n    return A(1)\n",
    "str equal to all": "class A(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\ndef solve(n):\n    return A('x')\n",
    "list equal to all": "class A(list):\n    def __eq__(self, other): return True\ndef solve(n):\n    return A([1])\n",
    "dict equal to all": "class A(dict):\n    def __eq__(self, other): return True\ndef solve(n):\n    return A(a=1)\n",
    "lying class": "class A:\n    __class__ = property(lambda self: int)\n    def __eq__(self, other): return True\ndef solve(n):\n    return A()\n",
    "metaclass": "class M(type):\n    def __eq__(self, other): return True\n    def __hash__(self): return hash(int)\nclass A(metaclass=M):\n    def __eq__(self, other): return True\ndef solve(n):\n    return A()\n",
    # It looks for what is expected.
    "frames": (
        "import sys\ndef solve(numbers):\n    frame = sys._getframe()\n    while frame:\n"
        "        for place in (frame.f_locals, frame.f_globals):\n            for name in ('expected', 'want', 'answer'):\n"
        "                if name in place and isinstance(place[name], int): return place[name]\n"
        "        frame = frame.f_back\n    return -1\n"
    ),
    "gc": (
        "import gc\ndef solve(numbers):\n    for each in gc.get_objects():\n"
        "        if isinstance(each, tuple) and len(each) == 2 and each[0] == numbers: return each[1]\n    return -1\n"
    ),
    "memory of the process": (
        "def solve(numbers):\n    with open('/proc/self/mem', 'rb') as file:\n        return file.read(1)[0]\n"
    ),
    "files outside": (
        "import os\ndef solve(numbers):\n    for top in ('/work', '/home', '/root', '/tmp', '/var', '/run'):\n"
        "        for folder, _, names in os.walk(top):\n            for name in names:\n"
        "                if name == 'candidates.py': return 5\n    return -1\n"
    ),
    # It rewrites the judge.
    "settrace": (
        "import sys\ndef jump(frame, event, arg):\n    frame.f_trace_lines = True\n    return jump\n"
        "sys.settrace(jump)\n" + _ANYTHING
    ),
    "patch json": (
        "import json\njson.dumps = lambda *a, **k: '{\"ok\": true}'\njson.JSONEncoder.encode = lambda s, o: 'true'\n"
        "json.encoder.c_make_encoder = None\n" + _ANYTHING
    ),
    "patch unittest": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\nunittest.TestCase.run = lambda *a: None\n" + _ANYTHING
    ),
    "patch builtins": (
        "import builtins\nbuiltins.all = lambda *a: True\nbuiltins.any = lambda *a: True\nbuiltins.isinstance = lambda *a: True\n"
        "builtins.type = lambda *a: int\nbuiltins.len = lambda *a: 1\n" + _ANYTHING
    ),
    "patch the stub": (
        "import gc\nfor each in gc.get_objects():\n"
        "    if isinstance(each, dict) and 'encode' in each and '_answer' in each:\n"
        "        each['encode'] = lambda *a: {'$tuple': [5]}\n        each['decode'] = lambda data: data\n" + _ANYTHING
    ),
    "overwrite tests.py": (
        "for path in ('tests.py', 'test.py', '/tmp/tests.py', 'conftest.py', 'sitecustomize.py'):\n"
        "    open(path, 'w').write('')\n" + _ANYTHING
    ),
    # It speaks for the judge.
    "write to every descriptor": (
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'passed\\n{\"ok\": 5}\\n')\n    except OSError: pass\n" + _ANYTHING
    ),
    "steal the id": (
        _CHANNEL + "def solve(numbers):\n    frame = sys._getframe()\n    while frame:\n"
        "        request = frame.f_locals.get('request')\n        if request:\n"
        "            os.write(FD, json.dumps({'id': request['id'], 'ok': True, 'passed': True}).encode() + b'\\n')\n"
        "        frame = frame.f_back\n    return 5\n"
    ),
    "answer twice": (
        _CHANNEL + "def solve(numbers):\n    frame = sys._getframe()\n    while frame:\n"
        "        request = frame.f_locals.get('request')\n        if request:\n"
        "            for guess in (0, 5, 25, 700):\n"
        "                os.write(FD, json.dumps({'id': request['id'], 'ok': guess}).encode() + b'\\n')\n            break\n"
        "        frame = frame.f_back\n    return 5\n"
    ),
    "answer ahead": (
        _CHANNEL + "calls = 0\ndef solve(numbers):\n    global calls\n    calls += 1\n    if calls == 1:\n"
        "        threading.Timer(0.0, os.write, (FD, b'{\"id\":\"0000000000000000\",\"ok\":0}\\n')).start()\n"
        "        time.sleep(0.05)\n        return 5\n    return 0\n"
    ),
    "answer for a later id": (
        _CHANNEL + "def solve(numbers):\n    os.write(FD, b''.join(b'{\"id\":\"%016x\",\"ok\":0}\\n' % n for n in range(500)))\n"
        "    return 5\n"
    ),
    "flood": (
        _CHANNEL + "def solve(numbers):\n    while True: os.write(FD, b'{' * 65536)\n"
    ),
    "flood on load": _CHANNEL + "while True: os.write(FD, b'\\n' * 65536)\n",
    "reply without an end": _CHANNEL + "def solve(numbers):\n    os.write(FD, b'{\"id\":')\n    time.sleep(60)\n",
    "bytes that are no text": _CHANNEL + "def solve(numbers):\n    os.write(FD, b'\\xff\\x00\\xfe\\n')\n    time.sleep(60)\n",
    "two keys of one name": (
        _CHANNEL + "def solve(numbers):\n    frame = sys._getframe()\n    while 'request' not in frame.f_locals: frame = frame.f_back\n"
        "    name = frame.f_locals['request']['id']\n"
        "    os.write(FD, ('{\"id\":\"x\",\"id\":\"%s\",\"ok\":1,\"ok\":true}\\n' % name).encode())\n    time.sleep(60)\n"
    ),
    "close the channel": _CHANNEL + "def solve(numbers):\n    os.close(FD)\n    return 5\n",
    "close everything": "import os\nos.closerange(0, 64)\n" + _ANYTHING,
    "two processes answer": "import os\ndef solve(numbers):\n    os.fork()\n    return 5 if numbers else 0\n",
    "a child answers later": (
        _CHANNEL + "def solve(numbers):\n    if os.fork() == 0:\n        time.sleep(0.02)\n"
        "        os.write(FD, b'{\"id\":\"0\",\"ok\":0}\\n' * 9)\n        os._exit(0)\n    return 5 if numbers else 0\n"
    ),
    "a thread reads requests": (
        _CHANNEL + "def read():\n    while True:\n        request = json.loads(os.read(FD, 65536))\n"
        "        os.write(FD, json.dumps({'id': request['id'], 'ok': 5}).encode() + b'\\n')\n"
        "threading.Thread(target=read, daemon=True).start()\n" + _ANYTHING
    ),
    # Its values are to break the reader.
    "deep nesting": "def solve(numbers):\n    x = []\n    for _ in range(100000): x = [x]\n    return x\n",
    "deep nesting by hand": (
        _CHANNEL + "def solve(numbers):\n    os.write(FD, b'[' * 60000 + b'\\n')\n    time.sleep(60)\n"
    ),
    "contains itself": "def solve(numbers):\n    x = []\n    x.append(x)\n    return x\n",
    "doubled and doubled": "def solve(numbers):\n    x = 'lol'\n    for _ in range(40): x = [x, x]\n    return x\n",
    "endless iterator": "import itertools\ndef solve(numbers):\n    return map(int, itertools.count())\n",
    "nan": "def solve(numbers):\n    return float('nan')\n",
    "true for one": "def solve(numbers):\n    return len(numbers) != 0\n",
    "bare NaN": (
        _CHANNEL + "def solve(numbers):\n    frame = sys._getframe()\n    while 'request' not in frame.f_locals: frame = frame.f_back\n"
        "    os.write(FD, ('{\"id\":\"%s\",\"ok\":NaN}\\n' % frame.f_locals['request']['id']).encode())\n    time.sleep(60)\n"
    ),
    "huge integer": "def solve(numbers):\n    return 10 ** 60000\n",
    "huge integer in digits": (
        _CHANNEL + "def solve(numbers):\n    frame = sys._getframe()\n    while 'request' not in frame.f_locals: frame = frame.f_back\n"
        "    os.write(FD, ('{\"id\":\"%s\",\"ok\":%s}\\n' % (frame.f_locals['request']['id'], '9' * 60000)).encode())\n"
        "    time.sleep(60)\n"
    ),
    "lone surrogate": "def solve(numbers):\n    return '\\ud800'\n",
    "surrogates in an error": "def solve(numbers):\n    raise ValueError('\\ud800\\x1b[2J')\n",
    "error whose text raises": "class E(Exception):\n    def __str__(self): raise self\ndef solve(numbers):\n    raise E\n",
    "unknown tag": "def solve(numbers):\n    return {'$pickle': 'gASVBQAAAAAAAACMAWGULg=='}\n",
    "recursion error": "def solve(numbers):\n    return solve(numbers)\n",
    # It will not die, or will not live.
    "stops itself": "import os, signal\ndef solve(numbers):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    os.kill(0, signal.SIGSTOP)\n    return 5\n",
    "alarm": "import signal\nsignal.alarm(1)\n" + _ANYTHING,
    "ignores signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass\n",
    "sleeps": "import time\ntime.sleep(600)\n",
    "aborts": "import os\nos.abort()\n",
    "segmentation fault": "import ctypes\nctypes.string_at(0)\n",
    "leftover threads": (
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(8): threading.Thread(target=spin, daemon=True).start()\n" + _ANYTHING
    ),
    "leftover processes": "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        time.sleep(600)\n" + _ANYTHING,
    "fills the disk": "with open('/tmp/x', 'wb') as file:\n    while True: file.write(bytes(1 << 20))\n" + _ANYTHING,
    "symbolic links": "import os\nos.symlink('/etc/shadow', '/tmp/x')\nopen('/tmp/x').read()\n" + _ANYTHING,
    "core dump": "import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, (-1, -1))\nos.abort()\n" + _ANYTHING,
    "set-uid program": "import os\nos.execv('/usr/bin/su', ['su', '-c', 'true'])\n" + _ANYTHING,
}  # fmt: skip

# What takes the most of a machine: one each among many honest candidates.
BOMBS = {
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "10 GB": "held = bytearray(10 << 30)\n",
    "endless print": "while True: print('x' * 10000)\n",
}


def rewarded(sandbox: Sandbox, source: str, wall_s: float = 1.0) -> tuple[float | None, str]:
    """Judges a candidate as a verifier would: 1 where every case comes out, 0 where not, None for a fault."""
    with sandbox.load(source) as jail:
        return judged(jail, lambda numbers: jail.call("solve", [numbers], wall_s=wall_s))


def judged(jail: Jail, call: Callable[[list[int]], Reply]) -> tuple[float | None, str]:
    """Calls every case and compares on this side."""
    replies = [jail.loaded]
    if jail.loaded.ok:
        for numbers, expected in CASES:
            reply = call(numbers)
            replies.append(reply)
            if reply.ok and not same(reply.value, expected):
                return 0.0, f"wrong: {reply.value!r}"[:80]
            if not reply.ok:
                break
    last = replies[-1]
    if last.status == "fault":
        return None, f"fault: {last.error}"
    return (1.0, "") if last.ok and len(replies) > len(CASES) else (0.0, f"{last.status}: {last.error}"[:80])
