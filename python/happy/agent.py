"""The agent: a language model that changes a repository, tests permitting.

>>> import happy
>>> agent = happy.Agent("path/to/repository", model="anthropic:claude-sonnet-4-5")
>>> for event in agent.run("fix the login bug"):
...     print(event)

A run is the command `happy agent` with its records as events. A callable may
be the model: it is given the conversation and returns the answer.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import happy_core
from happy_core import HappyError, UsageError

from .events import AgentEnd
from .hosted import Host
from .run import Run


class Message(TypedDict):
    """One message of a conversation: `system`, `user` or `assistant`, and what is said."""

    role: str
    content: str


#: Who answers: text, an object or mapping with `text` and, if known, `usage`,
#: or an awaitable of these.
Model = Callable[[list[Any]], Any | Awaitable[Any]]


class Agent:
    """A language model at work on a repository.

    `repo` is a path or a `HappyRepo`. `model` and `sub_model` are names as in
    `happy agent --model`, `replay:FILE`, or callables; without them the settings
    say which (`HAPPY_MODEL`, `happy.model.name`). A callable is given a list of
    `{"role", "content"}` and returns the answer's text, or an object (or a
    mapping) with `text` and, if it is known, `usage` with `prompt_tokens`,
    `completion_tokens` and `cached_tokens`, and `finish` (`stop`, `length` or
    `refused`). It is called from up to `width` threads at once; a coroutine
    function is awaited, in the loop of an `async for` or in one of its own.
    What it raises is a failure of the model.

    The other arguments are the options of `happy agent`: `max_turns`,
    `max_tokens`, `max_cost` (dollars), `max_time` (seconds), `width` and `depth`
    of sub-agents, `tests` (`all`, `affected`, or a command), `commit`, `dry_run`,
    `sandbox`, `test_timeout` and `cell_timeout` (seconds), `test_memory` (MiB),
    `allow` (globs of protected paths), `allow_test_changes`, `allow_untested` and
    `allow_secrets`. `program` is another `happy` than the one beside this package.
    """

    def __init__(
        self,
        repo: str | os.PathLike[str] | happy_core.HappyRepo,
        *,
        model: str | Model | None = None,
        sub_model: str | Model | None = None,
        max_turns: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        max_time: int | None = None,
        width: int | None = None,
        depth: int | None = None,
        tests: str | None = None,
        commit: bool = False,
        dry_run: bool = False,
        sandbox: str | None = None,
        test_timeout: int | None = None,
        test_memory: int | None = None,
        cell_timeout: int | None = None,
        allow: Sequence[str] = (),
        allow_test_changes: bool = False,
        allow_untested: bool = False,
        allow_secrets: bool = False,
        program: str | os.PathLike[str] | None = None,
    ) -> None:
        if isinstance(repo, happy_core.HappyRepo):
            repo = repo.directory
        self.directory = Path(os.fspath(repo))
        self.model = model
        self.sub_model = sub_model
        self._program = None if program is None else os.fspath(program)
        self._options: list[str] = []
        for name, value in (
            ("max-turns", max_turns),
            ("max-tokens", max_tokens),
            ("max-cost", max_cost),
            ("max-time", max_time),
            ("width", width),
            ("depth", depth),
            ("tests", tests),
            ("sandbox", sandbox),
            ("test-timeout", test_timeout),
            ("test-memory", test_memory),
            ("cell-timeout", cell_timeout),
        ):
            if value is not None:
                self._options.append(f"--{name}={value}")
        for name, on in (
            ("commit", commit),
            ("dry-run", dry_run),
            ("allow-test-changes", allow_test_changes),
            ("allow-untested", allow_untested),
            ("allow-secrets", allow_secrets),
        ):
            if on:
                self._options.append(f"--{name}")
        self._options += [f"--allow={glob}" for glob in allow]

    def __repr__(self) -> str:
        """Where it works, and who answers."""
        names = [f"model={self.model!r}"] if self.model is not None else []
        if self.sub_model is not None:
            names.append(f"sub_model={self.sub_model!r}")
        return f"Agent({', '.join([repr(str(self.directory)), *names])})"

    def run(self, task: str) -> Run:
        """A run of a task. It begins when the first event is asked for.

        The run is an iterator and an asynchronous iterator of events, the last of
        them an `AgentEnd`. Iterating raises `AgentError` or another `HappyError`
        where the run stopped without an end of its own, and `ModelError` after
        the end where the model gave no answer; edits that did not pass the tests
        or a spent budget are outcomes of `AgentEnd`, not exceptions. Closing the
        run, leaving its `with` block, an exception in the loop, Ctrl-C and the
        cancellation of the task that iterates all stop it and its sandbox;
        `resume(run.id)` goes on.
        """
        if not isinstance(task, str) or not task.strip():
            raise UsageError("the task is to be a text that says what is to be done")
        if "\0" in task:
            raise UsageError("the task holds a NUL character")
        # What begins with a dash is no option.
        return self._begin(["--", task])

    def resume(self, run: str) -> Run:
        """Goes on with a run that was cut short or has spent its budget."""
        return self._begin([f"--resume={_run_id(run)}"])

    def replay(self, run: str | os.PathLike[str]) -> Run:
        """Does again what a run, or a file of one, has recorded; no model is asked."""
        name = os.fspath(run)
        if (found := Path(name)).is_file():
            name = str(found.resolve())
        return self._begin([f"--replay={name}"], asks=False)

    def _begin(self, what: list[str], *, asks: bool = True) -> Run:
        host = Host()
        models: list[str] = []
        if asks:
            for option, model in (("--model", self.model), ("--sub-model", self.sub_model)):
                if model is None:
                    continue
                name = host.add(model) if callable(model) else model
                models.append(f"{option}={name}")
        command = [
            self._program or _program(),
            "--format=jsonl",
            "-C",
            str(self.directory),
            "agent",
            "--until-stdin-ends",
            *self._options,
            *models,
            *what,
        ]
        return Run(command, host)

    def do(self, task: str) -> AgentEnd:
        """Runs a task to its end, and returns how it ended."""
        with self.run(task) as run:
            for _ in run:
                pass
            if run.end is None:
                raise HappyError("the run ended without its last event")
            return run.end


def _program() -> str:
    from .__main__ import program

    found = program()
    if found is None:
        raise HappyError("the command `happy` is not installed\nhint: pip install happyfastercode")
    return found


def _run_id(run: str) -> str:
    if not isinstance(run, str) or not run:
        raise UsageError("a run is named by its id, as `run.id` or `AgentStart.run` gives it")
    return run
