//! Which backend is used here: the first one that passes a self-test, or none
//! and an error.

use std::net::TcpListener;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use super::outcome::{Outcome, SandboxError};
use super::policy::{Limits, Mount, Policy};
use super::tree::{TreeError, TreeView};
use super::{BACKENDS, Sandbox, launcher, probe};

/// What is known of one backend on this machine.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The backend's name.
    pub name: &'static str,
    /// The weakest thing that can be said of it.
    pub guarantee: &'static str,
    /// Whether it passed its self-test; if not, why.
    pub works: Result<(), String>,
    /// What would make it work.
    pub hint: Option<String>,
    /// Whether it can show a folder copy-on-write without copying it.
    pub overlay: bool,
}

/// A backend that has passed its self-test on this machine.
#[derive(Clone, Copy)]
pub struct Chosen {
    /// The backend.
    pub sandbox: &'static dyn Sandbox,
    /// Whether it can show a folder copy-on-write without copying it.
    pub overlay: bool,
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Chosen({}, overlay: {})",
            self.sandbox.name(),
            self.overlay
        )
    }
}

impl Chosen {
    /// A view of a worktree in the way this backend can show it. What the view
    /// needs on the host goes to `scratch`, an empty folder.
    pub fn tree_view(&self, worktree: &Path, scratch: &Path) -> Result<TreeView, TreeError> {
        TreeView::new(worktree, scratch, self.overlay)
    }
}

/// The backend of that name, or for `auto` the first that works here and leaves
/// everything on this machine, after its self-test. There is no name for running without a sandbox.
pub fn choose(name: &str) -> Result<Chosen, SandboxError> {
    if name == "auto" {
        let mut reasons = Vec::new();
        for at in (0..BACKENDS.len()).filter(|at| !BACKENDS[*at].is_remote()) {
            let probe = probed(at);
            match &probe.works {
                Ok(()) => return Ok(chosen(at)),
                Err(why) => reasons.push(format!("{}: {why}", probe.name)),
            }
        }
        return Err(SandboxError::NoneWorks(reasons.join("; ")));
    }
    let at = BACKENDS
        .iter()
        .position(|backend| backend.name() == name)
        .ok_or_else(|| SandboxError::Unknown(name.to_owned()))?;
    let probe = probed(at);
    match &probe.works {
        Ok(()) => Ok(chosen(at)),
        Err(why) => Err(SandboxError::Unusable {
            name: probe.name,
            why: why.clone(),
        }),
    }
}

/// What is known of every backend, in the order in which `auto` tries them.
pub fn probe_all() -> Vec<Probe> {
    (0..BACKENDS.len()).map(|at| probed(at).clone()).collect()
}

fn chosen(at: usize) -> Chosen {
    Chosen {
        sandbox: BACKENDS[at],
        overlay: probed(at).overlay,
    }
}

/// The self-test's result, found once in a process.
fn probed(at: usize) -> &'static Probe {
    const MOST: usize = 8;
    static RESULTS: [OnceLock<Probe>; MOST] = [const { OnceLock::new() }; MOST];
    RESULTS[at].get_or_init(|| {
        let backend = BACKENDS[at];
        let mut result = Probe {
            name: backend.name(),
            guarantee: backend.guarantee(),
            works: Ok(()),
            hint: None,
            overlay: false,
        };
        if let Err((why, hint)) = backend.ready() {
            result.works = Err(why);
            result.hint = Some(hint);
            return result;
        }
        if let Some(found) = backend.own_test() {
            result.overlay = true;
            result.hint = found.as_ref().err().map(|why| hint_for(why));
            result.works = found;
            return result;
        }
        result.overlay = test(backend, true).is_ok();
        if !result.overlay
            && let Err(why) = test(backend, false)
        {
            result.hint = Some(hint_for(&why));
            result.works = Err(why);
        }
        result
    })
}

fn hint_for(why: &str) -> String {
    let hint = if why.contains("user namespace") || why.contains("setting up uid map") {
        "allow user namespaces (`sysctl user.max_user_namespaces`, \
         `kernel.unprivileged_userns_clone`, or an AppArmor profile)"
    } else if why.contains("/proc") {
        "a container that masks `/proc` cannot hold a sandbox: start it with an unmasked one"
    } else if why.contains(" answered 401") {
        "the service does not know this key: look at `E2B_API_KEY`"
    } else {
        "run `happy doctor` for the other backends"
    };
    hint.to_owned()
}

/// Runs the probe in a backend; `Err` says what leaked or failed.
fn test(backend: &dyn Sandbox, overlay: bool) -> Result<(), String> {
    let text = |error: std::io::Error| format!("self-test: {error}");
    let folder = tempfile::tempdir().map_err(text)?;
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "canary").map_err(text)?;
    let shown = folder.path().join("shown");
    std::fs::create_dir(&shown).map_err(text)?;
    // The host's loopback must really answer, or the probe would prove nothing.
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let program = launcher().map_err(|error| error.to_string())?;
    let inside = "/opt/happy/probe";
    let mut policy = Policy::new([inside, probe::VERB[0], probe::VERB[1]]).mount(Mount::ReadOnly {
        host: program,
        inside: inside.into(),
    });
    let names: Vec<&str> = policy.env.keys().map(String::as_str).collect();
    let names = names.join(",");
    policy.command.extend([
        canary.to_string_lossy().into_owned(),
        port.to_string(),
        names,
    ]);
    if overlay {
        policy = policy.mount(Mount::Overlay {
            layers: vec![shown],
            inside: "/work".into(),
        });
    }
    policy.limits = Limits {
        wall: Duration::from_secs(20),
        ..Limits::default()
    };
    let outcome = backend
        .run(&policy, b"", &mut |_, _| ())
        .map_err(|error| error.to_string())?;
    verdict(&outcome)?;
    if std::fs::read(&canary).is_ok_and(|bytes| bytes == b"canary") {
        Ok(())
    } else {
        Err("self-test: a file outside was changed".to_owned())
    }
}

fn verdict(outcome: &Outcome) -> Result<(), String> {
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    if outcome.success() && stdout.trim() == probe::TIGHT {
        return Ok(());
    }
    if let Some(limit) = outcome.limit_hit {
        return Err(format!(
            "self-test: stopped by the limit on {}",
            limit.name()
        ));
    }
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    let said = [stdout.trim(), stderr.trim()].join(" ");
    Err(format!("self-test: {}", said.trim()))
}
