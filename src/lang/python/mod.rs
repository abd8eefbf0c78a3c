//! Modules of Python: packages, namespace packages, source roots, relative imports.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, NOWHERE, SourceFile, file_name, folder,
    join, stem,
};

/// A module is a file or a folder, by its path without ending.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Folders that hold an `__init__.py`.
    packages: FxHashSet<Vec<u8>>,
    /// Top-level names that can be imported → the folders they stand in.
    roots: FxHashMap<Vec<u8>, Vec<Vec<u8>>>,
}

const FAMILY: Family = Family::Python;

impl ModuleRule for Rule {
    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        _manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        for &at in own {
            let path = files[at as usize].path;
            if stem(file_name(path)) == b"__init__" {
                self.packages.insert(folder(path).to_vec());
            }
        }
        for &at in own {
            let path = files[at as usize].path;
            let name = stem(file_name(path));
            let key = if name == b"__init__" {
                folder(path).to_vec()
            } else {
                join(folder(path), name).unwrap_or_default()
            };
            modules.of_file[at as usize] = self.intern(modules, &key);
        }
        self.find_roots(files, own);
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        let from = files[import.file as usize].path;
        let dots = import.path.iter().take_while(|byte| **byte == b'.').count();
        let rest = &import.path[dots..];
        let as_path: Vec<u8> = rest
            .iter()
            .map(|b| if *b == b'.' { b'/' } else { *b })
            .collect();
        if dots > 0 {
            let mut base = folder(from);
            for _ in 1..dots {
                base = folder(base);
            }
            let Some(key) = join(base, &as_path) else {
                return Destination::unknown();
            };
            return Self::at(modules, &key, import.item);
        }
        let first = as_path
            .split(|byte| *byte == b'/')
            .next()
            .unwrap_or_default();
        for root in self.search(from, first) {
            let whole = join(&root, &as_path).unwrap_or_default();
            if import.root {
                let top = join(&root, first).unwrap_or_default();
                let (module, full) = (modules.find(FAMILY, &top), modules.find(FAMILY, &whole));
                if module != NOWHERE {
                    return Destination {
                        module,
                        submodule: full,
                        external: None,
                        rest: Vec::new(),
                    };
                }
                continue;
            }
            let found = Self::at(modules, &whole, import.item);
            if found.module != NOWHERE || found.submodule != NOWHERE {
                return found;
            }
        }
        let shown = if import.root { first } else { rest };
        let text = String::from_utf8_lossy(shown).into_owned();
        let top = String::from_utf8_lossy(first).into_owned();
        let prefix = if is_standard(&top) { "py" } else { "pypi" };
        Destination::external(format!("{prefix}:{text}"))
    }
}

impl Rule {
    /// The module of a path, and of all folders above it.
    fn intern(&self, modules: &mut Modules, key: &[u8]) -> u32 {
        let mut current = key;
        let module = modules.intern(FAMILY, key);
        let mut inner = module;
        while !current.is_empty() {
            let outer_key = folder(current);
            let known = modules.find(FAMILY, outer_key) != NOWHERE;
            let outer = modules.intern(FAMILY, outer_key);
            modules.nest(outer, file_name(current), inner);
            if known {
                break;
            }
            (current, inner) = (outer_key, outer);
        }
        module
    }

    /// A name can be imported where its folder is no package itself.
    fn find_roots(&mut self, files: &[SourceFile<'_>], own: &[u32]) {
        let mut add = |name: &[u8], root: &[u8]| {
            let known = self.roots.entry(name.to_vec()).or_default();
            if !known.iter().any(|other| other == root) {
                known.push(root.to_vec());
            }
        };
        let mut seen = FxHashSet::default();
        for &at in own {
            let path = files[at as usize].path;
            let name = stem(file_name(path));
            let mut current = if name == b"__init__" {
                folder(path).to_vec()
            } else {
                join(folder(path), name).unwrap_or_default()
            };
            while !current.is_empty() {
                if !self.packages.contains(folder(&current)) {
                    add(file_name(&current), folder(&current));
                }
                current = folder(&current).to_vec();
                if !seen.insert(current.clone()) {
                    break;
                }
            }
        }
        for roots in self.roots.values_mut() {
            roots.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        }
    }

    /// Folders to look for `first` in, most likely first.
    fn search(&self, from: &[u8], first: &[u8]) -> Vec<Vec<u8>> {
        // The folder that the importing file's own package stands in.
        let mut own = folder(from);
        while self.packages.contains(own) && !own.is_empty() {
            own = folder(own);
        }
        let Some(roots) = self.roots.get(first) else {
            return Vec::new();
        };
        let mut found: Vec<Vec<u8>> = Vec::new();
        if roots.iter().any(|root| root == own) {
            found.push(own.to_vec());
        }
        // Then those that share most of the importing file's path.
        let shared = |root: &[u8]| {
            root.iter()
                .zip(from)
                .take_while(|(one, other)| one == other)
                .count()
        };
        let mut rest: Vec<&Vec<u8>> = roots.iter().filter(|root| root.as_slice() != own).collect();
        rest.sort_by_key(|root| {
            let ancestor = from.starts_with(root);
            (
                std::cmp::Reverse(ancestor),
                std::cmp::Reverse(shared(root)),
                root.len(),
            )
        });
        // What comes with Python is not looked for where nothing leads to.
        let standard = is_standard(&String::from_utf8_lossy(first));
        let led = |root: &&Vec<u8>| !standard || from.starts_with(root);
        found.extend(rest.into_iter().filter(led).take(4).cloned());
        found
    }

    fn at(modules: &Modules, key: &[u8], item: &[u8]) -> Destination {
        let module = modules.find(FAMILY, key);
        let submodule = if item.is_empty() || module == NOWHERE {
            NOWHERE
        } else {
            modules.inside(module, item)
        };
        Destination {
            module,
            submodule,
            external: None,
            rest: Vec::new(),
        }
    }
}

/// Whether a top-level module comes with Python.
fn is_standard(name: &str) -> bool {
    static NAMES: OnceLock<FxHashSet<&str>> = OnceLock::new();
    NAMES
        .get_or_init(|| include_str!("stdlib.txt").lines().collect())
        .contains(name)
}
