"""What happens in a run of the agent: the records of `happy agent`, typed.

Each event is immutable, is equal to another with the same content, and has
`to_dict()` for the record that the command prints as a line of JSON. The
fields are those of `docs/records.md`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

from happy_core import HappyError


@dataclass(frozen=True)
class Spent:
    """Tokens and money that something used; the cost is in dollars, 0 where no price is known."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and answer together."""
        return self.prompt_tokens + self.completion_tokens

    def to_dict(self) -> dict[str, Any]:
        """As in the record."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, repr=False)
class Event:
    """Something that happened in a run.

    `type` is the record's type, and `more` holds fields that a newer command
    has added.
    """

    type: ClassVar[str] = ""
    more: dict[str, Any] = field(default_factory=dict, kw_only=True, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The record, without what is absent in it."""
        found: dict[str, Any] = {"type": self.type}
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.name == "more" or value is None:
                continue
            if each.metadata.get("flat"):
                found.update(value.to_dict())
            else:
                found[each.name] = value.to_dict() if isinstance(value, Spent) else value
        return {**found, **self.more}

    def __repr__(self) -> str:
        """The class and what is short of its fields."""
        shown = []
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.name == "more" or value is None:
                continue
            text = repr(value)
            shown.append(f"{each.name}={text if len(text) <= 60 else text[:57] + '...'}")
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, repr=False)
class AgentStart(Event):
    """A run begins. `time` is in milliseconds since 1970."""

    type = "agent_start"
    run: str
    task: str
    model: str
    sub_model: str
    base: str
    sandbox: str
    time: int
    head: str | None = None


@dataclass(frozen=True, repr=False)
class AgentResume(Event):
    """A run is taken up again, the `count`-th time."""

    type = "agent_resume"
    run: str
    count: int
    time: int


@dataclass(frozen=True, repr=False)
class AgentReply(Event):
    """A model answered. `key` says which call: `root/3`, or `root/3/2.7` of a sub-agent."""

    type = "agent_reply"
    key: str
    model: str
    asked: str
    text: str
    finish: str
    estimated: bool
    milliseconds: int
    spent: Spent = field(default_factory=Spent, metadata={"flat": True})


@dataclass(frozen=True, repr=False)
class AgentFailure(Event):
    """A model gave no answer."""

    type = "agent_failure"
    key: str
    message: str


@dataclass(frozen=True, repr=False)
class AgentCell(Event):
    """A cell of Python is run."""

    type = "agent_cell"
    key: str
    turn: int
    code: str


@dataclass(frozen=True, repr=False)
class AgentCall(Event):
    """A cell asked the host for something; `error` says why it was not done."""

    type = "agent_call"
    key: str
    name: str
    about: str
    error: str | None = None


@dataclass(frozen=True, repr=False)
class AgentObservation(Event):
    """What a cell came to, as the model sees it."""

    type = "agent_observation"
    key: str
    turn: int
    ok: bool
    text: str
    budget: str
    microseconds: int


@dataclass(frozen=True, repr=False)
class AgentGate(Event):
    """The gate judged the edits."""

    type = "agent_gate"
    key: str
    passed: bool
    ran: int
    fixed: list[str]
    broken: list[str]
    failing: int
    restored: list[str]
    notes: list[str]
    milliseconds: int
    reason: str | None = None


@dataclass(frozen=True, repr=False)
class AgentLanding(Event):
    """The edits are about to be written: each path with its hash before and after."""

    type = "agent_landing"
    key: str
    files: list[list[str]]
    diff: str


@dataclass(frozen=True, repr=False)
class AgentLanded(Event):
    """The edits are in the working tree."""

    type = "agent_landed"
    key: str
    paths: list[str]
    operation: str | None = None
    commit: str | None = None


@dataclass(frozen=True, repr=False)
class AgentEnd(Event):
    """A run ends.

    `outcome` is `landed`, `tested`, `answered`, `rejected`, `budget`, `moved`,
    `failed` or `stopped`; `draft` is the file of edits that did not land.
    """

    type = "agent_end"
    key: str
    outcome: str
    summary: str
    turns: int
    root: Spent
    sub: Spent
    leak: int
    peeked: int
    milliseconds: int
    draft: str | None = None

    @property
    def landed(self) -> bool:
        """Whether the edits are in the working tree."""
        return self.outcome == "landed"

    @property
    def spent(self) -> Spent:
        """What root and sub-agents used together."""
        pairs = zip(dataclasses.astuple(self.root), dataclasses.astuple(self.sub), strict=True)
        return Spent(*(one + other for one, other in pairs))


KINDS: dict[str, type[Event]] = {kind.type: kind for kind in Event.__subclasses__()}


def event_of(record: dict[str, Any]) -> Event:
    """The event that a record tells of.

    Raises `HappyError` for a record of another type, or without a field that
    such events have.
    """
    left = dict(record)
    kind = KINDS.get(left.pop("type", ""))
    if kind is None:
        raise HappyError(f"no event of the agent: {record.get('type')!r}")
    given: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        if each.metadata.get("flat"):
            names = [part.name for part in dataclasses.fields(Spent)]
            given[each.name] = Spent(**{name: left.pop(name) for name in names if name in left})
        elif each.name in left:
            value = left.pop(each.name)
            spent = each.name in ("root", "sub")
            given[each.name] = Spent(**value) if spent else value
    try:
        return kind(**given, more=left)
    except TypeError as error:
        raise HappyError(f"an event of the agent lacks a field: {error}") from None
