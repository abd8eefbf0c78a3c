//! The last word on a diff is Git's: it applies it to a temporary index, and what comes
//! out must be what the plan says, byte for byte.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gix::objs::Write as _;

use super::base::{Base, Entry, Obstacle};
use super::error::PatchError;
use super::plan::Plan;

/// Runs `git apply` on an index and object store of its own in a scratch folder. The
/// user's repository, its configuration and its hooks are not so much as opened.
#[derive(Clone, Debug)]
pub struct GitCheck {
    program: OsString,
    search_path: OsString,
}

impl GitCheck {
    /// `program` is run with `search_path` as its `PATH` and nothing else of the
    /// environment.
    pub fn new(program: impl Into<OsString>, search_path: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            search_path: search_path.into(),
        }
    }

    /// Has Git apply the plan's diff to the state before, and compares. `scratch` is a
    /// folder in which a temporary one may be made.
    pub fn verify(&self, plan: &Plan, base: &dyn Base, scratch: &Path) -> Result<(), PatchError> {
        if plan.changes.is_empty() {
            return Ok(());
        }
        let io = |doing: &'static str| PatchError::io(doing);
        let home = tempfile::Builder::new()
            .prefix("check-")
            .tempdir_in(scratch)
            .map_err(io("make a scratch folder"))?;
        let repository = Repository::new(home.path()).map_err(io("make a scratch repository"))?;
        let mut index = Vec::new();
        let mut wanted = BTreeMap::new();
        for (path, before, after) in plan.paths() {
            if let Some(file) = before {
                let id = repository.put(&file.bytes)?;
                index_line(&mut index, file.mode.octal(), &id, path.as_bytes());
            } else {
                // What stands in the way is put in the way of Git, too.
                for level in path.ancestors().into_iter().chain([path.clone()]) {
                    let entry = base.entry(&level).map_err(io("read the base"))?;
                    if let Entry::Blocked {
                        at,
                        by: Obstacle::Symlink,
                    } = entry
                    {
                        let id = repository.put(b"elsewhere")?;
                        index_line(&mut index, "120000", &id, at.as_bytes());
                        break;
                    }
                }
            }
            if let Some(file) = after {
                wanted.insert(
                    path.as_bytes().to_vec(),
                    (file.mode.octal(), super::content_hash(&file.bytes)),
                );
            }
        }
        self.run(
            &repository,
            &["update-index", "-z", "--add", "--index-info"],
            &index,
        )?;
        let apply = ["apply", "--cached", "--whitespace=nowarn", "-p1", "-"];
        self.run(&repository, &apply, &plan.diff())?;
        let listed = self.run(&repository, &["ls-files", "-s", "-z"], b"")?;
        if staged(&listed) == Some(wanted) {
            Ok(())
        } else {
            Err(PatchError::Git("its result differs from the plan".into()))
        }
    }

    fn run(
        &self,
        repository: &Repository,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, PatchError> {
        let failed = |source: std::io::Error| PatchError::Io {
            doing: "run git".into(),
            source,
        };
        let overrides = [
            ("core.fsmonitor", "false"),
            ("core.hooksPath", "/dev/null"),
            ("core.attributesFile", "/dev/null"),
            ("core.protectHFS", "true"),
            ("core.protectNTFS", "true"),
            ("protocol.ext.allow", "never"),
            // Whether another user's scratch folder is trusted is not the question here.
            ("safe.directory", "*"),
        ];
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&repository.home)
            .env_clear()
            .env("PATH", &self.search_path)
            .env("LC_ALL", "C")
            .env("HOME", &repository.home)
            .env("GIT_DIR", &repository.git)
            .env("GIT_INDEX_FILE", repository.git.join("index"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_CONFIG_COUNT", overrides.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (number, (key, value)) in overrides.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        let mut child = command.spawn().map_err(failed)?;
        let stdin = child.stdin.take();
        // Written beside the reading, so that neither side waits on a full pipe. A Git
        // that refuses early closes its end; its message is what counts then.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = message
            .lines()
            .map(|line| line.trim_start_matches("error: "))
            .take(3)
            .collect();
        Err(PatchError::Git(lines.join("; ")))
    }
}

fn index_line(index: &mut Vec<u8>, mode: &str, id: &str, path: &[u8]) {
    index.extend_from_slice(format!("{mode} {id}\t").as_bytes());
    index.extend_from_slice(path);
    index.push(0);
}

/// The index as `ls-files -s -z` lists it: path → (mode, blob id).
fn staged(listed: &[u8]) -> Option<BTreeMap<Vec<u8>, (&'static str, String)>> {
    let entries = listed
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let tab = entry.iter().position(|byte| *byte == b'\t')?;
            let head = std::str::from_utf8(&entry[..tab]).ok()?;
            let mut words = head.split(' ');
            let mode = match words.next()? {
                "100644" => "100644",
                "100755" => "100755",
                _ => return None,
            };
            Some((entry[tab + 1..].to_vec(), (mode, words.next()?.to_owned())))
        })
        .collect()
}

/// The least that Git takes for a repository.
struct Repository {
    home: PathBuf,
    git: PathBuf,
    objects: gix::odb::loose::Store,
}

impl Repository {
    fn new(home: &Path) -> std::io::Result<Self> {
        let git = home.join("git");
        let objects = git.join("objects");
        std::fs::create_dir_all(git.join("refs"))?;
        std::fs::create_dir_all(&objects)?;
        std::fs::write(git.join("HEAD"), "ref: refs/heads/none\n")?;
        std::fs::write(
            git.join("config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        )?;
        let objects = gix::odb::loose::Store::at(objects, gix::hash::Kind::Sha1);
        Ok(Self {
            home: home.to_owned(),
            git,
            objects,
        })
    }

    fn put(&self, content: &[u8]) -> Result<String, PatchError> {
        let written = self.objects.write_buf(gix::objs::Kind::Blob, content);
        written
            .map(|id| id.to_string())
            .map_err(|fault| PatchError::Io {
                doing: "write to the scratch repository".into(),
                source: std::io::Error::other(fault.to_string()),
            })
    }
}
