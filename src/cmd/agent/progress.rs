//! What goes on, for a person at a terminal: a tree that changes.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::super::context::{Context, variable};
use super::super::output::Color;
use super::tree::Tree;
use crate::agent::Step;
use crate::record::agent::Event;

/// A tree on standard error, if that is a terminal.
pub(super) struct Progress {
    drawn: Option<ProgressBar>,
    tree: Arc<Mutex<Tree>>,
    begun: Instant,
}

impl Progress {
    /// For a run that may have so many turns.
    pub(super) fn new(context: &Context, turns: u32) -> Self {
        let tree = Arc::new(Mutex::new(Tree::new(turns)));
        let begun = Instant::now();
        let shown = std::io::stderr().is_terminal() && !context.args.quiet;
        let color = match context.args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => variable("NO_COLOR").is_none(),
        };
        Self {
            drawn: shown.then(|| bar(&tree, begun, color)).flatten(),
            tree,
            begun,
        }
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something begins.
    pub(super) fn begin(&self, step: &Step<'_>) {
        self.tree().begin(step, self.begun.elapsed());
    }

    /// Something happened.
    pub(super) fn event(&self, event: &Event) {
        self.tree().event(event);
    }

    /// A test ended.
    pub(super) fn test(&self, name: &str) {
        self.tree().test(name);
    }

    /// Lets something be written, with the tree out of its way.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        match &self.drawn {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// The run has ended.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
    }
}

/// A bar that is the tree. It is drawn anew a few times a second.
fn bar(tree: &Arc<Mutex<Tree>>, begun: Instant, color: bool) -> Option<ProgressBar> {
    let tree = Arc::clone(tree);
    let draw = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let tree = tree.lock().unwrap_or_else(PoisonError::into_inner);
        // The spinner and a blank stand before the first line.
        let lines = tree.lines(width().saturating_sub(3), color, begun.elapsed());
        // Whoever cannot be written to sees nothing, and the run goes on.
        let _ = out.write_str(&lines.join("\n"));
    };
    let style = ProgressStyle::with_template("{spinner} {tree}").ok()?;
    let bar = ProgressBar::new_spinner();
    bar.set_style(style.with_key("tree", draw));
    bar.enable_steady_tick(Duration::from_millis(120));
    Some(bar)
}

/// Columns of the terminal.
fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.map_or(80, |size| usize::from(size.ws_col)).max(20)
}
