//! Modules of this family: one module for each file until its rule is written.

use super::Family;
use super::modules::{Destination, Import, Manifest, ModuleRule, Modules, SourceFile};

const FAMILY: Family = Family::Rust;

/// A module is a file, by its path.
#[derive(Debug, Default)]
pub(super) struct Rule;

impl ModuleRule for Rule {
    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        _manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        for &at in own {
            modules.of_file[at as usize] = modules.intern(FAMILY, files[at as usize].path);
        }
    }

    fn destination(
        &self,
        _import: &Import<'_>,
        _files: &[SourceFile<'_>],
        _modules: &Modules,
    ) -> Destination {
        Destination::unknown()
    }
}
