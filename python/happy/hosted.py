"""Callables as models: the command asks, they answer."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any


class Host:
    """The callables of one run.

    Each question has a thread of its own: the run asks no more at once than its
    width says.
    """

    def __init__(self) -> None:
        self._models: dict[str, Callable[[list[Any]], Any]] = {}
        self._withdrawn: set[int] = set()
        self._awaited: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = False
        #: The event loop that awaits coroutines, where one iterates.
        self.loop: asyncio.AbstractEventLoop | None = None
        #: What a callable raised last.
        self.raised: BaseException | None = None

    def add(self, model: Callable[[list[Any]], Any]) -> str:
        """Take a callable in; the name by which the command asks for it."""
        plain = getattr(model, "model", None) or getattr(model, "__name__", None)
        name = plain if isinstance(plain, str) and plain.strip() else type(model).__name__
        for known, other in self._models.items():
            if other is model:
                return f"stdio:{known}"
        base, count = name, 1
        while name in self._models:
            count += 1
            name = f"{base}-{count}"
        self._models[name] = model
        return f"stdio:{name}"

    def ask(self, record: dict[str, Any], answer: Callable[[bytes], None]) -> None:
        """Have a question answered."""
        # A thread that nobody waits for: a model that hangs holds up no exit.
        work = threading.Thread(
            target=self._serve, args=(record, answer), name="happy-model", daemon=True
        )
        work.start()

    def withdraw(self, number: int) -> None:
        """An answer is no longer wanted."""
        self._withdrawn.add(number)

    def close(self) -> None:
        """Ask for nothing more. Coroutines are cancelled; calls are not waited for."""
        with self._lock:
            self._closed = True
            awaited = list(self._awaited)
        for future in awaited:
            future.cancel()

    def _serve(self, record: dict[str, Any], answer: Callable[[bytes], None]) -> None:
        number = record["id"]
        if self._closed or number in self._withdrawn:
            return
        try:
            said = self._said(record["model"], record["messages"])
        except BaseException as error:
            self.raised = error
            said = {"error": f"{type(error).__name__}: {error}"}
        answer(json.dumps({"id": number, **said}).encode() + b"\n")

    def _said(self, name: str, messages: list[Any]) -> dict[str, Any]:
        given = self._models[name](messages)
        if inspect.isawaitable(given):
            given = self._await(given)
        if isinstance(given, str):
            return {"text": given}
        text = _field(given, "text")
        if not isinstance(text, str):
            raise TypeError(
                f"a model returns text, or an object with `text`, not {type(given).__name__}"
            )
        said: dict[str, Any] = {"text": text}
        if (usage := _field(given, "usage")) is not None:
            said["usage"] = _usage(usage)
        if (finish := _field(given, "finish")) is not None:
            said["finish"] = finish
        return said

    def _await(self, given: Any) -> Any:
        async def wait() -> Any:
            return await given

        loop = self.loop
        if loop is None or not loop.is_running():
            return asyncio.run(wait())
        future = asyncio.run_coroutine_threadsafe(wait(), loop)
        with self._lock:
            self._awaited.add(future)
            if self._closed:
                future.cancel()
        try:
            return future.result()
        finally:
            with self._lock:
                self._awaited.discard(future)


def _field(value: Any, name: str) -> Any:
    """A field of a mapping or of an object; None where there is none."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _usage(usage: Any) -> dict[str, int]:
    """What a call used, by the names that providers' libraries have for it."""
    found = {}
    for name, others in (
        ("prompt_tokens", ("prompt_tokens", "input_tokens")),
        ("completion_tokens", ("completion_tokens", "output_tokens")),
        ("cached_tokens", ("cached_tokens", "cache_read_input_tokens")),
    ):
        values = [_field(usage, other) for other in others]
        found[name] = next((int(value) for value in values if value is not None), 0)
    return found
