//! How long a step is: hundredths of a plain call.
//!
//! A length stands for a doubt: that a test which goes this way really runs
//! what changed. Twice as many possible targets at one site, twice as many
//! overriding methods, twice as many symbols of one name are one call more.

use crate::index::records::{EdgeRec, edge_flag};

/// A call that is written and decided.
pub(super) const CALL: u32 = 100;
/// What a flow of values decided is doubted a little.
const INFERRED: u32 = 50;
/// A mention may pass something on that is never called.
pub(super) const MENTION: u32 = 200;
/// An inner function that its outer one hands out: who calls it is known.
pub(super) const HANDED_OUT: u32 = 500;
/// A subclass of what changed.
pub(super) const SUBCLASS: u32 = 150;
/// A method that overrides what changed, and need not run it.
pub(super) const OVERRIDES: u32 = 400;
/// A method that is overridden by what is reached: its callers may arrive there.
pub(super) const OVERRIDDEN: u32 = 50;
/// The class of a changed method: instances may run it unseen.
pub(super) const HOLDER: u32 = 250;
/// What holds something that nobody is seen to use.
pub(super) const UNUSED: u32 = 400;
/// Importing a file runs the code at its top, and nothing else of it.
pub(super) const IMPORT: u32 = 300;
/// A class body that runs something: when the class is made, once.
pub(super) const BODY: u32 = 200;
/// A test that takes what test code near it offers as a parameter.
pub(super) const PARAMETER: u32 = 150;
/// The same from somewhere that is not seen to be in its reach.
pub(super) const FAR_PARAMETER: u32 = 700;
/// The tests of a class whose set-up is reached.
pub(super) const SET_UP: u32 = 100;
/// An undecided call of something of that name.
const NAME: u32 = 300;
/// Test code that has the name in it.
const WORD: u32 = 500;

/// One more for each doubling.
pub(super) fn doublings(count: usize) -> u32 {
    100 * count.max(1).ilog2()
}

/// A call at a site with so many possible targets.
pub(super) fn call(edge: &EdgeRec, targets: u32) -> u32 {
    let inferred = if edge.column & edge_flag::INFERRED == 0 {
        0
    } else {
        INFERRED
    };
    CALL + inferred + doublings(targets as usize)
}

/// Importing a file that so many others import.
pub(super) fn import(importers: usize) -> u32 {
    IMPORT + doublings(importers) / 2
}

/// A call through a method that so many others override.
pub(super) fn overridden(overriders: usize) -> u32 {
    OVERRIDDEN + doublings(overriders)
}

/// An undecided call, of so many sites and so many symbols of one name.
pub(super) fn by_name(sites: usize, symbols: usize) -> u32 {
    NAME + doublings(symbols) + doublings(sites) / 2
}

/// One of so many pieces of code that have a name in them.
pub(super) fn by_word(places: usize) -> u32 {
    WORD + doublings(places)
}
