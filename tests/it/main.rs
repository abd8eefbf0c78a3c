//! All integration tests, in one binary so that one link step serves them.

mod fixtures;
mod layers;
