//! Repositories of every shape, made by the scripts in `tests/fixtures/repos`.

mod broken;
mod environment;
mod fixture;
mod reading;
mod shapes;
mod worktree;
