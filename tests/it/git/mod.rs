//! Repositories of every shape, made by the scripts in `tests/fixtures/repos`.

mod fixture;
mod reading;
mod worktree;
