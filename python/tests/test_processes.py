"""Threads, forks, signals, and the end of the interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import happy


def run(script: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """A program of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def test_many_threads_get_the_answers_of_one(project: Path, repo: happy.HappyRepo) -> None:
    expected = (repo.find_callers("check"), repo.search("password"), repo.symbols())

    def ask(_: int) -> bool:
        found = (repo.find_callers("check"), repo.search("password"), repo.symbols())
        return found == expected

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(64)))


def test_a_refresh_does_not_disturb_who_is_reading(project: Path, repo: happy.HappyRepo) -> None:
    stop = threading.Event()
    sizes: set[int] = set()
    faults: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                sizes.add(len(repo.find_callers("check")))
        except BaseException as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for count in range(1, 6):
        text = "from app.auth import check\n\n" + "check()\n" * count
        (project / "app/more.py").write_text(text, "utf-8")
        assert repo.refresh()
        assert len(repo.find_callers("check")) == 2 + count
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert sizes <= set(range(2, 8))


def test_several_threads_may_refresh_at_once(project: Path, repo: happy.HappyRepo) -> None:
    (project / "app/more.py").write_text("import app.auth\n\napp.auth.check()\n", "utf-8")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: repo.refresh(), range(16)))
    assert len(repo.find_callers("check")) == 3


def test_other_threads_run_while_a_question_is_answered(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.mkdir()
    calls = "".join(f"def f{i}():\n    f{(i * 7 + 1) % 20000}()\n" for i in range(20000))
    (big / "big.py").write_text(calls, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=big, check=True)
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.005)

    other = threading.Thread(target=tick)
    other.start()
    begun = time.monotonic()
    happy.HappyRepo(big)
    took = time.monotonic() - begun
    done.set()
    other.join()
    # A third of what it could be: the machine may be busy.
    assert ticks > took / 0.005 / 3 * 0.3


FORK = """
    import os, sys, warnings
    import happy
    repo = happy.HappyRepo(sys.argv[1])
    repo.search("password")
    # Newer Pythons warn of any fork while threads end.
    warnings.simplefilter("ignore", DeprecationWarning)
    child = os.fork()
    found = [len(repo.find_callers("check")), len(repo.search("password")) > 0]
    if child == 0:
        open(sys.argv[1] + "/app/child.py", "w").write("from app.auth import check\\ncheck()\\n")
        found += [repo.refresh(), len(repo.find_callers("check"))]
        os._exit(0 if found == [2, True, True, 3] else 9)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status) or found != [2, True])
"""


def test_a_child_after_a_fork_can_ask_and_refresh(project: Path) -> None:
    done = run(FORK, str(project))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_of_multiprocessing_can_be_given_records(project: Path) -> None:
    script = """
        import multiprocessing, sys, warnings
        import happy
        def ask(records):
            return [happy.HappyRepo(sys.argv[1]).find_callers(record) for record in records]
        if __name__ == "__main__":
            warnings.simplefilter("ignore", DeprecationWarning)
            repo = happy.HappyRepo(sys.argv[1])
            symbols = repo.symbols()
            with multiprocessing.get_context("fork").Pool(2) as pool:
                found = pool.map(ask, [symbols[:3], symbols[3:]])
            assert sum(found, []) == [repo.find_callers(symbol) for symbol in symbols]
    """
    done = run(script, str(project))
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_stops_the_building_of_an_index(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.mkdir()
    for file in range(100):
        text = "".join(f"def f{file}_{i}(a):\n    return g(a) + {i}\n" for i in range(300))
        (big / f"m{file}.py").write_text(text, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=big, check=True)
    script = """
        import signal, sys
        import happy
        # Whoever starts the tests in the background has interrupts ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("ready", flush=True)
        try:
            happy.HappyRepo(sys.argv[1])
        except KeyboardInterrupt:
            sys.exit(42)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(big)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(0.2)
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 42, said
    assert time.monotonic() - sent < 10
    # And what was stopped can be begun again.
    assert len(happy.HappyRepo(big).symbols()) == 30_000


def test_ctrl_c_stops_a_long_answer(tmp_path: Path) -> None:
    calls = "".join(f"def f{i}():\n" + "    f0()\n" * 100 for i in range(300))
    (tmp_path / "many.py").write_text(calls, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    repo = happy.HappyRepo(tmp_path)
    asked = ["f0"] + [f"f{i}" for i in range(1, 300)]
    assert len(repo.find_callers("f0")) == 30_000

    def interrupt() -> None:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = threading.Thread(target=interrupt)
    sender.start()

    def ask() -> None:
        while time.monotonic() - begun < 30:
            repo.find_callees(asked, transitive=True)

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask()
    sender.join()
    signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("daemon", [True, False])
def test_an_interpreter_ends_while_questions_are_answered(project: Path, daemon: bool) -> None:
    script = """
        import sys, threading, time
        import happy
        repo = happy.HappyRepo(sys.argv[1])
        end = time.monotonic() + 0.5
        def ask():
            while sys.argv[2] == "True" or time.monotonic() < end:
                repo.find_callers("check", transitive=True)
                repo.search("password")
                happy.HappyRepo(sys.argv[1])
        for _ in range(4):
            threading.Thread(target=ask, daemon=sys.argv[2] == "True").start()
        time.sleep(0.3)
    """
    for _ in range(3):
        done = run(script, str(project), str(daemon))
        assert (done.returncode, done.stderr) == (0, "")


def test_a_question_at_exit_is_answered(project: Path) -> None:
    script = """
        import atexit, sys
        import happy
        repo = happy.HappyRepo(sys.argv[1])
        atexit.register(lambda: print(len(repo.find_callers("check")), len(repo.search("x"))))
    """
    done = run(script, str(project))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "2"


def test_an_exit_with_an_open_repository_is_quiet(project: Path) -> None:
    script = "import happy, sys; repo = happy.HappyRepo(sys.argv[1]); repo.me = 1"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script, str(project)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
