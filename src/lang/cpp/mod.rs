//! Modules of C and C++: each file is one, all inside the program's; includes
//! are found beside the file, in the include directories that are known, and
//! otherwise by the end of their path.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, SourceFile, file_name, folder, join,
};

const FAMILY: Family = Family::C;

/// Folders that builds put on the include path.
const CUSTOMARY: &[&[u8]] = &[b"include", b"src", b"inc", b"lib", b"source"];

/// Where the headers of a repository are.
#[derive(Debug, Default)]
pub(super) struct Rule {
    files: FxHashMap<Vec<u8>, u32>,
    /// Files by their last segment.
    named: FxHashMap<Vec<u8>, Vec<u32>>,
    directories: Vec<Vec<u8>>,
    /// Include directories of single files, as their build says.
    own: FxHashMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl ModuleRule for Rule {
    fn manifests(&self) -> &'static [&'static str] {
        &["compile_commands.json"]
    }

    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        let root = modules.intern(FAMILY, b"");
        let mut folders: FxHashSet<Vec<u8>> = FxHashSet::default();
        for &at in own {
            let path = files[at as usize].path;
            let module = modules.intern(FAMILY, path);
            modules.of_file[at as usize] = module;
            modules.outer[module as usize] = root;
            self.files.insert(path.to_vec(), at);
            let named = self.named.entry(file_name(path).to_vec()).or_default();
            named.push(at);
            let mut around = folder(path);
            while !around.is_empty() && !folders.contains(around) {
                folders.insert(around.to_vec());
                around = folder(around);
            }
        }
        for manifest in manifests {
            self.read_commands(manifest);
        }
        let mut known: Vec<Vec<u8>> = folders
            .iter()
            .filter(|path| CUSTOMARY.contains(&file_name(path)))
            .cloned()
            .collect();
        known.sort_unstable_by_key(|path| (path.len(), path.clone()));
        self.directories.push(Vec::new());
        self.directories.extend(known);
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        let from = files[import.file as usize].path;
        let Some(found) = self.find(from, import, files) else {
            return Destination::external(format!("cpp:{}", String::from_utf8_lossy(import.path)));
        };
        Destination::module(modules.of_file[found as usize])
    }
}

impl Rule {
    fn find(&self, from: &[u8], import: &Import<'_>, files: &[SourceFile<'_>]) -> Option<u32> {
        let path = import.path;
        if path.is_empty() || path.first() == Some(&b'/') {
            return None;
        }
        if !import.system
            && let Some(found) = self.at(folder(from), path)
        {
            return Some(found);
        }
        let own = self.own.get(from).into_iter().flatten();
        for directory in own.chain(&self.directories) {
            if let Some(found) = self.at(directory, path) {
                return Some(found);
            }
        }
        self.by_end(from, path, import.system, files)
    }

    fn at(&self, directory: &[u8], path: &[u8]) -> Option<u32> {
        self.files.get(&join(directory, path)?).copied()
    }

    /// The file whose path ends like the include's; of several the one that
    /// shares most with the including file. A name alone says too little where
    /// it stands for a header of the system.
    fn by_end(
        &self,
        from: &[u8],
        path: &[u8],
        system: bool,
        files: &[SourceFile<'_>],
    ) -> Option<u32> {
        let path = join(b"", path.strip_prefix(b"../").unwrap_or(path))?;
        if system && !path.contains(&b'/') {
            return None;
        }
        let candidates = self.named.get(file_name(&path))?;
        let mut best: Option<(usize, u32)> = None;
        for at in candidates.iter().take(256) {
            let known = files[*at as usize].path;
            let fits = known.ends_with(&path)
                && (known.len() == path.len() || known[known.len() - path.len() - 1] == b'/');
            if !fits {
                continue;
            }
            let shared = known.iter().zip(from).take_while(|(a, b)| a == b).count();
            if best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, *at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// Reads the include directories of a compilation database. What cannot be
    /// read says nothing.
    fn read_commands(&mut self, manifest: &Manifest<'_>) {
        let Ok(serde_json::Value::Array(entries)) = serde_json::from_slice(manifest.bytes) else {
            return;
        };
        let base = folder(manifest.path);
        for entry in entries {
            let text = |key: &str| entry.get(key).and_then(serde_json::Value::as_str);
            let words: Vec<String> = match entry.get("arguments") {
                Some(serde_json::Value::Array(words)) => words
                    .iter()
                    .filter_map(|word| word.as_str().map(str::to_owned))
                    .collect(),
                _ => text("command")
                    .unwrap_or_default()
                    .split_ascii_whitespace()
                    .map(|word| word.trim_matches(['"', '\'']).to_owned())
                    .collect(),
            };
            let root = inside(base, b"", text("directory").unwrap_or("."));
            let Some(file) = text("file").and_then(|file| inside(base, root.as_deref()?, file))
            else {
                continue;
            };
            let mut found = Vec::new();
            let mut at = 0;
            while at < words.len() {
                let word = words[at].as_str();
                at += 1;
                let flag = ["-I", "-isystem", "-iquote", "-idirafter", "/I"]
                    .into_iter()
                    .find(|flag| word.starts_with(flag));
                let Some(flag) = flag else { continue };
                let path = if word.len() > flag.len() {
                    &word[flag.len()..]
                } else if at < words.len() {
                    at += 1;
                    words[at - 1].as_str()
                } else {
                    continue;
                };
                let directory = root.as_deref().and_then(|root| inside(base, root, path));
                found.extend(directory);
            }
            self.own.insert(file, found);
        }
    }
}

/// A path of a compilation database inside the repository. An absolute path
/// is taken from where it goes on like the place of the database; builds write
/// the folder of the checkout, which is not known here.
fn inside(base: &[u8], root: &[u8], path: &str) -> Option<Vec<u8>> {
    let path = path.as_bytes();
    if path.first() == Some(&b'/') {
        return None;
    }
    let around = join(base, root)?;
    join(if root.is_empty() { base } else { &around }, path)
}
