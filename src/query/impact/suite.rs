//! What of a project is test code, and what its runners would run.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::walk::Role;
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::index::records::{SymbolRec, file_flag};
use crate::index::words::word_hash;
use crate::lang::DefKind;
use crate::query::Result;

/// The test code of a snapshot.
pub(super) struct Suite<'s> {
    snapshot: &'s Snapshot,
    /// Functions of test code by the words of their parameters.
    takers: RefCell<Option<FxHashMap<u64, Vec<u32>>>>,
    /// Symbols that say they apply by themselves.
    automatic: Vec<u32>,
}

/// Methods that a runner calls before and after the tests of a class.
const HOOKS: &[&str] = &[
    "setup",
    "teardown",
    "setupclass",
    "teardownclass",
    "setuptestdata",
    "asyncsetup",
    "asyncteardown",
    "setup_class",
    "teardown_class",
    "setup_method",
    "teardown_method",
];

impl<'s> Suite<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Result<Self> {
        let automatic = snapshot.postings(word_hash(b"autouse"))?;
        Ok(Self {
            snapshot,
            takers: RefCell::new(None),
            automatic: automatic.map(|posting| posting.symbol).collect(),
        })
    }

    /// Whether a symbol is test code.
    pub(super) fn holds(&self, node: u32) -> Result<bool> {
        let record = self.snapshot.symbol(node)?;
        if self.snapshot.file(record.file)?.flags & file_flag::TEST != 0 {
            return Ok(true);
        }
        let mut outer = *record;
        while outer.kind != DefKind::File as u32 {
            let name = self.snapshot.text(outer.name)?;
            if outer.kind == DefKind::Module as u32 && (name == b"tests" || name == b"test") {
                return Ok(true);
            }
            outer = *self.snapshot.symbol(outer.parent)?;
        }
        Ok(false)
    }

    /// Whether a runner would run it: a function of test code that is named as
    /// a test or that nobody calls or takes, a class whose tests are reached
    /// through what they share, or the top of a test file.
    pub(super) fn is_test(&self, node: u32, role: Role) -> Result<bool> {
        if !self.holds(node)? {
            return Ok(false);
        }
        let record = self.snapshot.symbol(node)?;
        if record.kind == DefKind::File as u32 {
            return Ok(true);
        }
        if role == Role::Lends {
            return self.has_tests(node);
        }
        if !is_callable(record.kind) {
            return Ok(false);
        }
        if self.is_named_as_test(record)? {
            return Ok(true);
        }
        Ok(self.snapshot.edges_to(EdgeKind::Calls, node)?.is_empty()
            && self.shared_by(node)?.is_none()
            && (self.automatic.contains(&node) || self.takers_of(node)?.is_empty()))
    }

    pub(super) fn is_named_as_test(&self, record: &SymbolRec) -> Result<bool> {
        let name = self.snapshot.text(record.name)?;
        let start = name.get(..4).unwrap_or_default();
        Ok(is_callable(record.kind) && start.eq_ignore_ascii_case(b"test"))
    }

    /// Whether a class, or one that it extends, has tests as its methods.
    fn has_tests(&self, class: u32) -> Result<bool> {
        let mut classes = vec![class];
        let mut at = 0;
        while let Some(&class) = classes.get(at) {
            at += 1;
            for node in self.members(class)? {
                if self.is_named_as_test(self.snapshot.symbol(node)?)? {
                    return Ok(true);
                }
            }
            for edge in self.snapshot.edges_from(EdgeKind::Implements, class)? {
                let known = classes.contains(&edge.target);
                if !self.snapshot.is_external(edge.target) && !known && classes.len() < 64 {
                    classes.push(edge.target);
                }
            }
        }
        Ok(false)
    }

    /// What stands directly in a class.
    fn members(&self, class: u32) -> Result<Vec<u32>> {
        let file = *self.snapshot.file(self.snapshot.symbol(class)?.file)?;
        let mut members = Vec::new();
        for node in file.symbols..file.symbols.saturating_add(file.symbols_len) {
            if node != class && self.snapshot.symbol(node)?.parent == class {
                members.push(node);
            }
        }
        Ok(members)
    }

    /// The class whose tests all go through a method: one that the runner calls
    /// around them.
    pub(super) fn shared_by(&self, node: u32) -> Result<Option<u32>> {
        let record = self.snapshot.symbol(node)?;
        if record.kind != DefKind::Method as u32 {
            return Ok(None);
        }
        let name = self.snapshot.text(record.name)?.to_ascii_lowercase();
        let is_hook = HOOKS.iter().any(|hook| hook.as_bytes() == name);
        Ok(is_hook.then_some(record.parent))
    }

    /// Functions of test code that have the name of `node` among their
    /// parameters: the runner may pass it to them.
    pub(super) fn takers_of(&self, node: u32) -> Result<Vec<u32>> {
        let record = self.snapshot.symbol(node)?;
        if record.kind != DefKind::Function as u32 && record.kind != DefKind::Method as u32 {
            return Ok(Vec::new());
        }
        if self.takers.borrow().is_none() {
            let takers = self.all_takers()?;
            *self.takers.borrow_mut() = Some(takers);
        }
        let name = word_hash(self.snapshot.text(record.name)?);
        let takers = self.takers.borrow();
        let found = takers.as_ref().and_then(|takers| takers.get(&name));
        Ok(found.cloned().unwrap_or_default())
    }

    fn all_takers(&self) -> Result<FxHashMap<u64, Vec<u32>>> {
        let snapshot = self.snapshot;
        let mut takers: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for file in snapshot.files()? {
            if file.flags & file_flag::TEST == 0 {
                continue;
            }
            for node in file.symbols..file.symbols.saturating_add(file.symbols_len) {
                let record = snapshot.symbol(node)?;
                let signature = snapshot.text(record.signature)?;
                let start = signature.iter().position(|byte| *byte == b'(');
                let Some(start) = start.filter(|_| is_callable(record.kind)) else {
                    continue;
                };
                for word in signature[start..].split(|byte| !is_word(*byte)) {
                    if word.is_empty() {
                        continue;
                    }
                    let list = takers.entry(word_hash(word)).or_default();
                    if list.last() != Some(&node) {
                        list.push(node);
                    }
                }
            }
        }
        Ok(takers)
    }

    /// Whether a test file sees what another offers: itself, or a
    /// `conftest.py` of a folder around it.
    pub(super) fn sees(&self, taker: u32, offering: u32) -> Result<bool> {
        let snapshot = self.snapshot;
        let (to, from) = (
            snapshot.symbol(taker)?.file,
            snapshot.symbol(offering)?.file,
        );
        if to == from {
            return Ok(true);
        }
        let path = snapshot.text(snapshot.file(from)?.path)?;
        let folder = path.strip_suffix(b"conftest.py");
        let path = snapshot.text(snapshot.file(to)?.path)?;
        Ok(folder.is_some_and(|folder| path.starts_with(folder)))
    }
}

pub(super) fn is_callable(kind: u32) -> bool {
    kind == DefKind::Function as u32 || kind == DefKind::Method as u32
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
