#!/usr/bin/env python3
"""What a turn of the agent costs without its model: cold start, warm turn, a call
of `repo`, in each sandbox that works here; and what a fan-out costs beside its
models' time. `benches/agent.py path/to/happy`"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading

TURNS = 200


def recording(path):
    lines = [{"type": "agent_start", "task": "measure", "model": "recorded"}]
    cells = ["x = 0"] + ["x += 1\nprint(x)"] * (TURNS - 2)
    cells.append(
        "import time\ntimes = []\nfor _ in range(1000):\n"
        "    t = time.perf_counter()\n    repo.callers('lib.py::low')\n"
        "    times.append(time.perf_counter() - t)\n"
        "times.sort()\nprint(times[500] * 1e3, times[990] * 1e3)"
    )
    for number, cell in enumerate(cells, 1):
        text = f"```python\n{cell}\n```"
        lines.append({"type": "agent_reply", "key": f"root/{number}", "text": text})
    with open(path, "w") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)


def measure(happy, repo, path, sandbox):
    command = [happy, "-C", repo, "agent", "--replay", path, "--sandbox", sandbox]
    command += ["--max-turns", str(TURNS), "--max-tokens", "100M"]
    ran = subprocess.run(command, capture_output=True, text=True)
    records = [json.loads(line) for line in ran.stdout.splitlines()]
    seen = [record for record in records if record["type"] == "agent_observation"]
    if len(seen) != TURNS:
        return f"{sandbox:<12} does not work here: {ran.stderr.strip().splitlines()[-1][:160]}"
    cold, warm, last = seen[0], seen[1:-1], seen[-1]
    took = sorted(record["microseconds"] / 1e3 for record in warm)
    median, tail = (float(number) for number in last["text"].split())
    return (
        f"{sandbox:<12} cold {cold['microseconds'] / 1e3:8.1f} ms   warm turn p50 "
        f"{statistics.median(took):6.2f} ms, p99 {took[len(took) * 99 // 100]:6.2f} ms   "
        f"repo.callers p50 {median:5.2f} ms, p99 {tail:5.2f} ms"
    )


def fan_out(happy, repo):
    """100 sub-agents, 20 at once, each of which takes 200 ms: 1 s at best."""
    cell = (
        "import time\nnames = [f'many.py::f{n}' for n in range(100)]\n"
        "t = time.perf_counter()\na = rlm_batch('name?', names, width=20)\n"
        "print(time.perf_counter() - t, sum(x == 'ok' for x in a))"
    )
    command = [happy, "-C", repo, "agent", "measure", "--model", "stdio:root"]
    command += ["--sub-model", "stdio:sub", "--max-turns", "1", "--max-tokens", "100M"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lock = threading.Lock()

    def say(number, text):
        with lock:
            child.stdin.write(json.dumps({"id": number, "text": text}) + "\n")
            child.stdin.flush()

    for line in child.stdout:
        record = json.loads(line)
        if record["type"] == "ask" and record["model"] == "root":
            say(record["id"], f"```python\n{cell}\n```")
        elif record["type"] == "ask":
            threading.Timer(0.2, say, (record["id"], "ok")).start()
        elif record["type"] == "agent_observation":
            seconds, good = record["text"].split()
    child.stdin.close()
    child.wait()
    return f"rlm_batch of 100 x 200 ms at width 20: {float(seconds):.2f} s, {good} answers"


def main():
    happy = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/happy")
    with tempfile.TemporaryDirectory() as folder:
        repo = os.path.join(folder, "repo")
        os.mkdir(repo)
        with open(os.path.join(repo, "lib.py"), "w") as out:
            out.write("def low(a):\n    return a\n\n\ndef high(a):\n    return low(a)\n")
        with open(os.path.join(repo, "many.py"), "w") as out:
            long = "long " * 30
            for number in range(100):
                out.write(f"def f{number}(a):\n    return a + {number}  # {long}\n\n\n")
        git = ["git", "-C", repo, "-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "first"], check=True)
        path = os.path.join(folder, "recording.jsonl")
        recording(path)
        for sandbox in ("gvisor", "bubblewrap", "namespaces"):
            print(measure(happy, repo, path, sandbox), flush=True)
        print(fan_out(happy, repo), flush=True)


main()
