"""Hostile acts, as source that is run behind a wall to see whether it holds.

Each function tries one act for real and returns True where it succeeded (or how far it came). The self-check runs
some of them before any candidate is let in; `benchmarks/sandbox` runs all of them.
"""

SOURCE = r"""
import ctypes, os, signal, socket, sys, threading, time

C = ctypes.CDLL(None, use_errno=True)


def read_file(path):
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


def read_environment(secret):
    if secret in repr(dict(os.environ)):
        return True
    for pid in ("self", "thread-self", *map(str, range(1, 2000))):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if secret.encode() in file.read():
                    return True
        except OSError:
            pass
    return False


def read_memory():
    for pid in ("self", "1", str(os.getppid())):
        try:
            with open(f"/proc/{pid}/mem", "rb"):
                return True
        except OSError:
            pass
    return False


def write_file(path):
    try:
        with open(path, "w") as file:
            file.write("x")
        return True
    except OSError:
        return False


def write_anywhere():
    places = ["/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/dev", "/dev/shm", "/proc", "/var/tmp", "/home", "/root",
              sys.base_prefix, os.path.dirname(os.__file__)]
    written = [place for place in places if write_file(os.path.join(place, "freshbits-was-here"))]
    for place in written:
        os.unlink(os.path.join(place, "freshbits-was-here"))
    return written


def connect(family, kind, address):
    try:
        with socket.socket(getattr(socket, family), getattr(socket, kind)) as end:
            end.settimeout(1)
            end.connect(tuple(address) if isinstance(address, list) else address)
            end.send(b"x")
        return True
    except OSError:
        return False


def abstract_datagram(name):
    try:
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one.sendto(b"x", "\0" + name)
        return True
    except OSError:
        return False


def signal_others(pid):
    reached = 0
    for target in (pid, -1, *range(2, 4096)):
        try:
            os.kill(target, 0)
            reached += 1
        except OSError:
            pass
    return reached > 0


def trace(pid):
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    try:
        return any(C.ptrace(16, target, 0, 0) == 0 for target in (pid, child))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def make_namespace():
    child = os.fork()
    if child == 0:
        os._exit(0 if C.unshare(0x10000000) == 0 or C.unshare(0x20000) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def mount():
    return C.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or C.umount2(b"/proc", 2) == 0


def become_root():
    for name in ("setuid", "setresuid"):
        try:
            getattr(os, name)(*([0] if name == "setuid" else [0, 0, 0]))
            return True
        except OSError:
            pass
    for program in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/newgrp", "/usr/bin/mount"):
        if os.path.exists(program):
            child = os.fork()
            if child == 0:
                os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import os; os._exit(os.geteuid() == 0)"])
            if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1:
                return True
    return False


def fork_bomb(most):
    started = []
    try:
        while len(started) < most:
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            started.append(pid)
    except OSError:
        pass
    count = len(started)
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    for pid in started:
        os.waitpid(pid, 0)
    return count


def memory_bomb(megabytes):
    try:
        held = bytearray(megabytes << 20)
        return len(held) == megabytes << 20
    except MemoryError:
        return False


def fill_disk(megabytes):
    written = 0
    try:
        for number in range(megabytes):
            with open(f"/tmp/{number}", "wb") as file:
                file.write(bytes(1 << 20))
            written += 1
    except OSError:
        pass
    return written


def hidden_memory():
    try:
        os.memfd_create("x")
        return True
    except OSError:
        pass
    return C.shmget(0, 1 << 20, 0o1600) >= 0


def raise_limits():
    import resource
    for which in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_CORE):
        try:
            resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return True
        except (OSError, ValueError):
            pass
    return False


def remove_priority():
    try:
        os.nice(-5)
        return True
    except OSError:
        return False


def new_keys():
    return C.syscall(248, b"user", b"x", b"x", 1, -3) >= 0


def leave_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        time.sleep(600)
    return True


def honest():
    done = []
    threads = [threading.Thread(target=done.append, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open("/tmp/scratch", "w") as file:
        file.write("x" * 1000)
    import asyncio, json, math
    asyncio.run(asyncio.sleep(0))
    return sorted(done)
"""
