"""One run of the agent: a process, and its records as events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import subprocess
import threading
import warnings
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, cast

from happy_core import HappyError, HappyWarning

from .events import AgentEnd, AgentResume, AgentStart, Event, event_of
from .failures import ModelError, failure_of, warnings_in
from .hosted import Host

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds that a run has to end by itself once it is told to.
GRACE = 3.0


class Process:
    """The command, its pipes, and the threads that read them."""

    def __init__(self, command: list[str], host: Host) -> None:
        self.host = host
        self.events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        self.said: list[bytes] = []
        self._writing = threading.Lock()
        # A session of its own: Ctrl-C reaches the interpreter alone, which then
        # ends the run.
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._threads = [
            threading.Thread(target=work, name=f"happy-{name}", daemon=True)
            for name, work in (("records", self._read), ("errors", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        try:
            for line in self.child.stdout:
                record = json.loads(line)
                if record["type"] == "ask":
                    self.host.ask(record, self._answer)
                elif record["type"] == "ask_withdrawn":
                    self.host.withdraw(record["id"])
                else:
                    self.events.put(event_of(record))
        except BaseException as error:
            self.events.put(error)
        finally:
            self.events.put(None)

    def _listen(self) -> None:
        assert self.child.stderr is not None
        for line in self.child.stderr:
            self.said.append(line)

    def _answer(self, line: bytes) -> None:
        assert self.child.stdin is not None
        # Whoever has ended needs no answer.
        with self._writing, contextlib.suppress(OSError, ValueError):
            self.child.stdin.write(line)
            self.child.stdin.flush()

    def wait(self) -> tuple[int, str]:
        """The exit status and what was said to people, once it has ended."""
        status = self.child.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(GRACE)
        self._close_pipes()
        return status, b"".join(self.said).decode(errors="replace")

    def stop(self) -> None:
        """End it: the end of its input tells it to, and if it does not, it is killed.

        Its sandboxes die with it.
        """
        self.host.close()
        assert self.child.stdin is not None
        if self.child.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                self.child.stdin.close()
            try:
                self.child.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.child.kill()
            except BaseException:
                self.child.kill()
                raise
        self.child.wait()
        for thread in self._threads:
            thread.join(GRACE)
        self._close_pipes()

    def _close_pipes(self) -> None:
        self.host.close()
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()


class Run(Iterator[Event], AsyncIterator[Event]):
    """A run of the agent: an iterator of its events, and an asynchronous one.

    Attributes: `id` (once it has begun), `end` (the `AgentEnd`, once it has
    ended), `events` (all so far) and `closed`.
    """

    def __init__(self, command: list[str], host: Host) -> None:
        self.id: str | None = None
        self.end: AgentEnd | None = None
        self.events: list[Event] = []
        self._command = command
        self._host = host
        self._process: Process | None = None
        self._stop: weakref.finalize[..., Run] | None = None
        self._over = False

    def __repr__(self) -> str:
        """Its id and how far it is."""
        if self.end is not None:
            state = self.end.outcome
        elif self._over:
            state = "closed"
        else:
            state = "running" if self._process else "not begun"
        return f"Run({self.id!r}, {state}, {len(self.events)} events)"

    @property
    def closed(self) -> bool:
        """Whether no more events will come."""
        return self._over

    def _begun(self) -> Process:
        if self._process is None:
            try:
                self._process = Process(self._command, self._host)
            except OSError as error:
                self._over = True
                raise HappyError(f"`{self._command[0]}` cannot be started: {error}") from error
            # Whoever forgets the run ends it.
            self._stop = weakref.finalize(self, self._process.stop)
        return self._process

    def __iter__(self) -> Run:
        """Itself."""
        return self

    def __next__(self) -> Event:
        """The next event, waited for; it can be interrupted."""
        if self._over:
            raise StopIteration
        process = self._begun()
        try:
            found = process.events.get()
        except BaseException:
            self.close()
            raise
        event = self._heard(process, found)
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> Run:
        """Itself."""
        return self

    async def __anext__(self) -> Event:
        """The next event; cancelled meanwhile, the run ends."""
        if self._over:
            raise StopAsyncIteration
        loop = asyncio.get_running_loop()
        self._host.loop = loop
        process = self._begun()
        try:
            found = await _next(process, loop)
        except BaseException:
            await self.aclose()
            raise
        if found is None or isinstance(found, BaseException):
            # Its last words may take a moment, which the loop does not wait for.
            await asyncio.to_thread(process.child.wait)
        event = self._heard(process, found)
        if event is None:
            raise StopAsyncIteration
        return event

    def _heard(self, process: Process, found: Event | BaseException | None) -> Event | None:
        if isinstance(found, BaseException):
            self.close()
            raise HappyError(f"the records of the run cannot be read: {found}") from found
        if found is not None:
            if isinstance(found, (AgentStart, AgentResume)):
                self.id = found.run
            if isinstance(found, AgentEnd):
                self.end = found
            self.events.append(found)
            return found
        self._over = True
        if self._stop is not None:
            self._stop.detach()
        status, stderr = process.wait()
        for text in warnings_in(stderr):
            warnings.warn(text, HappyWarning, stacklevel=3)
        raised = self._host.raised
        if isinstance(raised, (KeyboardInterrupt, SystemExit)):
            raise raised
        failure = failure_of(status, stderr, self.id)
        if failure is not None:
            raise failure from (raised if isinstance(failure, ModelError) else None)
        return None

    def close(self) -> None:
        """End the run and its sandbox, if it has not ended. What it did is kept."""
        self._over = True
        if self._stop is not None:
            self._stop()

    async def aclose(self) -> None:
        """The same, without holding up the event loop."""
        self._over = True
        if self._stop is not None:
            await asyncio.shield(asyncio.to_thread(self._stop))

    def __enter__(self) -> Run:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    async def __aenter__(self) -> Run:
        """Itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()


async def _next(process: Process, loop: asyncio.AbstractEventLoop) -> Event | BaseException | None:
    """The next event, without a thread of the loop's that cancellation could not end."""
    heard: asyncio.Future[Any] = loop.create_future()

    def wait() -> None:
        found = process.events.get()

        def tell() -> None:
            if heard.cancelled():
                # It is for whoever asks next.
                process.events.put(found)
            else:
                heard.set_result(found)

        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell)

    with contextlib.suppress(queue.Empty):
        return process.events.get_nowait()
    threading.Thread(target=wait, name="happy-next", daemon=True).start()
    return cast("Event | BaseException | None", await heard)
