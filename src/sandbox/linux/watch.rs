//! What a sandbox's processes use together, read from `/proc`.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// What a tree of processes uses.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sandbox) struct Usage {
    /// Processes and threads.
    pub(in crate::sandbox) tasks: u32,
    /// Processes with one thread.
    pub(in crate::sandbox) single: u32,
    /// Bytes of memory; what processes share is counted once for each unless
    /// `exact` was asked for.
    pub(in crate::sandbox) memory: u64,
    /// Processor time, of ended children too.
    pub(in crate::sandbox) cpu: Duration,
}

/// Adds up the process `root` and all its descendants.
pub(in crate::sandbox) fn measure(root: u32, exact: bool) -> Usage {
    let mut usage = Usage::default();
    for pid in tree(root) {
        let Some((tasks, ticks)) = stat(pid) else {
            continue;
        };
        usage.tasks += tasks;
        usage.single += u32::from(tasks == 1);
        usage.cpu += Duration::from_millis(ticks * 1000 / ticks_per_second());
        usage.memory += if exact { proportional(pid) } else { None }.unwrap_or_else(|| own(pid));
    }
    usage
}

/// Kills `root` and all its descendants, and any of `others`; returns those it
/// has killed. Processes that fork meanwhile are found in the next round.
pub(in crate::sandbox) fn kill_tree(root: u32, others: &[u32]) -> Vec<u32> {
    let mut all = BTreeSet::new();
    for _ in 0..8 {
        let mut pids = tree(root);
        pids.extend(others);
        let mut found_new = false;
        for pid in pids.iter().rev() {
            let target = Pid::from_raw(*pid as i32);
            if target.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
                found_new |= all.insert(*pid);
            }
        }
        if !found_new {
            break;
        }
    }
    all.into_iter().collect()
}

/// Whether a process still runs: one that has ended and is only waited for
/// does not.
pub(in crate::sandbox) fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|text| {
        let state = text.rsplit(')').next().unwrap_or_default();
        !state.trim_start().starts_with(['Z', 'X'])
    })
}

/// The process and its descendants, parents first.
fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children"));
            let children = children.unwrap_or_default();
            found.extend(
                children
                    .split_whitespace()
                    .filter_map(|c| c.parse::<u32>().ok()),
            );
        }
        // A bomb may outgrow the reading of it: what is found is enough to act on.
        if found.len() > 20_000 {
            break;
        }
    }
    found
}

fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

/// Threads, and ticks of processor time, of one process.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let rest = text.rsplit_once(')')?.1;
    let columns: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| columns.get(at).and_then(|c| c.parse::<u64>().ok());
    let ticks = (11..=14).filter_map(number).sum();
    Some((number(17)? as u32, ticks))
}

fn own(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    kilobytes(&text, &["RssAnon:", "RssShmem:"])
}

fn proportional(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some(kilobytes(&text, &["Pss_Anon:", "Pss_Shmem:"]))
}

fn kilobytes(text: &str, names: &[&str]) -> u64 {
    text.lines()
        .filter_map(|line| {
            let name = names.iter().find(|name| line.starts_with(**name))?;
            line[name.len()..]
                .split_whitespace()
                .next()?
                .parse::<u64>()
                .ok()
        })
        .sum::<u64>()
        * 1024
}
