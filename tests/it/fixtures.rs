//! The assertions that fixtures make in their own comments, as plain data
//! ([`all`]), and the comparison of an answer with them ([`check`]).
//!
//! The notation is described in `tests/fixtures/README.md`. Nothing here knows
//! the engine: whoever has edges and definitions asks [`check`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

mod judge;
mod selftest;

pub(crate) use judge::{Def, Edge, check};

/// A folder under `tests/fixtures/<lang>/`.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The name of the folder above: `python`, `typescript`, ….
    pub(crate) lang: String,
    /// The phenomenon, which is the folder's name.
    pub(crate) name: String,
    /// The folder itself.
    pub(crate) root: PathBuf,
    /// Path relative to `root` with `/` → text, manifests included.
    pub(crate) files: BTreeMap<String, String>,
    /// In the order of files and lines.
    pub(crate) asserts: Vec<Assert>,
}

/// One assertion comment.
#[derive(Debug, Clone)]
pub(crate) struct Assert {
    /// The file it stands in and speaks of.
    pub(crate) path: String,
    /// The line it speaks of, 1-based.
    pub(crate) line: usize,
    /// The column it points at, 1-based, in characters.
    pub(crate) column: usize,
    /// What it claims.
    pub(crate) claim: Claim,
}

/// What an assertion claims of its place.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    /// The targets of the call.
    Calls {
        /// What must and may be claimed.
        targets: Targets,
        /// `exact` or `inferred`, when the fixture insists.
        confidence: Option<String>,
    },
    /// The call leaves from one of these symbols.
    Caller(Vec<String>),
    /// A definition: its kind and its container-qualified name.
    Defines(String, String),
    /// A reference to exactly these.
    Refs(Targets),
    /// The line imports these files or symbols.
    Imports(Targets),
    /// The class extends or implements exactly these.
    Implements(Targets),
    /// The method overrides exactly these.
    Overrides(Targets),
}

/// A set of symbols, a part of which may be left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    /// These must be claimed.
    pub(crate) required: BTreeSet<String>,
    /// These may be claimed.
    pub(crate) allowed: BTreeSet<String>,
    /// `Some("")` when any external symbol will do, `Some(symbol)` for one.
    pub(crate) external: Option<String>,
}

impl Display for Targets {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let allowed = self.allowed.iter().map(|name| format!("?{name}"));
        let mut all: Vec<String> = self.required.iter().cloned().chain(allowed).collect();
        match self.external.as_deref() {
            Some("") => all.push("external".to_owned()),
            Some(name) => all.push(format!("external {name}")),
            None => {}
        }
        if all.is_empty() {
            all.push("none".to_owned());
        }
        out.write_str(&all.join(", "))
    }
}

impl Targets {
    fn parse(text: &str) -> Self {
        let mut targets = Self::default();
        if let Some(name) = text.strip_prefix("external") {
            targets.external = Some(name.trim().to_owned());
        } else if text != "none" {
            for name in text.split(',').map(str::trim) {
                match name.strip_prefix('?') {
                    Some(name) => targets.allowed.insert(name.to_owned()),
                    None => targets.required.insert(name.to_owned()),
                };
            }
        }
        targets
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.required.iter().chain(&self.allowed)
    }

    /// What is wrong with `found`, if anything.
    fn judge(&self, found: &BTreeSet<String>) -> Option<String> {
        let missing: Vec<_> = self.required.difference(found).cloned().collect();
        let invented: Vec<_> = found
            .iter()
            .filter(|name| !self.required.contains(*name) && !self.allowed.contains(*name))
            .cloned()
            .collect();
        let mut faults = Vec::new();
        if !missing.is_empty() {
            faults.push(format!("misses {}", missing.join(", ")));
        }
        if !invented.is_empty() {
            faults.push(format!("invents {}", invented.join(", ")));
        }
        (!faults.is_empty()).then(|| faults.join(" and "))
    }
}

impl Claim {
    fn parse(kind: &str, rest: &str) -> Result<Self, String> {
        let targets = || Targets::parse(rest);
        Ok(match kind {
            "calls" => {
                let (rest, confidence) =
                    match rest.strip_suffix(')').and_then(|r| r.rsplit_once(" (")) {
                        Some((rest, word)) if ["exact", "inferred"].contains(&word) => {
                            (rest, Some(word.to_owned()))
                        }
                        Some((_, word)) => return Err(format!("`{word}` is no confidence")),
                        None => (rest, None),
                    };
                Self::Calls {
                    targets: Targets::parse(rest),
                    confidence,
                }
            }
            "caller" => Self::Caller(targets().names().cloned().collect()),
            "defines" => match rest.split_once(' ') {
                Some((kind, name)) if DEFINITION_KINDS.contains(&kind) => {
                    Self::Defines(kind.to_owned(), name.to_owned())
                }
                _ => return Err(format!("`{rest}` is no kind and name")),
            },
            "refs" => Self::Refs(targets()),
            "imports" => Self::Imports(targets()),
            "implements" => Self::Implements(targets()),
            "overrides" => Self::Overrides(targets()),
            _ => return Err(format!("`{kind}` is no assertion")),
        })
    }

    /// The repository's symbols and files it names.
    fn named(&self, path: &str) -> Vec<String> {
        match self {
            Self::Calls { targets, .. }
            | Self::Refs(targets)
            | Self::Imports(targets)
            | Self::Implements(targets)
            | Self::Overrides(targets) => targets.names().cloned().collect(),
            Self::Caller(names) => names.clone(),
            Self::Defines(_, name) => vec![format!("{path}::{name}")],
        }
    }
}

const DEFINITION_KINDS: &[&str] = &[
    "module",
    "class",
    "interface",
    "function",
    "method",
    "variable",
];

const CODE: &[&str] = &[
    "py", "pyi", "ts", "tsx", "js", "jsx", "mjs", "cjs", "rs", "go", "java", "c", "h", "cc", "cpp",
    "hpp", "rb", "php",
];

fn comment_marker(path: &str) -> Option<&'static str> {
    let extension = path.rsplit_once('.')?.1;
    CODE.contains(&extension)
        .then_some(if extension.starts_with("py") || extension == "rb" {
            "#"
        } else {
            "//"
        })
}

/// The column and the text of an assertion, if `line` is one.
fn assertion(line: &str, marker: &str) -> Option<(usize, String)> {
    let after = line.trim_start_matches(' ').strip_prefix(marker)?;
    let body = after.trim_start_matches(' ');
    if let Some(text) = body.strip_prefix('^') {
        return Some((
            line.chars().count() - body.chars().count() + 1,
            text.trim().to_owned(),
        ));
    }
    if let Some(text) = after.strip_prefix("<-") {
        return Some((1, text.trim().to_owned()));
    }
    let (column, text) = after.strip_prefix('@')?.split_once(' ')?;
    Some((column.parse().ok()?, text.trim().to_owned()))
}

/// The assertions of one file; a malformed one is an error that names its place.
pub(crate) fn parse_asserts(path: &str, text: &str) -> Result<Vec<Assert>, String> {
    let Some(marker) = comment_marker(path) else {
        return Ok(Vec::new());
    };
    let mut asserts = Vec::new();
    let mut spoken_of = 0;
    for (number, line) in text.lines().enumerate() {
        let Some((column, body)) = assertion(line, marker) else {
            spoken_of = number + 1;
            continue;
        };
        let place = format!("{path}:{}", number + 1);
        let (kind, rest) = body
            .split_once(": ")
            .ok_or_else(|| format!("{place}: `{body}` has no `kind: `"))?;
        let claim = Claim::parse(kind, rest.trim()).map_err(|fault| format!("{place}: {fault}"))?;
        if spoken_of == 0 {
            return Err(format!("{place}: no line stands above"));
        }
        asserts.push(Assert {
            path: path.to_owned(),
            line: spoken_of,
            column,
            claim,
        });
    }
    Ok(asserts)
}

fn sorted_entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .expect("a folder of fixtures is readable")
        .map(|entry| entry.expect("an entry is readable").path())
        .collect();
    paths.sort();
    paths
}

fn read_files(root: &Path, dir: &Path, out: &mut BTreeMap<String, String>) {
    for path in sorted_entries(dir) {
        if path.is_dir() {
            read_files(root, &path, out);
        } else {
            let relative = path.strip_prefix(root).expect("a file lies in its fixture");
            let text = std::fs::read_to_string(&path).expect("a fixture is UTF-8");
            out.insert(relative.to_string_lossy().replace('\\', "/"), text);
        }
    }
}

/// Every fixture of every language, sorted; panics on a malformed assertion.
pub(crate) fn all() -> Vec<Fixture> {
    let languages = LANGUAGES.iter();
    languages.flat_map(|(lang, _)| of(lang)).collect()
}

/// Every fixture of a language, sorted.
pub(crate) fn of(lang: &str) -> Vec<Fixture> {
    let language = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(lang);
    let name = |path: &Path| {
        path.file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned()
    };
    let folders = sorted_entries(&language);
    let folders = folders.into_iter().filter(|path| path.is_dir());
    let read = |root: PathBuf| {
        let mut files = BTreeMap::new();
        read_files(&root, &root, &mut files);
        let asserts = files
            .iter()
            .flat_map(|(path, text)| {
                parse_asserts(path, text)
                    .unwrap_or_else(|fault| panic!("{}/{fault}", root.display()))
            })
            .collect();
        Fixture {
            lang: lang.to_owned(),
            name: name(&root),
            root,
            files,
            asserts,
        }
    };
    folders.map(read).collect()
}

/// The languages and the least number of fixtures of each.
const LANGUAGES: &[(&str, usize)] = &[
    ("python", 40),
    ("typescript", 40),
    ("javascript", 20),
    ("rust", 40),
    ("go", 40),
    ("java", 40),
    ("cpp", 40),
    ("c", 12),
];

fn line_of<'a>(fixture: &'a Fixture, assert: &Assert) -> &'a str {
    let text = fixture.files.get(&assert.path).map_or("", String::as_str);
    text.lines().nth(assert.line - 1).unwrap_or_default()
}
