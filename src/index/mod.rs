//! What lies under `.git/happy/`.

pub mod assemble;
