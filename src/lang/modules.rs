//! What import paths mean: the files of a repository as modules.
//!
//! Each family of languages has one rule, in its folder. A rule sees paths and
//! manifests, never the inside of a source file.

use rustc_hash::FxHashMap;

use super::Family;
use crate::text::name_hash;

/// "No module", and "no file".
pub const NOWHERE: u32 = u32::MAX;

/// A source file, as a module rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// Its path in the repository.
    pub path: &'a [u8],
    /// Its family.
    pub family: Family,
    /// The package that it says it belongs to; empty where it says none.
    pub package: &'a [u8],
}

/// A file that configures modules: `package.json`, `go.mod`, `Cargo.toml`, …
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// Its path in the repository.
    pub path: &'a [u8],
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// An import, as a module rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The importing file.
    pub file: u32,
    /// The path as written, quotes left out.
    pub path: &'a [u8],
    /// The item of the path, or empty.
    pub item: &'a [u8],
    /// The path's first segment is what is bound (`import a.b`).
    pub root: bool,
    /// All names are imported.
    pub wildcard: bool,
    /// Members are imported, not types (`import static`).
    pub is_static: bool,
    /// A header of the system (`<…>`).
    pub system: bool,
    /// The path is that of a file that belongs inside this one (`mod name;`).
    pub child: bool,
    /// The path stands in quotes.
    pub quoted: bool,
    /// Names of the namespaces inside the file around the import, outermost first.
    pub inside: &'a [&'a [u8]],
}

/// Where an import leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The module of the path, or [`NOWHERE`].
    pub module: u32,
    /// The module of path and item together, or [`NOWHERE`].
    pub submodule: u32,
    /// The external path, where it leads out of the repository.
    pub external: Option<String>,
    /// What is left of the path behind the module: members inside members.
    pub rest: Vec<u8>,
}

impl Destination {
    /// To a module.
    pub fn module(module: u32) -> Self {
        Self {
            module,
            submodule: NOWHERE,
            external: None,
            rest: Vec::new(),
        }
    }

    /// Out of the repository.
    pub fn external(path: String) -> Self {
        Self {
            module: NOWHERE,
            submodule: NOWHERE,
            external: Some(path),
            rest: Vec::new(),
        }
    }

    /// Nowhere that is known.
    pub fn unknown() -> Self {
        Self {
            module: NOWHERE,
            submodule: NOWHERE,
            external: None,
            rest: Vec::new(),
        }
    }
}

/// The modules of a repository.
#[derive(Debug, Default)]
pub struct Modules {
    /// The module of each file.
    pub of_file: Vec<u32>,
    /// Modules inside modules, by the hash of their name.
    pub inner: FxHashMap<(u32, u64), u32>,
    /// The module whose names are also seen from inside each module, or [`NOWHERE`].
    pub outer: Vec<u32>,
    /// Names that a module sees from other modules without import.
    pub visible: Vec<(u32, u32)>,
    keys: FxHashMap<(Family, Vec<u8>), u32>,
}

impl Modules {
    /// No modules yet, for so many files.
    pub fn for_files(count: usize) -> Self {
        Self {
            of_file: vec![NOWHERE; count],
            ..Self::default()
        }
    }

    /// The module of that key, made if there is none.
    pub fn intern(&mut self, family: Family, key: &[u8]) -> u32 {
        if let Some(module) = self.keys.get(&(family, key.to_vec())) {
            return *module;
        }
        let module = self.outer.len() as u32;
        self.outer.push(NOWHERE);
        self.keys.insert((family, key.to_vec()), module);
        module
    }

    /// The module of that key, or [`NOWHERE`].
    pub fn find(&self, family: Family, key: &[u8]) -> u32 {
        self.keys
            .get(&(family, key.to_vec()))
            .copied()
            .unwrap_or(NOWHERE)
    }

    /// Puts `inner` into `outer` under `name`.
    pub fn nest(&mut self, outer: u32, name: &[u8], inner: u32) {
        self.inner.entry((outer, name_hash(name))).or_insert(inner);
    }

    /// The module of that name inside `outer`, or [`NOWHERE`].
    pub fn inside(&self, outer: u32, name: &[u8]) -> u32 {
        self.inner
            .get(&(outer, name_hash(name)))
            .copied()
            .unwrap_or(NOWHERE)
    }

    /// Number of modules.
    pub fn len(&self) -> u32 {
        self.outer.len() as u32
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.outer.is_empty()
    }
}

/// How a family of languages finds modules.
pub trait ModuleRule {
    /// Names of the manifests that the rule wants to read.
    fn manifests(&self) -> &'static [&'static str] {
        &[]
    }

    /// Assigns each file of the family (`files[at]` for `at` in `own`) to a
    /// module, by filling `modules.of_file`, and nests modules.
    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        manifests: &[Manifest<'_>],
        modules: &mut Modules,
    );

    /// Where an import leads.
    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination;
}

/// The folder of a path: what is before its last slash.
pub fn folder(path: &[u8]) -> &[u8] {
    path.iter()
        .rposition(|byte| *byte == b'/')
        .map_or(b"", |at| &path[..at])
}

/// The last segment of a path.
pub fn file_name(path: &[u8]) -> &[u8] {
    path.iter()
        .rposition(|byte| *byte == b'/')
        .map_or(path, |at| &path[at + 1..])
}

/// A file name without its ending.
pub fn stem(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

/// `base` joined with a relative path, `.` and `..` taken out; `None` where it
/// leaves the repository.
pub fn join(base: &[u8], relative: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = base
        .split(|b| *b == b'/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in relative.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}
