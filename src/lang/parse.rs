//! One parse within a deadline, whatever the grammar runs on.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use super::Lang;

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Parsing took longer than the deadline.
    Deadline,
    /// The grammar failed: it trapped, or it cannot be run any more.
    Grammar,
}

impl Lang {
    /// Parses `source`. A grammar of the binary is run by `parser`; one that a
    /// user added has parsers of its own, in threads that can be given up.
    pub fn parse(
        &self,
        parser: &mut Parser,
        source: &[u8],
        deadline: Duration,
    ) -> Result<Tree, Trouble> {
        if let Some(guard) = &self.guard {
            return guard.parse(source, deadline);
        }
        let set = parser.set_language(&self.grammar);
        set.map_err(|_| Trouble::Grammar)?;
        within(parser, source, deadline)
    }
}

/// Parses with the language that `parser` was given.
pub(super) fn within(
    parser: &mut Parser,
    source: &[u8],
    deadline: Duration,
) -> Result<Tree, Trouble> {
    let until = Instant::now() + deadline;
    let mut late = false;
    let mut progress = |_: &ParseState| {
        late = Instant::now() > until;
        if late {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |at: usize, _| source.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    tree.ok_or_else(|| {
        parser.reset();
        if late {
            Trouble::Deadline
        } else {
            Trouble::Grammar
        }
    })
}
