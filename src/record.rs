//! Output records: one JSON line each, `"type"` first, flat, `snake_case`.
//!
//! This is the only place that derives `Serialize` for output. A field may be
//! added; none is ever renamed or used for something else.

pub mod agent;
mod language;
mod parts;
mod text;

pub use language::{Language, LanguageChange, LanguageCheck};
pub use parts::{Because, Confidence, Said, Shares, Site, Symbol};
pub use text::Text;

use serde::Serialize;

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// A symbol, as `symbols` lists it.
    Symbol {
        /// The symbol.
        #[serde(flatten)]
        symbol: Symbol,
        /// Its doc comment's first lines.
        #[serde(skip_serializing_if = "Option::is_none")]
        doc: Option<Text>,
    },
    /// A symbol that a search found.
    Hit {
        /// The symbol.
        #[serde(flatten)]
        symbol: Symbol,
        /// Its place in the answer, from 1.
        rank: u32,
        /// How good it is; comparable within one answer only.
        score: f32,
        /// First line of its doc comment.
        #[serde(skip_serializing_if = "Option::is_none")]
        doc: Option<Text>,
        /// With `--group file`: other symbols of the file, best first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        others: Vec<Text>,
        /// With `--explain`: what each signal gave.
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        shares: Option<Shares>,
        /// What turned texts into vectors.
        embedder: String,
    },
    /// A symbol that calls another.
    Caller {
        /// The caller.
        #[serde(flatten)]
        symbol: Symbol,
        /// What it calls, directly.
        calls: Text,
        /// Which of the symbols that were asked for this answers.
        target: Text,
        /// Calls between caller and target: 1 for a direct one.
        depth: u32,
        /// Where it calls.
        #[serde(flatten)]
        site: Site,
        /// How the edge was found.
        confidence: Confidence,
        /// With `--explain`: how it was found, step by step.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        explanation: Vec<Because>,
    },
    /// A symbol that another calls.
    Callee {
        /// The callee.
        #[serde(flatten)]
        symbol: Symbol,
        /// Who calls it, directly.
        caller: Text,
        /// Which of the symbols that were asked for this answers.
        source: Text,
        /// Calls between source and callee: 1 for a direct one.
        depth: u32,
        /// Where it is called.
        #[serde(flatten)]
        site: Site,
        /// How the edge was found.
        confidence: Confidence,
        /// With `--explain`: how it was found, step by step.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        explanation: Vec<Because>,
    },
    /// A call site that could not be decided and has the name asked for.
    Unresolved {
        /// The symbol that the site stands in.
        symbol: Text,
        /// The name that is called.
        name: Text,
        /// Where.
        #[serde(flatten)]
        site: Site,
        /// Why it could not be decided.
        reason: &'static str,
        /// Always `name`.
        confidence: Confidence,
        /// With `--explain`: what is known of what it calls.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        explanation: Vec<Because>,
    },
    /// A mention of a symbol.
    Reference {
        /// The symbol that the mention stands in.
        #[serde(flatten)]
        symbol: Symbol,
        /// The symbol that is mentioned.
        target: Text,
        /// `calls`, `references`, `imports`, `implements` or `overrides`.
        edge: &'static str,
        /// Where.
        #[serde(flatten)]
        site: Site,
        /// How the edge was found.
        confidence: Confidence,
        /// With `--explain`: how it was found, step by step.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        explanation: Vec<Because>,
    },
    /// Something that a file, module or symbol depends on (or that depends on it).
    Dependency {
        /// What is depended on; with `--reverse`, what depends.
        #[serde(flatten)]
        symbol: Symbol,
        /// The other end: what was asked for, or what lies between.
        of: Text,
        /// `imports`, `calls`, `references`, `implements` or `overrides`.
        edge: &'static str,
        /// Steps from what was asked for.
        depth: u32,
        /// Where.
        #[serde(flatten)]
        site: Site,
        /// How the edge was found; of several, the surest is given.
        confidence: Confidence,
    },
    /// The source of a symbol.
    Source {
        /// The symbol.
        #[serde(flatten)]
        symbol: Symbol,
        /// First line of the text.
        start_line: u32,
        /// The text.
        text: Text,
    },
    /// One call on a path.
    Step {
        /// Which call, from 1; 0 is the start.
        index: u32,
        /// The symbol that is reached.
        #[serde(flatten)]
        symbol: Symbol,
        /// Where it is called; absent at the start.
        #[serde(flatten)]
        site: Option<Site>,
        /// How the edge was found; absent at the start.
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence: Option<Confidence>,
        /// With `--explain`: how it was found, step by step.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        explanation: Vec<Because>,
    },
    /// An edge of the graph.
    Edge {
        /// `defines`, `calls`, `imports`, `implements`, `references`, `overrides`.
        kind: &'static str,
        /// How it was found.
        confidence: Confidence,
        /// The symbol it starts at.
        source: Text,
        /// Its file.
        source_path: Text,
        /// Line of its name; 0 for a file's top level.
        source_line: u32,
        /// The symbol it leads to.
        target: Text,
        /// Its file; absent for an external symbol.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_path: Option<Text>,
        /// Line of its name; 0 for a file.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_line: Option<u32>,
        /// The file of the site.
        path: Text,
        /// Line of the site.
        line: u32,
        /// Byte column of the site.
        column: u32,
    },
    /// A snapshot that was made or found.
    Snapshot {
        /// The commit, or `worktree`.
        revision: String,
        /// Files in known languages.
        files: u32,
        /// Symbols.
        symbols: u32,
        /// Edges.
        edges: u64,
        /// Call sites that could not be decided.
        unresolved: u64,
        /// Lines of parsed files.
        lines: u64,
        /// Bytes of the index file.
        bytes: u64,
        /// Whether it had to be built now.
        built: bool,
        /// Milliseconds that took.
        milliseconds: u64,
    },
    /// A file that was left out, or is marked.
    Coverage {
        /// The file.
        path: Text,
        /// Its language.
        #[serde(skip_serializing_if = "Option::is_none")]
        language: Option<&'static str>,
        /// `parsed`, or why it was left out.
        reason: &'static str,
        /// Written by a program.
        generated: bool,
        /// Somebody else's code.
        vendored: bool,
        /// Lines.
        lines: u32,
    },
    /// What is indexed.
    Status {
        /// The commit of HEAD, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        head: Option<String>,
        /// Whether the working tree differs from it.
        dirty: bool,
        /// Whether there is a snapshot of what would be asked.
        indexed: bool,
        /// Snapshots of commits.
        snapshots: u32,
        /// Bytes under `.git/happy/`.
        bytes: u64,
        /// The folder.
        path: Text,
    },
    /// One part of the index that was verified.
    Verified {
        /// The file.
        path: Text,
        /// Whether it is sound.
        sound: bool,
        /// What is wrong with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
    },
    /// What was collected.
    Collected {
        /// Snapshots that were removed.
        snapshots: u64,
        /// Packs that were removed or merged.
        packs: u64,
        /// Bytes that were freed.
        bytes: u64,
    },
    /// Files that were parsed, and nothing else.
    Parsed {
        /// Files.
        files: u32,
        /// Lines.
        lines: u64,
        /// Milliseconds of parsing alone.
        milliseconds: u64,
    },
    /// A file that a patch changes.
    Patched {
        /// The file afterwards; before, if it is deleted.
        path: Text,
        /// The file before, if it moves.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Text>,
        /// `added`, `modified`, `deleted`, `renamed` or `mode`.
        change: &'static str,
        /// Lines that are new.
        added: u32,
        /// Lines that go.
        removed: u32,
        /// Whether it was written; not with `--check`.
        applied: bool,
        /// The journal that can undo it.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
    /// Something that was tolerated in a patch.
    PatchNote {
        /// The file.
        path: Text,
        /// Line of the patch, 1-based.
        input_line: usize,
        /// What was tolerated.
        note: String,
    },
    /// A file that a patch leaves with more syntax errors than it had.
    SyntaxErrors {
        /// The file.
        path: Text,
        /// Errors before.
        before: usize,
        /// Errors afterwards.
        after: usize,
    },
    /// An edit that does not apply.
    Rejection {
        /// The file, or the symbol where that is all there is.
        path: Text,
        /// `unified`, `envelope`, `blocks` or `record`.
        form: &'static str,
        /// Line of the patch where the edit begins, 1-based.
        input_line: usize,
        /// Number of the hunk in its file, 1-based.
        #[serde(skip_serializing_if = "Option::is_none")]
        hunk: Option<usize>,
        /// Why.
        reason: String,
        /// Where the nearest text begins, 1-based.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearest_line: Option<usize>,
        /// The text that comes nearest to what was looked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearest: Option<Text>,
    },
    /// An edit that is refused for safety.
    Refusal {
        /// The path as the patch wrote it.
        path: Text,
        /// Line of the patch where the edit begins, 1-based.
        input_line: usize,
        /// Why.
        reason: String,
    },
    /// An earlier change that was completed or taken back.
    Recovered {
        /// Its journal.
        operation: String,
        /// `completed`, `taken_back`, `undone` or `discarded`.
        action: &'static str,
        /// The files.
        paths: Vec<Text>,
        /// Files that somebody else changed and that stay as they are.
        kept: Vec<Text>,
    },
    /// A symbol that a change touches.
    Touched {
        /// The symbol; of a deleted one, as it was.
        #[serde(flatten)]
        symbol: Symbol,
        /// `modified`, `added` or `deleted`.
        change: &'static str,
    },
    /// A symbol that a change reaches.
    Impacted {
        /// The symbol.
        #[serde(flatten)]
        symbol: Symbol,
        /// Whether it is a test.
        test: bool,
        /// Steps from the touched symbol; 0 for a touched test.
        depth: u32,
        /// How far that is: a plain call is 1, a step that is less sure is more.
        distance: f32,
        /// The touched symbol.
        of: Text,
        /// How it depends on the next symbol of the chain: `calls`, `references`,
        /// `imports`, `implements`, `overrides`, `defines`, `parameter`, `touched`.
        edge: &'static str,
        /// Where, if the dependency is written somewhere.
        #[serde(flatten)]
        site: Option<Site>,
        /// How that edge was found.
        confidence: Confidence,
        /// From the symbol to the touched one, both included.
        chain: Vec<Text>,
    },
    /// A test that ends otherwise than it did on the base.
    TestChange {
        /// Its name, as the runner gives it.
        name: String,
        /// Its file, where the runner says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// How it ended on the base; absent where it did not run there.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<&'static str>,
        /// How it ended now; absent where it did not run.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<&'static str>,
        /// `broken`, `fixed`, `added`, `gone` or `changed`.
        verdict: &'static str,
        /// Why it failed or was left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A test that ended.
    Test {
        /// Its name, as the runner gives it.
        name: String,
        /// Its file, where the runner says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// `passed`, `failed`, `skipped` or `errored`.
        outcome: &'static str,
        /// How long it took, where the runner says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        milliseconds: Option<u64>,
        /// Why it failed or was left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Why a test failed, from a runner that says so only at the end.
    TestFailure {
        /// The test.
        name: String,
        /// What it printed.
        message: String,
    },
    /// What the tests of one runner came to.
    TestSummary {
        /// The runner.
        runner: &'static str,
        /// The sandbox.
        sandbox: &'static str,
        /// `base` where the tests ran on what the change starts from.
        #[serde(skip_serializing_if = "Option::is_none")]
        side: Option<&'static str>,
        /// Tests that passed.
        passed: u32,
        /// Tests that failed.
        failed: u32,
        /// Tests that were left out.
        skipped: u32,
        /// Tests that could not be run.
        errored: u32,
        /// Milliseconds of all of it.
        milliseconds: u64,
        /// The runner's exit code; absent where a signal ended it.
        #[serde(skip_serializing_if = "Option::is_none")]
        exit: Option<i32>,
        /// The limit that stopped it.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<&'static str>,
        /// Printed refusals of the network.
        denied_network: u32,
        /// Printed refusals of writing.
        denied_write: u32,
        /// The last of what was printed, where no test explains the failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<Text>,
    },
    /// One thing that was examined on this machine.
    Check {
        /// `repository`, `git`, `index`, `disk`, `versions`, `sandbox`, `sandboxes`,
        /// `hooks`, `completions`, `configuration`, `model` or `version`.
        check: &'static str,
        /// Which, where there are several.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'static str>,
        /// Whether it works.
        works: bool,
        /// What was found; why not.
        detail: String,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// A hook of Git's, as far as it is ours.
    Hook {
        /// `post-commit`, `post-checkout`, `post-merge`, `post-rewrite` or `pre-push`.
        event: &'static str,
        /// `file`, `block`, `wrapped`, `configured`, `outdated` or `absent`.
        state: &'static str,
        /// The file it stands in, or would stand in.
        path: Text,
        /// Whether somebody else's hook runs there too.
        others: bool,
        /// Whether it was changed now.
        changed: bool,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// A setting.
    Setting {
        /// Its name, without the leading `happy.`.
        key: String,
        /// Its value; of a secret, three dots.
        value: String,
        /// `environment`, `git`, `file` or `default`; with `--show-origin`.
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<&'static str>,
        /// The variable or the file; with `--show-origin`.
        #[serde(skip_serializing_if = "Option::is_none")]
        place: Option<Text>,
        /// Whether it holds; another may come first, or it may not be trusted.
        used: bool,
        /// Why it does not hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// That the file of the team's settings is trusted, or no longer.
    Trust {
        /// The file.
        path: Text,
        /// Whether it is trusted as it is now.
        trusted: bool,
        /// The settings that this decides.
        keys: Vec<String>,
    },
    /// What an imported index adds to a snapshot.
    Imported {
        /// The commit.
        revision: String,
        /// Documents of the index whose file is in the commit.
        documents: u32,
        /// Documents of files that are not.
        unknown_documents: u32,
        /// Symbols of the index that are symbols here.
        symbols: u32,
        /// Edges that were known and are `exact` now.
        confirmed: u64,
        /// Edges that are new.
        added: u64,
        /// Edges that a precise one takes the place of.
        removed: u64,
        /// Call sites that were undecided and no longer are.
        decided: u64,
    },
    /// The entry for this program in another program's settings.
    Configured {
        /// The other program.
        client: &'static str,
        /// Its settings.
        path: Text,
        /// `added`, `modified` or `unchanged`: what installing changes.
        change: &'static str,
        /// Whether it was written.
        applied: bool,
    },
    /// A failure, when output is JSON lines.
    Error {
        /// Stable name of the kind of failure.
        code: &'static str,
        /// The exit code.
        exit: u8,
        /// Whether trying again may help.
        retryable: bool,
        /// What went wrong.
        message: String,
        /// What to do.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// With `--model stdio`: what a model is asked. The answer is a line on
    /// standard input with the same `id`.
    Ask {
        /// Its number.
        id: u64,
        /// Which model, as `--model stdio:NAME` calls it.
        model: String,
        /// The conversation.
        messages: Vec<Said>,
        /// The most tokens that the answer may have.
        max_output_tokens: u32,
    },
    /// The answer to an `ask` is no longer wanted.
    AskWithdrawn {
        /// Its number.
        id: u64,
    },
    /// A language that files can be in.
    Language(Language),
    /// One thing that was checked of a language.
    LanguageCheck(LanguageCheck),
    /// A language was added or removed.
    LanguageChange(LanguageChange),
    /// Something that happened in a run of the agent.
    #[serde(untagged)]
    Agent(Box<agent::Event>),
}
