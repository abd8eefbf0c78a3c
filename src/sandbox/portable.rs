//! Where there are neither control groups nor `/proc`: the wall clock, the
//! output and the process group are what is watched.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::outcome::Limit;

pub(super) const FAILED: i32 = 121;
pub(super) const FAILED_PREFIX: &str = "sandbox launcher: ";

/// No control group.
#[derive(Debug)]
pub(super) struct Group(std::convert::Infallible);

impl Group {
    pub(super) fn keeps_memory(&self) -> bool {
        false
    }

    pub(super) fn hit(&self) -> Option<Limit> {
        None
    }

    pub(super) fn members(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// Nothing is measured.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) tasks: u32,
    pub(super) single: u32,
    pub(super) memory: u64,
    pub(super) cpu: Duration,
}

pub(super) fn measure(_root: u32, _exact: bool) -> Usage {
    Usage::default()
}

pub(super) fn kill_tree(root: u32, _others: &[u32]) -> Vec<u32> {
    if let Some(group) = Pid::from_raw(root as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    Vec::new()
}

pub(super) fn runs(_pid: u32) -> bool {
    false
}

pub(super) fn intercept(_arguments: &[OsString]) -> Option<ExitCode> {
    None
}
