//! Objects by id: the one way to their bytes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::objs::Find as _;

use super::environment::Environment;
use super::{Error, ObjectFormat, ObjectId, Result};

/// No object past this size is inflated into memory.
const MAX_BYTES: usize = 1 << 31;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The bytes of a file, or the target of a symbolic link.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// Git's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    fn from_gix(kind: gix::objs::Kind) -> Self {
        match kind {
            gix::objs::Kind::Blob => Self::Blob,
            gix::objs::Kind::Tree => Self::Tree,
            gix::objs::Kind::Commit => Self::Commit,
            gix::objs::Kind::Tag => Self::Tag,
        }
    }
}

/// One thread's handle to the object database, with its own caches.
///
/// Threads that read many objects take one each (`rayon`'s `map_init` with
/// [`super::Repo::objects`]); a handle can be sent but not shared.
pub struct Objects {
    stores: Vec<gix::odb::HandleArc>,
}

impl Objects {
    /// Reads the object `id` into `buffer`, whose earlier content is lost.
    pub fn read(&self, id: ObjectId, buffer: &mut Vec<u8>) -> Result<Kind> {
        for store in &self.stores {
            match store.try_find(id.as_gix(), buffer) {
                Ok(Some(data)) => {
                    let kind = Kind::from_gix(data.kind);
                    return Ok(kind);
                }
                Ok(None) => {}
                Err(error) => return Err(corrupt(id, &error)),
            }
        }
        Err(Error::MissingObject { id })
    }

    /// Reads `id`, which must be of the given kind.
    pub(super) fn read_kind(&self, id: ObjectId, kind: Kind, buffer: &mut Vec<u8>) -> Result<()> {
        let found = self.read(id, buffer)?;
        if found == kind {
            return Ok(());
        }
        Err(Error::WrongKind {
            id,
            expected: kind.name(),
            found: found.name().into(),
        })
    }

    /// The bytes of the blob `id`.
    ///
    /// # Errors
    ///
    /// [`Error::MissingObject`] in a partial clone or with a lost alternate,
    /// [`Error::CorruptObject`] where it cannot be decoded; both concern this
    /// object alone, and a caller may note them and go on.
    pub fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        let mut buffer = Vec::new();
        self.read_kind(id, Kind::Blob, &mut buffer)?;
        Ok(buffer)
    }

    /// The kind and the size in bytes of `id`, without its content.
    pub fn header(&self, id: ObjectId) -> Result<(Kind, u64)> {
        for store in &self.stores {
            match gix::odb::Header::try_header(store, id.as_gix()) {
                Ok(Some(header)) => return Ok((Kind::from_gix(header.kind()), header.size())),
                Ok(None) => {}
                Err(error) => return Err(corrupt(id, &error)),
            }
        }
        Err(Error::MissingObject { id })
    }

    /// True if the object is here; false also if the database cannot be read.
    pub fn contains(&self, id: ObjectId) -> bool {
        self.stores
            .iter()
            .any(|store| gix::objs::Exists::exists(store, id.as_gix()))
    }
}

fn corrupt(id: ObjectId, error: &dyn std::fmt::Display) -> Error {
    Error::CorruptObject {
        id,
        reason: error.to_string(),
    }
}

/// The object database of a repository, from which handles are made.
pub(super) struct Database {
    stores: Vec<Arc<gix::odb::Store>>,
    idle: Mutex<Vec<Objects>>,
}

impl Database {
    /// Opens `objects` of the repository, or what the environment puts in its place.
    pub(super) fn open(
        git_dir: &Path,
        common_dir: &Path,
        format: ObjectFormat,
        environment: &Environment,
    ) -> Result<Self> {
        let own = common_dir.join("objects");
        let main = environment
            .path("GIT_OBJECT_DIRECTORY")
            .map(|dir| git_dir.join(dir));
        let mut paths = vec![main.unwrap_or(own)];
        if let Some(list) = environment.get("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            paths.extend(std::env::split_paths(list).filter(|path| path.is_dir()));
        }
        let stores = paths.into_iter().map(|path| open_store(path, format));
        Ok(Self {
            stores: stores.collect::<Result<_>>()?,
            idle: Mutex::default(),
        })
    }

    /// A new handle.
    pub(super) fn objects(&self) -> Objects {
        let handle = |store: &Arc<gix::odb::Store>| {
            let mut handle = gix::odb::Cache::from(store.to_handle_arc());
            handle.set_pack_cache(|| {
                Box::new(gix::odb::pack::cache::lru::StaticLinkedList::<64>::default())
            });
            handle
        };
        Objects {
            stores: self.stores.iter().map(handle).collect(),
        }
    }

    /// Lends an idle handle to `work`: two uncontended lock operations per call.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Objects) -> T) -> T {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let objects = idle.unwrap_or_else(|| self.objects());
        let result = work(&objects);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(objects);
        result
    }
}

fn open_store(path: PathBuf, format: ObjectFormat) -> Result<Arc<gix::odb::Store>> {
    let options = gix::odb::store::init::Options {
        alloc_limit_bytes: Some(MAX_BYTES),
        // Only used to make alternates absolute, which lie relative to the store.
        current_dir: Some(PathBuf::from("/")),
        ..Default::default()
    };
    match gix::odb::Store::at_opts(
        path.clone(),
        format.kind(),
        &mut std::iter::empty(),
        options,
    ) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(Error::ObjectDatabase {
            path,
            reason: error.to_string(),
        }),
    }
}
