//! The progress bar of indexing, on standard error, for people only.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::signals::Signals;
use crate::index::{Progress, Stage};

/// Counts files and lines, and draws them where a person looks.
pub struct Bar {
    signals: Signals,
    drawn: Option<ProgressBar>,
    files: AtomicUsize,
    lines: AtomicU64,
}

impl Bar {
    /// A bar that is drawn if `visible`.
    pub fn new(visible: bool, signals: Signals) -> Self {
        let bar = visible.then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template(
                "{prefix:>9} {bar:28} {pos}/{len} files  {msg}  {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self {
            signals,
            drawn: bar,
            files: AtomicUsize::new(0),
            lines: AtomicU64::new(0),
        }
    }

    /// Ends the bar; a sentence that sums up.
    pub fn finish(&self, elapsed: Duration) -> String {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
        let (files, lines) = (
            self.files.load(Ordering::Relaxed),
            self.lines.load(Ordering::Relaxed),
        );
        let seconds = elapsed.as_secs_f64();
        format!("indexed {files} files, {lines} lines in {seconds:.2} s")
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, files: usize) {
        let Some(bar) = &self.drawn else { return };
        match stage {
            Stage::Extract => {
                bar.set_length(files as u64);
                bar.set_prefix("parsing");
            }
            Stage::Link => bar.set_prefix("linking"),
            Stage::Write => bar.set_prefix("writing"),
        }
    }

    fn file(&self, lines: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        let lines = self.lines.fetch_add(lines, Ordering::Relaxed) + lines;
        if let Some(bar) = &self.drawn {
            bar.inc(1);
            let seconds = bar.elapsed().as_secs_f64().max(0.001);
            bar.set_message(format!("{:.0}k lines/s", lines as f64 / seconds / 1000.0));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.signals.arrived().is_some()
    }
}
