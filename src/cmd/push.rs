//! What happens before a push: what is pushed is checked, in five lines.
//!
//! Only a test that fails, and did not fail before, stops the push. Where we
//! fail ourselves the push goes on, unless `hook.failClosed` says otherwise.

use super::batches::{Check, Checked};
use super::context::Context;
use super::error::Error;
use super::impact;
use super::reports::counted;
use super::runs;
use super::selection::Selection;
use super::settings::{self, Config};
use super::test;
use crate::git::{ObjectId, Repo, exec::Git};
use crate::record::Record;
use crate::runner::Project;

/// Commits that go to another repository.
struct Update {
    /// The branch here, as people say it.
    name: String,
    base: ObjectId,
    tip: ObjectId,
    commits: usize,
}

/// What the check came to.
enum Verdict {
    Passed,
    Stopped { why: String },
}

/// Runs the hook; `args` are the remote's name and place.
pub fn run(context: &Context, args: &[String], input: &str) -> Result<(), Error> {
    let (input, remote) = match from_manager() {
        Some((line, remote)) if input.trim().is_empty() => (line, remote),
        _ => (input.to_owned(), args.first().cloned()),
    };
    let remote = remote.unwrap_or_else(|| "origin".to_owned());
    let config = settings::load(context);
    let closed = config
        .as_ref()
        .is_ok_and(|config| config.boolean("hook.failClosed").unwrap_or(false));
    let checked = config.and_then(|config| check(context, &config, &remote, &input));
    match checked {
        Ok(Verdict::Passed) => Ok(()),
        Ok(Verdict::Stopped { why }) => {
            say(
                context,
                &format!("the push is stopped: {why}; `git push --no-verify` goes past this"),
            );
            Err(Error::PushStopped)
        }
        Err(error) if closed => {
            say(context, &format!("cannot check: {error}"));
            say(
                context,
                "the push is stopped, since `happy.hook.failClosed` is set; `git push --no-verify` goes past this",
            );
            Err(Error::PushStopped)
        }
        Err(error) => {
            say(context, &format!("cannot check: {error}"));
            say(context, "the push goes on unchecked");
            Ok(())
        }
    }
}

/// What pre-commit says is pushed: in variables, in the place of the input.
fn from_manager() -> Option<(String, Option<String>)> {
    let read = settings::environment;
    let there = read("PRE_COMMIT_FROM_REF")?;
    let tip = read("PRE_COMMIT_TO_REF")?;
    let name = read("PRE_COMMIT_LOCAL_BRANCH").unwrap_or_else(|| "HEAD".to_owned());
    let line = format!("{name} {tip} {name} {there}\n");
    Some((line, read("PRE_COMMIT_REMOTE_NAME")))
}

/// A line for whoever pushes. Git shows both streams of a hook.
fn say(context: &Context, text: &str) {
    context.output.note(&format!("happy: {text}"));
}

fn check(context: &Context, config: &Config, remote: &str, input: &str) -> Result<Verdict, Error> {
    let how = config.choice("hook.prePush")?;
    if how == "off" || super::warm::switched_off() {
        return Ok(Verdict::Passed);
    }
    let repo = context.repo()?;
    let (updates, passed_over) = updates(&repo, remote, input)?;
    for line in passed_over {
        say(context, &line);
    }
    for update in updates {
        let checked = one(context, config, &repo, &update, how == "test")?;
        if let Verdict::Stopped { .. } = checked {
            return Ok(checked);
        }
    }
    Ok(Verdict::Passed)
}

/// What Git says is pushed: `<local ref> <id> <remote ref> <id>` on each line.
fn updates(repo: &Repo, remote: &str, input: &str) -> Result<(Vec<Update>, Vec<String>), Error> {
    let mut updates: Vec<Update> = Vec::new();
    let mut passed_over = Vec::new();
    for line in input.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, tip, _, there] = words[..] else {
            continue;
        };
        let nought = |id: &str| id.bytes().all(|byte| byte == b'0');
        if nought(tip) {
            continue; // A branch that is deleted has nothing to check.
        }
        let name = name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
        let tip = repo.resolve(&format!("{tip}^{{commit}}"))?;
        let known = if nought(there) {
            None
        } else {
            repo.resolve(&format!("{there}^{{commit}}")).ok()
        };
        let base = match known {
            Some(commit) => repo.merge_base(commit, tip)?,
            None => boundary(repo, remote, tip)?,
        };
        let Some(base) = base else {
            passed_over.push(format!(
                "`{name}` shares no commit with `{remote}`: not checked (`happy test` runs all tests)"
            ));
            continue;
        };
        if base == tip
            || updates
                .iter()
                .any(|known| known.base == base && known.tip == tip)
        {
            continue;
        }
        let commits = Git::new(repo)
            .args(["rev-list", "--count", &format!("{base}..{tip}")])
            .run()?;
        let commits = String::from_utf8_lossy(commits.stdout()).trim().parse();
        updates.push(Update {
            name,
            base,
            tip,
            commits: commits.unwrap_or_default(),
        });
    }
    Ok((updates, passed_over))
}

/// The newest commit of `tip`'s history that the remote is known to have.
fn boundary(repo: &Repo, remote: &str, tip: ObjectId) -> Result<Option<ObjectId>, Error> {
    let list = Git::new(repo)
        .args([
            "rev-list",
            "--boundary",
            "--date-order",
            &tip.to_string(),
            "--not",
        ])
        .arg(format!("--remotes={remote}"))
        .run()?;
    let text = String::from_utf8_lossy(list.stdout()).into_owned();
    if text.trim().is_empty() {
        return Ok(Some(tip)); // The remote has all of it.
    }
    let boundary = text.lines().find_map(|line| line.strip_prefix('-'));
    Ok(boundary.and_then(|id| id.parse().ok()))
}

fn one(
    context: &Context,
    config: &Config,
    repo: &Repo,
    update: &Update,
    with_tests: bool,
) -> Result<Verdict, Error> {
    let range = format!("{}..{}", update.base, update.tip);
    say(
        context,
        &format!(
            "`{}`: {}, {}..{}",
            update.name,
            counted(update.commits, "commit"),
            update.base.short(),
            update.tip.short()
        ),
    );
    let reach = impact::reach(context, Some(&range), true)?;
    let is_test = |record: &&Record| matches!(record, Record::Impacted { test: true, .. });
    let tests = reach.impacted.iter().filter(is_test).count();
    say(
        context,
        &format!(
            "{} changed, {} reached, {} among these",
            counted(reach.touched.len(), "symbol"),
            reach.impacted.len(),
            counted(tests, "test")
        ),
    );
    if !with_tests {
        return Ok(Verdict::Passed);
    }
    let within = test::within(config, None)?;
    let selection = Selection::new(context, &reach, within);
    if selection.tests.as_ref().is_some_and(Vec::is_empty) {
        say(context, "no test reaches the change: nothing to run");
        return Ok(Verdict::Passed);
    }
    let files = test::files(repo)?;
    let project = Project {
        root: test::work_dir(repo)?,
        files: &files,
    };
    let tools = runs::runners(context, config, config.get("test.runner"), &project)?;
    let chosen = super::remote::choose(test::sandbox_name(None, config))?;
    let bounds = test::bounds(config, Some(config.number("hook.prePushTimeout")?), None)?;
    let pushed = runs::differing(repo, update.tip)?;
    for tool in tools {
        let check = Check {
            repo,
            base: update.base,
            tool: &tool,
            project: &project,
            chosen: &chosen,
            bounds,
            selection: &selection,
            within,
            pushed: &pushed,
        };
        let checked = check.run()?;
        for line in &checked.said {
            say(context, line);
        }
        if let Some(why) = broken(context, checked) {
            return Ok(Verdict::Stopped { why });
        }
    }
    Ok(Verdict::Passed)
}

/// Why the push stops, if it does.
fn broken(context: &Context, checked: Checked) -> Option<String> {
    let count = checked.broken.len();
    if count == 0 {
        if checked.failed_before {
            say(
                context,
                "what fails here failed before, too: the push goes on",
            );
        }
        return None;
    }
    let first: Vec<String> = checked.broken.into_iter().take(3).collect();
    let more = count - first.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    say(context, &format!("failed: {}{more}", first.join(", ")));
    Some(format!("{} broken by it", counted(count, "test")))
}
