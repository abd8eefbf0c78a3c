//! All integration tests, in one binary so that one link step serves them.

mod cli;
mod engine_fixtures;
mod fixtures;
mod git;
mod graph_formats;
mod impact_cli;
mod import;
mod layers;
mod mcp;
mod patch;
mod patch_cli;
mod sandbox;
mod search;
mod shell;
mod store;
mod test_cli;
mod vector;
