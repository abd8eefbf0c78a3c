//! What a language is: its grammar, the roles of its nodes, its module paths.
//!
//! Absence: no behaviour of the walk or of linking stands here. A language is
//! data, plus one small rule for what its import paths mean.

mod compile;
mod cpp;
mod detect;
mod go;
mod java;
pub mod library;
pub mod modules;
mod parse;
pub mod plugin;
mod python;
mod roles;
mod rust;
mod traits;
mod typescript;

pub use compile::{Roles, RolesError, Row};
pub use detect::{by_name, detect};
pub use parse::Trouble;
pub use roles::{DefKind, Effect, Field, Meaning, NodeFlag, Role, Traits};

use std::sync::OnceLock;

use tree_sitter::Language;

/// A language that files can be in.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name, as users write it.
    pub name: &'static str,
    /// Endings of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// Names of its files that have no such ending.
    pub filenames: &'static [&'static str],
    /// Interpreters that a `#!` line may name.
    pub interpreters: &'static [&'static str],
    /// The family whose files see each other's symbols.
    pub family: Family,
    grammar: Grammar,
    roles: &'static str,
    library: &'static str,
    lenient: bool,
    /// Rewrites, in place, what the grammar cannot read.
    mend: Option<Mend>,
}

/// Bytes that the grammar can read, where it cannot read those of the file.
type Mend = fn(&[u8]) -> Option<Vec<u8>>;

/// Where the grammar of a language comes from.
#[derive(Clone, Copy, Debug)]
enum Grammar {
    /// From the binary.
    Native(fn() -> Language),
    /// From the folder of a language that the user added.
    Added(&'static plugin::Plugin),
}

/// Languages of one family share module rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Family {
    Python,
    Script,
    Rust,
    Go,
    Java,
    C,
    /// An added language, each a family of its own.
    Added(u8),
}

impl Family {
    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::Python => 0,
            Self::Script => 1,
            Self::Rust => 2,
            Self::Go => 3,
            Self::Java => 4,
            Self::C => 5,
            Self::Added(at) => 6 + at,
        }
    }
}

/// A language ready for use.
#[derive(Debug)]
pub struct Lang {
    spec: Spec,
    grammar: Language,
    roles: Roles,
    guard: Option<plugin::Guard>,
}

impl Spec {
    /// What its standard library holds, as [`library::types`] reads it.
    pub fn library(&self) -> &'static str {
        self.library
    }

    /// Its roles, as text.
    pub fn roles(&self) -> &'static str {
        self.roles
    }

    /// The language that a user added, where it is one.
    pub fn plugin(&self) -> Option<&'static plugin::Plugin> {
        match self.grammar {
            Grammar::Native(_) => None,
            Grammar::Added(plugin) => Some(plugin),
        }
    }
}

impl Lang {
    /// Its static description.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Whether a user added it.
    pub fn is_added(&self) -> bool {
        self.guard.is_some()
    }

    /// The same text, bytes in the same places, with what the grammar cannot
    /// read written so that it can; `None` where that changes nothing.
    pub fn mend(&self, source: &[u8]) -> Option<Vec<u8>> {
        self.spec.mend.and_then(|mend| mend(source))
    }

    /// Its grammar.
    pub fn grammar(&self) -> &Language {
        &self.grammar
    }

    /// Its roles.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }
}

/// The languages, in the order of their ids. Adding one touches its folder and
/// one line here; ids are part of the index format, so lines are only appended.
pub static LANGUAGES: &[Spec] = &[
    Spec {
        name: "python",
        extensions: &["py", "pyi", "pyw"],
        filenames: &["SConstruct", "SConscript", "wscript"],
        interpreters: &["python", "python2", "python3", "pypy3"],
        family: Family::Python,
        grammar: Grammar::Native(|| tree_sitter_python::LANGUAGE.into()),
        roles: include_str!("python/roles.toml"),
        lenient: false,
        library: "",
        mend: None,
    },
    Spec {
        name: "javascript",
        extensions: &["js", "mjs", "cjs", "jsx"],
        filenames: &["Jakefile"],
        interpreters: &["node", "nodejs", "bun", "deno"],
        family: Family::Script,
        grammar: Grammar::Native(|| tree_sitter_javascript::LANGUAGE.into()),
        roles: include_str!("typescript/roles.toml"),
        lenient: true,
        library: "",
        mend: None,
    },
    Spec {
        name: "typescript",
        extensions: &["ts", "mts", "cts"],
        filenames: &[],
        interpreters: &["ts-node", "tsx"],
        family: Family::Script,
        grammar: Grammar::Native(|| tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()),
        roles: include_str!("typescript/roles.toml"),
        lenient: true,
        library: "",
        mend: Some(typescript::mend),
    },
    Spec {
        name: "tsx",
        extensions: &["tsx"],
        filenames: &[],
        interpreters: &[],
        family: Family::Script,
        grammar: Grammar::Native(|| tree_sitter_typescript::LANGUAGE_TSX.into()),
        roles: include_str!("typescript/roles.toml"),
        lenient: true,
        library: "",
        mend: Some(typescript::mend),
    },
    Spec {
        name: "rust",
        extensions: &["rs"],
        filenames: &[],
        interpreters: &["rust-script"],
        family: Family::Rust,
        grammar: Grammar::Native(|| tree_sitter_rust::LANGUAGE.into()),
        roles: include_str!("rust/roles.toml"),
        lenient: false,
        library: "",
        mend: None,
    },
    Spec {
        name: "go",
        extensions: &["go"],
        filenames: &[],
        interpreters: &[],
        family: Family::Go,
        grammar: Grammar::Native(|| tree_sitter_go::LANGUAGE.into()),
        roles: include_str!("go/roles.toml"),
        lenient: false,
        library: "",
        mend: None,
    },
    Spec {
        name: "java",
        extensions: &["java"],
        filenames: &[],
        interpreters: &[],
        family: Family::Java,
        grammar: Grammar::Native(|| tree_sitter_java::LANGUAGE.into()),
        roles: include_str!("java/roles.toml"),
        lenient: false,
        library: include_str!("java/library.txt"),
        mend: None,
    },
    Spec {
        name: "cpp",
        extensions: &[
            "cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "h", "ipp", "inl", "tcc", "cu",
            "cuh",
        ],
        filenames: &[],
        interpreters: &[],
        family: Family::C,
        grammar: Grammar::Native(|| tree_sitter_cpp::LANGUAGE.into()),
        roles: include_str!("cpp/roles.toml"),
        lenient: true,
        library: "",
        mend: None,
    },
    Spec {
        name: "c",
        extensions: &["c"],
        filenames: &[],
        interpreters: &[],
        family: Family::C,
        grammar: Grammar::Native(|| tree_sitter_c::LANGUAGE.into()),
        roles: include_str!("cpp/roles.toml"),
        lenient: true,
        library: "",
        mend: None,
    },
];

/// All languages, in the order of their ids: those of the binary, then those
/// that the user added.
pub fn languages() -> &'static [Spec] {
    ALL.get().map_or(LANGUAGES, Vec::as_slice)
}

static ALL: OnceLock<Vec<Spec>> = OnceLock::new();

/// Adds the languages of a user, in the order of their names, once and for all:
/// ids are taken for granted afterwards. Too many, and a second call, are left out.
pub fn install(plugins: Vec<&'static plugin::Plugin>) {
    if plugins.is_empty() {
        return;
    }
    ALL.get_or_init(|| {
        let room = usize::from(NO_LANGUAGE) - LANGUAGES.len();
        let added = plugins.into_iter().take(room).enumerate();
        let added = added.map(|(at, plugin)| plugin.spec(at as u8));
        LANGUAGES.iter().copied().chain(added).collect()
    });
}

/// The id that stands for no language.
pub const NO_LANGUAGE: u8 = u8::MAX;

/// The language of that id, compiled on first use; none where there is no such
/// language or it cannot be used, and then [`problem`] says why.
pub fn language(id: u8) -> Option<&'static Lang> {
    ready(id)?.as_ref().ok()
}

/// Why the language of that id cannot be used, if it cannot.
pub fn problem(id: u8) -> Option<&'static plugin::Error> {
    ready(id)?.as_ref().err()
}

fn ready(id: u8) -> Option<&'static Result<Lang, plugin::Error>> {
    static READY: [OnceLock<Result<Lang, plugin::Error>>; 256] = [const { OnceLock::new() }; 256];
    let spec = languages().get(usize::from(id))?;
    Some(READY[usize::from(id)].get_or_init(|| match spec.grammar {
        Grammar::Added(plugin) => plugin.load(*spec),
        Grammar::Native(grammar) => {
            let grammar = grammar();
            let roles = Roles::compile(spec.roles, &grammar, spec.lenient)
                .expect("a test compiles the roles of every built-in language");
            Ok(Lang {
                spec: *spec,
                grammar,
                roles,
                guard: None,
            })
        }
    }))
}

/// What the language of that id as a whole does. Of an added language this is
/// known without its grammar.
pub fn traits(id: u8) -> Option<&'static Traits> {
    match languages().get(usize::from(id))?.grammar {
        Grammar::Added(plugin) => Some(&plugin.traits),
        Grammar::Native(_) => language(id).map(|lang| &lang.roles.traits),
    }
}

/// The module rules of all families, in the order of [`Family`].
pub fn module_rules() -> Vec<(Family, Box<dyn modules::ModuleRule>)> {
    let mut rules: Vec<(Family, Box<dyn modules::ModuleRule>)> = vec![
        (Family::Python, Box::new(python::Rule::default())),
        (Family::Script, Box::new(typescript::Rule::default())),
        (Family::Rust, Box::new(rust::Rule::default())),
        (Family::Go, Box::new(go::Rule::default())),
        (Family::Java, Box::new(java::Rule::default())),
        (Family::C, Box::new(cpp::Rule::default())),
    ];
    for spec in &languages()[LANGUAGES.len()..] {
        if let Some(plugin) = spec.plugin() {
            rules.push((
                spec.family,
                Box::new(plugin::Rule::new(plugin, spec.family)),
            ));
        }
    }
    rules
}

/// The sources that decide what import paths mean.
pub const SOURCES: &[&str] = &[
    include_str!("modules.rs"),
    include_str!("cpp/mod.rs"),
    include_str!("go/manifest.rs"),
    include_str!("go/mod.rs"),
    include_str!("java/library.txt"),
    include_str!("java/mod.rs"),
    include_str!("library.rs"),
    include_str!("plugin/rule.rs"),
    include_str!("python/mod.rs"),
    include_str!("rust/mod.rs"),
    include_str!("typescript/mend.rs"),
    include_str!("typescript/mod.rs"),
];
