//! Modules of Rust: crates by their Cargo manifests, and the tree of their files.
//!
//! What a `use` path means is found by looking its names up one after the
//! other; this rule says where such a walk starts: a crate's root, the module
//! itself, the one around it, and the names of other crates.

use rustc_hash::FxHashMap;

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, NOWHERE, SourceFile, file_name, folder,
    join, stem,
};

const FAMILY: Family = Family::Rust;

/// A module is a file, or a folder of files, by its path without ending.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Folders that a file's child modules lie in, by file.
    inside: FxHashMap<u32, Vec<u8>>,
    /// Folder → the crate root in it.
    roots: FxHashMap<Vec<u8>, u32>,
}

/// One package: the folder of its manifest, its library and its crate roots.
#[derive(Debug, Default)]
struct Package {
    folder: Vec<u8>,
    name: Vec<u8>,
    library: Vec<u8>,
    roots: Vec<Vec<u8>>,
    /// Dependencies that are known by another name: (name here, package).
    renamed: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ModuleRule for Rule {
    fn manifests(&self) -> &'static [&'static str] {
        &["Cargo.toml"]
    }

    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        let packages = packages(manifests);
        let known: FxHashMap<&[u8], u32> = own
            .iter()
            .map(|at| (files[*at as usize].path, *at))
            .collect();
        let (crates, names) = Self::crate_names(&packages, &known, modules);
        for &at in own {
            let path = files[at as usize].path;
            let package = owner(&packages, path).map(|at| &packages[at]);
            let is_root = is_root(package, path);
            let module = modules.intern(FAMILY, &key(path, is_root));
            modules.of_file[at as usize] = module;
            let name = stem(file_name(path));
            let children = if is_root || name == b"mod" {
                folder(path).to_vec()
            } else {
                join(folder(path), name).unwrap_or_default()
            };
            self.inside.insert(at, children);
            let library = name == b"lib" || package.is_some_and(|own| own.library == path);
            if is_root && library {
                self.roots.insert(folder(path).to_vec(), module);
            } else if is_root && name == b"main" {
                self.roots.entry(folder(path).to_vec()).or_insert(module);
            }
        }
        // Outer modules and path roots, once all modules are known.
        for &at in own {
            let path = files[at as usize].path;
            let package = owner(&packages, path);
            let module = modules.of_file[at as usize];
            let prelude = package.map_or(crates, |at| names[at]);
            modules.outer[module as usize] = prelude;
            modules.nest(module, b"self", module);
            if is_root(package.map(|at| &packages[at]), path) {
                modules.nest(module, b"crate", module);
                continue;
            }
            let root = self.root_of(path);
            let mut inner = module;
            let mut current = key(path, false);
            while !current.is_empty() {
                let outer_key = folder(&current).to_vec();
                let outer = match self.roots.get(&outer_key) {
                    Some(root) => *root,
                    None => modules.intern(FAMILY, &outer_key),
                };
                let known = modules.inside(inner, b"super") != NOWHERE;
                modules.nest(outer, file_name(&current), inner);
                modules.nest(inner, b"super", outer);
                modules.nest(inner, b"self", inner);
                if root != NOWHERE {
                    modules.nest(inner, b"crate", root);
                }
                modules.outer[inner as usize] = prelude;
                if known || outer == root {
                    break;
                }
                (inner, current) = (outer, outer_key);
            }
        }
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        if !import.child {
            let mut names = import.path.split(|byte| *byte == b':');
            let first = names.find(|name| !name.is_empty()).unwrap_or(import.item);
            if matches!(first, b"crate" | b"self" | b"super") {
                return Destination::unknown();
            }
            return Destination::external(format!("crate:{}", String::from_utf8_lossy(first)));
        }
        let mut base = self.inside.get(&import.file).cloned().unwrap_or_default();
        if import.quoted {
            // The path attribute is relative to the folder of the file, or to
            // that of the namespace inside it.
            if import.inside.is_empty() {
                base = folder(files[import.file as usize].path).to_vec();
            }
            for name in import.inside {
                base = join(&base, name).unwrap_or_default();
            }
            let path = join(&base, import.path).unwrap_or_default();
            return Destination::module(modules.find(FAMILY, &key(&path, false)));
        }
        for name in import.inside {
            base = join(&base, name).unwrap_or_default();
        }
        let path = join(&base, import.path).unwrap_or_default();
        Destination::module(modules.find(FAMILY, &path))
    }
}

impl Rule {
    /// The module of all crates' names, and for each package the module whose
    /// names all of its modules see.
    fn crate_names(
        packages: &[Package],
        known: &FxHashMap<&[u8], u32>,
        modules: &mut Modules,
    ) -> (u32, Vec<u32>) {
        let all = modules.intern(FAMILY, b"\0crates");
        let mut library = FxHashMap::default();
        for package in packages {
            if known.contains_key(package.library.as_slice()) {
                let module = modules.intern(FAMILY, &key(&package.library, true));
                modules.nest(all, &package.name, module);
                library.insert(package.name.clone(), module);
            }
        }
        let names = packages
            .iter()
            .map(|package| {
                let own = modules.intern(FAMILY, &[b"\0", package.folder.as_slice()].concat());
                modules.outer[own as usize] = all;
                for (name, target) in &package.renamed {
                    if let Some(module) = library.get(target) {
                        modules.nest(own, name, *module);
                    }
                }
                own
            })
            .collect();
        (all, names)
    }

    /// The root of the crate that a file without a root of its own belongs to.
    fn root_of(&self, path: &[u8]) -> u32 {
        let mut current = folder(path);
        loop {
            if let Some(root) = self.roots.get(current) {
                return *root;
            }
            if current.is_empty() {
                return NOWHERE;
            }
            current = folder(current);
        }
    }
}

/// The key of a file's module. Roots end in their file's name, other files in
/// the name of the module.
fn key(path: &[u8], is_root: bool) -> Vec<u8> {
    let name = stem(file_name(path));
    if is_root {
        return root_key(folder(path), name);
    }
    if name == b"mod" {
        return folder(path).to_vec();
    }
    join(folder(path), name).unwrap_or_default()
}

fn root_key(folder: &[u8], name: &[u8]) -> Vec<u8> {
    [folder, b"\0", name].concat()
}

/// The innermost package whose folder holds `path`.
fn owner(packages: &[Package], path: &[u8]) -> Option<usize> {
    let inside = |package: &&(usize, &Package)| {
        let folder = &package.1.folder;
        folder.is_empty()
            || path
                .strip_prefix(folder.as_slice())
                .is_some_and(|rest| rest.starts_with(b"/"))
    };
    let all: Vec<(usize, &Package)> = packages.iter().enumerate().collect();
    all.iter()
        .filter(inside)
        .max_by_key(|(_, package)| package.folder.len())
        .map(|(at, _)| *at)
}

/// Whether a file is the root of a crate: by name and place, or by manifest.
fn is_root(package: Option<&Package>, path: &[u8]) -> bool {
    let Some(package) = package else {
        return matches!(file_name(path), b"lib.rs" | b"main.rs");
    };
    if package.library == path || package.roots.iter().any(|root| root == path) {
        return true;
    }
    let rest = match package.folder.len() {
        0 => path,
        len => &path[(len + 1).min(path.len())..],
    };
    let parts: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
    matches!(
        parts.as_slice(),
        [b"src", b"lib.rs" | b"main.rs"]
            | [b"build.rs"]
            | [b"src", b"bin", _]
            | [b"src", b"bin", _, b"main.rs"]
            | [b"tests" | b"examples" | b"benches", _]
            | [b"tests" | b"examples" | b"benches", _, b"main.rs"]
    )
}

/// The packages that the manifests describe; a broken manifest describes none.
fn packages(manifests: &[Manifest<'_>]) -> Vec<Package> {
    let mut found = Vec::new();
    for manifest in manifests {
        let text = String::from_utf8_lossy(manifest.bytes);
        let Ok(table) = toml::from_str::<toml::Table>(&text) else {
            continue;
        };
        let name = |value: Option<&toml::Value>| {
            let name = value?.get("name")?.as_str()?;
            Some(name.replace('-', "_").into_bytes())
        };
        let Some(own) = name(table.get("package")) else {
            continue;
        };
        let folder = folder(manifest.path).to_vec();
        let place = |value: Option<&toml::Value>| {
            let path = value?.get("path")?.as_str()?;
            join(&folder, path.as_bytes())
        };
        let library = place(table.get("lib"));
        let library = library
            .or_else(|| join(&folder, b"src/lib.rs"))
            .unwrap_or_default();
        let mut roots = Vec::new();
        for kind in ["bin", "test", "example", "bench"] {
            let targets = table.get(kind).and_then(toml::Value::as_array);
            for target in targets.into_iter().flatten() {
                roots.extend(place(Some(target)));
            }
        }
        let mut renamed = Vec::new();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = table.get(kind).and_then(toml::Value::as_table);
            for (known, value) in list.into_iter().flatten() {
                if let Some(package) = value.get("package").and_then(toml::Value::as_str) {
                    let as_name = |text: &str| text.replace('-', "_").into_bytes();
                    renamed.push((as_name(known), as_name(package)));
                }
            }
        }
        found.push(Package {
            name: name(table.get("lib")).unwrap_or(own),
            library,
            roots,
            renamed,
            folder,
        });
    }
    found
}
