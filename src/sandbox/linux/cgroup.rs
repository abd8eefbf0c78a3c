//! Control groups: where this process may make one, the kernel itself keeps
//! the limits on memory and processes of all the sandbox's processes together.
//! Where it may not, the watch keeps them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Pid;

use crate::sandbox::local::has_ended;
use crate::sandbox::outcome::Limit;
use crate::sandbox::policy::Limits;

/// A group of its own for one sandbox; dropped, it is removed.
#[derive(Debug)]
pub(in crate::sandbox) struct Group {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    unified: bool,
}

/// Where the two controllers are mounted, and in which group this process is.
struct Place {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    unified: bool,
}

impl Group {
    /// Makes a group with the limits, plus what the backend itself needs; or
    /// nothing where that is not allowed.
    pub(in crate::sandbox) fn new(limits: &Limits, tasks: u32, memory: u64) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "happy-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let place = Place::find(&mounts, &own);
        for parent in [&place.memory, &place.pids].into_iter().flatten() {
            sweep(parent);
        }
        let make = |parent: Option<PathBuf>, file: &str, value: u64| -> Option<PathBuf> {
            let folder = parent?.join(&name);
            std::fs::create_dir(&folder).ok()?;
            if std::fs::write(folder.join(file), value.to_string()).is_ok() {
                return Some(folder);
            }
            let _ = std::fs::remove_dir(&folder);
            None
        };
        let bytes = limits.memory + memory;
        let count = u64::from(limits.processes + tasks);
        if place.unified {
            let folder = make(place.memory, "memory.max", bytes)?;
            let _ = std::fs::write(folder.join("memory.swap.max"), "0");
            let pids = std::fs::write(folder.join("pids.max"), count.to_string())
                .is_ok()
                .then(|| folder.clone());
            return Some(Self {
                memory: Some(folder),
                pids,
                unified: true,
            });
        }
        let group = Self {
            memory: make(place.memory, "memory.limit_in_bytes", bytes),
            pids: make(place.pids, "pids.max", count),
            unified: false,
        };
        group.has_any().then_some(group)
    }

    fn has_any(&self) -> bool {
        self.memory.is_some() || self.pids.is_some()
    }

    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        let second = if self.unified {
            None
        } else {
            self.pids.as_ref()
        };
        self.memory.iter().chain(second)
    }

    /// The files through which a process joins.
    pub(super) fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.folders().map(|folder| folder.join("cgroup.procs"))
    }

    /// Whether the kernel keeps the limit on memory.
    pub(in crate::sandbox) fn keeps_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// The limit that the kernel had to enforce, if any.
    pub(in crate::sandbox) fn hit(&self) -> Option<Limit> {
        let memory = self.memory.as_ref().and_then(|folder| {
            let file = if self.unified {
                "memory.events"
            } else {
                "memory.oom_control"
            };
            counter(&folder.join(file), "oom_kill")
        });
        let pids = self
            .pids
            .as_ref()
            .and_then(|folder| counter(&folder.join("pids.events"), "max"));
        match (memory, pids) {
            (Some(1..), _) => Some(Limit::Memory),
            (_, Some(1..)) => Some(Limit::Processes),
            _ => None,
        }
    }

    /// The processes in it now.
    pub(in crate::sandbox) fn members(&self) -> Vec<u32> {
        let mut found: Vec<u32> = self
            .doors()
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .flat_map(|text| {
                text.lines()
                    .filter_map(|l| l.parse().ok())
                    .collect::<Vec<_>>()
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The last processes leave a moment after they have been killed.
        for folder in self.folders() {
            for _ in 0..100 {
                match std::fs::remove_dir(folder) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}

/// Removes the groups of processes that were killed; one that still has
/// members cannot be removed.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix("happy-"));
        let owner = owner.and_then(|rest| rest.split('-').next()?.parse().ok());
        if owner.and_then(Pid::from_raw).is_some_and(has_ended) {
            let _ = std::fs::remove_dir(entry.path());
        }
    }
}

fn counter(file: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(' ')?;
        (key == name).then(|| value.trim().parse().ok())?
    })
}

impl Place {
    /// Reads `/proc/self/mountinfo` and `/proc/self/cgroup`.
    fn find(mounts: &str, own: &str) -> Self {
        let mut place = Self {
            memory: None,
            pids: None,
            unified: false,
        };
        for line in mounts.lines() {
            let Some((left, right)) = line.split_once(" - ") else {
                continue;
            };
            let mut left = left.split(' ').skip(3);
            let (Some(root), Some(at)) = (left.next(), left.next()) else {
                continue;
            };
            let mut right = right.split(' ');
            let (kind, options) = (right.next(), right.nth(1).unwrap_or_default());
            let has = |name: &str| options.split(',').any(|option| option == name);
            let within = |group: &str| {
                let group = group.strip_prefix(root).unwrap_or(group);
                Path::new(at).join(group.trim_start_matches('/'))
            };
            match kind {
                Some("cgroup") if has("memory") => {
                    place.memory = group_of(own, "memory").map(within);
                }
                Some("cgroup") if has("pids") => {
                    place.pids = group_of(own, "pids").map(within);
                }
                Some("cgroup2") if place.memory.is_none() && place.pids.is_none() => {
                    // A group with processes may have no children with
                    // controllers: a new one goes beside the own one.
                    place.memory = group_of(own, "")
                        .map(within)
                        .and_then(|group| group.parent().map(Path::to_owned))
                        .filter(|parent| delegates(parent));
                    place.unified = place.memory.is_some();
                }
                _ => {}
            }
        }
        place
    }
}

fn delegates(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("cgroup.subtree_control"))
        .is_ok_and(|text| text.split_whitespace().any(|name| name == "memory"))
}

/// The group of this process for a controller; the empty name is version 2's.
fn group_of<'a>(own: &'a str, controller: &str) -> Option<&'a str> {
    own.lines().find_map(|line| {
        let mut columns = line.splitn(3, ':').skip(1);
        let (names, group) = (columns.next()?, columns.next()?);
        names
            .split(',')
            .any(|name| name == controller)
            .then_some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_is_found_in_version_1() {
        let mounts = "\
30 29 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
31 29 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";
        let own = "8:pids:/\n4:memory:/jobs/7\n0::/\n";
        let place = Place::find(mounts, own);
        assert!(!place.unified);
        assert_eq!(
            place.memory.as_deref(),
            Some(Path::new("/sys/fs/cgroup/memory/jobs/7"))
        );
        assert_eq!(
            place.pids.as_deref(),
            Some(Path::new("/sys/fs/cgroup/pids/"))
        );
    }

    #[test]
    fn a_group_mounted_at_its_own_root_is_found_there() {
        let mounts = "31 29 0:27 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        let place = Place::find(mounts, "4:memory:/docker/abc/x\n");
        assert_eq!(
            place.memory.as_deref(),
            Some(Path::new("/sys/fs/cgroup/memory/x"))
        );
    }

    #[test]
    fn version_2_without_delegation_gives_none() {
        let mounts = "30 29 0:26 / /nowhere/cgroup rw - cgroup2 cgroup2 rw\n";
        let place = Place::find(mounts, "0::/user.slice/a.scope\n");
        assert!(!place.unified && place.memory.is_none() && place.pids.is_none());
    }
}
