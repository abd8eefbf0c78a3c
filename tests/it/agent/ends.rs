//! How runs end: committed, shown, spent, malformed, overtaken by the user.

use super::{Bench, FIX, FIXED, LIB, end, reply, seen};

#[test]
fn a_commit_has_the_summary_and_the_run_and_takes_nothing_else_along() {
    let Some(bench) = Bench::new() else { return };
    bench.shell.write("staged.txt", "x\n");
    bench.shell.git(&["add", "staged.txt"]);
    bench.shell.git(&["config", "core.hooksPath", "hooks"]);
    bench
        .shell
        .write("hooks/commit-msg", "#!/bin/sh\ntouch canary\n");
    let cell = format!("{FIX}\nsubmit('Fix low\\n\\nIt added two.')");
    let ran = bench.replay(&[&cell], &["--commit"]).exits(0);
    let run = ran.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    assert_eq!(
        bench.shell.git(&["log", "-1", "--format=%B"]).trim_end(),
        format!("Fix low\n\nIt added two.\n\nHappy-Run: {run}")
    );
    assert_eq!(
        bench
            .shell
            .git(&["show", "--stat", "--format=", "--name-only", "HEAD"]),
        "lib.py\n"
    );
    assert_eq!(
        bench.shell.git(&["status", "--porcelain"]),
        "A  staged.txt\n?? hooks/\n"
    );
    assert!(!bench.shell.path("canary").exists());
}

#[test]
fn a_commit_does_not_take_uncommitted_edits_of_the_user_along() {
    let Some(bench) = Bench::new() else { return };
    let mine = LIB.replace("    return a\n", "    return +a\n");
    bench.shell.write("lib.py", &mine);
    let cell = format!("{FIX}\nsubmit('Fix low')");
    let ran = bench.replay(&[&cell], &["--commit"]).exits(1);
    assert!(ran.stderr.contains("uncommitted"), "{}", ran.stderr);
    assert_eq!(bench.shell.read("lib.py"), mine);
    assert_eq!(bench.shell.git(&["log", "--format=%s"]), "first\n");
}

#[test]
fn a_dry_run_tests_and_changes_nothing() {
    let Some(bench) = Bench::new() else { return };
    let cell = format!("{FIX}\nsubmit('Fix low')");
    let ran = bench.replay(&[&cell], &["--dry-run"]).exits(0);
    bench.untouched(&ran);
    let ended = end(&ran);
    assert_eq!(ended["outcome"], "tested");
    let draft = std::fs::read_to_string(ended["draft"].as_str().expect("a file")).expect("read");
    assert!(draft.contains("+    return a + 1"), "{draft}");
}

#[test]
fn a_spent_budget_leaves_the_draft_and_can_be_taken_up_again() {
    let Some(bench) = Bench::new() else { return };
    let cells = [FIX, "print(submit('Fix low'))"];
    let recording = bench.record(&cells, &[]);
    let recording = format!("replay:{}", recording.display());
    let first = bench
        .shell
        .happy(&[
            "agent",
            "fix low",
            "--model",
            &recording,
            "--max-turns",
            "1",
        ])
        .exits(1);
    bench.untouched(&first);
    let ended = end(&first);
    assert_eq!(ended["outcome"], "budget");
    assert!(
        std::fs::read_to_string(ended["draft"].as_str().expect("a file"))
            .expect("read")
            .contains("a + 1")
    );
    let run = first.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(
        first.stderr.contains(&format!("--resume {run}")),
        "{}",
        first.stderr
    );
    let second = bench
        .shell
        .happy(&["agent", "--resume", &run, "--model", &recording])
        .exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
    // What was told before is not told again.
    assert!(second.of("agent_start").is_empty());
    assert_eq!(second.of("agent_resume").len(), 1);
    let over = bench
        .shell
        .happy(&["agent", "--resume", &run, "--model", &recording])
        .exits(1);
    assert!(over.stderr.contains("has ended: landed"), "{}", over.stderr);
}

#[test]
fn tokens_are_a_limit_too() {
    let Some(bench) = Bench::new() else { return };
    let ran = bench.replay(&[FIX, FIX], &["--max-tokens", "600"]).exits(1);
    assert_eq!(end(&ran)["outcome"], "budget");
    assert!(end(&ran)["summary"].to_string().contains("tokens"));
    assert_eq!(end(&ran)["root"]["calls"], 0);
}

#[test]
fn a_malformed_answer_gets_one_correction_and_then_costs_a_turn() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.record(&["x", "print('second')"], &[]);
    let text = std::fs::read_to_string(&path).expect("read");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = reply("root/1", "I have no cell.");
    lines.push(reply("root/1b", "```sh\nls\n```"));
    std::fs::write(&path, lines.join("\n") + "\n").expect("written");
    let path = path.to_str().expect("text");
    let ran = bench
        .shell
        .happy(&["agent", "--replay", path, "--max-turns", "2"])
        .exits(1);
    assert!(seen(&ran, 1).contains("a fenced block that is not Python"));
    assert_eq!(seen(&ran, 2), "second\n");
    assert_eq!(ran.of("agent_cell").len(), 1);
}

#[test]
fn a_model_that_gives_no_answer_is_exit_7_and_can_be_taken_up_again() {
    let Some(bench) = Bench::new() else { return };
    // The recording has one turn, and two are allowed.
    let path = bench.record(&[FIX], &[]);
    let path = path.to_str().expect("text");
    let ran = bench.shell.happy(&["agent", "--replay", path]).exits(7);
    assert_eq!(end(&ran)["outcome"], "failed");
    assert!(ran.stderr.contains("--resume"), "{}", ran.stderr);
    bench.untouched(&ran);
}

#[test]
fn a_file_that_the_user_changed_meanwhile_is_merged_and_tested_again() {
    let Some(bench) = Bench::new() else { return };
    // The test itself stands for the user: it cannot write outside the sandbox,
    // so the change is made while the run waits for its model.
    let changed = LIB.replace("    return a\n", "    return +a\n");
    let ran = super::wire::while_it_waits(&bench, |shell| shell.write("lib.py", &changed));
    let ran = ran.exits(0);
    assert_eq!(
        bench.shell.read("lib.py"),
        FIXED.replace("    return a\n", "    return +a\n")
    );
    assert_eq!(ran.of("agent_gate").len(), 2);
    assert!(ran.stderr.contains("changed meanwhile"), "{}", ran.stderr);
}

#[test]
fn a_conflict_with_the_user_stops_the_run_and_loses_nothing() {
    let Some(bench) = Bench::new() else { return };
    let changed = LIB.replace("a + 2", "a + 7");
    let ran = super::wire::while_it_waits(&bench, |shell| shell.write("lib.py", &changed));
    let ran = ran.exits(1);
    assert_eq!(bench.shell.read("lib.py"), changed);
    assert_eq!(end(&ran)["outcome"], "moved");
    let draft = end(&ran)["draft"].as_str().expect("a file").to_owned();
    assert!(
        std::fs::read_to_string(draft)
            .expect("read")
            .contains("+    return a + 1")
    );
}

#[test]
fn the_log_lists_runs_and_shows_one_as_records_and_as_a_page() {
    let Some(bench) = Bench::new() else { return };
    let cell = format!("{FIX}\nsubmit('Fix <low>')");
    let ran = bench.replay(&[&cell], &[]).exits(0);
    let run = ran.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    let list = bench.shell.happy(&["agent", "log"]).exits(0);
    assert_eq!(list.of("agent_start")[0]["run"], run.as_str());
    assert_eq!(list.of("agent_end")[0]["outcome"], "landed");
    let shown = bench.shell.happy(&["agent", "log", &run]).exits(0);
    assert_eq!(shown.records(), ran.records());
    let page = bench
        .shell
        .happy(&["agent", "log", "last", "--html"])
        .exits(0);
    assert!(page.stdout.starts_with("<!doctype html>") && page.stdout.contains("Fix &lt;low&gt;"));
    assert!(!page.stdout.contains("<script") && !page.stdout.contains("src="));
    let none = bench.shell.happy(&["agent", "log", "../x"]).exits(1);
    assert!(none.stderr.contains("there is no run"), "{}", none.stderr);
}

#[test]
fn happy_faster_code_takes_a_task_from_each_line() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let Some(bench) = Bench::new() else { return };
    let cell = format!("{FIX}\nsubmit('Fix low')");
    let recording = bench.record(&[&cell], &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_happy-faster-code"))
        .args(["--path", bench.shell.path("").to_str().expect("text")])
        .args(["--model", &format!("replay:{}", recording.display())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"\nfix low\nexit\n").expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(bench.shell.read("lib.py"), FIXED);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\"task\":\"fix low\""), "{text}");
}
