"""The system calls that Python's standard library does not offer, by ctypes.

Runs inside the jail, so it imports the standard library alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform

NEW_NS = 0x00020000
NEW_CGROUP = 0x02000000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NET = 0x40000000
NEW = NEW_NS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
DETACH = 2

_CLONE = {"x86_64": 56, "aarch64": 220}
_CHILD_CLEARTID = 0x00200000
_CHILD_SETTID = 0x01000000
_SIGCHLD = 17
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_ARENA_MAX = -8
_SET_PDEATHSIG = 1
_SET_DUMPABLE = 4
_CAPBSET_DROP = 24
_SET_NO_NEW_PRIVS = 38
_GET_TID_ADDRESS = 40
_CAP_AMBIENT = 47
_CAPABILITY_VERSION_3 = 0x20080522


def machine() -> str:
    """Names the processor as the kernel does ("x86_64", "aarch64")."""
    return platform.machine()


def _libc() -> ctypes.PyDLL:
    # PyDLL keeps the interpreter's lock: after a clone nobody else can hold it.
    return ctypes.PyDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Moves this process into namespaces of its own."""
    _checked(_libc().unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mounts a file system."""
    texts = [text.encode() or None for text in (source, target, kind, data)]
    call = _libc().mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _checked(call, f"mount {kind or source} on {target}")


def unmount(target: str) -> None:
    """Takes a file system out of sight at once."""
    _checked(_libc().umount2(target.encode(), DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Makes a directory the root of this mount namespace."""
    _checked(_libc().syscall(_PIVOT_ROOT[machine()], new.encode(), old.encode()), "pivot_root")


def prctl(option: int, argument: int = 0, third: int = 0) -> int:
    """Sets an attribute of this process."""
    unsigned = ctypes.c_ulong
    call = _libc().prctl(ctypes.c_int(option), unsigned(argument), unsigned(third), unsigned(0), unsigned(0))
    return _checked(call, f"prctl {option}")


def die_with_parent(parent: int) -> None:
    """Asks for the end of this process when the thread that started it ends."""
    prctl(_SET_PDEATHSIG, 9)
    if os.getppid() not in (parent, 0):  # 0: the parent lies outside of this pid namespace
        os._exit(1)


def allow_maps() -> None:
    """Makes the files of this process in /proc its own again, which a change of user takes away."""
    prctl(_SET_DUMPABLE, 1)


def drop_privileges() -> None:
    """Gives up every capability for good, of this process and of whatever it executes."""
    libc = _libc()
    for capability in range(64):
        if libc.prctl(_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break  # the last one that the kernel knows
    libc.prctl(_CAP_AMBIENT, ctypes.c_ulong(4), 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    prctl(_SET_NO_NEW_PRIVS, 1)


def share_arenas() -> None:
    """Lets all threads allocate from one arena: each of its own would take 64 MB of address space, which is limited."""
    with contextlib.suppress(AttributeError):  # a C library without arenas
        _libc().mallopt(ctypes.c_int(_ARENA_MAX), ctypes.c_int(1))


def clone(flags: int) -> int:
    """Forks like `os.fork`, into new namespaces: 0 in the child, the child's pid in the parent.

    The C library keeps a thread's number in its own memory, which its `fork` mends in the child by these two flags;
    the kernel tells where. Only for a process with one thread.
    """
    libc = _libc()
    place = ctypes.c_ulong()
    _checked(libc.prctl(_GET_TID_ADDRESS, ctypes.byref(place), 0, 0, 0), "prctl GET_TID_ADDRESS")
    asked = ctypes.c_long(flags | _CHILD_SETTID | _CHILD_CLEARTID | _SIGCHLD)
    # The last two arguments (tls, child's tid) change places between processors; tls is not asked for.
    arguments = (place, ctypes.c_long(0)) if machine() == "x86_64" else (ctypes.c_long(0), place)
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = int(libc.syscall(_CLONE[machine()], asked, ctypes.c_long(0), ctypes.c_long(0), *arguments))
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    python.PyOS_AfterFork_Parent()
    return _checked(pid, "clone")
