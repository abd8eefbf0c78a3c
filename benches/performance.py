"""Measures `happy` as ratios to what the machine does anyway. Run by `performance.sh`.

Two commands that are compared run in turn, round after round, so that a busy
machine slows both; the medians are divided. Peak memory is the kernel's figure
for the process.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import happy_graph

CORPUS = Path(os.environ["HAPPY_CORPUS"])
SCRATCH = CORPUS / "performance"
NULL = os.open(os.devnull, os.O_RDWR)
ENV = {**os.environ, **happy_graph.ENV}


class Failed(Exception):
    """A measured command exited with an error; the table says so and goes on."""


def run(command, folder):
    """One run: (seconds, peak megabytes). Nothing of its output is kept.

    The peak is never less than this script's own memory (about 16 MB), which
    the child has until it becomes the command.
    """
    os.chdir(folder)
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], [str(c) for c in command], ENV, file_actions=[
        (os.POSIX_SPAWN_DUP2, NULL, 0), (os.POSIX_SPAWN_DUP2, NULL, 1), (os.POSIX_SPAWN_DUP2, NULL, 2)])
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        raise Failed(f"`{' '.join(map(str, command))}` exited with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def copy(name):
    """A fresh copy of a corpus repository without an index."""
    to = SCRATCH / name
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", CORPUS / "repos" / name, to], check=True, env=ENV)
    return to


def subset(source, count):
    """A repository of `count` of another's Python files, spread evenly."""
    to = SCRATCH / f"{source.name}-{count}"
    shutil.rmtree(to, ignore_errors=True)
    listed = subprocess.run(["git", "-C", source, "ls-files", "*.py"], capture_output=True, text=True, check=True)
    files = listed.stdout.split()
    for i in range(count):
        file = files[i * len(files) // count]
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / file, to / file)
    happy_graph.make_repository(to)
    return to


class Table:
    """The lines of the result: what, the two sides, their ratio, the goal."""

    def __init__(self):
        self.lines = []

    def ratio(self, what, ours, theirs, goal):
        """Two lists of seconds, ours as a multiple of theirs."""
        a, b = statistics.median(ours), statistics.median(theirs)
        self.lines.append((what, f"{a * 1e3:.1f} ms", f"{b * 1e3:.1f} ms", f"{a / b:.2f}", f"≤ {goal}", a / b <= goal))

    def value(self, what, value, unit, goal=None):
        """A number alone; without a goal it is only stated."""
        self.lines.append((what, f"{value:.1f} {unit}", "", "", f"≤ {goal} {unit}" if goal else "",
                           goal is None or value <= goal))

    def failure(self, what, error):
        """A measurement that could not be made."""
        self.lines.append((what, f"failed: {error}", "", "", "", False))

    def show(self, markdown):
        """Prints the table."""
        head = ("what", "happy", "beside", "ratio", "goal", "")
        rows = [(*line[:5], "ok" if line[5] else "missed") for line in self.lines]
        if markdown:
            for row in (head, ("---",) * 6, *rows):
                print("| " + " | ".join(row) + " |")
            return
        widths = [max(len(r[i]) for r in (head, *rows)) for i in range(6)]
        for row in (head, *rows):
            print("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())


def cold(happy, folder):
    """One index from nothing: (seconds, megabytes)."""
    happy_graph.forget_index(folder)
    return run([happy, "index"], folder)


def full_index(table, happy, folder, rounds, threads):
    """Full index against the bare parse of the same files on the same threads."""
    ours, theirs, memory = [], [], 0
    for _ in range(rounds):
        seconds, megabytes = cold(happy, folder)
        ours.append(seconds)
        memory = max(memory, megabytes)
        theirs.append(run([happy, "util", "parse-only", ".", "--threads", threads], folder)[0])
    table.ratio(f"{folder.name}: full index ÷ bare parse", ours, theirs, 1.4)
    table.value(f"{folder.name}: peak memory of a full index", memory, "MB")
    index = sum(f.stat().st_size for f in (folder / ".git/happy").rglob("*") if f.is_file())
    table.value(f"{folder.name}: index size", index / 2**20, "MB")


def one_change(table, happy, folder, file, rounds, commit):
    """Re-index after one changed file against `git status` of the same state."""
    ours, theirs = [], []
    cold(happy, folder)
    for i in range(rounds * 2):
        with (folder / file).open("a") as out:
            out.write(f"\n\ndef measured_{i}():\n    return {i}\n")
        if commit:
            subprocess.run(["git", "-C", folder, "commit", "-qam", f"change {i}"], check=True, env=ENV)
        theirs.append(run(["git", "status", "--porcelain"], folder)[0])
        ours.append(run([happy, "index"], folder)[0])
    how = "committed" if commit else "edited"
    table.ratio(f"{folder.name}: re-index after one {how} file ÷ git status", ours, theirs, 2)
    table.value(f"{folder.name}: re-index after one {how} file", statistics.median(ours) * 1e3, "ms", 100)
    subprocess.run(["git", "-C", folder, "checkout", "-q", "--", "."], check=True, env=ENV)


def callers(table, happy, folder, symbol, rounds):
    """A whole warm process of `callers`, beside the start of an empty one."""
    cold(happy, folder)
    command = [happy, "callers", symbol, "--at", "HEAD"]
    run(command, folder)
    ours, floor = [], []
    for _ in range(rounds * 10):
        ours.append(run(command, folder)[0])
        floor.append(run(["true"], folder)[0])
    table.value(f"{folder.name}: callers {symbol} --at HEAD, whole process", statistics.median(ours) * 1e3, "ms", 10)
    table.value("an empty process, for comparison", statistics.median(floor) * 1e3, "ms")


def kernel(table, happy):
    """The Linux kernel once."""
    folder = CORPUS / "repos/linux"
    seconds, megabytes = cold(happy, folder)
    table.value("linux: full index", seconds, "s")
    table.value("linux: peak memory", megabytes, "MB", 3 * 1024)
    index = sum(f.stat().st_size for f in (folder / ".git/happy").rglob("*") if f.is_file())
    table.value("linux: index size", index / 2**20, "MB", 1.5 * 1024)


def machine():
    """One line about the machine, without its name."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(open("/proc/meminfo").readline().split()[1]) // 2**20
    return f"{os.cpu_count()} × {cpu}, {memory} GiB, load {os.getloadavg()[0]:.1f}"


def main():
    """Runs every measurement; one that fails does not stop the others."""
    p = argparse.ArgumentParser(prog="benches/performance.sh")
    p.add_argument("-n", "--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--markdown", action="store_true")
    p.add_argument("--kernel", action="store_true")
    p.add_argument("--check", action="store_true")
    args = p.parse_args()
    happy, table = happy_graph.binary(), Table()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    django, rust = copy("django"), copy("rust-analyzer")
    ENV["RAYON_NUM_THREADS"] = str(args.threads)
    steps = [
        ("full index", lambda: full_index(table, happy, django, args.rounds, args.threads)),
        ("full index", lambda: full_index(table, happy, rust, args.rounds, args.threads)),
        ("one edited file", lambda: one_change(table, happy, django, "django/db/models/query.py", args.rounds, False)),
        ("one committed file", lambda: one_change(table, happy, django, "django/db/models/query.py", args.rounds, True)),
        ("callers", lambda: callers(table, happy, django, "QuerySet.filter", args.rounds)),
        ("memory", lambda: table.value("1,000 files: peak memory of a full index",
                                       max(cold(happy, subset(django, 1000))[1] for _ in range(2)), "MB", 128)),
    ]
    if args.kernel:
        steps.append(("kernel", lambda: kernel(table, happy)))
    for what, step in steps:
        try:
            step()
        except (Failed, OSError, subprocess.CalledProcessError) as error:
            table.failure(what, error)
    print(machine() + "\n")
    table.show(args.markdown)
    return 1 if args.check and not all(line[5] for line in table.lines) else 0


if __name__ == "__main__":
    sys.exit(main())
