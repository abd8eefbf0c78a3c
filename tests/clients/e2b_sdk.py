"""The official E2B library against the local server: that it understands what
the server says shows that the server says what the service says.

Usage: e2b_sdk.py URL KEY. Prints what it found, a line for each.
"""

import os
import sys

URL, KEY = sys.argv[1:]
os.environ |= {"E2B_API_URL": URL, "E2B_SANDBOX_URL": URL, "E2B_API_KEY": KEY, "E2B_HTTP_VERSION": "1.1"}

from e2b import AuthenticationException, CommandExitException, Sandbox  # noqa: E402

sandbox = Sandbox.create(timeout=60, allow_internet_access=False)
print("running", sandbox.is_running())

result = sandbox.commands.run("echo out; echo err >&2")
print("command", repr(result.stdout), repr(result.stderr), result.exit_code)
try:
    sandbox.commands.run("exit 7")
except CommandExitException as error:
    print("exit", error.exit_code)

wide = sandbox.commands.run("head -c 300000 /dev/zero | tr '\\0' x")
print("wide", len(wide.stdout), set(wide.stdout))

handle = sandbox.commands.run("cat; echo end", background=True, stdin=True)
sandbox.commands.send_stdin(handle.pid, "through ")
sandbox.commands.send_stdin(handle.pid, "stdin\n")
sandbox.commands.close_stdin(handle.pid)
print("input", repr(handle.wait().stdout))

handle = sandbox.commands.run("sleep 60", background=True)
print("listed", handle.pid in [process.pid for process in sandbox.commands.list()])
print("killed", handle.kill())
try:
    handle.wait()
except CommandExitException as error:
    print("signal", error.exit_code, error.error)

sandbox.files.write("/home/user/multi", "multipart")
sandbox.files.write("/home/user/raw", b"octets", use_octet_stream=True)
print("files", sandbox.files.read("/home/user/multi"), bytes(sandbox.files.read("/home/user/raw", format="bytes")))
print("seen", sandbox.commands.run("cat multi raw", cwd="/home/user").stdout)

sandbox.set_timeout(30)
print("deleted", sandbox.kill(), sandbox.kill())
print("running", sandbox.is_running())
try:
    Sandbox.create(api_key="e2b_wrong")
except AuthenticationException:
    print("refused")
