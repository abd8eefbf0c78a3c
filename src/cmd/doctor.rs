//! `happy doctor`

use super::context::Context;
use super::error::Error;
use super::surroundings;
use crate::git;
use crate::record::Record;

/// Say what works on this machine, and what would make the rest work
///
/// Git, the index of this repository, the room beside it, hooks, settings,
/// completions, other versions of happy and of its Python module, what the
/// model's settings name (never a key), and each sandbox after a self-test.
/// Each line says what to do.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the verb.
#[expect(clippy::unnecessary_wraps, reason = "every verb has this signature")]
pub fn run(context: &Context, _: &Args) -> Result<(), Error> {
    let repo = match context.repo() {
        Ok(repo) => Some(repo),
        Err(error) => {
            let hint = error.hint();
            tell(context, "repository", false, error.to_string(), hint);
            None
        }
    };
    if let Some(repo) = &repo {
        let place = repo.git_dir().display().to_string();
        tell(context, "repository", true, place, None);
        let version = git::exec::Git::new(repo).arg("version").run();
        match version {
            Ok(output) => {
                let text = String::from_utf8_lossy(output.stdout()).trim().to_owned();
                tell(context, "git", true, text, None);
            }
            Err(error) => {
                let hint = "install Git and put it on PATH".to_owned();
                tell(context, "git", false, error.to_string(), Some(hint));
            }
        }
        index(context, repo);
        surroundings::hooks(context, repo);
    }
    surroundings::settings(context);
    surroundings::model(context);
    surroundings::completions(context);
    surroundings::versions(context);
    super::skew::tell(context);
    let probes = super::remote::probe_all();
    let any = probes.iter().any(|probe| probe.works.is_ok());
    for probe in probes {
        let detail = match &probe.works {
            Ok(()) => probe.guarantee.to_owned(),
            Err(why) => why.clone(),
        };
        context.output.emit(&Record::Check {
            check: "sandbox",
            name: Some(probe.name),
            works: probe.works.is_ok(),
            detail,
            hint: probe.hint,
        });
    }
    if !any {
        let hint = "install bubblewrap or gVisor's `runsc`".to_owned();
        let detail =
            "no sandbox works here: `happy test` and `happy agent` refuse to run".to_owned();
        tell(context, "sandboxes", false, detail, Some(hint));
    }
    Ok(())
}

pub(super) fn tell(
    context: &Context,
    check: &'static str,
    works: bool,
    detail: String,
    hint: Option<String>,
) {
    context.output.emit(&Record::Check {
        check,
        name: None,
        works,
        detail,
        hint,
    });
}

fn index(context: &Context, repo: &git::Repo) {
    let folder = context.index_root(repo);
    match context.store(repo) {
        Ok(_) => tell(context, "index", true, folder.display().to_string(), None),
        Err(error) => {
            let hint = error.hint();
            tell(context, "index", false, error.to_string(), hint);
        }
    }
    let beside = if folder.is_dir() {
        folder
    } else {
        repo.common_dir().to_owned()
    };
    match rustix::fs::statvfs(&beside) {
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize) >> 20;
            let enough = free >= 256;
            let hint = (!enough).then(|| {
                "free some space, or keep the index elsewhere with `--index-dir`".to_owned()
            });
            tell(
                context,
                "disk",
                enough,
                format!("{free} MiB free beside the index"),
                hint,
            );
        }
        Err(error) => tell(context, "disk", false, error.to_string(), None),
    }
}
