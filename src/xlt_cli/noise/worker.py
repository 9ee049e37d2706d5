"""`python -m xlt_cli.noise.worker`: draws noise for another process, and keeps it in the cache.

Jobs come by standard input; the name of each is printed when it is done, whether or not it could be
kept. Whoever asked looks into the cache, and draws what is not there by itself: nothing that
happens to a worker changes any rows.
"""

from __future__ import annotations

import contextlib
import pickle
import sys


def main() -> None:
    """Does the jobs that stand in standard input."""
    source = sys.stdin.buffer
    sys.path[:] = pickle.load(source)  # noqa: S301  (from the process that started this one)
    from xlt_cli.noise.jobs import Job, perform
    from xlt_cli.noise.kept import NoiseCache

    jobs: list[Job] = pickle.load(source)  # noqa: S301
    cache = NoiseCache.of_user()
    for job in jobs:
        with contextlib.suppress(Exception):  # who asked does it again, and tells what is wrong
            if cache is not None:
                perform(job, cache)
        print(job.name, flush=True)


if __name__ == "__main__":
    main()
