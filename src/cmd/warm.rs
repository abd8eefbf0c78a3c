//! The index kept warm in the background, on behalf of a hook.
//!
//! The hook starts a worker and is done. One worker at a time indexes what HEAD
//! has come to, in half of the threads, until its budget is spent. Nothing here
//! fails: a question indexes whatever is still missing.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::context::{AtArgs, Context, variable};
use super::settings;
use crate::git::Repo;

/// What the worker is called as.
pub const WORKER: &str = "warm";

/// Starts a worker for an event, and does not wait for it.
pub fn begin(context: &Context, event: &str, args: &[String]) {
    if switched_off() {
        return;
    }
    // A checkout of single files (its last argument is 0) moves nothing.
    if event == "post-checkout" && args.last().is_some_and(|flag| flag == "0") {
        return;
    }
    let (Ok(repo), Ok(program)) = (context.repo(), std::env::current_exe()) else {
        return;
    };
    // Each pick of a rebase is a commit; what counts is where it ends.
    let rebasing = ["rebase-merge", "rebase-apply"];
    if event != "post-rewrite"
        && rebasing
            .iter()
            .any(|name| repo.git_dir().join(name).exists())
    {
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new(program);
    command
        .args(["--quiet", "--lock-timeout", "30", "--jobs"])
        .arg((threads / 2).clamp(1, 1024).to_string());
    if let Some(folder) = &context.args.index_dir {
        command.arg("--index-dir").arg(folder);
    }
    if let Ok(directory) = context.directory() {
        command.current_dir(directory);
    }
    // Git's index of the moment of the hook is not the one that is left behind.
    for name in ["GIT_INDEX_FILE", "GIT_PREFIX", "GIT_QUARANTINE_PATH"] {
        command.env_remove(name);
    }
    let _ = command
        .args(["hook", "run", WORKER])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// Indexes what HEAD has come to, and the working tree.
pub fn work(context: &Context) {
    // Away from the terminal whose hook started it, and behind what people wait for.
    let _ = rustix::process::setsid();
    let _ = rustix::process::nice(10);
    let Ok(repo) = context.repo() else { return };
    let budget = settings::load(context).and_then(|config| config.number("hook.budget"));
    end_after(Duration::from_secs(budget.unwrap_or(120)));
    let folder = context.index_root(&repo);
    let lock = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::File::create(folder.join("warm.lock")));
    let Ok(lock) = lock else { return };
    // Whoever has the lock looks at HEAD again before it ends.
    if lock.try_lock().is_err() {
        return;
    }
    let mut done = None;
    while let Some(state) = head(&repo) {
        if done.as_ref() == Some(&state) {
            break;
        }
        let at = AtArgs {
            at: Some("HEAD".to_owned()),
        };
        let commit = context.open(&at);
        if commit.is_err()
            || (repo.work_dir().is_some() && context.open(&AtArgs::default()).is_err())
        {
            break;
        }
        done = Some(state);
    }
}

fn head(repo: &Repo) -> Option<String> {
    // A fresh look: what was opened may have been moved since.
    repo.resolve("HEAD").ok().map(|commit| commit.to_string())
}

/// Ends the worker when its budget is spent, as a user would: what was begun is
/// taken back, and the index stays as it was.
fn end_after(budget: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(budget);
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    });
}

/// Whether hooks are to do nothing: `HAPPY_HOOKS=off` for one command.
pub fn switched_off() -> bool {
    variable("HAPPY_HOOKS").is_some_and(|value| value == "off" || value == "0")
}
