//! The repository as the agent asks for it.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::bases::{CommitBase, Grammar, Spans, WithBlobs};
use super::super::context::{AtArgs, Context, Opened, variable};
use super::super::error::Error as CmdError;
use super::super::machine::Machine;
use super::super::signals::Signals;
use super::super::{impact, patch as patching, selection, test as testing};
use super::RunArgs;
use super::hosted::Input;
use super::progress::Progress;
use crate::agent::{Ending, Error, Step, Trial, Which, Workplace};
use crate::git::{self, Repo};
use crate::index::Snapshot;
use crate::patch::{
    self, Applied, Applier, Base as _, Edit, Entry, File, GitCheck, Memory, Options, Plan, Worktree,
};
use crate::record::Record;
use crate::record::agent::Event;
use crate::runner::{self, Bounds, Host as _, Job, Outcome, Project, Runner, Said, Test, Wanted};
use crate::sandbox::{Chosen, Status};
use crate::vector::Embedder;

/// The repository of a run, and how it is tested.
pub(super) struct Place<'a> {
    context: &'a Context,
    repo: &'a Repo,
    opened: Opened,
    worktree: Worktree,
    root: PathBuf,
    files: Vec<String>,
    chosen: Chosen,
    bounds: Bounds,
    allow: Vec<String>,
    base: RefCell<String>,
    base_is_other: Cell<bool>,
    progress: Progress,
    /// A first signal ends the run with what it has.
    signals: Signals,
    /// Standard input, where its end is the end of the run.
    input: Option<Input>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.progress.finish();
    }
}

fn host(error: CmdError) -> Error {
    match error {
        CmdError::Patch(error) => Error::Patch(error),
        CmdError::Index(error) => Error::Index(error),
        CmdError::Sandbox(error) => Error::Sandbox(error),
        CmdError::Runner(error) => Error::Runner(error),
        other => Error::Host(Box::new(other)),
    }
}

fn git_host(error: git::Error) -> Error {
    host(error.into())
}

impl<'a> Place<'a> {
    pub(super) fn open(
        context: &'a Context,
        repo: &'a Repo,
        args: &RunArgs,
        input: Option<Input>,
    ) -> Result<Self, CmdError> {
        let chosen = crate::cmd::remote::choose(&args.sandbox)?;
        let worktree = patching::worktree(repo)?;
        let root = worktree.root().to_owned();
        let base = repo.worktree()?.id().to_string();
        context.meaning.for_search(context)?;
        let opened = context.open(&AtArgs::default())?;
        Ok(Self {
            context,
            repo,
            opened,
            worktree,
            root,
            files: testing::files(repo)?,
            chosen,
            bounds: Bounds {
                wall: Duration::from_secs(args.test_timeout.max(1)),
                memory: args.test_memory.max(1) << 20,
            },
            allow: args.allow.clone(),
            base: RefCell::new(base),
            base_is_other: Cell::new(false),
            progress: Progress::new(context, args.max_turns),
            signals: Signals::catch(),
            input,
        })
    }

    /// Says something on standard error, with the tree out of its way.
    pub(super) fn note(&self, text: &str) {
        self.progress.suspend(|| self.context.output.note(text));
    }

    fn options(&self) -> Options {
        Options {
            allow: self.allow.clone(),
            ..Options::default()
        }
    }

    fn applier(&self) -> Applier {
        Applier::new(self.worktree.clone(), &self.repo.git_dir().join("happy"))
    }

    fn project(&self) -> Project<'_> {
        Project {
            root: &self.root,
            files: &self.files,
        }
    }

    fn jobs(&self, which: &Which) -> Result<Vec<(&'static str, Job)>, Error> {
        let project = self.project();
        let machine = Machine {
            project: &self.root,
        };
        let wanted = Wanted {
            tests: match which {
                Which::Some(tests) => Some(tests.clone()),
                Which::All | Which::Command(_) => None,
            },
            args: Vec::new(),
        };
        let mut jobs = Vec::new();
        for runner in runner::detect(&project) {
            let runner: &dyn Runner = runner;
            jobs.push((runner.name(), runner.job(&project, &machine, &wanted)));
        }
        if let Which::Command(command) = which {
            // What the project's own runner reads, a command of its kind reads too.
            let known = jobs.into_iter().find_map(|(_, job)| job.ok());
            let job = Job {
                command: ["/bin/sh", "-c", command].map(str::to_owned).to_vec(),
                ..known.unwrap_or_default()
            };
            return Ok(vec![("command", job)]);
        }
        jobs.into_iter()
            .map(|(name, job)| Ok((name, job?)))
            .collect()
    }
}

impl Workplace for Place<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.opened.snapshot
    }

    fn read(&self, file: u32) -> Result<Vec<u8>, Error> {
        self.opened.read(file).map_err(host)
    }

    fn embedder(&self) -> Result<Box<dyn Embedder + '_>, Error> {
        self.context.meaning.embedder().map_err(host)
    }

    fn plan(&self, edits: &[Edit]) -> Result<Plan, Error> {
        let blobs = WithBlobs::new(&self.worktree, self.repo);
        let spans = Spans(&self.opened);
        let against = patch::Context {
            base: &blobs,
            current: None,
            symbols: &spans,
            syntax: Some(&Grammar),
        };
        Ok(Plan::new(edits, &against, &self.options())?)
    }

    fn rebase(&self, plan: &Plan) -> Result<Plan, Error> {
        let mut base = Memory::default();
        for (path, before, _) in plan.paths() {
            if let Some(file) = before {
                base.insert(path, file);
            }
        }
        let edits = patch::parse(&plan.diff()).map_err(patch::PatchError::from)?;
        let against = patch::Context {
            base: &base,
            current: Some(&self.worktree),
            symbols: &patch::NoSymbols,
            syntax: Some(&Grammar),
        };
        let options = Options {
            three_way: true,
            ..self.options()
        };
        Ok(Plan::new(&edits, &against, &options)?)
    }

    fn is_base(&self) -> Result<bool, Error> {
        let now = self.repo.worktree().map_err(git_host)?.id().to_string();
        Ok(now == *self.base.borrow())
    }

    fn move_base(&self) -> Result<(), Error> {
        let now = self.repo.worktree().map_err(git_host)?.id().to_string();
        *self.base.borrow_mut() = now;
        self.base_is_other.set(true);
        Ok(())
    }

    fn affected(&self, plan: &Plan) -> Result<Option<Vec<Test>>, Error> {
        if self.base_is_other.get() {
            // The index is of the state before.
            return Ok(None);
        }
        let reach = impact::plan_reach(&self.opened, plan, true).map_err(host)?;
        Ok(selection::tests_of(self.context, &reach))
    }

    fn test(&self, plan: Option<&Plan>, which: &Which) -> Result<Trial, Error> {
        let jobs = self.jobs(which)?;
        let several = jobs.len() > 1;
        let mut trial = Trial::default();
        if jobs.is_empty() {
            trial.trouble = Some("no test runner fits this project".to_owned());
            return Ok(trial);
        }
        let changes = plan.map(testing::changed).unwrap_or_default();
        for (name, job) in jobs {
            let prefix = if several {
                format!("{name}: ")
            } else {
                String::new()
            };
            let failing_exits = job.failed.clone();
            let mut bad = false;
            let ended = runner::run_job(
                &job,
                &self.chosen,
                &self.root,
                &changes,
                self.bounds,
                &mut |said| match said {
                    Said::Case(case) => {
                        bad |= matches!(case.outcome, Outcome::Failed | Outcome::Errored);
                        self.progress.test(&case.name);
                        let ending = Ending {
                            outcome: case.outcome,
                            message: case.message,
                        };
                        trial.note(&format!("{prefix}{}", case.name), ending);
                    }
                    Said::Failure { name, message } => {
                        if let Some(ending) = trial.cases.get_mut(&format!("{prefix}{name}")) {
                            ending.message = Some(message);
                        }
                    }
                },
            )?;
            trial.denied_network += ended.denied.network;
            if let Which::Command(command) = which {
                let outcome = if ended.success() {
                    Outcome::Passed
                } else {
                    Outcome::Failed
                };
                let message = String::from_utf8_lossy(&ended.stderr).into_owned();
                let ending = Ending {
                    outcome,
                    message: (outcome == Outcome::Failed).then_some(message),
                };
                trial.note(command, ending);
                bad |= outcome == Outcome::Failed;
            }
            let told = match (ended.limit_hit, ended.status) {
                (Some(limit), _) => Some(format!("stopped by the limit on {}", limit.name())),
                (None, Status::Exited(0)) => None,
                (None, Status::Exited(code)) if bad && failing_exits.contains(&code) => None,
                (None, Status::Exited(_)) if bad && matches!(which, Which::Command(_)) => None,
                (None, Status::Exited(code)) => {
                    Some(format!("`{name}` ended with exit code {code}"))
                }
                (None, Status::Signaled(signal)) => {
                    Some(format!("`{name}` was ended by signal {signal}"))
                }
            };
            if told.is_some() {
                let all = [&ended.stdout[..], b"\n", &ended.stderr[..]].concat();
                String::from_utf8_lossy(&all[all.len().saturating_sub(4000)..])
                    .trim()
                    .clone_into(&mut trial.output);
                trial.trouble = trial.trouble.take().or(told);
            }
        }
        Ok(trial)
    }

    fn apply(&self, plan: &Plan) -> Result<Applied, Error> {
        // Git has the last word on what a valid change is.
        let path = variable("PATH").unwrap_or_default();
        GitCheck::new("git", path).verify(plan, &self.worktree, &std::env::temp_dir())?;
        Ok(self.applier().apply(plan)?)
    }

    fn recover(&self) -> Result<Option<Applied>, Error> {
        let applier = self.applier();
        match applier.unfinished()? {
            Some(_) => Ok(Some(applier.resume()?)),
            None => Ok(None),
        }
    }

    fn hash_of(&self, path: &str) -> Result<String, Error> {
        let Ok(path) = patch::RepoPath::new(path.as_bytes()) else {
            return Ok(String::new());
        };
        let entry = self.worktree.entry(&path).map_err(|source| Error::Io {
            action: "read",
            path: path.to_path(),
            source,
        })?;
        Ok(match entry {
            Entry::File(File { bytes, .. }) => patch::content_hash(&bytes),
            _ => String::new(),
        })
    }

    fn uncommitted(&self, plan: &Plan) -> Result<Vec<String>, Error> {
        let head = self.repo.resolve("HEAD").map_err(git_host)?;
        let base = CommitBase::new(self.repo, head).map_err(host)?;
        let mut found = Vec::new();
        for (path, before, _) in plan.paths() {
            let entry = base.entry(&path).map_err(|source| Error::Io {
                action: "read",
                path: path.to_path(),
                source,
            })?;
            let committed = match entry {
                Entry::File(file) => Some(file),
                _ => None,
            };
            if committed != before {
                found.push(String::from_utf8_lossy(path.as_bytes()).into_owned());
            }
        }
        Ok(found)
    }

    fn commit(&self, paths: &[String], message: &str) -> Result<String, Error> {
        super::super::commit::commit(self.repo, &self.worktree, paths, message).map_err(host)
    }

    fn sandbox(&self) -> Chosen {
        self.chosen
    }

    fn python(&self) -> Result<(PathBuf, Vec<PathBuf>), Error> {
        let system = Path::new("/usr/bin/python3");
        if system.is_file() {
            return Ok((system.to_owned(), Vec::new()));
        }
        let machine = Machine {
            project: &self.root,
        };
        let missing = || {
            Error::Runner(runner::Missing {
                what: "`python3` is not on PATH".to_owned(),
                hint: "install it: the agent's session runs in it".to_owned(),
            })
        };
        let program = machine.find("python3").ok_or_else(missing)?;
        let question =
            "import sys; print(sys.executable); print(sys.prefix); print(sys.base_prefix)";
        let answer = machine
            .ask(&program, &["-I", "-c", question])
            .ok_or_else(missing)?;
        let mut lines = answer.lines().map(PathBuf::from);
        let program = lines.next().ok_or_else(missing)?;
        let mut reads: Vec<PathBuf> = lines.filter(|path| !path.starts_with("/usr")).collect();
        reads.dedup();
        Ok((program, reads))
    }

    fn head(&self) -> Option<String> {
        self.repo.resolve("HEAD").ok().map(|id| id.to_string())
    }

    fn base(&self) -> String {
        self.base.borrow().clone()
    }

    fn now(&self) -> SystemTime {
        self.context.now()
    }

    fn tell(&self, event: &Event) {
        self.progress.event(event);
        let record = Record::Agent(Box::new(event.clone()));
        self.progress.suspend(|| {
            self.context.output.emit(&record);
            self.context.output.flush();
        });
    }

    fn begin(&self, step: &Step<'_>) {
        self.progress.begin(step);
    }

    fn stopped(&self) -> bool {
        self.signals.arrived().is_some() || self.input.as_ref().is_some_and(Input::has_ended)
    }

    fn warn(&self, text: &str) {
        self.progress.suspend(|| self.context.warn(text));
    }
}
