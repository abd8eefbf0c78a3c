"""Answers are typed, immutable values."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import happy
import happy_core
from conftest import LANGUAGES, Language


def some_of_everything(repo: happy.HappyRepo) -> list[Any]:
    symbols = repo.symbols()
    return [
        *symbols,
        *repo.find_callers(symbols, all=True),
        *repo.find_callees(symbols),
        *repo.references(symbols),
        *repo.get_dependencies(repo.symbols(kind="file")),
        *repo.show(symbols),
        *repo.edges(),
        *repo.search("what is called", explain=True, group="file"),
        *repo.impact("HEAD", all=True),
        *repo.path_between(symbols[0], symbols[-1]),
    ]


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_record_survives_pickling_and_copying(
    language: Callable[[str], Language], name: str
) -> None:
    records = some_of_everything(language(name).repo)
    kinds = {type(record).__name__ for record in records}
    assert kinds >= {"Symbol", "Caller", "Callee", "Reference", "Dependency"}
    assert "Unresolved" in kinds or name == "c"
    assert kinds >= {"Source", "Edge", "Hit", "Touched"}
    again = pickle.loads(pickle.dumps(records))
    assert again == records
    assert [hash(record) for record in again] == [hash(record) for record in records]
    assert [record.to_dict() for record in again] == [record.to_dict() for record in records]
    assert copy.deepcopy(records[:50]) == records[:50]


def test_a_record_equals_what_has_the_same_fields_and_nothing_else(repo: happy.HappyRepo) -> None:
    (one, two) = repo.find_callers("check")
    assert one == repo.find_callers("check")[0]
    assert one != two
    assert one != one.to_dict()
    assert len({one, two, repo.find_callers("check")[0]}) == 2


def test_a_repr_is_the_call_that_makes_the_record(repo: happy.HappyRepo) -> None:
    step = repo.path_between("index", "check")[1]
    assert eval(repr(step), {"Step": lambda **fields: fields}) == {
        name: getattr(step, name) for name in step.__match_args__
    }


def test_a_record_can_be_matched_by_its_fields(repo: happy.HappyRepo) -> None:
    match repo.find_callers("check")[0]:
        case happy.Caller(name=name, confidence="exact", site_line=line):
            assert (name, line) == ("login", 3)
        case other:
            pytest.fail(f"not matched: {other!r}")


def test_a_record_cannot_be_changed(repo: happy.HappyRepo) -> None:
    with pytest.raises(AttributeError):
        repo.find_callers("check")[0].name = "x"  # type: ignore[misc]


def test_a_field_of_the_wrong_type_is_refused() -> None:
    fields = ["a.py::f", "function", "f", "a.py", 1, 2, "def f()", None]
    symbol = happy.Symbol(*fields)  # type: ignore[arg-type]
    assert symbol.doc is None
    with pytest.raises(TypeError):
        happy.Symbol(1, *fields[1:])  # type: ignore[arg-type]
    with pytest.raises(happy.UsageError, match="no word"):
        happy.Symbol(fields[0], "thing", *fields[2:])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        happy.Symbol("f")  # type: ignore[call-arg]


def test_a_search_explains_itself(repo: happy.HappyRepo) -> None:
    (hit, *_) = repo.search("password check", explain=True)
    assert hit.name == "check"
    assert hit.shares is not None
    assert set(hit.shares) == {"named", "words", "file", "meaning", "structure", "prior"}
    assert repo.search("password check")[0].shares is None
    assert hit.score == pytest.approx(
        sum(v for k, v in hit.shares.items() if k != "prior") * hit.shares["prior"], rel=1e-3
    )


def test_a_question_has_the_name_of_its_verb_too() -> None:
    repo = happy_core.HappyRepo
    assert repo.callers is repo.find_callers
    assert repo.callees is repo.find_callees
    assert repo.deps is repo.get_dependencies
    assert repo.refs is repo.references
    assert repo.path is repo.path_between
    assert repo.graph is repo.edges


def test_an_answer_is_a_question(repo: happy.HappyRepo) -> None:
    hits = repo.search("password check", limit=1)
    assert repo.find_callers(hits) == repo.find_callers(hits[0]) == repo.find_callers("check")
    assert repo.undecided("check") == 1
    assert len(repo.find_callers("check", all=True)) == 3


def test_a_refresh_sees_what_changed_and_says_so(project: Path, repo: happy.HappyRepo) -> None:
    assert repo.refresh() is False
    (project / "app/new.py").write_text("from app.auth import check\n\ncheck()\n", "utf-8")
    assert len(repo.find_callers("check")) == 2
    assert repo.refresh() is True
    assert len(repo.find_callers("check")) == 3
    assert repo.revision == "worktree"
