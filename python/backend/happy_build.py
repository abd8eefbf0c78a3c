"""Builds the wheel: what maturin makes, and the command beside it.

maturin carries either a module or programs. The programs `happy` and
`git-happy` are built first and laid where it takes data files from; pip
installs them as they are, so the command starts without an interpreter.

`HAPPY_WHEEL_PROFILE` names the profile of Cargo, `release` unless it is set, and
`HAPPY_WHEEL_FEATURES` its features: `wasm` in that profile, and none in others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import maturin

PROGRAMS = ("happy", "git-happy")

get_requires_for_build_sdist = maturin.get_requires_for_build_sdist
build_sdist = maturin.build_sdist


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What maturin asks for."""
    return list(maturin.get_requires_for_build_wheel(config_settings))


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """What maturin says, which looks whether the folder of programs is there."""
    scripts().mkdir(parents=True, exist_ok=True)
    name = maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    return str(name)


def scripts() -> Path:
    """Where maturin takes programs from, as `pyproject.toml` says."""
    return Path.cwd() / "target" / "happyfastercode.data" / "scripts"


def build_wheel(
    wheel_directory: str,
    config_settings: Any = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the programs, then the wheel that carries them."""
    profile = os.environ.get("HAPPY_WHEEL_PROFILE", "release")
    lay_programs(scripts(), profile)
    arguments = " ".join([f"--profile {profile} --strip", *features(profile)])
    os.environ.setdefault("MATURIN_PEP517_ARGS", arguments)
    name = maturin.build_wheel(wheel_directory, config_settings, metadata_directory)
    return str(name)


def features(profile: str) -> list[str]:
    """Cargo's arguments for the features of a wheel."""
    named = os.environ.get("HAPPY_WHEEL_FEATURES", "wasm" if profile == "release" else "")
    return ["--features", named] if named else []


def lay_programs(folder: Path, profile: str) -> None:
    """Build the programs into a folder, without what only a debugger needs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    strip = shutil.which("strip")
    for name, built in build_programs(profile).items():
        laid = folder / name
        if strip is None or subprocess.run([strip, "-o", laid, built]).returncode != 0:
            shutil.copy2(built, laid)
        laid.chmod(0o755)


def build_programs(profile: str) -> dict[str, Path]:
    """Run Cargo; where it put each program."""
    command = ["cargo", "build", "--package", "happyfastercode", "--profile", profile]
    command += features(profile)
    for name in PROGRAMS:
        command += ["--bin", name]
    command.append("--message-format=json-render-diagnostics")
    built: dict[str, Path] = {}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"building the command failed with status {done.returncode}")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] in PROGRAMS:
            built[message["target"]["name"]] = Path(message["executable"])
    missing = [name for name in PROGRAMS if name not in built]
    if missing:
        sys.exit(f"Cargo built no {', '.join(missing)}")
    return built
