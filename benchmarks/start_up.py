"""How long `xlt` takes to start, and what it spends the time on.

    python benchmarks/start_up.py [--repeats 9]

Each command is run in turns with `python -c pass`, so that the machine's moods are shared; times
are medians of processor seconds (user and system), which other work on the machine stretches less
than the clock's. Below them, the modules that take longest to import by
themselves (`python -X importtime`, which itself makes imports slower).
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

BARE = (sys.executable, "-c", "pass")
XLT = (sys.executable, "-m", "xlt_cli")
QUICKSTART = str(Path(__file__).parents[1] / "experiments" / "quickstart.yaml")
COMMANDS: dict[tuple[str, ...], float | None] = {
    ("--help",): 0.30,
    ("list-plugins",): 0.40,
    ("eval", "nosuch"): 0.50,
    ("validate", QUICKSTART): None,
}
"""The commands, with the seconds that they should take at most; `nosuch` is no run."""
WRONG = 2
"""The exit code of a command that names a run that there is none of."""
TOP = 15
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)")


def seconds(command: tuple[str, ...]) -> float:
    """Processor time of a command, once it has done what it should."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != (WRONG if "nosuch" in command else 0):
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(repeats: int) -> dict[tuple[str, ...], float]:
    """Median processor seconds of each command; `()` is `python -c pass`."""
    commands = {(): BARE} | {arguments: (*XLT, *arguments) for arguments in COMMANDS}
    times: dict[tuple[str, ...], list[float]] = {arguments: [] for arguments in commands}
    for turn in range(-1, repeats):  # the first turn warms up: files, bytecode
        for arguments, command in commands.items():
            took = seconds(command)
            if turn >= 0:
                times[arguments].append(took)
    return {arguments: statistics.median(found) for arguments, found in times.items()}


def import_times(arguments: tuple[str, ...]) -> list[tuple[int, str]]:
    """Microseconds by which each module's own import made the command slower, longest first."""
    command = (sys.executable, "-X", "importtime", "-m", "xlt_cli", *arguments)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = [(int(own), name) for own, _, name in _IMPORT.findall(done.stderr)]
    return sorted(found, reverse=True)


def show(repeats: int) -> None:
    """Prints the times and the import profile of `xlt --help` and `xlt list-plugins`."""
    times = measure(repeats)
    bare = times.pop(())
    print(f"{'python -c pass':24} {bare:6.3f} s")
    for arguments, took in times.items():
        bar = COMMANDS[arguments]
        verdict = "" if bar is None else f"   bar {bar:.2f} s: {'met' if took <= bar else 'missed'}"
        print(f"{'xlt ' + arguments[0]:24} {took:6.3f} s   {took / bare:5.1f} x{verdict}")
    for arguments in (("--help",), ("list-plugins",)):
        found = import_times(arguments)
        total = sum(own for own, _ in found) / 1000
        print(f"\nxlt {arguments[0]}: {len(found)} modules, {total:.0f} ms; the longest alone:")
        for own, name in found[:TOP]:
            print(f"  {own / 1000:6.1f} ms  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    show(parser.parse_args().repeats)


if __name__ == "__main__":
    main()
