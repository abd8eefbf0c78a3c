//! Imports and exports.
//!
//! Whatever the syntax, an import comes down to a path, an item of it and the
//! name it is bound to. What the path means is decided by linking.

use tree_sitter::Node;

use super::format::{ImportRec, NONE, import_flag, op, seed};
use super::leaves::unquote;
use super::scope::ScopeKind;
use super::walk::{Frame, Tag, Val, Walk};
use crate::lang::{Field, NodeFlag, Role};

impl Walk<'_> {
    /// Whether nodes here spell out an import.
    pub(super) fn importing(&self) -> bool {
        self.frames.last().is_some_and(|frame| {
            matches!(
                frame.role,
                Role::Import
                    | Role::ImportItem
                    | Role::ImportList
                    | Role::ImportStar
                    | Role::Package
            )
        })
    }

    /// A path inside an import: its text, white space left out.
    pub(super) fn import_path(&mut self, node: Node<'_>, field: Field) {
        let text: Vec<u8> = self.source[node.start_byte()..node.end_byte()]
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let name = self.builder.made_name(&text);
        self.push(node, field, Tag::Raw, NONE, name);
    }

    /// The path text of a child: a name, a path, or a quoted string.
    fn path_of(&mut self, value: Val) -> (u32, u32) {
        if value.tag == Tag::Literal {
            let written = &self.source[value.start as usize..value.end as usize];
            let system = written.first() == Some(&b'<');
            let text = unquote(written).to_vec();
            let name = self.builder.made_name(&text);
            let system = if system { import_flag::SYSTEM } else { 0 };
            return (name, import_flag::QUOTED | system);
        }
        (value.b, 0)
    }

    fn joined(&mut self, prefix: u32, item: u32) -> u32 {
        let mut text = self.builder.bytes(prefix).to_vec();
        text.extend_from_slice(self.roles.traits.path_separator.as_bytes());
        text.extend_from_slice(self.builder.bytes(item));
        self.builder.made_name(&text)
    }

    /// Puts the prefix of a list before each of its items.
    pub(super) fn leave_import_list(&mut self, frame: &Frame) {
        let range = self.children(frame);
        let Some(prefix) = self.child(frame, Field::Path) else {
            return;
        };
        let mut kept = Vec::with_capacity(range.len());
        for at in range {
            let mut value = self.values[at];
            if value.field == Field::Path {
                continue;
            }
            if value.b == NONE {
                value.b = prefix.b;
            } else {
                value.b = self.joined(prefix.b, value.b);
            }
            kept.push(value);
        }
        self.values.truncate(frame.values as usize);
        self.values.extend(kept);
    }

    pub(super) fn leave_import(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        match frame.role {
            Role::ImportItem => self.leave_import_item(frame, node),
            Role::ImportStar => {
                let path = self
                    .child(frame, Field::Path)
                    .or_else(|| self.child(frame, Field::None));
                let alias = self
                    .child(frame, Field::Alias)
                    .map_or(NONE, |value| value.b);
                let b = path.map_or(NONE, |value| self.path_of(value).0);
                Some(self.import_value(frame, Tag::Spread, alias, b))
            }
            Role::Package => {
                let name = self.values[self.children(frame)].last().copied();
                self.package = name.map_or(NONE, |value| value.b);
                None
            }
            Role::Export => {
                self.leave_export(frame);
                None
            }
            _ => {
                self.finish_import(frame, 0);
                None
            }
        }
    }

    fn import_value(&self, frame: &Frame, tag: Tag, a: u32, b: u32) -> Val {
        let (line, column) = (frame.line, frame.column);
        let (start, end) = (frame.start, frame.end);
        Val {
            field: frame.field,
            tag,
            a,
            b,
            line,
            column,
            start,
            end,
        }
    }

    fn leave_import_item(&mut self, frame: &Frame, node: Node<'_>) -> Option<Val> {
        let alias = self
            .child(frame, Field::Alias)
            .map_or(NONE, |value| value.b);
        let path = if let Some(value) = self.child(frame, Field::Path) {
            self.path_of(value).0
        } else {
            self.import_path(node, Field::Path);
            self.values.last()?.b
        };
        Some(self.import_value(frame, Tag::Keyed, alias, path))
    }

    /// Records what an import (or a re-export) binds.
    fn finish_import(&mut self, frame: &Frame, flags: u32) {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let text = &self.source[frame.start as usize..frame.end as usize];
        let mut flags = flags;
        if text.starts_with(b"pub") {
            flags |= import_flag::REEXPORT;
        }
        if frame.row.has(NodeFlag::Static) || text.starts_with(b"import static") {
            flags |= import_flag::STATIC;
        }
        let prefix = values
            .iter()
            .find(|value| value.field == Field::Path)
            .copied();
        let (prefix, quoted) = prefix.map_or((NONE, 0), |value| self.path_of(value));
        flags |= quoted;
        let plain = frame.row.has(NodeFlag::Plain);
        let wildcard = values
            .iter()
            .any(|value| value.tag == Tag::Raw && value.field == Field::Aside)
            || frame.row.has(NodeFlag::Transparent);
        let mut bound = 0;
        for value in &values {
            match (value.field, value.tag) {
                (Field::Path | Field::Aside | Field::Ignore, _) => continue,
                (Field::Alias, _) if prefix != NONE => {
                    let item = self.alias_item(quoted, flags, value.b);
                    self.import(value.b, prefix, item, flags, *value);
                }
                (_, Tag::Spread) => {
                    let path = if value.b == NONE { prefix } else { value.b };
                    if value.a == NONE {
                        self.import_all(path, flags, *value);
                    } else {
                        self.import(value.a, path, NONE, flags, *value);
                    }
                }
                (_, Tag::Keyed | Tag::Raw) if prefix == NONE => {
                    self.import_path_item(*value, flags, plain, wildcard);
                }
                (_, Tag::Keyed | Tag::Raw) => {
                    let name = if value.tag == Tag::Keyed && value.a != NONE {
                        value.a
                    } else {
                        value.b
                    };
                    self.import(name, prefix, value.b, flags, *value);
                }
                _ => continue,
            }
            bound += 1;
        }
        if bound == 0 && prefix != NONE {
            let at = self.import_value(frame, Tag::Raw, NONE, NONE);
            if wildcard {
                self.import_all(prefix, flags, at);
            } else if flags & import_flag::QUOTED != 0 && !plain {
                let name = self.package_name(prefix);
                self.import(name, prefix, NONE, flags | import_flag::GUESSED, at);
            } else {
                self.push_import(NONE, prefix, NONE, flags, at);
            }
        }
    }

    /// A name beside a quoted path is the module's default (or its own name).
    fn alias_item(&mut self, quoted: u32, flags: u32, alias: u32) -> u32 {
        let _ = alias;
        if quoted == 0
            || flags & import_flag::STATIC != 0
            || self.roles.traits.default_item.is_empty()
        {
            return NONE;
        }
        let name = self.roles.traits.default_item.clone();
        self.builder.made_name(name.as_bytes())
    }

    /// The name that a package is known by when none is given: the last
    /// segment of its path, a version left out.
    fn package_name(&mut self, path: u32) -> u32 {
        let text = self.builder.bytes(path).to_vec();
        let mut segments = text.rsplit(|byte| *byte == b'/');
        let mut last = segments.next().unwrap_or_default();
        let version = |part: &[u8]| {
            part.len() > 1 && part[0] == b'v' && part[1..].iter().all(u8::is_ascii_digit)
        };
        if version(last) {
            last = segments.next().unwrap_or(last);
        }
        if let Some(dot) = last.iter().rposition(|byte| *byte == b'.')
            && version(&last[dot + 1..])
        {
            last = &last[..dot];
        }
        let last = last.strip_prefix(b"go-").unwrap_or(last).to_vec();
        self.builder.made_name(&last)
    }

    /// `import a.b`, `use a::b`, `import a.b.C;`: one path that says it all.
    fn import_path_item(&mut self, value: Val, flags: u32, plain: bool, wildcard: bool) {
        let separator = self.roles.traits.path_separator.clone().into_bytes();
        let path = self.builder.bytes(value.b).to_vec();
        let alias = if value.tag == Tag::Keyed {
            value.a
        } else {
            NONE
        };
        if wildcard {
            self.import_all(value.b, flags, value);
            return;
        }
        if plain {
            if alias != NONE {
                self.import(alias, value.b, NONE, flags, value);
                return;
            }
            let first = path
                .split(|byte| *byte == b'.')
                .next()
                .unwrap_or_default()
                .to_vec();
            let name = self.builder.made_name(&first);
            self.import(name, value.b, NONE, flags | import_flag::ROOT, value);
            return;
        }
        let tail: &[u8] = b"self";
        let mut whole = path.as_slice();
        if !separator.is_empty() && whole.ends_with(&[separator.as_slice(), tail].concat()) {
            whole = &whole[..whole.len() - separator.len() - tail.len()];
        }
        let split = whole
            .windows(separator.len().max(1))
            .rposition(|part| part == separator);
        let (prefix, item) = match split {
            Some(at) => (&whole[..at], &whole[at + separator.len()..]),
            None => (&whole[..0], whole),
        };
        let item_name = self.builder.made_name(item);
        let prefix_name = self.builder.made_name(prefix);
        let name = if alias == NONE { item_name } else { alias };
        self.import(name, prefix_name, item_name, flags, value);
    }

    fn import_all(&mut self, path: u32, flags: u32, at: Val) {
        self.push_import(NONE, path, NONE, flags | import_flag::WILDCARD, at);
    }

    pub(super) fn import(&mut self, name: u32, path: u32, item: u32, flags: u32, at: Val) {
        if flags & import_flag::QUOTED != 0 && self.builder.bytes(name) == b"_" {
            self.push_import(NONE, path, item, flags, at);
            return;
        }
        if self.builder.bytes(name) == b"." {
            self.import_all(path, flags, at);
            return;
        }
        let (slot, _) = self.scopes.declare(&mut self.builder, name, false, true);
        let kind = self.scopes.kind();
        let seen = matches!(kind, ScopeKind::Module | ScopeKind::Class);
        if seen && !self.roles.traits.private_imports {
            self.builder.member(self.def, name, slot, NONE);
        }
        self.push_import(slot, path, item, flags, at);
        let key = self.builder.callable(name);
        if flags & import_flag::STATIC != 0 && key != name {
            let (slot, _) = self.scopes.declare(&mut self.builder, key, false, true);
            let item = self.builder.callable(item);
            self.push_import(slot, path, item, flags, at);
        }
    }

    fn push_import(&mut self, slot: u32, path: u32, item: u32, flags: u32, at: Val) {
        self.builder.facts.imports.push(ImportRec {
            slot,
            path,
            item,
            flags,
            scope: self.def,
            line: at.line,
            column: at.column,
            export: NONE,
        });
    }

    fn leave_export(&mut self, frame: &Frame) {
        let values: Vec<Val> = self.values[self.children(frame)].to_vec();
        let head = &self.source[frame.start as usize..frame.end as usize];
        let word: Vec<u8> = head
            .iter()
            .skip_while(|byte| byte.is_ascii_alphabetic())
            .skip_while(|byte| byte.is_ascii_whitespace())
            .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'=')
            .copied()
            .collect();
        let whole = word.first() == Some(&b'=');
        let is_default = word == b"default" || whole;
        if let Some(source) = values.iter().find(|value| value.field == Field::Path) {
            let (path, flags) = self.path_of(*source);
            let flags = flags | import_flag::REEXPORT;
            let items: Vec<Val> = values
                .iter()
                .copied()
                .filter(|value| value.field != Field::Path)
                .collect();
            if items.is_empty() {
                self.import_all(path, flags, *source);
            }
            for item in items {
                let name = if item.a == NONE { item.b } else { item.a };
                let slot = self.builder.slot();
                self.builder.member(self.def, name, slot, NONE);
                let member = if item.tag == Tag::Spread {
                    NONE
                } else {
                    item.b
                };
                self.push_import(slot, path, member, flags, item);
            }
            return;
        }
        for value in values {
            if value.tag == Tag::Keyed
                && matches!(value.field, Field::Alias | Field::None | Field::Path)
                && value.b != NONE
                && !is_default
                && value.field != Field::Value
                && self
                    .builder
                    .facts
                    .defs
                    .iter()
                    .rev()
                    .take(4)
                    .all(|def| def.slot != value.a)
            {
                let slot = self.scopes.lookup(&mut self.builder, value.b);
                self.builder
                    .mention(slot, self.def, value.line, value.column);
                let name = if value.a == NONE { value.b } else { value.a };
                if name != value.b {
                    self.builder.member(self.def, name, slot, NONE);
                }
                continue;
            }
            if is_default {
                let slot = if value.tag == Tag::Raw && value.b != NONE {
                    let slot = self.scopes.lookup(&mut self.builder, value.b);
                    self.builder
                        .mention(slot, self.def, value.line, value.column);
                    Some(slot)
                } else {
                    self.slot_of(value)
                };
                if let Some(slot) = slot {
                    let name: &[u8] = if whole { b"module.exports" } else { b"default" };
                    let name = self.builder.made_name(name);
                    self.builder.member(self.def, name, slot, NONE);
                }
            }
        }
    }

    /// Gives files that fill `module.exports` the object to fill.
    pub(super) fn exports_object(&mut self) {
        let names = self.roles.traits.exports_object.clone();
        let [module, exports] = names.as_slice() else {
            return;
        };
        let module = self.builder.made_name(module.as_bytes());
        let exports = self.builder.made_name(exports.as_bytes());
        let used = |walk: &Self, name| {
            walk.scopes.known(0, name) != NONE && !walk.scopes.declares(0, name)
        };
        if !used(self, module) && !used(self, exports) {
            return;
        }
        let object = self.builder.container(NONE);
        let (exports_slot, _) = self.scopes.declare(&mut self.builder, exports, false, true);
        self.builder.copy(exports_slot, object);
        let outer = self.builder.container(NONE);
        let (module_slot, _) = self.scopes.declare(&mut self.builder, module, false, true);
        self.builder.copy(module_slot, outer);
        self.builder
            .op(module_slot, op::STORE, exports_slot, exports, NONE);
        let whole = self.builder.slot();
        self.builder.op(module_slot, op::LOAD, whole, exports, NONE);
        let name = self.builder.made_name(b"module.exports");
        self.builder.member(0, name, whole, NONE);
        let _ = seed::OBJECT;
    }

    /// A file that belongs inside this one; an attribute before may say where
    /// it lies.
    pub(super) fn import_child(&mut self, node: Node<'_>, name: u32, line: u32, column: u32) {
        let mut flags = import_flag::CHILD;
        let mut path = name;
        let mut before = node.prev_sibling();
        while let Some(attribute) = before {
            if self.roles.row(attribute.kind_id()).role != Role::Attribute {
                break;
            }
            let text = &self.source[attribute.start_byte()..attribute.end_byte()];
            let mut parts = text.split(|byte| *byte == b'"');
            let head = parts.next().unwrap_or_default();
            if let (true, Some(place)) = (head.trim_ascii_end().ends_with(b"="), parts.next()) {
                let word = head.split(|byte| !byte.is_ascii_alphanumeric());
                if word.filter(|part| !part.is_empty()).eq([b"path"]) {
                    let place = place.to_vec();
                    path = self.builder.made_name(&place);
                    flags |= import_flag::QUOTED;
                }
            }
            before = attribute.prev_sibling();
        }
        let at = Val {
            field: Field::None,
            tag: Tag::Raw,
            a: NONE,
            b: NONE,
            line,
            column,
            start: node.start_byte() as u32,
            end: node.end_byte() as u32,
        };
        self.import(name, path, NONE, flags, at);
    }
}
