//! Which model, where, and with what key.
//!
//! Settings are read from a lookup of names and values, so that the command can
//! hand in its environment, a file, or options that come before both. A key is
//! the value of a variable or what a command prints; it never stands in the
//! arguments of a process.

use std::fmt;

use super::prices::{Price, Prices};
use super::redact::Secret;
use super::{Error, budget};
use crate::http;

/// The protocol that a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireKind {
    /// `POST /chat/completions`, as most servers speak it.
    ChatCompletions,
    /// `POST /responses`.
    Responses,
    /// `POST /messages`.
    Messages,
}

impl WireKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ChatCompletions, Self::Responses, Self::Messages];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat-completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
        }
    }

    /// The wire of that name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let plain = name.trim().to_ascii_lowercase().replace('_', "-");
        Self::ALL
            .into_iter()
            .find(|wire| wire.name() == plain)
            .ok_or_else(|| {
                missing(format!(
                    "unknown wire `{name}`; known: chat-completions, responses, messages"
                ))
            })
    }
}

impl fmt::Display for WireKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A known place where models are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name, before the `:` of `openai:gpt-5-mini`.
    pub name: &'static str,
    /// What it speaks.
    pub wire: WireKind,
    /// Where it is.
    pub base_url: &'static str,
    /// The variable that holds its key by custom; empty where it needs none.
    pub key_variable: &'static str,
    /// How the names of its models begin, where that tells it.
    pub begins: &'static [&'static str],
    /// Whether it runs on one's own machine, for nothing.
    pub local: bool,
}

/// The known places.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "openai",
        wire: WireKind::Responses,
        base_url: "https://api.openai.com/v1",
        key_variable: "OPENAI_API_KEY",
        begins: &["gpt-", "o1", "o3", "o4", "codex-", "chatgpt-"],
        local: false,
    },
    Preset {
        name: "anthropic",
        wire: WireKind::Messages,
        base_url: "https://api.anthropic.com/v1",
        key_variable: "ANTHROPIC_API_KEY",
        begins: &["claude-"],
        local: false,
    },
    Preset {
        name: "gemini",
        wire: WireKind::ChatCompletions,
        base_url: "https://generativelanguage.googleapis.com/v1beta/openai",
        key_variable: "GEMINI_API_KEY",
        begins: &["gemini-"],
        local: false,
    },
    Preset {
        name: "ollama",
        wire: WireKind::ChatCompletions,
        base_url: "http://localhost:11434/v1",
        key_variable: "",
        begins: &[],
        local: true,
    },
    Preset {
        name: "vllm",
        wire: WireKind::ChatCompletions,
        base_url: "http://localhost:8000/v1",
        key_variable: "",
        begins: &[],
        local: true,
    },
    Preset {
        name: "llama.cpp",
        wire: WireKind::ChatCompletions,
        base_url: "http://localhost:8080/v1",
        key_variable: "",
        begins: &[],
        local: true,
    },
];

/// All that [`super::connect`] needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The protocol.
    pub wire: WireKind,
    /// The server's address, without the last part that the wire adds.
    pub base_url: String,
    /// The model, as the server calls it.
    pub model: String,
    /// The key; some servers need none.
    pub key: Option<Secret>,
    /// Other values that must not leave this machine.
    pub secrets: Vec<Secret>,
    /// Whether what only looks like a key may leave it.
    pub allow_shapes: bool,
    /// What a model costs; nothing where it is not known.
    pub price: Option<Price>,
    /// Whether a key may go over plain HTTP to another machine.
    pub allow_plain_http: bool,
    /// Time and size of answers.
    pub limits: http::Limits,
    /// What is tried again.
    pub policy: http::Policy,
}

/// Reads settings: a name's value, if it has one.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Runs a key command, which is its words, and returns what it printed.
pub type Run<'a> = dyn Fn(&[String]) -> Result<String, String> + 'a;

impl Settings {
    /// Settings for a server without a key.
    pub fn new(wire: WireKind, base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            wire,
            base_url: base_url.into(),
            model: model.into(),
            key: None,
            secrets: Vec::new(),
            allow_shapes: false,
            price: None,
            allow_plain_http: false,
            limits: http::Limits::default(),
            policy: http::Policy::default(),
        }
    }

    /// The settings of the orchestrating model:
    ///
    /// - `HAPPY_MODEL`: `[PRESET:]MODEL`, such as `anthropic:claude-sonnet-4-5`,
    ///   `ollama:qwen3:8b` or `gpt-5-mini`;
    /// - `HAPPY_BASE_URL`, `HAPPY_WIRE`: another server, and what it speaks;
    /// - `HAPPY_API_KEY`: the key itself; or `HAPPY_KEY_VARIABLE`: the name of
    ///   the variable that holds it; or `HAPPY_KEY_COMMAND`: a command that prints
    ///   it. Without any, a preset's customary variable, for its own server only;
    /// - `HAPPY_SECRETS`: names of variables whose values never leave this machine;
    /// - `HAPPY_ALLOW_HTTP=1`: keys may go over plain HTTP to another machine.
    pub fn root(lookup: &Lookup<'_>, run: &Run<'_>, prices: &Prices) -> Result<Self, Error> {
        Self::read("HAPPY_", lookup, run, prices)
    }

    /// The settings of sub-agents' model: the same names after `HAPPY_SUB_`.
    /// Where `HAPPY_SUB_MODEL` and `HAPPY_SUB_BASE_URL` are not set, those of the
    /// orchestrating model.
    pub fn sub(lookup: &Lookup<'_>, run: &Run<'_>, prices: &Prices) -> Result<Self, Error> {
        let set = |name: &str| lookup(name).is_some_and(|value| !value.trim().is_empty());
        if !set("HAPPY_SUB_MODEL") && !set("HAPPY_SUB_BASE_URL") {
            return Self::root(lookup, run, prices);
        }
        // A preset, or a bare model of the same server.
        let model = lookup("HAPPY_SUB_MODEL").unwrap_or_default();
        let bare = preset_of(&model).is_none() && !set("HAPPY_SUB_BASE_URL");
        let from_root = |name: &str| {
            let rest = name
                .strip_prefix("HAPPY_SUB_")
                .filter(|rest| *rest != "MODEL" && bare);
            lookup(name).or_else(|| lookup(&format!("HAPPY_{}", rest?)))
        };
        if bare && !set("HAPPY_BASE_URL") {
            let root = lookup("HAPPY_MODEL").unwrap_or_default();
            if let Some((preset, _)) = preset_of(&root) {
                let named = |name: &str| {
                    if name == "HAPPY_SUB_MODEL" {
                        return Some(format!("{}:{}", preset.name, model.trim()));
                    }
                    from_root(name)
                };
                return Self::read("HAPPY_SUB_", &named, run, prices);
            }
        }
        Self::read("HAPPY_SUB_", &from_root, run, prices)
    }

    fn read(
        prefix: &str,
        lookup: &Lookup<'_>,
        run: &Run<'_>,
        prices: &Prices,
    ) -> Result<Self, Error> {
        let value = |name: &str| {
            let value = lookup(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let own = |name: &str| value(&format!("{prefix}{name}"));
        let named = own("MODEL").ok_or_else(|| {
            missing(format!(
                "no model is chosen: set `{prefix}MODEL`, such as `anthropic:claude-sonnet-4-5`, `openai:gpt-5-mini` or `ollama:qwen3:8b`"
            ))
        })?;
        let base_url = own("BASE_URL");
        let (preset, model) = match preset_of(&named) {
            Some((preset, model)) => (Some(preset), model.to_owned()),
            None if base_url.is_some() => (None, named.clone()),
            None => {
                let known: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
                return Err(missing(format!(
                    "it is not known where the model `{named}` is: write one of {} and `:` before it, or set `{prefix}BASE_URL`",
                    known.join(", ")
                )));
            }
        };
        let wire = match own("WIRE") {
            Some(name) => WireKind::parse(&name)?,
            None if base_url.is_some() && !named.contains(':') => WireKind::ChatCompletions,
            None => preset.map_or(WireKind::ChatCompletions, |preset| preset.wire),
        };
        let preset_url = preset.map_or("", |preset| preset.base_url);
        let base_url = base_url.unwrap_or_else(|| preset_url.to_owned());
        let customary = preset
            .filter(|preset| {
                !preset.key_variable.is_empty() && same_host(preset.base_url, &base_url)
            })
            .map(|preset| preset.key_variable);
        let key = key(
            &Source {
                value: own("API_KEY"),
                variable: own("KEY_VARIABLE"),
                command: own("KEY_COMMAND"),
                customary,
                prefix,
            },
            &value,
            run,
        )?;
        let secrets = value("HAPPY_SECRETS").unwrap_or_default();
        let secrets = secrets
            .split([',', ' '])
            .filter(|name| !name.is_empty())
            .filter_map(|name| value(name).map(Secret::new))
            .collect();
        let local =
            preset.is_some_and(|preset| preset.local && same_host(preset.base_url, &base_url));
        Ok(Self {
            key,
            secrets,
            price: if local {
                Some(Price::FREE)
            } else {
                prices.of(&model)
            },
            allow_plain_http: value("HAPPY_ALLOW_HTTP").is_some_and(|value| says_yes(&value)),
            ..Self::new(wire, base_url.trim_end_matches('/'), model)
        })
    }

    /// Whether a budget of money can be kept with this model.
    pub fn check(&self, limits: &budget::Limits) -> Result<(), Error> {
        match limits.money {
            Some(limit) if self.price.is_none() => Err(missing(format!(
                "the price of `{}` is not known, so a budget of {limit} cannot be kept: add it to a table of prices, or set no limit on money",
                self.model
            ))),
            _ => Ok(()),
        }
    }
}

/// Where a key may come from.
struct Source<'a> {
    value: Option<String>,
    variable: Option<String>,
    command: Option<String>,
    customary: Option<&'static str>,
    prefix: &'a str,
}

fn key(
    source: &Source<'_>,
    value: &dyn Fn(&str) -> Option<String>,
    run: &Run<'_>,
) -> Result<Option<Secret>, Error> {
    let Source { prefix, .. } = source;
    if let Some(key) = &source.value {
        return Ok(Some(Secret::new(key.as_str())));
    }
    if let Some(name) = &source.variable {
        let key = value(name).ok_or_else(|| {
            missing(format!(
                "`{prefix}KEY_VARIABLE` names `{name}`, which is not set"
            ))
        })?;
        return Ok(Some(Secret::new(key)));
    }
    if let Some(command) = &source.command {
        let words = key_command_words(command)?;
        let printed = run(&words).map_err(|message| {
            missing(format!("the key command `{}` failed: {message}", words[0]))
        })?;
        let key = printed.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(missing(format!(
                "the key command `{}` printed {} instead of one key",
                words[0],
                if key.is_empty() {
                    "nothing"
                } else {
                    "several words"
                }
            )));
        }
        return Ok(Some(Secret::new(key)));
    }
    match source.customary {
        None => Ok(None),
        Some(name) => match value(name) {
            Some(key) => Ok(Some(Secret::new(key))),
            None => Err(missing(format!(
                "there is no key: set `{name}`, or `{prefix}KEY_COMMAND` to a command that prints it"
            ))),
        },
    }
}

/// The words of a key command: a JSON list, or words between blanks. No shell
/// runs it, so what only a shell would understand is refused.
pub fn key_command_words(command: &str) -> Result<Vec<String>, Error> {
    let command = command.trim();
    let words: Vec<String> = if command.starts_with('[') {
        serde_json::from_str(command).map_err(|_| {
            missing(
                "the key command is no list of texts, such as `[\"pass\", \"show\", \"openai\"]`"
                    .to_owned(),
            )
        })?
    } else {
        if let Some(odd) = command.chars().find(|c| "'\"`$|&;<>()\\*?#~".contains(*c)) {
            return Err(missing(format!(
                "no shell runs the key command, so `{odd}` means nothing in it: write it as a list, such as `[\"pass\", \"show\", \"openai\"]`"
            )));
        }
        command.split_whitespace().map(str::to_owned).collect()
    };
    if words.first().is_none_or(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
        return Err(missing("the key command names no program".to_owned()));
    }
    Ok(words)
}

/// Whether a switch is on: whatever is set, but for what Git takes for `false`.
pub fn says_yes(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "no" | "off" | "false")
}

/// The preset that a model's name tells, and the name without it.
fn preset_of(named: &str) -> Option<(&'static Preset, &str)> {
    let named = named.trim();
    if let Some((before, model)) = named.split_once(':') {
        let found = PRESETS.iter().find(|preset| preset.name == before);
        if let Some(preset) = found.filter(|_| !model.is_empty()) {
            return Some((preset, model));
        }
    }
    let begins = |preset: &&Preset| preset.begins.iter().any(|start| named.starts_with(start));
    PRESETS.iter().find(begins).map(|preset| (preset, named))
}

fn same_host(one: &str, other: &str) -> bool {
    let host = |url: &str| reqwest::Url::parse(url).ok().map(|url| url.origin());
    host(one).is_some_and(|one| host(other) == Some(one))
}

fn missing(message: String) -> Error {
    Error::NotConfigured { message }
}
