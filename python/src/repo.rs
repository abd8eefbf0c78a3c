//! `HappyRepo`: one state of a repository, and the questions.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use happy::cmd::Error;
use happy::cmd::embed::{Asked, Place, State};
use happy::git;
use happy::query::{CallOptions, DepOptions, Group, SearchOptions, Subject, SymbolFilter};
use happy::record::Record;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::{count, path, symbols, words};
use crate::released::{self, Answer};
use crate::{errors, records};

/// The code of a Git repository, to be asked
///
/// `HappyRepo(path)` answers for the working tree as it is when it is opened,
/// uncommitted edits included; `HappyRepo(path, at="v1.2")` for a revision.
/// What is not indexed yet is indexed first. `refresh()` looks again.
///
/// A symbol is given as `name`, `Class.name`, `path::Class.name`, a path, or
/// `path:line`; as an object that an answer held; or as a list of these. A
/// name that means several symbols means all of them: each record says which
/// one it answers.
///
/// One object may be asked by many threads at once, and refreshed meanwhile:
/// who is being answered keeps the state that was asked.
///
/// Raises `RepositoryError` where the path is no repository, `RevisionNotFound`
/// for an unknown revision, `BusyError` where another process writes the index
/// for longer than `lock_timeout` seconds, and `IndexError` where the index can
/// neither be read nor written.
#[pyclass(frozen, subclass, module = "happy_core", weakref)]
pub struct HappyRepo {
    place: Place,
    /// Locked for as long as it takes to clone, and never while the interpreter
    /// is given up: a fork finds it open.
    state: Mutex<Option<Arc<State>>>,
}

impl HappyRepo {
    fn state(&self) -> PyResult<Arc<State>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone().ok_or_else(errors::closed)
    }

    fn open(&self, py: Python<'_>, distrust: bool) -> PyResult<Arc<State>> {
        let place = self.place.clone();
        let opened = released::long(py, move |host| State::open(&place, host, distrust))?;
        let state = Arc::new(opened.map_err(|error| errors::raise(py, &error))?);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&state));
        errors::warn(py, state.warnings())?;
        Ok(state)
    }

    /// Asks; where a part of the index proves damaged when it is read, it is
    /// built anew and asked again.
    fn ask(
        &self,
        py: Python<'_>,
        ask: impl Fn(&State, &mut Answer) -> Result<(), Error> + Send + Sync,
    ) -> PyResult<Py<PyList>> {
        self.retry(py, |state| {
            released::answer(py, |answer| ask(state, answer))
        })
    }

    /// The same for what has its records all at once, and may take long.
    fn ask_long(
        &self,
        py: Python<'_>,
        ask: impl Fn(&State) -> Result<Vec<Record>, Error> + Send + Sync + 'static,
    ) -> PyResult<Py<PyList>> {
        let ask = Arc::new(ask);
        self.retry(py, |state| {
            let (ask, state) = (Arc::clone(&ask), Arc::clone(state));
            released::long(py, move |_| ask(&state))
        })
    }

    fn retry(
        &self,
        py: Python<'_>,
        mut ask: impl FnMut(&Arc<State>) -> PyResult<Result<Vec<Record>, Error>>,
    ) -> PyResult<Py<PyList>> {
        match ask(&self.state()?)? {
            Ok(found) => list(py, found),
            Err(Error::Index(damage)) if damage.is_rebuildable() => {
                errors::warn(py, &[format!("{damage}; it is built again")])?;
                let found = ask(&self.open(py, true)?)?;
                list(py, found.map_err(|error| errors::raise(py, &error))?)
            }
            Err(error) => Err(errors::raise(py, &error)),
        }
    }
}

fn list(py: Python<'_>, found: Vec<Record>) -> PyResult<Py<PyList>> {
    let mut objects = Vec::with_capacity(found.len());
    for record in found {
        objects.extend(records::object(py, record)?);
    }
    Ok(PyList::new(py, objects)?.unbind())
}

fn calls(
    transitive: bool,
    depth: Option<&Bound<'_, PyAny>>,
    all: bool,
    exact: bool,
) -> PyResult<CallOptions> {
    Ok(CallOptions {
        transitive,
        depth: count("depth", depth)?,
        exact,
        all,
    })
}

#[pymethods]
impl HappyRepo {
    #[new]
    #[pyo3(signature = (path: "str | bytes | os.PathLike[str] | None" = None, at: "str | None" = None, *, index_dir: "str | bytes | os.PathLike[str] | None" = None, lock_timeout: "int" = 600))]
    fn new(
        py: Python<'_>,
        path: Option<&Bound<'_, PyAny>>,
        at: Option<String>,
        index_dir: Option<&Bound<'_, PyAny>>,
        lock_timeout: u64,
    ) -> PyResult<Self> {
        let given = |value: &Bound<'_, PyAny>| absolute(&self::path(value)?);
        let repo = Self {
            place: Place {
                directory: path.map_or_else(|| absolute(b"."), given)?,
                at,
                index_dir: index_dir.map(given).transpose()?,
                lock_timeout,
            },
            state: Mutex::new(None),
        };
        repo.open(py, false)?;
        Ok(repo)
    }

    /// List who calls a symbol: `happy callers`
    ///
    /// Each record is one call site, nearest first. With `transitive`, through
    /// others too, at most `depth` calls away. `exact` keeps what scope, import
    /// or declared type decides; `all` adds, as `Unresolved`, the call sites
    /// that bear the name and could not be decided. Without it `undecided`
    /// counts them: an empty list alone does not mean that nobody calls.
    ///
    /// Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
    #[pyo3(signature = (symbol: "Symbols", transitive: "bool" = false, depth: "int | None" = None, all: "bool" = false, exact: "bool" = false) -> "list[Caller | Unresolved]")]
    fn find_callers(
        &self,
        py: Python<'_>,
        symbol: &Bound<'_, PyAny>,
        transitive: bool,
        depth: Option<&Bound<'_, PyAny>>,
        all: bool,
        exact: bool,
    ) -> PyResult<Py<PyList>> {
        let (asked, options) = (symbols(symbol)?, calls(transitive, depth, all, exact)?);
        self.ask(py, |state, answer| {
            let nodes = state.nodes(&asked)?;
            state.callers(&nodes, options, |record| answer.take(record))
        })
    }

    /// List what a symbol calls: `happy callees`
    ///
    /// Each record is one call site, nearest first; symbols outside the
    /// repository are listed too, as `pypi:requests::get`. The arguments are
    /// those of `find_callers`.
    ///
    /// Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
    #[pyo3(signature = (symbol: "Symbols", transitive: "bool" = false, depth: "int | None" = None, all: "bool" = false, exact: "bool" = false) -> "list[Callee]")]
    fn find_callees(
        &self,
        py: Python<'_>,
        symbol: &Bound<'_, PyAny>,
        transitive: bool,
        depth: Option<&Bound<'_, PyAny>>,
        all: bool,
        exact: bool,
    ) -> PyResult<Py<PyList>> {
        let (asked, options) = (symbols(symbol)?, calls(transitive, depth, all, exact)?);
        self.ask(py, |state, answer| {
            let nodes = state.nodes(&asked)?;
            state.callees(&nodes, options, |record| answer.take(record))
        })
    }

    /// Count the call sites that bear a symbol's name and could not be decided
    ///
    /// Where it is not 0, `find_callers` may lack callers; with `all=True` it
    /// lists these sites.
    #[pyo3(signature = (symbol: "Symbols") -> "int")]
    fn undecided(&self, py: Python<'_>, symbol: &Bound<'_, PyAny>) -> PyResult<usize> {
        let asked = symbols(symbol)?;
        let state = self.state()?;
        let counted = released::guarded(py, || state.undecided(&state.nodes(&asked)?))?;
        counted.map_err(|error| errors::raise(py, &error))
    }

    /// List what a file, a module or a symbol depends on: `happy deps`
    ///
    /// A file depends on the files (and external packages) that it imports,
    /// calls or extends something of; a symbol depends on symbols. With
    /// `reverse`, what depends on it; with `transitive`, through others too.
    ///
    /// Raises `SymbolNotFound`, with suggestions, where nothing bears the name.
    #[pyo3(signature = (path_or_symbol: "Symbols", reverse: "bool" = false, transitive: "bool" = false) -> "list[Dependency]")]
    fn get_dependencies(
        &self,
        py: Python<'_>,
        path_or_symbol: &Bound<'_, PyAny>,
        reverse: bool,
        transitive: bool,
    ) -> PyResult<Py<PyList>> {
        let asked = symbols(path_or_symbol)?;
        let options = DepOptions {
            reverse,
            transitive,
        };
        self.ask(py, |state, answer| {
            let nodes = state.nodes(&asked)?;
            state.deps(&nodes, options, |record| answer.take(record))
        })
    }

    /// List where a symbol is mentioned: `happy refs`
    ///
    /// Calls, other mentions, imports, bases and overriding members, each place
    /// once, with the symbol that it stands in.
    #[pyo3(signature = (symbol: "Symbols") -> "list[Reference]")]
    fn references(&self, py: Python<'_>, symbol: &Bound<'_, PyAny>) -> PyResult<Py<PyList>> {
        let asked = symbols(symbol)?;
        self.ask(py, |state, answer| {
            let nodes = state.nodes(&asked)?;
            state.refs(&nodes, |record| answer.take(record))
        })
    }

    /// List symbols, of a file or by pattern: `happy symbols`
    ///
    /// `pattern` is a file, a folder, or a pattern on the qualified name: with
    /// `*` and `?`, or a part of it. `kind` and `lang` are a word or a list of
    /// words; `path` keeps what stands below it.
    ///
    /// Raises `UsageError` for a kind or a language that there is not.
    #[pyo3(signature = (pattern: "str | bytes | os.PathLike[str] | None" = None, kind: "str | Sequence[str] | None" = None, lang: "str | Sequence[str] | None" = None, path: "str | bytes | os.PathLike[str] | None" = None) -> "list[Symbol]")]
    fn symbols(
        &self,
        py: Python<'_>,
        pattern: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyAny>>,
        lang: Option<&Bound<'_, PyAny>>,
        path: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyList>> {
        let pattern = pattern.map(self::path).transpose()?;
        let filter = SymbolFilter {
            pattern: None,
            kinds: words("kind", kind)?,
            languages: words("lang", lang)?,
            path: path.map(self::path).transpose()?,
        };
        self.ask(py, |state, answer| {
            let (filter, pattern) = (filter.clone(), pattern.as_deref());
            state.symbols(filter, pattern, |record| answer.take(record))
        })
    }

    /// Read the source of a symbol: `happy show`
    ///
    /// One record for each symbol that is meant; what stands outside the
    /// repository has no source here and is left out.
    #[pyo3(signature = (symbol: "Symbols") -> "list[Source]")]
    fn show(&self, py: Python<'_>, symbol: &Bound<'_, PyAny>) -> PyResult<Py<PyList>> {
        let asked = symbols(symbol)?;
        self.ask(py, |state, answer| {
            let nodes = state.nodes(&asked)?;
            state.show(&nodes, |record| answer.take(record))
        })
    }

    /// Find a shortest chain of calls between two symbols: `happy path`
    ///
    /// The steps in order, the start first; empty where there is no chain.
    #[pyo3(signature = (start: "Symbols", end: "Symbols") -> "list[Step]")]
    fn path_between(
        &self,
        py: Python<'_>,
        start: &Bound<'_, PyAny>,
        end: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyList>> {
        let (start, end) = (symbols(start)?, symbols(end)?);
        self.ask_long(py, move |state| {
            state.path(&state.nodes(&start)?, &state.nodes(&end)?)
        })
    }

    /// Search by meaning, words and structure: `happy search`
    ///
    /// The best `limit` symbols, best first. `query` is words, a question or a
    /// name; `like` asks for what is similar to a symbol instead. `kind`,
    /// `lang` and `path` narrow the search, `within` keeps what stands inside a
    /// symbol. `tests` ranks tests like other code. `group="file"` gives one
    /// hit for each file; `explain` says what each signal gave.
    ///
    /// Raises `UsageError` for an empty query.
    #[pyo3(signature = (query: "str | None" = None, *, like: "Symbols | None" = None, kind: "str | Sequence[str] | None" = None, lang: "str | Sequence[str] | None" = None, path: "str | bytes | os.PathLike[str] | None" = None, within: "Symbols | None" = None, tests: "bool" = false, limit: "int | None" = None, group: "Literal['file'] | None" = None, explain: "bool" = false) -> "list[Hit]")]
    #[expect(clippy::too_many_arguments, reason = "the verb's options")]
    fn search(
        &self,
        py: Python<'_>,
        query: Option<String>,
        like: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyAny>>,
        lang: Option<&Bound<'_, PyAny>>,
        path: Option<&Bound<'_, PyAny>>,
        within: Option<&Bound<'_, PyAny>>,
        tests: bool,
        limit: Option<&Bound<'_, PyAny>>,
        group: Option<&str>,
        explain: bool,
    ) -> PyResult<Py<PyList>> {
        let like = like.map(symbols).transpose()?;
        let within = within.map(symbols).transpose()?;
        let group = match group {
            None => Group::None,
            Some("file") => Group::File,
            Some(other) => {
                let text = format!("no group `{other}`; there is file");
                return Err(errors::usage(py, text));
            }
        };
        if query.is_some() == like.is_some() {
            let text = "search takes a query, or `like` with a symbol, and not both";
            return Err(PyTypeError::new_err(text));
        }
        let options = SearchOptions {
            kinds: words("kind", kind)?,
            languages: words("lang", lang)?,
            path: path.map(self::path).transpose()?,
            tests,
            limit: limit.map_or(Ok(10), |limit| count("limit", Some(limit)))? as usize,
            group,
            explain,
            ..SearchOptions::default()
        };
        self.ask_long(py, move |state| {
            let nodes = |asked: &Option<Vec<Asked>>| {
                asked.as_ref().map(|asked| state.nodes(asked)).transpose()
            };
            let subject = match (nodes(&like)?, &query) {
                (Some(nodes), _) => Subject::Like(nodes),
                (None, query) => Subject::Query(query.clone().unwrap_or_default()),
            };
            let mut options = options.clone();
            options.within = nodes(&within)?;
            state.search(&subject, &options)
        })
    }

    /// Show what a change reaches: `happy impact`
    ///
    /// A change is what the working tree has that HEAD has not; or, with a
    /// range, what one revision has that another has not, or what one revision
    /// changed. Of a repository that was opened at a revision it is what that
    /// revision changed. First the symbols that it touches, then whoever
    /// depends on them, nearest first, each with the chain that leads to it;
    /// with `tests`, only the tests among them. `all` adds what may depend.
    ///
    /// It looks at the repository as it is now, not as it was opened.
    #[pyo3(signature = (range: "str | None" = None, tests: "bool" = false, all: "bool" = false) -> "list[Touched | Impacted]")]
    fn impact(
        &self,
        py: Python<'_>,
        range: Option<String>,
        tests: bool,
        all: bool,
    ) -> PyResult<Py<PyList>> {
        self.state()?;
        let place = self.place.clone();
        let found = released::long(py, move |host| place.impact(host, range.as_deref(), all))?;
        let (mut found, warnings) = found.map_err(|error| errors::raise(py, &error))?;
        if tests {
            found.retain(|record| matches!(record, Record::Impacted { test: true, .. }));
        }
        errors::warn(py, &warnings)?;
        list(py, found)
    }

    /// List the edges of the graph: `happy graph`
    ///
    /// `kind` is one of `defines`, `calls`, `imports`, `implements`,
    /// `references` and `overrides`, or a list of them; without it, all.
    #[pyo3(signature = (kind: "str | Sequence[str] | None" = None) -> "list[Edge]")]
    fn edges(&self, py: Python<'_>, kind: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyList>> {
        let kinds = words("kind", kind)?;
        self.ask(py, |state, answer| {
            state.edges(&kinds, |record| answer.take(record))
        })
    }

    /// Look at the repository again
    ///
    /// Returns whether anything changed. Who is being answered keeps the state
    /// that was asked.
    #[pyo3(signature = () -> "bool")]
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        let before = self.state()?;
        let now = self.open(py, false)?;
        Ok(before.snapshot().segment().identity() != now.snapshot().segment().identity())
    }

    /// Let go of the index; every later question raises `ClosedError`
    ///
    /// Closing twice is no error.
    #[pyo3(signature = () -> "None")]
    fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether it was closed
    #[getter]
    fn closed(&self) -> bool {
        self.state().is_err()
    }

    /// The folder that was opened, as an absolute path
    #[getter]
    fn directory(&self) -> OsString {
        self.place.directory.clone().into_os_string()
    }

    /// The revision that was asked for, or `None` for the working tree
    #[getter]
    fn at(&self) -> Option<String> {
        self.place.at.clone()
    }

    /// What is looked at: a commit's short id, or `worktree`
    #[getter]
    fn revision(&self) -> PyResult<String> {
        Ok(self.state()?.revision().to_owned())
    }

    /// Whether the index had to be built when this state was opened
    #[getter]
    fn built(&self) -> PyResult<bool> {
        Ok(self.state()?.built())
    }

    /// What is to be known of this state: parts that cannot be read, damage
    #[getter]
    fn warnings(&self) -> PyResult<Vec<String>> {
        Ok(self.state()?.warnings().to_vec())
    }

    /// The number of symbols, files included
    fn __len__(&self) -> PyResult<usize> {
        Ok(self.state()?.snapshot().meta().symbols as usize)
    }

    /// A repository is true, even an empty one
    fn __bool__(&self) -> bool {
        true
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = self.directory().into_pyobject(py)?.repr()?.to_string();
        Ok(match self.state() {
            Ok(state) => format!(
                "HappyRepo({name}, revision='{}', symbols={})",
                state.revision(),
                state.snapshot().meta().symbols
            ),
            Err(_) => format!("HappyRepo({name}, closed)"),
        })
    }
}

/// A path that a change of the current folder does not move.
fn absolute(path: &[u8]) -> PyResult<PathBuf> {
    let path = PathBuf::from(OsString::from_vec(path.to_vec()));
    std::path::absolute(&path).map_err(|error| {
        let source = error;
        let action = "find";
        Python::attach(|py| {
            errors::raise(
                py,
                &git::Error::Io {
                    action,
                    path: path.clone(),
                    source,
                }
                .into(),
            )
        })
    })
}
