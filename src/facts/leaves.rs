//! Leaves of the walk: names, receivers, literals, comments, tokens.

use tree_sitter::Node;

use super::format::{DefRec, NONE, op, seed};
use super::scope::ScopeKind;
use super::walk::{Frame, Mode, Tag, Val, Walk};
use crate::lang::{DefKind, Field, NodeFlag, Role, Row};

impl Walk<'_> {
    pub(super) fn frame_takes_arguments(&self) -> bool {
        let frame = self.frames.last();
        frame.is_some_and(|frame| matches!(frame.role, Role::Call | Role::New))
    }

    /// Reads every place among the children, so that its members count as used.
    pub(super) fn settle(&mut self, frame: &Frame) {
        for at in self.children(frame) {
            let value = self.values[at];
            if value.tag == Tag::Place {
                self.slot_of(value);
            }
        }
    }

    pub(super) fn push(&mut self, node: Node<'_>, field: Field, tag: Tag, a: u32, b: u32) {
        let at = node.start_position();
        self.values.push(Val {
            field,
            tag,
            a,
            b,
            line: at.row as u32 + 1,
            column: at.column as u32 + 1,
            start: node.start_byte() as u32,
            end: node.end_byte() as u32,
        });
    }

    pub(super) fn name_leaf(&mut self, node: Node<'_>, field: Field, mode: Mode) {
        let Some(frame) = self.frames.last().copied() else {
            return;
        };
        if field == Field::Name && self.names_itself(frame.role) {
            return;
        }
        let name = self.word(node, node.start_byte(), node.end_byte());
        if let Some(base) = self.path_base(&frame, field) {
            self.push_place(node, field, base, name);
            return;
        }
        if field != Field::Property && self.roles.row(node.kind_id()).has(NodeFlag::FieldOf) {
            let base = self.this();
            self.push_place(node, field, base, name);
            return;
        }
        let raw = match frame.role {
            Role::Import | Role::ImportItem | Role::ImportList | Role::ImportStar => true,
            Role::Export | Role::Package | Role::Global | Role::Nonlocal => true,
            Role::Pair => field == Field::Key && frame.row.has(NodeFlag::NamedKeys),
            Role::Member if frame.row.has(NodeFlag::Positional) => {
                self.values.len() > frame.values as usize
            }
            _ => matches!(field, Field::Property | Field::Alias | Field::Path),
        };
        if raw {
            self.push(node, field, Tag::Raw, NONE, name);
            return;
        }
        let at = node.start_position();
        let (line, column) = (at.row as u32 + 1, at.column as u32 + 1);
        let slot = match mode {
            Mode::Bind { declares: true, .. }
                if frame.role == Role::TypeParam && self.frame_before(Role::Parametric) =>
            {
                self.scopes.declare_param(&mut self.builder, name)
            }
            Mode::Bind {
                declares: true,
                hoisted,
            } if !self.is_constant(&frame, name) => match self.declaration() {
                Some(from) => self.scopes.declare_later(&mut self.builder, name, from),
                None => self.declare(name, hoisted, line, column),
            },
            Mode::Bind { declares: true, .. } => {
                // A constant that a value is compared with gains nothing.
                let slot = self.scopes.lookup(&mut self.builder, name);
                self.builder.mention(slot, self.def, line, column);
                self.push(node, field, Tag::Raw, NONE, NONE);
                return;
            }
            _ => {
                let key = if field == Field::Callee {
                    self.builder.callable(name)
                } else {
                    name
                };
                // The owner of a member is not looked up among its members.
                let slot = if self.names_owner(&frame, field) {
                    self.scopes.lookup_outside(&mut self.builder, key)
                } else {
                    self.scopes.lookup(&mut self.builder, key)
                };
                self.builder.mention(slot, self.def, line, column);
                slot
            }
        };
        self.push(node, field, Tag::Slot, slot, name);
    }

    /// Whether a name stands before the name of a function that is being defined.
    fn names_owner(&self, frame: &Frame, field: Field) -> bool {
        let mut at = self.frames.len() - 1;
        let mut place = field;
        if frame.role == Role::Generic && at > 0 {
            place = frame.field;
            at -= 1;
        }
        let path = self.frames[at];
        at > 0
            && place == Field::Object
            && path.role == Role::Member
            && path.field == Field::Name
            && self.frames[at - 1].role == Role::Function
    }

    /// Whether a name in a pattern is that of a constant.
    fn is_constant(&self, frame: &Frame, name: u32) -> bool {
        self.roles.traits.capital_patterns
            && !matches!(
                frame.role,
                Role::Declare | Role::TypeParam | Role::TypeAlias
            )
            && self
                .builder
                .bytes(name)
                .first()
                .is_some_and(u8::is_ascii_uppercase)
    }

    /// The declaration around a pattern whose names are not seen before it is
    /// over: where its pending variables start.
    fn declaration(&self) -> Option<u32> {
        if !self.scopes.shadows() {
            return None;
        }
        let mut frames = self.frames.iter().rev();
        let frame = frames.find(|frame| {
            !matches!(
                frame.role,
                Role::Collection | Role::Pair | Role::Choice | Role::Spread
            )
        })?;
        matches!(frame.role, Role::Declare | Role::ForIn | Role::TypeSwitch)
            .then_some(frame.pending)
    }

    /// Roles whose own name was read when the node was entered.
    fn names_itself(&self, role: Role) -> bool {
        matches!(
            role,
            Role::Function | Role::Class | Role::Namespace | Role::Lambda
        )
    }

    /// Declares a variable; at module and class level it is a definition.
    pub(super) fn declare(&mut self, name: u32, hoisted: bool, line: u32, column: u32) -> u32 {
        let (slot, new) = self.scopes.declare(&mut self.builder, name, hoisted, false);
        let kind = if hoisted {
            self.scopes.function_kind()
        } else {
            self.scopes.kind()
        };
        let symbol = matches!(kind, ScopeKind::Module | ScopeKind::Class);
        if new && symbol && !self.frame_is(Role::TypeParam) {
            let statement = self
                .frames
                .iter()
                .rev()
                .find(|frame| matches!(frame.role, Role::Declare | Role::Assign | Role::ForIn));
            let (start, end) = statement.map_or((0, 0), |frame| (frame.start, frame.end));
            let lines = statement.map_or((line, line), |frame| (frame.line, frame.end_line));
            let def = self.push_def(DefRec {
                name,
                kind: DefKind::Variable as u32,
                start,
                end,
                start_line: lines.0,
                end_line: lines.1,
                line,
                column,
                slot,
                ..self.blank()
            });
            self.builder.member(self.def, name, slot, def);
        }
        slot
    }

    /// A definition record with everything absent.
    pub(super) fn blank(&self) -> DefRec {
        DefRec {
            name: 0,
            parent: self.def,
            slot: 0,
            this_slot: NONE,
            ret_slot: NONE,
            type_slot: NONE,
            owner_slot: NONE,
            owner_name: NONE,
            ..DefRec::default()
        }
    }

    pub(super) fn push_def(&mut self, mut record: DefRec) -> u32 {
        let count = self
            .ordinals
            .entry((record.parent, record.name))
            .or_insert(0);
        record.ordinal = *count;
        *count += 1;
        self.builder.facts.defs.push(record);
        self.builder.facts.defs.len() as u32 - 1
    }

    pub(super) fn receiver_leaf(&mut self, node: Node<'_>, role: Role, field: Field) {
        let name = self.builder.name(node.start_byte(), node.end_byte());
        let frame = self.frames.last().copied();
        let importing = frame.is_some_and(|frame| {
            matches!(
                frame.role,
                Role::Import | Role::ImportItem | Role::ImportList
            ) || matches!(frame.role, Role::ImportStar)
        });
        let in_path = matches!(field, Field::Property | Field::Path);
        if importing || in_path {
            // `Outer.this` is a receiver by its property.
            let own = if role == Role::This && field == Field::Property {
                0
            } else {
                NONE
            };
            self.push(node, field, Tag::Raw, own, name);
            return;
        }
        let path = frame.is_some_and(|frame| frame.row.has(NodeFlag::Path));
        let slot = match role {
            Role::This if !path => {
                self.receiver = name;
                self.this()
            }
            Role::SelfType => self.self_type(),
            Role::Super => self.super_slot(),
            _ => {
                let slot = self.scopes.lookup(&mut self.builder, name);
                let at = node.start_position();
                self.builder
                    .mention(slot, self.def, at.row as u32 + 1, at.column as u32 + 1);
                slot
            }
        };
        self.push(node, field, Tag::Slot, slot, name);
    }

    /// The receiver of the innermost function that has its own.
    pub(super) fn this(&mut self) -> u32 {
        let class = self.enclosing_class();
        let found = self
            .functions
            .iter()
            .rposition(|function| !function.outer_this)
            // A class inside the function has receivers of its own.
            .filter(|at| class == NONE || self.functions[*at].def >= class || !self.is_type(class));
        let Some(at) = found else {
            if class != NONE && self.is_type(class) {
                let slot = self.builder.slot();
                self.builder.seed(slot, seed::INSTANCE, class);
                return slot;
            }
            let name = self.builder.made_name(b"this");
            return self.scopes.lookup(&mut self.builder, name);
        };
        if self.functions[at].this == NONE {
            let slot = self.builder.slot();
            self.functions[at].this = slot;
            let def = self.functions[at].def;
            let record = &mut self.builder.facts.defs[def as usize];
            record.this_slot = slot;
            if record.kind == DefKind::Class as u32 {
                self.builder.seed(slot, seed::INSTANCE, def);
            }
        }
        self.functions[at].this
    }

    fn is_type(&self, def: u32) -> bool {
        self.builder.facts.defs[def as usize].kind != DefKind::Impl as u32
    }

    /// The class or `impl` around the innermost function with its own receiver.
    pub(super) fn enclosing_class(&self) -> u32 {
        let mut def = self.def;
        while def != 0 {
            let kind = self.builder.facts.defs[def as usize].kind;
            if kind == DefKind::Class as u32
                || kind == DefKind::Interface as u32
                || kind == DefKind::Impl as u32
            {
                return def;
            }
            def = self.builder.facts.defs[def as usize].parent;
        }
        NONE
    }

    fn self_type(&mut self) -> u32 {
        match self.enclosing_class() {
            NONE => self.builder.slot(),
            class => {
                let record = self.builder.facts.defs[class as usize];
                if record.owner_slot == NONE {
                    record.slot
                } else {
                    record.owner_slot
                }
            }
        }
    }

    pub(super) fn super_slot(&mut self) -> u32 {
        let slot = self.builder.slot();
        let class = self.enclosing_class();
        if class != NONE {
            self.builder.seed(slot, seed::SUPER, class);
        }
        slot
    }

    pub(super) fn has_substitution(&self, node: Node<'_>) -> bool {
        self.source[node.start_byte()..node.end_byte()].contains(&b'{')
    }

    pub(super) fn literal_leaf(&mut self, node: Node<'_>, row: Row, field: Field, mode: Mode) {
        let slot = match self
            .roles
            .literals
            .get(usize::from(row.literal).wrapping_sub(1))
        {
            Some(symbol) => self.builder.external(symbol),
            None => self.builder.slot(),
        };
        if field == Field::Property {
            let text = [b"[", &self.source[node.start_byte()..node.end_byte()], b"]"].concat();
            let name = self.builder.made_name(&text);
            self.push(node, field, Tag::Raw, NONE, name);
            return;
        }
        if mode == Mode::Type {
            // A type written as text: a name that is defined further down.
            let text = unquote(&self.source[node.start_byte()..node.end_byte()]);
            if let Some(slot) = self.dotted(text) {
                self.push(node, field, Tag::Slot, slot, NONE);
                return;
            }
        }
        self.push(node, field, Tag::Literal, slot, NONE);
    }

    /// Looks up `a.b.c` written as text.
    pub(super) fn dotted(&mut self, text: &[u8]) -> Option<u32> {
        let colons = self.roles.traits.path_separator == "::";
        let split = |byte: &u8| *byte == if colons { b':' } else { b'.' };
        let mut parts = text
            .split(split)
            .filter(|part| !colons || !part.is_empty())
            .map(<[u8]>::trim_ascii);
        let word = |part: &[u8]| {
            !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        };
        let first = parts.next().filter(|part| word(part))?;
        let name = self.builder.made_name(first);
        let mut slot = self.scopes.lookup(&mut self.builder, name);
        for part in parts {
            if !word(part) {
                return None;
            }
            let name = self.builder.made_name(part);
            let to = self.builder.slot();
            self.builder
                .op(slot, super::format::op::LOAD, to, name, NONE);
            slot = to;
        }
        Some(slot)
    }

    pub(super) fn note_comment(&mut self, node: Node<'_>, role: Role) {
        let (from, to) = (node.start_position(), node.end_position());
        // A line comment may reach to the start of the next line.
        let last = if to.column == 0 && to.row > from.row {
            to.row - 1
        } else {
            to.row
        } as u32
            + 1;
        let adjoins = self.comment.2 + 1 > from.row as u32 && self.comment.2 > 0;
        match (role, adjoins) {
            (Role::Attribute, true) => self.comment.2 = last,
            (Role::Attribute, false) => {}
            (_, true) => {
                self.comment.1 = node.end_byte() as u32;
                self.comment.2 = last;
            }
            (_, false) => self.comment = (node.start_byte() as u32, node.end_byte() as u32, last),
        }
    }

    /// Takes the doc comment that ends on the line before `line`.
    pub(super) fn doc_before(&mut self, line: u32) -> (u32, u32) {
        let (start, end, last) = self.comment;
        if last == 0 || last + 1 < line || start == end {
            return (0, 0);
        }
        self.comment = (0, 0, 0);
        let text = super::docs::plain(&self.source[start as usize..end as usize]);
        self.builder.text(&text)
    }

    /// Tokens inside a macro: `name(…)` and `.name(…)` are taken for calls,
    /// and names for mentions. Nothing else can be known of them.
    pub(super) fn tokens(&mut self, node: Node<'_>, field: Field) {
        let args = super::tokens::scan(self, node);
        if self.source[node.start_byte()] != b'[' || args.is_empty() {
            return;
        }
        // What stands in brackets is a list, as far as one can tell.
        let list = self.builder.container(NONE);
        let any = self.builder.made_name(b"[?]");
        for arg in args {
            self.builder.op(list, op::STORE, arg, any, NONE);
        }
        self.push(node, field, Tag::Slot, list, NONE);
    }

    pub(super) fn frame_is(&self, role: Role) -> bool {
        self.frames
            .last()
            .is_some_and(|frame: &Frame| frame.role == role)
    }
}

/// The content of a quoted text, without prefix letters and quotes.
pub(super) fn unquote(text: &[u8]) -> &[u8] {
    let letters = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let mut inner = if letters < 3 { &text[letters..] } else { text };
    for quote in [&b"\"\"\""[..], b"'''", b"\"", b"'", b"`"] {
        if let Some(rest) = inner.strip_prefix(quote) {
            inner = rest.strip_suffix(quote).unwrap_or(rest);
            return inner;
        }
    }
    inner = inner.strip_prefix(b"<").unwrap_or(inner);
    inner.strip_suffix(b">").unwrap_or(inner)
}
