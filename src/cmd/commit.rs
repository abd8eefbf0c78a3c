//! A commit of some files and nothing else: what else is staged stays staged,
//! and no hook or filter runs.

use super::context::variable;
use super::error::Error;
use crate::git::exec::Git;
use crate::git::{self, Repo};
use crate::patch::{Base as _, Entry, RepoPath, Worktree};

/// Commits files as the working tree has them on top of HEAD; answers the
/// commit's id, which is HEAD's where it has them already.
pub(super) fn commit(
    repo: &Repo,
    worktree: &Worktree,
    paths: &[String],
    message: &str,
) -> Result<String, Error> {
    let folder = tempfile::tempdir().map_err(|source| Error::Stream {
        action: "make a temporary folder",
        source,
    })?;
    let index = folder.path().join("index");
    let head = repo.resolve("HEAD")?.to_string();
    let text =
        |output: &git::exec::Output| String::from_utf8_lossy(output.stdout()).trim().to_owned();
    Git::new(repo)
        .args(["read-tree", &head])
        .index(&index)
        .run()?;
    let mut lines = Vec::new();
    for path in paths {
        lines.extend(line(repo, worktree, path)?);
    }
    let update = ["update-index", "-z", "--add", "--index-info"];
    Git::new(repo)
        .args(update)
        .index(&index)
        .stdin(&lines)
        .run()?;
    let tree = text(&Git::new(repo).args(["write-tree"]).index(&index).run()?);
    let there = Git::new(repo)
        .args(["rev-parse", "--verify", &format!("{head}^{{tree}}")])
        .run()?;
    if text(&there) == tree {
        return Ok(head);
    }
    let (name, email) = identity(repo);
    let made = Git::new(repo)
        .args(["-c", &name, "-c", &email])
        .args(["commit-tree", &tree, "-p", &head, "-F", "-"])
        .stdin(message.as_bytes())
        .run()?;
    let commit = text(&made);
    let title = message.lines().next().unwrap_or_default();
    let note = format!("happy agent: {title}");
    Git::new(repo)
        .args(["update-ref", "-m", &note, "HEAD", &commit, &head])
        .run()?;
    // The files are in HEAD now, so they are no change of the index's either.
    Git::new(repo).args(update).stdin(&lines).run()?;
    Ok(commit)
}

/// A file as `update-index` reads it; mode 0 takes it away.
fn line(repo: &Repo, worktree: &Worktree, path: &str) -> Result<Vec<u8>, Error> {
    let unsafe_path = |_| git::Error::UnsafePath {
        path: path.to_owned(),
        reason: "no commit may name it",
    };
    let valid = RepoPath::new(path.as_bytes()).map_err(unsafe_path)?;
    let entry = worktree.entry(&valid).map_err(|source| Error::Stream {
        action: "read a file that is to be committed",
        source,
    })?;
    let (mode, id) = match entry {
        Entry::File(file) => {
            let put = Git::new(repo)
                .args(["hash-object", "-w", "--stdin"])
                .stdin(&file.bytes)
                .run()?;
            let id = String::from_utf8_lossy(put.stdout()).trim().to_owned();
            (file.mode.octal(), id)
        }
        _ => ("0", git::ObjectId::null(repo.object_format()).to_string()),
    };
    Ok(format!("{mode} {id}\t{path}\0").into_bytes())
}

/// Who commits: whoever the user's configuration or environment names.
fn identity(repo: &Repo) -> (String, String) {
    let of = |setting: &str, name: &str, otherwise: &str| {
        let named = variable(name).and_then(|value| value.into_string().ok());
        let value = named
            .or_else(|| repo.user_setting(setting))
            .unwrap_or_else(|| otherwise.to_owned());
        format!("{setting}={value}")
    };
    (
        of("user.name", "GIT_AUTHOR_NAME", "happy agent"),
        of("user.email", "GIT_AUTHOR_EMAIL", "agent@happy.invalid"),
    )
}
