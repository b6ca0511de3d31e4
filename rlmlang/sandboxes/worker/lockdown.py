"""A process gives up what it could do to its machine: limits, Landlock, a seccomp allow-list.

Nothing here needs root or user namespaces. The system calls are numbered as in the kernel's tables
for x86-64 and arm64; the filter is classic BPF. See landlock(7), seccomp(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import platform
import resource
import signal
import struct
import sys

from .messages import Walls

LIBC = ctypes.CDLL(None, use_errno=True)
DUMPABLE, PARENT_DIES, SECCOMP, NO_NEW_RIGHTS = 4, 1, 22, 38  # prctl's options
LANDLOCK_CREATE, LANDLOCK_RESTRICT = 444, 446
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FREE = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "munmap": 11,
        "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19,
        "writev": 20, "select": 23, "sched_yield": 24, "mremap": 25, "madvise": 28,
        "nanosleep": 35, "setitimer": 38, "getpid": 39, "sendto": 44, "recvfrom": 45, "exit": 60,
        "uname": 63, "getrusage": 98, "getuid": 102, "getgid": 104, "geteuid": 107,
        "getegid": 108, "sigaltstack": 131, "gettid": 186, "futex": 202,
        "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228,
        "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "epoll_wait": 232,
        "epoll_ctl": 233, "ppoll": 271, "set_robust_list": 273, "eventfd2": 290,
        "epoll_create1": 291, "getrandom": 318, "rseq": 334,
    },
    "aarch64": {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "munmap": 215, "brk": 214,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "readv": 65,
        "writev": 66, "pselect6": 72, "ppoll": 73, "sched_yield": 124, "mremap": 216,
        "madvise": 233, "nanosleep": 101, "setitimer": 103, "getpid": 172, "sendto": 206,
        "recvfrom": 207, "exit": 93, "uname": 160, "getrusage": 165, "getuid": 174,
        "getgid": 176, "geteuid": 175, "getegid": 177, "sigaltstack": 132, "gettid": 178,
        "futex": 98, "sched_getaffinity": 123, "restart_syscall": 128, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "exit_group": 94, "epoll_pwait": 22,
        "epoll_ctl": 21, "set_robust_list": 99, "eventfd2": 19, "epoll_create1": 20,
        "getrandom": 278, "rseq": 293,
    },
}  # fmt: skip
BOUND = {
    "x86_64": {"mmap": 9, "mprotect": 10, "ioctl": 16, "clone": 56, "clone3": 435,
               "fcntl": 72},
    "aarch64": {"mmap": 222, "mprotect": 226, "ioctl": 29, "clone": 220, "clone3": 435,
                "fcntl": 25},
}  # fmt: skip
ASKED = {"F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3}
"""The commands of fcntl that pass. Others can make the kernel send signals to any process of the
same user (F_SETOWN, F_SETSIG, F_SETFL with O_ASYNC, leases, F_NOTIFY); of kernels only those with
Landlock's version 6 would hold them back."""
LOAD, RETURN, EQUAL, ANY_BIT, AT_LEAST = 0x20, 0x06, 0x15, 0x45, 0x35
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
THREAD, EXECUTABLE, X32 = 0x00010000, 4, 0x40000000
FIRST, SECOND, THIRD = 16, 24, 32  # where the arguments' low words lie in seccomp_data


def lock(memory: int, seconds: int) -> Walls:
    """Gives up everything but computing and open files; says which walls stand."""
    walls = Walls(limits=True, landlock=0, seccomp=False)
    base = _size_now()
    if sys.platform == "linux":
        LIBC.prctl(PARENT_DIES, signal.SIGKILL, 0, 0, 0)
        LIBC.prctl(DUMPABLE, 0, 0, 0, 0)
        walls["landlock"] = landlock()
    for which, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_AS, base + memory),
        (resource.RLIMIT_CPU, seconds),
    ):
        resource.setrlimit(which, (most, most))
    if sys.platform == "linux":
        walls["seccomp"] = seccomp()
    return walls


def _size_now() -> int:
    """Bytes of address space that the interpreter takes before any code runs."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except OSError:
        return 1 << 30


def landlock() -> int:
    """Shuts the file system, TCP and signals to others; gives the kernel's version of Landlock, 0
    where it has none."""
    version = LIBC.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version <= 0:
        return 0
    files = (1 << 13) - 1 | (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    rules = struct.pack("QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    made = LIBC.syscall(LANDLOCK_CREATE, rules, ctypes.c_size_t(size), ctypes.c_uint(0))
    if made < 0:
        return 0
    LIBC.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
    return int(version) if LIBC.syscall(LANDLOCK_RESTRICT, made, 0) == 0 else 0


def seccomp() -> bool:
    """Allows the calls that computing and the one open socket need, and no others: no opening of
    files, sockets or processes, no signals, no new executable memory."""
    machine = platform.machine()
    if machine not in ARCH:
        return False
    lines = program(machine)
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    held = ctypes.create_string_buffer(code, len(code))
    passed = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(held))
    LIBC.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
    return bool(LIBC.prctl(SECCOMP, 2, ctypes.c_char_p(passed), 0, 0) == 0)


def program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter as BPF instructions: code, jump if true, jump if false, operand."""
    bound = BOUND[machine]
    lines = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, ARCH[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if machine == "x86_64":
        lines += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for number in FREE[machine].values():
        lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    lines += [(EQUAL, 0, 1, bound["clone3"]), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    lines += [(EQUAL, 0, 1, bound["ioctl"]), (RETURN, 0, 0, REFUSE | errno.ENOTTY)]
    lines += _only(bound["clone"], FIRST, THREAD, wanted=True)
    lines += _one_of(bound["fcntl"], SECOND, list(ASKED.values()))
    for name in ("mmap", "mprotect"):
        lines += _only(bound[name], THIRD, EXECUTABLE, wanted=False)
    return [*lines, (RETURN, 0, 0, REFUSE | errno.EPERM)]


def _only(number: int, at: int, bits: int, *, wanted: bool) -> list[tuple[int, int, int, int]]:
    """A call that is allowed when an argument has a bit, or when it has not."""
    yes, no = (0, 1) if wanted else (1, 0)
    return [
        (EQUAL, 0, 4, number),
        (LOAD, 0, 0, at),
        (ANY_BIT, yes, no, bits),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
    ]


def _one_of(number: int, at: int, values: list[int]) -> list[tuple[int, int, int, int]]:
    """A call that is allowed when an argument, of 32 bits for the kernel, is one of some values."""
    tests = [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [
        (EQUAL, 0, len(values) + 3, number),
        (LOAD, 0, 0, at),
        *tests,
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
