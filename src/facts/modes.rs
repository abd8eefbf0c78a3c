//! How a child is to be read: as a value, a place, a type.

use super::format::NONE;
use crate::lang::{Field, NodeFlag, Role};

use super::walk::{Mode, Walk};

impl Walk<'_> {
    /// The mode in which a child at `field` of the innermost frame is read.
    pub(super) fn mode_of(&self, field: Field, inherited: Mode) -> Mode {
        match field {
            Field::Type
            | Field::Owner
            | Field::Bases
            | Field::Interfaces
            | Field::TypeArgs
            | Field::TypeParams => Mode::Type,
            Field::Name | Field::Left | Field::Params | Field::Receiver => {
                let Some(frame) = self.frames.last() else {
                    return inherited;
                };
                if frame.role == Role::Binary {
                    // An operand, whatever side it stands on.
                    return Mode::Value;
                }
                let outer = self.frames.len().checked_sub(2).map(|at| self.frames[at]);
                let hoisted = frame.row.has(NodeFlag::Hoisted)
                    || outer.is_some_and(|outer| {
                        outer.role == Role::Declare && outer.row.has(NodeFlag::Hoisted)
                    });
                let declares = match frame.role {
                    Role::Assign => {
                        self.roles.traits.assignment_declares || frame.row.has(NodeFlag::Declares)
                    }
                    Role::ForIn => {
                        !matches!(field, Field::Left)
                            || frame.row.has(NodeFlag::Declares)
                            || frame.note != NONE
                    }
                    Role::Collection | Role::Cast | Role::Pair => match frame.mode {
                        Mode::Bind { declares, .. } => declares,
                        _ => frame.row.has(NodeFlag::Declares),
                    },
                    Role::Param if Self::binds(frame) => return frame.mode,
                    _ => true,
                };
                Mode::Bind { declares, hoisted }
            }
            Field::None => inherited,
            // A pattern's value (`{ key: pattern }`) is a pattern.
            Field::Value => match (inherited, self.frames.last().map(|frame| frame.role)) {
                (Mode::Bind { .. }, Some(Role::Pair)) => inherited,
                _ => Mode::Value,
            },
            _ => Mode::Value,
        }
    }
}
