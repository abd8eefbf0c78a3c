//! The journal of one application: all contents before and afterwards, on disk before
//! the first file of the worktree is touched.
//!
//! `ops/<number>/` holds `plan` (JSON and a checksum line), `<n>.old` and `<n>.new`; a
//! file `done` marks the end. The folder gets its name when everything in it is on disk.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::RepoPath;
use super::base::{File, FileMode};
use super::disk::Disk;
use super::error::PatchError;

/// What a file held or will hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    pub file: File,
    /// The exact permission bits, where a file had them.
    pub bits: Option<u32>,
}

/// One file of an application.
#[derive(Clone, Debug)]
pub(super) struct OpFile {
    pub path: RepoPath,
    /// The name of the temporary file beside it.
    pub temp: String,
    pub old: Option<Saved>,
    pub new: Option<Saved>,
}

/// One application.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub id: String,
    /// The application that this one takes back.
    pub undoes: Option<String>,
    pub files: Vec<OpFile>,
}

/// The folder of all journals.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub folder: PathBuf,
}

/// How many finished applications are kept for undoing.
const KEPT: usize = 20;

impl Journal {
    /// The journals, by number: (id, whether it is finished).
    pub(super) fn list(&self) -> Result<Vec<(String, bool)>, PatchError> {
        let mut found = Vec::new();
        for name in self.names()? {
            if name.len() == 6 && name.bytes().all(|byte| byte.is_ascii_digit()) {
                let done = self.folder.join(&name).join("done").exists();
                found.push((name, done));
            }
        }
        found.sort();
        Ok(found)
    }

    fn names(&self) -> Result<Vec<String>, PatchError> {
        let io = |source| PatchError::Io {
            doing: "list the journals".into(),
            source,
        };
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(io(fault)),
        };
        entries
            .map(|entry| {
                Ok(entry
                    .map_err(io)?
                    .file_name()
                    .to_string_lossy()
                    .into_owned())
            })
            .collect()
    }

    /// Removes what was never finished writing or never finished removing, and finished
    /// undos with what they undid.
    pub(super) fn tidy(&self, disk: &Disk) -> Result<(), PatchError> {
        let io = |source| PatchError::Io {
            doing: "tidy the journals".into(),
            source,
        };
        for name in self.names()? {
            let unfinished = name.split_once('.');
            if unfinished.is_some_and(|(_, state)| matches!(state, "new" | "gone")) {
                disk.remove_folder(&self.folder.join(name)).map_err(io)?;
            }
        }
        for (id, done) in self.list()? {
            if done
                && let Ok(plan) = self.plan(&id)
                && let Some(undone) = plan["undoes"].as_str()
            {
                self.remove(disk, undone)?;
                self.remove(disk, &id)?;
            }
        }
        let mut finished: Vec<_> = self.list()?.into_iter().filter(|(_, done)| *done).collect();
        finished.truncate(finished.len().saturating_sub(KEPT));
        for (id, _) in finished {
            self.remove(disk, &id)?;
        }
        Ok(())
    }

    /// Makes a journal vanish, all of it or nothing.
    pub(super) fn remove(&self, disk: &Disk, id: &str) -> Result<(), PatchError> {
        let io = |source| PatchError::Io {
            doing: format!("remove the journal {id}"),
            source,
        };
        let (from, gone) = (self.folder.join(id), self.folder.join(format!("{id}.gone")));
        if from.exists() {
            disk.rename(&from, &gone).map_err(io)?;
            disk.sync_folder(&self.folder).map_err(io)?;
            disk.remove_folder(&gone).map_err(io)?;
        }
        Ok(())
    }

    /// Begins an application: when this returns, it can be completed or taken back.
    pub(super) fn begin(
        &self,
        disk: &Disk,
        undoes: Option<String>,
        files: Vec<(RepoPath, Option<Saved>, Option<Saved>)>,
    ) -> Result<Op, PatchError> {
        let last = self
            .list()?
            .last()
            .and_then(|(id, _)| id.parse::<usize>().ok())
            .unwrap_or(0);
        let id = format!("{:06}", last + 1);
        let files = files.into_iter().enumerate();
        let files: Vec<_> = files
            .map(|(number, (path, old, new))| OpFile {
                path,
                temp: temporary(number),
                old,
                new,
            })
            .collect();
        let op = Op { id, undoes, files };
        if let Err(fault) = self.write(disk, &op) {
            // Nothing was touched yet, so nothing is to be recovered.
            if !disk.is_dead() {
                let _ = disk.remove_folder(&self.folder.join(format!("{}.new", op.id)));
                self.remove(disk, &op.id)?;
            }
            return Err(PatchError::Io {
                doing: "write the journal".into(),
                source: fault,
            });
        }
        Ok(op)
    }

    fn write(&self, disk: &Disk, op: &Op) -> std::io::Result<()> {
        let made = self.folder.join(format!("{}.new", op.id));
        disk.make_folder(&made)?;
        for (number, file) in op.files.iter().enumerate() {
            for (side, saved) in [("old", &file.old), ("new", &file.new)] {
                if let Some(saved) = saved {
                    let path = made.join(format!("{number}.{side}"));
                    disk.write_new(&path, &saved.file.bytes)?;
                }
            }
        }
        disk.write_new(&made.join("plan"), &encode(op))?;
        disk.sync_folder(&made)?;
        disk.rename(&made, &self.folder.join(&op.id))?;
        disk.sync_folder(&self.folder)
    }

    /// Marks an application as finished.
    pub(super) fn finish(&self, disk: &Disk, op: &Op) -> Result<(), PatchError> {
        let io = |source| PatchError::Io {
            doing: "finish the journal".into(),
            source,
        };
        let folder = self.folder.join(&op.id);
        disk.write_new(&folder.join("done"), b"").map_err(io)?;
        disk.sync_folder(&folder).map_err(io)
    }

    /// Reads the plan of a journal; nothing in it is believed before its checksum fits.
    fn plan(&self, id: &str) -> Result<Value, PatchError> {
        let path = self.folder.join(id);
        let damaged = |reason: &str| PatchError::Journal {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let plan = std::fs::read(path.join("plan")).map_err(|fault| damaged(&fault.to_string()))?;
        let end = plan
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| damaged("it is cut short"))?;
        if plan[end + 1..] != *format!("{:032x}\n", xxh3_128(&plan[..end])).as_bytes() {
            return Err(damaged("its checksum does not fit"));
        }
        let value: Value =
            serde_json::from_slice(&plan[..end]).map_err(|fault| damaged(&fault.to_string()))?;
        if value["version"] != 1 {
            return Err(damaged("it is of another version"));
        }
        Ok(value)
    }

    /// Reads a journal back, contents and all.
    pub(super) fn read(&self, id: &str) -> Result<Op, PatchError> {
        let folder = self.folder.join(id);
        let damaged = |reason: &str| PatchError::Journal {
            path: folder.clone(),
            reason: reason.to_owned(),
        };
        let value = self.plan(id)?;
        let undoes = value["undoes"].as_str().map(str::to_owned);
        let files = value["files"]
            .as_array()
            .ok_or_else(|| damaged("it lists no files"))?;
        let files: Result<Vec<_>, _> = files
            .iter()
            .enumerate()
            .map(|(number, file)| decode(file, number, &folder).map_err(|reason| damaged(&reason)))
            .collect();
        Ok(Op {
            id: id.to_owned(),
            undoes,
            files: files?,
        })
    }
}

/// A name that nobody can have put there beforehand.
fn temporary(number: usize) -> String {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_usize(number);
    let high = hasher.finish();
    let low = std::hash::RandomState::new().build_hasher().finish();
    format!(".happy-{high:016x}{low:016x}")
}

fn encode(op: &Op) -> Vec<u8> {
    let saved = |saved: &Option<Saved>| {
        saved.as_ref().map(|saved| {
            json!({
                "mode": saved.file.mode.octal(),
                "bits": saved.bits,
                "hash": format!("{:032x}", xxh3_128(&saved.file.bytes)),
            })
        })
    };
    let files: Vec<_> = op
        .files
        .iter()
        .map(|file| {
            json!({
                "path": STANDARD.encode(file.path.as_bytes()),
                "temp": file.temp,
                "old": saved(&file.old),
                "new": saved(&file.new),
            })
        })
        .collect();
    let plan = json!({ "version": 1, "undoes": op.undoes, "files": files }).to_string();
    let sum = xxh3_128(plan.as_bytes());
    format!("{plan}\n{sum:032x}\n").into_bytes()
}

fn decode(file: &Value, number: usize, folder: &Path) -> Result<OpFile, String> {
    let text = |key: &str| {
        file[key]
            .as_str()
            .ok_or_else(|| format!("`{key}` is missing"))
    };
    let path = STANDARD
        .decode(text("path")?)
        .map_err(|fault| fault.to_string())?;
    let temp = text("temp")?.to_owned();
    let is_hex = |rest: &str| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !temp.strip_prefix(".happy-").is_some_and(is_hex) {
        return Err("a temporary name is not one of ours".into());
    }
    let saved = |side: &str| -> Result<Option<Saved>, String> {
        let entry = &file[side];
        if entry.is_null() {
            return Ok(None);
        }
        let bytes = std::fs::read(folder.join(format!("{number}.{side}")))
            .map_err(|fault| fault.to_string())?;
        if entry["hash"] != format!("{:032x}", xxh3_128(&bytes)) {
            return Err("a saved content does not fit its checksum".into());
        }
        let mode = match entry["mode"].as_str() {
            Some("100644") => FileMode::Regular,
            Some("100755") => FileMode::Executable,
            _ => return Err("a mode is not one of ours".into()),
        };
        let bits = entry["bits"].as_u64().map(|bits| bits as u32 & 0o777);
        Ok(Some(Saved {
            file: File {
                bytes: bytes.into(),
                mode,
            },
            bits,
        }))
    };
    Ok(OpFile {
        path: RepoPath::new(&path).map_err(|fault| fault.to_string())?,
        temp,
        old: saved("old")?,
        new: saved("new")?,
    })
}
