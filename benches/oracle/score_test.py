"""The scorer's own rules, each on a truth and edges small enough to count by hand.

    python3 -m unittest discover -s benches/oracle -p '*_test.py'
"""

import json
import tempfile
import unittest
from pathlib import Path

import score
import truth
import worst


def site(line, targets=(), allowed=(), column=5, name="f", external=False, **more):
    """A truth row in `a.py`; targets and allowed are lines of `b.py`."""
    return truth.row("a.py", line, column, name, 0, [("b.py", t) for t in targets],
                     [("b.py", t) for t in allowed], external, **more)


def edge(line, target, column=5, name="f", confidence="exact"):
    """An edge record from `a.py` to a line of `b.py`."""
    return {"type": "edge", "kind": "calls", "confidence": confidence, "source": "a.py", "source_path": "a.py",
            "source_line": 0, "target": f"b.py::{name}", "target_path": "b.py", "target_line": target,
            "path": "a.py", "line": line, "column": column}


def scored(rows, edges):
    """(measures of the explicit sites, edges on no judged site)."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(map(json.dumps, rows)))
        file.flush()
        lines = score.load(Path(file.name))
    unplaced = score.judge(lines, edges)
    return score.measures([s for here in lines.values() for s in here if not s.implicit]), unplaced


class Scoring(unittest.TestCase):
    """Each test states a rule."""

    def test_a_right_edge_counts_for_precision_and_recall(self):
        m, _ = scored([site(1, [10]), site(2, [20])], [edge(1, 10)])
        self.assertEqual((m["precision"], m["recall"], m["exact_precision"]), (1.0, 0.5, 1.0))

    def test_a_second_target_at_a_site_is_an_invention(self):
        m, _ = scored([site(1, [10])], [edge(1, 10), edge(1, 99)])
        self.assertEqual((m["precision"], m["recall"]), (0.5, 1.0))

    def test_an_override_stands_for_the_declared_target(self):
        m, _ = scored([site(1, [10], allowed=[11, 12])], [edge(1, 12, confidence="inferred")])
        self.assertEqual((m["precision"], m["recall"], m["inferred_precision"]), (1.0, 1.0, 1.0))

    def test_an_override_in_a_file_that_the_oracle_did_not_read_is_not_judged(self):
        open_site, closed = {**site(1, [10]), "open": True}, site(2, [10])
        unread = [{**edge(line, 7), "target_path": "c.py"} for line in (1, 2)]
        m, unplaced = scored([open_site, closed], [edge(1, 10), edge(2, 10), *unread])
        self.assertEqual((m["precision"], m["recall"], unplaced), (2 / 3, 1.0, 1))

    def test_every_target_of_a_site_has_to_be_found(self):
        m, _ = scored([site(1, [10, 11])], [edge(1, 10)])
        self.assertEqual((m["targets"], m["recall"]), (2, 0.5))

    def test_an_edge_where_the_call_leaves_the_repository_is_a_phantom(self):
        m, _ = scored([site(1, external=True), site(2, external=True)], [edge(1, 10)])
        self.assertEqual((m["phantom"], m["exact_precision"], m["precision"]), (0.5, 0.0, None))

    def test_an_allowed_edge_at_an_outside_call_is_no_phantom(self):
        m, _ = scored([site(1, allowed=[10], external=True)], [edge(1, 10)])
        self.assertEqual(m["phantom"], 0.0)

    def test_an_edge_at_an_undecided_site_is_not_judged(self):
        m, unplaced = scored([site(1, [10])], [edge(1, 10), edge(7, 99)])
        self.assertEqual((m["precision"], unplaced), (1.0, 1))

    def test_two_calls_on_one_line_are_told_apart_by_column(self):
        rows = [site(1, [10], column=5, name="f"), site(1, [20], column=15, name="g")]
        m, _ = scored(rows, [edge(1, 20, column=5), edge(1, 20, column=15, name="g")])
        self.assertEqual((m["precision"], m["recall"]), (0.5, 0.5))

    def test_a_site_known_in_part_punishes_no_further_edge(self):
        m, _ = scored([site(1, [10], partial=True)], [edge(1, 10), edge(1, 99)])
        self.assertEqual((m["precision"], m["recall"]), (1.0, 1.0))

    def test_rows_of_one_place_are_one_site(self):
        m, _ = scored([site(1, [10]), site(1, [11])], [edge(1, 10), edge(1, 11)])
        self.assertEqual((m["sites"], m["targets"], m["precision"], m["recall"]), (1, 2, 1.0, 1.0))

    def test_an_implicit_call_takes_its_edge_from_no_explicit_site(self):
        rows = [site(1, [10], column=5), site(1, [30], column=9, name=None, kind="implicit")]
        m, unplaced = scored(rows, [edge(1, 10), edge(1, 30, column=9, name="__add__")])
        self.assertEqual((m["precision"], m["recall"], unplaced), (1.0, 1.0, 0))

    def test_a_property_and_the_call_of_its_value_share_a_column(self):
        rows = [site(1, [10]), site(1, [30], kind="implicit")]
        m, _ = scored(rows, [edge(1, 10), edge(1, 30)])
        self.assertEqual((m["precision"], m["recall"]), (1.0, 1.0))

    def test_an_implicit_call_may_be_given_at_the_column_of_the_call_before_it(self):
        rows = [site(1, [10], column=5), site(1, [30], column=1, name=None, kind="implicit")]
        m, _ = scored(rows, [edge(1, 10), edge(1, 30, name="__enter__")])
        self.assertEqual(m["precision"], 1.0)

    def test_beside_an_undecided_implicit_call_further_edges_are_not_judged(self):
        rows = [site(1, [10]), site(1, column=1, name=None, kind="implicit", undecided=True),
                site(2, [10]), site(2, column=1, name=None, kind="implicit", undecided=True)]
        m, unplaced = scored(rows, [edge(1, 10), edge(1, 99), edge(2, 99)])
        self.assertEqual((m["precision"], m["recall"], unplaced), (0.5, 0.5, 1))

    def test_the_same_edge_twice_counts_once(self):
        m, _ = scored([site(1, [10])], [edge(1, 99), edge(1, 99), edge(1, 10)])
        self.assertEqual(m["precision"], 0.5)


class Forms(unittest.TestCase):
    """What kind of call a mistake is, by the text before the name."""

    def test_the_text_before_the_name_gives_the_kind(self):
        for text, name, kind in [
            ("self.f(x)", "f", "member of self"), ("super().f(x)", "f", "super"), ("a.b.f(x)", "f", "member of a field"),
            ("a.f(x)", "f", "member of a name"), ("g(y).f(x)", "f", "member of a result"), ("a::b::f(x)", "f", "path"),
            ("return new Foo(x)", "Foo", "constructor"), ("f(x)", "f", "plain name"), (".f(x)", "f", "member of a result"),
        ]:
            made = score.Site(site(1, [10], column=text.index(name + "(") + 1, name=name))
            self.assertEqual(score.form(made, text), kind, text)

    def test_the_worst_mistakes_are_those_at_most_sites_and_the_first_of_each(self):
        rows = [site(3, [10]), site(1, [20]), site(2, [20]), site(4, external=True)]
        lines = {("a.py", r["line"]): [] for r in rows}
        for r in rows:
            made = score.Site(r)
            made.add(r)
            lines["a.py", r["line"]].append(made)
        score.judge(lines, [edge(4, 30)])
        misses, inventions = worst.mistakes([s for here in lines.values() for s in here])
        listed = [(wrong, members[0].line, len(members)) for wrong, members in worst.groups(misses)]
        self.assertEqual(listed, [((("b.py", 20),), 1, 2), ((("b.py", 10),), 3, 1)])
        self.assertEqual([wrong for _, wrong in inventions], [(("b.py", 30),)])


if __name__ == "__main__":
    unittest.main()
