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
    """One run: (seconds, peak megabytes, processor seconds). Nothing of its output is kept.

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
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


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

    def both(self, what, ours, theirs, goal):
        """The ratio of elapsed times, then that of processor times, which a
        busy machine disturbs less. Both sides are what `run` gives."""
        for at, suffix in ((0, ""), (2, ", processor time")):
            self.ratio(what + suffix, [one[at] for one in ours], [one[at] for one in theirs], goal)

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
    """One index from nothing: what `run` gives."""
    happy_graph.forget_index(folder)
    return run([happy, "index"], folder)


def full_index(table, happy, folder, rounds, threads):
    """Full index against the bare parse of the same files on the same threads."""
    ours, theirs, memory = [], [], 0
    for _ in range(rounds):
        ours.append(cold(happy, folder))
        memory = max(memory, ours[-1][1])
        theirs.append(run([happy, "util", "parse-only", ".", "--threads", threads], folder))
    table.both(f"{folder.name}: full index ÷ bare parse", ours, theirs, 1.4)
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
        theirs.append(run(["git", "status", "--porcelain"], folder))
        ours.append(run([happy, "index"], folder))
    how = "committed" if commit else "edited"
    table.both(f"{folder.name}: re-index after one {how} file ÷ git status", ours, theirs, 2)
    median = statistics.median(seconds for seconds, _, _ in ours)
    table.value(f"{folder.name}: re-index after one {how} file", median * 1e3, "ms", 100)
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


def made(name, files):
    """A repository of the given files: path to text."""
    to = SCRATCH / name
    shutil.rmtree(to, ignore_errors=True)
    for path, text in files.items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_text(text)
    happy_graph.make_repository(to)
    return to


def adversarial(table, happy, rounds):
    """Whole indexes of files that are made to be hard to link."""
    functions = "".join(f"def f{i}(): pass\n" for i in range(40))
    ring = "".join(f"v{i} = v{(i + 1) % 10_000}\nv{i} = v{(i * 7 + 3) % 10_000}\n" for i in range(10_000))
    seeds = "".join(f"v{i * 250} = f{i}\n" for i in range(40)) + "v0()\n"
    classes = "class C0:\n    def run(self): self.step()\n    def step(self): pass\n" + "".join(
        f"class C{i}(C{i - 1}):\n    def step(self): super().step()\n" for i in range(1, 1000))
    overloads = "class Many {\n" + "".join(
        f"  void take(T{i % 100} a, T{i // 100} b) {{}}\n" for i in range(10_000)) + "".join(
        f"  void call{i}(T{i} x) {{ take(x, x); }}\n" for i in range(100)) + "}\n"
    types = "".join(f"class T{i} {{}}\n" for i in range(100))
    for what, files in (
        ("10,000 mutually assigned variables", {"ring.py": functions + ring + seeds}),
        ("a hierarchy 1,000 deep", {"deep.py": classes + "C999().run()\n"}),
        ("10,000 overloads", {"Many.java": overloads + types}),
    ):
        folder = made("hard", files)
        seconds = statistics.median(cold(happy, folder)[2] for _ in range(rounds))
        table.value(f"{what}: whole index, processor time", seconds, "s", 1)


def search(table, happy, folder, rounds):
    """`happy search` as a whole process, on Django and on 100,000 chunks."""
    words = "user order price cache query login token route parse image queue event draft audit batch".split()
    def function(at):
        names = [words[at % 15], words[at // 15 % 15], words[at // 225 % 15]]
        return (f"def {'_'.join(names)}_{at}({names[1]}, limit={at}):\n"
                f"    # {' '.join(names)}\n    return {names[0]}.{names[2]}({names[1]}, limit)\n\n")
    many = made("chunks", {
        f"package{file // 50}/module{file}.py": "".join(function(file * 200 + i) for i in range(200))
        for file in range(500)})
    for where, name in ((folder, folder.name), (many, "100,000 chunks")):
        cold(happy, where)
        command = [happy, "search", "parse the login token of a user", "--at", "HEAD"]
        run(command, where)
        took = [run(command, where) for _ in range(rounds * 4)]
        table.value(f"{name}: search, whole process", statistics.median(one[0] for one in took) * 1e3, "ms", 50)
        table.value(f"{name}: search, processor time", statistics.median(one[2] for one in took) * 1e3, "ms", 50)


def kernel(table, happy):
    """The Linux kernel once."""
    folder = CORPUS / "repos/linux"
    seconds, megabytes, _ = cold(happy, folder)
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
        ("adversarial", lambda: adversarial(table, happy, args.rounds)),
        ("search", lambda: search(table, happy, django, args.rounds)),
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
