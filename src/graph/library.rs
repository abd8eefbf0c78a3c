//! What functions outside the repository do with values of ours: take them,
//! give them back, hold them, hand them to functions.

use super::flow::DynamicOp;
use super::members::{any, unknown_key};
use super::names::Linker;
use super::values::{Kind, Value};
use crate::facts::format::{NONE, param_flag};

/// Bits of [`super::LinkTraits::outside`], in the order of `lang`'s `Effect`.
pub(super) mod effect {
    /// It gives the receiver.
    pub(in crate::graph) const RECEIVER: u32 = 1;
    /// It gives an element of the receiver.
    pub(in crate::graph) const ELEMENT: u32 = 1 << 1;
    /// It gives its arguments.
    pub(in crate::graph) const ARGUMENT: u32 = 1 << 2;
    /// It gives the elements of its arguments.
    pub(in crate::graph) const ARGUMENT_ELEMENT: u32 = 1 << 3;
    /// It gives a new container of its arguments.
    pub(in crate::graph) const HOLD: u32 = 1 << 4;
    /// It gives a new container of the elements of its arguments.
    pub(in crate::graph) const HOLD_ELEMENTS: u32 = 1 << 5;
    /// The receiver gains the arguments as elements.
    pub(in crate::graph) const ADD: u32 = 1 << 6;
    /// The receiver gains the elements of the arguments.
    pub(in crate::graph) const EXTEND: u32 = 1 << 7;
    /// It calls functions with nothing that is known.
    pub(in crate::graph) const CALL: u32 = 1 << 8;
    /// It calls functions with elements of the receiver.
    pub(in crate::graph) const CALL_ELEMENT: u32 = 1 << 9;
    /// It calls functions with the receiver.
    pub(in crate::graph) const CALL_RECEIVER: u32 = 1 << 10;
    /// It calls functions with two elements of the receiver.
    pub(in crate::graph) const CALL_ELEMENTS: u32 = 1 << 11;
    /// It calls functions with its first argument and elements of the receiver.
    pub(in crate::graph) const FOLD: u32 = 1 << 12;
    /// It gives what the functions give.
    pub(in crate::graph) const RETURNED: u32 = 1 << 13;
    /// It gives a new container of what the functions give.
    pub(in crate::graph) const HOLD_RETURNED: u32 = 1 << 14;
    /// It gives a new container of the elements of what the functions give.
    pub(in crate::graph) const HOLD_RETURNED_ELEMENTS: u32 = 1 << 15;
    /// It gives pairs of something and an element.
    pub(in crate::graph) const ENUMERATE: u32 = 1 << 16;
    /// It gives pairs of elements of the receiver and of the argument.
    pub(in crate::graph) const ZIP: u32 = 1 << 17;
    /// It gives a new container of elements of the receiver, found by key.
    pub(in crate::graph) const HOLD_ELEMENT: u32 = 1 << 18;
}

/// How functions that arrive among the arguments of an outside call are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallBack {
    /// The call outside.
    pub(super) call: u32,
    /// What its first two parameters are given, or [`NONE`].
    pub(super) given: [u32; 2],
    /// The effects of the call.
    pub(super) effects: u32,
}

impl Linker<'_> {
    /// An object that stands for something that a call makes outside.
    fn made_outside(&mut self, call: u32, part: u32) -> Value {
        let next = 1 << 27 | self.made.len() as u32;
        Value::new(Kind::Object, *self.made.entry((call, part)).or_insert(next))
    }

    /// Lets `container` hold what `from` has.
    fn hold_value(&mut self, container: Value, from: u32) {
        for name in [any(), unknown_key()] {
            let slot = self.field(container, name);
            self.flow(from, slot, NONE);
        }
    }

    /// Lets `container` hold the elements of what `from` has.
    fn hold_elements(&mut self, container: Value, from: u32) {
        for name in [any(), unknown_key()] {
            let to = self.field(container, name);
            self.hang(from, DynamicOp::Iterate { to });
        }
    }

    /// The slot of what iterating `receiver` gives.
    fn elements_of(&mut self, receiver: Value) -> u32 {
        if receiver.kind() != Kind::Instance {
            return self.field(receiver, any());
        }
        let slot = self.field(receiver, any() ^ 1);
        self.iterate(receiver, slot, None);
        slot
    }

    /// The effects of the outside function `name`, called on `receiver`.
    /// `false` where nothing is known of it.
    pub(super) fn call_library(
        &mut self,
        file: u32,
        call: u32,
        name: u64,
        receiver: Option<Value>,
    ) -> bool {
        let unit = self.unit(file);
        let Some(effects) = unit.traits.outside.get(&name).copied() else {
            return false;
        };
        let record = *self.call(file, call);
        let result = self.slot_in(file, record.result);
        let args: Vec<u32> = unit
            .facts
            .args_of(&record)
            .iter()
            .map(|arg| self.slot_in(file, arg.slot))
            .collect();
        let has = |bits: u32| effects & bits != 0;
        if let Some(receiver) = receiver {
            self.affect_receiver(call, receiver, effects, &args, result);
        }
        if has(effect::ARGUMENT) {
            args.iter().for_each(|arg| self.flow(*arg, result, NONE));
        }
        if has(effect::ARGUMENT_ELEMENT) {
            let to = result;
            args.iter()
                .for_each(|arg| self.hang(*arg, DynamicOp::Iterate { to }));
        }
        if has(effect::HOLD
            | effect::HOLD_ELEMENTS
            | effect::HOLD_RETURNED
            | effect::HOLD_RETURNED_ELEMENTS)
        {
            let made = self.made_outside(call, 0);
            for arg in &args {
                if has(effect::HOLD) {
                    self.hold_value(made, *arg);
                }
                if has(effect::HOLD_ELEMENTS) {
                    self.hold_elements(made, *arg);
                }
            }
            self.sets.add(result, made, true);
        }
        let calls = effect::CALL
            | effect::CALL_ELEMENT
            | effect::CALL_RECEIVER
            | effect::CALL_ELEMENTS
            | effect::FOLD;
        if has(calls) {
            let mut given = [NONE; 2];
            if let Some(receiver) = receiver {
                if has(effect::CALL_ELEMENT | effect::CALL_ELEMENTS) {
                    given[0] = self.elements_of(receiver);
                }
                if has(effect::CALL_ELEMENTS) {
                    given[1] = given[0];
                }
                if has(effect::CALL_RECEIVER) {
                    given[0] = self.field(receiver, any() ^ 2);
                    self.sets.add(given[0], receiver, true);
                }
                if has(effect::FOLD) {
                    given = [
                        args.first().copied().unwrap_or(NONE),
                        self.elements_of(receiver),
                    ];
                }
            }
            let back = CallBack {
                call,
                given,
                effects,
            };
            args.iter()
                .for_each(|arg| self.hang(*arg, DynamicOp::Library(back)));
        }
        true
    }

    fn affect_receiver(
        &mut self,
        call: u32,
        receiver: Value,
        effects: u32,
        args: &[u32],
        result: u32,
    ) {
        let has = |bits: u32| effects & bits != 0;
        let instance = receiver.kind() == Kind::Instance;
        if has(effect::RECEIVER) {
            self.sets.add(result, receiver, true);
        }
        if has(effect::ELEMENT) {
            let from = if instance {
                self.elements_of(receiver)
            } else {
                self.field(receiver, unknown_key())
            };
            self.flow(from, result, NONE);
        }
        if has(effect::HOLD_ELEMENT) && !instance {
            let made = self.made_outside(call, 1);
            let from = self.field(receiver, unknown_key());
            self.hold_value(made, from);
            self.sets.add(result, made, true);
        }
        if has(effect::ADD) && !instance {
            args.iter().for_each(|arg| self.hold_value(receiver, *arg));
        }
        if has(effect::EXTEND) && !instance {
            args.iter()
                .for_each(|arg| self.hold_elements(receiver, *arg));
        }
        if has(effect::HOLD_ELEMENTS) {
            let made = self.made_outside(call, 0);
            let from = self.elements_of(receiver);
            self.hold_value(made, from);
        }
        if has(effect::ENUMERATE | effect::ZIP) {
            let (made, pair) = (self.made_outside(call, 0), self.made_outside(call, 2));
            let elements = self.elements_of(receiver);
            let place = usize::from(!has(effect::ZIP));
            let to = self.field(pair, super::members::at_position(place));
            self.flow(elements, to, NONE);
            if has(effect::ZIP) {
                let to = self.field(pair, super::members::at_position(1));
                args.iter()
                    .for_each(|arg| self.hang(*arg, DynamicOp::Iterate { to }));
            }
            let holder = self.field(pair, any() ^ 3);
            self.sets.add(holder, pair, true);
            self.hold_value(made, holder);
            self.sets.add(result, made, true);
        }
    }

    /// A function that was given to an outside call is called.
    pub(super) fn called_back(&mut self, back: &CallBack, value: Value) {
        let (def, receiver) = match value.kind() {
            Kind::Def => (value.index(), None),
            Kind::Bound => {
                let (def, receiver) = self.bound[value.index() as usize];
                (def, Some(receiver))
            }
            _ => return,
        };
        let file = self.call_file(back.call);
        let record = *self.call(file, back.call);
        let result = self.slot_in(file, record.result);
        let scratch = self.sets.grow();
        let returned = if self.is_class(def) {
            self.sets
                .add(scratch, Value::new(Kind::Instance, def), true);
            scratch
        } else if self.is_function(def) {
            let target = self.file_of(def);
            let local = def - self.def_base[target as usize];
            let params = self.unit(target).facts.params_of(local);
            let this = |flags: u32| flags & param_flag::THIS != 0;
            let skip = receiver.is_some() && params.first().is_some_and(|param| this(param.flags));
            for (param, from) in params.iter().skip(usize::from(skip)).zip(back.given) {
                if from != NONE {
                    let to = self.slot_in(target, param.slot);
                    self.flow(from, to, NONE);
                }
            }
            match self.def(def).ret_slot {
                NONE => return,
                ret => self.slot_in(target, ret),
            }
        } else {
            return;
        };
        let has = |bits: u32| back.effects & bits != 0;
        if has(effect::RETURNED) {
            self.flow(returned, result, NONE);
        }
        if has(effect::HOLD_RETURNED | effect::HOLD_RETURNED_ELEMENTS) {
            let made = self.made_outside(back.call, 0);
            if has(effect::HOLD_RETURNED) {
                self.hold_value(made, returned);
            } else {
                self.hold_elements(made, returned);
            }
        }
    }
}
