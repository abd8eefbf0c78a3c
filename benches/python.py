"""What the Python module costs, on an indexed repository.

    benches/python.py [REPOSITORY]

Run with an interpreter that has the wheel of an optimised build. Without an
argument the repository is Django in $HAPPY_CORPUS. Exits 1 where a bound is
passed: opening takes at most 10 ms, a call with a small answer at most 20 us
in all (so the binding takes less), and where the machine is idle two threads
and eight have at least 1.6 times the answers of one.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import happy


def best(work: Callable[[], object], rounds: int, calls: int = 1) -> float:
    """Seconds of one call, in the best of some rounds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(calls):
            work()
        times.append((time.perf_counter() - begun) / calls)
    return min(times)


def median(work: Callable[[], object], rounds: int) -> float:
    """Seconds of one call, in the middle of some."""
    return statistics.median(best(work, 1) for _ in range(rounds))


def main() -> int:
    """Measure, print, judge."""
    folder = sys.argv[1] if len(sys.argv) > 1 else Path(os.environ["HAPPY_CORPUS"]) / "repos/django"
    failed = []

    def judge(what: str, value: float, unit: str, bound: float | None = None) -> None:
        passed = bound is None or value <= bound
        limit = "" if bound is None else f"   (at most {bound:g} {unit})"
        print(f"{what:<60} {value:9.2f} {unit}{limit}{'' if passed else '   PASSED THE BOUND'}")
        if not passed:
            failed.append(what)

    happy.HappyRepo(folder, at="HEAD")
    judge(
        "open at a commit", median(lambda: happy.HappyRepo(folder, at="HEAD"), 30) * 1e3, "ms", 10
    )
    judge("open the working tree", median(lambda: happy.HappyRepo(folder), 30) * 1e3, "ms")
    repo = happy.HappyRepo(folder, at="HEAD")
    calls: dict[str, int] = {}
    for edge in repo.edges("calls"):
        if edge.target_path is not None:
            calls[edge.target] = calls.get(edge.target, 0) + 1
    for size in (1, 10, 100, 1000):
        name = min(calls, key=lambda symbol: (abs(calls[symbol] - size), symbol))
        took = best(lambda name=name: repo.find_callers(name), 20, 200) * 1e6  # type: ignore[misc]
        found = len(repo.find_callers(name))
        judge(f"find_callers, {found} records", took, "us", 20 if found <= 10 else None)
    name = max(calls, key=lambda symbol: calls[symbol])
    reached = len(repo.find_callers(name, transitive=True))
    took = best(lambda: repo.find_callers(name, transitive=True), 5) * 1e6
    judge(f"transitive callers, {reached} records: each", took / reached, "us")
    judge("search", median(lambda: repo.search("reset a forgotten password"), 20) * 1e3, "ms")

    def ask(count: int) -> None:
        for _ in range(count):
            repo.undecided(name)
            repo.symbols("reset_password_never_named_so")

    one = best(lambda: ask(80), 5)
    cores = len(os.sched_getaffinity(0))
    # Where others use the cores, threads share what one thread had.
    free = cores - os.getloadavg()[0]
    for count in (2, 8):
        with ThreadPoolExecutor(count) as threads:
            share = [80 // count] * count
            took = best(lambda share=share: list(threads.map(ask, share)), 5)  # type: ignore[misc]
        ratio = one / took
        idle = cores >= 2 and free > 1.7
        low = idle and ratio < 1.6
        wanted = "   (at least 1.6)" if idle else f"   (not judged: {free:.1f} cores free)"
        print(
            f"{f'{count} threads against 1: questions in the same time':<60} {ratio:9.2f} times"
            f"{wanted}{'   BELOW THE BOUND' if low else ''}"
        )
        if low:
            failed.append(f"{count} threads")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
