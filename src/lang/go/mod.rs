//! Modules of Go: one package for each folder and package clause.
//!
//! An import path is the path of a module (`go.mod`) and a folder below it.
//! Modules of the repository are found by their paths, `replace` directives
//! to folders first; then come vendored packages, and workspaces of the old
//! kind, whose folders spell the import path out.

mod manifest;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, NOWHERE, SourceFile, file_name, folder,
    join, stem,
};
use manifest::GoMod;

const FAMILY: Family = Family::Go;

/// A module is a package: the files of one folder with one package clause.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// The `go.mod` files, those of the deepest folders first.
    mods: Vec<GoMod>,
    /// Folder → the package that importers of the folder mean.
    packages: FxHashMap<Vec<u8>, u32>,
    /// Last segment of a folder → the folders that are packages.
    by_name: FxHashMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl ModuleRule for Rule {
    fn manifests(&self) -> &'static [&'static str] {
        &["go.mod"]
    }

    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        self.mods = manifests
            .iter()
            .map(|manifest| GoMod::read(folder(manifest.path), manifest.bytes))
            .collect();
        self.mods.sort_by(|one, other| {
            (other.folder.len(), &one.folder).cmp(&(one.folder.len(), &other.folder))
        });
        let mut tests = FxHashSet::default();
        for &at in own {
            let file = files[at as usize];
            let place = folder(file.path);
            let mut key = place.to_vec();
            key.push(0);
            key.extend_from_slice(file.package);
            let module = modules.intern(FAMILY, &key);
            modules.of_file[at as usize] = module;
            // A folder's tests may be a package of their own, which nobody imports.
            let test = stem(file_name(file.path)).ends_with(b"_test");
            let known = self.packages.contains_key(place);
            if !known || (!test && tests.contains(place)) {
                self.packages.insert(place.to_vec(), module);
                if test {
                    tests.insert(place.to_vec());
                } else {
                    tests.remove(place);
                }
            }
            if !known {
                let name = file_name(place).to_vec();
                self.by_name.entry(name).or_default().push(place.to_vec());
            }
        }
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        _modules: &Modules,
    ) -> Destination {
        let from = folder(files[import.file as usize].path);
        let module = self.find(from, import.path);
        if module != NOWHERE {
            return Destination::module(module);
        }
        let path = String::from_utf8_lossy(import.path);
        Destination::external(format!("go:{path}"))
    }
}

impl Rule {
    fn package(&self, place: &[u8]) -> u32 {
        self.packages.get(place).copied().unwrap_or(NOWHERE)
    }

    /// The package that `path` means to a file in the folder `from`.
    fn find(&self, from: &[u8], path: &[u8]) -> u32 {
        if path.starts_with(b"./") || path.starts_with(b"../") {
            return join(from, path).map_or(NOWHERE, |place| self.package(&place));
        }
        let own = self.mods.iter().find(|module| below(from, &module.folder));
        if let Some(own) = own {
            for (old, place) in &own.replaced {
                if let Some(rest) = rest_of(path, old) {
                    let found = join(place, rest).map_or(NOWHERE, |place| self.package(&place));
                    if found != NOWHERE {
                        return found;
                    }
                }
            }
            // Vendored packages go before others of the same path.
            let vendored = [b"vendor/", path].concat();
            let place = join(&own.folder, &vendored).unwrap_or_default();
            let found = self.package(&place);
            if found != NOWHERE {
                return found;
            }
        }
        let mut best = (0, NOWHERE);
        for module in &self.mods {
            if module.path.len() < best.0 {
                continue;
            }
            if let Some(rest) = rest_of(path, &module.path) {
                let place = join(&module.folder, rest).unwrap_or_default();
                let found = self.package(&place);
                if found != NOWHERE {
                    best = (module.path.len() + 1, found);
                }
            }
        }
        if best.1 != NOWHERE || own.is_some() {
            return best.1;
        }
        self.find_by_folder(from, path)
    }

    /// Without a `go.mod`: a folder whose path ends as the import path does.
    fn find_by_folder(&self, from: &[u8], path: &[u8]) -> u32 {
        let Some(places) = self.by_name.get(file_name(path)) else {
            return NOWHERE;
        };
        // Packages that come with Go have no dot in their first segment; a
        // folder that is named like one must spell the whole path.
        let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
        let hosted = first.contains(&b'.');
        let ends_alike = |place: &[u8]| {
            let place = place.rsplit(|byte| *byte == b'/');
            let path = path.rsplit(|byte| *byte == b'/');
            place
                .zip(path)
                .take_while(|(one, other)| one == other)
                .count()
        };
        let whole = path.split(|byte| *byte == b'/').count();
        let shared = |place: &[u8]| place.iter().zip(from).take_while(|(a, b)| a == b).count();
        let best = places
            .iter()
            .map(|place| (ends_alike(place), place))
            .filter(|(length, place)| {
                let spelt = *length == whole && place.len() > path.len();
                let all = *length == place.split(|byte| *byte == b'/').count();
                spelt || (hosted && all)
            })
            .max_by_key(|(length, place)| (*length, shared(place), std::cmp::Reverse(*place)));
        best.map_or(NOWHERE, |(_, place)| self.package(place))
    }
}

/// Whether a folder is another one or lies in it.
fn below(place: &[u8], root: &[u8]) -> bool {
    rest_of(place, root).is_some()
}

/// What of a path is left below `root`.
fn rest_of<'a>(path: &'a [u8], root: &[u8]) -> Option<&'a [u8]> {
    if root.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(root)?;
    match rest.first() {
        None => Some(rest),
        Some(b'/') => Some(&rest[1..]),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(manifests: &[(&str, &str)], files: &[(&'static str, &'static str)]) -> (Rule, Modules) {
        let sources: Vec<SourceFile<'_>> = files
            .iter()
            .map(|(path, package)| SourceFile {
                path: path.as_bytes(),
                family: FAMILY,
                package: package.as_bytes(),
            })
            .collect();
        let manifests: Vec<Manifest<'_>> = manifests
            .iter()
            .map(|(path, text)| Manifest {
                path: path.as_bytes(),
                bytes: text.as_bytes(),
            })
            .collect();
        let own: Vec<u32> = (0..files.len() as u32).collect();
        let (mut rule, mut modules) = (Rule::default(), Modules::for_files(files.len()));
        rule.assign(&sources, &own, &manifests, &mut modules);
        (rule, modules)
    }

    #[test]
    fn an_import_of_a_folder_means_its_package_and_not_its_tests() {
        let files = [
            ("a/a_test.go", "a_test"),
            ("a/b.go", "a"),
            ("main.go", "main"),
        ];
        let (rule, modules) = rule(&[("go.mod", "module example.com/x\n")], &files);
        assert_eq!(rule.find(b"", b"example.com/x/a"), modules.of_file[1]);
        assert_ne!(modules.of_file[0], modules.of_file[1]);
        assert_eq!(rule.find(b"", b"fmt"), NOWHERE);
    }

    #[test]
    fn a_replaced_module_is_found_in_its_folder() {
        let text = "module x.org/m\nreplace (\n\tx.org/old v1.0.0 => ./forks/old // ours\n)\n";
        let files = [("main.go", "main"), ("forks/old/sub/s.go", "sub")];
        let (rule, modules) = rule(&[("go.mod", text)], &files);
        assert_eq!(rule.find(b"", b"x.org/old/sub"), modules.of_file[1]);
    }

    #[test]
    fn a_vendored_package_is_found_below_its_module() {
        let files = [("main.go", "main"), ("vendor/x.org/v/v.go", "v")];
        let (rule, modules) = rule(&[("go.mod", "module x.org/m")], &files);
        assert_eq!(rule.find(b"", b"x.org/v"), modules.of_file[1]);
    }

    #[test]
    fn without_a_module_folders_that_spell_the_path_are_found() {
        let files = [
            ("src/x.org/p/p.go", "p"),
            ("errors/e.go", "errors"),
            ("main.go", "main"),
        ];
        let (rule, modules) = rule(&[], &files);
        assert_eq!(rule.find(b"", b"x.org/p"), modules.of_file[0]);
        assert_eq!(rule.find(b"", b"errors"), NOWHERE);
        assert_eq!(rule.find(b"", b"host.org/me/errors"), modules.of_file[1]);
    }
}
