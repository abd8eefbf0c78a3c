"""What the tests share: repositories, and the command that was installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import happy

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
#: Those of `languages/` are added by a user and not built in.
ADDED = {folder.name for folder in (ROOT / "languages").iterdir() if folder.is_dir()}
LANGUAGES = sorted(
    folder.name
    for folder in FIXTURES.iterdir()
    if folder.is_dir() and folder.name != "repos" and folder.name not in ADDED
)

#: Nobody's configuration but the tests' own.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
}

SOURCE = {
    "app/auth.py": (
        "class Login:\n"
        "    def login(self):\n"
        "        return check()\n"
        "\n"
        "\n"
        "def check():\n"
        '    """Whether the password is right."""\n'
        "    return True\n"
    ),
    "app/web.py": (
        "from app.auth import Login, check\n"
        "\n"
        "\n"
        "def view(request):\n"
        "    return Login().login()\n"
        "\n"
        "\n"
        "def show(thing):\n"
        "    thing.check()\n"
        "\n"
        "\n"
        "def index():\n"
        "    return view(None) or check()\n"
    ),
    "app/__init__.py": "",
}


def program() -> str:
    """The command of the wheel that is tested."""
    found = shutil.which("happy", path=sysconfig.get_path("scripts"))
    assert found is not None, "the wheel installs the command"
    return found


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    return done.stdout


def command(
    folder: Path | str, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a program would."""
    return subprocess.run(
        [program(), "-C", str(folder), *arguments],
        env=ENVIRONMENT,
        input=stdin,
        capture_output=True,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """The records that the command printed."""
    assert done.returncode in (0, 1), done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def commit_all(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message=all", "--allow-empty")


@pytest.fixture(autouse=True)
def nobodys_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Makes repositories of given files."""

    def made(files: dict[str, str] | None = None, name: str = "project") -> Path:
        folder = tmp_path / name
        for path, text in (SOURCE if files is None else files).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        folder.mkdir(exist_ok=True)
        commit_all(folder)
        return folder

    return made


@pytest.fixture
def project(make: Callable[..., Path]) -> Path:
    return make()


@pytest.fixture
def repo(project: Path) -> happy.HappyRepo:
    return happy.HappyRepo(project)


class Language:
    """All fixtures of a language in one repository, and what the command says of them."""

    def __init__(self, name: str, folder: Path) -> None:
        commit_all(folder)
        shutil.copytree(FIXTURES / name, folder, dirs_exist_ok=True)
        commit_all(folder)
        self.folder = folder
        self.repo = happy.HappyRepo(folder)
        self.symbols = self.repo.symbols()
        self.files = self.repo.symbols(kind="file")
        self.said: dict[tuple[str, ...], list[dict[str, Any]]] = {}

    def command(self, *arguments: str) -> list[dict[str, Any]]:
        """What the command says of every symbol, asked once."""
        if arguments not in self.said:
            asked = self.files if arguments[0] == "deps" else self.symbols
            stdin = b"".join(os.fsencode(symbol.symbol) + b"\n" for symbol in asked)
            self.said[arguments] = lines(command(self.folder, *arguments, "-", stdin=stdin))
        return self.said[arguments]


@pytest.fixture(scope="session")
def language(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Language]:
    made: dict[str, Language] = {}

    def of(name: str) -> Language:
        if name not in made:
            made[name] = Language(name, tmp_path_factory.mktemp("fixtures") / name)
        return made[name]

    return of
