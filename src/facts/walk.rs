//! The one walk over a syntax tree.
//!
//! A single cursor visits every node once, without recursion. A node with a
//! role opens a frame; when its last child has been left, the frame turns what
//! its children meant into facts and into one value for the frame around it.
//! Nodes without a role are transparent: their children belong to the nearest
//! frame. Work per node is constant, so the walk is linear in the tree.

use tree_sitter::{Node, Tree, TreeCursor};

use super::builder::{Builder, Place};
use super::format::{DefRec, Facts, NONE};
use super::scope::{ScopeKind, Scopes};
use crate::lang::{DefKind, Field, NodeFlag, Role, Roles, Row};

/// How names are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As values.
    Value,
    /// As places that are bound; declared when the flag says so.
    Bind { declares: bool, hoisted: bool },
    /// As types.
    Type,
}

/// What a child means to its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Slot `a`; `b` is its last name.
    Slot,
    /// Place `a`: a member that is not read yet; `b` is the member's name.
    Place,
    /// Pattern `a`.
    Pattern,
    /// The bare name `b`.
    Raw,
    /// Slot `a` under the key `b`.
    Keyed,
    /// Slot `a` stands for its elements; `b` is 1 for named elements.
    Spread,
    /// A literal in slot `a`, written at `start..end`.
    Literal,
    /// A parameter: slot `a`, name `b`, flags `line`, type `column`.
    Param,
}

/// A child's meaning, with the position of its last name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Val {
    pub(super) field: Field,
    pub(super) tag: Tag,
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A node with a role whose children are being visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) role: Role,
    pub(super) row: Row,
    pub(super) field: Field,
    pub(super) mode: Mode,
    pub(super) values: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    /// The definition that the node makes, or [`NONE`].
    pub(super) def: u32,
    /// The definition around it.
    pub(super) outer_def: u32,
    /// Whether its body has begun.
    pub(super) begun: bool,
    /// Scopes to close when it is left.
    pub(super) scopes: u8,
    /// A number for the role's own use.
    pub(super) note: u32,
    /// Variables whose declaration was not over when the node began.
    pub(super) pending: u32,
}

/// A function whose inside is being visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub(super) def: u32,
    pub(super) this: u32,
    pub(super) outer_this: bool,
    pub(super) yields: bool,
}

#[derive(Clone, Copy)]
struct Step {
    kind: u16,
    field: Field,
    mode: Mode,
    framed: bool,
    mapped: bool,
}

/// A member access that is not read or written yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceRec {
    pub(super) base: u32,
    /// The last name of the expression that gave the base, or [`NONE`].
    pub(super) base_name: u32,
    pub(super) name: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) indexed: bool,
}

/// A function without a body: its definition, seed and member.
pub(super) type Signature = (u32, u32, u32);

/// The state of a walk.
pub(super) struct Walk<'s> {
    pub(super) roles: &'s Roles,
    pub(super) source: &'s [u8],
    pub(super) builder: Builder<'s>,
    pub(super) scopes: Scopes,
    pub(super) frames: Vec<Frame>,
    pub(super) values: Vec<Val>,
    pub(super) functions: Vec<Function>,
    pub(super) places: Vec<PlaceRec>,
    pub(super) patterns: Vec<Vec<(u32, Val)>>,
    /// The slot of the type that each pattern names, or [`NONE`].
    pub(super) pattern_types: Vec<u32>,
    /// Interfaces, and the type parameter that stands for whoever implements them.
    pub(super) self_params: Vec<(u32, u32)>,
    pub(super) def: u32,
    /// The run of comments (and attributes) that ends just before this point.
    pub(super) comment: (u32, u32, u32),
    pub(super) package: u32,
    pub(super) fields: rustc_hash::FxHashSet<(u32, u32)>,
    pub(super) ordinals: rustc_hash::FxHashMap<(u32, u32), u32>,
    /// Slots of functions that reading or writing a member calls: their flags.
    pub(super) accessors: rustc_hash::FxHashMap<u32, u32>,
    /// Functions without a body, by parent and name: definition, seed, member.
    pub(super) signatures: rustc_hash::FxHashMap<(u32, u32), Vec<Signature>>,
    /// The word for the receiver, as this file writes it.
    pub(super) receiver: u32,
    /// Where the name of the last function with type arguments ends, and the
    /// first of them.
    pub(super) type_arg: (u32, u32),
    /// Type and value of the last declaration that the next may repeat.
    pub(super) repeated: (u32, u32),
    /// Classes that have bases.
    pub(super) heirs: rustc_hash::FxHashSet<u32>,
}

/// Walks `tree` and gives the facts of its file; where `locates`, also where each
/// slot was made.
pub(super) fn facts(
    tree: &Tree,
    source: &[u8],
    roles: &Roles,
    locates: bool,
) -> (Facts, Vec<Place>) {
    let mut walk = Walk {
        roles,
        source,
        builder: Builder::new(source),
        scopes: Scopes::new(
            roles.traits.implicit_this,
            roles.traits.sequential,
            roles.traits.closed_namespaces,
        ),
        frames: Vec::with_capacity(64),
        values: Vec::with_capacity(256),
        functions: Vec::new(),
        places: Vec::new(),
        patterns: Vec::new(),
        pattern_types: Vec::new(),
        self_params: Vec::new(),
        def: 0,
        comment: (0, 0, 0),
        package: NONE,
        fields: rustc_hash::FxHashSet::default(),
        ordinals: rustc_hash::FxHashMap::default(),
        accessors: rustc_hash::FxHashMap::default(),
        signatures: rustc_hash::FxHashMap::default(),
        receiver: NONE,
        type_arg: (NONE, NONE),
        repeated: (NONE, NONE),
        heirs: rustc_hash::FxHashSet::default(),
    };
    walk.scopes
        .members_need_receiver(roles.traits.members_need_receiver);
    if roles.traits.callables_apart {
        walk.builder.set_callables_apart();
    }
    if locates {
        walk.builder.locate();
    }
    walk.begin(tree.root_node());
    walk.run(tree.walk());
    walk.end()
}

impl Walk<'_> {
    pub(super) fn begin(&mut self, root: Node<'_>) {
        let name = self.builder.made_name(b"");
        let slot = self.builder.slot();
        self.builder.facts.defs.push(DefRec {
            name,
            kind: DefKind::File as u32,
            end: self.source.len() as u32,
            start_line: 1,
            end_line: root.end_position().row as u32 + 1,
            slot,
            this_slot: NONE,
            ret_slot: NONE,
            type_slot: NONE,
            owner_slot: NONE,
            owner_name: NONE,
            ..DefRec::default()
        });
        self.builder.seed(slot, super::format::seed::DEF, 0);
        self.scopes.open(ScopeKind::Module, 0);
    }

    pub(super) fn end(mut self) -> (Facts, Vec<Place>) {
        self.exports_object();
        while self.scopes.depth() > 0 {
            self.close_scope();
        }
        self.builder.facts.defs[0].owner_name = self.package;
        self.builder.finish()
    }

    pub(super) fn run(&mut self, mut cursor: TreeCursor<'_>) {
        let mut steps: Vec<Step> = Vec::with_capacity(64);
        let (mut field, mut mode) = (Field::None, Mode::Value);
        let mut node = cursor.node();
        let mut kind = node.kind_id();
        loop {
            let mut row = self.reshape(node, self.roles.row(kind));
            let direct = steps.last().is_some_and(|step| step.framed);
            if field == Field::Body && direct && self.is_body_of(row) {
                row.role = Role::Pass;
            }
            let entered = field != Field::Ignore && self.visit(node, row, field, mode);
            let framed = entered && row.role != Role::Pass;
            if entered && cursor.goto_first_child() {
                steps.push(Step {
                    kind,
                    field,
                    mode,
                    framed,
                    mapped: row.mapped,
                });
            } else {
                if framed {
                    self.leave(node);
                }
                while !cursor.goto_next_sibling() {
                    let Some(step) = steps.pop() else { return };
                    cursor.goto_parent();
                    if step.framed {
                        self.leave(cursor.node());
                    }
                }
            }
            let Some(step) = steps.last() else { return };
            node = cursor.node();
            let child = node.kind_id();
            let place = if step.mapped {
                let id = cursor.field_id().map_or(0, std::num::NonZeroU16::get);
                self.roles.place(step.kind, id, child)
            } else {
                Field::None
            };
            field = if place == Field::None && !step.framed {
                step.field
            } else if place == Field::Params && !self.takes_params() {
                // Parameters in the type of a variable are nobody's names.
                Field::Ignore
            } else {
                place
            };
            mode = if place == Field::None {
                step.mode
            } else {
                self.mode_of(place, step.mode)
            };
            if step.framed && matches!(field, Field::Body) {
                self.begin_body();
            }
            kind = child;
        }
    }

    /// Meets a node; `true` where its children are to be visited.
    pub(super) fn visit(&mut self, node: Node<'_>, row: Row, field: Field, mode: Mode) -> bool {
        self.builder.is_at(node.start_byte());
        if row.role == Role::Member && self.importing() {
            self.import_path(node, field);
            return false;
        }
        match row.role {
            Role::Pass => true,
            Role::Skip => false,
            Role::Comment | Role::Attribute => {
                self.note_comment(node, row.role);
                false
            }
            Role::Name => {
                self.name_leaf(node, field, mode);
                false
            }
            Role::This | Role::SelfType | Role::Super | Role::PathRoot => {
                self.receiver_leaf(node, row.role, field);
                false
            }
            Role::Literal => {
                self.literal_leaf(node, row, field, mode);
                false
            }
            Role::Template if !self.has_substitution(node) => {
                self.literal_leaf(node, row, field, mode);
                false
            }
            Role::Tokens => {
                self.tokens(node, field);
                false
            }
            _ => {
                self.enter(node, row, field, mode);
                true
            }
        }
    }

    pub(super) fn enter(&mut self, node: Node<'_>, row: Row, field: Field, mode: Mode) {
        let scoped = row.has(NodeFlag::Scoped);
        let (from, to) = (node.start_position(), node.end_position());
        self.frames.push(Frame {
            role: row.role,
            row,
            field,
            mode,
            values: self.values.len() as u32,
            start: node.start_byte() as u32,
            end: node.end_byte() as u32,
            line: from.row as u32 + 1,
            column: from.column as u32 + 1,
            end_line: to.row as u32 + 1,
            def: NONE,
            outer_def: self.def,
            begun: false,
            scopes: 0,
            note: NONE,
            pending: self.scopes.pending(),
        });
        let outer = self.frames.len().checked_sub(2);
        if let Some(outer) = outer.map(|at| self.frames[at])
            && outer.role == Role::TypeSwitch
            && field == Field::None
        {
            self.scopes.commit(outer.pending);
        }
        if scoped {
            self.open_scope(ScopeKind::Block);
        }
        match row.role {
            Role::ForIn if self.child_at(node, Field::Declarator).is_some() => {
                let at = self.frames.len() - 1;
                self.frames[at].note = 0;
            }
            Role::Function => self.enter_function(node),
            Role::Lambda => self.enter_lambda(node),
            Role::Class => self.enter_class(node),
            Role::Namespace => self.enter_namespace(node),
            Role::Impl => self.enter_impl(),
            Role::Block => {
                // The body of a function or a namespace is its scope.
                let outer = self
                    .frames
                    .len()
                    .checked_sub(2)
                    .map(|at| self.frames[at].role);
                let whole = field == Field::Body
                    && matches!(outer, Some(Role::Function | Role::Lambda | Role::Namespace));
                if !whole {
                    self.open_scope(ScopeKind::Block);
                }
            }
            Role::Parametric => self.open_scope(ScopeKind::Params),
            Role::TypeAlias => self.enter_type_alias(node),
            Role::New => self.enter_new(node),
            Role::Comprehension => self.open_scope(ScopeKind::Block),
            Role::Collection => self.enter_collection(),
            Role::TypeCase => self.enter_type_case(),
            Role::Statement if row.has(NodeFlag::Repeats) => self.repeated = (NONE, NONE),
            _ => {}
        }
    }

    pub(super) fn open_scope(&mut self, kind: ScopeKind) {
        self.scopes.open(kind, self.def);
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes += 1;
        }
    }

    pub(super) fn close_scope(&mut self) {
        let inherits = match self.scopes.kind() {
            ScopeKind::Class => self.roles.traits.implicit_this && self.heirs.contains(&self.def),
            // The inside of a member that is defined outside its class.
            ScopeKind::Function => {
                self.roles.traits.program_scope
                    && self.builder.facts.defs[self.scopes.def() as usize].owner_slot != NONE
            }
            // A namespace goes on in other files.
            ScopeKind::Module => self.roles.traits.program_scope && self.scopes.depth() > 1,
            _ => false,
        };
        self.scopes
            .close(&mut self.builder, inherits, |builder, free| {
                builder.facts.frees.push(free);
            });
    }

    /// Whether the innermost frame has parameters of its own.
    pub(super) fn takes_params(&self) -> bool {
        self.frames.last().is_some_and(|frame| {
            !matches!(frame.role, Role::Declare | Role::TypeAlias | Role::Param)
        })
    }

    pub(super) fn begin_body(&mut self) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if frame.begun {
            return;
        }
        frame.begun = true;
        match frame.role {
            Role::Function | Role::Lambda => self.begin_function_body(),
            Role::Class => self.begin_class_body(),
            Role::Collection => self.begin_collection(),
            Role::Impl => self.begin_impl_body(),
            Role::ForIn => {
                let pending = frame.pending;
                self.scopes.commit(pending);
            }
            Role::New => self.begin_inline_class(),
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, node: Node<'_>) {
        self.builder.is_at(node.start_byte());
        self.begin_body();
        let Some(mut frame) = self.frames.pop() else {
            return;
        };
        if frame.role == Role::New && frame.def != NONE {
            // The class is complete; making its instance stands outside it.
            for _ in 0..std::mem::take(&mut frame.scopes) {
                self.close_scope();
            }
            self.def = frame.outer_def;
        }
        if frame.role == Role::ImportList {
            self.leave_import_list(&frame);
            return;
        }
        if frame.role == Role::Param && self.leave_params(&frame) {
            return;
        }
        let value = match frame.role {
            Role::Function | Role::Lambda => self.leave_function(&frame),
            Role::Class => self.leave_class(&frame),
            Role::Namespace | Role::Impl => {
                self.leave_namespace(&frame);
                None
            }
            Role::Block => self.last_value(&frame),
            Role::Statement if frame.row.has(NodeFlag::LastValue) && !self.roles.traits.typed => {
                self.last_value(&frame)
            }
            Role::Statement => self.leave_statement(&frame),
            Role::Match => self.leave_match(&frame),
            Role::Arm => self.leave_arm(&frame),
            Role::Bound => self.leave_bound(&frame),
            Role::Param => self.leave_param(&frame),
            Role::SelfParam => self.leave_self_param(&frame),
            Role::Declare if self.roles.traits.declarations_construct => {
                self.leave_declaration(&frame, node)
            }
            Role::Assign if self.roles.traits.free_operators => self.leave_assignment(&frame, node),
            Role::Declare | Role::Assign => self.leave_assign(&frame),
            Role::ForIn => self.leave_for(&frame),
            Role::Return => self.leave_return(&frame),
            Role::Yield => self.leave_yield(&frame),
            Role::Raise => self.leave_raise(&frame),
            Role::Enter | Role::Catch | Role::Cast => self.leave_typed(&frame),
            Role::Member => self.leave_member(&frame),
            Role::Index => self.leave_index(&frame),
            Role::Call | Role::New => self.leave_call(&frame),
            Role::Collection if frame.field == Field::List => {
                self.leave_list(&frame);
                return;
            }
            Role::Collection | Role::Template => self.leave_collection(&frame),
            Role::Pair => self.leave_pair(&frame),
            Role::Spread => self.leave_spread(&frame),
            Role::Comprehension => self.leave_comprehension(&frame),
            Role::Choice => self.leave_choice(&frame),
            Role::Await => self.leave_await(&frame),
            Role::Binary => self.leave_binary(&frame, node),
            Role::Opaque => {
                self.settle(&frame);
                frame.row.has(NodeFlag::Transparent).then_some(Val {
                    field: frame.field,
                    tag: Tag::Raw,
                    a: NONE,
                    b: NONE,
                    line: frame.line,
                    column: frame.column,
                    start: frame.start,
                    end: frame.end,
                })
            }
            Role::Decorated => self.leave_decorated(&frame),
            Role::Decorator => self.leave_decorator(&frame),
            Role::Generic => self.leave_generic(&frame),
            Role::ArrayType => self.leave_array_type(&frame),
            Role::NewArray => self.leave_new_array(&frame),
            Role::TypeParam => self.leave_type_param(&frame),
            Role::TypeOf => self.leave_type_of(&frame),
            Role::FunctionType => self.leave_function_type(&frame),
            Role::Put => self.leave_put(&frame),
            Role::TypeSwitch => self.leave_type_switch(&frame),
            Role::TypeCase => self.leave_type_case(&frame),
            Role::TypeAlias => self.leave_type_alias(&frame),
            Role::Import | Role::ImportItem | Role::ImportStar | Role::Export | Role::Package => {
                self.leave_import(&frame, node)
            }
            Role::Global | Role::Nonlocal => self.leave_global(&frame),
            Role::Using => self.leave_using(&frame, node),
            Role::Delete => self.leave_delete(&frame),
            Role::Indirection => self.leave_indirection(&frame, node),
            Role::Parametric => None,
            _ => {
                self.settle(&frame);
                None
            }
        };
        self.values.truncate(frame.values as usize);
        for _ in 0..frame.scopes {
            self.close_scope();
        }
        if matches!(frame.role, Role::Class) {
            self.def = frame.outer_def;
        }
        if let Some(mut value) = value {
            value.field = frame.field;
            self.values.push(value);
        } else if frame.field == Field::Args && self.frame_takes_arguments() {
            // An argument whose value is unknown still counts.
            let slot = self.builder.slot();
            self.values.push(Val {
                field: frame.field,
                tag: Tag::Slot,
                a: slot,
                b: NONE,
                line: frame.line,
                column: frame.column,
                start: frame.start,
                end: frame.end,
            });
        }
    }

    /// The values of the children of the frame just popped.
    pub(super) fn children(&self, frame: &Frame) -> std::ops::Range<usize> {
        frame.values as usize..self.values.len()
    }

    /// The first child at `field`.
    pub(super) fn child(&self, frame: &Frame, field: Field) -> Option<Val> {
        self.values[frame.values as usize..]
            .iter()
            .copied()
            .find(|value| value.field == field)
    }
}
