//! Modules of Java: packages, over the source roots that hold them.
//!
//! One package may stand in several roots: main and test folders of one build,
//! builds beside each other, copies. Each root's share of a package is a module
//! of its own that sees the shares of the other roots behind its own, nearest
//! first; so a name that two roots have means the nearer one.

use rustc_hash::FxHashMap;

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, NOWHERE, SourceFile, folder,
};

const FAMILY: Family = Family::Java;

/// A module is a package in a root, by `root NUL package`.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Package → the roots that hold it, in order.
    roots: FxHashMap<Vec<u8>, Vec<Vec<u8>>>,
}

/// More shares of one package than this are not seen from each other.
const MOST_SHARES: usize = 16;

impl ModuleRule for Rule {
    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        _manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        for &at in own {
            let file = &files[at as usize];
            let root = root(file.path, file.package).to_vec();
            modules.of_file[at as usize] = modules.intern(FAMILY, &key(&root, file.package));
            let roots = self.roots.entry(file.package.to_vec()).or_default();
            if let Err(place) = roots.binary_search(&root) {
                roots.insert(place, root);
            }
        }
        let top = modules.intern(FAMILY, b"\0\0");
        let mut packages: Vec<&Vec<u8>> = self.roots.keys().collect();
        packages.sort_unstable();
        for package in packages {
            let whole = qualified(modules, top, package);
            let roots = &self.roots[package];
            for root in roots {
                let share = modules.find(FAMILY, &key(root, package));
                modules.outer[share as usize] = top;
                modules.visible.push((whole, share));
                for other in nearest(roots, root).into_iter().skip(1) {
                    let other = modules.find(FAMILY, &key(other, package));
                    modules.visible.push((share, other));
                }
            }
        }
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        let from = &files[import.file as usize];
        let home = root(from.path, from.package);
        // What is behind the package are classes inside classes.
        let mut package = import.path;
        loop {
            if let Some(roots) = self.roots.get(package).filter(|_| !package.is_empty()) {
                let near = nearest(roots, home).first().copied();
                let near = near.map_or(NOWHERE, |root| modules.find(FAMILY, &key(root, package)));
                let rest = &import.path[package.len()..];
                return Destination {
                    rest: rest.strip_prefix(b".").unwrap_or(rest).to_vec(),
                    external: Some(external(import.path)),
                    ..Destination::module(near)
                };
            }
            match package.iter().rposition(|byte| *byte == b'.') {
                Some(dot) => package = &package[..dot],
                None => return Destination::external(external(import.path)),
            }
        }
    }
}

/// The module by which a qualified name reaches a package.
fn qualified(modules: &mut Modules, top: u32, package: &[u8]) -> u32 {
    let mut outer = top;
    let mut end = 0;
    for part in package
        .split(|byte| *byte == b'.')
        .filter(|part| !part.is_empty())
    {
        end += part.len() + usize::from(end > 0);
        let mut name = b"\0\0".to_vec();
        name.extend_from_slice(&package[..end]);
        let inner = modules.intern(FAMILY, &name);
        modules.nest(outer, part, inner);
        outer = inner;
    }
    outer
}

fn key(root: &[u8], package: &[u8]) -> Vec<u8> {
    [root, b"\0", package].concat()
}

/// The folder that a file's package starts in.
fn root<'a>(path: &'a [u8], package: &[u8]) -> &'a [u8] {
    let mut root = folder(path);
    for part in package.rsplit(|byte| *byte == b'.') {
        let Some(outer) = root.strip_suffix(part) else {
            break;
        };
        match outer.strip_suffix(b"/") {
            Some(outer) => root = outer,
            None if outer.is_empty() => root = outer,
            None => break,
        }
    }
    root
}

/// The roots that share most of their path with `home`.
fn nearest<'a>(roots: &'a [Vec<u8>], home: &[u8]) -> Vec<&'a [u8]> {
    let shared = |root: &[u8]| root.iter().zip(home).take_while(|(a, b)| a == b).count();
    let mut sorted: Vec<&[u8]> = roots.iter().map(Vec::as_slice).collect();
    sorted.sort_by_key(|root| (*root != home, std::cmp::Reverse(shared(root))));
    sorted.truncate(MOST_SHARES);
    sorted
}

/// The name of a package outside the repository.
fn external(path: &[u8]) -> String {
    let with_the_platform = [
        &b"java."[..],
        b"javax.",
        b"jdk.",
        b"sun.",
        b"com.sun.",
        b"org.w3c.dom",
        b"org.xml.sax",
        b"org.ietf.jgss",
    ];
    let standard = with_the_platform
        .iter()
        .any(|start| path.starts_with(start));
    let prefix = if standard { "jdk" } else { "maven" };
    format!("{prefix}:{}", String::from_utf8_lossy(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_what_stands_before_the_package() {
        assert_eq!(
            root(b"src/main/java/org/a/B.java", b"org.a"),
            b"src/main/java"
        );
        assert_eq!(root(b"org/a/B.java", b"org.a"), b"");
        assert_eq!(root(b"odd/B.java", b"org.a"), b"odd");
        assert_eq!(root(b"B.java", b""), b"");
    }

    #[test]
    fn the_nearest_root_comes_first() {
        let roots = [b"android/src".to_vec(), b"core/src".to_vec()];
        assert_eq!(nearest(&roots, b"core/test")[0], b"core/src");
    }
}
