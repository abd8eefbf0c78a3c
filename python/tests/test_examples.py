"""The examples run, on the installed package, and say what is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

EXAMPLES = ROOT / "python" / "examples"


def example(name: str, *arguments: str, folder: Path, stdin: str = "") -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", EXAMPLES / f"{name}.py", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_example_is_tested() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {"explore", "dependents", "dead_functions", "by_hand"}


def test_an_unknown_repository_is_explored(project: Path, tmp_path: Path) -> None:
    said = example("explore", str(project), "is the password right", folder=tmp_path)
    assert "'function': 4" in said
    assert "2 calls of app/auth.py::check" in said
    assert "1. app/auth.py::check:6" in said
    assert "Whether the password is right." in said


def test_who_depends_on_a_module_is_drawn(project: Path, tmp_path: Path) -> None:
    said = example("dependents", str(project), "app/auth.py", folder=tmp_path)
    assert "app/web.py imports app/auth.py" in said
    assert "1 files depend on app/auth.py" in said
    assert "app/web.py</text>" in (tmp_path / "dependents.html").read_text("utf-8")


def test_dead_functions_are_found_and_used_ones_are_not(project: Path, tmp_path: Path) -> None:
    said = example("dead_functions", str(project), folder=tmp_path)
    assert "app/web.py:12: index seems unused" in said
    assert "app/web.py:8: show seems unused" in said
    assert "2 of 5 functions seem unused" in said


def test_whoever_types_the_cells_is_the_model(project: Path, tmp_path: Path) -> None:
    (project / "test_auth.py").write_text(
        "import unittest\n\nfrom app.auth import check\n\n\nclass Auth(unittest.TestCase):\n"
        "    def test_check(self):\n        self.assertIs(check(), False)\n",
        "utf-8",
    )
    cells = (
        "print(llm('what does it return?', 'app/auth.py::check'))\n.\n"
        "edit('app/auth.py::check', 'return True', 'return False')\nprint(submit('Deny'))\n.\n"
    )
    said = example("by_hand", str(project), "deny everything", folder=tmp_path, stdin=cells)
    assert "Task: deny everything" in said
    assert "lines, read by nobody" in said
    assert "the gate: passed" in said
    assert "landed after 2 turns" in said
    assert "return False" in (project / "app" / "auth.py").read_text("utf-8")
    said = example("by_hand", str(project), "nothing", folder=tmp_path)
    assert "stopped: the input has ended" in said
    assert "failed after 1 turns" in said


@pytest.mark.parametrize("name", ["explore", "dependents", "dead_functions"])
def test_an_example_takes_the_current_folder(project: Path, name: str) -> None:
    assert example(name, folder=project)
