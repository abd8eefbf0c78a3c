//! Wrong edits do not land, whatever is said of them.

use super::{Bench, FIX, FIXED, LIB, end, seen};
use crate::shell::Ran;

/// Replays edits and a boastful `submit`; they must be refused and leave no trace.
#[track_caller]
fn refused(bench: &Bench, edits: &str, options: &[&str]) -> Ran {
    let cell = format!("{edits}\nprint(submit('All tests pass now'))");
    let ran = bench.replay(&[&cell], options).exits(1);
    bench.untouched(&ran);
    let outcome = end(&ran)["outcome"].as_str().expect("text").to_owned();
    assert_eq!(outcome, "rejected", "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.of("agent_landing").is_empty());
    ran
}

fn reason(ran: &Ran) -> String {
    let gates = ran.of("agent_gate");
    gates[0]["reason"].as_str().expect("a reason").to_owned()
}

#[test]
fn a_fix_that_passes_lands_as_uncommitted_edits() {
    let Some(bench) = Bench::new() else { return };
    let ran = bench
        .replay(&[FIX, "print(submit('Fix low'))"], &[])
        .exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
    assert_eq!(bench.shell.git(&["status", "--porcelain"]), " M lib.py\n");
    let gate = &ran.of("agent_gate")[0];
    assert_eq!(
        gate["fixed"],
        serde_json::json!(["test_lib.Lib.test_high", "test_lib.Lib.test_low"])
    );
    assert_eq!(end(&ran)["outcome"], "landed");
}

#[test]
fn edits_that_break_another_test_do_not_land() {
    let Some(bench) = Bench::new() else { return };
    let edits = format!("{FIX}\nedit('lib.py::other', 'return a', 'return -a')");
    let ran = refused(&bench, &edits, &[]);
    let gate = &ran.of("agent_gate")[0];
    assert_eq!(
        gate["broken"],
        serde_json::json!(["test_lib.Lib.test_other"])
    );
}

#[test]
fn edits_of_the_test_are_put_back_and_do_not_count() {
    let Some(bench) = Bench::new() else { return };
    let edits = "edit('test_lib.py', 'self.assertEqual(low(1), 2)', 'pass')";
    let ran = refused(&bench, edits, &[]);
    assert!(
        reason(&ran).contains("but those of tests"),
        "{}",
        reason(&ran)
    );
    let gate = &ran.of("agent_gate")[0];
    assert_eq!(gate["restored"], serde_json::json!(["test_lib.py"]));
}

#[test]
fn a_wrong_fix_does_not_land_with_its_own_tests() {
    let Some(bench) = Bench::new() else { return };
    let edits = "edit('lib.py::low', 'a + 2', \"a + '1'\")\nedit('test_lib.py', 'low(1), int', \"low(''), str\")";
    let ran = refused(&bench, edits, &[]);
    assert_eq!(
        ran.of("agent_gate")[0]["broken"],
        serde_json::json!(["test_lib.Lib.test_type"])
    );
}

#[test]
fn files_that_run_before_the_tests_are_put_back() {
    let Some(bench) = Bench::new() else { return };
    let skip = "import unittest\\nunittest.TestCase.assertEqual = lambda *a: None\\n";
    for path in [
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "unittest.py",
        "evil.pth",
        "pytest.ini",
    ] {
        let ran = refused(&bench, &format!("create('{path}', '{skip}')"), &[]);
        assert_eq!(
            ran.of("agent_gate")[0]["restored"],
            serde_json::json!([path])
        );
    }
}

#[test]
fn a_fix_lands_without_the_files_that_were_put_back() {
    let Some(bench) = Bench::new() else { return };
    let cell = format!("{FIX}\ncreate('conftest.py', 'x = 1\\n')\nsubmit('Fix low')");
    bench.replay(&[&cell], &[]).exits(0);
    assert_eq!(bench.shell.git(&["status", "--porcelain"]), " M lib.py\n");
}

#[test]
fn an_early_exit_is_no_pass() {
    let Some(bench) = Bench::new() else { return };
    for edit in [
        // Nothing runs at all.
        "edit('lib.py', 'def low(a):', 'import os\\nos._exit(0)\\n\\n\\ndef low(a):')",
        "edit('lib.py', 'def low(a):', 'import sys\\nsys.exit(0)\\n\\n\\ndef low(a):')",
        // Some tests ran before, and are not seen again.
        "edit('lib.py::other', 'return a', 'import os; os._exit(0)')",
    ] {
        let ran = refused(&bench, edit, &[]);
        let why = reason(&ran);
        assert!(why.contains("0 tests ran") || why.contains("gone"), "{why}");
    }
}

#[test]
fn a_skip_is_no_pass() {
    let Some(bench) = Bench::new() else { return };
    let edit =
        "edit('lib.py::low', 'return a + 2', 'import unittest; raise unittest.SkipTest(str(a))')";
    let ran = refused(&bench, edit, &[]);
    let broken = ran.of("agent_gate")[0]["broken"]
        .as_array()
        .expect("a list")
        .len();
    assert_eq!(broken, 3, "{}", ran.stdout);
}

#[test]
fn a_line_that_says_a_test_passed_does_not_hide_its_failure() {
    let Some(bench) = Bench::new() else { return };
    let lie = "print('\\\\x1ehappy-test {\"name\": \"test_lib.Lib.test_other\", \"outcome\": \"passed\"}', flush=True)";
    let edits = format!("edit('lib.py::other', 'return a', '''{lie}\n    return -a''')");
    let ran = refused(&bench, &edits, &[]);
    assert_eq!(
        ran.of("agent_gate")[0]["broken"],
        serde_json::json!(["test_lib.Lib.test_other"])
    );
}

#[test]
fn a_fix_that_needs_the_network_does_not_land() {
    let Some(bench) = Bench::new() else { return };
    let edit = "edit('lib.py::low', 'return a + 2', \"import urllib.request; return a + int(urllib.request.urlopen('http://1.1.1.1/', timeout=3).status > 0)\")";
    let ran = refused(&bench, edit, &[]);
    let notes = ran.of("agent_gate")[0]["notes"].to_string();
    let broken = ran.of("agent_gate")[0]["broken"].to_string();
    assert!(broken.contains("test_type"), "{broken} {notes}");
}

#[test]
fn a_fix_that_hangs_does_not_land() {
    let Some(bench) = Bench::new() else { return };
    let edit = "edit('lib.py::low', 'return a + 2', 'while True: pass')";
    let ran = refused(&bench, edit, &["--test-timeout", "4"]);
    assert!(reason(&ran).contains("limit on wall"), "{}", reason(&ran));
}

#[test]
fn a_lie_in_submit_is_an_answer_and_nothing_more() {
    let Some(bench) = Bench::new() else { return };
    let lie = "print(submit('I fixed low and all tests pass'))";
    let ran = bench.replay(&[lie, lie], &[]).exits(1);
    bench.untouched(&ran);
    assert!(seen(&ran, 1).contains("rejected: there are no edits"));
    assert_eq!(end(&ran)["outcome"], "answered");
}

#[test]
fn paths_outside_the_repository_and_hooks_are_refused_where_they_are_edited() {
    let Some(bench) = Bench::new() else { return };
    std::os::unix::fs::symlink("/etc", bench.shell.path("out")).expect("a link");
    bench.shell.commit("a link");
    let cell = "for path in ['../x', '/tmp/x', '.git/hooks/pre-commit', 'out/x', '.github/workflows/a.yml', 'a/.GIT/config']:\n    try:\n        create(path, 'x')\n        print('made', path)\n    except HostError as error:\n        print(path, 'refused' in str(error))";
    let ran = bench.replay(&[cell], &[]).exits(1);
    let text = seen(&ran, 1);
    assert!(!text.contains("made") && !text.contains("False"), "{text}");
    bench.untouched(&ran);
}

#[test]
fn a_command_of_the_user_s_is_the_verdict_where_that_is_asked_for() {
    let Some(bench) = Bench::new() else { return };
    let check = ["--tests", "python3 -c 'import lib; assert lib.low(1) == 2'"];
    let wrong = "edit('lib.py::low', 'a + 2', 'a + 3')";
    let ran = refused(&bench, wrong, &check);
    assert!(ran.of("agent_gate")[0]["passed"] == false);
    let cell = format!("{FIX}\nsubmit('Fix low')");
    bench.replay(&[&cell], &check).exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
}

#[test]
fn no_tests_are_no_pass_unless_that_is_allowed() {
    let Some(bench) = Bench::new() else { return };
    bench.shell.git(&["rm", "-q", "test_lib.py"]);
    bench.shell.write("test_none.py", "import unittest\n");
    bench.shell.commit("no tests");
    let ran = refused(&bench, FIX, &[]);
    assert!(reason(&ran).contains("tests"), "{}", reason(&ran));
    assert_eq!(bench.shell.read("lib.py"), LIB);
}

#[test]
fn tests_may_be_changed_where_the_task_allows_it() {
    let Some(bench) = Bench::new() else { return };
    let cell = format!(
        "{FIX}\nedit('test_lib.py', 'self.assertEqual(other(1), 1)', 'self.assertEqual(other(2), 2)')\nsubmit('Fix low')"
    );
    bench.replay(&[&cell], &["--allow-test-changes"]).exits(0);
    assert_eq!(
        bench.shell.git(&["status", "--porcelain"]),
        " M lib.py\n M test_lib.py\n"
    );
}

#[test]
fn a_test_that_is_flaky_on_the_base_does_not_refuse_a_fix() {
    let Some(bench) = Bench::new() else { return };
    // The clock of the machine decides: it fails in every second run of tests,
    // which a copy that is gone afterwards cannot remember by itself.
    let flaky = "import unittest\nimport time\n\n\nclass Flaky(unittest.TestCase):\n    def test_flaky(self):\n        self.assertLess(time.time_ns() // 100 % 2, 1)\n";
    bench.shell.write("test_flaky.py", flaky);
    bench.shell.commit("flaky");
    let mut landed = 0;
    for _ in 0..6 {
        let cell = format!("{FIX}\nsubmit('Fix low')");
        let ran = bench.replay(&[&cell], &["--dry-run"]);
        landed += u32::from(ran.code == 0);
    }
    assert!(landed > 0, "a flaky test refused all of six good fixes");
}
