//! A program that starts a run and answers for its models over the pipes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::wire::cell;
use super::{Bench, FIX, FIXED};

/// A run that is asked for its records one by one.
struct Hosted {
    child: Child,
    stdin: Option<ChildStdin>,
    records: std::sync::mpsc::Receiver<Value>,
}

impl Hosted {
    fn start(bench: &Bench, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_happy"))
            .args(["agent", "fix low"])
            .args(args)
            .current_dir(bench.shell.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", bench.shell.path("../home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (to, records) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let record = serde_json::from_str(&line).expect("a record");
                if to.send(record).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        Self {
            child,
            stdin,
            records,
        }
    }

    /// The next record of a type.
    fn next(&self, kind: &str) -> Value {
        loop {
            let record = self.records.recv_timeout(Duration::from_mins(2));
            let record = record.unwrap_or_else(|_| panic!("no `{kind}`"));
            if record["type"] == kind {
                return record;
            }
        }
    }

    fn say(&mut self, answer: &Value) {
        let stdin = self.stdin.as_mut().expect("open");
        writeln!(stdin, "{answer}").expect("written");
    }

    /// Waits for its end: the exit code and what it said of it.
    fn end(self) -> (i32, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), stderr)
    }
}

#[test]
fn the_program_that_starts_a_run_answers_for_its_models() {
    let Some(bench) = Bench::new() else { return };
    let models = ["--model", "stdio:big", "--sub-model", "stdio:small"];
    let mut run = Hosted::start(&bench, &models);
    let ask = run.next("ask");
    assert_eq!(ask["model"], "big");
    assert_eq!(ask["messages"][0]["role"], "system");
    let text = cell("print(llm('what is wrong?', 'lib.py::low'))");
    run.say(&json!({"id": ask["id"], "text": text, "usage": {"prompt_tokens": 10, "completion_tokens": 2}}));
    let ask = run.next("ask");
    assert_eq!(ask["model"], "small");
    run.say(&json!({"id": ask["id"], "text": "it adds two"}));
    assert_eq!(run.next("agent_observation")["text"], "it adds two\n");
    let ask = run.next("ask");
    let text = cell(&format!("{FIX}\nprint(submit('Fix low'))"));
    run.say(&json!({"id": ask["id"], "text": text}));
    let end = run.next("agent_end");
    assert_eq!(end["outcome"], "landed");
    assert!(end["root"]["prompt_tokens"].as_u64() > Some(10));
    assert_eq!(run.end().0, 0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
}

#[test]
fn an_error_of_the_program_is_a_failure_of_the_model() {
    let Some(bench) = Bench::new() else { return };
    let mut run = Hosted::start(&bench, &["--model", "stdio"]);
    let ask = run.next("ask");
    run.say(&json!({"id": ask["id"], "error": "no quota"}));
    assert_eq!(run.next("agent_end")["outcome"], "failed");
    let (code, stderr) = run.end();
    assert_eq!(code, 7, "{stderr}");
    assert!(stderr.contains("no quota"), "{stderr}");
}

#[test]
fn a_program_that_closes_the_pipe_or_babbles_fails_the_model_and_not_the_host() {
    let Some(bench) = Bench::new() else { return };
    let mut run = Hosted::start(&bench, &["--model", "stdio"]);
    run.next("ask");
    run.stdin.take();
    assert_eq!(run.next("agent_end")["outcome"], "failed");
    assert_eq!(run.end().0, 7);
    let mut run = Hosted::start(&bench, &["--model", "stdio"]);
    run.next("ask");
    run.say(&json!("hello"));
    let end = run.next("agent_end");
    assert!(end["summary"].to_string().contains("no answer"), "{end}");
    assert_eq!(run.end().0, 7);
}

#[test]
fn a_run_ends_with_its_standard_input_and_keeps_its_draft() {
    let Some(bench) = Bench::new() else { return };
    let mut run = Hosted::start(&bench, &["--model", "stdio", "--until-stdin-ends"]);
    let ask = run.next("ask");
    let text = cell(&format!("{FIX}\nwhile True: pass"));
    run.say(&json!({"id": ask["id"], "text": text}));
    run.next("agent_call");
    let begun = Instant::now();
    run.stdin.take();
    let end = run.next("agent_end");
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(end["outcome"], "stopped");
    let draft = end["draft"].as_str().expect("a file").to_owned();
    let (code, stderr) = run.end();
    assert_eq!(code, 130, "{stderr}");
    assert!(stderr.contains("--resume"), "{stderr}");
    assert!(
        std::fs::read_to_string(draft)
            .expect("read")
            .contains("a + 1")
    );
    assert_eq!(bench.shell.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_signal_stops_a_run_which_goes_on_when_it_is_taken_up_again() {
    let Some(bench) = Bench::new() else { return };
    let mut run = Hosted::start(&bench, &["--model", "stdio"]);
    let ask = run.next("ask");
    run.say(&json!({"id": ask["id"], "text": cell(FIX)}));
    let id = run.next("ask")["id"].clone();
    let process = rustix::process::Pid::from_child(&run.child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("sent");
    assert_eq!(run.next("ask_withdrawn")["id"], id);
    assert_eq!(run.next("agent_end")["outcome"], "stopped");
    assert_eq!(run.end().0, 130);
    let runs = bench.shell.path(".git/happy/runs");
    let name = std::fs::read_dir(runs).expect("runs").next().expect("one");
    let name = name
        .expect("readable")
        .file_name()
        .into_string()
        .expect("text");
    let recorded = bench.record(&["", "print(submit('Fix low'))"], &[]);
    let recorded = format!("replay:{}", recorded.display());
    let again = ["agent", "--resume", &name, "--model", &recorded];
    bench.shell.happy(&again).exits(0);
    assert_eq!(bench.shell.read("lib.py"), FIXED);
}

#[test]
fn a_model_at_the_pipes_needs_records_on_them() {
    let Some(bench) = Bench::new() else { return };
    let args = ["agent", "x", "--model", "stdio", "--format", "text"];
    let ran = bench.shell.happy(&args).exits(2);
    assert!(ran.stderr.contains("--format jsonl"), "{}", ran.stderr);
}

#[test]
fn without_a_terminal_nothing_is_drawn() {
    let Some(bench) = Bench::new() else { return };
    let ran = bench.replay(&["print(1)"], &["--format", "text"]).exits(1);
    assert!(!ran.stderr.contains('\x1b') && !ran.stdout.contains('\x1b'));
    assert!(!ran.stderr.contains('├') && !ran.stderr.contains("· it begins"));
}
