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
