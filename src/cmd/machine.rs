//! The user's own programs, found and asked outside every sandbox.

use std::path::{Path, PathBuf};

use super::context::variable;

/// The user's own programs, found and asked outside every sandbox.
pub struct Machine<'a> {
    /// The project: a program in it is not the user's.
    pub project: &'a Path,
}

impl crate::runner::Host for Machine<'_> {
    fn find(&self, program: &str) -> Option<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let path = variable("PATH")?;
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute() && !folder.starts_with(self.project))
            .map(|folder| folder.join(program))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
            })
    }

    fn ask(&self, program: &Path, args: &[&str]) -> Option<String> {
        // Far from the project, whose folder could hold modules and settings.
        let output = std::process::Command::new(program)
            .args(args)
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then_some(text)
    }

    fn home(&self) -> Option<PathBuf> {
        variable("HOME").map(PathBuf::from)
    }
}
