//! From a policy to a plan: what the backends of this machine have in common.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cgroup::Group;
use super::launch::{Inner, Plan, Then, VERB, write_plan};
use super::namespaces::{Init, USER};
use super::overlay::Overlay;
use crate::sandbox::local::{Local, Prepared};
use crate::sandbox::outcome::SandboxError;
use crate::sandbox::policy::{Mount, Policy};

/// A policy whose overlays and generated files have become folders and files
/// of the host.
pub(super) struct Lowered {
    pub(super) policy: Policy,
    pub(super) scratch: PathBuf,
    overlays: Vec<Overlay>,
}

impl Lowered {
    /// Lays what the sandbox needs under `scratch`, an empty folder.
    pub(super) fn new(policy: &Policy, scratch: &Path, user: u32) -> io::Result<Self> {
        let mut policy = policy.clone();
        let mut overlays = Vec::new();
        for (i, mount) in policy.mounts.iter_mut().enumerate() {
            let Mount::Overlay { layers, inside } = mount else {
                continue;
            };
            let at = scratch.join(format!("view{i}"));
            std::fs::create_dir(&at)?;
            let overlay = Overlay {
                layers: layers.clone(),
                at,
                size: policy.limits.disk,
            };
            *mount = Mount::Writable {
                host: overlay.merged(),
                inside: inside.clone(),
            };
            overlays.push(overlay);
        }
        let etc = etc(&policy, scratch, user)?;
        // Links beneath it have been laid in it.
        policy.mounts.retain(|mount| {
            !(matches!(mount, Mount::Link { .. }) && mount.inside().starts_with("/etc"))
        });
        policy.mounts.insert(0, etc);
        Ok(Self {
            policy,
            scratch: scratch.to_owned(),
            overlays,
        })
    }

    /// The command that starts the launcher on the host side.
    pub(super) fn prepared(
        self,
        launcher: &Path,
        group: Option<Group>,
        then: Then,
    ) -> io::Result<Prepared> {
        let plan = Plan::Enter {
            groups: group.iter().flat_map(Group::doors).collect(),
            limits: self.policy.limits,
            overlays: self.overlays,
            then,
        };
        let path = self.scratch.join("plan");
        write_plan(&path, &plan)?;
        let mut command = Command::new(launcher);
        command.args(VERB).arg(&path).env_clear();
        Ok(Prepared { command, group })
    }

    pub(super) fn inner(&self) -> Inner {
        Inner::of(&self.policy)
    }

    pub(super) fn write(&self, name: &str, plan: &Plan) -> io::Result<PathBuf> {
        let path = self.scratch.join(name);
        write_plan(&path, plan)?;
        Ok(path)
    }
}

/// Small files of the host's `/etc` without which programs do not start, or
/// believe to be elsewhere. Nothing in them says who uses the machine.
const ETC: [&str; 4] = ["ld.so.cache", "localtime", "mime.types", "nsswitch.conf"];

/// A folder that stands for `/etc`: one mount instead of one for each file.
fn etc(policy: &Policy, scratch: &Path, user: u32) -> io::Result<Mount> {
    let host = scratch.join("etc");
    std::fs::create_dir(&host)?;
    let users = format!(
        "root:x:0:0::/root:/bin/sh\nsandbox:x:{user}:{user}::/tmp:/bin/sh\n\
         nobody:x:65534:65534::/:/bin/false\n"
    );
    let groups = format!("root:x:0:\nsandbox:x:{user}:\nnogroup:x:65534:\n");
    std::fs::write(host.join("passwd"), users)?;
    std::fs::write(host.join("group"), groups)?;
    std::fs::write(
        host.join("hosts"),
        "127.0.0.1 localhost sandbox\n::1 localhost\n",
    )?;
    for name in ETC {
        // Copied through its link, if it is one; absent where it is absent.
        let _ = std::fs::copy(Path::new("/etc").join(name), host.join(name));
    }
    // What the policy mounts beneath needs a place in a folder that will be
    // read-only.
    for mount in &policy.mounts {
        let Ok(rest) = mount.inside().strip_prefix("/etc") else {
            continue;
        };
        let at = host.join(rest);
        if let Some(parent) = at.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match mount {
            Mount::ReadOnly { host, .. } if !host.is_dir() => std::fs::write(&at, "")?,
            Mount::Link { target, .. } => std::os::unix::fs::symlink(target, &at)?,
            _ => std::fs::create_dir_all(&at)?,
        }
    }
    Ok(Mount::ReadOnly {
        host,
        inside: "/etc".into(),
    })
}

/// Namespaces, Landlock and seccomp, without any other program.
pub(in crate::sandbox) struct Namespaces;

impl Local for Namespaces {
    fn name(&self) -> &'static str {
        "namespaces"
    }

    fn guarantee(&self) -> &'static str {
        "the host's kernel is shared: a flaw in one of the allowed system calls is a way out; \
         Landlock is the second wall where the kernel has it"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        if Path::new("/proc/self/ns/user").exists() {
            Ok(())
        } else {
            Err((
                "this kernel has no user namespaces".to_owned(),
                "use a kernel with CONFIG_USER_NS".to_owned(),
            ))
        }
    }

    fn prepare(
        &self,
        policy: &Policy,
        launcher: &Path,
        scratch: &Path,
    ) -> Result<Prepared, SandboxError> {
        let doing = SandboxError::io("preparing the sandbox");
        let build = || -> io::Result<Prepared> {
            let lowered = Lowered::new(policy, scratch, USER)?;
            let root = scratch.join("root");
            std::fs::create_dir(&root)?;
            let init = Init {
                root,
                mounts: lowered.policy.mounts.clone(),
                disk: policy.limits.disk,
                inner: lowered.inner(),
            };
            let plan = lowered.write("init", &Plan::Init(Box::new(init)))?;
            let group = Group::new(&policy.limits, 4, 0);
            lowered.prepared(launcher, group, Then::Unshare { plan })
        };
        build().map_err(doing)
    }
}
