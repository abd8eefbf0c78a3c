//! `happy test`, through the program, with real runners in a real sandbox.

#![expect(clippy::print_stdout, reason = "a skip says why")]

use std::path::Path;

use super::shell::{Ran, Shell};

const LIB: &str = "def low(a):\n    return a + 1\n\n\ndef other(a):\n    return a\n";
const TEST: &str = "import unittest\n\nfrom lib import low, other\n\n\nclass Lib(unittest.TestCase):\n    def test_low(self):\n        self.assertEqual(low(1), 2)\n\n    def test_other(self):\n        self.assertEqual(other(1), 1)\n\n    @unittest.skip('later')\n    def test_later(self):\n        pass\n";

/// Whether some sandbox works here; says why not.
fn sandboxed(shell: &Shell) -> bool {
    let ran = shell.happy(&["doctor"]);
    let works = ran
        .of("check")
        .iter()
        .any(|check| check["check"] == "sandbox" && check["works"] == true);
    if !works {
        println!("skip: no sandbox works here\n{}", ran.stdout);
    }
    works
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        println!("skip: `{program}` is not installed");
    }
    found
}

fn outcomes(ran: &Ran) -> Vec<(String, String)> {
    let mut found: Vec<_> = ran
        .of("test")
        .iter()
        .map(|record| {
            let text = |key: &str| record[key].as_str().expect("text").to_owned();
            (text("name"), text("outcome"))
        })
        .collect();
    found.sort();
    found
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

fn python() -> Shell {
    Shell::new(&[("lib.py", LIB), ("test_lib.py", TEST)])
}

#[test]
fn unittest_runs_and_each_test_is_a_record() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    let ran = shell.happy(&["test"]).exits(0);
    assert_eq!(
        outcomes(&ran),
        pairs(&[
            ("test_lib.Lib.test_later", "skipped"),
            ("test_lib.Lib.test_low", "passed"),
            ("test_lib.Lib.test_other", "passed"),
        ])
    );
    let summary = &ran.of("test_summary")[0];
    assert_eq!(summary["runner"], "unittest");
    assert_eq!(
        (summary["passed"].as_u64(), summary["skipped"].as_u64()),
        (Some(2), Some(1))
    );
}

#[test]
fn a_failure_is_exit_1_and_says_why() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("lib.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["test"]).exits(1);
    let failed = &ran
        .of("test")
        .into_iter()
        .find(|test| test["outcome"] == "failed")
        .expect("a failure");
    assert_eq!(failed["name"], "test_lib.Lib.test_low");
    assert!(
        failed["message"].as_str().expect("why").contains("3 != 2"),
        "{failed}"
    );
    assert!(ran.stderr.contains("1 of 2 tests failed"), "{}", ran.stderr);
}

#[test]
fn only_tests_that_reach_the_change_are_run() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("lib.py", &LIB.replace("return a + 1", "return 1 + a"));
    let ran = shell.happy(&["test", "--affected"]).exits(0);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("test_lib.Lib.test_low", "passed")])
    );
    shell.write("lib.py", LIB);
    let none = shell.happy(&["test", "--affected"]).exits(1);
    assert!(none.stderr.contains("no test reaches"), "{}", none.stderr);
}

#[test]
fn a_patch_is_tested_and_not_applied() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    let edit =
        "{\"type\":\"edit\",\"symbol\":\"low\",\"search\":\"a + 1\",\"replace\":\"a + 2\"}\n";
    let ran = shell
        .happy_with(&["test", "--patch", "-"], edit.as_bytes())
        .exits(1);
    assert_eq!(ran.of("test_summary")[0]["failed"], 1);
    assert_eq!(shell.read("lib.py"), LIB);
}

#[test]
fn tests_see_no_secret_and_leave_no_trace() {
    let shell = Shell::new(&[(
        "test_wild.py",
        "import os, socket, unittest\n\n\nclass Wild(unittest.TestCase):\n    def test_wild(self):\n        self.assertFalse(os.path.exists('.git'))\n        self.assertFalse(os.path.exists('.env'))\n        open('written', 'w').write('x')\n        os.remove('test_wild.py')\n        with self.assertRaises(OSError):\n            socket.create_connection(('1.1.1.1', 53), 1)\n",
    )]);
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write(".env", "TOKEN=1\n");
    shell.happy(&["test"]).exits(0);
    assert_eq!(shell.git(&["status", "--porcelain"]), "?? .env\n");
}

#[test]
fn no_test_is_no_pass() {
    let shell = Shell::new(&[("lib.py", LIB)]);
    let ran = shell.happy(&["test"]).exits(1);
    assert!(ran.stderr.contains("no test runner fits"), "{}", ran.stderr);
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("test_empty.py", "import unittest\n");
    let empty = shell.happy(&["test"]).exits(1);
    assert!(empty.stderr.contains("0 tests ran"), "{}", empty.stderr);
}

#[test]
fn a_hanging_test_is_stopped_by_name_of_the_limit() {
    let shell = Shell::new(&[(
        "test_slow.py",
        "import time, unittest\n\n\nclass Slow(unittest.TestCase):\n    def test_a(self):\n        pass\n\n    def test_b(self):\n        time.sleep(600)\n",
    )]);
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    let ran = shell.happy(&["test", "--timeout", "3"]).exits(8);
    let summary = &ran.of("test_summary")[0];
    assert_eq!(summary["limit"], "wall");
    // What had passed before is told.
    assert_eq!(
        outcomes(&ran),
        pairs(&[("test_slow.Slow.test_a", "passed")])
    );
}

#[test]
fn an_unknown_sandbox_or_runner_is_an_error() {
    let shell = python();
    let ran = shell.happy(&["test", "--sandbox", "none"]).exits(8);
    assert!(ran.stderr.contains("unknown sandbox"), "{}", ran.stderr);
    let ran = shell.happy(&["test", "--runner", "abc"]).exits(2);
    assert!(ran.stderr.contains("pytest"), "{}", ran.stderr);
}

#[test]
fn pytest_runs_with_its_ids() {
    let shell = Shell::new(&[
        ("src/lib.py", LIB),
        (
            "tests/test_lib.py",
            "import pytest\nfrom lib import low\n\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_low(n):\n    assert low(n) == 2\n\n\ndef test_error(missing):\n    pass\n",
        ),
    ]);
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    let ran = shell.happy(&["test"]);
    if ran.stderr.contains("pytest is not installed") {
        println!("skip: pytest is not installed");
        assert_eq!(ran.code, 2);
        return;
    }
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(
        outcomes(&ran),
        pairs(&[
            ("tests/test_lib.py::test_error", "errored"),
            ("tests/test_lib.py::test_low[1]", "passed"),
            ("tests/test_lib.py::test_low[2]", "failed"),
        ])
    );
}

#[test]
fn cargo_runs_a_crate() {
    let shell = Shell::new(&[
        (
            "Cargo.toml",
            "[package]\nname = \"little\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        (
            "Cargo.lock",
            "version = 3\n\n[[package]]\nname = \"little\"\nversion = \"0.1.0\"\n",
        ),
        (
            "src/lib.rs",
            "pub fn low(a: u32) -> u32 {\n    a + 1\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        assert_eq!(super::low(1), 2);\n    }\n\n    #[test]\n    fn breaks() {\n        assert_eq!(super::low(1), 3);\n    }\n}\n",
        ),
    ]);
    if !sandboxed(&shell) || !has("cargo") || !Path::new("/usr/bin/cc").exists() {
        return;
    }
    let ran = shell.happy(&["test"]).exits(1);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("tests::adds", "passed"), ("tests::breaks", "failed")])
    );
    let failure = &ran.of("test_failure")[0];
    assert_eq!(failure["name"], "tests::breaks");
    assert!(
        failure["message"]
            .as_str()
            .expect("why")
            .contains("left: 2"),
        "{failure}"
    );
}

#[test]
fn node_runs_its_own_tests() {
    let shell = Shell::new(&[
        (
            "package.json",
            "{\"name\":\"little\",\"scripts\":{\"test\":\"node --test\"}}\n",
        ),
        (
            "test/little.test.js",
            "const test = require('node:test');\nconst assert = require('node:assert');\ntest('adds', () => assert.strictEqual(1 + 1, 2));\ntest('breaks', () => assert.strictEqual(1 + 1, 3));\ntest('later', { skip: true }, () => {});\n",
        ),
    ]);
    if !sandboxed(&shell) || !has("node") {
        return;
    }
    let ran = shell.happy(&["test"]).exits(1);
    assert_eq!(
        outcomes(&ran),
        pairs(&[
            ("adds", "passed"),
            ("breaks", "failed"),
            ("later", "skipped")
        ])
    );
}

#[test]
fn go_runs_a_module() {
    let shell = Shell::new(&[
        ("go.mod", "module example.com/little\n\ngo 1.18\n"),
        (
            "little.go",
            "package little\n\nfunc Low(a int) int { return a + 1 }\n",
        ),
        (
            "little_test.go",
            "package little\n\nimport \"testing\"\n\nfunc TestLow(t *testing.T) {\n\tif Low(1) != 2 {\n\t\tt.Fatal(\"no\")\n\t}\n}\n",
        ),
    ]);
    if !sandboxed(&shell) || !has("go") {
        return;
    }
    let ran = shell.happy(&["test"]).exits(0);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("example.com/little.TestLow", "passed")])
    );
}

#[test]
fn junit_is_read_whatever_its_dialect() {
    let text = "<?xml version=\"1.0\"?><testsuites><testsuite name=\"s\" tests=\"4\">\
        <testcase classname=\"a.B\" name=\"ok &lt;1&gt;\" time=\"0.25\"/>\
        <testcase classname=\"a.B\" name=\"bad\"><failure message=\"x > y\">trace &#65;<![CDATA[ <raw>]]></failure></testcase>\
        <testcase name=\"gone\"><skipped/></testcase>\
        <!-- <testcase name=\"comment\"/> -->\
        <testcase name=\"boom\"><error>e</error><system-out>noise</system-out></testcase></testsuite></testsuites>";
    let cases = happy::runner::junit_cases(text);
    let seen: Vec<_> = cases
        .iter()
        .map(|case| {
            (
                case.name.as_str(),
                case.outcome.name(),
                case.message.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("a.B.ok <1>", "passed", None),
            ("a.B.bad", "failed", Some("x > y\ntrace A\n<raw>")),
            ("gone", "skipped", None),
            ("boom", "errored", Some("e")),
        ]
    );
    for end in 0..text.len() {
        if text.is_char_boundary(end) {
            assert!(happy::runner::junit_cases(&text[..end]).len() <= 4);
        }
    }
}

#[test]
fn doctor_names_what_works() {
    let shell = python();
    let ran = shell.happy(&["doctor"]).exits(0);
    let checks = ran.of("check");
    let names: Vec<_> = checks
        .iter()
        .filter_map(|check| check["check"].as_str())
        .collect();
    for wanted in ["repository", "git", "index", "disk", "sandbox"] {
        assert!(names.contains(&wanted), "{wanted}: {}", ran.stdout);
    }
    for check in &checks {
        assert!(
            check["works"] == true || check["detail"].as_str() != Some(""),
            "{check}"
        );
    }
}

#[test]
fn a_revision_is_tested_whatever_the_working_tree_holds() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("lib.py", &LIB.replace("a + 1", "a + 2"));
    shell.write("test_more.py", "import unittest\n\n\nclass More(unittest.TestCase):\n    def test_more(self):\n        self.fail()\n");
    let ran = shell.happy(&["test", "--at", "HEAD"]).exits(0);
    assert_eq!(outcomes(&ran).len(), 3, "{}", ran.stdout);
    assert_eq!(shell.happy(&["test"]).code, 1);
}

#[test]
fn a_baseline_tells_what_the_change_broke_from_what_was_broken() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("lib.py", &LIB.replace("a + 1", "a + 2"));
    shell.commit("low breaks");
    let verdicts = |ran: &Ran| -> Vec<(String, String)> {
        let text =
            |record: &serde_json::Value, key: &str| record[key].as_str().expect("text").to_owned();
        ran.of("test_change")
            .iter()
            .map(|record| (text(record, "name"), text(record, "verdict")))
            .collect()
    };
    // A change beside the failure breaks nothing.
    shell.write("other.py", "X = 1\n");
    let ran = shell.happy(&["test", "--baseline"]).exits(0);
    assert_eq!(verdicts(&ran), []);
    assert!(
        ran.stderr.contains("failed before the change"),
        "{}",
        ran.stderr
    );
    // One that mends it, and breaks the other.
    shell.write("lib.py", &LIB.replace("return a\n", "return a + 5\n"));
    let ran = shell.happy(&["test", "--baseline"]).exits(1);
    assert_eq!(
        verdicts(&ran),
        pairs(&[
            ("test_lib.Lib.test_low", "fixed"),
            ("test_lib.Lib.test_other", "broken")
        ])
    );
    assert!(ran.stderr.contains("1 of 2 tests failed"), "{}", ran.stderr);
    let sides: Vec<_> = ran
        .of("test_summary")
        .iter()
        .map(|record| record["side"].clone())
        .collect();
    assert_eq!(sides, [serde_json::json!("base"), serde_json::Value::Null]);
    // A patch that is not applied, against the working tree.
    let edit = "{\"type\":\"edit\",\"symbol\":\"other\",\"search\":\"a + 5\",\"replace\":\"a\"}\n";
    let ran = shell
        .happy_with(&["test", "--baseline", "--patch", "-"], edit.as_bytes())
        .exits(0);
    assert_eq!(
        verdicts(&ran),
        pairs(&[("test_lib.Lib.test_other", "fixed")])
    );
}

#[test]
fn a_project_has_a_test_command_of_its_own_once_it_is_trusted() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write(
        ".happy.toml",
        "[test]\ncommand = \"python3 -m unittest -v {tests}\"\nresults = \"unittest\"\nselect = \"dotted\"\n",
    );
    let ran = shell.happy(&["test"]).exits(0);
    assert!(ran.stderr.contains("not trusted"), "{}", ran.stderr);
    assert_eq!(ran.of("test_summary")[0]["runner"], "unittest");
    shell.happy(&["config", "trust"]).exits(0);
    shell.write("lib.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["test"]).exits(1);
    assert_eq!(ran.of("test_summary")[0]["runner"], "project");
    assert_eq!(
        outcomes(&ran),
        pairs(&[
            ("test_lib.Lib.test_later", "skipped"),
            ("test_lib.Lib.test_low", "failed"),
            ("test_lib.Lib.test_other", "passed"),
        ])
    );
    let why = &ran.of("test_failure")[0];
    assert!(
        why["message"].as_str().expect("why").contains("3 != 2"),
        "{why}"
    );
    let ran = shell.happy(&["test", "--affected"]).exits(1);
    // The file of settings is not code: any test may read it.
    assert_eq!(outcomes(&ran).len(), 3, "{}", ran.stdout);
    shell.commit("settings");
    shell.write("lib.py", LIB);
    let ran = shell.happy(&["test", "--affected"]).exits(0);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("test_lib.Lib.test_low", "passed")])
    );
}

#[test]
fn a_command_may_tell_its_results_in_any_of_four_ways() {
    let shell = python();
    if !sandboxed(&shell) {
        return;
    }
    let user = |command: &str, results: &str| {
        shell.write(
            ".happy.toml",
            &format!("[test]\ncommand = '''{command}'''\nresults = \"{results}\"\n"),
        );
        shell.happy(&["config", "trust"]).exits(0);
        shell.happy(&["test"])
    };
    let ran = user(
        "echo ok 1 - adds; echo 'not ok 2 - breaks'; echo 'ok 3 # skip later'; exit 1",
        "tap",
    )
    .exits(1);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("3", "skipped"), ("adds", "passed"), ("breaks", "failed")])
    );
    let junit = "mkdir -p out/a; echo '<testsuite><testcase name=\"one\"/></testsuite>' > out/a/r.xml; echo '<testsuite><testcase name=\"two\"/></testsuite>' > out/r.xml";
    let ran = user(junit, "junit:out/*.xml").exits(0);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("one", "passed"), ("two", "passed")])
    );
    let ran = user("test -f lib.py && echo said >&2 && exit 3", "exit").exits(1);
    assert_eq!(ran.of("test")[0]["outcome"], "failed");
    assert_eq!(ran.of("test_summary")[0]["output"], "said");
    let ran = user("true", "nonsense").exits(2);
    assert!(ran.stderr.contains("junit:FILES"), "{}", ran.stderr);
}

#[test]
fn reports_are_made_of_what_the_tests_came_to() {
    let shell = python();
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("lib.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["test", "--format", "sarif"]).exits(1);
    let sarif: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["level"], "error", "{sarif}");
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(1)
    );
    let ran = shell.happy(&["test", "--format", "github"]).exits(1);
    assert!(
        ran.stdout
            .starts_with("::error title=test_lib.Lib.test_low::Traceback"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stdout.lines().count(),
        1,
        "a line break would end the command"
    );
    let ran = shell.happy(&["test", "--format", "markdown"]).exits(1);
    assert!(ran.stdout.contains("1 passed, 1 failed"), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("| test\\_lib.Lib.test\\_low | AssertionError: 3 != 2 |"),
        "{}",
        ran.stdout
    );
}

/// What stands for Django's script: labels in, unittest's lines out.
const RUNTESTS: &str = "import os\nimport sys\nimport unittest\n\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\nlabels = [word for word in sys.argv[1:] if '.' in word]\nassert labels, 'no label'\nsuite = unittest.defaultTestLoader.loadTestsFromNames(labels)\nresult = unittest.TextTestRunner(verbosity=2).run(suite)\nsys.exit(not result.wasSuccessful())\n";

#[test]
fn the_script_of_django_takes_the_affected_tests_as_labels() {
    let test = "import unittest\n\nfrom django.text import low, other\n\n\nclass Text(unittest.TestCase):\n    def test_low(self):\n        self.assertEqual(low(1), 2)\n\n    def test_other(self):\n        self.assertEqual(other(1), 1)\n";
    let shell = Shell::new(&[
        ("django/__init__.py", ""),
        ("django/text.py", LIB),
        ("django/test/__init__.py", ""),
        ("django/test/runner.py", ""),
        ("tests/runtests.py", RUNTESTS),
        ("tests/utils_tests/__init__.py", ""),
        ("tests/utils_tests/test_text.py", test),
    ]);
    if !sandboxed(&shell) || !has("python3") {
        return;
    }
    shell.write("django/text.py", &LIB.replace("a + 1", "a + 2"));
    let ran = shell.happy(&["test", "--affected"]).exits(1);
    assert_eq!(
        outcomes(&ran),
        pairs(&[("utils_tests.test_text.Text.test_low", "failed")])
    );
    assert_eq!(ran.of("test_summary")[0]["runner"], "django");
}
