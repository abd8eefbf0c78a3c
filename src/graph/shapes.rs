//! What is known of the types of arguments and parameters, and how well the
//! ones fit the others.

use super::names::{Linker, kind};
use super::values::{Kind, OPAQUE, Value};
use crate::facts::format::{NONE, ParamRec, alloc};

/// More than one type is written for a slot.
pub(super) const SEVERAL: u32 = NONE - 1;

/// Marks an array by the type outside that its elements are of.
const OUTSIDE_ARRAY: u32 = 1 << 31;

/// What is known of the type of an argument or parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Unknown,
    Null,
    /// A type parameter.
    Open(u32),
    Class(u32),
    External(u32),
    /// An array, by the object that its type is.
    Array(u32),
    /// A function of so many parameters.
    Function(usize),
}

/// How well an argument fits, from 0 (not at all).
pub(super) mod fit {
    pub(in crate::graph) const SAME: u32 = 32;
    pub(in crate::graph) const NEAR: u32 = 24;
    pub(in crate::graph) const FUNCTION: u32 = 12;
    /// It turns into a value of the parameter's type.
    pub(in crate::graph) const TURNED: u32 = 1 << 8;
    pub(in crate::graph) const ANY: u32 = 3;
    pub(in crate::graph) const PERHAPS: u32 = 2;
    pub(in crate::graph) const UNKNOWN: u32 = 1;
    pub(in crate::graph) const NOT: u32 = 0;
}

impl Linker<'_> {
    /// Notes that the type in `types` is written for `slot`.
    pub(super) fn write_type(&mut self, types: u32, slot: u32) {
        let mut values = self.sets.values(types);
        let one = match (values.next(), values.next()) {
            (Some((value, _)), None) => value.0,
            _ => SEVERAL,
        };
        drop(values);
        self.note_written(slot, one);
    }

    /// The one type that is written for a slot.
    pub(super) fn written_shape(&self, slot: u32) -> Shape {
        let written = self.written.get(slot as usize).copied().unwrap_or(NONE);
        if written >= SEVERAL {
            return Shape::Unknown;
        }
        self.shape(Value(written))
    }

    /// Notes that what is read from an array in `from` is of its elements' type.
    pub(super) fn write_element(&mut self, from: u32, to: u32) {
        let written = self.written.get(from as usize).copied().unwrap_or(NONE);
        if written >= SEVERAL || self.written.get(to as usize) != Some(&NONE) {
            return;
        }
        let Some((owner, record)) = self.alloc(Value(written).index()) else {
            return;
        };
        if !matches!(self.shape(Value(written)), Shape::Array(_)) || record.args_len == 0 {
            return;
        }
        if let Some(arg) = self.unit(owner).facts.args.get(record.args as usize) {
            self.write_type(self.slot_in(owner, arg.slot), to);
        }
    }

    /// What a slot gains from another is of the type that is written for that.
    pub(super) fn pass_written(&mut self, from: u32, to: u32) {
        if let Some(one) = self.written.get(from as usize).copied() {
            self.note_written(to, if one == NONE { SEVERAL } else { one });
        }
    }

    pub(super) fn note_written(&mut self, slot: u32, one: u32) {
        if let Some(known) = self.written.get_mut(slot as usize) {
            *known = if *known == NONE || *known == one {
                one
            } else {
                SEVERAL
            };
        }
    }

    /// Whether another type than `class` is written for the receiver of a call,
    /// so that only the flow of values leads to it.
    pub(super) fn is_below_written(&self, file: u32, call: u32, class: u32) -> bool {
        let receiver = self.call(file, call).receiver;
        if receiver == NONE {
            return false;
        }
        let slot = self.slot_in(file, receiver);
        let written = self.written.get(slot as usize).copied().unwrap_or(NONE);
        if written >= SEVERAL {
            return false;
        }
        match self.shape(Value(written)) {
            Shape::Class(other) => other != class,
            Shape::External(_) => true,
            _ => false,
        }
    }

    /// The type that is written for a parameter.
    pub(super) fn type_of(&self, def: u32, param: &ParamRec) -> Shape {
        if param.type_slot == NONE {
            return Shape::Unknown;
        }
        let slot = self.slot_in(self.file_of(def), param.type_slot);
        let first = self.sets.values(slot).next();
        first.map_or(Shape::Unknown, |(value, _)| self.shape(value))
    }

    /// A type parameter with a bound is as good as the bound.
    pub(super) fn bounded(&self, shape: Shape) -> Shape {
        let Shape::Open(param) = shape else {
            return shape;
        };
        let bases = self.hierarchy.bases.get(&param);
        if let Some(base) = bases.and_then(|bases| bases.first())
            && self.def(base.class).kind != kind::TYPE_PARAM
        {
            return Shape::Class(base.class);
        }
        match self.hierarchy.external.get(&param) {
            Some(external) if bases.is_none() => Shape::External(*external),
            _ => shape,
        }
    }

    fn shape(&self, value: Value) -> Shape {
        match value.kind() {
            Kind::Def | Kind::Instance if self.is_class(value.index()) => {
                if self.def(value.index()).kind == kind::TYPE_PARAM {
                    Shape::Open(value.index())
                } else {
                    Shape::Class(value.index())
                }
            }
            Kind::Def if self.is_function(value.index()) => {
                Shape::Function(self.params(value.index()).len())
            }
            Kind::Bound => {
                let def = self.bound[value.index() as usize].0;
                let known = self.is_function(def);
                Shape::Function(if known {
                    self.params(def).len()
                } else {
                    usize::MAX
                })
            }
            Kind::Object | Kind::Applied => {
                if let Some(class) = self.applied_class(value) {
                    return Shape::Class(class);
                }
                if let Some(external) = self.applied_external(value) {
                    return Shape::External(external);
                }
                match self.alloc(value.index()) {
                    Some((_, record)) if record.class_slot == NONE => Shape::Array(value.index()),
                    Some((_, record)) if record.kind == alloc::LITERAL => {
                        Shape::Array(value.index())
                    }
                    _ => Shape::Unknown,
                }
            }
            Kind::External if value == OPAQUE => Shape::Unknown,
            Kind::External if self.externals[value.index() as usize].2.is_empty() => Shape::Null,
            Kind::External => match self.element_outside(value) {
                Some(element) => Shape::Array(OUTSIDE_ARRAY | element.index()),
                None => Shape::External(value.index()),
            },
            _ => Shape::Unknown,
        }
    }

    /// What is known of an argument: what its written type says, or else scope,
    /// comes first.
    pub(super) fn argument_shape(&self, slot: u32) -> Shape {
        let written = self.written.get(slot as usize).copied().unwrap_or(NONE);
        if written < SEVERAL {
            let shape = self.shape(Value(written));
            if shape != Shape::Unknown {
                return self.bounded(shape);
            }
        }
        let mut found = Shape::Unknown;
        for exact in [true, false] {
            for (value, inferred) in self.sets.values(slot) {
                if inferred == exact {
                    continue;
                }
                match self.shape(value) {
                    Shape::Unknown => {}
                    Shape::Null => found = Shape::Null,
                    shape => return self.bounded(shape),
                }
            }
        }
        found
    }

    fn is_primitive(&self, external: u32) -> bool {
        let text = &self.externals[external as usize].2;
        let last = text.rsplit("::").next().unwrap_or_default();
        last.starts_with(|letter: char| letter.is_ascii_lowercase()) && !last.contains('.')
    }

    /// How well an argument fits a parameter.
    pub(super) fn rank(&mut self, arg: Shape, param: Shape, file: u32) -> u32 {
        let traits = self.unit(file).traits;
        let any =
            |linker: &Self, id: u32| traits.top_types.contains(&linker.externals[id as usize].1);
        match (arg, param) {
            (Shape::Unknown, _) | (_, Shape::Unknown) => fit::UNKNOWN,
            (Shape::Null, Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Null, Shape::External(id)) if any(self, id) => fit::UNKNOWN,
            (Shape::Null, _) => fit::PERHAPS,
            (Shape::External(id), Shape::Open(_)) if self.is_primitive(id) => {
                fit::ANY | fit::TURNED
            }
            (_, Shape::Open(_)) => fit::ANY,
            (Shape::Open(_), Shape::External(id)) if any(self, id) => fit::ANY,
            (Shape::Open(_), Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Open(_), Shape::Array(_)) => fit::NOT,
            (Shape::Open(_), _) => fit::UNKNOWN,
            (Shape::Class(one), Shape::Class(other)) if one == other => fit::SAME,
            (Shape::Class(one), Shape::Class(_)) if !self.hierarchy.bases.contains_key(&one) => {
                fit::NOT
            }
            (Shape::Class(one), Shape::Class(other)) => {
                let order = self.order(one);
                let distance = order.iter().position(|base| *base == other);
                match distance {
                    Some(0) => fit::SAME,
                    Some(far) => fit::NEAR.saturating_sub(far as u32).max(fit::FUNCTION),
                    None => fit::NOT,
                }
            }
            (Shape::Array(one), Shape::Array(other)) => self.rank_elements(one, other, file),
            (Shape::Function(count), Shape::Class(class)) => self.rank_function(count, class),
            (Shape::Function(_), Shape::External(id)) if any(self, id) => fit::UNKNOWN,
            (Shape::Function(_), Shape::External(id)) if self.is_primitive(id) => fit::NOT,
            (Shape::Function(_), Shape::External(_)) => fit::FUNCTION,
            (Shape::External(one), Shape::External(other)) => self.rank_outside(one, other, file),
            (_, Shape::External(id)) if any(self, id) => fit::ANY,
            (Shape::Class(class), Shape::External(id)) => match self.outside_above(class, id, file)
            {
                (Some(far), _) => fit::NEAR.saturating_sub(far as u32).max(fit::FUNCTION),
                (None, true) if !self.is_primitive(id) => fit::PERHAPS,
                _ => fit::NOT,
            },
            _ => fit::NOT,
        }
    }

    /// How well an array fits an array: values of plain types turn into no others.
    fn rank_elements(&mut self, one: u32, other: u32, file: u32) -> u32 {
        let (one, other) = (self.element(one), self.element(other));
        if one == other {
            return fit::SAME;
        }
        let plain = |linker: &Self, shape| match shape {
            Shape::External(id) => linker.is_primitive(id),
            _ => false,
        };
        match (one, other) {
            (Shape::Array(_), Shape::Array(_)) => self.rank(one, other, file),
            _ if plain(self, one) || plain(self, other) => {
                let unknown = one == Shape::Unknown || other == Shape::Unknown;
                if unknown { fit::UNKNOWN } else { fit::NOT }
            }
            _ => (self.rank(one, other, file) & !fit::TURNED).min(fit::FUNCTION),
        }
    }

    /// How well a value of a type outside fits another one.
    fn rank_outside(&mut self, one: u32, other: u32, file: u32) -> u32 {
        if one == other {
            return fit::SAME;
        }
        let traits = self.unit(file).traits;
        let (from, to) = (self.full_name(one), self.full_name(other));
        if from == to {
            return fit::SAME;
        }
        let place = |name: u64| traits.widening.iter().position(|known| *known == name);
        if let (Some(from), Some(to)) = (place(from), place(to)) {
            return match to.checked_sub(from) {
                Some(far) => fit::NEAR - far as u32,
                None => fit::NOT,
            };
        }
        let any = traits.top_types.contains(&to);
        if self.is_primitive(one) {
            let boxed = traits.boxes.iter().find(|(plain, _)| *plain == from);
            let Some((_, boxed)) = boxed else {
                return if any {
                    fit::ANY | fit::TURNED
                } else {
                    fit::NOT
                };
            };
            return match self.above(*boxed, to, file) {
                Some(0) => fit::FUNCTION | fit::TURNED,
                Some(_) => fit::PERHAPS | fit::TURNED,
                None if any => fit::UNKNOWN | fit::TURNED,
                None => fit::NOT,
            };
        }
        if self.is_primitive(other) {
            let plain = traits.boxes.iter().find(|(_, boxed)| *boxed == from);
            return match plain.map(|(plain, _)| (*plain, place(*plain), place(to))) {
                Some((plain, ..)) if plain == to => fit::FUNCTION | fit::TURNED,
                Some((_, Some(from), Some(to))) if from < to => fit::PERHAPS | fit::TURNED,
                _ if traits.top_types.contains(&from) => fit::NOT,
                None if !traits.extends.contains_key(&from) => fit::UNKNOWN | fit::TURNED,
                _ => fit::NOT,
            };
        }
        match self.above(from, to, file) {
            Some(far) => fit::NEAR.saturating_sub(far as u32).max(fit::FUNCTION),
            None if any => fit::ANY,
            None if traits.extends.contains_key(&from) => fit::NOT,
            None => fit::PERHAPS,
        }
    }

    fn rank_function(&mut self, count: usize, class: u32) -> u32 {
        match self.single_method(class) {
            Some(method) if count == usize::MAX || self.params(method).len() == count => {
                fit::FUNCTION
            }
            Some(_) => fit::UNKNOWN,
            None => fit::NOT,
        }
    }

    /// The type of the elements that a parameter gathers.
    pub(super) fn gathered(&self, def: u32, param: &ParamRec) -> Shape {
        if param.type_slot == NONE {
            return Shape::Unknown;
        }
        let file = self.file_of(def);
        let slot = self.slot_in(file, param.type_slot);
        let first = self.sets.values(slot).next();
        let object = first.filter(|(value, _)| value.kind() == Kind::Object);
        object.map_or(Shape::Unknown, |(value, _)| self.element(value.index()))
    }

    /// Whether arrays of two types may be of the same type.
    pub(super) fn elements_agree(&self, one: Shape, other: Shape) -> bool {
        let (Shape::Array(one), Shape::Array(other)) = (one, other) else {
            return false;
        };
        let (one, other) = (self.element(one), self.element(other));
        let open = |shape| matches!(shape, Shape::Open(_) | Shape::Unknown | Shape::Array(_));
        one == other || open(one) || open(other)
    }

    /// What is known of the elements of an array.
    fn element(&self, object: u32) -> Shape {
        if object & OUTSIDE_ARRAY != 0 {
            return self.shape(Value::new(Kind::External, object & !OUTSIDE_ARRAY));
        }
        let Some((owner, record)) = self.alloc(object).filter(|(_, record)| record.args_len > 0)
        else {
            return Shape::Unknown;
        };
        let facts = &self.unit(owner).facts;
        let Some(arg) = facts.args.get(record.args as usize) else {
            return Shape::Unknown;
        };
        let slot = self.slot_in(owner, arg.slot);
        let first = self.sets.values(slot).next();
        first.map_or(Shape::Unknown, |(value, _)| self.shape(value))
    }
}
