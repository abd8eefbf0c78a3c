//! The settings that there are: names, variables, and who may say them.

/// Who may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anybody, the repository too.
    Team,
    /// The repository only once it is trusted.
    Trusted,
    /// The user alone.
    Personal,
}

impl Reach {
    /// Its name in the documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "anybody",
            Self::Trusted => "the repository once trusted",
            Self::Personal => "you alone",
        }
    }
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// A setting that there is.
#[derive(Debug)]
pub struct Key {
    /// Its name, without the leading `happy.`.
    pub name: &'static str,
    /// What it looks like.
    pub kind: Kind,
    /// What holds where nobody says anything; empty for nothing.
    pub default: &'static str,
    /// Who may say it.
    pub reach: Reach,
    /// What it is, a sentence.
    pub about: &'static str,
}

const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    reach: Reach,
    about: &'static str,
) -> Key {
    Key {
        name,
        kind,
        default,
        reach,
        about,
    }
}

/// All settings, by name.
pub static KEYS: &[Key] = &[
    key(
        "embed.baseUrl",
        Kind::Text,
        "",
        Reach::Trusted,
        "The server that embeds texts, without the part that the protocol adds.",
    ),
    key(
        "embed.batch",
        Kind::Number,
        "",
        Reach::Team,
        "Texts in one request for vectors.",
    ),
    key(
        "embed.dimensions",
        Kind::Number,
        "",
        Reach::Team,
        "Numbers in a vector, where the server's model leaves a choice.",
    ),
    key(
        "embed.keyCommand",
        Kind::Text,
        "",
        Reach::Personal,
        "A command that prints the key of that server.",
    ),
    key(
        "embed.keyVariable",
        Kind::Text,
        "",
        Reach::Personal,
        "The variable that holds the key of that server.",
    ),
    key(
        "embed.maxTokens",
        Kind::Number,
        "",
        Reach::Team,
        "Tokens that the server takes of one text.",
    ),
    key(
        "embed.model",
        Kind::Text,
        "",
        Reach::Trusted,
        "The model that embeds, as its server calls it.",
    ),
    key(
        "embed.name",
        Kind::Text,
        "",
        Reach::Trusted,
        "What turns texts into vectors: `static`, the table inside the program, or `endpoint`, a server.",
    ),
    key(
        "hook.budget",
        Kind::Number,
        "120",
        Reach::Team,
        "Seconds that a hook may spend in the background to keep the index warm.",
    ),
    key(
        "hook.failClosed",
        Kind::Boolean,
        "false",
        Reach::Team,
        "Whether a push stops where happy itself fails, instead of going on.",
    ),
    key(
        "hook.prePush",
        Kind::Choice(&["test", "impact", "off"]),
        "test",
        Reach::Team,
        "What the hook before a push does: run the affected tests, say what is reached, or nothing.",
    ),
    key(
        "hook.prePushTimeout",
        Kind::Number,
        "60",
        Reach::Team,
        "Seconds that the tests of a push may take: the nearest run first, and what is left out is said.",
    ),
    key(
        "indexDir",
        Kind::Text,
        "",
        Reach::Personal,
        "A folder for indexes instead of `.git/happy`: each repository has a folder in it. The variable names the very folder of one.",
    ),
    key(
        "lockTimeout",
        Kind::Number,
        "600",
        Reach::Team,
        "Seconds to wait while another process writes the index.",
    ),
    key(
        "model.allowHttp",
        Kind::Boolean,
        "",
        Reach::Personal,
        "Whether a key may go over plain HTTP to another machine.",
    ),
    key(
        "model.apiKey",
        Kind::Text,
        "",
        Reach::Personal,
        "The key of the model's server; better a variable or a command.",
    ),
    key(
        "model.baseUrl",
        Kind::Text,
        "",
        Reach::Trusted,
        "The server of the model, without the part that the wire adds.",
    ),
    key(
        "model.keyCommand",
        Kind::Text,
        "",
        Reach::Personal,
        "A command that prints the key.",
    ),
    key(
        "model.keyVariable",
        Kind::Text,
        "",
        Reach::Personal,
        "The variable that holds the key.",
    ),
    key(
        "model.name",
        Kind::Text,
        "",
        Reach::Trusted,
        "The model that orchestrates `happy agent`, as in `anthropic:claude-sonnet-4-5`.",
    ),
    key(
        "model.secrets",
        Kind::Text,
        "",
        Reach::Team,
        "Names of variables whose values never leave this machine.",
    ),
    key(
        "model.wire",
        Kind::Text,
        "",
        Reach::Team,
        "What the server speaks: `chat-completions`, `responses` or `messages`.",
    ),
    key(
        "subModel.apiKey",
        Kind::Text,
        "",
        Reach::Personal,
        "The key of the server of sub-agents.",
    ),
    key(
        "subModel.baseUrl",
        Kind::Text,
        "",
        Reach::Trusted,
        "The server of the model of sub-agents, if it is another.",
    ),
    key(
        "subModel.keyCommand",
        Kind::Text,
        "",
        Reach::Personal,
        "A command that prints the key of that server.",
    ),
    key(
        "subModel.keyVariable",
        Kind::Text,
        "",
        Reach::Personal,
        "The variable that holds the key of that server.",
    ),
    key(
        "subModel.name",
        Kind::Text,
        "",
        Reach::Trusted,
        "The model of sub-agents, if it is another.",
    ),
    key(
        "subModel.wire",
        Kind::Text,
        "",
        Reach::Team,
        "What the server of sub-agents speaks.",
    ),
    key(
        "test.command",
        Kind::Text,
        "",
        Reach::Trusted,
        "The project's own test command, split like a shell would; `{tests}` stands for the chosen tests.",
    ),
    key(
        "test.memory",
        Kind::Number,
        "4096",
        Reach::Team,
        "Mebibytes that the tests may use.",
    ),
    key(
        "test.results",
        Kind::Text,
        "exit",
        Reach::Trusted,
        "Where the results of `test.command` are: `unittest` (its verbose lines), `tap`, `junit:FILES` (a pattern in the tree), or `exit` (the exit code alone).",
    ),
    key(
        "test.root",
        Kind::Text,
        "",
        Reach::Trusted,
        "The folder that names of tests are relative to.",
    ),
    key(
        "test.runner",
        Kind::Text,
        "",
        Reach::Team,
        "The test runner, where several fit.",
    ),
    key(
        "test.sandbox",
        Kind::Text,
        "auto",
        Reach::Personal,
        "The sandbox that tests run in.",
    ),
    key(
        "test.select",
        Kind::Choice(&["path", "node", "dotted", "all"]),
        "path",
        Reach::Trusted,
        "How `{tests}` names a test: its file, `file::Class::name`, `package.Class.name`, or not at all.",
    ),
    key(
        "test.timeout",
        Kind::Number,
        "600",
        Reach::Team,
        "Seconds that the tests may take.",
    ),
    key(
        "test.within",
        Kind::Number,
        "20",
        Reach::Team,
        "How far a test may be from the change to be run by `--affected`, in plain calls; 0 is no limit.",
    ),
];

/// A name as it is compared: case, `-` and `_` do not count.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| !matches!(letter, '-' | '_' | '.'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The variable of a setting: `hook.prePush` is `HAPPY_HOOK_PRE_PUSH`. Those of
/// models and embedders have the names that they had before the settings.
pub fn variable_of(name: &str) -> String {
    let (start, rest) = match name.split_once('.') {
        Some(("model", "name")) => return "HAPPY_MODEL".to_owned(),
        Some(("subModel", "name")) => return "HAPPY_SUB_MODEL".to_owned(),
        Some(("embed", "name")) => return "HAPPY_EMBEDDER".to_owned(),
        Some(("model", rest)) => ("HAPPY_", rest),
        Some(("subModel", rest)) => ("HAPPY_SUB_", rest),
        Some(("embed", rest)) => ("HAPPY_EMBEDDING_", rest),
        _ => ("HAPPY_", name),
    };
    let mut out = start.to_owned();
    for letter in rest.chars() {
        if letter == '.' || letter == '-' {
            out.push('_');
            continue;
        }
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// The setting of that name. `happy.model` alone is the model's name.
pub(super) fn known(name: &str) -> Option<&'static Key> {
    let wanted = folded(name);
    let wanted = match wanted.as_str() {
        "model" => "modelname",
        "submodel" => "submodelname",
        "embedder" => "embedname",
        other => other,
    };
    KEYS.iter().find(|key| folded(key.name) == wanted)
}
