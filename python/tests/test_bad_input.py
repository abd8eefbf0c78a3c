"""Whatever is passed, an exception says what to do; nothing crashes."""

from __future__ import annotations

import fcntl
import gc
import pickle
import shutil
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import happy
from conftest import git


def test_a_path_that_is_no_repository_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(happy.RepositoryError, match=r"not a git repository.*\nhint: .*git init"):
        happy.HappyRepo(tmp_path)
    with pytest.raises(happy.RepositoryError, match="No such file"):
        happy.HappyRepo(tmp_path / "nothing")
    with pytest.raises(happy.RepositoryError):
        happy.HappyRepo(Path(__file__).resolve().parent / "conftest.py" / "x")


@pytest.mark.parametrize("path", ["a\0b", b"a\0b", "", "\udcff", "a" * 100_000])
def test_a_path_of_odd_characters_is_refused(
    path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(happy.RepositoryError):
        happy.HappyRepo(path)


@pytest.mark.parametrize("path", [1, 1.5, [], {}, object(), True])
def test_what_is_no_path_is_a_type_error(path: Any) -> None:
    with pytest.raises(TypeError, match="a path is a str"):
        happy.HappyRepo(path)


@pytest.mark.parametrize("at", ["nothing", "a\0b", "", "HEAD~99", "\U0001f600", "--all", "@{u}"])
def test_an_unknown_revision_is_said(project: Path, at: str) -> None:
    with pytest.raises(happy.RepositoryError) as caught:
        happy.HappyRepo(project, at=at)
    assert caught.value.exit_code == 3
    assert caught.value.code in ("bad_revision", "repository")


def test_a_branch_without_commits_can_only_be_asked_as_it_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert happy.HappyRepo(tmp_path).symbols() == []
    with pytest.raises(happy.RevisionNotFound, match="make a commit"):
        happy.HappyRepo(tmp_path, at="HEAD")


def test_a_symbol_that_is_not_there_comes_with_suggestions(repo: happy.HappyRepo) -> None:
    for ask in (repo.callers, repo.callees, repo.refs, repo.deps, repo.show, repo.undecided):
        with pytest.raises(happy.SymbolNotFound, match="no symbol `chekc`") as caught:
            ask("chekc")
        assert caught.value.symbol == "chekc"
        assert "check" in caught.value.suggestions
        assert caught.value.code == "no_symbol"
        assert caught.value.exit_code == 1
        assert caught.value.hint is not None
    with pytest.raises(happy.SymbolNotFound):
        repo.path_between("check", "chekc")
    with pytest.raises(happy.SymbolNotFound):
        repo.search(like="chekc")


def test_an_exception_survives_pickling(repo: happy.HappyRepo) -> None:
    with pytest.raises(happy.SymbolNotFound) as caught:
        repo.callers("chekc")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is happy.SymbolNotFound
    assert (again.symbol, again.code, str(again)) == ("chekc", "no_symbol", str(caught.value))


@pytest.mark.parametrize(
    "symbol",
    ["", "\0", "a\0b", "::", "a::", "::a", ":1", "x:0", "x:99999999999", "\udcff", "é" * 9],
)
def test_an_odd_name_is_not_found(repo: happy.HappyRepo, symbol: str) -> None:
    with pytest.raises(happy.SymbolNotFound):
        repo.find_callers(symbol)


def test_a_name_of_a_million_characters_is_answered(repo: happy.HappyRepo) -> None:
    with pytest.raises(happy.SymbolNotFound):
        repo.find_callers("a" * 1_000_000)


@pytest.mark.parametrize("symbol", [None, 1, 2.5, True, object(), [1], ["check", None], {1: 2}])
def test_what_is_no_symbol_is_a_type_error(repo: happy.HappyRepo, symbol: Any) -> None:
    for ask in (repo.callers, repo.callees, repo.refs, repo.deps, repo.show, repo.undecided):
        with pytest.raises(TypeError, match="a symbol is a str"):
            ask(symbol)


def test_an_error_while_symbols_are_listed_comes_through(repo: happy.HappyRepo) -> None:
    def broken() -> Any:
        yield "check"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        repo.callers(broken())


@pytest.mark.parametrize("depth", [2**31, 2**32, 2**63, 2**64, 10**100])
def test_a_huge_depth_is_no_limit(repo: happy.HappyRepo, depth: int) -> None:
    whole = repo.find_callers("check", transitive=True)
    assert repo.find_callers("check", depth=depth) == whole
    assert len(whole) > len(repo.find_callers("check"))


def test_a_depth_less_than_nothing_is_refused(repo: happy.HappyRepo) -> None:
    for depth in (-1, -(2**40), -(10**100)):
        with pytest.raises(happy.UsageError, match="0 or more"):
            repo.find_callers("check", depth=depth)
    wrong: Any
    for wrong in ("2", 1.5, []):
        with pytest.raises(TypeError, match="`depth` is an int"):
            repo.find_callers("check", depth=wrong)


def test_words_that_mean_nothing_are_refused_with_those_that_do(repo: happy.HappyRepo) -> None:
    with pytest.raises(happy.UsageError, match="no kind `thing`; there are file, module"):
        repo.symbols(kind="thing")
    with pytest.raises(happy.UsageError, match="no language `cobol`; there are"):
        repo.search("x", lang="cobol")
    with pytest.raises(happy.UsageError, match="no kind of edge `likes`; there are defines"):
        repo.edges("likes")
    with pytest.raises(happy.UsageError, match="no group"):
        repo.search("x", group="day")  # type: ignore[arg-type]
    with pytest.raises(happy.UsageError, match="contradict"):
        repo.find_callers("check", all=True, exact=True)
    with pytest.raises(TypeError, match="`kind` is a str or a list"):
        repo.symbols(kind=1)  # type: ignore[arg-type]


def test_a_search_needs_something_to_look_for(repo: happy.HappyRepo) -> None:
    for empty in ("", "  \n"):
        with pytest.raises(happy.UsageError, match="empty"):
            repo.search(empty)
    with pytest.raises(TypeError, match="a query, or `like`"):
        repo.search()
    with pytest.raises(TypeError, match="a query, or `like`"):
        repo.search("a", like="check")
    assert isinstance(repo.search("\0"), list)
    assert repo.search("check", limit=0) == []
    assert repo.search("check", limit=10**30)


def test_a_patch_cannot_be_read_from_standard_input(repo: happy.HappyRepo) -> None:
    with pytest.raises(happy.UsageError, match="standard input"):
        repo.impact("-")
    with pytest.raises(happy.RepositoryError):
        repo.impact("nothing..HEAD")


def snapshots(project: Path) -> list[Path]:
    found = [path for path in (project / ".git/happy/commits").rglob("*") if path.is_file()]
    assert found
    return found


def test_a_damaged_index_is_built_again_with_a_warning(project: Path) -> None:
    before = happy.HappyRepo(project).find_callers("check")
    for path in snapshots(project):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(happy.HappyWarning, match="built again"):
        repo = happy.HappyRepo(project)
    assert repo.find_callers("check") == before
    assert repo.built
    assert any("built again" in warning for warning in repo.warnings)


def test_damage_that_is_met_while_reading_is_mended(project: Path) -> None:
    before = happy.HappyRepo(project).find_callers("check")
    (path,) = snapshots(project)
    whole = path.read_bytes()
    path.chmod(0o644)
    mended = 0
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        path.unlink()
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            repo = happy.HappyRepo(project)
            assert repo.find_callers("check") == before
            assert len(repo.symbols()) == 6
        mended += bool(said)
        (path,) = snapshots(project)
    assert mended > 0


def test_an_index_folder_that_is_a_file_is_said(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(happy.IndexError):
        happy.HappyRepo(project, index_dir=tmp_path / "file")
    assert happy.HappyRepo(project, index_dir=tmp_path / "other").built


def test_a_writer_elsewhere_is_waited_for_and_then_said(project: Path) -> None:
    happy.HappyRepo(project)
    (project / "app/new.py").write_text("x = 1\n")
    lock = next(path for path in (project / ".git/happy").iterdir() if "lock" in path.name)
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(happy.BusyError, match="another process") as caught:
            happy.HappyRepo(project, lock_timeout=0)
        assert caught.value.retryable
    assert happy.HappyRepo(project, lock_timeout=0).built


def test_a_closed_repository_says_so(project: Path) -> None:
    with happy.HappyRepo(project) as repo:
        assert not repo.closed
    assert repo.closed
    repo.close()
    asks: list[Callable[[], Any]] = [
        lambda: repo.callers("check"),
        lambda: repo.symbols(),
        lambda: repo.search("x"),
        lambda: repo.impact(),
        lambda: repo.refresh(),
        lambda: repo.revision,
        lambda: len(repo),
        lambda: list(repo),
        lambda: repo.to_networkx(),
    ]
    for ask in asks:
        with pytest.raises(happy.ClosedError, match=r"is closed\nhint: open it again") as caught:
            ask()
        assert caught.value.code == "closed"
    assert "closed" in repr(repo)
    assert "closed" in repo._repr_html_()


def test_a_repository_can_be_let_go_of(project: Path) -> None:
    repo = happy.HappyRepo(project)
    gone = weakref.ref(repo)
    records = repo.symbols()
    del repo
    gc.collect()
    assert gone() is None
    assert records[0].name


def test_a_removed_repository_is_still_answered_until_it_is_refreshed(project: Path) -> None:
    repo = happy.HappyRepo(project)
    shutil.rmtree(project)
    assert len(repo.find_callers("check")) == 2
    with pytest.raises(happy.RepositoryError):
        repo.refresh()
    with pytest.raises(happy.HappyError):
        repo.show("check")


def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        happy.HappyRepo(".", nonsense=1)  # type: ignore[call-arg]
    with pytest.raises((TypeError, OverflowError)):
        happy.HappyRepo(".", lock_timeout=-1)
