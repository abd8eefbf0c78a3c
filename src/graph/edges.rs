//! The flow edges that are found while solving.

use rustc_hash::FxHashSet;

use crate::facts::format::NONE;

/// A flow edge, in its slot's list.
#[derive(Clone, Copy)]
pub(super) struct EdgeCell {
    pub(super) to: u32,
    /// The receiver that functions are bound to, or [`NONE`].
    pub(super) receiver: u32,
    pub(super) next: u32,
}

/// The flow edges that are found while solving.
#[derive(Default)]
pub(super) struct Edges {
    heads: Vec<u32>,
    pub(super) cells: Vec<EdgeCell>,
    seen: FxHashSet<(u32, u32, u32)>,
    /// Edges below this one have passed on what comes again.
    pub(super) old: u32,
}

/// Longest list that is searched for a duplicate; longer ones keep a set.
const SHORT: usize = 12;

impl Edges {
    pub(super) fn first(&self, slot: u32) -> u32 {
        self.heads.get(slot as usize).copied().unwrap_or(NONE)
    }

    /// Adds an edge; `false` where it was there.
    pub(super) fn insert(&mut self, from: u32, to: u32, receiver: u32) -> bool {
        let at = from as usize;
        if at >= self.heads.len() {
            self.heads.resize((at + 1).next_power_of_two(), NONE);
        }
        let first = self.heads[at];
        let (mut walk, mut length) = (first, 0);
        while let Some(cell) = self.cells.get(walk as usize) {
            if (cell.to, cell.receiver) == (to, receiver) {
                return false;
            }
            length += 1;
            if length > SHORT {
                break;
            }
            walk = cell.next;
        }
        if length > SHORT && !self.seen.insert((from, to, receiver)) {
            return false;
        }
        self.heads[at] = self.cells.len() as u32;
        self.cells.push(EdgeCell {
            to,
            receiver,
            next: first,
        });
        true
    }
}
