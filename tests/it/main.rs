//! All integration tests, in one binary so that one link step serves them.

mod fixtures;
mod git;
mod layers;
mod store;
