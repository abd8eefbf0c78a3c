"""The examples run, on the installed package, and say what is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

EXAMPLES = ROOT / "python" / "examples"


def example(name: str, *arguments: str, folder: Path) -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", EXAMPLES / f"{name}.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_example_is_tested() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {"explore", "dependents", "dead_functions"}


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


@pytest.mark.parametrize("name", ["explore", "dependents", "dead_functions"])
def test_an_example_takes_the_current_folder(project: Path, name: str) -> None:
    assert example(name, folder=project)
