//! All integration tests, in one binary so that one link step serves them.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a skipped test says why; tests are told by the environment where things are"
)]

mod adversarial;
mod agent;
mod cli;
mod embedder;
mod engine_fixtures;
mod explain;
mod fault_server;
mod fixtures;
mod git;
mod graph_formats;
mod impact_cli;
mod import;
mod layers;
mod mcp;
mod model;
mod patch;
mod patch_cli;
mod sandbox;
mod search;
mod shell;
mod store;
mod test_cli;
mod vector;
#[cfg(feature = "wasm")]
mod wasm;
