//! What a machine sends back, put in the place of what was sent. The machine
//! is not trusted: an archive of any bytes changes nothing but the folder.

use std::fs::{File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// Entries in an archive at most.
const MOST_FILES: u64 = 200_000;

fn bad(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Replaces what is in `folder` by what the archive holds, of at most `most`
/// bytes. Everything is unpacked beside it first; an archive that is refused
/// leaves the folder as it was.
pub(super) fn replace(archive: impl Read, folder: &Path, most: u64) -> io::Result<()> {
    let parent = folder
        .parent()
        .ok_or_else(|| bad("the root of the file system is not replaced"))?;
    let fresh = tempfile::Builder::new()
        .prefix(".happy-back-")
        .tempdir_in(parent)?;
    unpack(archive, fresh.path(), most)?;
    let old = tempfile::Builder::new()
        .prefix(".happy-old-")
        .tempdir_in(parent)?;
    for (from, to) in [(folder, old.path()), (fresh.path(), folder)] {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            std::fs::rename(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Unpacks into `root`, an empty folder. Until the end there is no link in it,
/// so nothing can be written through one.
pub(super) fn unpack(archive: impl Read, root: &Path, most: u64) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    let mut links = Vec::new();
    let mut modes = Vec::new();
    let (mut bytes, mut files) = (0u64, 0u64);
    for entry in archive.entries()? {
        let mut entry = entry?;
        files += 1;
        if files > MOST_FILES {
            return Err(bad("more files than allowed came back"));
        }
        let Some(path) = inside(&entry.path()?)? else {
            continue;
        };
        let target = root.join(&path);
        let mode = entry.header().mode().unwrap_or(0o644) & 0o777;
        match entry.header().entry_type() {
            tar::EntryType::Directory => {
                std::fs::create_dir_all(&target)?;
                modes.push((target, mode | 0o700));
            }
            tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {
                bytes = bytes.saturating_add(entry.size());
                if bytes > most {
                    return Err(bad("more bytes than allowed came back"));
                }
                let length = entry.size();
                let mut file = created(&target)?;
                let copied = io::copy(&mut (&mut entry).take(length), &mut file)?;
                if copied != length {
                    return Err(bad("a file that came back is cut"));
                }
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            tar::EntryType::Link => {
                let name = entry.link_name()?.ok_or_else(|| bad("a link to nothing"))?;
                let Some(other) = inside(&name)? else {
                    continue;
                };
                let other = root.join(other);
                if other.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
                    bytes = bytes.saturating_add(other.metadata()?.len());
                    if bytes > most {
                        return Err(bad("more bytes than allowed came back"));
                    }
                    let mut file = created(&target)?;
                    io::copy(&mut File::open(&other)?, &mut file)?;
                    file.set_permissions(Permissions::from_mode(mode))?;
                }
            }
            tar::EntryType::Symlink => {
                let name = entry.link_name()?.ok_or_else(|| bad("a link to nothing"))?;
                links.push((name.into_owned(), target));
            }
            // Devices, pipes and notes of other archivers are left out.
            _ => {}
        }
    }
    for (name, target) in links {
        if let Some(parent) = target.parent() {
            folders(root, parent)?;
        }
        // Of two entries of one name, the first counts.
        let _ = std::os::unix::fs::symlink(name, target);
    }
    for (path, mode) in modes.into_iter().rev() {
        // A link may stand there now; its target is not ours.
        if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) && is_plain(root, &path) {
            std::fs::set_permissions(&path, Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// A path that stays inside; nothing for the folder itself.
fn inside(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            _ => return Err(bad("a path that came back leaves its folder")),
        }
    }
    Ok((!plain.as_os_str().is_empty()).then_some(plain))
}

/// A new file; one that was there is another entry of the same name.
fn created(target: &Path) -> io::Result<File> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    File::create_new(target)
}

/// Makes folders for a link, passing through no other link.
fn folders(root: &Path, path: &Path) -> io::Result<()> {
    let mut so_far = root.to_owned();
    for part in path
        .strip_prefix(root)
        .unwrap_or(Path::new(""))
        .components()
    {
        so_far.push(part);
        match so_far.symlink_metadata() {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(bad("a link that came back lies beyond another")),
            Err(_) => std::fs::create_dir(&so_far)?,
        }
    }
    Ok(())
}

fn is_plain(root: &Path, path: &Path) -> bool {
    let mut so_far = root.to_owned();
    let parts = path.strip_prefix(root).unwrap_or(Path::new(""));
    parts.components().all(|part| {
        so_far.push(part);
        so_far.symlink_metadata().is_ok_and(|meta| meta.is_dir())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with names as they are, which a well-behaved builder refuses.
    fn archive(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o4755);
            let link = matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link);
            if link {
                header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
            }
            let data = if link { "" } else { content };
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, data.as_bytes()).expect("written");
        }
        builder.into_inner().expect("written")
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = place.path().join("folder");
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("old"), "old").expect("written");
        (place, folder)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("readable")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    use tar::EntryType::{Char, Directory, Link, Regular, Symlink};

    #[test]
    fn what_comes_back_takes_the_place_of_what_was_there() {
        let (place, folder) = place();
        let bytes = archive(&[
            ("./", Directory, ""),
            ("./d/", Directory, ""),
            ("./d/a", Regular, "text"),
            ("./hard", Link, "./d/a"),
            ("./soft", Symlink, "d/a"),
            ("./device", Char, ""),
        ]);
        replace(&bytes[..], &folder, 1000).expect("a good archive");
        assert_eq!(names(&folder), ["d", "hard", "soft"]);
        assert_eq!(names(place.path()), ["folder"]);
        for name in ["d/a", "hard", "soft"] {
            let text = std::fs::read_to_string(folder.join(name)).expect(name);
            assert_eq!(text, "text", "{name}");
        }
        let mode = folder
            .join("d/a")
            .metadata()
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o755, "no rights of others come back");
    }

    #[test]
    fn an_archive_that_reaches_out_is_refused_and_the_folder_stays() {
        let cases: [&[(&str, tar::EntryType, &str)]; 6] = [
            &[("../evil", Regular, "x")],
            &[("/tmp/evil", Regular, "x")],
            &[("a/../../evil", Regular, "x")],
            &[("a", Regular, "x"), ("a", Regular, "y")],
            &[("l", Symlink, ".."), ("l/evil", Symlink, "x")],
            &[("big", Regular, "0123456789")],
        ];
        for case in cases {
            let (place, folder) = place();
            let result = replace(&archive(case)[..], &folder, 9);
            assert!(result.is_err(), "{case:?}");
            assert_eq!(names(&folder), ["old"], "{case:?}");
            assert_eq!(names(place.path()), ["folder"], "{case:?}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link_of_the_archive() {
        let (place, folder) = place();
        let bytes = archive(&[
            ("l", Symlink, ".."),
            ("l/evil", Regular, "x"),
            ("out", Symlink, "/etc/passwd"),
            ("out2", Link, "/etc/passwd"),
        ]);
        let _ = replace(&bytes[..], &folder, 1000);
        assert_eq!(names(place.path()), ["folder"]);
    }

    #[test]
    fn an_archive_that_is_cut_or_garbage_is_an_error() {
        let bytes = archive(&[("a", Regular, "0123456789")]);
        for end in [1, 300, 515, 600] {
            let (_place, folder) = place();
            let result = replace(&bytes[..end], &folder, 1000);
            assert!(result.is_err(), "cut at {end}");
            assert_eq!(names(&folder), ["old"]);
        }
        let (_place, folder) = place();
        assert!(replace(&[b'x'; 1024][..], &folder, 1000).is_err());
    }
}
