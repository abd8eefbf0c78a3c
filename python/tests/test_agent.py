"""The agent from Python: the command's events, callables as models, and how runs are ended."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import happy
from conftest import ENVIRONMENT, ROOT, command, git, lines

LIB = (
    "def low(a):\n    return a + 2\n\n\ndef high(a):\n    return low(a) * 10\n\n\n"
    "def other(a):\n    return a\n"
)
TEST = (
    "import unittest\n\nfrom lib import high, low, other\n\n\nclass Lib(unittest.TestCase):\n"
    "    def test_low(self):\n        self.assertEqual(low(1), 2)\n\n"
    "    def test_high(self):\n        self.assertEqual(high(1), 20)\n\n"
    "    def test_other(self):\n        self.assertEqual(other(1), 1)\n"
)
FIX = "edit('lib.py::low', 'a + 2', 'a + 1')"
LAND = f"{FIX}\nprint(submit('Fix low'))"


def sandbox_works() -> bool:
    done = command(ROOT, "doctor")
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    return any(check.get("check") == "sandbox" and check["works"] for check in checks)


pytestmark = pytest.mark.skipif(not sandbox_works(), reason="no sandbox works here")


@pytest.fixture
def bug(make: Callable[..., Path]) -> Path:
    """A repository with a bug that its tests show."""
    return make({"lib.py": LIB, "test_lib.py": TEST})


#: The sandbox that starts fastest, where it is there; else the strongest that works.
QUICK = "bubblewrap" if shutil.which("bwrap") else "auto"


def agent(folder: Path, **options: Any) -> happy.Agent:
    return happy.Agent(folder, **{"sandbox": QUICK, **options})


def cell(code: str) -> str:
    return f"I work.\n\n```python\n{code}\n```\n"


def recording(folder: Path, *cells: str) -> Path:
    records: list[dict[str, Any]] = [
        {"type": "agent_start", "task": "fix low", "model": "scripted"}
    ]
    for number, code in enumerate(cells, 1):
        records.append({"type": "agent_reply", "key": f"root/{number}", "text": cell(code)})
    path = folder.parent / "recording.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def script(*cells: str) -> Callable[[list[Any]], str]:
    """A model that gives these cells, one after the other."""
    left = list(cells)

    def scripted(messages: list[Any]) -> str:
        assert messages[0]["role"] == "system"
        return cell(left.pop(0))

    return scripted


def alive(run: happy.Run) -> bool:
    """Whether the process of a run, or one of its sandboxes, is there."""
    process = run._process
    assert process is not None
    group = process.child.pid
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        # Its session: sandboxes are started within it. A zombie is gone.
        if int(fields[3]) == group and fields[0] != "Z":
            return True
    return False


def gone(run: happy.Run) -> bool:
    """Whether it is gone within a few seconds."""
    for _ in range(100):
        if not alive(run):
            return True
        time.sleep(0.1)
    return False


def test_a_replayed_run_yields_the_events_that_the_command_prints(bug: Path) -> None:
    path = recording(bug, FIX, "print(submit('Fix low'))")
    run = agent(bug).replay(path)
    events = list(run)
    assert run.end is not None
    assert run.end.landed
    assert "return a + 1" in (bug / "lib.py").read_text()
    assert [event.type for event in events][:2] == ["agent_start", "agent_reply"]
    log = lines(command(bug, "agent", "log", str(run.id)))
    assert [event.to_dict() for event in events] == log
    assert run.closed
    assert list(run) == []


def test_events_are_typed_equal_printable_and_pickle(bug: Path) -> None:
    run = agent(bug, max_turns=2).replay(recording(bug, FIX, "print(submit('Fix low'))"))
    for event in run:
        assert type(event).__name__ in happy.__all__
        assert repr(event).startswith(type(event).__name__ + "(")
        assert pickle.loads(pickle.dumps(event)) == event
        assert not event.more, "the package knows every field of its own command"
        with pytest.raises(AttributeError):
            event.type_ = "x"  # type: ignore[attr-defined]
    gate = next(event for event in run.events if isinstance(event, happy.AgentGate))
    assert gate.fixed == ["test_lib.Lib.test_high", "test_lib.Lib.test_low"]
    assert run.end is not None
    assert run.end.spent.tokens == run.end.root.tokens + run.end.sub.tokens > 0


def test_every_record_of_the_agent_has_its_class_with_all_its_fields() -> None:
    done = command(ROOT, "util", "schema", "agent")
    schema = json.loads(done.stdout)
    found = {}
    for variant in variants(schema, schema):
        name = variant["properties"]["type"].get("const", "")
        if name.startswith("agent_"):
            found[name] = set(variant["properties"]) - {"type"}
    ours = {}
    for kind in happy.Event.__subclasses__():
        names = set()
        for name, parameter in inspect.signature(kind).parameters.items():
            if name == "spent":
                names |= set(inspect.signature(happy.Spent).parameters)
            elif parameter.name != "more":
                names.add(name)
        ours[kind.type] = names
    assert ours == found


def variants(node: Any, schema: Any) -> list[dict[str, Any]]:
    """All objects of a schema that say their type."""
    if isinstance(node, list):
        return [one for each in node for one in variants(each, schema)]
    if not isinstance(node, dict):
        return []
    own = [node] if "type" in node.get("properties", {}) else []
    return own + [one for each in node.values() for one in variants(each, schema)]


def test_a_callable_is_the_model_and_its_usage_counts(bug: Path) -> None:
    class Reply:
        def __init__(self, text: str) -> None:
            self.text = text
            self.usage = {"input_tokens": 1000, "output_tokens": 50}

    cells = [FIX, "print(submit('Fix low'))"]
    run = agent(bug, model=lambda messages: Reply(cell(cells.pop(0)))).run("fix low")
    assert [event.type for event in run][-1] == "agent_end"
    assert run.end is not None
    assert run.end.landed
    assert run.end.root.prompt_tokens == 2000
    assert run.end.root.completion_tokens == 100
    reply = next(event for event in run.events if isinstance(event, happy.AgentReply))
    assert not reply.estimated


def test_sub_agents_have_a_callable_of_their_own_and_run_at_once(make: Callable[..., Path]) -> None:
    source = "\n\n".join(
        f"def f{n}(a):\n    return a + {n}  # {'long ' * 200}\n" for n in range(12)
    )
    folder = make({"many.py": source, "test_many.py": "import many\n"})
    most = [0]
    now = [0]
    lock = threading.Lock()

    def reader(messages: list[Any]) -> dict[str, Any]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.2)
        with lock:
            now[0] -= 1
        name = messages[1]["content"].split("many.py::")[1].split()[0]
        if name == "f3":
            raise RuntimeError("no quota")
        return {"text": name, "usage": {"prompt_tokens": 7, "completion_tokens": 1}}

    ask = "print(rlm_batch('name?', [f'many.py::f{n}' for n in range(12)], width=6))"
    root = script(ask, "submit('done')", "submit('done')")
    run = agent(folder, model=root, sub_model=reader, max_turns=3).run("name them")
    seen = [event for event in run if isinstance(event, happy.AgentObservation)]
    assert "'f0'" in seen[0].text
    assert "'f11'" in seen[0].text
    assert "no quota" in seen[0].text
    assert 2 <= most[0] <= 6
    assert run.end is not None
    assert run.end.outcome == "answered"
    assert run.end.sub.prompt_tokens == 11 * 7


def test_a_run_is_an_asynchronous_iterator_and_a_coroutine_may_be_the_model(bug: Path) -> None:
    loops = []
    cells = [FIX, "print(submit('Fix low'))"]

    async def model(messages: list[Any]) -> str:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0.01)
        return cell(cells.pop(0))

    async def drive() -> list[happy.Event]:
        ours = asyncio.get_running_loop()
        found = [event async for event in agent(bug, model=model).run("fix low")]
        assert loops == [ours, ours]
        return found

    events = asyncio.run(drive())
    assert isinstance(events[-1], happy.AgentEnd)
    assert events[-1].landed


def test_a_coroutine_answers_a_plain_loop_too(bug: Path) -> None:
    async def model(messages: list[Any]) -> str:
        await asyncio.sleep(0)
        return cell(LAND)

    assert agent(bug, model=model).do("fix low").landed


def test_what_a_callable_raises_is_the_cause_of_a_model_error(bug: Path) -> None:
    def model(messages: list[Any]) -> str:
        raise ValueError("no such deployment")

    run = agent(bug, model=model).run("fix low")
    with pytest.raises(happy.ModelError, match="no such deployment") as caught:
        list(run)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.exit_code == 7  # type: ignore[attr-defined]
    assert caught.value.run == run.id
    assert run.end is not None
    assert run.end.outcome == "failed"
    with pytest.raises(happy.ModelError, match="returns text"):
        list(agent(bug, model=lambda messages: 5).run("fix low"))


def test_a_spent_budget_is_an_outcome_and_the_run_is_taken_up_again(bug: Path) -> None:
    run = agent(bug, model=script(FIX), max_turns=1).run("fix low")
    for _ in run:
        pass
    assert run.end is not None
    assert run.end.outcome == "budget"
    assert run.end.draft is not None
    assert "a + 1" in Path(run.end.draft).read_text()
    assert git(bug, "status", "--porcelain") == ""
    assert run.id is not None
    again = agent(bug, model=script("print(submit('Fix low'))")).resume(run.id)
    kinds = [event.type for event in again]
    assert kinds[0] == "agent_resume"
    assert again.end is not None
    assert again.end.landed


def test_tokens_are_a_limit(bug: Path) -> None:
    end = agent(bug, model=script(FIX, FIX), max_tokens=600).do("fix low")
    assert end.outcome == "budget"
    assert end.root.calls == 0


def hang(reached: threading.Event) -> Callable[[list[Any]], str]:
    """A model that gives a cell that hangs."""

    def model(messages: list[Any]) -> str:
        reached.set()
        return cell("while True: pass")

    return model


def test_closing_a_run_ends_its_process_and_its_sandbox(bug: Path) -> None:
    reached = threading.Event()
    run = agent(bug, model=hang(reached)).run("fix low")
    with run:
        for event in run:
            if isinstance(event, happy.AgentCell):
                break
        time.sleep(1)
        assert alive(run)
    assert gone(run)
    assert list(run) == []
    assert git(bug, "status", "--porcelain") == ""
    last = lines(command(bug, "agent", "log", str(run.id)))[-1]
    assert (last["type"], last["outcome"]) == ("agent_end", "stopped")


def test_a_run_that_is_forgotten_ends(bug: Path) -> None:
    run = agent(bug, model=hang(threading.Event())).run("fix low")
    next(run)
    process = run._process
    assert process is not None
    del run
    assert process.child.poll() is not None


def test_cancelling_the_task_ends_the_run(bug: Path) -> None:
    runs = []
    asked = []
    cancelled = []

    async def model(messages: list[Any]) -> str:
        asked.append(True)
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return ""

    async def drive() -> None:
        run = agent(bug, model=model).run("fix low")
        runs.append(run)

        async def iterate() -> None:
            async for _ in run:
                pass

        task = asyncio.create_task(iterate())
        while not asked:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)

    begun = time.monotonic()
    asyncio.run(drive())
    assert time.monotonic() - begun < 60
    assert cancelled == [True]
    assert gone(runs[0])


INTERRUPTED = """
import sys, happy
def model(messages):
    print("asked", flush=True)
    return "```python\\nwhile True: pass\\n```"
try:
    for event in happy.Agent(sys.argv[1], model=model).run("fix low"):
        pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_the_run_and_reaches_the_caller(bug: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(bug)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "asked\n"
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert out == "interrupted\n"
    runs = list((bug / ".git" / "happy" / "runs").iterdir())
    text = (runs[0] / "trajectory.jsonl").read_text()
    assert '"outcome":"stopped"' in text


def test_a_program_that_dies_takes_its_run_along(bug: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(bug)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "asked\n"
    child.kill()
    child.wait()
    child.stdout.close()
    trajectory = next((bug / ".git" / "happy" / "runs").iterdir()) / "trajectory.jsonl"
    for _ in range(200):
        if '"outcome":"stopped"' in trajectory.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the run goes on without whoever started it")


def test_errors_are_the_exceptions_of_the_package(bug: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(happy.RepositoryError):
        list(agent(empty, model=script()).run("x"))
    with pytest.raises(happy.ModelError, match="HAPPY_MODEL") as caught:
        list(agent(bug).run("x"))
    assert caught.value.retryable is False  # type: ignore[attr-defined]
    with pytest.raises(happy.SandboxError, match="no-such-sandbox"):
        list(agent(bug, model=script(), sandbox="no-such-sandbox").run("x"))
    with pytest.raises(happy.AgentError, match="no run `nope`"):
        list(agent(bug, model=script()).resume("nope"))
    with pytest.raises(happy.HappyError):
        list(agent(bug, model=script(), max_turns=0).run("x"))
    with pytest.raises(happy.HappyError, match="cannot be started"):
        list(agent(bug, program=tmp_path / "none").run("x"))
    for task in ("", "  ", "a\0b", 5):
        with pytest.raises(happy.UsageError):
            agent(bug).run(task)  # type: ignore[arg-type]


def test_a_task_that_looks_like_an_option_is_a_task(bug: Path) -> None:
    run = agent(bug, model=script("x = 1"), max_turns=1).run("--help me, log")
    start = next(run)
    assert isinstance(start, happy.AgentStart)
    assert start.task == "--help me, log"
    run.close()


def test_what_looks_like_a_key_is_refused_unless_it_is_allowed(make: Callable[..., Path]) -> None:
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    folder = make({"config.py": f"def login():\n    return '{key}'\n"})
    seen: list[str] = []

    def model(messages: list[Any]) -> str:
        text = messages[-1]["content"]
        if "config.py" in text and "Question" in text:
            seen.append(text)
            return "it returns a key"
        return cell("print(llm('what is it?', 'config.py::login'))")

    run = agent(folder, model=model, max_turns=1).run("look at the function")
    with pytest.raises(happy.SecretError, match=r"an AWS access key in config\.py:2"):
        list(run)
    assert seen == []
    allowed = agent(folder, model=model, max_turns=1, allow_secrets=True)
    assert allowed.do("look at the function").outcome == "budget"
    assert key in seen[0]


def test_the_environment_of_tests_is_nobodys() -> None:
    assert os.environ["HOME"] == ENVIRONMENT["HOME"]
