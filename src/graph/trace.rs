//! What linking notes of itself, where it is asked to: why each value came
//! into each slot, and why each call got each target.
//!
//! Ordinary linking notes nothing: there is no [`Trace`] then, and each place
//! that would note something asks for it once. What is noted is in the order of
//! time, and a cause is always older than what it caused: a way back through
//! causes ends.

use rustc_hash::FxHashMap;

use super::names::Linker;
use super::values::Value;
use crate::facts::format::NONE;

/// By what something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// Nothing flowed yet: a name was bound, a value was there from the start.
    Start,
    /// Operation `at` of the slot's own, in its file.
    Op(u32),
    /// A flow edge that was found while solving.
    Edge(u32),
    /// Operation `at` of those that were hung on the slot while solving.
    Hung(u32),
    /// The type satisfies the interface of a call's receiver.
    Satisfies,
    /// The class is below that of an abstract member.
    Below,
    /// A function stands where the type of functions is written.
    Context,
}

/// Why something happened: what arrived where, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// The slot in which something arrived, or [`NONE`].
    pub(super) slot: u32,
    /// What arrived there.
    pub(super) value: Value,
    /// What was done with it.
    pub(super) via: Via,
}

impl Cause {
    /// No cause among values.
    pub(super) const START: Self = Self {
        slot: NONE,
        value: Value(0),
        via: Via::Start,
    };
}

/// A value came into a slot, or became sure there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) value: Value,
    pub(super) cause: Cause,
    /// What came into the same slot before, or [`NONE`].
    before: u32,
}

/// A call got a target, or became sure of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub(super) target: u32,
    pub(super) arg: u32,
    pub(super) inferred: bool,
    pub(super) cause: Cause,
    /// How many arrivals there were by then.
    pub(super) time: u32,
    before: u32,
}

/// A flow edge and why it is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laid {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) cause: Cause,
}

/// What linking noted of itself.
#[derive(Default)]
pub(super) struct Trace {
    now: Option<Cause>,
    arrivals: Vec<Arrival>,
    /// Per slot, its last arrival.
    last: Vec<u32>,
    decisions: Vec<Decision>,
    /// Per call, its last decision.
    decided: FxHashMap<u32, u32>,
    /// Per flow edge.
    laid: Vec<Laid>,
    /// Per mention that was found through a member.
    refers: Vec<Cause>,
}

impl Trace {
    fn now(&self) -> Cause {
        self.now.unwrap_or(Cause::START)
    }

    /// Notes that `value` came into `slot`.
    #[cold]
    pub(super) fn arrive(&mut self, slot: u32, value: Value) {
        let at = slot as usize;
        if at >= self.last.len() {
            self.last.resize(at + 1, NONE);
        }
        let before = std::mem::replace(&mut self.last[at], self.arrivals.len() as u32);
        let cause = self.now();
        self.arrivals.push(Arrival {
            value,
            cause,
            before,
        });
    }

    #[cold]
    fn decide(&mut self, call: u32, target: u32, arg: u32, inferred: bool) {
        let at = self.decisions.len() as u32;
        let before = self.decided.insert(call, at).unwrap_or(NONE);
        self.decisions.push(Decision {
            target,
            arg,
            inferred,
            cause: self.now(),
            time: self.arrivals.len() as u32,
            before,
        });
    }

    /// How `value` came into `slot` before `time`, with the time of that. It may
    /// have come twice: first by a flow, then for sure.
    pub(super) fn arrival(&self, slot: u32, value: Value, time: u32) -> Option<(u32, Arrival)> {
        let mut at = self.last.get(slot as usize).copied().unwrap_or(NONE);
        while let Some(arrival) = self.arrivals.get(at as usize) {
            if at < time && arrival.value == value {
                return Some((at, *arrival));
            }
            at = arrival.before;
        }
        None
    }

    /// Every decision about a call, the last first.
    pub(super) fn decisions(&self, call: u32) -> impl Iterator<Item = &Decision> + '_ {
        let mut at = self.decided.get(&call).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let decision = self.decisions.get(at as usize)?;
            at = decision.before;
            Some(decision)
        })
    }

    /// A flow edge.
    pub(super) fn laid(&self, edge: u32) -> Option<&Laid> {
        self.laid.get(edge as usize)
    }

    /// All flow edges.
    pub(super) fn all_laid(&self) -> &[Laid] {
        &self.laid
    }

    /// Why a mention was found through a member.
    pub(super) fn refers(&self, at: usize) -> Cause {
        self.refers.get(at).copied().unwrap_or(Cause::START)
    }

    fn catch_up(&mut self, refers: usize) {
        let now = self.now();
        self.refers.resize(refers, now);
    }
}

impl Linker<'_> {
    /// Notes everything from now on.
    pub(super) fn trace(&mut self) {
        self.sets.trace = Some(Box::default());
    }

    /// What happens next happens because of `value` in `slot`.
    #[inline]
    pub(super) fn because(&mut self, slot: u32, value: Value, via: Via) {
        if self.sets.trace.is_some() {
            self.resume(Cause { slot, value, via });
        }
    }

    /// Why what happens now happens.
    #[inline]
    pub(super) fn cause(&self) -> Cause {
        let trace = self.sets.trace.as_ref();
        trace.map_or(Cause::START, |trace| trace.now())
    }

    /// What happens next happens because of `cause`.
    #[inline]
    pub(super) fn resume(&mut self, cause: Cause) {
        if let Some(trace) = &mut self.sets.trace {
            trace.catch_up(self.member_refs.len());
            trace.now = Some(cause);
        }
    }

    /// Notes why the last flow edge is there.
    #[inline]
    pub(super) fn note_edge(&mut self, from: u32, to: u32) {
        if let Some(trace) = &mut self.sets.trace {
            let cause = trace.now();
            trace.laid.push(Laid { from, to, cause });
        }
    }

    /// Notes that a call got a target.
    #[inline]
    pub(super) fn note_target(&mut self, call: u32, target: u32, arg: u32, inferred: bool) {
        if let Some(trace) = &mut self.sets.trace {
            trace.decide(call, target, arg, inferred);
        }
    }
}
