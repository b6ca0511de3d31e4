"""The system-call filter of the CPython sandbox, for both machines, run on paper: what it lets pass
and what it does not. Only x86-64 is at hand; arm64's filter is held to the kernel's own table."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from rlmlang.sandboxes.worker import lockdown
from rlmlang.sandboxes.worker.lockdown import ALLOW, ANY_BIT, ARCH, AT_LEAST, EQUAL, KILL, LOAD

HEADERS = {
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),  # arm64 has the generic table
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
}
COMMANDS = Path("/usr/include/asm-generic/fcntl.h"), Path("/usr/include/linux/fcntl.h")
SIGNALLING = {
    "F_SETFL": 4, "F_SETOWN": 8, "F_SETSIG": 10, "F_SETOWN_EX": 15, "F_SETLEASE": 1024,
    "F_NOTIFY": 1026,
}  # fmt: skip
REFUSED = {
    "aarch64": {
        "openat": 56, "execve": 221, "execveat": 281, "socket": 198, "connect": 203, "bind": 200,
        "kill": 129, "tgkill": 131, "ptrace": 117, "unlinkat": 35, "mkdirat": 34, "mount": 40,
        "bpf": 280, "io_uring_setup": 425, "process_vm_readv": 270, "memfd_create": 279,
        "prctl": 167, "seccomp": 277, "setrlimit": 164, "prlimit64": 261, "unshare": 97,
        "sendmsg": 211, "recvmsg": 212, "dup": 23, "pidfd_open": 434, "readlinkat": 78,
    },
    "x86_64": {
        "open": 2, "openat": 257, "execve": 59, "fork": 57, "vfork": 58, "socket": 41,
        "connect": 42, "kill": 62, "tgkill": 234, "ptrace": 101, "unlink": 87, "mount": 165,
        "bpf": 321, "io_uring_setup": 425, "process_vm_readv": 310, "memfd_create": 319,
        "prctl": 157, "seccomp": 317, "prlimit64": 302, "unshare": 272, "sendmsg": 46, "dup": 32,
    },
}  # fmt: skip


def judged(machine: str, number: int, *args: int, arch: int | None = None) -> int:
    """What the filter says to a call: classic BPF over the kernel's `seccomp_data`."""
    given = [*args, *[0] * (6 - len(args))]
    data = struct.pack("<iIQ6Q", number, ARCH[machine] if arch is None else arch, 0, *given)
    program, at, held = lockdown.program(machine), 0, 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == LOAD:
            held = struct.unpack_from("<I", data, operand)[0]
        elif code in (EQUAL, ANY_BIT, AT_LEAST):
            truth = {
                EQUAL: held == operand,
                ANY_BIT: bool(held & operand),
                AT_LEAST: held >= operand,
            }[code]
            at += yes if truth else no
        else:
            return operand


@pytest.mark.parametrize("machine", ARCH)
def test_what_computing_needs_passes_and_nothing_else(machine: str) -> None:
    free, bound = lockdown.FREE[machine], lockdown.BOUND[machine]
    assert all(judged(machine, n) == ALLOW for n in free.values())
    passing = {n for n in range(600) if judged(machine, n) == ALLOW}
    assert passing - set(free.values()) <= {bound["mmap"], bound["mprotect"]}
    assert not passing & set(REFUSED[machine].values())
    assert judged(machine, 63, arch=0x40000003) == KILL


@pytest.mark.parametrize("machine", ARCH)
def test_threads_pass_and_processes_do_not_nor_new_code(machine: str) -> None:
    bound = lockdown.BOUND[machine]
    assert judged(machine, bound["clone"], 0x00010000 | 0x100) == ALLOW
    assert judged(machine, bound["clone"], 17) != ALLOW
    for name in ("mmap", "mprotect"):
        assert judged(machine, bound[name], 0, 4096, 3) == ALLOW
        assert judged(machine, bound[name], 0, 4096, 7) != ALLOW


@pytest.mark.parametrize("machine", ARCH)
def test_numbers_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    found = {
        name: int(number)
        for name, number in re.findall(
            r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text()
        )
    }
    ours = lockdown.FREE[machine] | lockdown.BOUND[machine] | REFUSED[machine]
    assert {n: found.get(n) for n in ours} == ours


@pytest.mark.parametrize("machine", ARCH)
def test_no_command_of_fcntl_can_send_a_signal(machine: str) -> None:
    """The kernel takes the command as 32 bits: what lies above them changes nothing."""
    number, asked = lockdown.BOUND[machine]["fcntl"], set(lockdown.ASKED.values())
    passing = {c for c in range(2_000) if judged(machine, number, 3, c, 0x2000) == ALLOW}
    assert passing == asked
    assert not asked & set(SIGNALLING.values())
    assert judged(machine, number, 3, SIGNALLING["F_SETOWN"] | 1 << 32, 1) != ALLOW
    assert judged(machine, number, 8, 1 << 31, 1) != ALLOW


def test_commands_are_the_kernels() -> None:
    """asm-generic's numbers are those of x86-64 and of arm64."""
    if not all(p.exists() for p in COMMANDS):
        pytest.skip("the kernel's headers are not installed")
    text = "".join(p.read_text() for p in COMMANDS)
    plain = re.findall(r"#define\s+(F_\w+)\s+(\d+)", text)
    above = re.findall(r"#define\s+(F_\w+)\s+\(F_LINUX_SPECIFIC_BASE\s*\+\s*(\d+)\)", text)
    found = {n: int(v) for n, v in plain} | {n: 1024 + int(v) for n, v in above}
    ours = lockdown.ASKED | SIGNALLING
    assert {n: found.get(n) for n in ours} == ours
