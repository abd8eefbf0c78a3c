"""Be the model: see what the agent's model sees, and write its cells.

    python by_hand.py PATH TASK

Each cell is lines of Python that end with a line of a single dot. The gate is
real: what you `submit` lands only if the tests allow it. The end of the input
ends the run, and a run that did not land leaves its edits in a file.
"""

# %% A callable is the model: it is given the conversation and returns an answer.
from __future__ import annotations

import sys

import happy


def by_hand(messages: list[happy.Message]) -> str:
    """Ask whoever sits at the keyboard for the next cell."""
    print(messages[-1]["content"], "\n-- your cell, then a dot:", flush=True)
    lines: list[str] = []
    for line in sys.stdin:
        if line.strip() == ".":
            return "```python\n" + "".join(lines) + "```\n"
        lines.append(line)
    raise EOFError("the input has ended")


# %% Sub-agents have a model of their own; this one only counts what it is given.
def counter(messages: list[happy.Message]) -> str:
    """Answer for a sub-agent."""
    return f"{len(messages[-1]['content'].splitlines())} lines, read by nobody"


# %% The run yields what happens.
path = sys.argv[1] if len(sys.argv) > 1 else "."
task = sys.argv[2] if len(sys.argv) > 2 else "make the tests pass"
agent = happy.Agent(path, model=by_hand, sub_model=counter)
run = agent.run(task)
try:
    for event in run:
        if isinstance(event, happy.AgentGate):
            print("the gate:", "passed" if event.passed else event.reason)
except happy.ModelError as error:
    print(f"stopped: {error.__cause__}; `happy agent --resume {run.id}` goes on")
if run.end is not None:
    print(f"{run.end.outcome} after {run.end.turns} turns")
