//! What must not be sent to a model: values that the user's settings name, and
//! those of the dotenv files at the root of the project.

use std::path::Path;

use super::super::settings::{Config, environment};
use crate::model::{PRESETS, Secret};

/// A dotenv file past this size is none.
const MAX: u64 = 1 << 16;
/// A value shorter than this may stand in any text.
const SHORTEST: usize = 8;

/// All of them.
pub(super) fn values(config: &Config, root: Option<&Path>) -> Vec<Secret> {
    let read = |name: &str| config.variable(name, &environment);
    let named = read("HAPPY_SECRETS").unwrap_or_default();
    let named = named.split([',', ' ']).filter(|name| !name.is_empty());
    let own = ["HAPPY_API_KEY", "HAPPY_SUB_API_KEY"].into_iter();
    let presets = PRESETS.iter().map(|preset| preset.key_variable);
    let mut found: Vec<String> = named.chain(own).chain(presets).filter_map(read).collect();
    if let Some(root) = root {
        found.extend(dotenv(root));
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(Secret::new).collect()
}

/// Values of the files `.env` and `.env.*` whose names say that they are secret.
fn dotenv(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let example = ["example", "sample", "template", "dist", "test"];
        let is_real = name == ".env"
            || name
                .strip_prefix(".env.")
                .is_some_and(|rest| !example.iter().any(|word| rest.contains(word)));
        // A link may lead anywhere, and is not followed.
        let small = entry
            .metadata()
            .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX);
        if is_real && small {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            found.extend(text.lines().filter_map(secret_of));
        }
    }
    found
}

/// The value of a line `NAME=VALUE`, if the name says that it is secret.
fn secret_of(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim().to_ascii_uppercase();
    let words = [
        "KEY",
        "TOKEN",
        "SECRET",
        "PASS",
        "PWD",
        "CREDENTIAL",
        "AUTH",
        "PRIVATE",
        "DSN",
    ];
    if name.starts_with('#') || !words.iter().any(|word| name.contains(word)) {
        return None;
    }
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(quote) => value[1..].split(quote).next().unwrap_or_default(),
        None => value.split(" #").next().unwrap_or_default().trim(),
    };
    (value.len() >= SHORTEST).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_dotenv_files_are_secret_where_their_names_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write(
            ".env",
            "# API_KEY=commented-out\nexport API_KEY=\"from quotes\" # mine\nDB_PASSWORD=plain-word # x\nHOST=localhost-name\nSHORT_KEY=abc\nodd\n",
        );
        write(".env.production", "SENTRY_DSN='https://a@b/1'\n");
        write(".env.example", "API_KEY=your-key-here\n");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join(".env.link")).expect("a link");
        let mut found = dotenv(folder.path());
        found.sort_unstable();
        assert_eq!(found, ["from quotes", "https://a@b/1", "plain-word"]);
    }
}
