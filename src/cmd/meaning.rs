//! Which embedder a run searches with: the one in the binary, or a server's.
//!
//! Only `index` and `search` ask a server, since that takes time and may cost
//! money; other verbs take a snapshot whatever made its vectors.

use std::cell::{Cell, OnceCell};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use super::context::Context;
use super::error::Error;
use super::keys;
use super::settings::{self, Config};
use super::signals::Signals;
use crate::http::Secret;
use crate::index::{Bill, Meaning, Progress, Snapshot};
use crate::model::{Prices, Usage};
use crate::vector::endpoint::{Endpoint, Settings};
use crate::vector::{self, Embedder, EmbedderId, StaticEmbedder};

/// What a verb asks of the vectors of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Demand {
    /// Nothing.
    #[default]
    None,
    /// That a server made them, where one is chosen.
    Chosen,
    /// That the chosen embedder made them, whichever it is.
    Same,
}

/// The embedder of a run.
#[derive(Default)]
pub struct Choice {
    endpoint: OnceCell<Option<Endpoint>>,
    demand: Cell<Demand>,
}

impl Choice {
    /// Before a search: where a server is chosen, snapshots must have its vectors.
    pub fn for_search(&self, context: &Context) -> Result<(), Error> {
        self.ready(context)?;
        self.demand.set(Demand::Chosen);
        Ok(())
    }

    /// Before indexing: snapshots must have the vectors of what is chosen.
    pub fn for_index(&self, context: &Context) -> Result<(), Error> {
        self.ready(context)?;
        self.demand.set(Demand::Same);
        Ok(())
    }

    fn ready(&self, context: &Context) -> Result<(), Error> {
        if self.endpoint.get().is_none() {
            let config = settings::load(context)?;
            let made = endpoint(&Lookup(&config))?;
            if let Some(value) = config.untrusted("embed.name") {
                context.warn(&format!(
                    "the repository sets `embed.name` to `{}`, which is not trusted; see `happy config --show-origin`",
                    value.text
                ));
            }
            let _ = self.endpoint.set(made);
        }
        Ok(())
    }

    /// The server's embedder, if one is chosen and this verb wants it.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        if self.demand.get() == Demand::None {
            return None;
        }
        self.endpoint.get()?.as_ref()
    }

    /// Whether a stored snapshot will do.
    pub fn accepts(&self, snapshot: &Snapshot) -> Result<bool, Error> {
        let made_by = snapshot.embedder()?;
        Ok(match (self.demand.get(), self.endpoint()) {
            (Demand::None, _) | (Demand::Chosen, None) => true,
            (_, Some(endpoint)) => *endpoint.id() == made_by,
            (Demand::Same, None) => *StaticEmbedder::new()?.id() == made_by,
        })
    }

    /// The embedder to put queries to.
    pub fn embedder(&self) -> Result<Box<dyn Embedder + '_>, Error> {
        Ok(match self.endpoint() {
            Some(endpoint) => Box::new(Borrowed(endpoint)),
            None => Box::new(StaticEmbedder::new()?),
        })
    }
}

struct Borrowed<'a>(&'a Endpoint);

impl Embedder for Borrowed<'_> {
    fn id(&self) -> &EmbedderId {
        self.0.id()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, vector::Error> {
        self.0.embed(texts)
    }
}

/// Values by the names of their variables: of the environment, or of settings.
struct Lookup<'a>(&'a Config);

impl Lookup<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let value = self.0.variable(name, &settings::environment)?;
        let value = value.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Error> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(Error::Usage(format!("`{name}` is no number: `{value}`"))),
        }
    }
}

/// The server that the environment or the settings choose.
fn endpoint(lookup: &Lookup<'_>) -> Result<Option<Endpoint>, Error> {
    match lookup.text("HAPPY_EMBEDDER").as_deref() {
        None | Some("static") => return Ok(None),
        Some("endpoint" | "openai") => {}
        Some(name) => {
            return Err(vector::Error::UnknownEmbedder {
                name: name.to_owned(),
                known: "static, endpoint".to_owned(),
            }
            .into());
        }
    }
    let base_url = lookup.text("HAPPY_EMBEDDING_BASE_URL");
    let mut settings = Settings::new(
        base_url.as_deref(),
        lookup.text("HAPPY_EMBEDDING_MODEL").as_deref(),
    );
    settings.dimensions = lookup.number("HAPPY_EMBEDDING_DIMENSIONS")?;
    settings.allow_plain_http = lookup
        .text("HAPPY_ALLOW_HTTP")
        .is_some_and(|value| crate::model::says_yes(&value));
    if let Some(batch) = lookup.number("HAPPY_EMBEDDING_BATCH")? {
        settings.batch = batch.min(2048);
    }
    if let Some(tokens) = lookup.number("HAPPY_EMBEDDING_MAX_TOKENS")? {
        settings.input_tokens = tokens;
    }
    settings.secrets = lookup
        .text("HAPPY_SECRETS")
        .unwrap_or_default()
        .split([',', ' '])
        .filter_map(|name| lookup.text(name).map(Secret::new))
        .collect();
    let own = settings.base_url == Settings::BASE_URL;
    settings.key = key(lookup, own)?;
    Ok(Some(Endpoint::connect(settings)?))
}

/// The key: of the variable that is named, of a command, or for the default
/// server of its customary variable.
fn key(lookup: &Lookup<'_>, own: bool) -> Result<Option<Secret>, Error> {
    if let Some(name) = lookup.text("HAPPY_EMBEDDING_KEY_VARIABLE") {
        let key = lookup.text(&name).ok_or_else(|| {
            Error::Usage(format!(
                "`HAPPY_EMBEDDING_KEY_VARIABLE` names `{name}`, which is not set"
            ))
        })?;
        return Ok(Some(Secret::new(key)));
    }
    if let Some(command) = lookup.text("HAPPY_EMBEDDING_KEY_COMMAND") {
        let failed = |message: String| Error::Usage(format!("the key command failed: {message}"));
        let words = crate::model::key_command_words(&command)
            .map_err(|error| Error::Usage(error.to_string()))?;
        let printed = keys::run(&words).map_err(failed)?;
        return match printed.trim() {
            "" => Err(failed("it printed nothing".to_owned())),
            key => Ok(Some(Secret::new(key))),
        };
    }
    if !own {
        return Ok(None);
    }
    match lookup.text("OPENAI_API_KEY") {
        Some(key) => Ok(Some(Secret::new(key))),
        None => Err(Error::Usage(
            "there is no key for embeddings: set `OPENAI_API_KEY`, or `HAPPY_EMBEDDING_BASE_URL` to another server".to_owned(),
        )),
    }
}

/// Tells a person what is paid for, and how far it is.
pub struct Payment<'a> {
    endpoint: &'a Endpoint,
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl<'a> Payment<'a> {
    /// For one run of the builder, which `signals` end.
    pub fn new(endpoint: &'a Endpoint, quiet: bool, signals: &Signals) -> Self {
        let signals = signals.clone();
        endpoint.stop_when(move || signals.arrived().is_some());
        Self {
            endpoint,
            quiet,
            bar: Mutex::default(),
        }
    }

    /// For a run that another program asks for and `watcher` can stop: nothing
    /// is drawn.
    pub fn unseen(endpoint: &'a Endpoint, watcher: Arc<dyn Progress + Send + Sync>) -> Self {
        endpoint.stop_when(move || watcher.is_cancelled());
        Self {
            endpoint,
            quiet: true,
            bar: Mutex::default(),
        }
    }

    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it will cost, in one line.
fn bill_line(bill: Bill, endpoint: &Endpoint) -> String {
    let cost = if endpoint.is_local() {
        "nothing, it runs on this machine".to_owned()
    } else {
        let usage = Usage {
            prompt_tokens: bill.tokens as u64,
            ..Usage::default()
        };
        match Prices::built_in().of(&endpoint.id().model) {
            Some(price) => format!("up to {}", price.cost(&usage)),
            None => "what its provider asks; the price is not known here".to_owned(),
        }
    };
    format!(
        "embedding {} texts, up to {} tokens, with {} at {}: costs {cost} ({} of {} chunks are here already)",
        bill.texts,
        bill.tokens,
        endpoint.id().model,
        endpoint.server(),
        bill.cached,
        bill.chunks,
    )
}

impl Meaning for Payment<'_> {
    fn embedder(&self) -> &dyn Embedder {
        self.endpoint
    }

    fn begin(&self, bill: Bill) {
        if self.quiet {
            return;
        }
        let mut err = std::io::stderr();
        let _ = writeln!(err, "{}", bill_line(bill, self.endpoint));
        if err.is_terminal() {
            let bar = ProgressBar::new(bill.texts as u64);
            let style = ProgressStyle::with_template(
                "embedding {bar:28} {pos}/{len} texts  {per_sec}  {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            *self.bar() = Some(bar);
        }
    }

    fn embedded(&self, texts: usize) {
        if let Some(bar) = &*self.bar() {
            bar.inc(texts as u64);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }
}
