"""A server that speaks what E2B's control plane and the agent in its machines
speak, for tests: each "machine" is a folder, each program in it runs in
bubblewrap with that folder as its root and without a network.

Usage: e2b_server.py KEY. Prints its port, and ends when its input closes.
`GET /test/state` says what it has seen.
"""

import base64
import http.server
import json
import os
import queue
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

KEY = sys.argv[1]
ROOT = os.geteuid() == 0
SYSTEM = ["bin", "sbin", "lib", "lib32", "lib64"]
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID", "SETPCAP", "KILL", "SYS_RESOURCE"]
WORDS = {1: "hangup", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated",
         24: "CPU time limit exceeded", 25: "file size limit exceeded"}


def kill(program):
    """Kills a program with all that it started."""
    found = [program.pid]
    for pid in found:
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                found += map(int, file.read().split())
        except OSError:
            pass
    for pid in reversed(found):
        try:
            if program.poll() is None or pid != program.pid:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


class Machine:
    def __init__(self, timeout):
        self.id = "i" + secrets.token_hex(10)
        self.token = "ea_" + secrets.token_hex(16)
        self.traffic = "ta_" + secrets.token_hex(16)
        self.ends = time.monotonic() + timeout
        self.programs = {}
        self.root = tempfile.mkdtemp(prefix="e2b-machine-")
        os.chmod(self.root, 0o755)
        for folder, mode in [("tmp", 0o1777), ("var/lib", 0o755), ("home/user", 0o755), ("etc", 0o755), ("run", 0o755)]:
            os.makedirs(f"{self.root}/{folder}")
            os.chmod(f"{self.root}/{folder}", mode)
        with open(f"{self.root}/etc/passwd", "w") as file:
            file.write("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/bash\n")
            if not ROOT:
                file.write(f"own:x:{os.getuid()}:{os.getgid()}::/home/user:/bin/sh\n")
        with open(f"{self.root}/etc/group", "w") as file:
            file.write("root:x:0:\nuser:x:1000:\n")
        for name in SYSTEM:
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), f"{self.root}/{name}")
        if ROOT:
            os.chown(f"{self.root}/home/user", 1000, 1000)

    def command(self, user, words, folder):
        line = ["bwrap", "--bind", self.root, "/", "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--unshare-pid", "--unshare-net",
                "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session", "--chdir", folder, "--ro-bind", "/usr", "/usr"]
        for name in SYSTEM:
            if os.path.isdir("/" + name) and not os.path.islink("/" + name):
                line += ["--ro-bind", "/" + name, "/" + name]
        line += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
        if not ROOT:
            return line + ["--unshare-user", "--"] + words
        for name in CAPABILITIES:
            line += ["--cap-add", "CAP_" + name]
        line.append("--")
        if user != "root":
            line += ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"]
        return line + words

    def path(self, path):
        """Where a path of the machine is on this one; links are not followed out."""
        real = os.path.realpath(self.root + os.path.normpath("/" + path))
        if not real.startswith(self.root + "/"):
            raise PermissionError(path)
        return real

    def delete(self):
        for program in list(self.programs.values()):
            kill(program)
        for _ in range(50):
            shutil.rmtree(self.root, ignore_errors=True)
            if not os.path.exists(self.root):
                return
            time.sleep(0.02)


class State:
    lock = threading.Lock()
    machines = {}
    made = {}
    seen = {"created": 0, "kept": 0, "deleted": 0, "expired": 0, "key_in_machine": False, "bodies": []}


def expire():
    while True:
        time.sleep(0.1)
        with State.lock:
            old = [m for m in State.machines.values() if m.ends < time.monotonic()]
            for machine in old:
                del State.machines[machine.id]
                State.seen["expired"] += 1
        for machine in old:
            machine.delete()


class Refused(Exception):
    def __init__(self, status, code, message):
        self.status, self.code, self.message = status, code, message


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        length = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while (size := int(self.rfile.readline().strip(), 16)) > 0:
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(length or 0))
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        try:
            if url.path == "/test/state":
                with State.lock:
                    return self.answer(200, State.seen | {"machines": list(State.machines)})
            if url.path.startswith(("/v2/sandboxes", "/sandboxes")):
                return self.control(url.path, body)
            return self.agent(url.path, body)
        except Refused as error:
            self.answer(error.status, {"code": error.code, "message": error.message})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = handle_any

    # The control plane.

    def control(self, path, body):
        if self.headers.get("X-API-KEY") != KEY:
            raise Refused(401, 401, f"Invalid API key '{self.headers.get('X-API-KEY')}'")
        parts = path.strip("/").split("/")
        if path == "/v2/sandboxes" and self.command == "GET":
            return self.answer(200, [])
        if path == "/v2/sandboxes" and self.command == "POST":
            return self.make(json.loads(body))
        with State.lock:
            machine = State.machines.get(parts[1])
            if machine is None:
                raise Refused(404, 404, "sandbox not found")
            if self.command == "DELETE":
                del State.machines[machine.id]
                State.seen["deleted"] += 1
            elif parts[2:] == ["timeout"]:
                machine.ends = time.monotonic() + json.loads(body)["timeout"]
                State.seen["kept"] += 1
                return self.answer(204)
        if self.command == "DELETE":
            machine.delete()
            return self.answer(204)
        raise Refused(404, 404, "no such route")

    def make(self, wanted):
        once = self.headers.get("Idempotency-Key")
        with State.lock:
            State.seen["bodies"].append(wanted)
            machine = State.made.get(once)
            if machine is None:
                machine = Machine(wanted.get("timeout", 300))
                State.machines[machine.id] = machine
                State.seen["created"] += 1
                if once:
                    State.made[once] = machine
        self.answer(201, {
            "templateID": wanted["templateID"], "sandboxID": machine.id, "clientID": "test", "envdVersion": "0.6.4",
            "envdAccessToken": machine.token, "trafficAccessToken": machine.traffic, "domain": None,
        })

    # The agent in a machine.

    def agent(self, path, body):
        if KEY.encode() in body or any(KEY in value for value in self.headers.values()):
            State.seen["key_in_machine"] = True
        machine = State.machines.get(self.headers.get("E2b-Sandbox-Id"))
        if machine is None:
            raise Refused(502, 502, "The sandbox was not found")
        if self.headers.get("E2b-Sandbox-Port") != "49983":
            raise Refused(502, 502, "The sandbox is running but port is not open")
        if path == "/health":
            return self.answer(204)
        if self.headers.get("X-Access-Token") != machine.token:
            raise Refused(401, "unauthenticated", "no or a wrong access token")
        if path == "/files":
            return self.write(machine, body) if self.command == "POST" else self.read(machine)
        method = path.removeprefix("/process.Process/")
        if method == "Start":
            return self.start(machine, body)
        request = json.loads(body or b"{}")
        if method == "List":
            return self.answer(200, {"processes": [{"pid": pid} for pid in machine.programs]})
        program = machine.programs.get(request.get("process", {}).get("pid"))
        if program is None:
            raise Refused(404, "not_found", "process not found")
        if method == "SendInput":
            try:
                program.stdin.write(base64.b64decode(request["input"]["stdin"]))
                program.stdin.flush()
            except (ValueError, OSError) as error:
                raise Refused(500, "internal", f"error writing to stdin: {error}") from error
        elif method == "CloseStdin":
            program.stdin.close()
        elif method == "SendSignal":
            if request["signal"] in (9, "SIGNAL_SIGKILL"):
                kill(program)
            else:
                program.terminate()
        else:
            raise Refused(404, "unimplemented", method)
        self.answer(200, {})

    def user(self):
        scheme, _, word = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(word).decode().partition(":")[0] if scheme == "Basic" else "user"

    def write(self, machine, body):
        kind = self.headers.get("Content-Type", "")
        files = []
        if kind.startswith("multipart/form-data"):
            mark = kind.partition("boundary=")[2].strip('"').encode()
            for part in body.split(b"--" + mark)[1:-1]:
                head, _, data = part[2:-2].partition(b"\r\n\r\n")
                name = head.decode().partition('filename="')[2].partition('"')[0]
                if b'name="file"' in head:
                    files.append((self.query.get("path", name), data))
        elif kind == "application/octet-stream":
            files.append((self.query["path"], body))
        else:
            raise Refused(400, 400, f"unsupported content type: {kind}")
        for path, data in files:
            if not path.startswith("/"):
                path = "/home/user/" + path
            real = machine.path(path)
            os.makedirs(os.path.dirname(real), exist_ok=True)
            try:
                with open(real, "wb") as file:
                    file.write(data)
            except OSError as error:
                raise Refused(507, 507, f"not enough disk space available: {error}") from error
            if ROOT and self.query.get("username", "user") != "root":
                os.chown(real, 1000, 1000)
        self.answer(200, [{"path": p, "name": os.path.basename(p), "type": "file"} for p, _ in files])

    def read(self, machine):
        try:
            with open(machine.path(self.query["path"]), "rb") as file:
                data = file.read()
        except OSError as error:
            raise Refused(404, 404, f"path '{self.query['path']}' does not exist") from error
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def frame(self, message, last=False):
        data = json.dumps(message).encode()
        data = struct.pack(">BI", 2 if last else 0, len(data)) + data
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def start(self, machine, body):
        if self.headers.get("Content-Type") != "application/connect+json":
            raise Refused(415, "unknown", "not a Connect stream")
        flags, length = struct.unpack(">BI", body[:5])
        assert flags == 0 and length == len(body) - 5, "one whole frame"
        request = json.loads(body[5:])
        wanted = request["process"]
        self.send_response(200)
        self.send_header("Content-Type", "application/connect+json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/home/user", "USER": "user"} | wanted.get("envs", {})
        program = subprocess.Popen(
            machine.command(self.user(), [wanted["cmd"], *wanted.get("args", [])], wanted.get("cwd", "/home/user")),
            stdin=subprocess.PIPE if request.get("stdin", True) else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        machine.programs[program.pid] = program
        patience = self.headers.get("Connect-Timeout-Ms")
        timer = threading.Timer(int(patience) / 1000 if patience else 1e6, kill, [program])
        timer.daemon = True
        timer.start()
        try:
            self.frame({"event": {"start": {"pid": program.pid}}})
            self.follow(program)
        finally:
            timer.cancel()
            kill(program)
            program.wait()
            del machine.programs[program.pid]
        code = program.returncode
        number = -code if code < 0 else code - 128 if code > 128 else 0
        end = {"exited": True, "status": f"exit status {code}"}
        if number:
            end = {"exitCode": -1, "status": "signal: " + WORDS.get(number, f"signal {number}")}
        elif code:
            end["exitCode"] = code
        if code:
            end["error"] = end["status"]
        self.frame({"event": {"end": end}})
        self.frame({}, last=True)
        self.wfile.write(b"0\r\n\r\n")

    def follow(self, program):
        said = queue.Queue(64)

        def listen(name, pipe):
            while data := pipe.read1(32 << 10):
                said.put((name, data))
            said.put(None)

        pipes = {"stdout": program.stdout, "stderr": program.stderr}
        for name, pipe in pipes.items():
            threading.Thread(target=listen, args=(name, pipe), daemon=True).start()
        alive = int(self.headers.get("Keepalive-Ping-Interval", 90))
        opened = len(pipes)
        try:
            while opened:
                try:
                    word = said.get(timeout=alive)
                except queue.Empty:
                    self.frame({"event": {"keepalive": {}}})
                    continue
                if word is None:
                    opened -= 1
                else:
                    self.frame({"event": {"data": {word[0]: base64.b64encode(word[1]).decode()}}})
            program.wait()
        except (BrokenPipeError, ConnectionResetError):
            kill(program)
            while opened:
                opened -= said.get() is None
            raise


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        # A client that goes away is no error of the server's.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)

    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=expire, daemon=True).start()
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
for left in list(State.machines.values()):
    left.delete()
os._exit(0)
