//! The assertions that fixtures make in their own comments, as plain data,
//! and the comparison of an answer with them.
//!
//! The notation is described in `tests/fixtures/README.md`. Nothing here knows
//! the engine: whoever has edges and definitions asks [`check`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

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

/// An edge as the engine tells it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edge {
    /// `calls`, `references`, `imports`, `implements` (also for extends) or `overrides`.
    pub(crate) kind: String,
    /// `exact`, `inferred` or `name`; the last is never looked at.
    pub(crate) confidence: String,
    /// `path::Container.name`, or the path for module-level code.
    pub(crate) source: String,
    /// A symbol, a path, or an external symbol.
    pub(crate) target: String,
    /// Whether the target lies outside the repository.
    pub(crate) external: bool,
    /// The file of the site.
    pub(crate) path: String,
    /// The line of the site, 1-based.
    pub(crate) line: usize,
    /// The column of the site, 1-based.
    pub(crate) column: usize,
}

/// A definition as the engine tells it; the place is that of its name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Def {
    /// `module`, `class`, `interface`, `function`, `method` or `variable`.
    pub(crate) kind: String,
    /// `path::Container.name`.
    pub(crate) symbol: String,
    /// The file.
    pub(crate) path: String,
    /// 1-based.
    pub(crate) line: usize,
    /// 1-based.
    pub(crate) column: usize,
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
    "hpp",
];

fn comment_marker(path: &str) -> Option<&'static str> {
    let extension = path.rsplit_once('.')?.1;
    CODE.contains(&extension)
        .then_some(if extension.starts_with("py") {
            "#"
        } else {
            "//"
        })
}

/// The column and the text of an assertion, if `line` is one.
fn assertion(line: &str, marker: &str) -> Option<(usize, String)> {
    let after = line.strip_prefix(marker)?;
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
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let name = |path: &Path| {
        path.file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned()
    };
    let mut fixtures = Vec::new();
    for language in LANGUAGES.iter().map(|(lang, _)| base.join(lang)) {
        for root in sorted_entries(&language)
            .into_iter()
            .filter(|path| path.is_dir())
        {
            let mut files = BTreeMap::new();
            read_files(&root, &root, &mut files);
            let asserts = files
                .iter()
                .flat_map(|(path, text)| {
                    parse_asserts(path, text)
                        .unwrap_or_else(|fault| panic!("{}/{fault}", root.display()))
                })
                .collect();
            let (lang, name) = (name(&language), name(&root));
            fixtures.push(Fixture {
                lang,
                name,
                root,
                files,
                asserts,
            });
        }
    }
    fixtures
}

/// The languages and the least number of fixtures of each.
const LANGUAGES: &[(&str, usize)] = &[
    ("python", 40),
    ("typescript", 40),
    ("javascript", 20),
    ("rust", 40),
];

fn line_of<'a>(fixture: &'a Fixture, assert: &Assert) -> &'a str {
    let text = fixture.files.get(&assert.path).map_or("", String::as_str);
    text.lines().nth(assert.line - 1).unwrap_or_default()
}

/// The columns at which an edge for the name at `column` may be reported: the
/// name's own, and where its expression begins (`new` before it, or the plain
/// chain of names and dots that leads to it).
fn site_columns(line: &str, column: usize) -> Vec<usize> {
    let chars: Vec<char> = line.chars().collect();
    let mut start = column - 1;
    while start > 0
        && matches!(chars.get(start - 1), Some(c) if c.is_alphanumeric() || "_.:".contains(*c))
    {
        start -= 1;
    }
    let mut columns = vec![column, start + 1];
    let before: String = chars.iter().take(start).collect();
    if let Some(rest) = before.trim_end().strip_suffix("new")
        && !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    {
        columns.push(rest.chars().count() + 1);
    }
    columns
}

/// The failures of an answer, one sentence each; empty when all assertions of
/// the fixture hold. Paths in `edges` and `defs` are relative to the fixture.
pub(crate) fn check(fixture: &Fixture, edges: &[Edge], defs: &[Def]) -> Vec<String> {
    let believed: Vec<&Edge> = edges
        .iter()
        .filter(|edge| edge.confidence != "name")
        .collect();
    let mut failures = Vec::new();
    for assert in &fixture.asserts {
        if let Some(fault) = judge(fixture, assert, &believed, defs) {
            let Fixture { lang, name, .. } = fixture;
            let Assert {
                path, line, column, ..
            } = assert;
            failures.push(format!("{lang}/{name}/{path}:{line}:{column}: {fault}"));
        }
    }
    failures
}

/// The edges of `kind` at the place of `assert`. A place that another assertion
/// of the same kind claims as its own column is not taken from it.
fn at<'a>(fixture: &Fixture, assert: &Assert, kind: &str, edges: &[&'a Edge]) -> Vec<&'a Edge> {
    let taken = |column: usize| {
        fixture.asserts.iter().any(|other| {
            column != assert.column
                && (&other.path, other.line, other.column) == (&assert.path, assert.line, column)
        })
    };
    let columns: Vec<usize> = site_columns(line_of(fixture, assert), assert.column)
        .into_iter()
        .filter(|column| !taken(*column))
        .collect();
    let here = |edge: &&&Edge| {
        edge.kind == kind
            && edge.path == assert.path
            && edge.line == assert.line
            && columns.contains(&edge.column)
    };
    edges.iter().filter(here).copied().collect()
}

fn targets_of(edges: &[&Edge]) -> BTreeSet<String> {
    edges
        .iter()
        .filter(|edge| !edge.external)
        .map(|edge| edge.target.clone())
        .collect()
}

fn judge(fixture: &Fixture, assert: &Assert, edges: &[&Edge], defs: &[Def]) -> Option<String> {
    match &assert.claim {
        Claim::Calls {
            targets,
            confidence,
        } => {
            let here = at(fixture, assert, "calls", edges);
            let fault = targets.judge(&targets_of(&here));
            if let Some(fault) = fault {
                return Some(format!("calls {targets}: {fault}"));
            }
            if let Some(name) = &targets.external
                && !here
                    .iter()
                    .any(|edge| edge.external && (name.is_empty() || edge.target == *name))
            {
                let found: Vec<_> = here.iter().map(|edge| edge.target.as_str()).collect();
                return Some(format!("calls {targets}: found {found:?}"));
            }
            let wrong = |word: &String| here.iter().find(|edge| edge.confidence != *word);
            confidence
                .as_ref()
                .and_then(|word| wrong(word).map(|edge| (word, edge)))
                .map(|(word, edge)| {
                    format!("calls {}: {} and not {word}", edge.target, edge.confidence)
                })
        }
        Claim::Caller(names) => {
            let here = at(fixture, assert, "calls", edges);
            if here.is_empty() {
                return Some(format!("caller {}: there is no call", names.join(", ")));
            }
            here.iter()
                .find(|edge| !names.contains(&edge.source))
                .map(|edge| format!("caller {}: found {}", names.join(", "), edge.source))
        }
        Claim::Refs(targets) => targets
            .judge(&targets_of(&at(fixture, assert, "references", edges)))
            .map(|fault| format!("refs {targets}: {fault}")),
        Claim::Imports(targets) => judge_import(fixture, assert, targets, edges),
        Claim::Defines(kind, name) => {
            let symbol = format!("{}::{name}", assert.path);
            let here = definition_at(assert, defs, |def| {
                def.symbol == symbol || def.kind == *kind
            });
            match here {
                Some(def) if def.symbol == symbol && def.kind == *kind => None,
                Some(def) => Some(format!(
                    "defines {kind} {symbol}: found {} {}",
                    def.kind, def.symbol
                )),
                None => Some(format!("defines {kind} {symbol}: found nothing")),
            }
        }
        Claim::Implements(targets) => judge_source(assert, "implements", targets, edges, defs),
        Claim::Overrides(targets) => judge_source(assert, "overrides", targets, edges, defs),
    }
}

/// The definition at a place; of several, the first that `preferred` likes.
fn definition_at<'a>(
    assert: &Assert,
    defs: &'a [Def],
    preferred: impl Fn(&Def) -> bool,
) -> Option<&'a Def> {
    let here = |def: &&Def| {
        (&def.path, def.line, def.column) == (&assert.path, assert.line, assert.column)
    };
    let mut found: Vec<&Def> = defs.iter().filter(here).collect();
    found.sort_by_key(|def| !preferred(def));
    found.first().copied()
}

/// Edges between definitions are found by their source, since their site may
/// stand elsewhere (`impl Trait for Type`) or nowhere (Go's satisfaction).
fn judge_source(
    assert: &Assert,
    kind: &str,
    targets: &Targets,
    edges: &[&Edge],
    defs: &[Def],
) -> Option<String> {
    let wanted = |def: &Def| match kind {
        "overrides" => def.kind == "method",
        _ => def.kind == "class" || def.kind == "interface",
    };
    let Some(def) = definition_at(assert, defs, wanted) else {
        return Some(format!("{kind} {targets}: there is no definition"));
    };
    let of_it: Vec<&Edge> = edges
        .iter()
        .filter(|edge| edge.kind == kind && edge.source == def.symbol)
        .copied()
        .collect();
    targets
        .judge(&targets_of(&of_it))
        .map(|fault| format!("{kind} {targets}: {fault}"))
}

/// An import is right when it reaches the file; the symbol in it may be named
/// or not. It is wrong when it reaches a file that the line does not import.
fn judge_import(
    fixture: &Fixture,
    assert: &Assert,
    targets: &Targets,
    edges: &[&Edge],
) -> Option<String> {
    let file = |name: &str| name.split("::").next().unwrap_or_default().to_owned();
    let on_line: Vec<&Edge> = edges
        .iter()
        .filter(|edge| {
            let place = (edge.path.as_str(), edge.line);
            edge.kind == "imports" && !edge.external && place == (assert.path.as_str(), assert.line)
        })
        .copied()
        .collect();
    let found: BTreeSet<String> = on_line.iter().map(|edge| file(&edge.target)).collect();
    let mut wanted = Targets {
        external: None,
        ..Targets::default()
    };
    wanted
        .required
        .extend(targets.required.iter().map(|name| file(name)));
    wanted
        .allowed
        .extend(targets.allowed.iter().map(|name| file(name)));
    for other in &fixture.asserts {
        if let Claim::Imports(more) = &other.claim
            && (&other.path, other.line) == (&assert.path, assert.line)
        {
            wanted.allowed.extend(more.names().map(|name| file(name)));
        }
    }
    if targets.external.is_some() {
        return (!found.is_empty()).then(|| format!("imports {targets}: found {found:?}"));
    }
    wanted
        .judge(&found)
        .map(|fault| format!("imports {targets}: {fault}"))
}

/// The last name of a symbol as it is written in code, without `#2`.
fn last_name(symbol: &str) -> &str {
    let name = symbol.rsplit("::").next().unwrap_or_default();
    let name = name.rsplit_once('#').map_or(name, |(name, _)| match name {
        "" => symbol,
        name if name.ends_with('.') => symbol.rsplit('.').next().unwrap_or_default(),
        name => name,
    });
    match name.find(".[") {
        Some(at) => &name[at + 2..name.len() - 1],
        None => name.rsplit('.').next().unwrap_or_default(),
    }
}

#[test]
fn every_language_has_its_fixtures_and_each_asserts_something() {
    let fixtures = all();
    for (lang, least) in LANGUAGES {
        let count = fixtures
            .iter()
            .filter(|fixture| fixture.lang == *lang)
            .count();
        assert!(count >= *least, "{lang} has {count} fixtures of {least}");
    }
    let silent: Vec<_> = fixtures
        .iter()
        .filter(|fixture| fixture.asserts.is_empty())
        .map(|f| &f.root)
        .collect();
    assert!(silent.is_empty(), "these assert nothing: {silent:?}");
}

#[test]
fn a_fixture_is_named_in_snake_case() {
    let odd = |name: &str| {
        !name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let names: Vec<_> = all()
        .into_iter()
        .map(|fixture| fixture.name)
        .filter(|name| odd(name))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn each_caret_points_at_the_start_of_a_name_or_at_an_operator() {
    let mut faults = Vec::new();
    for fixture in all() {
        for assert in &fixture.asserts {
            let chars: Vec<char> = line_of(&fixture, assert).chars().collect();
            let word = |c: &char| c.is_alphanumeric() || *c == '_';
            let here = chars.get(assert.column - 1);
            let before = assert.column.checked_sub(2).and_then(|at| chars.get(at));
            let right = match here {
                Some(c) if word(c) => !before.is_some_and(word),
                Some(c) => "+-*/%<>=!&|^~[(.{\"'#:@`".contains(*c),
                None => false,
            };
            if !right {
                faults.push(format!(
                    "{}/{}:{}:{}",
                    fixture.root.display(),
                    assert.path,
                    assert.line,
                    assert.column
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_target_stands_in_the_file_that_is_named() {
    let mut faults = Vec::new();
    for fixture in all() {
        for assert in &fixture.asserts {
            for symbol in assert.claim.named(&assert.path) {
                let path = symbol.split("::").next().unwrap_or_default();
                let name = last_name(&symbol);
                let right = match fixture.files.get(path) {
                    Some(_) if path == symbol || name == "<lambda>" => true,
                    Some(text) => text.contains(name.trim_start_matches("operator").trim()),
                    None => false,
                };
                if !right {
                    faults.push(format!(
                        "{}/{}:{}: {symbol}",
                        fixture.root.display(),
                        assert.path,
                        assert.line
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a perfect engine would answer for the required claims of a fixture.
fn perfect(fixture: &Fixture) -> (Vec<Edge>, Vec<Def>) {
    let (mut edges, mut defs) = (Vec::new(), Vec::new());
    let mut sources: BTreeMap<(String, usize, usize), String> = BTreeMap::new();
    for assert in &fixture.asserts {
        if let Claim::Caller(names) = &assert.claim {
            sources.insert(
                (assert.path.clone(), assert.line, assert.column),
                names[0].clone(),
            );
        }
    }
    for (number, assert) in fixture.asserts.iter().enumerate() {
        let Assert {
            path,
            line,
            column,
            claim,
        } = assert;
        let place = (path.clone(), *line, *column);
        let edge = Edge {
            path: path.clone(),
            line: *line,
            column: *column,
            ..Edge::default()
        };
        let (kind, targets, confidence) = match claim {
            Claim::Calls {
                targets,
                confidence,
            } => ("calls", targets, confidence.clone()),
            Claim::Refs(targets) => ("references", targets, None),
            Claim::Imports(targets) => ("imports", targets, None),
            Claim::Implements(targets) => ("implements", targets, None),
            Claim::Overrides(targets) => ("overrides", targets, None),
            Claim::Caller(_) => continue,
            Claim::Defines(kind, name) => {
                let symbol = format!("{path}::{name}");
                defs.push(Def {
                    kind: kind.clone(),
                    symbol,
                    path: path.clone(),
                    line: *line,
                    column: *column,
                });
                continue;
            }
        };
        let mut source = sources.get(&place).cloned().unwrap_or_default();
        if ["implements", "overrides"].contains(&kind) {
            source = format!("source {number}");
            let defined = fixture.asserts.iter().find_map(|other| match &other.claim {
                Claim::Defines(_, name)
                    if (&other.path, other.line, other.column) == (path, *line, *column) =>
                {
                    Some(format!("{path}::{name}"))
                }
                _ => None,
            });
            source = defined.unwrap_or(source);
            let def_kind = if kind == "overrides" {
                "method"
            } else {
                "class"
            };
            let def = Def {
                kind: def_kind.to_owned(),
                symbol: source.clone(),
                ..Def::default()
            };
            defs.push(Def {
                path: path.clone(),
                line: *line,
                column: *column,
                ..def
            });
        }
        let confidence = confidence.unwrap_or_else(|| "exact".to_owned());
        let edge = Edge {
            kind: kind.to_owned(),
            source,
            confidence,
            ..edge
        };
        for target in &targets.required {
            edges.push(Edge {
                target: target.clone(),
                ..edge.clone()
            });
        }
        if let Some(target) = &targets.external {
            edges.push(Edge {
                target: target.clone(),
                external: true,
                ..edge.clone()
            });
        }
    }
    (edges, defs)
}

#[test]
fn the_right_answer_passes_and_no_fixture_contradicts_itself() {
    for fixture in all() {
        let (edges, defs) = perfect(&fixture);
        let failures = check(&fixture, &edges, &defs);
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

#[test]
fn the_empty_answer_fails_wherever_something_is_claimed() {
    for fixture in all() {
        let claims_something = |assert: &&Assert| match &assert.claim {
            Claim::Calls { targets, .. } => {
                !targets.required.is_empty() || targets.external.is_some()
            }
            _ => true,
        };
        let expected = fixture.asserts.iter().filter(claims_something).count();
        let failures = check(&fixture, &[], &[]);
        assert_eq!(failures.len(), expected, "{}: {failures:#?}", fixture.name);
    }
}

#[test]
fn every_dropped_edge_and_every_invented_one_is_noticed() {
    for fixture in all() {
        let (edges, defs) = perfect(&fixture);
        for lost in 0..edges.len() {
            let mut fewer = edges.clone();
            let gone = fewer.remove(lost);
            let repeated = |edge: &Edge| {
                let file = |name: &str| name.split("::").next().unwrap_or_default().to_owned();
                edge.kind == gone.kind
                    && edge.line == gone.line
                    && edge.path == gone.path
                    && (edge.target == gone.target
                        || gone.kind == "imports" && file(&edge.target) == file(&gone.target))
            };
            if !fewer.iter().any(repeated) {
                let failures = check(&fixture, &fewer, &defs);
                assert!(
                    !failures.is_empty(),
                    "{}: nobody misses {gone:?}",
                    fixture.name
                );
            }
            let mut more = edges.clone();
            more.push(Edge {
                target: "nowhere.x::invented".to_owned(),
                external: false,
                ..edges[lost].clone()
            });
            let failures = check(&fixture, &more, &defs);
            assert!(
                !failures.is_empty(),
                "{}: nobody notices an edge beside {:?}",
                fixture.name,
                edges[lost]
            );
        }
    }
}

#[test]
fn an_assertion_points_by_caret_arrow_or_column() {
    let text = "a(b(c))\n# ^ calls: m.py::b\n#<- calls: m.py::a (exact)\n#@5 calls: none\n";
    let asserts = parse_asserts("m.py", text).expect("the text is well formed");
    let columns: Vec<_> = asserts
        .iter()
        .map(|assert| (assert.line, assert.column))
        .collect();
    assert_eq!(columns, [(1, 3), (1, 1), (1, 5)]);
}

#[test]
fn a_malformed_assertion_is_an_error_that_names_its_line() {
    let fault = |text: &str| parse_asserts("m.py", text).expect_err("the text is malformed");
    assert_eq!(
        fault("a()\n#<- cals: a\n"),
        "m.py:2: `cals` is no assertion"
    );
    assert_eq!(
        fault("a()\n#<- calls: m.py::a (sure)\n"),
        "m.py:2: `sure` is no confidence"
    );
    assert_eq!(
        fault("a()\n#<- defines: thing a\n"),
        "m.py:2: `thing a` is no kind and name"
    );
    assert_eq!(fault("#<- calls: a\n"), "m.py:1: no line stands above");
}
