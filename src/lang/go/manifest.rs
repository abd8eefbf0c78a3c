//! What a `go.mod` says: the module's path, and what it replaces by folders.

use crate::lang::modules::join;

/// A `go.mod` file.
#[derive(Debug)]
pub(super) struct GoMod {
    /// The folder it lies in.
    pub(super) folder: Vec<u8>,
    /// The path of its module.
    pub(super) path: Vec<u8>,
    /// Replaced module paths and the folders that stand for them.
    pub(super) replaced: Vec<(Vec<u8>, Vec<u8>)>,
}

impl GoMod {
    /// Reads a manifest; lines that say nothing of modules are passed over.
    pub(super) fn read(folder: &[u8], bytes: &[u8]) -> Self {
        let mut found = Self {
            folder: folder.to_vec(),
            path: Vec::new(),
            replaced: Vec::new(),
        };
        let mut block = String::new();
        for line in String::from_utf8_lossy(bytes).lines() {
            let line = line.split("//").next().unwrap_or_default();
            let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words.as_slice() {
                [] => continue,
                [")", ..] => {
                    block.clear();
                    continue;
                }
                [directive, "("] => {
                    (*directive).clone_into(&mut block);
                    continue;
                }
                _ => {}
            }
            if block.is_empty() {
                words[0].clone_into(&mut block);
                words.remove(0);
                found.directive(&block, &words);
                block.clear();
            } else {
                found.directive(&block, &words);
            }
        }
        found
    }

    fn directive(&mut self, name: &str, words: &[&str]) {
        let bare = |word: &str| word.trim_matches(['"', '`']).as_bytes().to_vec();
        match (name, words) {
            ("module", [path, ..]) => self.path = bare(path),
            ("replace", [old, rest @ ..]) => {
                let arrow = rest.iter().position(|word| *word == "=>");
                let target = arrow.and_then(|at| rest.get(at + 1)).map(|word| bare(word));
                let Some(target) = target.filter(|target| target.starts_with(b".")) else {
                    return;
                };
                if let Some(place) = join(&self.folder, &target) {
                    self.replaced.push((bare(old), place));
                }
            }
            _ => {}
        }
    }
}
