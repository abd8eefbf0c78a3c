//! Modules of languages that users add: one rule, told by `[language]`.
//!
//! Where a module is a file, import paths are looked for beside the importing
//! file, in the roots, and then by the end of their path. Where a module is a
//! package, files say which one they belong to.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Plugin, Unit};
use crate::lang::Family;
use crate::lang::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, SourceFile, file_name, folder, join, stem,
};

/// Folders that import paths customarily start in.
const CUSTOMARY: &[&[u8]] = &[b"lib", b"src", b"app", b"include"];
/// More files of one name than this are not compared.
const MOST_NAMESAKES: usize = 256;

/// Where the modules of one language are.
#[derive(Debug)]
pub struct Rule {
    plugin: &'static Plugin,
    family: Family,
    /// Files by path.
    files: FxHashMap<Vec<u8>, u32>,
    /// Files by name without ending.
    named: FxHashMap<Vec<u8>, Vec<u32>>,
    /// Folders that import paths start in.
    roots: Vec<Vec<u8>>,
    /// Packages that files belong to.
    packages: FxHashSet<Vec<u8>>,
}

impl Rule {
    /// The rule of a language.
    pub fn new(plugin: &'static Plugin, family: Family) -> Self {
        Self {
            plugin,
            family,
            files: FxHashMap::default(),
            named: FxHashMap::default(),
            roots: Vec::new(),
            packages: FxHashSet::default(),
        }
    }

    fn separator(&self) -> &'static [u8] {
        match self.plugin.traits.path_separator.as_bytes() {
            b"" => b"/",
            separator => separator,
        }
    }
}

impl ModuleRule for Rule {
    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        _manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        match self.plugin.table.modules {
            Unit::File => self.assign_files(files, own, modules),
            Unit::Package => self.assign_packages(files, own, modules),
        }
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        // Whatever the unit, a path in quotes is that of a file.
        let by_file = import.quoted || self.plugin.table.modules == Unit::File;
        if by_file && let Some(found) = self.find(import.path, import.file, files) {
            return Destination::module(modules.of_file[found as usize]);
        }
        if !by_file && let Some(found) = self.package(import.path, modules) {
            return found;
        }
        let prefix = match self.plugin.traits.external.as_str() {
            "" => self.plugin.table.name.as_str(),
            prefix => prefix,
        };
        Destination::external(format!("{prefix}:{}", String::from_utf8_lossy(import.path)))
    }
}

impl Rule {
    fn assign_files(&mut self, files: &[SourceFile<'_>], own: &[u32], modules: &mut Modules) {
        let top = modules.intern(self.family, b"\0");
        let mut folders: FxHashSet<&[u8]> = FxHashSet::default();
        for &at in own {
            let path = files[at as usize].path;
            let module = modules.intern(self.family, path);
            modules.of_file[at as usize] = module;
            if self.plugin.traits.global_names {
                modules.outer[module as usize] = top;
            }
            self.note(path, at);
            let mut around = folder(path);
            while !around.is_empty() && folders.insert(around) {
                around = folder(around);
            }
        }
        let mut customary: Vec<&[u8]> = folders
            .into_iter()
            .filter(|path| CUSTOMARY.contains(&file_name(path)))
            .collect();
        customary.sort_unstable_by_key(|path| (path.len(), *path));
        let given = self.plugin.table.roots.iter();
        self.roots
            .extend(given.filter_map(|root| join(b"", root.as_bytes())));
        self.roots.push(Vec::new());
        self.roots.extend(customary.into_iter().map(<[u8]>::to_vec));
    }

    fn note(&mut self, path: &[u8], at: u32) {
        self.files.insert(path.to_vec(), at);
        let name = stem(file_name(path));
        self.named.entry(name.to_vec()).or_default().push(at);
        if self.is_index(name) {
            // The folder that it stands for.
            let name = file_name(folder(path));
            self.named.entry(name.to_vec()).or_default().push(at);
        }
    }

    fn is_index(&self, name: &[u8]) -> bool {
        let mut index = self.plugin.table.index.iter();
        index.any(|known| known.as_bytes() == name)
    }

    /// The file that a path names.
    fn find(&self, path: &[u8], from: u32, files: &[SourceFile<'_>]) -> Option<u32> {
        let separator = self.separator();
        let written = path.to_vec();
        let mut forms = vec![written];
        if separator != b"/" && !path.contains(&b'/') {
            forms.push(replaced(path, separator));
        }
        let from = files[from as usize].path;
        for form in &forms {
            if form.is_empty() || form.first() == Some(&b'/') {
                continue;
            }
            let bases = std::iter::once(folder(from)).chain(self.roots.iter().map(Vec::as_slice));
            for base in bases {
                if let Some(found) = join(base, form).and_then(|whole| self.at(&whole)) {
                    return Some(found);
                }
            }
        }
        let longest = forms.iter().rev().find(|form| form.contains(&b'/'))?;
        self.by_end(longest, from, files)
    }

    /// The file of that path, its ending left out, or the one that stands for it.
    fn at(&self, path: &[u8]) -> Option<u32> {
        if let Some(found) = self.files.get(path) {
            return Some(*found);
        }
        let endings = &self.plugin.table.extensions;
        let with = |base: &[u8]| {
            endings.iter().find_map(|ending| {
                let whole = [base, b".", ending.as_bytes()].concat();
                self.files.get(&whole).copied()
            })
        };
        with(path).or_else(|| {
            let mut index = self.plugin.table.index.iter();
            index.find_map(|name| with(&join(path, name.as_bytes())?))
        })
    }

    /// The file whose path ends like this one; of several the one that shares
    /// most of its path with the importing file.
    fn by_end(&self, path: &[u8], from: &[u8], files: &[SourceFile<'_>]) -> Option<u32> {
        let path = join(b"", path)?;
        let whole = match path.iter().rposition(|byte| *byte == b'.') {
            Some(dot) if !path[dot..].contains(&b'/') => &path[..dot],
            _ => &path,
        };
        let candidates = self.named.get(file_name(whole))?;
        let fits = |known: &[u8]| {
            let bare =
                &known[..known.len() - file_name(known).len() + stem(file_name(known)).len()];
            let bare = if self.is_index(file_name(bare)) {
                folder(bare)
            } else {
                bare
            };
            bare.strip_suffix(whole)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"/"))
        };
        let mut best: Option<(usize, u32)> = None;
        for at in candidates.iter().take(MOST_NAMESAKES) {
            let known = files[*at as usize].path;
            if !fits(known) {
                continue;
            }
            let shared = known.iter().zip(from).take_while(|(a, b)| a == b).count();
            if best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, *at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// A file's names stand in the module of its package; the file has a module
    /// of its own, by which imports of files find it.
    fn assign_packages(&mut self, files: &[SourceFile<'_>], own: &[u32], modules: &mut Modules) {
        let top = modules.intern(self.family, b"");
        for &at in own {
            let file = &files[at as usize];
            self.note(file.path, at);
            let package = self.trimmed(file.package);
            let around = self.nested(&package, top, modules);
            if around != top {
                modules.outer[around as usize] = top;
            }
            let module = modules.intern(self.family, &[b"\0", file.path].concat());
            modules.of_file[at as usize] = module;
            modules.outer[module as usize] = around;
            self.packages.insert(package);
        }
        self.roots.push(Vec::new());
    }

    /// The module of a package, inside those of the packages around it.
    fn nested(&self, package: &[u8], top: u32, modules: &mut Modules) -> u32 {
        let mut outer = top;
        let mut end = 0;
        for part in package
            .split(|byte| *byte == b'/')
            .filter(|part| !part.is_empty())
        {
            end += part.len() + usize::from(end > 0);
            let inner = modules.intern(self.family, &package[..end]);
            modules.nest(outer, part, inner);
            outer = inner;
        }
        outer
    }

    /// A package with slashes between its parts, and none around it.
    fn trimmed(&self, package: &[u8]) -> Vec<u8> {
        let text = replaced(package, self.separator());
        join(b"", &text).unwrap_or_default()
    }

    /// Where the path of a package leads; what is left of it are members.
    fn package(&self, path: &[u8], modules: &Modules) -> Option<Destination> {
        let path = self.trimmed(path);
        let mut package = path.as_slice();
        loop {
            if self.packages.contains(package) {
                let module = modules.find(self.family, package);
                let rest = &path[package.len()..];
                let rest = rest.strip_prefix(b"/").unwrap_or(rest);
                return Some(Destination {
                    rest: rest
                        .iter()
                        .map(|b| if *b == b'/' { b'.' } else { *b })
                        .collect(),
                    ..Destination::module(module)
                });
            }
            if package.is_empty() {
                return None;
            }
            package = folder(package);
        }
    }
}

/// `text` with slashes for the separator.
fn replaced(text: &[u8], separator: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(separator) {
            out.push(b'/');
            rest = behind;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Manifest as Added, Table};
    use super::*;
    use crate::lang::Traits;

    fn plugin(modules: Unit, separator: &str) -> &'static Plugin {
        Box::leak(Box::new(Plugin {
            folder: std::path::PathBuf::new(),
            table: Table {
                name: "x".to_owned(),
                extensions: vec!["x".to_owned()],
                index: vec!["init".to_owned()],
                modules,
                ..Table::default()
            },
            manifest: Added {
                happy: String::new(),
                grammar: String::new(),
                abi: 14,
                version: None,
                replaces: Vec::new(),
                added: 0,
            },
            traits: Traits {
                path_separator: separator.to_owned(),
                ..Traits::default()
            },
            roles: String::new(),
        }))
    }

    /// Where imports of the first file lead: a file's number, or what is outside.
    fn lead(
        plugin: &'static Plugin,
        files: &[(&str, &str)],
        imports: &[(&str, bool)],
    ) -> Vec<String> {
        let family = Family::Added(0);
        let files: Vec<SourceFile<'_>> = files
            .iter()
            .map(|(path, package)| SourceFile {
                path: path.as_bytes(),
                family,
                package: package.as_bytes(),
            })
            .collect();
        let own: Vec<u32> = (0..files.len() as u32).collect();
        let mut modules = Modules::for_files(files.len());
        let mut rule = Rule::new(plugin, family);
        rule.assign(&files, &own, &[], &mut modules);
        let of = |(path, quoted): &(&str, bool)| {
            let import = Import {
                file: 0,
                path: path.as_bytes(),
                item: b"",
                root: false,
                wildcard: false,
                is_static: false,
                system: false,
                child: false,
                quoted: *quoted,
                inside: &[],
            };
            let found = rule.destination(&import, &files, &modules);
            let of = |module: u32| match plugin.table.modules {
                Unit::File => module,
                Unit::Package if import.quoted => module,
                Unit::Package => modules.outer[module as usize],
            };
            let mut all = modules.of_file.iter();
            let at = all.position(|module| of(*module) == found.module);
            let rest = String::from_utf8_lossy(&found.rest).into_owned();
            found
                .external
                .or_else(|| at.map(|at| format!("{at} {rest}")))
                .unwrap_or_default()
        };
        imports.iter().map(of).collect()
    }

    #[test]
    fn a_path_is_looked_for_beside_the_file_then_in_the_roots_then_by_its_end() {
        let files = [
            ("app/main.x", ""),
            ("app/util.x", ""),
            ("lib/deep/tool.x", ""),
            ("lib/part/init.x", ""),
            ("vendor/far/away.x", ""),
        ];
        let imports = [
            ("util", true),
            ("./util.x", true),
            ("deep.tool", true),
            ("part", true),
            ("far/away", true),
            ("away", true),
            ("../../out", true),
            ("/etc/passwd", true),
        ];
        assert_eq!(
            lead(plugin(Unit::File, "."), &files, &imports),
            [
                "1 ",
                "1 ",
                "2 ",
                "3 ",
                "4 ",
                "x:away",
                "x:../../out",
                "x:/etc/passwd"
            ]
        );
    }

    #[test]
    fn of_two_files_that_end_alike_the_nearer_one_is_meant() {
        let files = [
            ("b/main.x", ""),
            ("a/deep/tool.x", ""),
            ("b/more/deep/tool.x", ""),
        ];
        let imports = [("deep/tool", true)];
        assert_eq!(lead(plugin(Unit::File, "/"), &files, &imports), ["2 "]);
    }

    #[test]
    fn a_package_is_that_which_its_files_name() {
        let files = [("src/a.x", "App"), ("src/b.x", "App\\Store"), ("top.x", "")];
        let imports = [
            ("App\\Store", false),
            ("App\\Store\\Memory", false),
            ("\\App\\Thing", false),
            ("b.x", true),
        ];
        assert_eq!(
            lead(plugin(Unit::Package, "\\"), &files, &imports),
            ["1 ", "1 Memory", "0 Thing", "1 "]
        );
    }
}
