//! From edits that passed to the working tree: announced first, so that a
//! crash at any point can be told from one that came before.

use super::gate::Verdict;
use super::run::Run;
use super::{Error, Landing};
use crate::patch::{Plan, content_hash};
use crate::record::agent::Event;

/// How a landing ended.
pub(super) enum Landed {
    /// The edits are in the working tree.
    Yes,
    /// They were to be shown only.
    Shown,
    /// The working tree moved, and they are not there.
    No(String),
}

/// Lands edits that passed. Where the working tree moved meanwhile they are
/// merged with it and judged again, once.
pub(super) fn land(run: &Run<'_>, mut verdict: Verdict, summary: &str) -> Result<Landed, Error> {
    let place = run.place;
    if run.options.landing == Landing::DryRun {
        return Ok(Landed::Shown);
    }
    if !place.is_base()? {
        let merged = match place.rebase(&verdict.plan) {
            Ok(plan) => plan,
            Err(Error::Patch(error)) => {
                return Ok(Landed::No(format!(
                    "the working tree changed while the tests ran: {error}"
                )));
            }
            Err(error) => return Err(error),
        };
        place.warn("the working tree changed meanwhile; the edits are tested on it again");
        place.move_base()?;
        run.gate.forget();
        verdict = run.gate.judge(place, run.options, &merged)?;
        run.note(&verdict.event("moved"));
        if let Some(reason) = &verdict.reason {
            return Ok(Landed::No(format!(
                "the working tree changed while the tests ran, and on it {reason}"
            )));
        }
        if !place.is_base()? {
            return Ok(Landed::No(
                "the working tree changed twice while the tests ran".to_owned(),
            ));
        }
    }
    if run.options.landing == Landing::Commit
        && let Some(path) = place.uncommitted(&verdict.plan)?.first()
    {
        return Ok(Landed::No(format!(
            "`{path}` has uncommitted edits, which a commit would take along"
        )));
    }
    run.note(&announcement(&verdict.plan));
    let applied = match place.apply(&verdict.plan) {
        Ok(applied) => applied,
        Err(Error::Patch(error)) => return Ok(Landed::No(error.to_string())),
        Err(error) => return Err(error),
    };
    complete(run, Some(applied.id), paths(&verdict.plan), summary)?;
    Ok(Landed::Yes)
}

/// Commits what is in the working tree, if that is asked for, and notes it.
pub(super) fn complete(
    run: &Run<'_>,
    operation: Option<String>,
    paths: Vec<String>,
    summary: &str,
) -> Result<(), Error> {
    let commit = match run.options.landing {
        Landing::Commit => Some(run.place.commit(&paths, &message(run, summary))?),
        Landing::Edits | Landing::DryRun => None,
    };
    run.note(&Event::AgentLanded {
        key: "landed".to_owned(),
        operation,
        commit,
        paths,
    });
    Ok(())
}

/// The message of a commit: what the model says, and which run it was.
fn message(run: &Run<'_>, summary: &str) -> String {
    let mut lines = summary.trim().lines();
    let first = lines.next().unwrap_or("Change what the task asks for");
    let title: String = first.chars().take(72).collect();
    let rest: Vec<&str> = lines.collect();
    let body = rest.join("\n");
    let body = body.trim();
    let gap = if body.is_empty() { "" } else { "\n\n" };
    format!("{title}{gap}{body}\n\nHappy-Run: {}\n", run.id.0)
}

fn paths(plan: &Plan) -> Vec<String> {
    let paths = plan.paths().into_iter();
    paths
        .map(|(path, _, _)| String::from_utf8_lossy(path.as_bytes()).into_owned())
        .collect()
}

fn announcement(plan: &Plan) -> Event {
    let hash = |file: Option<crate::patch::File>| {
        file.map(|file| content_hash(&file.bytes))
            .unwrap_or_default()
    };
    let files = plan.paths().into_iter().map(|(path, before, after)| {
        let path = String::from_utf8_lossy(path.as_bytes()).into_owned();
        (path, hash(before), hash(after))
    });
    Event::AgentLanding {
        key: "landing".to_owned(),
        files: files.collect(),
        diff: String::from_utf8_lossy(&plan.diff()).into_owned(),
    }
}

/// What a crash between announcement and end left behind.
pub(super) enum Found {
    /// The edits are there.
    After,
    /// They are not.
    Before,
    /// Somebody else changed the files.
    Other(String),
}

/// Looks at what the working tree has of an announced landing.
pub(super) fn look(run: &Run<'_>, files: &[(String, String, String)]) -> Result<Found, Error> {
    run.place.recover()?;
    let (mut before, mut after) = (true, true);
    for (path, old, new) in files {
        let now = run.place.hash_of(path)?;
        before &= now == *old;
        after &= now == *new;
        if now != *old && now != *new {
            return Ok(Found::Other(path.clone()));
        }
    }
    Ok(if after {
        Found::After
    } else if before {
        Found::Before
    } else {
        let path = files.first().map_or(String::new(), |file| file.0.clone());
        Found::Other(path)
    })
}
