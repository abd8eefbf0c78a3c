//! A test command of the project's own.
//!
//! It is a line for the shell in which `"{tests}"` stands for the tests that
//! were chosen; what it prints or writes says how they ended.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::python::Python;
use super::report::shortened;
use super::{Case, Host, Job, Missing, Outcome, Parser, Project, Test, Wanted};
use crate::sandbox;

/// The name of the project's own command among runners.
pub const PROJECT: &str = "project";

/// More tests than this are named by their files.
const MOST: usize = 1000;

/// How a test is named to the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// By its file.
    #[default]
    Path,
    /// `file::Class::name`.
    Node,
    /// `package.Class.name`.
    Dotted,
    /// Not at all: all tests run.
    All,
}

/// Where the results are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Results {
    /// In the exit code alone: the command is one test.
    #[default]
    Exit,
    /// In the lines that unittest prints with `-v`.
    Unittest,
    /// In lines of the Test Anything Protocol.
    Tap,
    /// In `JUnit` files of that pattern in the tree.
    Junit(String),
}

/// A test command of the project's own.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The line for the shell.
    pub line: String,
    /// How tests are named to it.
    pub select: Select,
    /// The folder that names are relative to.
    pub root: String,
    /// Where the results are.
    pub results: Results,
}

/// Copies reports to where they are looked for, under names that differ.
const COLLECT: &str = "find . -type f -path \"./$pattern\" -exec sh -c 'for f do cp \"$f\" \"/opt/happy/out/$(printf %s \"$f\" | tr / _)\"; done' sh {} +";

impl Command {
    /// How the command is run; with a selection, on those tests alone.
    pub fn job(
        &self,
        project: &Project<'_>,
        host: &dyn Host,
        wanted: &Wanted,
    ) -> Result<Job, Missing> {
        let line = self
            .line
            .replace("\"{tests}\"", "{tests}")
            .replace("{tests}", "\"$@\"");
        let line = match &self.results {
            Results::Junit(pattern) => {
                let pattern = pattern.trim_start_matches("./").replace('\'', "");
                format!("{line}\ncode=$?; pattern='{pattern}'; {COLLECT}; exit $code")
            }
            _ => line,
        };
        let mut command = vec!["/bin/sh".to_owned(), "-c".to_owned(), line, "sh".to_owned()];
        command.extend(wanted.tests.iter().flat_map(|tests| self.names(tests)));
        command.extend(wanted.args.iter().cloned());
        let parser = match self.results {
            Results::Exit => Parser::Exit(self.line.clone()),
            Results::Unittest => Parser::Lines(Lines::new(false)),
            Results::Tap => Parser::Lines(Lines::new(true)),
            Results::Junit(_) => Parser::Junit,
        };
        let failed = vec![1];
        let words = self
            .line
            .split(|letter: char| letter.is_whitespace() || ";&|()".contains(letter));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let is_python = |word: &&str| {
            let name = word.rsplit('/').next().unwrap_or(word);
            ["python", "pytest"]
                .iter()
                .any(|known| name.starts_with(known))
                && !name.contains('.')
        };
        if words.iter().any(is_python) {
            let job = Python::find(project, host)?.job(project, command, failed);
            return Ok(Job { parser, ..job });
        }
        let plain = words
            .iter()
            .filter(|word| !word.starts_with('-') && !word.contains(['/', '=']));
        let reads = plain.filter_map(|word| beside(&host.find(word)?, host.home().as_ref()));
        Ok(Job {
            command,
            reads: reads.collect(),
            parser,
            failed,
            ..Job::default()
        })
    }

    /// The names of tests, as the command takes them.
    fn names(&self, tests: &[Test]) -> BTreeSet<String> {
        let whole = tests.len() > MOST;
        let names = tests.iter().filter_map(|test| {
            let root = self.root.trim_matches('/');
            let path = match test.path.strip_prefix(root) {
                Some(rest) if !root.is_empty() => rest.trim_start_matches('/'),
                _ => &test.path,
            };
            let name = test.name.as_deref().filter(|_| !whole);
            match self.select {
                Select::All => None,
                Select::Path => Some(path.to_owned()),
                Select::Node => Some(match name {
                    Some(name) => format!("{path}::{}", name.replace('.', "::")),
                    None => path.to_owned(),
                }),
                Select::Dotted => {
                    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
                    let module = stem.trim_end_matches("/__init__").replace('/', ".");
                    Some(match name {
                        Some(name) => format!("{module}.{name}"),
                        None => module,
                    })
                }
            }
        });
        names.collect()
    }
}

/// What a program of the user's needs beside it: what it was installed with,
/// but never the user's home.
fn beside(program: &Path, home: Option<&PathBuf>) -> Option<PathBuf> {
    let program = program.canonicalize().ok()?;
    let holds_home = |path: &Path| home.as_ref().is_none_or(|home| home.starts_with(path));
    let folder = program.parent()?;
    let installed = folder.parent()?;
    let found = [installed, folder, &program]
        .into_iter()
        .find(|path| !holds_home(path));
    found.map(Path::to_owned)
}

/// The one case of a command that says nothing but its exit code.
pub fn exit_case(name: &str, outcome: &sandbox::Outcome) -> Case {
    let good = outcome.success();
    Case {
        name: name.to_owned(),
        path: None,
        outcome: if good {
            Outcome::Passed
        } else {
            Outcome::Failed
        },
        time: Some(outcome.wall),
        message: None,
    }
}

/// Where the output of a command has come to.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    tap: bool,
    /// A test that was named and whose end is on a later line.
    begun: Option<String>,
    failing: Option<String>,
    message: String,
}

impl Lines {
    pub(super) fn new(tap: bool) -> Self {
        Self {
            tap,
            ..Self::default()
        }
    }

    /// The test that a line tells of, if it does.
    pub(super) fn line(&mut self, line: &str) -> Option<Case> {
        let (name, outcome, message) = if self.tap {
            tap(line)?
        } else {
            self.unittest(line)?
        };
        Some(Case {
            name,
            path: None,
            outcome,
            time: None,
            message,
        })
    }

    /// `test_x (pkg.Class.test_x) ... ok`; with a doc comment the verdict
    /// stands on the next line.
    fn unittest(&mut self, line: &str) -> Option<(String, Outcome, Option<String>)> {
        let Some((head, verdict)) = line.rsplit_once(" ... ") else {
            self.begun = unittest_name(line).or(self.begun.take());
            return None;
        };
        let word = verdict.trim();
        let (outcome, message) = match word.split([' ', '=']).next()? {
            "ok" => (Outcome::Passed, None),
            "FAIL" | "unexpected" => (Outcome::Failed, None),
            "ERROR" => (Outcome::Errored, None),
            "skipped" => {
                let why = word.trim_start_matches("skipped").trim();
                let why = why.trim_matches(['\'', '"']).to_owned();
                (Outcome::Skipped, Some(why))
            }
            "expected" => (Outcome::Skipped, Some("expected to fail".to_owned())),
            _ => return None,
        };
        let name = unittest_name(head).or(self.begun.take())?;
        self.begun = None;
        Some((name, outcome, message))
    }

    /// Reads `FAIL: test_x (pkg.Class.test_x)`, a rule, and the traceback.
    pub(super) fn failure(&mut self, line: &str) -> Option<(String, String)> {
        if self.tap {
            return None;
        }
        let header = ["FAIL: ", "ERROR: "]
            .iter()
            .find_map(|word| unittest_name(line.strip_prefix(word)?));
        let rule = line.len() >= 70 && line.bytes().all(|byte| byte == b'=');
        let ends = header.is_some() || rule || line.starts_with("Ran ");
        let done = if ends { self.end() } else { None };
        if header.is_some() {
            self.failing = header;
        } else if self.failing.is_some() && self.message.len() < 16_000 {
            let line_is_rule = line.len() >= 70 && line.bytes().all(|byte| byte == b'-');
            if !line_is_rule {
                self.message.push_str(line);
                self.message.push('\n');
            }
        }
        done
    }

    /// What is left to say of a failure.
    pub(super) fn end(&mut self) -> Option<(String, String)> {
        let message = std::mem::take(&mut self.message);
        let name = self.failing.take()?;
        Some((name, shortened(message.trim())))
    }
}

/// `test_x (pkg.Class.test_x)`, or `test_x (pkg.Class)` as older versions
/// print it, to `pkg.Class.test_x`.
fn unittest_name(text: &str) -> Option<String> {
    let (name, rest) = text.trim().split_once(" (")?;
    let place = rest.split_once(')')?.0;
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    };
    if !plain(name) || !plain(place) || !place.contains('.') {
        return None;
    }
    let known = place.rsplit('.').next() == Some(name);
    Some(if known {
        place.to_owned()
    } else {
        format!("{place}.{name}")
    })
}

/// `ok 1 - name`, `not ok 2 - name # TODO why`.
fn tap(line: &str) -> Option<(String, Outcome, Option<String>)> {
    let (good, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    let rest = rest.strip_prefix(' ').or(rest.is_empty().then_some(rest))?;
    let (text, directive) = match rest.split_once('#') {
        Some((text, directive)) => (text, Some(directive.trim().to_owned())),
        None => (rest, None),
    };
    let number = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let name = number.trim().trim_start_matches("- ").trim();
    let name = if name.is_empty() { text.trim() } else { name };
    let lower = directive.as_ref().map(|text| text.to_ascii_lowercase());
    let left_out = lower.is_some_and(|text| text.starts_with("skip") || text.starts_with("todo"));
    let outcome = match (left_out, good) {
        (true, _) => Outcome::Skipped,
        (false, true) => Outcome::Passed,
        (false, false) => Outcome::Failed,
    };
    Some((name.to_owned(), outcome, directive.filter(|_| left_out)))
}
