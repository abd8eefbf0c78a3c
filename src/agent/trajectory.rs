//! What happened in a run, as lines of a file that only grows.
//!
//! Each event has a key. A run that is taken up again does the same again, and
//! what the file already has is neither written nor told twice.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::Error;
use crate::model::{Answer, Finish, Reply, Usage};
use crate::record::agent::Event;

/// The file in a run's folder.
const FILE: &str = "trajectory.jsonl";

/// The name of a run: a time and four letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub String);

impl RunId {
    /// A new one, of a time in seconds since 1970.
    pub fn new(seconds: u64) -> Self {
        let letters: String = (0..4).map(|_| fastrand::lowercase()).collect();
        Self(format!("{seconds:x}-{letters}"))
    }

    /// A name that a user wrote; only what can be one.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        valid.then(|| Self(text.to_owned()))
    }
}

/// The runs under a folder, the oldest first.
pub fn list_runs(runs: &Path) -> Vec<RunId> {
    let mut found: Vec<RunId> = std::fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join(FILE).is_file())
        .filter_map(|entry| RunId::parse(entry.file_name().to_str()?))
        .collect();
    found.sort();
    found
}

/// The recorded answers of some events.
pub fn answers_in(events: &[Event]) -> Vec<Answer> {
    let answer = |event: &Event| match event {
        Event::AgentReply {
            key,
            asked,
            text,
            finish,
            spent,
            estimated,
            ..
        } => Some(Answer {
            key: key.clone(),
            asked: asked.clone(),
            reply: Reply {
                text: text.clone(),
                usage: Usage {
                    prompt_tokens: spent.prompt_tokens,
                    cached_tokens: spent.cached_tokens,
                    completion_tokens: spent.completion_tokens,
                    estimated: *estimated,
                },
                finish: match finish.as_str() {
                    "length" => Finish::Length,
                    "refused" => Finish::Refused,
                    _ => Finish::Stop,
                },
            },
        }),
        _ => None,
    };
    events.iter().filter_map(answer).collect()
}

/// The trajectory of a run.
#[derive(Debug)]
pub struct Trajectory {
    folder: PathBuf,
    file: File,
    known: BTreeSet<String>,
    /// What the file had when it was opened.
    pub before: Vec<Event>,
}

impl Trajectory {
    /// Begins the trajectory of a new run.
    pub fn create(runs: &Path, run: &RunId) -> Result<Self, Error> {
        let folder = runs.join(&run.0);
        std::fs::create_dir_all(&folder).map_err(io("make", &folder))?;
        Self::open_file(folder, run, true)
    }

    /// Takes up the trajectory of a run. A line that a crash cut short goes.
    pub fn open(runs: &Path, run: &RunId) -> Result<Self, Error> {
        let folder = runs.join(&run.0);
        if !folder.join(FILE).is_file() {
            return Err(Error::NoRun { run: run.0.clone() });
        }
        let mut found = Self::open_file(folder, run, false)?;
        let path = found.folder.join(FILE);
        let mut text = Vec::new();
        found
            .file
            .read_to_end(&mut text)
            .map_err(io("read", &path))?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole < text.len() {
            found
                .file
                .set_len(whole as u64)
                .map_err(io("shorten", &path))?;
        }
        found.before = parse(&path, &text[..whole])?;
        found.known = found.before.iter().map(Event::key).collect();
        Ok(found)
    }

    /// The events of a file, of a run or elsewhere.
    pub fn read(path: &Path) -> Result<Vec<Event>, Error> {
        let text = std::fs::read(path).map_err(io("read", path))?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        parse(path, &text[..whole])
    }

    /// The events of a run.
    pub fn read_run(runs: &Path, run: &RunId) -> Result<Vec<Event>, Error> {
        let path = runs.join(&run.0).join(FILE);
        if path.is_file() {
            Self::read(&path)
        } else {
            Err(Error::NoRun { run: run.0.clone() })
        }
    }

    fn open_file(folder: PathBuf, run: &RunId, new: bool) -> Result<Self, Error> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = folder.join(FILE);
        // Answers may quote the repository: nobody else is to read them.
        let file = File::options()
            .read(true)
            .append(true)
            .create_new(new)
            .mode(0o600)
            .open(&path)
            .map_err(io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(Error::Busy { run: run.0.clone() });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io("lock", &path)(source)),
        }
        Ok(Self {
            folder,
            file,
            known: BTreeSet::new(),
            before: Vec::new(),
        })
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether an event of that key is there.
    pub fn has(&self, key: &str) -> bool {
        self.known.contains(key)
    }

    /// Adds an event; `false` where its key is there already. What it tells of
    /// is in the file before anybody hears of it.
    pub fn add(&mut self, event: &Event) -> Result<bool, Error> {
        if !self.known.insert(event.key()) {
            return Ok(false);
        }
        let path = self.folder.join(FILE);
        let mut line = serde_json::to_vec(event)
            .map_err(|error| io("write", &path)(std::io::Error::other(error)))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(io("write", &path))?;
        let lasting = matches!(
            event,
            Event::AgentLanding { .. } | Event::AgentLanded { .. } | Event::AgentEnd { .. }
        );
        if lasting {
            self.file.sync_data().map_err(io("write", &path))?;
        }
        Ok(true)
    }

    /// Puts a file into the run's folder.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).map_err(io("write", &path))
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Vec<Event>, Error> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let filled = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    filled
        .map(|(at, line)| {
            serde_json::from_slice(line).map_err(|error| Error::Damaged {
                path: path.to_owned(),
                line: at + 1,
                message: error.to_string(),
            })
        })
        .collect()
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(turn: u32) -> Event {
        Event::AgentCell {
            key: format!("root/{turn}/cell"),
            turn,
            code: "x".to_owned(),
        }
    }

    #[test]
    fn what_is_there_is_not_written_twice_and_a_cut_line_goes() {
        let runs = tempfile::tempdir().expect("a folder");
        let run = RunId::new(1);
        let mut first = Trajectory::create(runs.path(), &run).expect("made");
        assert!(first.add(&cell(1)).expect("written"));
        assert!(first.add(&cell(2)).expect("written"));
        let busy = Trajectory::open(runs.path(), &run).expect_err("locked");
        assert!(matches!(busy, Error::Busy { .. }), "{busy}");
        drop(first);
        let path = runs.path().join(&run.0).join(FILE);
        let text = std::fs::read(&path).expect("readable");
        std::fs::write(&path, &text[..text.len() - 5]).expect("cut");
        let mut again = Trajectory::open(runs.path(), &run).expect("opened");
        assert_eq!(again.before, [cell(1)]);
        assert!(!again.add(&cell(1)).expect("known"));
        assert!(again.add(&cell(2)).expect("written"));
        drop(again);
        assert_eq!(std::fs::read(&path).expect("readable"), text);
    }

    #[test]
    fn a_name_that_leaves_the_folder_is_none() {
        assert_eq!(RunId::parse("../x"), None);
        assert_eq!(RunId::parse(""), None);
        assert!(RunId::parse(&RunId::new(7).0).is_some());
    }

    #[test]
    fn damage_in_the_middle_is_an_error_that_names_the_line() {
        let runs = tempfile::tempdir().expect("a folder");
        let path = runs.path().join("x.jsonl");
        std::fs::write(&path, "{\"type\":\"agent_cell\"}\n{}\n").expect("written");
        let error = Trajectory::read(&path).expect_err("damaged");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
