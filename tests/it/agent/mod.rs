//! `happy agent`, through the program: recorded answers, real sandboxes, real
//! test runs.

#![expect(clippy::print_stdout, reason = "a skip says why, a measurement what")]

mod ends;
mod faults;
mod gate;
mod hosted;
mod resume;
mod secrets;
mod settings;
mod shown;
mod wire;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::shell::{Ran, Shell};

const LIB: &str = "def low(a):\n    \"\"\"Returns one more than a.\"\"\"\n    return a + 2\n\n\ndef high(a):\n    return low(a) * 10\n\n\ndef other(a):\n    return a\n";
const FIXED: &str = "def low(a):\n    \"\"\"Returns one more than a.\"\"\"\n    return a + 1\n\n\ndef high(a):\n    return low(a) * 10\n\n\ndef other(a):\n    return a\n";
const TEST: &str = "import unittest\n\nfrom lib import high, low, other\n\n\nclass Lib(unittest.TestCase):\n    def test_low(self):\n        self.assertEqual(low(1), 2)\n\n    def test_high(self):\n        self.assertEqual(high(1), 20)\n\n    def test_type(self):\n        self.assertIsInstance(low(1), int)\n\n    def test_other(self):\n        self.assertEqual(other(1), 1)\n";

/// What mends the library.
const FIX: &str = "edit('lib.py::low', 'a + 2', 'a + 1')";

/// A repository with a bug that tests show, and answers that were recorded.
struct Bench {
    shell: Shell,
}

impl Bench {
    /// Nothing where no sandbox or no Python is there; says why.
    fn new() -> Option<Self> {
        let shell = Shell::new(&[("lib.py", LIB), ("test_lib.py", TEST)]);
        let ran = shell.happy(&["doctor"]);
        let works = ran
            .of("check")
            .iter()
            .any(|check| check["check"] == "sandbox" && check["works"] == true);
        if !works {
            println!("skip: no sandbox works here\n{}", ran.stdout);
            return None;
        }
        if !std::path::Path::new("/usr/bin/python3").exists() {
            println!("skip: /usr/bin/python3 is not installed");
            return None;
        }
        Some(Self { shell })
    }

    /// Writes a recording of these cells, one for each turn of the root, and
    /// of the answers of sub-agents by their keys.
    fn record(&self, cells: &[&str], answers: &[(&str, &str)]) -> PathBuf {
        let start = json!({
            "type": "agent_start", "task": "low adds too much; fix it", "model": "scripted",
        });
        let mut lines = vec![start.to_string()];
        for (at, cell) in cells.iter().enumerate() {
            let text = format!("I work.\n\n```python\n{cell}\n```\n");
            lines.push(reply(&format!("root/{}", at + 1), &text));
        }
        lines.extend(answers.iter().map(|(key, text)| reply(key, text)));
        let path = self.shell.path("../recording.jsonl");
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        path
    }

    /// Replays cells.
    fn replay(&self, cells: &[&str], options: &[&str]) -> Ran {
        self.replay_with(cells, &[], options)
    }

    fn replay_with(&self, cells: &[&str], answers: &[(&str, &str)], options: &[&str]) -> Ran {
        let recording = self.record(cells, answers);
        let recording = recording.to_str().expect("a path of text");
        let turns = cells.len().to_string();
        let mut args = vec!["agent", "--replay", recording, "--max-turns", &turns];
        args.extend(
            ["--sandbox", "bubblewrap"]
                .iter()
                .filter(|_| has_bubblewrap()),
        );
        args.extend(options);
        self.shell.happy(&args)
    }

    /// The working tree is as the last commit left it.
    #[track_caller]
    fn untouched(&self, ran: &Ran) {
        let status = self.shell.git(&["status", "--porcelain"]);
        assert_eq!(status, "", "{}\n{}", ran.stdout, ran.stderr);
    }
}

/// Bubblewrap starts fastest; where it is not, `auto` chooses.
fn has_bubblewrap() -> bool {
    std::path::Path::new("/usr/bin/bwrap").exists()
}

fn reply(key: &str, text: &str) -> String {
    json!({"type": "agent_reply", "key": key, "text": text}).to_string()
}

/// The last record of a run.
#[track_caller]
fn end(ran: &Ran) -> Value {
    let mut ends = ran.of("agent_end");
    ends.pop()
        .unwrap_or_else(|| panic!("no end: {}\n{}", ran.stdout, ran.stderr))
}

/// What the model was shown after a turn.
#[track_caller]
fn seen(ran: &Ran, turn: usize) -> String {
    let all = ran.of("agent_observation");
    let found = all.get(turn - 1);
    let found = found.unwrap_or_else(|| panic!("no turn {turn}: {}\n{}", ran.stdout, ran.stderr));
    found["text"].as_str().expect("text").to_owned()
}
