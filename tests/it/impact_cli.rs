//! `happy impact`, through the program.

use super::shell::{Ran, Shell};

const LIB: &str = "LIMIT = 3\n\n\ndef low(a):\n    return a + 1\n\n\ndef high(a):\n    return low(a) + LIMIT\n\n\ndef other(a):\n    return a\n";
const TEST: &str = "from pkg.lib import high, other\n\n\ndef helper():\n    return high(1)\n\n\ndef test_high():\n    assert helper() == 5\n\n\ndef test_other():\n    assert other(1) == 1\n";

fn shell() -> Shell {
    Shell::new(&[
        ("pkg/__init__.py", ""),
        ("pkg/lib.py", LIB),
        ("tests/test_lib.py", TEST),
    ])
}

fn tests(ran: &Ran) -> Vec<String> {
    let mut found: Vec<_> = ran
        .of("impacted")
        .iter()
        .filter(|record| record["test"] == true)
        .map(|record| record["symbol"].as_str().expect("a symbol").to_owned())
        .collect();
    found.sort();
    found
}

#[test]
fn an_edit_leads_to_its_callers_and_their_tests() {
    let shell = shell();
    shell.write("pkg/lib.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["impact"]).exits(0);
    let touched = ran.of("touched");
    assert_eq!(touched.len(), 1, "{}", ran.stdout);
    assert_eq!(touched[0]["symbol"], "pkg/lib.py::low");
    assert_eq!(touched[0]["change"], "modified");
    assert_eq!(tests(&ran), ["tests/test_lib.py::test_high"]);
    let test = ran
        .of("impacted")
        .into_iter()
        .find(|record| record["test"] == true)
        .expect("a test");
    assert_eq!(
        test["chain"],
        serde_json::json!([
            "tests/test_lib.py::test_high",
            "tests/test_lib.py::helper",
            "pkg/lib.py::high",
            "pkg/lib.py::low"
        ])
    );
    assert_eq!(test["depth"], 3);
}

#[test]
fn a_range_compares_two_revisions() {
    let shell = shell();
    shell.write(
        "pkg/lib.py",
        &LIB.replace("    return a\n", "    return (a)\n"),
    );
    shell.commit("second");
    shell.write("pkg/lib.py", LIB);
    let ran = shell.happy(&["impact", "HEAD~1..HEAD", "--tests"]).exits(0);
    assert_eq!(ran.of("touched").len(), 0);
    assert_eq!(tests(&ran), ["tests/test_lib.py::test_other"]);
    // The working tree is as it was before the second commit, so it differs too.
    assert_eq!(
        tests(&shell.happy(&["impact"]).exits(0)),
        ["tests/test_lib.py::test_other"]
    );
}

#[test]
fn whoever_called_a_deleted_symbol_is_reached() {
    let shell = shell();
    let without = LIB.replace("def low(a):\n    return a + 1\n\n\n", "");
    shell.write("pkg/lib.py", &without);
    let ran = shell.happy(&["impact"]).exits(0);
    assert_eq!(ran.of("touched")[0]["change"], "deleted", "{}", ran.stdout);
    assert_eq!(tests(&ran), ["tests/test_lib.py::test_high"]);
}

#[test]
fn a_constant_leads_to_whoever_reads_it() {
    let shell = shell();
    shell.write("pkg/lib.py", &LIB.replace("LIMIT = 3", "LIMIT = 4"));
    let ran = shell.happy(&["impact"]).exits(0);
    assert!(
        tests(&ran).contains(&"tests/test_lib.py::test_high".to_owned()),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_fixture_leads_to_the_tests_that_take_it() {
    let shell = Shell::new(&[
        ("lib.py", "def make():\n    return 1\n"),
        (
            "tests/conftest.py",
            "import pytest\nfrom lib import make\n\n\n@pytest.fixture\ndef thing():\n    return make()\n",
        ),
        (
            "tests/test_thing.py",
            "def test_takes(thing):\n    assert thing == 1\n\n\ndef test_free():\n    pass\n",
        ),
    ]);
    shell.write("lib.py", "def make():\n    return 2\n");
    let ran = shell.happy(&["impact"]).exits(0);
    let found = tests(&ran);
    assert!(
        found.contains(&"tests/test_thing.py::test_takes".to_owned()),
        "{}",
        ran.stdout
    );
    assert!(
        !found.contains(&"tests/test_thing.py::test_free".to_owned()),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_patch_that_is_not_applied_leads_to_the_same_tests() {
    let shell = shell();
    let edit =
        "{\"type\":\"edit\",\"symbol\":\"low\",\"search\":\"a + 1\",\"replace\":\"a + 2\"}\n";
    let ran = shell.happy_with(&["impact", "-"], edit.as_bytes()).exits(0);
    assert_eq!(tests(&ran), ["tests/test_lib.py::test_high"]);
    assert_eq!(shell.git(&["status", "--porcelain"]), "");
}

#[test]
fn no_change_reaches_nothing_and_says_so_by_its_exit() {
    let shell = shell();
    let ran = shell.happy(&["impact"]).exits(1);
    assert_eq!(ran.stdout, "");
    shell.happy(&["impact", "no-such-revision"]).exits(3);
}

#[test]
fn a_changed_file_that_is_not_code_is_named() {
    let shell = shell();
    shell.write("data.json", "{}\n");
    let ran = shell.happy(&["impact"]).exits(1);
    assert!(ran.stderr.contains("data.json"), "{}", ran.stderr);
}

#[test]
fn a_report_says_what_is_touched_and_reached() {
    let shell = shell();
    shell.write("pkg/lib.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["impact", "--format", "markdown"]).exits(0);
    assert!(
        ran.stdout
            .contains("1 symbol changed, 3 reached, 1 test among these"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("| pkg/lib.py::low | modified | 3 | 1 |"),
        "{}",
        ran.stdout
    );
    let ran = shell.happy(&["impact", "--format", "github"]).exits(0);
    assert_eq!(
        ran.stdout,
        "::notice file=pkg/lib.py,line=4,title=modified pkg/lib.py%3A%3Alow::reaches 3 symbols, 1 test among these\n"
    );
    let ran = shell.happy(&["impact", "--format", "sarif"]).exits(0);
    let sarif: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "pkg/lib.py");
    assert_eq!(place["region"]["startLine"], 4);
}

#[test]
fn an_empty_report_is_a_whole_document_and_other_verbs_have_none() {
    let shell = shell();
    let ran = shell.happy(&["impact", "--format", "sarif"]).exits(1);
    let sarif: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    shell
        .happy(&["callers", "low", "--format", "sarif"])
        .exits(2);
    let ran = shell.happy(&["graph", "--format", "sarif"]).exits(2);
    assert!(
        ran.stderr.contains("only `impact` and `test`"),
        "{}",
        ran.stderr
    );
}

fn order(ran: &Ran) -> Vec<String> {
    let impacted = ran.of("impacted");
    let tests = impacted.iter().filter(|record| record["test"] == true);
    tests
        .map(|record| record["symbol"].as_str().expect("a symbol").to_owned())
        .collect()
}

#[test]
fn a_plain_call_comes_before_one_of_many_targets_and_that_before_an_import() {
    let shapes = [0, 1, 2]
        .map(|at| format!("class S{at}:\n    def area(self):\n        return {at}\n\n\n"))
        .concat();
    let shell = Shell::new(&[
        ("shapes.py", &format!("{shapes}ALL = [S0(), S1(), S2()]\n")),
        (
            "report.py",
            "from shapes import ALL, S2\n\nFIRST = S2().area()\n\n\ndef total():\n    return sum(shape.area() for shape in ALL)\n",
        ),
        (
            "tests/test_a.py",
            "import report\n\n\ndef test_loads():\n    assert report\n",
        ),
        (
            "tests/test_b.py",
            "from report import total\n\n\ndef test_total():\n    assert total() == 3\n",
        ),
        (
            "tests/test_c.py",
            "from shapes import S2\n\n\ndef test_plain():\n    assert S2().area() == 2\n",
        ),
    ]);
    shell.write(
        "shapes.py",
        &format!("{shapes}ALL = [S0(), S1(), S2()]\n").replace("return 2", "return 4"),
    );
    let ran = shell.happy(&["impact"]).exits(0);
    let found = order(&ran);
    let at = |test: &str| {
        found
            .iter()
            .position(|symbol| symbol == test)
            .unwrap_or_else(|| panic!("no {test} in {found:?}"))
    };
    assert_eq!(found[0], "tests/test_c.py::test_plain", "{}", ran.stdout);
    assert!(at("tests/test_b.py::test_total") < at("tests/test_a.py"));
    let impacted = ran.of("impacted");
    let distance = |symbol: &str| {
        let record = impacted.iter().find(|record| record["symbol"] == symbol);
        let distance = record.expect("it is reached")["distance"].as_f64();
        distance.expect("a number")
    };
    assert!(
        distance("tests/test_c.py::test_plain") < 2.0,
        "{}",
        ran.stdout
    );
    assert!(distance("tests/test_a.py") > 3.0, "{}", ran.stdout);
    // What is farther than asked for is not told.
    let ran = shell
        .happy(&["impact", "--tests", "--within", "2"])
        .exits(0);
    assert_eq!(order(&ran), ["tests/test_c.py::test_plain"]);
}

#[test]
fn a_method_that_overrides_the_same_one_is_not_reached_by_its_sibling() {
    let shell = Shell::new(&[
        (
            "nodes.py",
            "class Node:\n    def render(self):\n        return ''\n\n\nclass Now(Node):\n    def render(self):\n        return 'now'\n\n\nclass If(Node):\n    def render(self):\n        return super().render() + 'if'\n\n\ndef draw(node: Node):\n    return node.render()\n",
        ),
        (
            "tests/test_nodes.py",
            "from nodes import If, Now, draw\n\n\ndef test_now():\n    assert draw(Now()) == 'now'\n\n\ndef test_if():\n    assert If().render() == 'if'\n",
        ),
    ]);
    let text = shell.read("nodes.py").replace("'now'", "'later'");
    shell.write("nodes.py", &text);
    let found = order(&shell.happy(&["impact"]).exits(0));
    assert!(
        found.contains(&"tests/test_nodes.py::test_now".to_owned()),
        "{found:?}"
    );
    assert!(
        !found.contains(&"tests/test_nodes.py::test_if".to_owned()),
        "{found:?}"
    );
}

#[test]
fn the_set_up_of_a_class_reaches_its_tests_and_those_of_its_subclasses() {
    let shell = Shell::new(&[
        ("lib.py", "def make():\n    return 1\n"),
        (
            "tests/base.py",
            "import unittest\n\nfrom lib import make\n\n\nclass Base(unittest.TestCase):\n    def setUp(self):\n        self.made = make()\n",
        ),
        (
            "tests/test_it.py",
            "import unittest\n\nfrom tests.base import Base\n\n\nclass It(Base):\n    def test_made(self):\n        self.assertEqual(self.made, 1)\n\n\nclass Other(unittest.TestCase):\n    def test_other(self):\n        pass\n",
        ),
    ]);
    shell.write("lib.py", "def make():\n    return 2\n");
    let found = order(&shell.happy(&["impact"]).exits(0));
    assert_eq!(found, ["tests/test_it.py::It"]);
}

#[test]
fn a_fixture_that_tests_take_is_no_reason_to_run_its_folder() {
    let shell = Shell::new(&[
        ("lib.py", "def make():\n    return 1\n"),
        (
            "tests/conftest.py",
            "import pytest\nfrom lib import make\n\n\n@pytest.fixture\ndef thing():\n    return make()\n\n\n@pytest.fixture(autouse=True)\ndef always():\n    return 1\n",
        ),
        (
            "tests/test_thing.py",
            "def test_takes(thing):\n    assert thing == 1\n\n\ndef test_free():\n    pass\n",
        ),
    ]);
    shell.write("lib.py", "def make():\n    return 2\n");
    assert_eq!(
        order(&shell.happy(&["impact"]).exits(0)),
        ["tests/test_thing.py::test_takes"]
    );
    // One that applies by itself is.
    let text = shell
        .read("tests/conftest.py")
        .replace("return 1", "return 2");
    shell.write("tests/conftest.py", &text);
    shell.write("lib.py", "def make():\n    return 1\n");
    assert_eq!(
        order(&shell.happy(&["impact"]).exits(0)),
        ["tests/conftest.py::always"]
    );
}
