//! `happy` turns a Git repository into answers.
//!
//! The modules stand in the order data flows; each uses itself and what stands
//! before it, and nothing else (`tests/it/layers.rs` keeps that).

// One JSON line of output: the only place that derives `Serialize` for it.
pub mod record;
// Text: identifiers split into words, lines and columns.
pub mod text;
// Requests to servers: retries, limits, streams of events.
pub mod http;
// What Git knows: revisions, trees, blobs, the state of the worktree.
pub mod git;
// What a language is: its grammar, the roles of its nodes, its module paths.
pub mod lang;
// What one file says: a pure function of (bytes, language).
pub mod facts;
// What all files say together: symbols, edges, and how each was found.
pub mod graph;
// What text means: embeddings, and the search for near ones.
pub mod vector;
// What lies under `.git/happy/`.
pub mod index;
// Questions: one file each, answers are plain data.
pub mod query;
// Changes to files, in the forms people and models write them.
pub mod patch;
// Where untrusted code runs.
pub mod sandbox;
// Test runners: which one, how it is started, what it says.
pub mod runner;
// Language models, over the wire or replayed.
pub mod model;
// The recursive language model's loop.
pub mod agent;
// The verbs: the only layer that talks to a person.
pub mod cmd;
