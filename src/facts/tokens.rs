//! Tokens inside a macro call, which have no syntax tree.
//!
//! `name(…)`, `path::name(…)` and `value.name(…)` are taken for calls and
//! other names for mentions: that is what they are in nearly every macro.

use tree_sitter::Node;

use super::format::{ArgRec, CallRec, NONE, call_flag, op};
use super::walk::Walk;

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
    /// The call that these tokens are the arguments of.
    call: Option<(u32, u32, u32, u32, u32)>,
    args: Vec<u32>,
}

/// Reads the tokens below `node`.
pub(super) fn scan(walk: &mut Walk<'_>, node: Node<'_>) {
    let mut cursor = node.walk();
    let mut levels = vec![Level {
        left: Left::Nothing,
        call: None,
        args: Vec::new(),
    }];
    if !cursor.goto_first_child() {
        return;
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
                ) => Some((slot, receiver, name, line, column)),
                _ => None,
            };
            if cursor.goto_first_child() {
                levels.push(Level {
                    left: Left::Nothing,
                    call,
                    args: Vec::new(),
                });
                continue;
            }
        }
        let left = level.left;
        let next = step(walk, token, left);
        if text == b"," {
            let value = read(walk, left);
            levels
                .last_mut()
                .expect("the outermost level stays")
                .args
                .extend(value);
        }
        levels.last_mut().expect("the outermost level stays").left = next;
        while !cursor.goto_next_sibling() {
            let mut done = levels.pop().expect("a level for each depth");
            let last = read(walk, done.left);
            done.args.extend(last);
            cursor.goto_parent();
            let Some(outer) = levels.last_mut() else {
                return;
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

fn step(walk: &mut Walk<'_>, token: Node<'_>, left: Left) -> Left {
    let text = &walk.source[token.start_byte()..token.end_byte()];
    let word = text
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if word && token.child_count() == 0 {
        let name = walk.builder.name(token.start_byte(), token.end_byte());
        let at = token.start_position();
        let (line, column) = (at.row as u32 + 1, at.column as u32 + 1);
        if let Left::Member(base) = left {
            return Left::Callee {
                slot: NONE,
                receiver: base,
                name,
                line,
                column,
            };
        }
        if text == b"self" {
            let this = walk.this();
            return Left::Value(this);
        }
        let slot = walk.scopes.lookup(&mut walk.builder, name);
        walk.builder.mention(slot, walk.def, line, column);
        return Left::Callee {
            slot,
            receiver: NONE,
            name,
            line,
            column,
        };
    }
    match text {
        b"." | b"::" => match read(walk, left) {
            Some(base) => Left::Member(base),
            None => Left::Nothing,
        },
        b"?" => left,
        _ => Left::Nothing,
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
