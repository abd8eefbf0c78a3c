//! What goes on, for a person at a terminal: one line that changes.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::context::Context;
use crate::agent::Ended;
use crate::record::agent::Event;

/// A line on standard error, if that is a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    calls: u64,
}

impl Progress {
    pub(super) fn new(context: &Context) -> Self {
        let shown = std::io::stderr().is_terminal() && !context.args.quiet;
        let bar = if shown {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Self { bar, calls: 0 }
    }

    /// Something happened.
    pub(super) fn event(&mut self, event: &Event) {
        let text = match event {
            Event::AgentCell { turn, .. } => format!("turn {turn}: a cell runs"),
            Event::AgentObservation { budget, .. } => format!("{budget}: the model thinks"),
            Event::AgentReply { key, .. } => {
                self.calls += 1;
                format!("{} answers, last {key}", self.calls)
            }
            Event::AgentCall { name, about, .. } => format!("{name} {about}"),
            Event::AgentGate { .. } => "the gate has judged".to_owned(),
            _ => return,
        };
        let line: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.bar.set_message(line);
    }

    /// A test ended.
    pub(super) fn test(&mut self, name: &str) {
        let line: String = name
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.bar.set_message(format!("tests: {line}"));
    }

    /// The run has ended.
    pub(super) fn finish(&mut self, _: &Ended) {
        self.bar.finish_and_clear();
    }
}
