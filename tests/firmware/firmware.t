#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots the test firmware's self-test, without rules and with each kind of fault, and prints its
checks as TAP.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get("O", TOP / "build"))
DEADLINE_S = 60

# Name (what the self-test then checks), rules, further arguments of the emulator, words that must
# be told as fired.
RUNS = [
    ("plain", "", "", []),
    ("plain", "", "-M virt,aclint=on", []),
    ("plain", "", "-cpu rv64,sstc=off", []),
    ("plain", "no-sstc", "", ["no-sstc"]),
    ("all", "hartids=0:63:64:65:1000:4294967295", "-smp 6", []),
    ("all", "boot=5", "-smp 8 -m 256M -object memory-backend-ram,size=128M,id=m0"
     " -object memory-backend-ram,size=128M,id=m1"
     " -numa node,nodeid=0,cpus=0-3,memdev=m0 -numa node,nodeid=1,cpus=4-7,memdev=m1", []),
    ("spec01", "spec=0.1", "", []),
    ("spec02", "spec=0.2", "", []),
    ("none", "no-time no-ipi no-rfence no-hsm no-srst no-dbcn no-legacy", "", []),
    ("start-refuse", "start-refuse=-1/1", "", ["start-refuse=-1/1"]),
    ("start-lost", "start-lost/1 start-pending-invalid", "", ["start-lost/1", "start-pending-invalid"]),
    ("start-late", "start-late=100000", "", ["start-late=100000"]),
    ("start-wrong", "boot=0 start-opaque@1=0x1234 start-a0@2=77 start-sie@3 start-satp@3 start-ssip@3", "",
     ["start-opaque@1=0x1234", "start-a0@2=77", "start-sie@3", "start-satp@3", "start-ssip@3"]),
    ("start-twice", "start-twice=50000", "", ["start-twice=50000"]),
    ("stop", "boot=0 stop-return@1=-1/1 stop-wfi@2 stop-slow@3=20000", "",
     ["stop-return@1=-1/1", "stop-wfi@2", "stop-slow@3=20000"]),
    ("status", "boot=0 status-lie@1=0 status-refuse@2=-1", "", ["status-lie@1=0", "status-refuse@2=-1"]),
    ("ipi-strict", "boot=0 ipi-strict rfence-strict", "", ["ipi-strict", "rfence-strict"]),
    ("ipi-drop", "ipi-drop=3", "", ["ipi-drop=3"]),
    ("ipi-delay", "ipi-delay=50000", "", ["ipi-delay=50000"]),
    ("ipi-more", "boot=0 ipi-spurious@1=1000 ipi-dup@2=1", "", ["ipi-spurious@1=1000", "ipi-dup@2=1"]),
    ("timer", "timer-late=100000", "", ["timer-late=100000"]),
    ("short", "dbcn-short=5 dbcn-refuse=-1/1 srst-refuse=-1", "",
     ["dbcn-short=5", "dbcn-refuse=-1/1", "srst-refuse=-1"]),
    ("enter-all", "enter-all", "", ["enter-all"]),
    ("slow", "ecall-slow=200000", "", ["ecall-slow=200000"]),
]

# Rules that must be refused, and why.
BAD_RULES = [
    ("no-such-word", "bad rule"),
    ("start-lost=3", "bad rule"),
    ("start-refuse", "bad rule"),
    ("start-lost@9", "no such hart"),
    ("hartids=0:1", "too few ids"),
    ("hartids=0:1:1:2", "an id twice"),
    ("spec=2", "bad rule"),
]


def boot(qemu, rules, more, append):
    """Returns the console, the firmware's own log and the exit status of one boot."""
    machine = [] if "-M " in more else ["-M", "virt"]
    smp = [] if "-smp" in more else ["-smp", "4"]
    with tempfile.TemporaryDirectory() as tmp:
        told = Path(tmp, "told")
        command = [qemu, *machine, *smp, "-nographic", "-nodefaults", "-serial", "stdio", "-bios", OUT / "firmware.bin",
                   "-kernel", OUT / "firmware-selftest.elf", "-append", append,
                   "-chardev", f"file,id=told,path={told}",
                   "-semihosting-config", "enable=on,target=native,chardev=told",
                   "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", *more.split()]
        if rules:
            file = Path(tmp, "rules")
            file.write_text(rules)
            command += ["-device", f"loader,file={file},addr=0x8017e000,force-raw=on"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=DEADLINE_S, check=False)
            out, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as e:
            out, status = e.stdout or b"", -1
        return out.decode(errors="replace").replace("\r", ""), told.read_text() if told.exists() else "", status


def main():
    tool = subprocess.run([TOP / "scripts/tools", "qemu"], stdout=subprocess.PIPE, text=True, check=False)
    qemu = tool.stdout.strip()
    if not qemu or not (OUT / "firmware.bin").exists():
        print("1..0 # SKIP no emulator, or the firmware is not built (make firmware)")
        return 0
    n = failed = 0

    def result(ok, what, detail=""):
        nonlocal n, failed
        n += 1
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {n} - {what}")
        if not ok:
            print("\n".join("# " + line for line in detail.splitlines()))
        sys.stdout.flush()

    for name, rules, more, fired in RUNS:
        what = " ".join(filter(None, [name, more and f"({more})", rules and f"'{rules}'"]))
        out, told, status = boot(qemu, rules, more, name)
        oks = len(re.findall(r"^ok \d+", out, re.M))
        plan = re.search(r"^1\.\.(\d+)$", out, re.M)
        result(status == 0 and plan is not None and oks == int(plan[1]) and oks > 1, f"{what}: {oks} checks",
               f"status {status}\n{out}")
        for word in fired:
            result(f"fired: {word}: " in told, f"{what}: {word} is told", told)

    for rules, why in BAD_RULES:
        out, _, status = boot(qemu, rules, "", "plain")
        result(status == 97 and f"firmware: {why}" in out, f"'{rules}' is refused: {why}", f"status {status}\n{out}")

    print(f"1..{n}")
    return 1 if failed else 0


sys.exit(main())
