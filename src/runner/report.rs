//! What a runner prints, line by line, to test cases.

use std::time::Duration;

use serde_json::Value;

use super::seconds;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was left out.
    Skipped,
    /// It could not be run.
    Errored,
}

impl Outcome {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Errored => "errored",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Skipped, Self::Errored]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// One test that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name, as the runner gives it.
    pub name: String,
    /// Its file, where the runner says it.
    pub path: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, where the runner says it.
    pub time: Option<Duration>,
    /// Why it failed, shortened.
    pub message: Option<String>,
}

/// Longest message that is kept, in characters.
const MESSAGE: usize = 4000;

/// What reads a runner's output.
#[derive(Clone, Debug, Default)]
pub enum Parser {
    /// Lines of our own reporters: a mark, then JSON.
    #[default]
    Marked,
    /// What Rust's test harness prints.
    Libtest(Libtest),
    /// `go test -json`.
    Go(Vec<(String, String)>),
    /// `JUnit` files that are written to the report folder.
    Junit,
    /// The lines of a project's own command.
    Lines(super::project::Lines),
    /// Nothing but the exit code, under this name.
    Exit(String),
}

/// What a line of our own reporters begins with.
pub const MARK: &str = "\u{1e}happy-test ";

/// Where the harness's output has come to.
#[derive(Clone, Debug, Default)]
pub struct Libtest {
    target: String,
    failing: Option<String>,
    message: String,
}

impl Parser {
    /// The test that a line tells of, if it does.
    pub fn line(&mut self, line: &str) -> Option<Case> {
        match self {
            Self::Marked => {
                // Other output may stand before it on the line.
                let at = line.find(MARK)?;
                marked(&line[at + MARK.len()..])
            }
            Self::Libtest(state) => state.line(line),
            Self::Go(output) => go(output, line),
            Self::Lines(state) => state.line(line),
            Self::Junit | Self::Exit(_) => None,
        }
    }

    /// Why a test failed, where the runner says that after the tests.
    pub fn failure(&mut self, line: &str) -> Option<(String, String)> {
        match self {
            Self::Libtest(state) => state.failure(line),
            Self::Lines(state) => state.failure(line),
            _ => None,
        }
    }

    /// What is left to say of failures when the output ends.
    pub fn end(&mut self) -> Option<(String, String)> {
        match self {
            Self::Lines(state) => state.end(),
            _ => None,
        }
    }
}

fn marked(json: &str) -> Option<Case> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Case {
        name: text("name")?,
        path: text("path"),
        outcome: Outcome::parse(value.get("outcome")?.as_str()?)?,
        time: value
            .get("seconds")
            .and_then(Value::as_f64)
            .and_then(seconds),
        message: text("message").map(|message| shortened(&message)),
    })
}

/// The end of a message tells most.
pub(super) fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= MESSAGE {
        return text.to_owned();
    }
    let tail: String = text.chars().skip(count - MESSAGE).collect();
    format!("…{tail}")
}

impl Libtest {
    fn line(&mut self, line: &str) -> Option<Case> {
        if let Some(rest) = line.trim_start().strip_prefix("Running ") {
            // `Running unittests src/lib.rs (target/debug/deps/name-hash)`
            rest.split(" (")
                .next()
                .unwrap_or(rest)
                .clone_into(&mut self.target);
            return None;
        }
        if let Some(name) = line.trim_start().strip_prefix("Doc-tests ") {
            self.target = format!("doc {name}");
            return None;
        }
        let rest = line.strip_prefix("test ")?;
        let (name, verdict) = rest.rsplit_once(" ... ")?;
        let verdict = verdict.trim();
        let outcome = match verdict.split([',', ' ']).next()? {
            "ok" | "bench:" => Outcome::Passed,
            "FAILED" => Outcome::Failed,
            "ignored" => Outcome::Skipped,
            _ => return None,
        };
        let name = name.trim_end_matches(" - should panic");
        let path = self
            .target
            .strip_prefix("unittests ")
            .unwrap_or(&self.target);
        Some(Case {
            name: name.to_owned(),
            path: std::path::Path::new(path)
                .extension()
                .is_some_and(|ending| ending == "rs")
                .then(|| path.to_owned()),
            outcome,
            time: None,
            message: None,
        })
    }

    /// Reads what the harness prints about failures, after the tests.
    pub fn failure(&mut self, line: &str) -> Option<(String, String)> {
        let header = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        let ends = header.is_some() || line == "failures:" || line.starts_with("test result:");
        let done = if ends { self.failing.take() } else { None };
        let done = done.map(|name| (name, shortened(self.message.trim())));
        if ends {
            self.message.clear();
        }
        if let Some(name) = header {
            self.failing = Some(name.to_owned());
        } else if self.failing.is_some() && self.message.len() < MESSAGE * 4 {
            self.message.push_str(line);
            self.message.push('\n');
        }
        done
    }
}

fn go(output: &mut Vec<(String, String)>, line: &str) -> Option<Case> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let package = text("Package").unwrap_or_default();
    let key = format!("{package}.{}", text("Test").unwrap_or_default());
    let outcome = match text("Action")? {
        "output" => {
            let said = text("Output")?;
            match output.iter_mut().find(|(known, _)| *known == key) {
                Some((_, all)) if all.len() < MESSAGE * 4 => all.push_str(said),
                Some(_) => {}
                None => output.push((key, said.to_owned())),
            }
            return None;
        }
        "pass" => Outcome::Passed,
        "fail" => Outcome::Failed,
        "skip" => Outcome::Skipped,
        _ => return None,
    };
    let said = output
        .iter()
        .position(|(known, _)| *known == key)
        .map(|at| output.swap_remove(at).1);
    // A package that does not compile fails without a test.
    let whole = text("Test").is_none();
    if whole
        && (outcome != Outcome::Failed
            || !said.as_ref().is_some_and(|s| s.contains("build failed")))
    {
        return None;
    }
    Some(Case {
        name: key.trim_end_matches('.').to_owned(),
        path: None,
        outcome: if whole { Outcome::Errored } else { outcome },
        time: value
            .get("Elapsed")
            .and_then(Value::as_f64)
            .and_then(seconds),
        message: said
            .filter(|_| outcome == Outcome::Failed)
            .map(|said| shortened(said.trim())),
    })
}
