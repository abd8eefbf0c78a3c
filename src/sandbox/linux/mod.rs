//! Linux: the backends that put a sandbox up on this machine, and the launcher
//! that is the same program started again inside it.
//!
//! Nothing here decides which backend is used, and nothing but this folder
//! knows of namespaces, control groups or system calls.

mod bubblewrap;
mod cgroup;
mod gvisor;
mod harden;
mod launch;
mod lower;
mod namespaces;
mod overlay;
mod syscalls;
mod watch;

pub(super) use bubblewrap::Bubblewrap;
pub(super) use cgroup::Group;
pub(super) use gvisor::Gvisor;
pub(super) use launch::{FAILED, FAILED_PREFIX, intercept};
pub(super) use lower::Namespaces;
pub(super) use watch::{Usage, kill_tree, measure, runs};
