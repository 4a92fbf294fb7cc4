"""The system calls that a student's code may not make, as a program for the kernel.

Everything else is allowed: the namespaces already keep files, processes and the network
out of reach, and this takes away the calls through which sandboxes have been left. The
program is classic BPF, as `man 2 seccomp` describes it.
"""

from __future__ import annotations

import errno
import struct

from graders import kernel

# By processor: what the kernel calls it, and the numbers of its calls.
PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (x86_64, aarch64)
DENIED = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "acct": (163, 89),
    "add_key": (248, 217),
    "bind": (49, 200),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_settime": (227, 112),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "listen": (50, 201),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mknodat": (259, 33),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setdomainname": (171, 162),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setregid": (114, 143),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setreuid": (113, 145),
    "settimeofday": (164, 170),
    "setuid": (105, 146),
    "shmget": (29, 194),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
OLD = {"mknod": 133}  # calls that only x86_64 has
CLONE, CLONE3, IOCTL = (56, 220), (435, 435), (16, 29)
NEW_NAMESPACES = 0x7E020000  # of mounts, groups, names, IPC, users, PIDs, networks
TYPE_FOR_ANOTHER = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX put words into a terminal
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, PROCESSOR, FIRST, SECOND = 0, 4, 16, 24  # where a call's parts stand
ALLOW, DENY = 0x7FFF0000, 0x00050000


def is_known() -> bool:
    """True if there is a list for this computer's processor."""
    return kernel.MACHINE in PROCESSORS


def install() -> None:
    """Judges every further call of this process and of what it starts.

    Raises:
        OSError: If the kernel has no seccomp, or new privileges are not yet given up.
    """
    kernel.filter_calls(program(kernel.MACHINE))


def program(machine: str) -> bytes:
    """The filter for a processor.

    Raises:
        KeyError: If there is none for it.
    """
    column = list(PROCESSORS).index(machine)
    denied = [numbers[column] for numbers in DENIED.values()]
    denied += OLD.values() if machine == "x86_64" else []
    lines = [
        _line(LOAD, PROCESSOR),
        _line(EQUAL, PROCESSORS[machine], 1, 0),
        _deny(errno.ENOSYS),
        _line(LOAD, NUMBER),
        _line(AT_LEAST, 0x40000000, 0, 1),  # the same calls under other numbers
        _deny(errno.ENOSYS),
    ]
    for number in denied:
        lines += [_line(EQUAL, number, 0, 1), _deny(errno.EPERM)]
    # A library that is told there is no clone3 uses clone, whose flags can be read.
    lines += [_line(EQUAL, CLONE3[column], 0, 1), _deny(errno.ENOSYS)]
    lines += [_line(EQUAL, CLONE[column], 0, 4), _line(LOAD, FIRST)]
    lines += [_line(ANY_BIT, NEW_NAMESPACES, 0, 1), _deny(errno.EPERM), _allow()]
    lines += [_line(EQUAL, IOCTL[column], 0, 5), _line(LOAD, SECOND)]
    lines += [_line(EQUAL, TYPE_FOR_ANOTHER[0], 1, 0)]
    lines += [_line(EQUAL, TYPE_FOR_ANOTHER[1], 0, 1), _deny(errno.EPERM), _allow()]
    return b"".join([*lines, _allow()])


def _line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; `yes` and `no` are how many to leap over."""
    return struct.pack("HBBI", code, yes, no, value)


def _deny(number: int) -> bytes:
    return _line(RETURN, DENY | number)


def _allow() -> bytes:
    return _line(RETURN, ALLOW)
