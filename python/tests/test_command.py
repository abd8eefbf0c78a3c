"""The command that the wheel brings."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

import happy
from conftest import ENVIRONMENT, command, lines, program


def test_the_command_is_a_native_program() -> None:
    with Path(program()).open("rb") as file:
        start = file.read(4)
    assert start == b"\x7fELF" or sys.platform != "linux"


def test_command_and_module_are_of_one_version() -> None:
    said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["happy", happy.__version__]
    assert importlib.metadata.version("happyfastercode") == happy.__version__


def test_git_finds_the_command(project: Path) -> None:
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{ENVIRONMENT['PATH']}"
    done = subprocess.run(
        ["git", "happy", "callers", "check"],
        cwd=project,
        env={**ENVIRONMENT, "PATH": path},
        capture_output=True,
        check=False,
    )
    assert lines(done)[0]["name"] == "login"


def test_python_can_start_the_command(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "happy", "-C", str(project), "callers", "check"],
        capture_output=True,
        check=False,
    )
    assert [record["name"] for record in lines(done)] == ["login", "index"]


def test_exit_codes_are_the_commands(project: Path, tmp_path: Path) -> None:
    assert command(project, "callers", "check").returncode == 0
    assert command(project, "callers", "index").returncode == 1
    assert command(project, "callers", "nothing").returncode == 1
    assert command(project, "callers").returncode == 2
    assert command(project, "callers", "check", "--at", "nothing").returncode == 3


def test_an_exception_has_the_code_of_the_commands_error(project: Path) -> None:
    done = command(project, "callers", "chekc")
    (said,) = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
    with pytest.raises(happy.HappyError) as caught:
        happy.HappyRepo(project).find_callers("chekc")
    error = caught.value
    assert (said["code"], said["exit"], said["retryable"], said["hint"]) == (
        error.code,
        error.exit_code,
        error.retryable,
        error.hint,
    )


def test_a_closed_pipe_is_no_error(project: Path) -> None:
    child = subprocess.Popen(
        [program(), "-C", str(project), "graph"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    said = child.stderr.read()
    child.stderr.close()
    assert (child.wait(), said) == (0, b"")


def test_what_python_indexed_the_command_finds(project: Path) -> None:
    assert happy.HappyRepo(project).built
    assert not happy.HappyRepo(project).built
    assert command(project, "--no-auto-index", "callers", "check").returncode == 0


def test_the_command_starts_in_twice_the_time_of_cargos(project: Path) -> None:
    built = os.environ.get("HAPPY_CARGO_BIN")
    if not built or not shutil.which(built):
        pytest.skip("HAPPY_CARGO_BIN names no program that Cargo built")

    def fastest(path: str) -> float:
        times = []
        for _ in range(10):
            begun = time.perf_counter()
            subprocess.run([path, "--version"], stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - begun)
        return min(times)

    assert fastest(program()) <= 2 * fastest(built) + 0.005


def doctor(project: Path, **variables: str) -> dict[str, str]:
    """What `happy doctor` says of the versions."""
    done = subprocess.run(
        [program(), "-C", str(project), "doctor"],
        env={**ENVIRONMENT, **variables},
        capture_output=True,
        check=False,
    )
    (said,) = [record for record in lines(done) if record["check"] == "versions"]
    return said


def test_doctor_finds_command_and_module_alike(project: Path) -> None:
    said = doctor(project)
    assert said["works"]
    assert f"command {happy.__version__}, index format {happy.INDEX_FORMAT};" in said["detail"]
    assert f"alike in `{sys.prefix}`" in said["detail"]


def test_doctor_names_a_module_of_another_version(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    packages = other / "lib/python3.12/site-packages"
    (packages / "happyfastercode-9.8.7.dist-info").mkdir(parents=True)
    said = doctor(project, VIRTUAL_ENV=str(other))
    assert not said["works"]
    assert f"Python module 9.8.7 in `{other}`" in said["detail"]
    assert f"{other}/bin/pip install --upgrade happyfastercode" in said["hint"]
