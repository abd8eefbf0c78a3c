//! The tests of a push: the nearest to the change first, a few and then more,
//! until one is broken or the time is over.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::Error;
use super::reports::counted;
use super::runs::{self, Ended, Tool, Trial};
use super::selection::{self, Near, Selection};
use super::test;
use crate::git::{ObjectId, Repo};
use crate::record::Record;
use crate::runner::{Bounds, Case, Changed, Outcome, Project, Test, Wanted};
use crate::sandbox;

/// So many tests are run first.
const FIRST: usize = 64;
/// Fewer are not worth a start of the runner of their own.
const FEW: usize = 200;
/// The base gets at least so much time for the tests that fail now.
const BASE: Duration = Duration::from_secs(30);

/// The tests of one push, with one runner.
pub(super) struct Check<'a> {
    pub repo: &'a Repo,
    pub base: ObjectId,
    pub tool: &'a Tool,
    pub project: &'a Project<'a>,
    pub chosen: &'a sandbox::Chosen,
    pub bounds: Bounds,
    pub selection: &'a Selection,
    /// Only tests that are no farther; 0 is no limit.
    pub within: u64,
    pub pushed: &'a [Changed],
}

/// What the tests came to.
#[derive(Default)]
pub(super) struct Checked {
    /// Tests that passed before and fail now, and those that fail as before.
    pub broken: BTreeSet<String>,
    pub failed_before: bool,
    /// Lines for whoever pushes.
    pub said: Vec<String>,
    counts: [usize; 3],
    seen: BTreeSet<String>,
    took: Duration,
}

impl Check<'_> {
    /// Runs them.
    pub fn run(&self) -> Result<Checked, Error> {
        let mut checked = Checked::default();
        let all = &self.selection.nearest;
        let near = |near: &&Near| selection::is_within(near, self.within);
        let order: Vec<&Near> = all.iter().filter(near).collect();
        let ended = if self.selection.tests.is_none() {
            self.batch(None, &mut checked)?;
            order.len()
        } else {
            self.in_order(&order, &mut checked)?
        };
        let [passed, failed, skipped] = checked.counts;
        let told = format!(
            "{passed} passed, {failed} failed, {skipped} skipped ({} in {}, {:.1} s)",
            self.tool.name(),
            self.chosen.sandbox.name(),
            checked.took.as_secs_f64()
        );
        checked.said.push(told);
        if checked.broken.is_empty() && ended < all.len() {
            checked.said.push(self.left_out(&order, ended));
        }
        Ok(checked)
    }

    /// What was not run, and why.
    fn left_out(&self, order: &[&Near], ended: usize) -> String {
        let far = self.selection.nearest.len() - order.len();
        let mut why = Vec::new();
        if ended < order.len() {
            let seconds = self.bounds.wall.as_secs();
            let count = counted(order.len() - ended, "test");
            why.push(format!("{count} did not fit into {seconds} s"));
        }
        if far > 0 {
            let within = self.within;
            why.push(format!(
                "{} farther than {within} calls",
                counted(far, "test")
            ));
        }
        let mut rest = self.selection.nearest.iter();
        let next = match order.get(ended) {
            Some(near) => Some(*near),
            None => rest.find(|near| !selection::is_within(near, self.within)),
        };
        let next = next.map(Near::told).unwrap_or_default();
        format!("left out: {}; next is {next}", why.join(", "))
    }

    /// Runs tests in batches; how many of them were run to their end.
    fn in_order(&self, order: &[&Near], checked: &mut Checked) -> Result<usize, Error> {
        let mut done = 0;
        let mut size = if order.len() <= FEW { FEW } else { FIRST };
        while done < order.len() {
            let end = order.len().min(done + size);
            let tests = order[done..end].iter().map(|near| &near.test);
            let tests = selection::compact(tests);
            let before = checked.took;
            if !self.batch(Some(tests), checked)? {
                return Ok(done);
            }
            done = end;
            let left = self.bounds.wall.saturating_sub(checked.took);
            let took = checked
                .took
                .saturating_sub(before)
                .max(Duration::from_millis(1));
            if !checked.broken.is_empty() || left < took {
                break;
            }
            // As many as the time that is left allows at the speed so far.
            let more = left.as_secs_f64() / took.as_secs_f64() * size as f64;
            size = (more as usize).clamp(size, size * 4);
        }
        if checked.seen.is_empty() {
            return Err(Error::NoTests {
                why: "none of the tests that reach the change was found by the runner".to_owned(),
            });
        }
        Ok(done)
    }

    /// Runs some tests, all if `None`; whether it came to their end.
    fn batch(&self, tests: Option<Vec<Test>>, checked: &mut Checked) -> Result<bool, Error> {
        let whole = tests.is_none();
        let wall = self.bounds.wall.saturating_sub(checked.took);
        let now = self.trial(tests.clone(), self.pushed, None, wall)?;
        checked.took += now.took;
        for case in &now.cases {
            if checked
                .seen
                .insert(format!("{:?} {}", case.path, case.name))
            {
                let at = match case.outcome {
                    Outcome::Passed => 0,
                    Outcome::Failed | Outcome::Errored => 1,
                    Outcome::Skipped => 2,
                };
                checked.counts[at] += 1;
            }
        }
        let failed = now.count(Outcome::Failed) + now.count(Outcome::Errored);
        if failed > 0 {
            self.compare(tests, &now, checked)?;
        }
        match now.verdict {
            Ok(()) => Ok(true),
            Err(Error::TestsFailed { .. }) if failed > 0 => Ok(true),
            // A file that was reached may hold no test.
            Err(Error::NoTests { .. }) if !whole => Ok(true),
            Err(Error::LimitHit { limit: "wall", .. }) if !whole => Ok(false),
            // A runner that fails without a failed test is no verdict about the push.
            Err(error) => Err(error),
        }
    }

    /// Which of the tests that fail passed on the base.
    fn compare(
        &self,
        tests: Option<Vec<Test>>,
        now: &Ended,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        let files = test::paths_of(self.repo, self.base)?;
        let tests = tests.map(|tests| of_failures(&tests, &now.cases).unwrap_or(tests));
        let tests = runs::on_base(tests.as_ref(), &self.selection.added, &files);
        let before = if tests.as_ref().is_some_and(Vec::is_empty) {
            Vec::new()
        } else {
            let base = runs::differing(self.repo, self.base)?;
            let left = self.bounds.wall.saturating_sub(checked.took);
            self.trial(tests, &base, Some("base"), left.max(BASE))?
                .cases
        };
        let broken = checked.broken.len();
        for change in runs::compare(&before, &now.cases) {
            if let Record::TestChange {
                name,
                verdict: "broken",
                ..
            } = change
            {
                checked.broken.insert(name);
            }
        }
        checked.failed_before |= broken == checked.broken.len();
        Ok(())
    }

    fn trial(
        &self,
        tests: Option<Vec<Test>>,
        changes: &[Changed],
        side: Option<&'static str>,
        wall: Duration,
    ) -> Result<Ended, Error> {
        let wanted = Wanted {
            tests,
            args: Vec::new(),
        };
        let bounds = Bounds {
            wall,
            ..self.bounds
        };
        Trial {
            project: self.project,
            changes,
            chosen: self.chosen,
            bounds,
            side,
        }
        .run(self.tool, &wanted, &mut |_| {})
    }
}

/// The tests that the failures are of; none where one of them cannot be found.
fn of_failures(tests: &[Test], cases: &[Case]) -> Option<Vec<Test>> {
    let failed = |case: &&Case| matches!(case.outcome, Outcome::Failed | Outcome::Errored);
    let mut kept: Vec<Test> = Vec::new();
    for case in cases.iter().filter(failed) {
        let mut found = tests.iter().filter(|test| is_of(test, case)).peekable();
        found.peek()?;
        for test in found {
            if !kept.contains(test) {
                kept.push(test.clone());
            }
        }
    }
    Some(kept)
}

/// Whether a runner's case is of a test, or of its class or file.
fn is_of(test: &Test, case: &Case) -> bool {
    let file = test.path.rsplit('/').next().unwrap_or(&test.path);
    let stem = file.split('.').next().unwrap_or(file);
    let name = case.name.replace("::", ".").replace('/', ".");
    let plain = name.split(['[', '(']).next().unwrap_or(&name);
    let parts: Vec<&str> = plain.trim().split('.').collect();
    let in_file = match &case.path {
        Some(path) => *path == test.path,
        None => parts.contains(&stem),
    };
    let wanted = test.name.as_deref().map(|name| name.split('.').collect());
    in_file
        && wanted.is_none_or(|wanted: Vec<&str>| {
            parts
                .windows(wanted.len())
                .any(|window| window == wanted.as_slice())
        })
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

    fn case(name: &str, path: Option<&str>, outcome: Outcome) -> Case {
        Case {
            name: name.to_owned(),
            path: path.map(str::to_owned),
            outcome,
            time: None,
            message: None,
        }
    }

    #[test]
    fn the_base_runs_the_tests_that_failures_are_of_and_no_others() {
        let tests = [
            test("tests/a/test_text.py", Some("Text.test_one")),
            test("tests/a/test_text.py", Some("Text.test_two")),
            test("tests/test_b.py", Some("Class")),
            test("tests/test_c.py", None),
        ];
        let cases = [
            case("a.test_text.Text.test_one", None, Outcome::Failed),
            case("a.test_text.Text.test_two", None, Outcome::Passed),
            case(
                "tests/test_b.py::Class::test_x[1.5]",
                Some("tests/test_b.py"),
                Outcome::Errored,
            ),
        ];
        let kept = of_failures(&tests, &cases).expect("each is found");
        assert_eq!(kept, [tests[0].clone(), tests[2].clone()]);
        let cases = [case("somewhere else", None, Outcome::Failed)];
        assert_eq!(of_failures(&tests, &cases), None);
    }
}
