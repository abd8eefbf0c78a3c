//! gVisor: a kernel of its own, in user space, between the program and the
//! host's.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::bubblewrap::text;
use super::cgroup::Group;
use super::launch::Then;
use super::lower::Lowered;
use super::syscalls::{DENIED_NAMES, NAMESPACE_FLAGS};
use crate::sandbox::local::{Count, Local, Prepared, find_tool};
use crate::sandbox::outcome::SandboxError;
use crate::sandbox::policy::{Mount, Policy};

/// gVisor's `runsc`, without root and without a network.
pub(in crate::sandbox) struct Gvisor;

/// Bytes of the runtime itself.
const OWN_MEMORY: u64 = 96 << 20;

impl Local for Gvisor {
    fn name(&self) -> &'static str {
        "gvisor"
    }

    fn guarantee(&self) -> &'static str {
        "the program never reaches the host's kernel, only gVisor's own; the limits on memory \
         and processes also count the runtime's share"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        find_tool("runsc").map(|_| ()).ok_or_else(|| {
            (
                "`runsc` is not installed".to_owned(),
                "install the package `runsc` (on Debian 12 from backports)".to_owned(),
            )
        })
    }

    fn prepare(
        &self,
        policy: &Policy,
        launcher: &Path,
        scratch: &Path,
    ) -> Result<Prepared, SandboxError> {
        let program = find_tool("runsc").ok_or(SandboxError::Unusable {
            name: "gvisor",
            why: "`runsc` is not installed".to_owned(),
        })?;
        let build = || -> io::Result<Prepared> {
            // The files belong to whoever runs `happy`, which is user 0 in there,
            // without any capability.
            let lowered = Lowered::new(policy, scratch, 0)?;
            let bundle = scratch.join("bundle");
            let root = bundle.join("rootfs");
            std::fs::create_dir_all(&root)?;
            let config = configuration(&lowered.policy, &root)?;
            std::fs::write(bundle.join("config.json"), serde_json::to_vec(&config)?)?;
            let state = scratch.join("state");
            let arguments = [
                "--root",
                text(&state)?,
                "--rootless",
                "--ignore-cgroups",
                "--network=none",
                "--platform=systrap",
                "--oci-seccomp",
                "--overlay2=none",
                "run",
                "--bundle",
                text(&bundle)?,
                "sandbox",
            ];
            let then = Then::Become {
                program,
                arguments: arguments.map(str::to_owned).into(),
                list: Vec::new(),
                limit_files: false,
            };
            // The watch counts the program's processes: the group is the net
            // under it, and must have room for what the runtime makes of them.
            let tasks = policy
                .limits
                .processes
                .saturating_mul(4)
                .saturating_add(256);
            let group = Group::new(&policy.limits, tasks, OWN_MEMORY);
            lowered.prepared(launcher, group, then)
        };
        build().map_err(SandboxError::io("preparing the sandbox"))
    }

    /// The runtime keeps two processes of one thread for each of the program's,
    /// and one more. Threads of the program do not show.
    fn count(&self) -> Count {
        |usage| usage.single.saturating_sub(1) / 2
    }

    fn own_memory(&self) -> u64 {
        OWN_MEMORY
    }
}

fn configuration(policy: &Policy, root: &Path) -> io::Result<Value> {
    let limits = &policy.limits;
    let mut mounts = vec![
        json!({"destination": "/proc", "type": "proc", "source": "proc"}),
        json!({"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}),
        json!({"destination": "/dev/shm", "type": "tmpfs", "source": "tmpfs",
               "options": ["nosuid", "nodev", format!("size={}", limits.disk)]}),
    ];
    for mount in &policy.mounts {
        let at = text(mount.inside())?;
        let under_root = root.join(at.trim_start_matches('/'));
        match mount {
            Mount::ReadOnly { host, .. } => {
                mount_point(&under_root, host.is_dir())?;
                mounts.push(
                    json!({"destination": at, "type": "bind", "source": text(host)?,
                                   "options": ["ro", "rbind", "nosuid", "nodev"]}),
                );
            }
            Mount::Writable { host, .. } => {
                mount_point(&under_root, true)?;
                mounts.push(
                    json!({"destination": at, "type": "bind", "source": text(host)?,
                                   "options": ["rw", "rbind", "nosuid", "nodev"]}),
                );
            }
            Mount::Scratch { .. } => {
                mount_point(&under_root, true)?;
                mounts.push(
                    json!({"destination": at, "type": "tmpfs", "source": "tmpfs",
                                   "options": ["nosuid", "nodev", "mode=0755",
                                               format!("size={}", limits.disk)]}),
                );
            }
            Mount::Link { target, .. } => {
                if let Some(parent) = under_root.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::os::unix::fs::symlink(target, &under_root)?;
            }
            Mount::Overlay { .. } => {
                return Err(io::Error::other("an overlay was not put up before"));
            }
        }
    }
    for folder in ["proc", "dev", "sys"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({"type": kind}));
    let env: Vec<String> = policy.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let both = |kind: &str, value: u64| json!({"type": kind, "hard": value, "soft": value});
    Ok(json!({
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": policy.command,
            "env": env,
            "cwd": text(&policy.cwd)?,
            "capabilities": {},
            "noNewPrivileges": true,
            "rlimits": [
                both("RLIMIT_FSIZE", limits.file_size),
                both("RLIMIT_CPU", limits.cpu.as_secs() + 2),
                // One more, so that the watch sees a program that goes beyond.
                both("RLIMIT_NPROC", u64::from(limits.processes) + 1),
                both("RLIMIT_CORE", 0),
            ],
        },
        "root": {"path": "rootfs", "readonly": true},
        "hostname": "sandbox",
        "mounts": mounts,
        "linux": {
            "namespaces": namespaces,
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
                "syscalls": denied(),
            },
        },
    }))
}

/// A list of what is denied, behind a kernel that already holds: what the
/// other backends deny too, so that a program meets the same world. `clone3`
/// stays, since the runtime can only answer "not permitted" for it, and the C
/// library needs "no such call" to go on; the namespaces that it makes are
/// gVisor's own.
fn denied() -> Vec<Value> {
    let refused = |names: &[&str]| json!({"names": names, "action": "SCMP_ACT_ERRNO"});
    let mut rules = vec![refused(&DENIED_NAMES)];
    for flag in NAMESPACE_FLAGS {
        let mut rule = refused(&["clone"]);
        rule["args"] = json!([{"index": 0, "value": flag, "valueTwo": flag,
                               "op": "SCMP_CMP_MASKED_EQ"}]);
        rules.push(rule);
    }
    rules
}

fn mount_point(at: &PathBuf, folder: bool) -> io::Result<()> {
    if folder {
        return std::fs::create_dir_all(at);
    }
    if let Some(parent) = at.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(at, "")
}
