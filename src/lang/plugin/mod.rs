//! A language that a user added: a folder with `grammar.wasm`, `roles.toml` and
//! `manifest.toml`, which says what was checked when it was added.
//!
//! The grammar is code. It runs in WebAssembly, within limits on memory and
//! time; it is read only where its bytes are those that were checked; and it
//! comes from the user's own folder, never from a repository.
//!
//! Absence: nothing here says where the folder is; `cmd/` does.

mod audit;
#[cfg(feature = "wasm")]
mod guard;
#[cfg(not(feature = "wasm"))]
mod unsupported;
#[cfg(not(feature = "wasm"))]
use unsupported as guard;
mod rule;
mod shape;

pub use audit::{Fault, audit};
pub use guard::{Guard, SUPPORTED};
pub use rule::Rule;
pub use shape::Shape;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::compile::Document;
use super::{Family, Grammar, Lang, Roles, RolesError, Spec, Traits};

/// The file of the grammar.
pub const GRAMMAR: &str = "grammar.wasm";
/// The file of the roles.
pub const ROLES: &str = "roles.toml";
/// The file that says what was checked.
pub const MANIFEST: &str = "manifest.toml";

/// The largest grammar that is read. The largest known, of C# and Verilog, have 5
/// and 12 MB.
const MOST_WASM: u64 = 32 << 20;
/// The largest `roles.toml` that is read.
const MOST_ROLES: u64 = 1 << 20;
/// How long a grammar may take to be compiled.
const LOADING: Duration = Duration::from_mins(1);

/// Why a language that was added cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This binary was built without the feature `wasm`.
    #[error("this build of happy has no WASM support")]
    NoSupport,
    /// A file of the folder cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the folder is too large.
    #[error("`{}` is larger than {} MiB", path.display(), limit >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The roles are not usable.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// The table `[language]` is not usable.
    #[error("`roles.toml`, table `[language]`: {0}")]
    Table(String),
    /// The grammar is not usable.
    #[error("`grammar.wasm` {0}")]
    Grammar(String),
    /// The folder has no manifest, or it cannot be read.
    #[error("`{}` was not put there by `happy lang add`: {why}", folder.display())]
    NotAdded {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with the manifest.
        why: String,
    },
    /// The grammar is another than the one that was checked.
    #[error("`grammar.wasm` is damaged, or another than the one that was added")]
    Changed,
}

/// The table `[language]` of a `roles.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// Its name, as users write it.
    pub name: String,
    /// The function that gives the grammar is `tree_sitter_` and this; the name
    /// where it is empty.
    #[serde(default)]
    pub symbol: String,
    /// Endings of its files, without the dot.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Names of its files that have no such ending.
    #[serde(default)]
    pub filenames: Vec<String>,
    /// Interpreters that a `#!` line may name.
    #[serde(default)]
    pub interpreters: Vec<String>,
    /// What is a module.
    #[serde(default)]
    pub modules: Unit,
    /// Folders that import paths start in, beside the importing file's.
    #[serde(default)]
    pub roots: Vec<String>,
    /// Names of the file that stands for its folder: `init`, `index`.
    #[serde(default)]
    pub index: Vec<String>,
    /// Code in the language, for `happy lang check`.
    #[serde(default)]
    pub sample: String,
}

/// What is a module in a language.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A file; import paths are paths of files.
    #[default]
    File,
    /// All files of one package, as they say themselves.
    Package,
}

/// What was checked when a language was added.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Manifest {
    /// The version of happy that checked it.
    pub happy: String,
    /// Hash of the grammar's bytes.
    pub grammar: String,
    /// Version of the interface between grammar and parser.
    pub abi: u32,
    /// The grammar's own version, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Names and endings of other languages that are this one's now.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// When it was added, in seconds of Unix time: adding a language again is
    /// trying again what failed.
    pub added: u64,
}

/// A language that was added.
#[derive(Debug)]
pub struct Plugin {
    /// Where it lies.
    pub folder: PathBuf,
    /// What it says of itself.
    pub table: Table,
    /// What was checked.
    pub manifest: Manifest,
    /// What it does as a whole.
    pub traits: Traits,
    roles: String,
}

/// A grammar and roles that are about to be added, or that are being checked.
#[derive(Debug)]
pub struct Candidate {
    /// The grammar.
    pub wasm: Vec<u8>,
    /// The roles, as text.
    pub roles: String,
    /// What the roles say of the language.
    pub table: Table,
    /// What the grammar's file says of itself.
    pub shape: Shape,
}

impl Candidate {
    /// Reads both files, and checks all that can be checked without running anything.
    pub fn read(wasm: &Path, roles: &Path) -> Result<Self, Error> {
        let roles = text(roles)?;
        let document = Document::read(&roles)?;
        let table = document.language.ok_or_else(|| {
            Error::Table("is missing; it names the language and its files".to_owned())
        })?;
        table.check()?;
        let wasm = bytes(wasm, MOST_WASM)?;
        let shape = Shape::of(&wasm).map_err(Error::Grammar)?;
        if !shape.exports.contains(&table.function()) {
            let there = shape.grammars();
            return Err(Error::Grammar(format!(
                "does not export `{}`{}",
                table.function(),
                match there.as_slice() {
                    [] => String::new(),
                    [one] => format!("; set `symbol = \"{one}\"` in `[language]`"),
                    several => format!("; it has {}", several.join(", ")),
                }
            )));
        }
        Ok(Self {
            wasm,
            roles,
            table,
            shape,
        })
    }

    /// The hash of the grammar.
    pub fn hash(&self) -> String {
        hash(&self.wasm)
    }

    /// Runs the grammar: what it is, and all that is wrong with the roles. What
    /// the language says of itself stays until the process ends.
    pub fn run(&self) -> Result<(Lang, Vec<Fault>), Error> {
        let guard = Guard::load(&self.table.symbol(), self.wasm.clone(), LOADING)?;
        let faults = audit(&self.roles, guard.language());
        let roles = Roles::compile(&self.roles, guard.language(), true)?;
        let plugin: &'static Plugin = Box::leak(Box::new(Plugin {
            folder: PathBuf::new(),
            table: self.table.clone(),
            manifest: self.manifest(guard.language()),
            traits: self.table.traits(Document::read(&self.roles)?.traits),
            roles: self.roles.clone(),
        }));
        let lang = Lang {
            spec: plugin.spec(0),
            grammar: guard.language().clone(),
            roles,
            guard: Some(guard),
        };
        Ok((lang, faults))
    }

    fn manifest(&self, grammar: &tree_sitter::Language) -> Manifest {
        Manifest {
            happy: env!("CARGO_PKG_VERSION").to_owned(),
            grammar: self.hash(),
            abi: grammar.abi_version() as u32,
            version: version(grammar),
            replaces: Vec::new(),
            added: 0,
        }
    }
}

impl Plugin {
    /// Reads the folder of a language that was added. The grammar stays where it
    /// is: it is read when the first file of the language is.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let roles = text(&folder.join(ROLES))?;
        let document = Document::read(&roles)?;
        let table = document
            .language
            .ok_or_else(|| Error::Table("is missing".to_owned()))?;
        table.check()?;
        let not_added = |why: String| Error::NotAdded {
            folder: folder.to_owned(),
            why,
        };
        let manifest =
            text(&folder.join(MANIFEST)).map_err(|error| not_added(error.to_string()))?;
        let manifest = toml::from_str(&manifest).map_err(|error| not_added(error.to_string()))?;
        if folder
            .file_name()
            .is_none_or(|name| name != table.name.as_str())
        {
            return Err(not_added(format!("it holds the language `{}`", table.name)));
        }
        Ok(Self {
            folder: folder.to_owned(),
            traits: table.traits(document.traits),
            table,
            manifest,
            roles,
        })
    }

    /// Reads its grammar and checks that it is the one that was added.
    pub(super) fn load(&self, spec: Spec) -> Result<Lang, Error> {
        let wasm = bytes(&self.folder.join(GRAMMAR), MOST_WASM)?;
        if hash(&wasm) != self.manifest.grammar {
            return Err(Error::Changed);
        }
        let guard = Guard::load(&self.table.symbol(), wasm, LOADING)?;
        let roles = Roles::compile(&self.roles, guard.language(), false)?;
        Ok(Lang {
            spec,
            grammar: guard.language().clone(),
            roles,
            guard: Some(guard),
        })
    }

    /// What its facts depend on beside its name and roles.
    pub fn stamp(&self) -> String {
        format!("{}/{}", self.manifest.grammar, self.manifest.added)
    }

    /// Its place among the languages; it is never forgotten, nor is the plugin.
    pub(super) fn spec(&'static self, at: u8) -> Spec {
        let list = |texts: &'static [String]| -> &'static [&'static str] {
            Vec::leak(texts.iter().map(String::as_str).collect())
        };
        Spec {
            name: &self.table.name,
            extensions: list(&self.table.extensions),
            filenames: list(&self.table.filenames),
            interpreters: list(&self.table.interpreters),
            family: Family::Added(at),
            grammar: Grammar::Added(self),
            roles: &self.roles,
            library: "",
            lenient: false,
            mend: None,
        }
    }
}

impl Lang {
    /// A language whose grammar comes from WebAssembly, with the roles of the
    /// built-in language `spec`: what tests hold the two kinds of grammar
    /// against each other with.
    pub fn from_wasm(spec: &Spec, symbol: &str, wasm: Vec<u8>) -> Result<Self, Error> {
        let guard = Guard::load(symbol, wasm, LOADING)?;
        let roles = Roles::compile(spec.roles, guard.language(), spec.lenient)?;
        Ok(Self {
            spec: *spec,
            grammar: guard.language().clone(),
            roles,
            guard: Some(guard),
        })
    }
}

impl Table {
    /// The name of the grammar inside its file.
    pub fn symbol(&self) -> String {
        if self.symbol.is_empty() {
            self.name.replace('-', "_")
        } else {
            self.symbol.clone()
        }
    }

    /// The traits of the language: where a module is a package, the names of its
    /// files stand together.
    fn traits(&self, traits: Traits) -> Traits {
        Traits {
            global_names: traits.global_names || self.modules == Unit::Package,
            ..traits
        }
    }

    fn function(&self) -> String {
        format!("tree_sitter_{}", self.symbol())
    }

    fn check(&self) -> Result<(), Error> {
        let word = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !text.is_empty() && text.len() <= 64 && text.chars().all(fits)
        };
        let wrong = |text: String| Err(Error::Table(text));
        let lower = |c: char| !c.is_ascii_uppercase();
        if !word(&self.name, "_-") || !self.name.chars().all(lower) {
            return wrong(format!(
                "`{}` is no name; it is of small letters, digits, `-` and `_`",
                self.name
            ));
        }
        if !word(&self.symbol(), "_") {
            return wrong(format!("`{}` is no symbol", self.symbol()));
        }
        if self.extensions.is_empty() && self.filenames.is_empty() {
            return wrong("no file is in it; set `extensions` or `filenames`".to_owned());
        }
        let mut names = self.extensions.iter().chain(&self.filenames);
        if let Some(name) = names.find(|name| !word(name, "_-+.#@~") || name.starts_with('.')) {
            return wrong(format!(
                "`{name}` is no file name or ending; leave the dot out"
            ));
        }
        if let Some(name) = self.interpreters.iter().find(|name| !word(name, "_-+.")) {
            return wrong(format!("`{name}` is no interpreter"));
        }
        let mut paths = self.roots.iter().chain(&self.index);
        if let Some(path) = paths.find(|path| path.starts_with('/') || path.contains("..")) {
            return wrong(format!("`{path}` leaves the repository"));
        }
        Ok(())
    }
}

/// The version that a grammar gives itself, if it does.
pub fn version(grammar: &tree_sitter::Language) -> Option<String> {
    let found = grammar.metadata()?;
    let (major, minor, patch) = (
        found.major_version,
        found.minor_version,
        found.patch_version,
    );
    Some(format!("{major}.{minor}.{patch}"))
}

fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

fn text(path: &Path) -> Result<String, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let bytes = bytes(path, MOST_ROLES)?;
    String::from_utf8(bytes).map_err(|_| io(std::io::Error::other("it is not UTF-8")))
}

/// The bytes of a regular file of some size at most.
fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let found = std::fs::metadata(path).map_err(io)?;
    if !found.is_file() {
        return Err(io(std::io::Error::other("it is no file")));
    }
    if found.len() > limit {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    std::fs::read(path).map_err(io)
}
