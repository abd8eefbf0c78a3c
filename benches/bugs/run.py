#!/usr/bin/env python3
"""Real bugs, each driven to a landed fix by recorded answers, and what the prompts
of that cost against a policy that greps and reads whole files.

    benches/bugs/run.py path/to/happy CLONES [FIX...]

CLONES is a folder with a clone of each project of `bugs.json`, under its name there.
Each bug is the parent of a commit that fixed it, with that commit's tests on top.
The clones are only read. The gate runs all tests, or where the manifest says so
(suites of minutes) those that reach the change. Tests need pytest for the `python3` on PATH. The plain policy
is computed, not run: the same task and instructions, then the output of one
`grep -rn` for the name, then the whole files that the fix changes, then the same
last two turns. Tokens of both are the estimate that budgets use."""
import json
import math
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")


def git(folder, *args):
    command = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.com", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tokens(text):
    plain = sum(1 for letter in text if ord(letter) < 128)
    return math.ceil(plain * 2 / 7) + len(text) - plain


def recording(bug, path):
    symbols = bug["symbols"]
    which = bug["tests"] if "gate" in bug else "all"
    edits = "\n".join(f"print(edit({a!r}, {b!r}, {c!r}))" for a, b, c in bug["edits"])
    cells = [
        f"print(repo.search({bug['query']!r}, limit=6))\nt = run_tests({which!r})\nprint(t)",
        f"print(llm({bug['task']!r} + ': what is wrong, and where exactly?', {symbols!r}))",
        f"{edits}\nprint(run_tests())",
        f"print(submit({bug['task'][:70]!r}))",
    ]
    lines = [{"type": "agent_start", "task": bug["task"], "model": "recorded"}]
    for number, cell in enumerate(cells, 1):
        text = f"I go on.\n\n```python\n{cell}\n```\n"
        lines.append({"type": "agent_reply", "key": f"root/{number}", "text": text})
    lines.append({"type": "agent_reply", "key": "root/2/1", "text": bug["answer"]})
    with open(path, "w") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)


def prepare(clone, bug, folder):
    git(".", "clone", "--quiet", "--shared", "--no-checkout", clone, folder)
    git(folder, "checkout", "--quiet", "--detach", bug["fix"] + "^")
    git(folder, "checkout", "--quiet", bug["fix"], "--", *bug["tests"])
    git(folder, "commit", "--quiet", "--no-verify", "-am", "the tests of the fix")


def plain(bug, repo, opening, last):
    with open(os.path.join(ROOT, "src/agent/prompts/root.md")) as text:
        base = tokens(text.read()) + tokens(opening)
    name = bug["symbols"][0].split("::")[1].split(".")[0]
    grep = subprocess.run(
        ["grep", "-rn", "--include=*.py", name, "."], cwd=repo, capture_output=True, text=True
    ).stdout
    files = sorted({symbol.split("::")[0] for symbol in bug["symbols"]})
    whole = 0
    for path in files:
        with open(os.path.join(repo, path)) as text:
            whole += tokens(text.read())
    grep = tokens("\n".join(grep.splitlines()[:100]))
    # Each turn sends all that came before once more.
    return base + (base + grep) + (base + grep + whole) + (base + grep + whole + last)


def main():
    happy, clones = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with open(os.path.join(HERE, "bugs.json")) as text:
        manifest = json.load(text)
    print("| project | fix | landed | tests fixed | root | sub-agents | graph policy | plain policy | leak |")
    print("|---|---|---|---|---|---|---|---|---|")
    total = [0, 0, 0, 0]
    bad = 0
    for bug in manifest["bugs"]:
        if sys.argv[3:] and bug["fix"] not in sys.argv[3:]:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            repo = os.path.join(scratch, "repo")
            clone = os.path.join(clones, bug["project"])
            if not os.path.isdir(clone):
                print(f"{bug['fix']}: no clone of {bug['project']}, skipped", file=sys.stderr)
                continue
            prepare(clone, bug, repo)
            path = os.path.join(scratch, "recording.jsonl")
            recording(bug, path)
            command = [happy, "-C", repo, "agent", "--replay", path, "--max-turns", "4"]
            command += ["--tests", bug.get("gate", "all")]
            ran = subprocess.run(command, capture_output=True, text=True)
            records = [json.loads(line) for line in ran.stdout.splitlines()]
            end = next((r for r in records if r["type"] == "agent_end"), None)
            if ran.returncode or not end:
                bad += 1
                print(f"{bug['fix']}: {ran.stderr.strip()[-400:]}", file=sys.stderr)
                for record in records:
                    if record["type"] in ("agent_gate", "agent_observation"):
                        print(json.dumps(record)[:1500], file=sys.stderr)
                continue
            gate = [r for r in records if r["type"] == "agent_gate"][-1]
            seen = [r for r in records if r["type"] == "agent_observation"]
            root, sub = end["root"]["prompt_tokens"], end["sub"]["prompt_tokens"]
            other = plain(bug, repo, "Task: " + bug["task"], tokens(seen[2]["text"]))
            for at, number in enumerate((root, sub, root + sub, other)):
                total[at] += number
            print(
                f"| {bug['project']} | {bug['fix']} | {end['outcome']} | {len(gate['fixed'])} | {root} | {sub} "
                f"| {root + sub} | {other} | {end['leak']} |",
                flush=True,
            )
    print(f"| all | | | | {total[0]} | {total[1]} | {total[2]} | {total[3]} | |")
    sys.exit(1 if bad else 0)


main()
