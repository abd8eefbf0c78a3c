//! From the facts of all files to linked edges: the place where what languages
//! know of modules meets what linking needs.

use rustc_hash::FxHashMap;

use crate::facts::View;
use crate::facts::format::{NONE, import_flag};
use crate::graph::{Input, LinkTraits, Linked, Target, Unit, link};
use crate::lang::modules::{Import, Manifest, Modules, SourceFile};
use crate::lang::{Family, languages, module_rules};
use crate::text::name_hash;

/// A parsed file that takes part in linking.
#[derive(Clone, Copy, Debug)]
pub struct Parsed<'a> {
    /// Its path in the repository.
    pub path: &'a [u8],
    /// Its language's id.
    pub language: u8,
    /// Its facts.
    pub facts: View<'a>,
}

/// Links the files, which must be in the order of their paths.
pub fn assemble(files: &[Parsed<'_>], manifests: &[Manifest<'_>]) -> Linked {
    with_input(files, manifests, link)
}

/// Hands what linking needs to `then`.
pub fn with_input<R>(
    files: &[Parsed<'_>],
    manifests: &[Manifest<'_>],
    then: impl FnOnce(&Input<'_>) -> R,
) -> R {
    let mut externals = Externals::default();
    let mut used = [false; 256];
    files
        .iter()
        .for_each(|file| used[usize::from(file.language)] = true);
    let traits = traits(&mut externals, &used);
    let sources: Vec<SourceFile<'_>> = files
        .iter()
        .map(|file| SourceFile {
            path: file.path,
            family: family(file.language),
            package: file.facts.name(file.facts.defs[0].owner_name),
        })
        .collect();
    let mut modules = Modules::for_files(files.len());
    let mut targets: Vec<Vec<Target>> = vec![Vec::new(); files.len()];
    for (family, mut rule) in module_rules() {
        let own: Vec<u32> = (0..files.len() as u32)
            .filter(|at| sources[*at as usize].family == family)
            .collect();
        if own.is_empty() {
            continue;
        }
        let wanted: Vec<Manifest<'_>> = manifests
            .iter()
            .copied()
            .filter(|manifest| {
                let name = crate::lang::modules::file_name(manifest.path);
                rule.manifests()
                    .iter()
                    .any(|known| known.as_bytes() == name)
            })
            .collect();
        rule.assign(&sources, &own, &wanted, &mut modules);
        for &at in &own {
            let facts = &files[at as usize].facts;
            targets[at as usize] = facts
                .imports
                .iter()
                .map(|record| {
                    let inside = namespaces(facts, record.scope);
                    let import = Import {
                        file: at,
                        path: facts.name(record.path),
                        item: facts.name(record.item),
                        root: record.flags & import_flag::ROOT != 0,
                        wildcard: record.flags & import_flag::WILDCARD != 0,
                        is_static: record.flags & import_flag::STATIC != 0,
                        system: record.flags & import_flag::SYSTEM != 0,
                        child: record.flags & import_flag::CHILD != 0,
                        quoted: record.flags & import_flag::QUOTED != 0,
                        inside: &inside,
                    };
                    let found = rule.destination(&import, &sources, &modules);
                    let external = found.external.map_or(NONE, |path| externals.intern(path));
                    let traits = &traits[usize::from(files[at as usize].language)];
                    Target {
                        module: found.module,
                        submodule: found.submodule,
                        external,
                        names: path_names(&import, traits),
                        rest: found
                            .rest
                            .split(|byte| *byte == b'.')
                            .filter(|part| !part.is_empty())
                            .map(name_hash)
                            .collect(),
                    }
                })
                .collect();
        }
    }
    let units: Vec<Unit<'_>> = files
        .iter()
        .zip(targets)
        .enumerate()
        .map(|(at, (file, imports))| Unit {
            facts: file.facts,
            module: modules.of_file[at],
            family: family(file.language).number(),
            traits: &traits[usize::from(file.language)],
            imports,
        })
        .collect();
    then(&Input {
        units,
        modules: modules.len(),
        submodules: modules.inner,
        outer: modules.outer,
        visible: modules.visible,
        externals: externals.paths,
    })
}

/// The names of an import's path, where it is looked up name by name.
fn path_names(import: &Import<'_>, traits: &LinkTraits) -> Vec<u64> {
    if !traits.path_imports || import.child {
        return Vec::new();
    }
    let names = import
        .path
        .split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#' | 128..)));
    let all = names.chain(std::iter::once(import.item));
    all.filter(|name| !name.is_empty())
        .map(crate::text::name_hash)
        .collect()
}

/// Names of the namespaces around a definition inside its file, outermost first.
fn namespaces<'a>(facts: &View<'a>, scope: u32) -> Vec<&'a [u8]> {
    let mut names = Vec::new();
    let mut at = scope;
    while at != 0 {
        let def = &facts.defs[at as usize];
        if def.kind == crate::lang::DefKind::Module as u32 {
            names.push(facts.name(def.name));
        }
        at = def.parent;
    }
    names.reverse();
    names
}

fn family(id: u8) -> Family {
    languages()
        .get(usize::from(id))
        .map_or(Family::C, |spec| spec.family)
}

#[derive(Default)]
struct Externals {
    paths: Vec<String>,
    ids: FxHashMap<String, u32>,
}

impl Externals {
    fn intern(&mut self, path: String) -> u32 {
        if let Some(id) = self.ids.get(&path) {
            return *id;
        }
        let id = self.paths.len() as u32;
        self.paths.push(path.clone());
        self.ids.insert(path, id);
        id
    }
}

/// What linking must know of each language.
fn traits(externals: &mut Externals, used: &[bool; 256]) -> Vec<LinkTraits> {
    let hash = |name: &String| crate::text::name_hash(name.as_bytes());
    let ids = 0..languages().len() as u8;
    ids.zip(languages())
        .map(|(id, spec)| {
            let known = used[usize::from(id)].then(|| crate::lang::traits(id));
            let Some(traits) = known.flatten() else {
                return LinkTraits::default();
            };
            let prefix = match traits.builtins_prefix.as_str() {
                "" => spec.name,
                prefix => prefix,
            };
            let callable = |name: &String| {
                if traits.callables_apart {
                    name_hash(format!("{name}()").as_bytes())
                } else {
                    hash(name)
                }
            };
            let outside = |name: &String| name_hash(format!("{prefix}::{name}").as_bytes());
            let library = crate::lang::library::types(spec.library());
            let scheme = prefix.split(':').next().unwrap_or_default();
            let of_library = |name: &str| name_hash(format!("{scheme}:{name}").as_bytes());
            LinkTraits {
                call_constructs: traits.call_constructs,
                implicit_this: traits.implicit_this,
                inherits_constructor: traits.inherits_constructor,
                functions_construct: traits.functions_construct,
                overloads: traits.overloads,
                first_parameter_is_this: traits.first_parameter_is_this,
                structural: traits.structural,
                call_method: if traits.call_method.is_empty() {
                    0
                } else {
                    hash(&traits.call_method)
                },
                prototype: if traits.prototype.is_empty() {
                    0
                } else {
                    hash(&traits.prototype)
                },
                invokers: traits.invokers.iter().map(callable).collect(),
                builtins: traits
                    .builtins
                    .iter()
                    .chain(&traits.builtin_types)
                    .map(|name| (hash(name), externals.intern(format!("{prefix}::{name}"))))
                    .collect(),
                adders: traits.adders.iter().map(callable).collect(),
                adds_results: traits.adds_results.iter().map(callable).collect(),
                calls_back: traits.calls_back.iter().map(callable).collect(),
                silent_callbacks: traits.silent_callbacks,
                callables_apart: traits.callables_apart,
                exports_apart: traits.exports_apart,
                private_imports: traits.private_imports,
                function_objects: traits.function_objects,
                object_methods: traits.object_methods.iter().map(callable).collect(),
                typed_variables: traits.typed_variables,
                top_types: traits.top_types.iter().map(outside).collect(),
                widening: traits.widening.iter().map(outside).collect(),
                boxes: traits
                    .boxes
                    .iter()
                    .map(|(plain, boxed)| (outside(plain), outside(boxed)))
                    .collect(),
                gives: traits
                    .gives
                    .iter()
                    .filter_map(|(member, result)| {
                        let (owner, name) = member.split_once('.')?;
                        let (owner, name) = match owner {
                            "*" => (0, callable(&name.to_owned())),
                            // What is read of an array is no call.
                            "[]" => (name_hash(b"[]"), name_hash(name.as_bytes())),
                            _ => (name_hash(owner.as_bytes()), callable(&name.to_owned())),
                        };
                        let result = externals.intern(result.clone());
                        Some(((owner, name), result))
                    })
                    .collect(),
                library: library
                    .iter()
                    .flat_map(|known| known.gives.iter().map(|given| (&known.name, given)))
                    .map(|(owner, (member, given))| {
                        let key = (of_library(owner), callable(&(*member).to_owned()));
                        let result = externals.intern(format!("{scheme}:{}", given.name));
                        (key, (result, given.open))
                    })
                    .collect(),
                functional: library
                    .iter()
                    .filter_map(|known| {
                        let name = callable(&known.function?.to_owned());
                        Some((of_library(&known.name), name))
                    })
                    .collect(),
                top: traits.top_types.first().map_or(0, outside),
                extends: traits
                    .extends
                    .iter()
                    .map(|(name, bases)| (hash(name), bases.iter().map(hash).collect()))
                    .chain(library.iter().map(|known| {
                        let bases = known.bases.iter().map(|base| of_library(base));
                        (of_library(&known.name), bases.collect())
                    }))
                    .collect(),
                program_scope: traits.program_scope,
                global_names: traits.global_names,
                static_dispatch: traits.static_dispatch,
                destructor: traits.destructor.clone().into_bytes(),
                all_call_back: traits.calls_back.iter().any(|name| name == "*"),
                index_is_member: traits.index_is_member,
                declared_types_hold: traits.declared_types_hold,
                calls_with_receiver: traits.calls_with_receiver.iter().map(hash).collect(),
                calls_with_list: traits.calls_with_list.iter().map(hash).collect(),
                binds: traits.binds.iter().map(hash).collect(),
                continues: traits.continues.iter().map(hash).collect(),
                mixes: traits.mixes.iter().map(hash).collect(),
                call_converts: traits.call_converts,
                index_applies: traits.index_applies,
                embeds: traits.embeds,
                receiver_first: traits.receiver_first,
                types: traits
                    .builtin_types
                    .iter()
                    .map(|name| hash(&format!("{prefix}::{name}")))
                    .collect(),
                passes: traits.passes.iter().map(hash).collect(),
                silent_constructors: traits.silent_constructors,
                typed: traits.typed,
                path_imports: traits.path_imports,
                path_roots: traits.path_roots.iter().map(hash).collect(),
                elements: traits
                    .elements
                    .iter()
                    .map(|(name, at)| (hash(name), *at))
                    .collect(),
                pairs: traits.pairs.iter().map(hash).collect(),
                delegates: traits.delegates.iter().map(hash).collect(),
                iterate: traits.iterate.iter().map(hash).collect(),
                outside: traits
                    .outside
                    .iter()
                    .map(|(name, effects)| {
                        let bits = effects
                            .iter()
                            .fold(0, |bits, effect| bits | 1 << *effect as u32);
                        (hash(name), bits)
                    })
                    .collect(),
            }
        })
        .collect()
}
