//! The tests among what a change reaches, as a runner takes them: nearest first.

use std::collections::BTreeSet;

use super::context::Context;
use super::impact::Reach;
use super::reports::counted;
use crate::record::{Record, Text};
use crate::runner::Test;

/// The tests that are to be run.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// These alone; all if `None`.
    pub tests: Option<Vec<Test>>,
    /// The same one by one, nearest first, those farther than `tests` go among them.
    pub nearest: Vec<Near>,
    /// Those that the change adds, by file and name.
    pub added: BTreeSet<(String, String)>,
}

/// A test, and how it is reached.
#[derive(Clone, Debug)]
pub(super) struct Near {
    /// The test.
    pub test: Test,
    /// How far it is from the change, in plain calls.
    pub distance: f32,
    /// What it depends on, up to the change.
    pub through: Vec<Text>,
}

impl Selection {
    /// The tests of a reach that are no farther than `within`, which is
    /// everything if 0.
    pub fn new(context: &Context, reach: &Reach, within: u64) -> Self {
        let nearest = nearest(context, reach);
        let kept = nearest.as_deref().map(|nearest| {
            let near = nearest.iter().filter(|near| is_within(near, within));
            compact(near.map(|near| &near.test))
        });
        Self {
            tests: kept,
            nearest: nearest.unwrap_or_default(),
            added: added(reach),
        }
    }

    /// Says how many tests were left out for being farther than `within`.
    pub fn tell(&self, context: &Context, within: u64) {
        let mut far = self.nearest.iter().filter(|near| !is_within(near, within));
        if let Some(first) = far.next() {
            context.warn(&format!(
                "{} left out: farther than {within} plain calls from the change; the nearest of them is {}; `--within 0` runs them, too",
                counted(1 + far.count(), "test"),
                first.told()
            ));
        }
    }
}

pub(super) fn is_within(near: &Near, within: u64) -> bool {
    within == 0 || near.distance <= within as f32
}

impl Near {
    /// The test and the way to it, in a few words.
    pub fn told(&self) -> String {
        let name = match &self.test.name {
            Some(name) => format!("{}::{name}", self.test.path),
            None => self.test.path.clone(),
        };
        let mut through: Vec<String> = Vec::new();
        for link in &self.through {
            let link = link.lossy();
            let short = link.rsplit("::").next().unwrap_or(&link).to_owned();
            if through.last() != Some(&short) {
                through.push(short);
            }
        }
        if through.len() > 3 {
            through.splice(1..through.len() - 2, ["…".to_owned()]);
        }
        format!("`{name}`, reached only through {}", through.join(" < "))
    }
}

/// The tests among what a change reaches; `None` where any may be.
pub(super) fn tests_of(context: &Context, reach: &Reach) -> Option<Vec<Test>> {
    nearest(context, reach).map(|nearest| compact(nearest.iter().map(|near| &near.test)))
}

/// What a change adds, by file and name.
fn added(reach: &Reach) -> BTreeSet<(String, String)> {
    let mut added = BTreeSet::new();
    for record in &reach.touched {
        if let Record::Touched {
            symbol,
            change: "added",
        } = record
        {
            let full = symbol.symbol.lossy().into_owned();
            if let Some((path, name)) = full.split_once("::") {
                added.insert((path.to_owned(), name.to_owned()));
            }
        }
    }
    added
}

fn nearest(context: &Context, reach: &Reach) -> Option<Vec<Near>> {
    let prose = |path: &&Vec<u8>| {
        let ending = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        ["md", "rst", "txt", "adoc"]
            .iter()
            .any(|known| known.as_bytes() == ending)
    };
    if let Some(path) = reach.other.iter().find(|path| !prose(path)) {
        context.warn(&format!(
            "`{}` changed and is not code: all tests are run, since any may read it",
            String::from_utf8_lossy(path)
        ));
        return None;
    }
    let mut found = Vec::new();
    for record in &reach.impacted {
        let Record::Impacted {
            symbol,
            test: true,
            distance,
            chain,
            ..
        } = record
        else {
            continue;
        };
        let path = symbol.path.clone().unwrap_or_default().lossy().into_owned();
        let full = symbol.symbol.lossy().into_owned();
        let python = path.rsplit('.').next() == Some("py");
        // What is neither named as a test nor a class of tests is run with all
        // of its file.
        let named = symbol.name.lossy().to_ascii_lowercase().starts_with("test");
        let one = named && symbol.kind != "class" || python && symbol.kind == "class";
        let name = full.split_once("::").map(|(_, name)| name.to_owned());
        found.push(Near {
            test: Test {
                path,
                name: name.filter(|_| one),
            },
            distance: *distance,
            through: chain.iter().skip(1).cloned().collect(),
        });
    }
    Some(found)
}

/// Tests in their order, each once: not beside its class or file.
pub(super) fn compact<'t>(tests: impl Iterator<Item = &'t Test>) -> Vec<Test> {
    let tests: Vec<&Test> = tests.collect();
    let whole: BTreeSet<&str> = tests
        .iter()
        .filter(|test| test.name.is_none())
        .map(|test| test.path.as_str())
        .collect();
    let named: BTreeSet<(&str, &str)> = tests
        .iter()
        .filter_map(|test| Some((test.path.as_str(), test.name.as_deref()?)))
        .collect();
    let mut kept = Vec::new();
    let mut seen = BTreeSet::new();
    for test in tests {
        let name = test.name.as_deref().map(|name| {
            let dots = name.match_indices('.').map(|(at, _)| &name[..at]);
            dots.into_iter()
                .find(|class| named.contains(&(test.path.as_str(), class)))
                .unwrap_or(name)
        });
        let name = name.filter(|_| !whole.contains(test.path.as_str()));
        if seen.insert((test.path.as_str(), name)) {
            kept.push(Test {
                path: test.path.clone(),
                name: name.map(str::to_owned),
            });
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(path: &str, name: Option<&str>) -> Test {
        Test {
            path: path.to_owned(),
            name: name.map(str::to_owned),
        }
    }

    #[test]
    fn a_test_beside_its_class_or_file_runs_once_where_the_first_of_them_stands() {
        let tests = [
            test("a.py", Some("A.test_one")),
            test("b.py", Some("test_two")),
            test("a.py", Some("A")),
            test("c.py", Some("test_three")),
            test("b.py", None),
            test("a.py", Some("B.test_four")),
        ];
        assert_eq!(
            compact(tests.iter()),
            [
                test("a.py", Some("A")),
                test("b.py", None),
                test("c.py", Some("test_three")),
                test("a.py", Some("B.test_four")),
            ]
        );
    }
}
