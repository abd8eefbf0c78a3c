"""A question in Python gives the records that the verb prints."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import happy
from conftest import FIXTURES, LANGUAGES, Language, command, commit_all, lines

CASES = [
    (name, folder.name)
    for name in LANGUAGES
    for folder in sorted((FIXTURES / name).iterdir())
    if folder.is_dir()
]

QUESTIONS: dict[tuple[str, ...], Callable[[happy.HappyRepo, Any], list[Any]]] = {
    ("callers",): lambda repo, asked: repo.callers(asked),
    ("callers", "--all"): lambda repo, asked: repo.callers(asked, all=True),
    ("callers", "--transitive"): lambda repo, asked: repo.callers(asked, transitive=True),
    ("callers", "--depth=2", "--exact"): lambda repo, asked: repo.callers(
        asked, depth=2, exact=True
    ),
    ("callees",): lambda repo, asked: repo.callees(asked),
    ("callees", "-t"): lambda repo, asked: repo.callees(asked, transitive=True),
    ("refs",): lambda repo, asked: repo.refs(asked),
    ("deps",): lambda repo, asked: repo.deps(asked),
    ("deps", "--reverse", "-t"): lambda repo, asked: repo.deps(
        asked, reverse=True, transitive=True
    ),
    ("show",): lambda repo, asked: repo.show(asked),
}


def dicts(records: list[Any]) -> list[dict[str, Any]]:
    return [record.to_dict() for record in records]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n}/{c}" for n, c in CASES])
def test_callers_of_a_fixture_are_those_of_the_verb(
    language: Callable[[str], Language], name: str, case: str
) -> None:
    whole = language(name)
    symbols = [symbol for symbol in whole.symbols if (symbol.path or "").startswith(f"{case}/")]
    names = {symbol.symbol for symbol in symbols}
    said = [record for record in whole.command("callers") if record["target"] in names]
    assert dicts(whole.repo.find_callers(symbols)) == said


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("name", LANGUAGES)
def test_a_question_about_every_symbol_is_answered_as_by_the_verb(
    language: Callable[[str], Language], name: str, question: tuple[str, ...]
) -> None:
    whole = language(name)
    said = whole.command(*question)
    asked = whole.files if question[0] == "deps" else whole.symbols
    assert said, "there is something to compare"
    assert dicts(QUESTIONS[question](whole.repo, asked)) == said


@pytest.mark.parametrize("name", LANGUAGES)
def test_symbols_and_edges_are_those_of_the_verbs(
    language: Callable[[str], Language], name: str
) -> None:
    whole = language(name)
    said = lines(command(whole.folder, "graph"))
    assert dicts([*whole.repo.symbols(), *whole.repo.edges()]) == said
    calls = lines(command(whole.folder, "graph", "--edge", "calls,imports"))
    assert dicts(whole.repo.edges(["imports", "calls"])) == sorted(
        calls, key=lambda edge: edge["kind"]
    )


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_search_finds_what_the_verb_finds(language: Callable[[str], Language], name: str) -> None:
    whole = language(name)
    for query in ("call a function through a table", "run", "the base of a class"):
        said = lines(command(whole.folder, "search", query))
        assert dicts(whole.repo.search(query)) == said
    said = lines(command(whole.folder, "search", "-n", "3", "--kind", "method,function", "call me"))
    found = whole.repo.search("call me", limit=3, kind=["method", "function"])
    assert dicts(found) == said


def test_patterns_kinds_and_paths_filter_as_in_the_verb(
    project: Path, repo: happy.HappyRepo
) -> None:
    for arguments, keywords in [
        (["app/auth.py"], {"pattern": "app/auth.py"}),
        (["Login*"], {"pattern": "Login*"}),
        (["app"], {"pattern": Path("app")}),
        (["--kind", "class,function"], {"kind": ["class", "function"]}),
        (["--lang", "python", "--path", "app/web.py"], {"lang": "python", "path": "app/web.py"}),
    ]:
        said = lines(command(project, "symbols", *arguments))
        assert said
        assert dicts(repo.symbols(**keywords)) == said  # type: ignore[arg-type]


def test_a_path_between_two_symbols_is_that_of_the_verb(
    project: Path, repo: happy.HappyRepo
) -> None:
    steps = repo.path_between("index", "app/auth.py::check")
    assert [step.name for step in steps] == ["index", "check"]
    assert dicts(steps) == lines(command(project, "path", "index", "app/auth.py::check"))
    assert repo.path("check", "index") == []


def test_the_impact_of_a_change_is_that_of_the_verb(project: Path) -> None:
    text = (project / "app/auth.py").read_text("utf-8")
    (project / "app/auth.py").write_text(text.replace("True", "False"), "utf-8")
    repo = happy.HappyRepo(project)
    found = repo.impact()
    assert {type(record).__name__ for record in found} == {"Touched", "Impacted"}
    assert dicts(found) == lines(command(project, "impact"))
    assert dicts(repo.impact("HEAD", all=True)) == lines(
        command(project, "impact", "HEAD", "--all")
    )


def test_a_commit_is_asked_with_at(project: Path) -> None:
    (project / "app/web.py").write_text("def other():\n    pass\n", "utf-8")
    assert happy.HappyRepo(project).find_callers("check")[0].name == "login"
    then = happy.HappyRepo(project, at="HEAD")
    assert dicts(then.find_callers("check")) == lines(
        command(project, "callers", "check", "--at", "HEAD")
    )
    assert len(then.find_callers("check")) == 2


def test_a_path_in_a_subfolder_is_meant_from_there(project: Path) -> None:
    repo = happy.HappyRepo(project / "app")
    assert dicts(repo.show("auth.py::check")) == lines(
        command(project / "app", "show", "auth.py::check")
    )


def test_a_name_that_is_not_utf_8_comes_through(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    name = os.fsdecode(b"caf\xe9.py")
    (folder / name).write_text("def f():\n    g()\n\n\ndef g():\n    pass\n", "utf-8")
    commit_all(folder)
    repo = happy.HappyRepo(folder)
    (caller,) = repo.find_callers(f"{name}::g")
    assert caller.path == name
    assert (folder / caller.path).exists()
    assert caller.to_dict()["path"] == {"bytes": "Y2Fm6S5weQ=="}
    assert dicts([caller]) == lines(command(folder, "callers", "g"))
    assert repo.find_callees(caller)[0].name == "g"


@pytest.mark.skipif(
    "HAPPY_CORPUS" not in os.environ or os.environ.get("HAPPY_WHEEL_PROFILE") == "dev",
    reason="HAPPY_CORPUS names no corpus, or the wheel is not optimised",
)
def test_callers_in_django_are_those_of_the_verb() -> None:
    folder = Path(os.environ["HAPPY_CORPUS"]) / "repos" / "django"
    repo = happy.HappyRepo(folder, at="HEAD")
    for name in ("get_queryset", "Model.save", "reverse", "as_sql"):
        for flags, keywords in [
            ([], {}),
            (["-t"], {"transitive": True}),
            (["--all"], {"all": True}),
        ]:
            said = lines(command(folder, "callers", name, "--at", "HEAD", *flags))
            assert said
            assert dicts(repo.find_callers(name, **keywords)) == said
