"""The filter of system calls, read instruction for instruction as the kernel would."""

from __future__ import annotations

import errno
import re
import struct
from functools import lru_cache
from pathlib import Path

import pytest

from freshbits.signals.sandbox import kernel, seccomp

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSED = ERRNO | errno.EPERM
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
READ = {"x86_64": 0, "aarch64": 63}
SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


filter_of = lru_cache(seccomp.program)


def judge(machine: str, number: int, arguments: tuple[int, ...] = (), architecture: int | None = None) -> int:
    """Runs the filter on one call."""
    data = struct.pack(
        "<IIQ6Q",
        number,
        ARCHITECTURES[machine] if architecture is None else architecture,
        0,
        *(*arguments, *[0] * (6 - len(arguments))),
    )
    program = filter_of(machine)
    at, held = 0, 0
    while True:
        code, yes, no, value = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_every_denied_call_is_refused_and_others_are_allowed(machine):
    place = list(ARCHITECTURES).index(machine)
    denied = {numbers[place] for numbers in seccomp.DENIED.values()} - {None}
    own = {CLONE[machine], 435}
    for number in set(range(470)) - own:
        verdict = judge(machine, number)
        assert verdict == (REFUSED if number in denied else ALLOW), number
    assert judge(machine, READ[machine]) == ALLOW
    assert judge(machine, SOCKETPAIR[machine]) == ALLOW


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_clone_is_allowed_for_threads_and_refused_for_namespaces(machine):
    threads = 0x3D0F00  # what the C library asks for
    assert judge(machine, CLONE[machine], (threads,)) == ALLOW
    assert judge(machine, CLONE[machine], (17,)) == ALLOW
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert judge(machine, CLONE[machine], (threads | flag,)) == REFUSED
    assert judge(machine, 435) == ERRNO | errno.ENOSYS  # clone3: its flags cannot be read


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_no_other_table_of_calls_opens_a_way_around(machine):
    assert judge(machine, READ[machine], architecture=0x40000003) == KILL  # 32 bit
    if machine == "x86_64":
        assert judge(machine, 0x40000000 | 41) == REFUSED  # socket of the x32 table


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_typing_into_a_terminal_is_refused(machine):
    ioctl = {"x86_64": 16, "aarch64": 29}[machine]
    assert judge(machine, ioctl, (0, 0x5412)) == REFUSED
    assert judge(machine, ioctl, (0, 0x541C)) == REFUSED
    assert judge(machine, ioctl, (0, 0x5401)) == ALLOW


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_numbers_are_those_of_the_kernel_headers(machine):
    header = Path(HEADERS[machine])
    if not header.is_file():
        pytest.skip(f"{header} is not installed")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text()))
    place = list(ARCHITECTURES).index(machine)
    known = {name: numbers[place] for name, numbers in seccomp.DENIED.items() if name in found}
    assert len(known) > 60
    assert known == {name: int(found[name]) for name in known}


def test_this_processor_has_a_table_or_the_sandbox_says_no():
    assert seccomp.supported() == (kernel.machine() in ARCHITECTURES)
