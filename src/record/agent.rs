//! What happens in a run of the agent: records that are streamed, kept as the
//! run's trajectory, and read back from it.

use serde::{Deserialize, Serialize};

/// Tokens and money that something used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Spent {
    /// Tokens of prompts, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of prompts that a cache had.
    pub cached_tokens: u64,
    /// Tokens of answers.
    pub completion_tokens: u64,
    /// Calls of the model.
    pub calls: u64,
    /// Dollars, as far as prices are known.
    pub cost: f64,
}

impl Spent {
    /// Prompt and answer together.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
        self.calls += other.calls;
        self.cost += other.cost;
    }
}

/// One thing that happened. `key` names it within the run, whoever runs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    AgentStart {
        /// The run's id.
        #[serde(default)]
        run: String,
        /// What is to be done.
        task: String,
        /// The model of the root.
        #[serde(default)]
        model: String,
        /// The model of sub-agents.
        #[serde(default)]
        sub_model: String,
        /// The commit of HEAD, if there is one.
        #[serde(default)]
        head: Option<String>,
        /// The state of the working tree that the run is about.
        #[serde(default)]
        base: String,
        /// The sandbox.
        #[serde(default)]
        sandbox: String,
        /// Milliseconds since 1970.
        #[serde(default)]
        time: u64,
    },
    /// A run is taken up again.
    AgentResume {
        /// The run's id.
        #[serde(default)]
        run: String,
        /// Which time it is, from 1.
        count: u64,
        /// Milliseconds since 1970.
        #[serde(default)]
        time: u64,
    },
    /// A model answered.
    AgentReply {
        /// Which call: `root/3`, `root/3/2.7`.
        key: String,
        /// The model.
        #[serde(default)]
        model: String,
        /// A digest of what it was asked.
        #[serde(default)]
        asked: String,
        /// What it said.
        text: String,
        /// `stop`, `length` or `refused`.
        #[serde(default)]
        finish: String,
        /// What it used.
        #[serde(flatten)]
        spent: Spent,
        /// Whether the numbers are estimates.
        #[serde(default)]
        estimated: bool,
        /// How long it took.
        #[serde(default)]
        milliseconds: u64,
    },
    /// A model gave no answer.
    AgentFailure {
        /// Which call.
        key: String,
        /// Why.
        message: String,
    },
    /// A cell is run.
    AgentCell {
        /// Which: `root/3/cell`.
        key: String,
        /// The turn, from 1.
        turn: u32,
        /// Its source.
        code: String,
    },
    /// A cell asked the host for something.
    AgentCall {
        /// Which: `root/3/2`.
        key: String,
        /// What was called.
        name: String,
        /// What about: a symbol, a question, a path.
        about: String,
        /// Whether it was done; if not, why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<String>,
    },
    /// What a cell came to, as the model sees it.
    AgentObservation {
        /// Which: `root/3/observation`.
        key: String,
        /// The turn, from 1.
        turn: u32,
        /// Whether the cell ran to its end.
        ok: bool,
        /// The text.
        text: String,
        /// What is left of the budget.
        budget: String,
        /// How long it took from the cell to this, calls of the host included.
        #[serde(default)]
        microseconds: u64,
    },
    /// The gate judged the edits.
    AgentGate {
        /// Which: `root/3/2/gate`.
        key: String,
        /// Whether they may land.
        passed: bool,
        /// Why not.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Tests that ran on the patched copy.
        ran: u32,
        /// Tests that failed on the base and pass now.
        fixed: Vec<String>,
        /// Tests that passed on the base and do not now, or are gone.
        broken: Vec<String>,
        /// Tests that failed before and still do.
        failing: u32,
        /// Changed test files and configuration that were put back.
        restored: Vec<String>,
        /// What else is to be known.
        notes: Vec<String>,
        /// How long it took.
        #[serde(default)]
        milliseconds: u64,
    },
    /// The edits are about to be written to the working tree.
    AgentLanding {
        /// Always `landing`.
        key: String,
        /// Each path with the hash before and after; empty where there is no file.
        files: Vec<(String, String, String)>,
        /// The edits as one diff.
        diff: String,
    },
    /// The edits are in the working tree.
    AgentLanded {
        /// Always `landed`.
        key: String,
        /// The journal that can undo it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        operation: Option<String>,
        /// The commit, if one was made.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        commit: Option<String>,
        /// The files.
        paths: Vec<String>,
    },
    /// A run ends.
    AgentEnd {
        /// Always `end`, and how many times it was taken up before.
        key: String,
        /// `landed`, `tested`, `answered`, `rejected`, `budget`, `moved`, `failed` or `stopped`.
        outcome: String,
        /// What the model says of it, or why it ended.
        summary: String,
        /// Turns of the root.
        turns: u32,
        /// What the root used.
        root: Spent,
        /// What sub-agents used.
        sub: Spent,
        /// Longest run of repository text in what the root was shown, in characters.
        leak: u64,
        /// Characters that it peeked at.
        peeked: u64,
        /// The edits that did not land, in a file of the run's folder.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        draft: Option<String>,
        /// Time on the clock.
        #[serde(default)]
        milliseconds: u64,
    },
}

impl Event {
    /// Its name within the run.
    pub fn key(&self) -> String {
        match self {
            Self::AgentStart { .. } => "start".to_owned(),
            Self::AgentResume { count, .. } => format!("resume/{count}"),
            Self::AgentReply { key, .. } => format!("{key}/reply"),
            Self::AgentFailure { key, .. } => format!("{key}/failure"),
            Self::AgentCall { key, .. }
            | Self::AgentCell { key, .. }
            | Self::AgentObservation { key, .. }
            | Self::AgentGate { key, .. }
            | Self::AgentLanding { key, .. }
            | Self::AgentLanded { key, .. }
            | Self::AgentEnd { key, .. } => key.clone(),
        }
    }
}
