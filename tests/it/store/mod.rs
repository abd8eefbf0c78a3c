//! The index on disk: whole, damaged, interrupted, shared.

mod publish;
