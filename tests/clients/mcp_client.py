"""Asks `happy mcp` through the official client library, and without it.

usage: mcp_client.py SCENARIO HAPPY FOLDER

Each scenario makes a repository in FOLDER and fails with an exception.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import anyio
import jsonschema
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

HAPPY, FOLDER = sys.argv[2], Path(sys.argv[3])

SOURCE = '''\
import json


class Login:
    def check(self, user):
        """Whether a user may log in."""
        return helper(user)


def helper(user):
    return json.dumps(user)


def main():
    return Login().check("me")


def lost(thing):
    return thing.helper()
'''

TEST = '''\
import unittest
from app import helper


class HelperTest(unittest.TestCase):
    def test_helper(self):
        self.assertEqual(helper("a"), '"a"')

    def test_wrong(self):
        self.assertEqual(helper("a"), "b")
'''


def git(*arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=FOLDER, check=True, capture_output=True)


def repository(files):
    FOLDER.mkdir(exist_ok=True)
    git("init", "-q", "-b", "main")
    for path, text in files.items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text)
    git("add", ".")
    git("commit", "-q", "-m", "first")


def server(*arguments):
    return StdioServerParameters(
        command=HAPPY, args=["mcp", *arguments], cwd=str(FOLDER), env=dict(os.environ)
    )


def head():
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=FOLDER, capture_output=True, text=True)
    return found.stdout.strip()


async def checked(client, tools, name, arguments, error=None):
    """Calls a tool; the answer has to be what its output schema says."""
    result = await client.call_tool(name, arguments)
    answer = result.structured_content
    tools[name, "validator"].validate(answer)
    assert json.loads(result.content[0].text) == answer
    if error is None:
        assert not result.is_error, answer
        assert "error" not in answer or answer["error"]["code"] == "tests_failed", answer
    else:
        assert result.is_error, answer
        assert answer["error"]["code"] == error, answer
    return answer


async def listed(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert tool.description
    for name in list(tools):
        tools[name, "validator"] = jsonschema.Draft202012Validator(tools[name].output_schema)
    return tools


def the(answer, kind):
    return [record for record in answer["records"] if record["type"] == kind]


async def reading(mode):
    repository({"app.py": SOURCE, "test_app.py": TEST})
    async with Client(server(), mode=mode) as client:
        tools = await listed(client)
        names = "search symbols callers callees path impact show status"
        assert [name for name in tools if isinstance(name, str)] == names.split(), tools
        assert all(tools[name].annotations.read_only_hint for name in names.split())

        status = await checked(client, tools, "status", {})
        assert the(status, "status")[0]["indexed"] is False
        answer = await checked(client, tools, "callers", {"symbol": "helper"})
        assert answer["freshness"]["revision"] == head() and answer["freshness"]["built"]
        callers = {record["symbol"]: record for record in answer["records"]}
        assert callers["app.py::Login.check"]["site_line"] == 7, callers
        assert answer["confidence"] in ("exact", "inferred")
        # What could not be decided is said, and listed if asked for.
        assert any("could not be decided" in note for note in answer["notes"]), answer
        every = await checked(client, tools, "callers", {"symbol": "helper", "all": True})
        assert every["confidence"] == "name" and the(every, "unresolved"), every
        assert every["freshness"]["built"] is False

        # The same records as the command's own.
        told = subprocess.run(
            [HAPPY, "callers", "helper"], cwd=FOLDER, capture_output=True, text=True, check=True
        )
        assert [json.loads(line) for line in told.stdout.splitlines()] == answer["records"]

        answer = await checked(client, tools, "callees", {"symbol": "app.py::helper"})
        assert [record["symbol"] for record in answer["records"]] == ["pypi:json::dumps"] or any(
            "dumps" in record["symbol"] for record in answer["records"]
        ), answer
        answer = await checked(client, tools, "path", {"from": "main", "to": "app.py::helper"})
        steps = [record["name"] for record in answer["records"]]
        assert steps == ["main", "check", "helper"], steps
        answer = await checked(client, tools, "search", {"query": "whether a user may log in"})
        assert answer["records"][0]["symbol"] == "app.py::Login.check"
        assert answer["confidence"] == "ranked"
        answer = await checked(client, tools, "symbols", {"pattern": "app.py", "kind": ["class"]})
        assert [record["name"] for record in answer["records"]] == ["Login"]
        answer = await checked(client, tools, "show", {"symbols": ["Login.check", "main"]})
        assert [record["start_line"] for record in answer["records"]] == [5, 14], answer
        assert "return helper(user)" in answer["records"][0]["text"]
        assert answer["confidence"] == "exact"

        # An edit is seen at once, without a commit.
        (FOLDER / "app.py").write_text(SOURCE.replace("def main", "def start"))
        answer = await checked(client, tools, "impact", {})
        assert {record["name"] for record in the(answer, "touched")} >= {"main", "start"}, answer
        assert answer["freshness"]["revision"] == "worktree" and answer["freshness"]["built"]
        answer = await checked(client, tools, "symbols", {"pattern": "main", "at": "HEAD"})
        assert answer["freshness"]["revision"] == head()
        assert [record["name"] for record in answer["records"]] == ["main"]
        answer = await checked(client, tools, "callers", {"symbol": "start"})
        assert answer["records"] == [] and answer["confidence"] == "none"

        # Errors say what to do, as the command does.
        answer = await checked(client, tools, "callers", {"symbol": "helpr"}, "no_symbol")
        assert "did you mean `helper`?" == answer["error"]["hint"], answer
        answer = await checked(client, tools, "show", {"symbols": ["main"], "at": "nowhere"}, "bad_revision")
        assert answer["error"]["hint"]
        await checked(client, tools, "symbols", {"kind": ["klass"]}, "usage")
        await checked(client, tools, "symbols", {"lang": ["klingon"]}, "usage")
        await checked(client, tools, "callers", {}, "usage")
        await checked(client, tools, "callers", {"symbol": "-"}, "usage")
        await checked(client, tools, "search", {"query": "x", "limit": -1}, "usage")
        refused = await client.call_tool("patch", {"patch": "x"})
        assert refused.is_error and "--allow patch" in refused.content[0].text


async def paging():
    files = {f"m{at:03}.py": f"from base import deep\n\ndef caller_{at}():\n    deep()\n" for at in range(200)}
    body = "".join(f"    value_{at} = {at}\n" for at in range(3000))
    repository({"base.py": f"def deep():\n    pass\n\ndef long():\n{body}", **files})
    async with Client(server()) as client:
        tools = await listed(client)

        async def pages(name, arguments, limit):
            got, cursor, count = [], {}, 0
            while True:
                answer = await checked(client, tools, name, {**arguments, "max_tokens": limit, **cursor})
                size = len(json.dumps(answer["records"], separators=(",", ":")))
                assert size <= limit * 3 + 300, (size, limit)
                got += answer["records"]
                count += 1
                if "next_cursor" not in answer:
                    return got, count
                cursor = {"cursor": answer["next_cursor"]}

        whole = await checked(client, tools, "callers", {"symbol": "deep", "max_tokens": 50000})
        assert len(whole["records"]) == 200 and "next_cursor" not in whole
        got, count = await pages("callers", {"symbol": "deep"}, 1000)
        assert got == whole["records"] and count > 10, count
        got, count = await pages("show", {"symbols": ["long"]}, 500)
        text = "".join(record["text"] for record in got)
        assert text.rstrip("\n") == f"def long():\n{body}".rstrip("\n") and count > 10, count

        first = await checked(client, tools, "callers", {"symbol": "deep", "max_tokens": 500})
        other = {"symbol": "long", "cursor": first["next_cursor"]}
        await checked(client, tools, "callers", other, "usage")
        await checked(client, tools, "callers", {"symbol": "deep", "cursor": "x"}, "usage")
        (FOLDER / "m000.py").write_text("")
        stale = {"symbol": "deep", "max_tokens": 500, "cursor": first["next_cursor"]}
        answer = await checked(client, tools, "callers", stale, "usage")
        assert "changed" in answer["error"]["message"]


def many(count):
    body = "".join(
        f"def f{at}(x):\n    y = [x + {at}]\n    return g(y, f{at - 1 if at else 0})\n" for at in range(60)
    )
    return {f"p{at // 50}/m{at}.py": f"# {at}\n{body}" for at in range(count)}


async def cancelling():
    repository(many(1500))
    async with Client(server()) as client:
        seen = []
        with anyio.CancelScope() as scope:

            async def progress(done, total, message):
                seen.append((done, total, message))
                scope.cancel()

            await client.call_tool("callers", {"symbol": "f1"}, progress_callback=progress)
        assert scope.cancelled_caught and seen, seen
        # The server goes on answering, and the work was stopped.
        started = time.monotonic()
        answer = (await client.call_tool("status", {})).structured_content
        assert time.monotonic() - started < 5
        await anyio.sleep(1)
        answer = (await client.call_tool("status", {})).structured_content
        assert answer["records"][0]["indexed"] is False, answer

        # Whoever waits hears how far it is, in growing steps.
        seen.clear()

        async def progress(done, total, message):
            seen.append((done, total, message))

        answer = await client.call_tool(
            "callers", {"symbol": "p0/m0.py::f1"}, progress_callback=progress
        )
        assert answer.structured_content["freshness"]["built"] is True
        done = [step[0] for step in seen]
        assert len(done) >= 3 and done == sorted(set(done)), seen
        assert all(step[0] <= step[1] for step in seen), seen
        assert {"parsing", "linking"} <= {step[2] for step in seen}, seen
        answer = (await client.call_tool("status", {})).structured_content
        assert answer["records"][0]["indexed"] is True


async def changing():
    repository({"app.py": SOURCE, "test_app.py": TEST})
    async with Client(server("--allow", "patch,test")) as client:
        tools = await listed(client)
        assert not tools["patch"].annotations.read_only_hint
        patch = (
            "*** Begin Patch\n*** Update File: app.py\n@@\n def helper(user):\n"
            "-    return json.dumps(user)\n+    return json.dumps([user])\n*** End Patch\n"
        )
        answer = await checked(client, tools, "patch", {"patch": patch, "check": True})
        assert the(answer, "patched")[0]["applied"] is False
        assert (FOLDER / "app.py").read_text() == SOURCE
        answer = await checked(client, tools, "impact", {"patch": patch, "tests": True})
        assert {record["name"] for record in the(answer, "impacted")} >= {"test_helper"}, answer
        answer = await checked(client, tools, "patch", {"patch": patch})
        assert the(answer, "patched")[0]["applied"] is True
        assert "json.dumps([user])" in (FOLDER / "app.py").read_text()
        answer = await checked(client, tools, "patch", {"patch": patch}, "does_not_apply")
        assert the(answer, "rejection")[0]["reason"], answer
        await checked(client, tools, "patch", {"patch": "nonsense"}, "unreadable_patch")
        (FOLDER / "app.py").write_text(SOURCE)
        result = await client.call_tool("test", {"runner": "unittest"})
        answer = result.structured_content
        if result.is_error and answer["error"]["code"] == "sandbox":
            print("skipped: no sandbox works here, so `test` runs nothing")
            return
        tools["test", "validator"].validate(answer)
        assert not result.is_error and answer["error"]["code"] == "tests_failed", answer
        summary = the(answer, "test_summary")[0]
        assert (summary["passed"], summary["failed"]) == (1, 1), summary
        assert any("test_wrong" in record["name"] for record in the(answer, "test")), answer


def rss(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def hostile():
    """A gigabyte in one request, and garbage, on the bare pipe."""
    repository({"app.py": SOURCE})
    process = subprocess.Popen(
        [HAPPY, "mcp"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    put, get = process.stdin, process.stdout

    def send(message):
        put.write(json.dumps(message).encode() + b"\n")
        put.flush()

    def until(id):
        while line := get.readline():
            message = json.loads(line)
            if message.get("id") == id:
                return message
        raise AssertionError(f"it ended: {process.wait()} {process.stderr.read()}")

    garbage = [b"\n", b"garbage\n", b"\xff\xfe\x00\n", b"{\n", b"[]\n", b"[" * 100000 + b"\n", b'{"id":null}\n',
               b'{"jsonrpc":"2.0","id":{"a":1},"method":"x"}\n', b'{"jsonrpc":"2.0","method":"tools/call"}\n',
               b'"text"\n', b"null\n", b'{"jsonrpc":"2.0","result":{},"id":99}\n']
    for line in garbage:
        put.write(line)
    send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
    assert until(1)["result"]["serverInfo"]["name"] == "happy"
    send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for line in garbage:
        put.write(line)
    put.write(b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"search","arguments":{"query":"')
    piece = b"x" * (1 << 20)
    for _ in range(1 << 10):
        put.write(piece)
    put.write(b'"}},"id":2}\n')
    put.flush()
    answer = until(2)
    assert str((1 << 30) + 100)[:4] in answer["error"]["message"], answer
    for id, params in enumerate([
        {"name": "nothing", "arguments": {}},
        {"name": "callers", "arguments": {"symbol": {"a": 1}}},
        {"name": "callers", "arguments": {"symbol": "helper", "max_tokens": "x"}},
        {"name": "callers", "arguments": {"symbol": "\x00"}},
        {"name": "search", "arguments": {"query": "x" * 5_000_000}},
        {"name": "symbols", "arguments": {"pattern": "*" * 100_000}},
        {"name": "callers", "arguments": {"symbol": "--index-dir=/tmp/x"}},
    ], start=10):
        send({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
        told = until(id)
        assert "error" in told or told["result"]["structuredContent"], told
    send({"jsonrpc": "2.0", "id": 3, "method": "tools/call",
          "params": {"name": "callers", "arguments": {"symbol": "helper"}}})
    assert until(3)["result"]["structuredContent"]["records"], "it still answers"
    peak = rss(process.pid)
    assert peak < 400 << 20, f"{peak >> 20} MiB"
    print(f"peak {peak >> 20} MiB")
    put.close()
    assert process.wait(timeout=20) == 0, process.stderr.read()


async def too_large(mode):
    """The client library hears of a request that is too large, and goes on."""
    repository({"app.py": SOURCE})
    async with Client(server(), mode=mode) as client:
        try:
            await client.call_tool("search", {"query": "x" * (32 << 20)})
        except MCPError as error:
            assert "at most" in str(error), error
        else:
            raise AssertionError("it was taken")
        answer = await client.call_tool("callers", {"symbol": "helper"})
        assert answer.structured_content["records"]


SCENARIOS = {
    "reading": lambda: asyncio.run(reading("auto")),
    "reading_legacy": lambda: asyncio.run(reading("legacy")),
    "paging": lambda: asyncio.run(paging()),
    "cancelling": lambda: asyncio.run(cancelling()),
    "changing": lambda: asyncio.run(changing()),
    "too_large": lambda: asyncio.run(too_large("auto")),
    "too_large_legacy": lambda: asyncio.run(too_large("legacy")),
    "hostile": hostile,
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
