//! Tokens inside a macro call, which have no syntax tree.
//!
//! `name(…)`, `path::name(…)` and `value.name(…)` are taken for calls and
//! other names for mentions: that is what they are in nearly every macro.

use tree_sitter::Node;

use super::format::{ArgRec, CallRec, NONE, call_flag, op};
use super::walk::Walk;
use crate::lang::Role;

/// What stands to the left of the next token.
#[derive(Clone, Copy)]
enum Left {
    Nothing,
    /// A value in a slot.
    Value(u32),
    /// A name or member that may be called: callee slot, or receiver and name.
    Callee {
        slot: u32,
        receiver: u32,
        name: u32,
        line: u32,
        column: u32,
    },
    /// A separator after a value.
    Member(u32),
}

struct Level {
    left: Left,
    /// What a path separator stood behind, for arguments in angle brackets.
    before: Left,
    /// Depth of angle brackets whose inside is left out.
    angles: u32,
    /// The next name is being defined, not used.
    defines: bool,
    /// The call that these tokens are the arguments of.
    call: Option<(u32, u32, u32, u32, u32)>,
    args: Vec<u32>,
}

impl Level {
    fn new(call: Option<(u32, u32, u32, u32, u32)>) -> Self {
        Self {
            left: Left::Nothing,
            before: Left::Nothing,
            angles: 0,
            defines: false,
            call,
            args: Vec::new(),
        }
    }
}

/// Reads the tokens below `node`; gives the values between its commas.
pub(super) fn scan(walk: &mut Walk<'_>, node: Node<'_>) -> Vec<u32> {
    let mut cursor = node.walk();
    let mut levels = vec![Level::new(None)];
    if !cursor.goto_first_child() {
        return Vec::new();
    }
    loop {
        let token = cursor.node();
        let text = &walk.source[token.start_byte()..token.end_byte()];
        let level = levels.last_mut().expect("the outermost level stays");
        if token.child_count() > 0 && matches!(text.first(), Some(b'(' | b'[' | b'{')) {
            let call = match (text[0], level.left) {
                (
                    b'(',
                    Left::Callee {
                        slot,
                        receiver,
                        name,
                        line,
                        column,
                    },
                ) if level.angles == 0 => Some((slot, receiver, name, line, column)),
                _ => None,
            };
            if cursor.goto_first_child() {
                levels.push(Level::new(call));
                continue;
            }
        }
        step(walk, token, level);
        while !cursor.goto_next_sibling() {
            let mut done = levels.pop().expect("a level for each depth");
            let last = read(walk, done.left);
            done.args.extend(last);
            cursor.goto_parent();
            let Some(outer) = levels.last_mut() else {
                return done.args;
            };
            outer.left = match done.call {
                Some(call) => Left::Value(emit(walk, call, &done.args)),
                None => match done.args.as_slice() {
                    [only] => Left::Value(*only),
                    _ => Left::Nothing,
                },
            };
        }
    }
}

/// Moves over one token.
fn step(walk: &mut Walk<'_>, token: Node<'_>, level: &mut Level) {
    let (start, end) = (token.start_byte(), token.end_byte());
    let source = walk.source;
    let text = &source[start..end];
    if level.angles > 0 {
        match text {
            b"<" => level.angles += 1,
            b">" | b">>" => level.angles = level.angles.saturating_sub(text.len() as u32),
            _ => {}
        }
        return;
    }
    let role = walk.roles.row(token.kind_id()).role;
    let path_follows = source[end..].starts_with(walk.roles.traits.path_separator.as_bytes());
    match role {
        Role::This if !path_follows => {
            level.left = Left::Value(walk.this());
            return;
        }
        Role::Name | Role::This | Role::PathRoot => {
            level.left = name(walk, token, level);
            level.defines = false;
            return;
        }
        _ => {}
    }
    let definers = &walk.roles.traits.definers;
    level.defines = definers.iter().any(|word| word.as_bytes() == text);
    let left = level.left;
    level.left = match text {
        b"." | b"::" => {
            level.before = left;
            match read(walk, left) {
                Some(base) => Left::Member(base),
                None => Left::Nothing,
            }
        }
        b"<" if matches!(left, Left::Member(_)) => {
            level.angles = 1;
            level.before
        }
        b"?" => left,
        b"," | b";" => {
            let value = read(walk, left);
            level.args.extend(value);
            Left::Nothing
        }
        _ => Left::Nothing,
    };
}

fn name(walk: &mut Walk<'_>, token: Node<'_>, level: &Level) -> Left {
    let name = walk.builder.name(token.start_byte(), token.end_byte());
    let at = token.start_position();
    let (line, column) = (at.row as u32 + 1, at.column as u32 + 1);
    if level.defines {
        return Left::Nothing;
    }
    if let Left::Member(base) = level.left {
        return Left::Callee {
            slot: NONE,
            receiver: base,
            name,
            line,
            column,
        };
    }
    let slot = walk.scopes.lookup(&mut walk.builder, name);
    walk.builder.mention(slot, walk.def, line, column);
    Left::Callee {
        slot,
        receiver: NONE,
        name,
        line,
        column,
    }
}

/// The slot of a finished value.
fn read(walk: &mut Walk<'_>, left: Left) -> Option<u32> {
    match left {
        Left::Value(slot) => Some(slot),
        Left::Callee {
            slot,
            receiver: NONE,
            ..
        } => Some(slot),
        Left::Callee {
            receiver,
            name,
            line,
            column,
            ..
        } => {
            let to = walk.builder.slot();
            let site = walk.builder.mention(NONE, walk.def, line, column);
            walk.builder.op(receiver, op::LOAD, to, name, site);
            Some(to)
        }
        Left::Nothing | Left::Member(_) => None,
    }
}

fn emit(walk: &mut Walk<'_>, call: (u32, u32, u32, u32, u32), args: &[u32]) -> u32 {
    let (callee, receiver, name, line, column) = call;
    let result = walk.builder.slot();
    let start = walk.builder.facts.args.len() as u32;
    for arg in args {
        walk.builder.facts.args.push(ArgRec {
            slot: *arg,
            name: NONE,
            flags: 0,
            place: 0,
        });
    }
    walk.builder.call(CallRec {
        caller: walk.def,
        name,
        line,
        column,
        callee,
        receiver,
        result,
        args: start,
        args_len: args.len() as u32,
        flags: call_flag::TOKENS,
    });
    result
}
