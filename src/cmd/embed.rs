//! The verbs' questions for a program that embeds this one, such as Python's
//! module: a state is opened once and asked many times.
//!
//! Every record comes from the functions that the verbs call. Nothing here
//! prints, catches signals or reads standard input.

use std::path::PathBuf;

use rustc_hash::FxHashSet;

pub use super::context::Host;
use super::context::{AtArgs, Context, GlobalArgs, Opened};
use super::error::Error;
use super::input::{find, from_root, no_symbol};
use super::{impact, show, symbols};
use crate::graph::EdgeKind;
use crate::index::Snapshot;
use crate::query::{
    self, CallOptions, DepOptions, KINDS, SearchOptions, Subject, SymbolFilter, edge_name,
};
use crate::record::Record;
use crate::vector::StaticEmbedder;

/// Where to look, and how.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// A folder of the repository.
    pub directory: PathBuf,
    /// This revision instead of the working tree.
    pub at: Option<String>,
    /// Keep the index here instead of in `.git/happy`.
    pub index_dir: Option<PathBuf>,
    /// Seconds to wait while another process writes the index.
    pub lock_timeout: u64,
}

impl Place {
    fn context(&self, host: Host, distrust: bool) -> Context {
        let args = GlobalArgs {
            directory: Some(self.directory.clone()),
            index_dir: self.index_dir.clone(),
            lock_timeout: Some(self.lock_timeout),
            ..GlobalArgs::default()
        };
        Context::embedded(args, host, distrust)
    }

    /// What a change touches, then whom it reaches: of `range`, or of the
    /// working tree against HEAD, or of the revision looked at; and warnings.
    pub fn impact(
        &self,
        host: Host,
        range: Option<&str>,
        all: bool,
    ) -> Result<(Vec<Record>, Vec<String>), Error> {
        if range == Some("-") {
            let text = "`-` reads a patch from standard input, which only the command does";
            return Err(Error::Usage(text.to_owned()));
        }
        let context = self.context(host, false);
        let range = range.or(self.at.as_deref());
        let reach = match impact::reach(&context, range, all) {
            Err(error) if context.starts_over(&error) => impact::reach(&context, range, all)?,
            done => done?,
        };
        let mut records = reach.touched;
        records.extend(reach.impacted);
        Ok((records, context.warnings()))
    }
}

/// One state of a repository, to be asked. It is shared between threads.
pub struct State {
    opened: Opened,
    warnings: Vec<String>,
}

/// A symbol as it is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The text.
    pub text: Vec<u8>,
    /// Whether a person wrote it, who may stand in a subfolder.
    pub typed: bool,
}

impl State {
    /// The state as it is now, built where it is not stored. With `distrust`
    /// it is built in any case: what is stored proved damaged.
    pub fn open(place: &Place, host: Host, distrust: bool) -> Result<Self, Error> {
        let context = place.context(host, distrust);
        let at = AtArgs {
            at: place.at.clone(),
        };
        let opened = match context.open(&at) {
            Err(error) if context.starts_over(&error) => context.open(&at)?,
            done => done?,
        };
        Ok(Self {
            opened,
            warnings: context.warnings(),
        })
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.opened.snapshot
    }

    /// A commit's short id, or `worktree`.
    pub fn revision(&self) -> &str {
        &self.opened.name
    }

    /// Whether it had to be built when it was opened.
    pub fn built(&self) -> bool {
        self.opened.built
    }

    /// What is to be known of it: damage, parts that cannot be read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The nodes that texts mean, as the verbs take them: a name that means
    /// several means all, and it is an error only where nothing is found.
    pub fn nodes(&self, asked: &[Asked]) -> Result<Vec<u32>, Error> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut missing = None;
        for Asked { text, typed } in asked {
            let answer = find(&self.opened, text, *typed)?;
            if answer.nodes.is_empty() {
                let text = String::from_utf8_lossy(text).into_owned();
                missing = Some(no_symbol(text, &answer));
            }
            found.extend(answer.nodes.into_iter().filter(|node| seen.insert(*node)));
        }
        match missing {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    /// `happy callers`
    pub fn callers(
        &self,
        nodes: &[u32],
        options: CallOptions,
        emit: impl FnMut(Record) -> bool,
    ) -> Result<(), Error> {
        check_calls(options)?;
        Ok(query::callers(self.snapshot(), nodes, options, emit)?)
    }

    /// `happy callees`
    pub fn callees(
        &self,
        nodes: &[u32],
        options: CallOptions,
        emit: impl FnMut(Record) -> bool,
    ) -> Result<(), Error> {
        check_calls(options)?;
        Ok(query::callees(self.snapshot(), nodes, options, emit)?)
    }

    /// How many call sites bear the name of one of `nodes` and could not be
    /// decided, each name counted once.
    pub fn undecided(&self, nodes: &[u32]) -> Result<usize, Error> {
        let mut names = FxHashSet::default();
        let mut count = 0;
        for &node in nodes {
            if names.insert(query::symbol(self.snapshot(), node)?.name) {
                count += query::undecided(self.snapshot(), node)?;
            }
        }
        Ok(count)
    }

    /// `happy deps`
    pub fn deps(
        &self,
        nodes: &[u32],
        options: DepOptions,
        emit: impl FnMut(Record) -> bool,
    ) -> Result<(), Error> {
        Ok(query::deps(self.snapshot(), nodes, options, emit)?)
    }

    /// `happy refs`
    pub fn refs(&self, nodes: &[u32], emit: impl FnMut(Record) -> bool) -> Result<(), Error> {
        Ok(query::refs(self.snapshot(), nodes, emit)?)
    }

    /// `happy symbols`; the filter's path is as the user wrote it.
    pub fn symbols(
        &self,
        mut filter: SymbolFilter,
        pattern: Option<&[u8]>,
        emit: impl FnMut(Record) -> bool,
    ) -> Result<(), Error> {
        check_kinds(&filter.kinds)?;
        symbols::check_languages(&filter.languages)?;
        let path = filter.path.take();
        filter.path = path.map(|path| from_root(&self.opened.prefix, &path));
        let filter = symbols::aim(&self.opened, filter, pattern)?;
        Ok(query::symbols(self.snapshot(), &filter, emit)?)
    }

    /// `happy show`; what stands outside the repository is left out.
    pub fn show(&self, nodes: &[u32], mut emit: impl FnMut(Record) -> bool) -> Result<(), Error> {
        for &node in nodes {
            if !self.snapshot().is_external(node) && !emit(show::source(&self.opened, node)?) {
                break;
            }
        }
        Ok(())
    }

    /// `happy path`
    pub fn path(&self, from: &[u32], to: &[u32]) -> Result<Vec<Record>, Error> {
        Ok(query::path(self.snapshot(), from, to)?)
    }

    /// `happy search`
    pub fn search(&self, subject: &Subject, options: &SearchOptions) -> Result<Vec<Record>, Error> {
        check_kinds(&options.kinds)?;
        symbols::check_languages(&options.languages)?;
        if matches!(subject, Subject::Query(text) if text.trim().is_empty()) {
            return Err(Error::Usage("the query is empty".to_owned()));
        }
        let embedder = StaticEmbedder::new()?;
        let found = query::search(self.snapshot(), subject, options, &embedder);
        Ok(found?)
    }

    /// The edges of the graph, of these kinds as records name them, or all.
    pub fn edges(&self, kinds: &[String], emit: impl FnMut(Record) -> bool) -> Result<(), Error> {
        let known = |name: &String| ALL.iter().find(|kind| edge_name(**kind) == name);
        if let Some(name) = kinds.iter().find(|name| known(name).is_none()) {
            let names = ALL.map(edge_name).join(", ");
            let text = format!("no kind of edge `{name}`; there are {names}");
            return Err(Error::Usage(text));
        }
        let wanted =
            |kind: &EdgeKind| kinds.is_empty() || kinds.iter().any(|k| k == edge_name(*kind));
        let kinds: Vec<EdgeKind> = ALL.into_iter().filter(wanted).collect();
        Ok(query::edges(self.snapshot(), &kinds, emit)?)
    }
}

const ALL: [EdgeKind; 6] = [
    EdgeKind::Defines,
    EdgeKind::Calls,
    EdgeKind::Imports,
    EdgeKind::Implements,
    EdgeKind::References,
    EdgeKind::Overrides,
];

fn check_calls(options: CallOptions) -> Result<(), Error> {
    if options.all && options.exact {
        let text = "`all` and `exact` contradict each other; pass one of them";
        return Err(Error::Usage(text.to_owned()));
    }
    Ok(())
}

fn check_kinds(names: &[String]) -> Result<(), Error> {
    let known = |name: &&String| !KINDS.iter().any(|(kind, _)| kind == name);
    if let Some(name) = names.iter().find(known) {
        let mut kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        kinds.dedup();
        let kinds = kinds.join(", ");
        return Err(Error::Usage(format!("no kind `{name}`; there are {kinds}")));
    }
    Ok(())
}
