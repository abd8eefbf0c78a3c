//! A run that is killed anywhere is taken up again and reaches the same end.

use std::path::PathBuf;

use super::{Bench, FIX, FIXED, LIB, end};

fn trajectory(bench: &Bench, run: &str) -> PathBuf {
    bench
        .shell
        .path(&format!(".git/happy/runs/{run}/trajectory.jsonl"))
}

#[test]
fn a_run_cut_after_any_record_reaches_the_same_end() {
    let Some(bench) = Bench::new() else { return };
    let cells = [
        "a = llm('what is wrong?', 'lib.py::low')\nprint(a)",
        FIX,
        "print(submit('Fix low'))",
    ];
    let recording = bench.record(&cells, &[("root/1/1", "It adds two.")]);
    let model = format!("replay:{}", recording.display());
    let start = ["agent", "fix low", "--model", &model];
    let whole = bench.shell.happy(&start).exits(0);
    let run = whole.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    let path = trajectory(&bench, &run);
    let text = std::fs::read_to_string(&path).expect("read");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert!(lines.len() > 12, "{text}");
    let landing = lines
        .iter()
        .position(|line| line.contains("agent_landing"))
        .expect("it landed");
    for count in 1..lines.len() {
        // Half a line more, as a crash leaves it.
        let half = &lines[count][..lines[count].len() / 2];
        let kept = lines[..count].concat() + half;
        // After the announcement the edits may or may not be there.
        let states: &[&str] = match count.cmp(&(landing + 1)) {
            std::cmp::Ordering::Less => &[LIB],
            std::cmp::Ordering::Equal => &[LIB, FIXED],
            std::cmp::Ordering::Greater => &[FIXED],
        };
        for state in states {
            std::fs::write(&path, &kept).expect("written");
            bench.shell.write("lib.py", state);
            let ran = bench
                .shell
                .happy(&["agent", "--resume", &run, "--model", &model]);
            let ran = ran.exits(0);
            assert_eq!(bench.shell.read("lib.py"), FIXED, "after {count} records");
            assert_eq!(end(&ran)["outcome"], "landed", "after {count} records");
            let again = std::fs::read_to_string(&path).expect("read");
            assert!(again.starts_with(&lines[..count].concat()), "it only grows");
            for line in again.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("each line is whole");
            }
        }
    }
}

#[test]
fn a_run_is_not_taken_up_on_another_tree_nor_by_two() {
    let Some(bench) = Bench::new() else { return };
    let recording = bench.record(&[FIX, "submit('Fix low')"], &[]);
    let model = format!("replay:{}", recording.display());
    let start = ["agent", "fix low", "--model", &model, "--max-turns", "1"];
    let first = bench.shell.happy(&start).exits(1);
    let run = first.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    let resume = ["agent", "--resume", &run, "--model", &model];
    bench.shell.write("other.py", "x = 1\n");
    let ran = bench.shell.happy(&resume).exits(1);
    assert!(
        ran.stderr.contains("has changed since the run"),
        "{}",
        ran.stderr
    );
    std::fs::remove_file(bench.shell.path("other.py")).expect("removed");
    let file = std::fs::File::open(trajectory(&bench, &run)).expect("there");
    file.lock().expect("locked");
    let ran = bench.shell.happy(&resume).exits(6);
    assert!(ran.stderr.contains("another process"), "{}", ran.stderr);
    drop(file);
    bench.shell.happy(&resume).exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
}

#[test]
fn a_replay_says_the_same_offline() {
    let Some(bench) = Bench::new() else { return };
    let cell = format!("{FIX}\nprint(submit('Fix low'))");
    let first = bench.replay(&[&cell], &["--dry-run"]).exits(0);
    let run = first.of("agent_start")[0]["run"]
        .as_str()
        .expect("text")
        .to_owned();
    let second = bench.shell.happy(&["agent", "--replay", &run]).exits(0);
    let texts = |ran: &crate::shell::Ran| {
        let all = ran.of("agent_observation");
        all.iter()
            .map(|seen| seen["text"].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&first), texts(&second));
    assert_eq!(bench.shell.read("lib.py"), FIXED);
    assert!(
        !second.stderr.contains("are not the recorded ones"),
        "{}",
        second.stderr
    );
}
