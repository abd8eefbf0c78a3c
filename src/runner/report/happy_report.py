# Tells of each test as it ends: one marked line of JSON on the real standard output.
import json
import os

_out = os.dup(1)


def tell(name, outcome, seconds=None, message=None, path=None):
    record = {"name": name, "outcome": outcome}
    if path is not None:
        record["path"] = path
    if seconds is not None:
        record["seconds"] = seconds
    if message:
        record["message"] = message[-4000:]
    line = "\n\x1ehappy-test " + json.dumps(record) + "\n"
    data = line.encode("utf-8", "replace")
    while data:
        data = data[os.write(_out, data):]


# pytest

_time = {}


def pytest_runtest_logreport(report):
    _time[report.nodeid] = _time.get(report.nodeid, 0.0) + getattr(report, "duration", 0.0)
    outcome = None
    if report.when == "call":
        outcome = report.outcome
    elif report.failed:
        outcome = "errored"
    elif report.skipped:
        outcome = "skipped"
    if outcome is None:
        return
    message = None
    if outcome in ("failed", "errored"):
        message = getattr(report, "longreprtext", "") or str(report.longrepr)
    elif outcome == "skipped":
        if isinstance(report.longrepr, tuple):
            message = report.longrepr[2]
        elif hasattr(report, "wasxfail"):
            message = "expected to fail: " + report.wasxfail
    path = report.nodeid.split("::")[0]
    tell(report.nodeid, outcome, _time.pop(report.nodeid), message, path)


def pytest_collectreport(report):
    if report.failed:
        path = report.nodeid.split("::")[0] or None
        tell(report.nodeid or "collection", "errored", None, report.longreprtext, path)
    elif report.skipped:
        message = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        tell(report.nodeid, "skipped", None, message, report.nodeid.split("::")[0])


# unittest


def main(arguments):
    import sys
    import time
    import traceback
    import unittest

    class Result(unittest.TextTestResult):
        def startTest(self, test):
            self._begun = time.perf_counter()
            self._told = False
            super().startTest(test)

        def _tell(self, test, outcome, error=None, message=None):
            if error is not None:
                message = "".join(traceback.format_exception(*error))
            begun = getattr(self, "_begun", None)
            took = None if begun is None else time.perf_counter() - begun
            self._told = True
            tell(test.id(), outcome, took, message)

        def addSuccess(self, test):
            super().addSuccess(test)
            self._tell(test, "passed")

        def addFailure(self, test, error):
            super().addFailure(test, error)
            self._tell(test, "failed", error)

        def addError(self, test, error):
            super().addError(test, error)
            self._tell(test, "errored", error)

        def addSkip(self, test, reason):
            super().addSkip(test, reason)
            self._tell(test, "skipped", None, reason)

        def addExpectedFailure(self, test, error):
            super().addExpectedFailure(test, error)
            self._tell(test, "skipped", None, "expected to fail")

        def addUnexpectedSuccess(self, test):
            super().addUnexpectedSuccess(test)
            self._tell(test, "failed", None, "passed, but was expected to fail")

        def addSubTest(self, test, subtest, error):
            super().addSubTest(test, subtest, error)
            if error is not None:
                self._tell(subtest, "failed", error)

    sys.path.insert(0, os.getcwd())
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=0)
    unittest.main(module=None, argv=["unittest", *arguments], testRunner=runner)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
