//! Seatbelt: macOS's own sandbox, by a profile given to `sandbox-exec`.
//!
//! It narrows what a process may do where it stands; it does not build another
//! file system. So a mount that is to appear elsewhere than at its own path
//! cannot be carried out and is refused.

use std::path::Path;
use std::process::Command;

use super::local::{Local, Prepared};
use super::outcome::SandboxError;
use super::policy::{Mount, Policy};

/// The profile language of macOS.
pub(super) struct Seatbelt;

const PROGRAM: &str = "/usr/bin/sandbox-exec";

impl Local for Seatbelt {
    fn name(&self) -> &'static str {
        "seatbelt"
    }

    fn guarantee(&self) -> &'static str {
        "the host's kernel and process list are shared, and the limits on memory and processes \
         are not kept: files and network are what it guards"
    }

    fn ready(&self) -> Result<(), (String, String)> {
        if cfg!(target_os = "macos") && Path::new(PROGRAM).exists() {
            Ok(())
        } else {
            Err((
                "Seatbelt is a part of macOS".to_owned(),
                "on Linux install `bubblewrap` or `runsc`".to_owned(),
            ))
        }
    }

    fn prepare(
        &self,
        policy: &Policy,
        _launcher: &Path,
        _scratch: &Path,
    ) -> Result<Prepared, SandboxError> {
        let profile = profile(policy).map_err(|why| SandboxError::Start {
            name: "seatbelt",
            why,
        })?;
        let mut command = Command::new(PROGRAM);
        command
            .args(["-p", &profile, "--"])
            .args(&policy.command)
            .env_clear()
            .envs(&policy.env);
        Ok(Prepared {
            command,
            group: None,
        })
    }
}

/// The profile's text.
fn profile(policy: &Policy) -> Result<String, String> {
    let mut lines = vec![
        "(version 1)".to_owned(),
        "(deny default)".to_owned(),
        "(allow process-exec process-fork)".to_owned(),
        "(allow signal (target same-sandbox))".to_owned(),
        "(allow sysctl-read)".to_owned(),
        "(allow file-read-metadata (literal \"/\"))".to_owned(),
        "(allow file-read* (subpath \"/System\") (subpath \"/Library/Frameworks\"))".to_owned(),
        "(allow file-read* file-write-data (literal \"/dev/null\") (literal \"/dev/zero\"))"
            .to_owned(),
        "(allow file-read* (literal \"/dev/random\") (literal \"/dev/urandom\"))".to_owned(),
    ];
    for mount in &policy.mounts {
        let (host, inside, access) = match mount {
            Mount::ReadOnly { host, inside } => (host, inside, "file-read*"),
            Mount::Writable { host, inside } => (host, inside, "file-read* file-write*"),
            Mount::Scratch { inside } => (inside, inside, "file-read* file-write*"),
            Mount::Link { .. } => continue,
            Mount::Overlay { inside, .. } => {
                return Err(format!(
                    "`{}` cannot be shown copy-on-write: copy it first",
                    inside.display()
                ));
            }
        };
        if host != inside {
            return Err(format!(
                "`{}` cannot be shown as `{}`: a path stays where it is",
                host.display(),
                inside.display()
            ));
        }
        lines.push(format!("(allow {access} (subpath {}))", quoted(host)?));
    }
    lines.push("(deny network*)".to_owned());
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// A string of the profile language, in which a quote would end it.
fn quoted(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some(text) if !text.contains(['"', '\\', '\n']) => Ok(format!("\"{text}\"")),
        _ => Err(format!("`{}` cannot be named in a profile", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let mut policy = Policy::new(["/usr/bin/true"]);
        policy.mounts.clear();
        policy
    }

    #[test]
    fn the_profile_denies_all_but_what_the_policy_names() {
        let writable = Mount::Writable {
            host: "/private/tmp/work".into(),
            inside: "/private/tmp/work".into(),
        };
        let policy = policy().read_only("/usr").mount(writable);
        let text = profile(&policy).expect("the policy can be written as a profile");
        assert_eq!(
            text,
            "\
(version 1)
(deny default)
(allow process-exec process-fork)
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata (literal \"/\"))
(allow file-read* (subpath \"/System\") (subpath \"/Library/Frameworks\"))
(allow file-read* file-write-data (literal \"/dev/null\") (literal \"/dev/zero\"))
(allow file-read* (literal \"/dev/random\") (literal \"/dev/urandom\"))
(allow file-read* (subpath \"/usr\"))
(allow file-read* file-write* (subpath \"/private/tmp/work\"))
(deny network*)
"
        );
    }

    #[test]
    fn a_path_that_would_end_its_string_is_refused() {
        let policy = policy().read_only("/a\") (allow default) (\"");
        assert!(profile(&policy).is_err());
    }

    #[test]
    fn a_mount_elsewhere_is_refused() {
        let moved = Mount::ReadOnly {
            host: "/a".into(),
            inside: "/b".into(),
        };
        assert!(profile(&policy().mount(moved)).is_err());
    }
}
