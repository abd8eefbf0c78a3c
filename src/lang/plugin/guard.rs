//! A grammar that runs as WebAssembly, guarded: it is compiled once, and every
//! text is parsed in a thread that is given up when it does not come back.
//!
//! The parser asks for the time between tokens only, so a scanner that loops
//! would never be interrupted, and the engine's own interruption cannot be used
//! through the parser's interface. A thread that is given up goes on until the
//! process ends; after [`MOST_LOST`] of them the grammar is not run any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tree_sitter::wasmtime::{Config, Engine, OptLevel};
use tree_sitter::{Language, Parser, Tree, WasmStore};

use super::Error;
use crate::lang::Trouble;
use crate::lang::parse::within;

/// Whether grammars as WebAssembly can be run.
pub const SUPPORTED: bool = true;

/// Threads that may be lost in a grammar.
const MOST_LOST: usize = 2;
/// What a parse may take beyond its deadline: the time between two tokens.
const GRACE: Duration = Duration::from_secs(1);
/// The largest memory of a grammar, what the parser allows, too.
const MEMORY: u64 = 128 << 20;
/// The largest stack of a grammar.
const STACK: usize = 512 << 10;

/// A grammar that runs as WebAssembly.
pub struct Guard {
    engine: Engine,
    language: Language,
    /// Parsers that have the grammar ready.
    idle: Mutex<Vec<Parser>>,
    lost: AtomicUsize,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lost = self.lost.load(Ordering::Relaxed);
        to.debug_struct("Guard")
            .field("lost", &lost)
            .finish_non_exhaustive()
    }
}

impl Guard {
    /// Compiles the grammar `tree_sitter_<symbol>` of a module, within a time.
    pub fn load(symbol: &str, wasm: Vec<u8>, limit: Duration) -> Result<Self, Error> {
        let engine = engine()?;
        let (name, own) = (symbol.to_owned(), engine.clone());
        let work = move || -> Result<(Language, Parser), String> {
            let mut store = WasmStore::new(&own).map_err(|error| error.to_string())?;
            let language = store
                .load_language(&name, &wasm)
                .map_err(|error| error.to_string())?;
            let mut parser = Parser::new();
            let set = parser.set_wasm_store(store);
            let set = set.and_then(|()| parser.set_language(&language));
            set.map_err(|error| error.to_string())?;
            Ok((language, parser))
        };
        let (language, parser) = match apart(work, limit) {
            Some(Ok(done)) => done,
            Some(Err(why)) => {
                let why = why.trim();
                return Err(Error::Grammar(format!("cannot be loaded: {why}")));
            }
            None => {
                let seconds = limit.as_secs();
                return Err(Error::Grammar(format!("was not loaded within {seconds} s")));
            }
        };
        Ok(Self {
            engine,
            language,
            idle: Mutex::new(vec![parser]),
            lost: AtomicUsize::new(0),
        })
    }

    /// The grammar.
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Parses a text in a thread of its own.
    pub fn parse(&self, source: &[u8], deadline: Duration) -> Result<Tree, Trouble> {
        if self.lost.load(Ordering::Relaxed) >= MOST_LOST {
            return Err(Trouble::Grammar);
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = idle().pop();
        let (engine, language) = (self.engine.clone(), self.language.clone());
        let source = source.to_vec();
        let work = move || {
            let mut parser = match ready {
                Some(parser) => parser,
                None => fresh(&engine, &language)?,
            };
            let tree = within(&mut parser, &source, deadline);
            // After a failure the parser's memory is in some state or other.
            let again = tree.is_ok().then_some(parser);
            tree.map(|tree| (tree, again))
        };
        match apart(work, deadline + GRACE) {
            Some(Ok((tree, again))) => {
                idle().extend(again);
                Ok(tree)
            }
            Some(Err(trouble)) => Err(trouble),
            None => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                Err(Trouble::Deadline)
            }
        }
    }
}

/// A parser with a store of its own: a store serves one thread at a time.
fn fresh(engine: &Engine, language: &Language) -> Result<Parser, Trouble> {
    let store = WasmStore::new(engine).map_err(|_| Trouble::Grammar)?;
    let mut parser = Parser::new();
    let set = parser.set_wasm_store(store);
    let set = set.and_then(|()| parser.set_language(language));
    set.map_err(|_| Trouble::Grammar)?;
    Ok(parser)
}

/// Runs `work` in a thread and waits for it so long. What does not come back,
/// or panics, gives nothing.
fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    limit: Duration,
) -> Option<T> {
    let (done, wait) = channel();
    let thread = thread::Builder::new().name("grammar".to_owned());
    let begun = thread.spawn(move || {
        // Nobody listens any more where it took too long.
        let _ = done.send(work());
    });
    begun.ok()?;
    wait.recv_timeout(limit).ok()
}

/// The engine that grammars run on. It handles no signals: this library also
/// lives inside other programs.
fn engine() -> Result<Engine, Error> {
    let mut config = Config::new();
    config
        .signals_based_traps(false)
        .memory_reservation(MEMORY)
        .memory_guard_size(0)
        .memory_may_move(false)
        .max_wasm_stack(STACK)
        .cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config).map_err(|error| Error::Grammar(format!("has no engine: {error}")))
}
