//! What one file says: a pure function of (bytes of a blob, language).
//!
//! Absence: this layer knows no other file, no path and no Git. Names that a
//! file does not bind stay free; linking decides what they mean.

mod binds;
mod builder;
mod classes;
mod collections;
mod declare;
mod decorators;
mod define;
mod defs;
mod docs;
mod erase;
mod exprs;
pub mod format;
pub mod gate;
mod imports;
mod leaves;
mod modes;
mod operate;
mod operators;
mod owners;
mod patterns;
mod results;
mod scope;
mod tokens;
mod types;
mod view;
mod walk;

pub use builder::Place;
pub use format::{Facts, View};

use std::borrow::Cow;
use std::time::Duration;

use tree_sitter::Parser;

use crate::lang::{Lang, Trouble};

/// Why a file has no facts beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Parsing took longer than the deadline.
    Deadline,
    /// The gate refused it.
    Gate(gate::Reason),
    /// The grammar failed, one that a user added.
    Grammar,
}

/// What extraction gives: the facts, and how much of the file was no syntax.
#[derive(Debug)]
pub struct Extracted {
    /// The facts.
    pub facts: Facts,
    /// Lines of the file.
    pub lines: u32,
}

/// Extracts the facts of `source`. Broken code yields fewer facts, never an error.
pub fn extract(
    parser: &mut Parser,
    source: &[u8],
    lang: &Lang,
    deadline: Duration,
) -> Result<Extracted, Gap> {
    let tree = syntax(parser, source, lang, deadline)?;
    let (facts, _) = walked(&tree, source, lang, false)?;
    let lines = source.iter().filter(|byte| **byte == b'\n').count() as u32;
    Ok(Extracted { facts, lines })
}

/// Where each slot of the facts of `source` was made.
pub fn places(
    parser: &mut Parser,
    source: &[u8],
    lang: &Lang,
    deadline: Duration,
) -> Result<Vec<Place>, Gap> {
    let tree = syntax(parser, source, lang, deadline)?;
    Ok(walked(&tree, source, lang, true)?.1)
}

/// Walks a tree. Roles that somebody is writing may fit together in no way that
/// was thought of; that costs the file and not the run.
fn walked(
    tree: &tree_sitter::Tree,
    source: &[u8],
    lang: &Lang,
    places: bool,
) -> Result<(Facts, Vec<Place>), Gap> {
    let walk = || walk::facts(tree, source, lang.roles(), places);
    if !lang.is_added() {
        return Ok(walk());
    }
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(walk)).map_err(|_| Gap::Grammar)
}

/// The syntax tree of what the gate lets pass.
fn syntax(
    parser: &mut Parser,
    source: &[u8],
    lang: &Lang,
    deadline: Duration,
) -> Result<tree_sitter::Tree, Gap> {
    if let Some(reason) = gate::check(source) {
        return Err(Gap::Gate(reason));
    }
    let mut tree = parse(parser, source, lang, deadline)?;
    if tree.root_node().has_error() {
        // What the grammar does not know may be all that is wrong.
        let mended = lang.mend(source);
        if let Some(again) = mended.and_then(|text| parse(parser, &text, lang, deadline).ok()) {
            tree = again;
        }
    }
    Ok(tree)
}

/// Parses `source`, unless that takes longer than the deadline.
pub fn parse(
    parser: &mut Parser,
    source: &[u8],
    lang: &Lang,
    deadline: Duration,
) -> Result<tree_sitter::Tree, Gap> {
    let source = if lang.roles().traits.unknown_macros {
        erase::erase(source)
    } else {
        Cow::Borrowed(source)
    };
    let tree = lang.parse(parser, &source, deadline);
    tree.map_err(|trouble| match trouble {
        Trouble::Deadline => Gap::Deadline,
        Trouble::Grammar => Gap::Grammar,
    })
}

/// The sources of this layer: what it computes changes only when they do.
pub const SOURCES: &[&str] = &[
    include_str!("modes.rs"),
    include_str!("collections.rs"),
    include_str!("classes.rs"),
    include_str!("binds.rs"),
    include_str!("builder.rs"),
    include_str!("declare.rs"),
    include_str!("decorators.rs"),
    include_str!("define.rs"),
    include_str!("defs.rs"),
    include_str!("docs.rs"),
    include_str!("erase.rs"),
    include_str!("exprs.rs"),
    include_str!("format.rs"),
    include_str!("gate.rs"),
    include_str!("imports.rs"),
    include_str!("leaves.rs"),
    include_str!("mod.rs"),
    include_str!("owners.rs"),
    include_str!("operate.rs"),
    include_str!("operators.rs"),
    include_str!("patterns.rs"),
    include_str!("results.rs"),
    include_str!("scope.rs"),
    include_str!("tokens.rs"),
    include_str!("types.rs"),
    include_str!("view.rs"),
    include_str!("walk.rs"),
];
