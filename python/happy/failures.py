"""Why a run of the agent stopped without an end of its own, as exceptions."""

from __future__ import annotations

import json
from typing import Any

from happy_core import (
    BusyError,
    HappyError,
    IndexError,  # noqa: A004
    InternalError,
    RepositoryError,
    RevisionNotFound,
    UsageError,
)


class AgentError(HappyError):
    """A run of the agent stopped. Attribute `run`: its id, if it had begun."""

    run: str | None = None


class ModelError(AgentError):
    """A model gave no answer. `__cause__` is what a callable raised, if one did."""


class SandboxError(AgentError):
    """No sandbox works here, or it does not let the session live."""


class SecretError(AgentError):
    """The repository's text looks like it holds a key; `allow_secrets=True` sends it."""


#: Exceptions by the `code` of the command's error record.
KINDS: dict[str, type[HappyError]] = {
    "model": ModelError,
    "sandbox": SandboxError,
    "secret": SecretError,
    "usage": UsageError,
    "busy": BusyError,
    "repository": RepositoryError,
    "untrusted_owner": RepositoryError,
    "unsafe_bare_repository": RepositoryError,
    "unsafe_path": RepositoryError,
    "bad_revision": RevisionNotFound,
    "damaged_index": IndexError,
    "newer_format": IndexError,
    "no_index": IndexError,
}

#: Codes of runs that ended by themselves, which `AgentEnd` tells of.
ENDED = frozenset({"not_landed", "stopped"})


def failure_of(status: int, stderr: str, run: str | None) -> HappyError | None:
    """The exception for how the command ended; None where the run ended by itself."""
    record = error_record(stderr)
    if record is None:
        if status == 0:
            return None
        last = stderr.strip().splitlines()[-1:] or ["it said nothing"]
        found: HappyError = InternalError(f"`happy agent` ended with status {status}: {last[0]}")
        record = {"code": "internal", "exit": status, "retryable": False, "hint": None}
    else:
        if record["code"] in ENDED:
            return None
        hint = record.get("hint")
        text = record["message"] + (f"\nhint: {hint}" if hint else "")
        found = KINDS.get(record["code"], AgentError)(text)
    told: Any = found
    told.code = record["code"]
    told.exit_code = record["exit"]
    told.retryable = record["retryable"]
    told.hint = record.get("hint")
    if isinstance(found, AgentError):
        found.run = run
    return found


def error_record(stderr: str) -> dict[str, Any] | None:
    """The last error record of what the command said to people."""
    for line in reversed(stderr.splitlines()):
        if line.startswith("{"):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get("type") == "error":
                return record
    return None


def warnings_in(stderr: str) -> list[str]:
    """What the command warned of."""
    mark = "warning: "
    return [line[len(mark) :] for line in stderr.splitlines() if line.startswith(mark)]
