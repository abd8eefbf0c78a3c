//! `happy lang check`: a grammar is run in a process of its own first, so that
//! one which crashes or never comes back says so, and takes nobody along.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{folder, nothing};
use crate::cmd::added;
use crate::cmd::context::Context;
use crate::cmd::error::Error;
use crate::cmd::output::Format;
use crate::facts;
use crate::lang::plugin::{Candidate, GRAMMAR, Plugin, ROLES};
use crate::lang::{DefKind, LANGUAGES, Lang};
use crate::record::{Language, LanguageCheck, Record};

/// How long the other process may take.
const LIMIT: Duration = Duration::from_mins(2);
/// How long the sample may take to be parsed.
const DEADLINE: Duration = Duration::from_secs(5);

/// What the other process found.
pub(super) struct Checked {
    /// Version of the interface between grammar and parser.
    pub abi: u32,
    /// Version of the grammar.
    pub version: Option<String>,
}

/// Checks a language in another process, whose records are this one's.
pub(super) fn run(context: &Context, what: &Path) -> Result<(), Error> {
    let place = place(context, what)?;
    let format = match context.output.format() {
        Format::Jsonl => "jsonl",
        _ => "text",
    };
    let mut child = begin(&place, format, Stdio::inherit())?;
    let status = wait(&mut child)?;
    // Its records are not counted here, and are some.
    context.output.raw(b"");
    match status.code() {
        Some(0) => Ok(()),
        // It said why.
        Some(_) => Err(Error::LanguageFails {
            name: what.display().to_string(),
            problems: Vec::new(),
        }),
        None => Err(crashed(status)),
    }
}

/// Checks the language of a folder in another process, silently.
pub(super) fn apart(_: &Context, place: &Path) -> Result<Checked, Error> {
    let mut child = begin(place, "jsonl", Stdio::piped())?;
    let out = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        // What is no UTF-8 is no record either.
        let _ = out.map(|mut out| out.read_to_string(&mut text));
        text
    });
    let status = wait(&mut child)?;
    if status.code().is_none() {
        return Err(crashed(status));
    }
    let text = reader.join().unwrap_or_default();
    let records: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of = |kind: &str| {
        let kind = kind.to_owned();
        records.iter().filter(move |record| record["type"] == *kind)
    };
    let problems: Vec<String> = of("language_check")
        .filter(|record| record["works"] == false)
        .map(|record| {
            let detail = record["detail"].as_str().unwrap_or_default();
            match record["hint"].as_str() {
                Some(hint) => format!("{detail}; {hint}"),
                None => detail.to_owned(),
            }
        })
        .collect();
    let Some(language) = of("language").next().filter(|_| problems.is_empty()) else {
        let name = place.file_name().unwrap_or_default();
        return Err(Error::LanguageFails {
            name: name.to_string_lossy().into_owned(),
            problems,
        });
    };
    Ok(Checked {
        abi: language["abi"].as_u64().unwrap_or_default() as u32,
        version: language["version"].as_str().map(str::to_owned),
    })
}

/// The folder of an added language, or the one that is named.
fn place(context: &Context, what: &Path) -> Result<PathBuf, Error> {
    let name = what.to_string_lossy();
    if !name.contains('/') {
        let there = folder().map(|folder| folder.join(&*name));
        if let Ok(there) = there.as_ref().map(|there| there.is_dir())
            && there
        {
            return folder().map(|folder| folder.join(&*name));
        }
    }
    let named = context.directory()?.join(what);
    if named.is_dir() {
        return Ok(named);
    }
    Err(Error::NoLanguage {
        name: name.clone().into_owned(),
        built_in: LANGUAGES.iter().any(|spec| spec.name == name),
    })
}

fn begin(place: &Path, format: &str, out: Stdio) -> Result<Child, Error> {
    let cannot = |source| Error::Stream {
        action: "start another process",
        source,
    };
    let program = std::env::current_exe().map_err(cannot)?;
    Command::new(program)
        .args(["lang", "check", "--here", "--format", format])
        .arg("--")
        .arg(place)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::null())
        .spawn()
        .map_err(cannot)
}

/// Waits for the other process, and ends it when it takes too long.
fn wait(child: &mut Child) -> Result<ExitStatus, Error> {
    let cannot = |source| Error::Stream {
        action: "wait for another process",
        source,
    };
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait().map_err(cannot)? {
            return Ok(status);
        }
        if Instant::now() > until {
            let _ = child.kill();
            return child.wait().map_err(cannot);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn crashed(status: ExitStatus) -> Error {
    let how = match status.signal() {
        Some(9) => format!("was not checked within {} s", LIMIT.as_secs()),
        Some(signal) => format!("crashes the parser (signal {signal})"),
        None => "crashes the parser".to_owned(),
    };
    Error::Language(crate::lang::plugin::Error::Grammar(how))
}

/// Checks the language of a folder in this process.
pub(super) fn here(context: &Context, place: &Path) -> Result<(), Error> {
    let name = place.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let mut problems = 0_usize;
    let mut tell = |name: &str, check, works: bool, detail: String, hint: Option<String>| {
        problems += usize::from(!works);
        let name = name.to_owned();
        context.output.emit(&Record::LanguageCheck(LanguageCheck {
            name,
            check,
            works,
            detail,
            hint,
        }));
    };
    match Candidate::read(&place.join(GRAMMAR), &place.join(ROLES)) {
        Err(error) => tell(&name, "files", false, error.to_string(), None),
        Ok(candidate) => {
            let name = candidate.table.name.clone();
            let size = candidate.wasm.len() >> 10;
            files(place, &candidate, size, &mut tell);
            match candidate.run() {
                Err(error) => tell(&name, "grammar", false, error.to_string(), None),
                Ok((lang, faults)) => {
                    let grammar = lang.grammar();
                    context.output.emit(&Record::Language(Language {
                        name: name.clone(),
                        abi: Some(grammar.abi_version() as u32),
                        version: crate::lang::plugin::version(grammar),
                        hash: Some(candidate.hash()),
                        extensions: candidate.table.extensions.clone(),
                        filenames: candidate.table.filenames.clone(),
                        interpreters: candidate.table.interpreters.clone(),
                        ..nothing()
                    }));
                    let detail = format!(
                        "{} kinds of nodes and {} fields, ABI {}",
                        grammar.node_kind_count(),
                        grammar.field_count(),
                        grammar.abi_version()
                    );
                    tell(&name, "grammar", true, detail, None);
                    if faults.is_empty() {
                        let detail = "the grammar has all nodes and fields".to_owned();
                        tell(&name, "roles", true, detail, None);
                    }
                    for fault in faults {
                        tell(&name, "roles", false, fault.problem, fault.hint);
                    }
                    let (works, detail, hint) = sample(&lang, &candidate.table.sample);
                    tell(&name, "sample", works, detail, hint);
                }
            }
        }
    }
    if problems > 0 {
        return Err(Error::LanguageFails {
            name,
            problems: Vec::new(),
        });
    }
    Ok(())
}

/// Whether the files are those that were added, where they lie among those.
fn files(
    place: &Path,
    candidate: &Candidate,
    size: usize,
    tell: &mut impl FnMut(&str, &'static str, bool, String, Option<String>),
) {
    let name = &candidate.table.name;
    let detail = format!(
        "a grammar of {size} KiB, {} KiB of memory",
        candidate.shape.memory >> 10
    );
    let among = added::folder().is_some_and(|folder| place.parent() == Some(&folder));
    let again = || Some("add it again with `happy lang add --replace`".to_owned());
    if !among {
        return tell(name, "files", true, detail, None);
    }
    match Plugin::read(place) {
        Err(error) => tell(name, "files", false, error.to_string(), again()),
        Ok(plugin) if plugin.manifest.grammar != candidate.hash() => {
            let detail = crate::lang::plugin::Error::Changed.to_string();
            tell(name, "files", false, detail, again());
        }
        Ok(_) => tell(name, "files", true, detail, None),
    }
}

/// What is found in the sample.
fn sample(lang: &Lang, text: &str) -> (bool, String, Option<String>) {
    if text.is_empty() {
        let hint = "set `sample` in `[language]` to some code".to_owned();
        return (true, "there is none".to_owned(), Some(hint));
    }
    let mut parser = tree_sitter::Parser::new();
    let tree = match facts::parse(&mut parser, text.as_bytes(), lang, DEADLINE) {
        Ok(tree) => tree,
        Err(facts::Gap::Deadline) => {
            let detail = format!("it is not parsed within {} s", DEADLINE.as_secs());
            return (false, detail, None);
        }
        Err(_) => return (false, "the grammar fails at it".to_owned(), None),
    };
    if tree.root_node().has_error() {
        let hint = "is it code of this language, and the grammar that of it?".to_owned();
        return (
            false,
            "the grammar does not understand it".to_owned(),
            Some(hint),
        );
    }
    let found = match facts::extract(&mut parser, text.as_bytes(), lang, DEADLINE) {
        Ok(found) => found,
        Err(gap) => return (false, format!("no facts: {gap:?}"), None),
    };
    let view = found.facts.view();
    let defs = view.defs.iter().skip(1);
    let defs = defs.filter(|def| def.kind != DefKind::File as u32).count();
    let detail = format!("{defs} definitions, {} calls", view.calls.len());
    if defs == 0 {
        let hint = "no node has a role that defines: `function`, `class`".to_owned();
        return (false, detail, Some(hint));
    }
    (true, detail, None)
}
