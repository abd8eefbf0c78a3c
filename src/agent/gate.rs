//! The gate: what may land.
//!
//! Tests run on the base and on the patched copy, in the sandbox, and what the
//! model says of its edits counts for nothing. Edits pass if something ran,
//! nothing that passed fails now or is gone, and nothing stopped the tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use super::protect;
use super::workplace::{Trial, Which, Workplace};
use super::{Error, Options, Tests};
use crate::patch::Plan;
use crate::record::agent::Event;
use crate::runner::Outcome;

/// What the gate says.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdict {
    /// Why the edits may not land; nothing where they may.
    pub(super) reason: Option<String>,
    /// The edits without those of protected files: what was tested, and what
    /// may land.
    pub(super) plan: Plan,
    /// Tests that ran on the patched copy.
    pub(super) ran: u32,
    pub(super) fixed: Vec<String>,
    pub(super) broken: Vec<String>,
    pub(super) failing: u32,
    pub(super) restored: Vec<String>,
    pub(super) notes: Vec<String>,
    milliseconds: u64,
}

impl Verdict {
    /// Whether the edits may land.
    pub(super) fn passed(&self) -> bool {
        self.reason.is_none()
    }

    /// As a record.
    pub(super) fn event(&self, key: &str) -> Event {
        Event::AgentGate {
            key: format!("{key}/gate"),
            passed: self.passed(),
            reason: self.reason.clone(),
            ran: self.ran,
            fixed: self.fixed.clone(),
            broken: self.broken.clone(),
            failing: self.failing,
            restored: self.restored.clone(),
            notes: self.notes.clone(),
            milliseconds: self.milliseconds,
        }
    }

    /// For the model to read.
    pub(super) fn told(&self) -> String {
        let mut lines = vec![match &self.reason {
            Some(reason) => format!("rejected: {reason}"),
            None => format!("accepted: {} tests ran, none is broken", self.ran),
        }];
        let list = |title: &str, names: &[String]| {
            let shown: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
            let more = if names.len() > 10 { ", …" } else { "" };
            (!names.is_empty()).then(|| format!("{title}: {}{more}", shown.join(", ")))
        };
        lines.extend(list("broken", &self.broken));
        lines.extend(list("fixed", &self.fixed));
        lines.extend(list("put back to what they were", &self.restored));
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }
}

/// The gate of a run; it runs the tests of the base once.
#[derive(Default)]
pub(super) struct Gate {
    base: RefCell<BTreeMap<Which, Trial>>,
}

impl Gate {
    /// What the base says.
    fn base(&self, place: &dyn Workplace, which: &Which) -> Result<Trial, Error> {
        if let Some(known) = self.base.borrow().get(which) {
            return Ok(known.clone());
        }
        let found = place.test(None, which)?;
        self.base.borrow_mut().insert(which.clone(), found.clone());
        Ok(found)
    }

    /// Forgets what was found of a base that is another now.
    pub(super) fn forget(&self) {
        self.base.borrow_mut().clear();
    }

    /// Judges edits.
    pub(super) fn judge(
        &self,
        place: &dyn Workplace,
        options: &Options,
        plan: &Plan,
    ) -> Result<Verdict, Error> {
        let begun = Instant::now();
        let (plan, restored) = if options.test_changes {
            (plan.clone(), Vec::new())
        } else {
            protect::put_back(plan)
        };
        let mut verdict = Verdict {
            plan,
            restored,
            ..Verdict::default()
        };
        if verdict.plan.changes.is_empty() {
            verdict.reason = Some(if verdict.restored.is_empty() {
                "there are no edits".to_owned()
            } else {
                "there are no edits but those of tests and their configuration".to_owned()
            });
        } else {
            self.weigh(place, options, &mut verdict)?;
        }
        verdict.milliseconds = begun.elapsed().as_millis() as u64;
        Ok(verdict)
    }

    fn weigh(
        &self,
        place: &dyn Workplace,
        options: &Options,
        verdict: &mut Verdict,
    ) -> Result<(), Error> {
        let affected = match &options.tests {
            Tests::Command(command) => {
                let which = Which::Command(command.clone());
                return self.compare(place, options, verdict, &which);
            }
            Tests::All | Tests::Affected => place.affected(&verdict.plan)?,
        };
        let affected = affected.filter(|tests| !tests.is_empty()).map(Which::Some);
        match (affected, &options.tests) {
            (Some(which), Tests::Affected) => self.compare(place, options, verdict, &which),
            (None, Tests::Affected) => {
                verdict
                    .notes
                    .push("no test is known to reach the change, so all tests were run".to_owned());
                self.compare(place, options, verdict, &Which::All)
            }
            (Some(which), _) => {
                // Those that reach the change fail first; what they say is
                // compared with what all tests said of the base.
                let base = self.base(place, &Which::All)?;
                let first = place.test(Some(&verdict.plan), &which)?;
                let broken = broken_in(&base, &first);
                if broken.is_empty() && first.trouble.is_none() {
                    return self.compare(place, options, verdict, &Which::All);
                }
                verdict.ran = first.ran();
                verdict.reason = Some(reason(&base, &first, &broken));
                verdict.broken = broken;
                Ok(())
            }
            (None, _) => self.compare(place, options, verdict, &Which::All),
        }
    }

    fn compare(
        &self,
        place: &dyn Workplace,
        options: &Options,
        verdict: &mut Verdict,
        which: &Which,
    ) -> Result<(), Error> {
        let base = self.base(place, which)?;
        let patched = place.test(Some(&verdict.plan), which)?;
        let mut broken = broken_in(&base, &patched);
        broken.extend(gone(&base, &patched));
        let new: Vec<String> = patched
            .bad()
            .filter(|(name, _)| !base.cases.contains_key(*name))
            .map(|(name, _)| name.clone())
            .collect();
        let was_there: Vec<String> = broken_in(&base, &patched);
        if patched.trouble.is_none() && !was_there.is_empty() {
            // A test that fails on the base as well, asked again, says nothing.
            let again = place.test(None, which)?;
            broken.retain(|name| {
                let flaky = again
                    .cases
                    .get(name)
                    .is_some_and(|ending| ending.outcome != Outcome::Passed)
                    && base
                        .cases
                        .get(name)
                        .is_some_and(|ending| ending.outcome == Outcome::Passed);
                if flaky {
                    let note = format!("`{name}` fails on the base now and then");
                    verdict.notes.push(note);
                }
                !flaky
            });
        }
        broken.extend(new);
        broken.sort();
        broken.dedup();
        verdict.ran = patched.ran();
        verdict.fixed = base
            .bad()
            .filter(|(name, _)| {
                let now = patched.cases.get(*name);
                now.is_some_and(|now| now.outcome == Outcome::Passed)
            })
            .map(|(name, _)| name.clone())
            .collect();
        verdict.failing = patched.bad().count() as u32;
        if patched.denied_network > base.denied_network {
            let more = patched.denied_network - base.denied_network;
            verdict.notes.push(format!(
                "{more} more attempts to reach the network were refused"
            ));
        }
        if let Which::Command(_) = which {
            // What the user's own command says is all there is to go by.
            if !patched.is_good() {
                verdict.reason = Some("the command fails on the edits".to_owned());
            }
            verdict.broken = broken;
            return Ok(());
        }
        let trouble = patched.trouble.is_some() && base.trouble.is_none();
        let stopped = patched.trouble.is_some() && patched.ran() == 0;
        if verdict.ran == 0 && options.untested && patched.trouble.is_none() {
            verdict.notes.push("no test ran".to_owned());
        } else if verdict.ran == 0 || trouble || stopped || !broken.is_empty() {
            verdict.reason = Some(reason(&base, &patched, &broken));
        } else if verdict.fixed.is_empty() {
            verdict
                .notes
                .push("no test that failed before passes now".to_owned());
        }
        verdict.broken = broken;
        Ok(())
    }
}

/// Tests that passed on the base and do not now, and tests that failed on it
/// and are left out now: what does not run hides what it would say.
fn broken_in(base: &Trial, patched: &Trial) -> Vec<String> {
    let broken = |name: &&String| {
        let (Some(before), Some(now)) = (base.cases.get(*name), patched.cases.get(*name)) else {
            return false;
        };
        match before.outcome {
            Outcome::Passed => now.outcome != Outcome::Passed,
            Outcome::Failed | Outcome::Errored => now.outcome == Outcome::Skipped,
            Outcome::Skipped => false,
        }
    };
    base.cases.keys().filter(broken).cloned().collect()
}

/// Tests of the base that are not there now.
fn gone(base: &Trial, patched: &Trial) -> Vec<String> {
    let known = base.cases.keys();
    known
        .filter(|name| !patched.cases.contains_key(*name))
        .cloned()
        .collect()
}

fn reason(base: &Trial, patched: &Trial, broken: &[String]) -> String {
    if let Some(trouble) = &patched.trouble {
        return format!("the tests did not run to their end: {trouble}");
    }
    if patched.ran() == 0 {
        return "0 tests ran, which is no pass".to_owned();
    }
    let gone = broken
        .iter()
        .filter(|name| base.cases.contains_key(*name) && !patched.cases.contains_key(*name))
        .count();
    match (broken.len() - gone, gone) {
        (0, gone) => format!("{gone} tests of the base are gone"),
        (failing, 0) => format!("{failing} tests do not pass that did, or are left out now"),
        (failing, gone) => {
            format!("{failing} tests do not pass that did, and {gone} are gone")
        }
    }
}
