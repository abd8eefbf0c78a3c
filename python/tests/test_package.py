"""What the package `happy` adds."""

from __future__ import annotations

import html.parser
from collections.abc import Callable
from pathlib import Path

import pytest

import happy
import happy_core


def test_a_repository_is_a_context_and_iterates_over_its_symbols(project: Path) -> None:
    with happy.HappyRepo(str(project)) as repo:
        assert isinstance(repo, happy_core.HappyRepo)
        assert [symbol.name for symbol in repo] == [
            "Login",
            "login",
            "check",
            "view",
            "show",
            "index",
        ]
        assert len(repo) == 9
        assert repo
    with happy.HappyRepo(project, at="HEAD") as repo:
        assert repo.at == "HEAD"
        assert repo.directory == str(project)


def test_an_empty_repository_is_true(make: Callable[..., Path]) -> None:
    repo = happy.HappyRepo(make({}))
    assert (len(repo), list(repo), bool(repo)) == (0, [], True)
    assert "<table>" in repo._repr_html_()


def test_the_current_folder_is_asked_without_a_path(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(project)
    repo = happy.HappyRepo()
    monkeypatch.chdir(tmp_path)
    assert repo.refresh() is False
    assert repo.directory == str(project)


def test_both_modules_export_what_they_say() -> None:
    for module in (happy, happy_core):
        assert sorted(module.__all__) == sorted(set(module.__all__))
        for name in module.__all__:
            assert getattr(module, name).__doc__ or name in ("INDEX_FORMAT", "Model", "__version__")
    assert set(happy_core.__all__) <= set(happy.__all__)


def test_every_question_is_documented() -> None:
    for name in dir(happy.HappyRepo):
        if not name.startswith("_"):
            assert getattr(happy.HappyRepo, name).__doc__, name


def test_the_graph_goes_to_networkx(repo: happy.HappyRepo) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is an extra")
    graph = repo.to_networkx()
    assert graph.nodes["app/auth.py::check"]["line"] == 6
    calls = {(source, target) for source, target in graph.edges() if "app" in target}
    assert ("app/auth.py::Login.login", "app/auth.py::check") in calls
    assert set(networkx.ancestors(graph, "app/auth.py::check")) == {
        record.symbol for record in repo.find_callers("check", transitive=True)
    }
    kinds = {data["kind"] for _, _, data in repo.to_networkx(None).edges(data=True)}
    assert {"calls", "defines", "imports"} <= kinds
    assert graph.number_of_edges() == len(repo.edges("calls"))


def test_answers_go_to_pandas(repo: happy.HappyRepo) -> None:
    pytest.importorskip("pandas", reason="pandas is an extra")
    table = happy.to_pandas(repo.find_callers("check"))
    assert list(table["name"]) == ["login", "index"]
    assert list(table.columns) == list(happy.Caller.__match_args__)
    mixed = happy.to_pandas(repo.find_callers("check", all=True))
    assert list(mixed["type"]) == ["caller", "caller", "unresolved"]
    assert len(repo.to_pandas()) == len(list(repo))
    assert happy.to_pandas([]).empty


@pytest.mark.parametrize(("name", "extra"), [("networkx", "networkx"), ("pandas", "pandas")])
def test_what_is_not_installed_is_named(
    repo: happy.HappyRepo, monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ImportError, match=rf"happyfastercode\[{extra}\]"):
        getattr(repo, f"to_{name}")()


class Tags(html.parser.HTMLParser):
    """The tags and texts of a drawing; a tag that is not closed is a fault."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_neighbourhood_is_drawn(repo: happy.HappyRepo) -> None:
    around = repo.neighbourhood("check")
    assert around.symbol == "app/auth.py::check"
    assert around.callers == ("app/auth.py::Login.login", "app/web.py::index")
    assert (around.callees, around.undecided) == ((), 1)
    drawn = Tags(around._repr_html_())
    assert {"Login.login", "index", "check"} <= set(drawn.texts)
    assert "1 more call sites of this name are undecided" in drawn.texts


def test_a_repository_is_drawn_around_its_busiest_symbol(repo: happy.HappyRepo) -> None:
    drawn = Tags(repo._repr_html_())
    assert "check" in drawn.texts
    assert {"function", "3"} <= set(drawn.texts) or {"function", "4"} <= set(drawn.texts)


def test_many_neighbours_are_counted_instead_of_drawn(make: Callable[..., Path]) -> None:
    text = "def f():\n    pass\n" + "".join(f"def c{i}():\n    f()\n" for i in range(40))
    repo = happy.HappyRepo(make({"a.py": text}))
    drawn = Tags(repo.neighbourhood("f")._repr_html_())
    assert "and 29 more" in drawn.texts
    assert "c10" in drawn.texts
    assert "c11" not in drawn.texts


def test_a_hostile_name_is_escaped(make: Callable[..., Path]) -> None:
    path = "<script>alert(1)</script>'\"&.py"
    project = make({path.replace("/", "_"): "def f():\n    f()\n"}, name="<b>&amp;")
    repo = happy.HappyRepo(project)
    for text in (repo._repr_html_(), repo.neighbourhood("f")._repr_html_()):
        drawn = Tags(text)
        assert not {"script", "b"} & drawn.tags
