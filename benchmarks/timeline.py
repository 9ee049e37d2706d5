"""Where the main thread of a command stands, as seconds of the calls in it.

    python benchmarks/timeline.py [--in FUNCTION] [--depth 6] [--first 1] sweep SPEC --jobs 1 ...

runs `xlt` with the arguments, looks at the main thread's stack every few milliseconds, and prints
the tree of calls below a function with their seconds, as means over the function's calls. The first
of these, which imports and fills caches, is left out. Unlike a profile, it hardly slows a command
down, and it shows what the main thread waits for.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import defaultdict
from itertools import pairwise
from types import FrameType

from xlt_cli.__main__ import main as xlt

Stack = tuple[str, ...]
Seconds = dict[Stack, float]

SHORTEST = 0.01
"""Share of the whole from which on a call is printed."""


def stack_of(frame: FrameType | None) -> Stack:
    """The functions of a stack, the outermost first."""
    names: list[str] = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{'/'.join(code.co_filename.split('/')[-2:])}:{code.co_name}")
        frame = frame.f_back
    return tuple(reversed(names))


class Looker(threading.Thread):
    """Looks at the main thread until it is told that this is over."""

    def __init__(self, every: float) -> None:
        super().__init__(daemon=True)
        self.every, self.over = every, False
        self.seen: list[tuple[float, Stack]] = []

    def run(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        while not self.over:
            time.sleep(self.every)
            self.seen.append((time.perf_counter(), stack_of(sys._current_frames().get(main))))


def calls(seen: list[tuple[float, Stack]], inside: str) -> list[Seconds]:
    """For each call of a function, the seconds in each stack below it."""
    found: list[Seconds] = []
    going = False
    for (began, stack), (ended, _) in pairwise(seen):
        if inside not in stack:
            going = False
            continue
        if not going:
            found.append(defaultdict(float))
            going = True
        below = stack[stack.index(inside) :]
        for depth in range(1, len(below) + 1):
            found[-1][below[:depth]] += ended - began
    return found


def show(total: Seconds, count: int, depth: int, above: Stack = ()) -> None:
    whole = max(total.values())
    below = [s for s in total if len(s) == len(above) + 1 and s[: len(above)] == above]
    for stack in sorted(below, key=lambda stack: -total[stack]):
        if total[stack] >= SHORTEST * whole and len(stack) <= depth:
            print(f"{total[stack] / count:7.2f} {'  ' * len(above)}{stack[-1]}")
            show(total, count, depth, stack)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in", dest="inside", default="launch/pipeline.py:run_experiment")
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--first", type=int, default=1, help="calls that are left out")
    parser.add_argument("--every", type=float, default=0.004, help="seconds")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="arguments of xlt")
    given = parser.parse_args()
    looker = Looker(given.every)
    sys.argv = ["xlt", *given.command]
    looker.start()
    try:
        xlt()
    except SystemExit as ended:
        if ended.code:
            raise
    finally:
        looker.over = True
        looker.join()
    found = calls(looker.seen, given.inside)
    print(f"calls of {given.inside}:", ", ".join(f"{max(c.values()):.2f} s" for c in found))
    some = found[given.first :]
    if some:
        total: Seconds = defaultdict(float)
        for one in some:
            for stack, seconds in one.items():
                total[stack] += seconds
        show(total, len(some), given.depth)


if __name__ == "__main__":
    main()
