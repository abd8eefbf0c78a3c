//! A run from its beginning to its end.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::child::{Agent, Closed, Worked, work};
use super::draft::Draft;
use super::gate::{Gate, Verdict};
use super::land::{self, Found, Landed};
use super::leak::Meter;
use super::models::Models;
use super::session::Spec;
use super::trajectory::{RunId, Trajectory, answers_in};
use super::workplace::Workplace;
use super::{Error, Options};
use crate::model::{self, Budget, Limits, Money, ReplayClient, Report};
use crate::record::agent::{Event, Spent};
use crate::vector::Embedder;

/// All that a run has.
pub(super) struct Run<'a> {
    pub(super) place: &'a dyn Workplace,
    pub(super) options: &'a Options,
    pub(super) models: Models,
    pub(super) id: &'a RunId,
    pub(super) spec: Spec,
    pub(super) embedder: Box<dyn Embedder + 'a>,
    pub(super) budget: Budget,
    pub(super) draft: RefCell<Draft>,
    pub(super) gate: Gate,
    /// The edits that passed the gate, and what the model says of them.
    pub(super) passed: RefCell<Option<(Verdict, String)>>,
    /// Why the gate last refused.
    pub(super) refused: RefCell<Option<String>>,
    /// Answers of a recording to questions that are no longer the same.
    pub(super) diverged: Cell<u32>,
    /// Turns of the root so far.
    pub(super) turn: Cell<u32>,
    meter: RefCell<Option<Meter>>,
    trajectory: RefCell<Trajectory>,
    failed: RefCell<Option<Error>>,
}

impl Run<'_> {
    /// Takes note of something and tells of it, unless it was noted before.
    pub(super) fn note(&self, event: &Event) {
        match self.trajectory.borrow_mut().add(event) {
            Ok(true) => self.place.tell(event),
            Ok(false) => {}
            Err(error) => *self.failed.borrow_mut() = Some(error),
        }
    }

    /// Stops where the trajectory cannot be written.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// What is left, as one line: `turn 3/20 · 12k/50k tokens · $0.08`. The time
    /// is not in it, so that a run that is taken up again asks the same.
    pub(super) fn budget_line(&self, turn: u32) -> String {
        let report = self.budget.report();
        let limits = Limits {
            turns: Some(self.options.turns),
            wall: None,
            ..report.limits
        };
        Report {
            turns: turn,
            limits,
            ..report
        }
        .to_string()
    }

    /// The meter of what the root is shown.
    pub(super) fn meter<T>(&self, use_it: impl FnOnce(&mut Meter) -> T) -> Result<T, Error> {
        let mut meter = self.meter.borrow_mut();
        let meter = match &mut *meter {
            Some(meter) => meter,
            empty => empty.insert(Meter::new(self.place)?),
        };
        Ok(use_it(meter))
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The edits are in the working tree.
    Landed,
    /// They passed, and were to be shown only.
    Tested,
    /// There were none: the model gave an answer.
    Answered,
    /// They did not pass, and no turn is left.
    Rejected,
    /// The budget is spent.
    Budget,
    /// The working tree moved, and they were not written.
    Moved,
    /// Whoever started the run wants it to end.
    Stopped,
    /// The model gave no answer.
    Failed,
}

impl Outcome {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Tested => "tested",
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Budget => "budget",
            Self::Moved => "moved",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// The end of a run.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What the model says of it, or why it ended.
    pub summary: String,
    /// The edits as one diff, landed or not.
    pub diff: String,
    /// The model's failure, if that ended it.
    pub failure: Option<model::Error>,
}

/// Runs a task to its end, or takes up the run that the trajectory is of.
pub fn run(
    place: &dyn Workplace,
    options: &Options,
    models: Models,
    id: &RunId,
    trajectory: Trajectory,
    task: &str,
) -> Result<Ended, Error> {
    let begun = Instant::now();
    let before = trajectory.before.clone();
    let mut models = models;
    let mut task = task.to_owned();
    let mut count = 0;
    for event in &before {
        match event {
            Event::AgentStart {
                task: then, base, ..
            } => {
                task.clone_from(then);
                let landing = before
                    .iter()
                    .any(|event| matches!(event, Event::AgentLanding { .. }));
                if *base != place.base() && !landing {
                    return Err(Error::OtherTree { run: id.0.clone() });
                }
            }
            Event::AgentResume { .. } => count += 1,
            Event::AgentEnd { outcome, .. }
                if !["budget", "failed", "stopped"].contains(&outcome.as_str()) =>
            {
                return Err(Error::Over {
                    run: id.0.clone(),
                    outcome: outcome.clone(),
                });
            }
            _ => {}
        }
    }
    if !before.is_empty() {
        models.before = Some(Arc::new(ReplayClient::new("before", answers_in(&before))));
    }
    let (python, reads) = place.python()?;
    let run = Run {
        place,
        options,
        models,
        id,
        spec: Spec {
            chosen: place.sandbox(),
            python,
            reads,
            cell: options.cell,
        },
        embedder: place.embedder()?,
        budget: Budget::new(Limits {
            turns: None,
            tokens: Some(options.tokens),
            money: options.cost.and_then(Money::dollars),
            wall: Some(options.wall),
        }),
        draft: RefCell::default(),
        gate: Gate::default(),
        passed: RefCell::default(),
        refused: RefCell::default(),
        diverged: Cell::new(0),
        turn: Cell::new(0),
        meter: RefCell::default(),
        trajectory: RefCell::new(trajectory),
        failed: RefCell::default(),
    };
    let time = place.now().duration_since(UNIX_EPOCH);
    let time = time.map_or(0, |time| time.as_millis() as u64);
    run.note(&Event::AgentStart {
        run: id.0.clone(),
        task: task.clone(),
        model: run.models.root.name().to_owned(),
        sub_model: run.models.sub.name().to_owned(),
        head: place.head(),
        base: place.base(),
        sandbox: run.spec.chosen.sandbox.name().to_owned(),
        time,
    });
    if !before.is_empty() {
        count += 1;
        run.note(&Event::AgentResume {
            run: id.0.clone(),
            count,
            time,
        });
    }
    run.check()?;
    let (mut ended, turns) = match announced(&before) {
        Some((files, diff, summary)) => (finish_landing(&run, files, diff, summary)?, None),
        None => (None, None),
    };
    let mut turns = turns.unwrap_or(0);
    if ended.is_none() {
        let worked = drive(&run, &task)?;
        turns = worked.turns;
        ended = Some(conclude(&run, worked)?);
    }
    let Some(ended) = ended else {
        return Err(Error::NoRun { run: id.0.clone() });
    };
    finish(&run, &ended, turns, count, begun)?;
    Ok(ended)
}

type Announced<'a> = (&'a [(String, String, String)], &'a str, String);

/// The landing that was announced before a crash.
fn announced(before: &[Event]) -> Option<Announced<'_>> {
    let landing = before.iter().find_map(|event| match event {
        Event::AgentLanding { files, diff, .. } => Some((files.as_slice(), diff.as_str())),
        _ => None,
    })?;
    let summary = before.iter().rev().find_map(|event| match event {
        Event::AgentCall { name, about, .. } if name == "submit" => Some(about.clone()),
        _ => None,
    });
    Some((landing.0, landing.1, summary.unwrap_or_default()))
}

/// Ends a landing that a crash cut short. Nothing if the edits are not there
/// and nobody else touched the files: then the run does it all again.
fn finish_landing(
    run: &Run<'_>,
    files: &[(String, String, String)],
    diff: &str,
    summary: String,
) -> Result<Option<Ended>, Error> {
    let diff = diff.to_owned();
    Ok(match land::look(run, files)? {
        Found::After => {
            let paths = files.iter().map(|file| file.0.clone()).collect();
            land::complete(run, None, paths, &summary)?;
            Some(Ended {
                outcome: Outcome::Landed,
                summary,
                diff,
                failure: None,
            })
        }
        Found::Before => None,
        Found::Other(path) => Some(Ended {
            outcome: Outcome::Moved,
            summary: format!("`{path}` was changed by somebody else"),
            diff,
            failure: None,
        }),
    })
}

/// How often it is asked whether the run is to end.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until the run is to end.
async fn stopped(run: &Run<'_>) {
    while !run.place.stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Drives the root agent to its end.
fn drive(run: &Run<'_>, task: &str) -> Result<Worked, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Error::Io {
            action: "start",
            path: "tokio".into(),
            source,
        })?;
    let opening = super::prompts::opening(run.place, &*run.embedder, task, run.options.small)?;
    let worked = runtime.block_on(async {
        tokio::select! {
            biased;
            worked = work(run, Agent::root(opening)) => worked,
            // What is under way is dropped, and its sessions are killed.
            () = stopped(run) => Ok(Worked {
                closed: Closed::Stopped,
                turns: run.turn.get(),
            }),
        }
    });
    // A session that is still starting is not waited for.
    runtime.shutdown_background();
    worked
}

/// From how the root agent closed to how the run ended.
fn conclude(run: &Run<'_>, worked: Worked) -> Result<Ended, Error> {
    let passed = run.passed.borrow_mut().take();
    let end = |outcome, summary, diff, failure| Ended {
        outcome,
        summary,
        diff,
        failure,
    };
    // The tests may have run for long since it was told to stop.
    if run.place.stopped() {
        let diff = run.draft.borrow().diff();
        let why = "it was told to stop".to_owned();
        return Ok(end(Outcome::Stopped, why, diff, None));
    }
    if let Some((verdict, summary)) = passed {
        let diff = String::from_utf8_lossy(&verdict.plan.diff()).into_owned();
        return Ok(match land::land(run, verdict, &summary)? {
            Landed::Yes => end(Outcome::Landed, summary, diff, None),
            Landed::Shown => end(Outcome::Tested, summary, diff, None),
            Landed::No(why) => end(Outcome::Moved, why, diff, None),
        });
    }
    let diff = run.draft.borrow().diff();
    Ok(match worked.closed {
        Closed::Submitted(answer) => end(Outcome::Answered, answer, diff, None),
        Closed::Stopped => end(
            Outcome::Stopped,
            "it was told to stop".to_owned(),
            diff,
            None,
        ),
        Closed::Failed(error) => end(Outcome::Failed, error.to_string(), diff, Some(error)),
        Closed::Spent(why) => match run.refused.borrow_mut().take() {
            Some(reason) if worked.turns >= run.options.turns => {
                end(Outcome::Rejected, reason, diff, None)
            }
            _ => end(Outcome::Budget, why, diff, None),
        },
    })
}

fn finish(
    run: &Run<'_>,
    ended: &Ended,
    turns: u32,
    count: u64,
    begun: Instant,
) -> Result<(), Error> {
    let mut draft = None;
    if ended.outcome != Outcome::Landed && !ended.diff.is_empty() {
        let name = "draft.diff";
        let trajectory = run.trajectory.borrow();
        trajectory.put(name, ended.diff.as_bytes())?;
        let path = trajectory.folder().join(name);
        draft = Some(path.to_string_lossy().into_owned());
    }
    let (leak, peeked) = match &*run.meter.borrow() {
        Some(meter) => (meter.longest as u64, meter.peeked_characters),
        None => (0, 0),
    };
    let report = run.budget.report();
    let spent = |spent: &model::Spent| Spent {
        prompt_tokens: spent.usage.prompt_tokens,
        cached_tokens: spent.usage.cached_tokens,
        completion_tokens: spent.usage.completion_tokens,
        calls: spent.calls,
        cost: spent.money.as_dollars(),
    };
    run.note(&Event::AgentEnd {
        key: format!("end/{count}"),
        outcome: ended.outcome.name().to_owned(),
        summary: ended.summary.clone(),
        turns,
        root: spent(&report.root),
        sub: spent(&report.sub),
        leak,
        peeked,
        draft,
        milliseconds: begun.elapsed().as_millis() as u64,
    });
    if run.diverged.get() > 0 {
        run.place.warn(&format!(
            "{} recorded answers were given to questions that are not the recorded ones",
            run.diverged.get()
        ));
    }
    run.check()
}
