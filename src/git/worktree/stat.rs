//! When a file may be taken for unchanged without reading it.

use rustix::fs::Stat;

use crate::git::Result;
use crate::git::config::Config;

/// What a stat call says about a file, as far as Git's index remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStat {
    /// Seconds and nanoseconds of the last change of content.
    pub(super) modified: (u32, u32),
    /// Seconds and nanoseconds of the last change of metadata.
    pub(super) changed: (u32, u32),
    /// The inode's number, cut to 32 bits as Git does.
    pub(super) inode: u32,
    /// The owner.
    pub(super) user: u32,
    /// The owning group.
    pub(super) group: u32,
    /// The size in bytes, cut to 32 bits as Git does.
    pub(super) size: u32,
}

/// Which parts of stat data the repository wants compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatRules {
    trust_changed: bool,
    full: bool,
}

impl StatRules {
    pub(super) fn of(config: &Config) -> Result<Self> {
        Ok(Self {
            trust_changed: config.boolean("core.trustCTime")?.unwrap_or(true),
            full: config
                .string("core.checkStat")
                .is_none_or(|value| value != b"minimal"),
        })
    }

    /// True if nothing speaks for a change between the two.
    pub(super) fn same(self, one: &FileStat, two: &FileStat) -> bool {
        // Nought nanoseconds were written by a program that does not know them.
        let time = |one: (u32, u32), two: (u32, u32)| {
            one.0 == two.0 && (!self.full || one.1 == two.1 || one.1 == 0 || two.1 == 0)
        };
        time(one.modified, two.modified)
            && one.size == two.size
            && (!self.trust_changed || time(one.changed, two.changed))
            && (!self.full
                || (one.inode == two.inode && one.user == two.user && one.group == two.group))
    }
}

impl FileStat {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            modified: (stat.st_mtime as u32, stat.st_mtime_nsec as u32),
            changed: (stat.st_ctime as u32, stat.st_ctime_nsec as u32),
            inode: stat.st_ino as u32,
            user: stat.st_uid,
            group: stat.st_gid,
            size: stat.st_size as u32,
        }
    }

    pub(super) fn of_index(stat: &gix::index::entry::Stat) -> Self {
        Self {
            modified: (stat.mtime.secs, stat.mtime.nsecs),
            changed: (stat.ctime.secs, stat.ctime.nsecs),
            inode: stat.ino,
            user: stat.uid,
            group: stat.gid,
            size: stat.size,
        }
    }

    /// The fields in a fixed order, to be written down.
    pub(super) fn words(&self) -> [u32; 8] {
        let Self {
            modified,
            changed,
            inode,
            user,
            group,
            size,
        } = *self;
        [
            modified.0, modified.1, changed.0, changed.1, inode, user, group, size,
        ]
    }

    /// The fields that [`FileStat::words`] gave.
    pub(super) fn from_words(words: [u32; 8]) -> Self {
        let [
            modified,
            modified_nanos,
            changed,
            changed_nanos,
            inode,
            user,
            group,
            size,
        ] = words;
        let (modified, changed) = ((modified, modified_nanos), (changed, changed_nanos));
        Self {
            modified,
            changed,
            inode,
            user,
            group,
            size,
        }
    }

    /// True if the file was left alone for a while before `now` (in seconds).
    pub(super) fn is_settled(&self, now: u32, seconds: u32) -> bool {
        self.modified.0.max(self.changed.0).saturating_add(seconds) < now
    }

    /// Git's racy rule: a file as young as the index that describes it may have
    /// changed again without its times showing it.
    pub(super) fn is_racy(&self, index_written: (u32, u32)) -> bool {
        let (index, own) = (index_written, self.modified);
        // One clock without nanoseconds makes a whole second doubtful.
        if index.1 == 0 || own.1 == 0 {
            own.0 >= index.0
        } else {
            own >= index
        }
    }
}
