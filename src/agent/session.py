# The session: runs cells, and asks the host for everything else.
#
# Frames go over private copies of the inherited pipes. What a cell prints, or
# what a program that it starts prints, goes elsewhere and is shortened here.
import ast
import json
import linecache
import os
import signal
import sys
import traceback

_KEPT = 6000  # characters of output that are kept at either end
_out = os.dup(1)
_in = os.fdopen(os.dup(0), "rb")
_own = os.getpid()
_limit = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
_spill = os.open("/tmp/.printed", os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
os.unlink("/tmp/.printed")
os.dup2(_spill, 1)
os.dup2(_spill, 2)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _send(message):
    # A child that a cell forked has nothing to say to the host.
    if os.getpid() != _own:
        os._exit(0)
    text = json.dumps(message, ensure_ascii=True, default=repr).encode()
    data = b"%d %s\n" % (len(text), text)
    while data:
        data = data[os.write(_out, data):]


def _receive():
    line = _in.readline()
    if not line:
        os._exit(0)
    return json.loads(line.partition(b" ")[2])


class CellTimeout(BaseException):
    """The cell ran for too long."""


class HostError(Exception):
    """The host could not do what was asked."""


_calls = 0


def _host(name, **arguments):
    """Asks the host; the clock of the cell stands still meanwhile."""
    global _calls
    _calls += 1
    left = signal.setitimer(signal.ITIMER_REAL, 0)[0]
    try:
        _send({"type": "call", "id": _calls, "name": name, "arguments": arguments})
        answer = _receive()
    finally:
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, left)
    if answer["type"] == "failure":
        raise HostError(answer["message"])
    return answer["value"]


class Handle:
    """A symbol or file: what it is, never what it says."""

    __slots__ = ("symbol", "kind", "name", "signature", "path", "line", "end_line", "tokens", "hash", "more")

    def __init__(self, fields):
        for name in Handle.__slots__[:-1]:
            setattr(self, name, fields.get(name))
        known = Handle.__slots__
        self.more = {key: value for key, value in fields.items() if key not in known}

    def __getattr__(self, name):
        try:
            return object.__getattribute__(self, "more")[name]
        except (KeyError, AttributeError):
            raise AttributeError(f"a handle has no `{name}`") from None

    def __repr__(self):
        where = "" if self.line is None else f":{self.line}-{self.end_line}"
        size = "" if self.tokens is None else f" {self.tokens}tok"
        more = "".join(f" {key}={value}" for key, value in self.more.items())
        signature = f" {_short(self.signature, 60)}" if self.signature else ""
        return f"<{self.kind} {self.symbol}{where}{size}{signature}{more}>"

    def __eq__(self, other):
        return isinstance(other, Handle) and self.symbol == other.symbol

    def __hash__(self):
        return hash(self.symbol)


class Handles(list):
    """Handles, one to a line."""

    def __init__(self, items=(), total=None):
        super().__init__(items)
        self.total = len(self) if total is None else total

    @property
    def tokens(self):
        """Tokens of all their sources together."""
        return sum(handle.tokens or 0 for handle in self)

    def __repr__(self):
        if not self:
            return "(none)"
        lines = [repr(handle) for handle in self[:40]]
        if self.total > len(lines):
            lines.append(f"… {self.total} in all")
        return "\n".join(lines)


class Failure:
    """What a sub-agent could not do; false where a value is tested."""

    def __init__(self, message):
        self.message = message

    def __bool__(self):
        return False

    def __repr__(self):
        return f"<failure: {_short(self.message, 200)}>"

    __str__ = __repr__


class Tests:
    """What a run of tests came to."""

    def __init__(self, value):
        self.value = value
        self.ok = value["ok"]
        self.passed = value["passed"]
        self.failed = value["failed"]
        self.messages = value["messages"]

    def __bool__(self):
        return self.ok

    def __repr__(self):
        lines = [self.value["summary"]]
        for name in self.failed[:20]:
            message = self.messages.get(name)
            lines.append(f"  {name}" + (f": {_short(message, 160)}" if message else ""))
        if len(self.failed) > 20:
            lines.append(f"  … {len(self.failed)} in all")
        return "\n".join(lines)


def _short(text, most):
    text = " ".join(str(text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _name(what):
    if isinstance(what, Handle):
        return what.symbol
    if isinstance(what, str):
        return what
    raise TypeError(f"a handle or a symbol's name, not {type(what).__name__}")


def _names(what):
    if isinstance(what, (Handle, str)):
        return [_name(what)]
    return [_name(item) for item in what]


def _handles(answer):
    return Handles([Handle(fields) for fields in answer["handles"]], answer.get("total"))


class Repo:
    """Questions about the repository; answers are handles."""

    def show(self, symbol):
        """The handle of a symbol, a `path`, or a `path:line`."""
        found = _handles(_host("show", symbol=_name(symbol)))
        return found[0] if len(found) == 1 else found

    find = show

    def symbols(self, pattern=None, kind=None, path=None, limit=60):
        """Symbols by pattern (`*` and `?`), kind and path."""
        return _handles(_host("symbols", pattern=pattern, kind=kind, path=path, limit=limit))

    def search(self, query, limit=10, tests=False):
        """Symbols by meaning, words and structure."""
        return _handles(_host("search", query=query, limit=limit, tests=tests))

    def callers(self, symbol, transitive=False, limit=100):
        """Who calls it."""
        return _handles(_host("callers", symbol=_name(symbol), transitive=transitive, limit=limit))

    def callees(self, symbol, transitive=False, limit=100):
        """What it calls."""
        return _handles(_host("callees", symbol=_name(symbol), transitive=transitive, limit=limit))

    def refs(self, symbol, limit=100):
        """Where it is mentioned."""
        return _handles(_host("refs", symbol=_name(symbol), limit=limit))

    def deps(self, symbol, reverse=False, transitive=False, limit=100):
        """What it depends on, or with `reverse` what depends on it."""
        return _handles(
            _host("deps", symbol=_name(symbol), reverse=reverse, transitive=transitive, limit=limit)
        )

    def path(self, source, target):
        """A shortest chain of calls."""
        return _handles(_host("path", source=_name(source), target=_name(target)))

    def impact(self, symbol, tests=False, limit=100):
        """What depends on it, nearest first; with `tests` only the tests."""
        return _handles(_host("impact", symbol=_name(symbol), tests=tests, limit=limit))

    def tests(self, symbol, limit=100):
        """The tests that reach it."""
        return self.impact(symbol, tests=True, limit=limit)

    def __repr__(self):
        return "<repo: show symbols search callers callees refs deps path impact tests>"


def peek(handle, lines=None):
    """Source text, budgeted and recorded; `lines` is (first, last) of the file."""
    return _host("peek", symbol=_name(handle), lines=list(lines) if lines else None)


def _answer(value):
    if isinstance(value, dict) and "failure" in value:
        return Failure(value["failure"])
    return value


def llm(question, *handles):
    """Asks a sub-agent about the sources of some handles."""
    names = [name for handle in handles for name in _names(handle)]
    return _answer(_host("llm", question=str(question), handles=names))


def rlm_batch(question, handles, width=None):
    """Asks one sub-agent for each handle, in parallel; answers in order."""
    answers = _host("rlm_batch", question=str(question), handles=_names(handles), width=width)
    return [_answer(answer) for answer in answers]


def rlm(question, handles=()):
    """Gives a question to an agent with a session of its own."""
    return _answer(_host("rlm", question=str(question), handles=_names(handles)))


def edit(target, search=None, replace=None, body=None):
    """Changes a symbol or a file: `search` and `replace`, or a whole `body`."""
    return _host("edit", symbol=_name(target), search=search, replace=replace, body=body)


def create(path, content):
    """Makes a file."""
    return _host("create", path=path, content=content)


def delete(path):
    """Takes a file away."""
    return _host("delete", path=_name(path))


def reset():
    """Drops all edits so far."""
    return _host("reset")


def diff():
    """All edits so far as one diff."""
    return _host("diff")


def run_tests(which="affected"):
    """Runs tests in a sandbox, with the edits: `affected`, `all`, or test ids."""
    return Tests(_host("run_tests", which=which if isinstance(which, str) else list(which)))


def submit(summary):
    """Hands the edits in; the host tests them and says whether they land."""
    return _host("submit", summary=str(summary))


def budget():
    """What is left."""
    return _host("budget")


class _Printed:
    """Standard output of cells: the beginning and the end are kept."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self):
        self.clear()

    def clear(self):
        self.head, self.tail, self.size, self.kept = [], "", 0, 0

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() takes text")
        size = len(text)
        self.size += size
        room = _KEPT - self.kept
        if room > 0:
            self.head.append(text[:room])
            self.kept += min(room, size)
            text = text[room:]
        if text:
            self.tail = (self.tail + text[-_KEPT:])[-_KEPT:]
        return size

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        return 1

    def text(self):
        lost = self.size - self.kept - len(self.tail)
        middle = f"\n… {lost} characters left out …\n" if lost > 0 else ""
        return "".join(self.head) + middle + self.tail


def _spilled():
    """What went past Python: programs that a cell started, writes to descriptors."""
    size = os.fstat(_spill).st_size
    if not size:
        return ""
    head = os.pread(_spill, _KEPT, 0)
    if size > 2 * _KEPT:
        head += b"\n... %d bytes left out ...\n" % (size - 2 * _KEPT)
    tail = os.pread(_spill, _KEPT, max(_KEPT, size - _KEPT)) if size > _KEPT else b""
    os.ftruncate(_spill, 0)
    return (head + tail).decode("utf-8", "replace")


_printed = _Printed()
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = _printed


def _alarm(number, frame):
    raise CellTimeout(f"the cell ran for more than {_limit:g} s and was interrupted")


signal.signal(signal.SIGALRM, _alarm)


def _told(error, name):
    """A short traceback: the lines of the cell, and the error."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).strip()
    lines = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith("<cell"):
            source = linecache.getline(frame.f_code.co_filename, number).strip()
            lines.append(f"  {frame.f_code.co_filename[1:-1]} line {number}: {_short(source, 120)}")
    if len(lines) > 8:
        lines[4:-4] = ["  …"]
    lines.append(_long("".join(traceback.format_exception_only(error)).strip()))
    return "\n".join(lines)


def _long(text):
    return text if len(text) <= 2000 else text[:1000] + " … " + text[-1000:]


def _run(code, name, space):
    tree = ast.parse(code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, name, "exec"), space)
    if last is not None:
        value = eval(compile(last, name, "eval"), space)
        if value is not None:
            print(value if isinstance(value, str) else repr(value))
            space["_"] = value


def _main():
    space = {
        "__name__": "__main__", "repo": Repo(), "peek": peek, "llm": llm, "rlm_batch": rlm_batch,
        "rlm": rlm, "edit": edit, "create": create, "delete": delete, "reset": reset, "diff": diff,
        "run_tests": run_tests, "submit": submit, "budget": budget, "Failure": Failure,
        "HostError": HostError, "Handle": Handle,
    }
    _send({"type": "ready"})
    while True:
        message = _receive()
        if message["type"] == "finish":
            _send({"type": "finished"})
            return
        if message["type"] != "execute":
            continue
        name = f"<cell {message['id']}>"
        code = message["code"]
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        error = None
        _printed.clear()
        try:
            signal.setitimer(signal.ITIMER_REAL, _limit)
            _run(code, name, space)
        except BaseException as raised:  # a cell's exit is no end of the session
            signal.setitimer(signal.ITIMER_REAL, 0)
            error = _told(raised, name)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout = sys.stderr = _printed
        output = _printed.text() + _spilled()
        _send(
            {"type": "result", "id": message["id"], "ok": error is None, "output": output, "error": error}
        )


_main()
