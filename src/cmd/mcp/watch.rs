//! How far indexing is, for a client that wants to know, and whether anybody
//! still waits for the answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::index::{Progress, Stage};

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Files so far; grows from step to step.
    pub done: u64,
    /// Files in all.
    pub total: u64,
    /// What is done with them.
    pub stage: &'static str,
}

/// Hears of indexing, passes it on a few times a second, and can stop it.
pub struct Watch {
    stopped: AtomicBool,
    started: Instant,
    /// Files of stages that are over.
    before: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    /// Milliseconds after the start at which the next step may be told.
    next: AtomicU64,
    steps: UnboundedSender<Step>,
}

/// Shortest time between two steps.
const PACE: Duration = Duration::from_millis(100);

impl Watch {
    /// Tells its steps to `steps`.
    pub fn new(steps: UnboundedSender<Step>) -> Self {
        Self {
            stopped: AtomicBool::new(false),
            started: Instant::now(),
            before: AtomicU64::new(0),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            next: AtomicU64::new(0),
            steps,
        }
    }

    /// Nobody waits any more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits any more.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn tell(&self, stage: &'static str) {
        let step = Step {
            done: self.before.load(Ordering::Relaxed) + self.done.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
            stage,
        };
        // Whoever listened may have gone.
        let _ = self.steps.send(step);
    }
}

impl Progress for Watch {
    fn begin(&self, stage: Stage, files: usize) {
        // Linking and writing are one step each behind the files: progress
        // has to grow.
        match stage {
            Stage::Extract => {
                let before =
                    self.before.load(Ordering::Relaxed) + self.done.swap(0, Ordering::Relaxed);
                self.before.store(before, Ordering::Relaxed);
                self.total
                    .store(before + files as u64 + 2, Ordering::Relaxed);
                self.tell("parsing");
            }
            Stage::Link => {
                self.done.fetch_add(1, Ordering::Relaxed);
                self.tell("linking");
            }
            Stage::Write => {
                self.done.fetch_add(1, Ordering::Relaxed);
                self.tell("writing");
            }
        }
    }

    fn file(&self, _: u64) {
        self.done.fetch_add(1, Ordering::Relaxed);
        let now = self.started.elapsed().as_millis() as u64;
        let next = self.next.load(Ordering::Relaxed);
        let until = now + PACE.as_millis() as u64;
        let turn = now >= next
            && self
                .next
                .compare_exchange(next, until, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if turn {
            self.tell("parsing");
        }
    }

    fn is_cancelled(&self) -> bool {
        self.is_stopped()
    }
}
