//! Modules of JavaScript and TypeScript: relative paths, index files, packages
//! of a workspace, and the paths of `tsconfig.json`.

mod mend;

use rustc_hash::FxHashMap;

use super::Family;
use super::modules::{
    Destination, Import, Manifest, ModuleRule, Modules, NOWHERE, SourceFile, file_name, folder,
    join,
};

/// Rewrites, in place, what the grammars cannot read.
pub(super) fn mend(source: &[u8]) -> Option<Vec<u8>> {
    mend::mend(source)
}

const FAMILY: Family = Family::Script;

/// A module is a file, by its path.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Packages of the repository: name → (folder, entry files).
    packages: FxHashMap<String, Package>,
    /// `imports` of `package.json`: folder → entries by subpath.
    internal: FxHashMap<Vec<u8>, Vec<(String, String)>>,
    /// `tsconfig.json`: folder → base folder and path patterns.
    configs: FxHashMap<Vec<u8>, Config>,
}

#[derive(Debug, Default)]
struct Package {
    folder: Vec<u8>,
    /// Entry by subpath (`.` for the package itself).
    entries: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Config {
    base: Vec<u8>,
    has_base: bool,
    paths: Vec<(String, Vec<String>)>,
}

impl ModuleRule for Rule {
    fn manifests(&self) -> &'static [&'static str] {
        &[
            "package.json",
            "tsconfig.json",
            "jsconfig.json",
            "tsconfig.base.json",
        ]
    }

    fn assign(
        &mut self,
        files: &[SourceFile<'_>],
        own: &[u32],
        manifests: &[Manifest<'_>],
        modules: &mut Modules,
    ) {
        for manifest in manifests {
            self.read(manifest);
        }
        for &at in own {
            let path = files[at as usize].path;
            modules.of_file[at as usize] = modules.intern(FAMILY, path);
        }
    }

    fn destination(
        &self,
        import: &Import<'_>,
        files: &[SourceFile<'_>],
        modules: &Modules,
    ) -> Destination {
        let from = files[import.file as usize].path;
        let path = import.path;
        let relative =
            path.starts_with(b"./") || path.starts_with(b"../") || path == b"." || path == b"..";
        if relative {
            let found = join(folder(from), path).map_or(NOWHERE, |key| Self::file(modules, &key));
            return match found {
                NOWHERE => Destination::unknown(),
                module => Destination::module(module),
            };
        }
        let text = String::from_utf8_lossy(path).into_owned();
        if text.starts_with('#')
            && let Some(module) = self.by_internal(from, &text, modules)
        {
            return Destination::module(module);
        }
        if let Some(module) = self.by_config(from, &text, modules) {
            return Destination::module(module);
        }
        if let Some(module) = self.by_package(&text, modules) {
            return Destination::module(module);
        }
        Destination::external(format!(
            "npm:{}",
            text.strip_prefix("node:").unwrap_or(&text)
        ))
    }
}

const ENDINGS: &[&str] = &[
    "",
    ".ts",
    ".tsx",
    ".mts",
    ".cts",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".d.ts",
    ".d.mts",
    ".d.cts",
    "/index.ts",
    "/index.tsx",
    "/index.mts",
    "/index.js",
    "/index.jsx",
    "/index.mjs",
    "/index.cjs",
    "/index.d.ts",
];

impl Rule {
    /// The module of the file that a path without ending means.
    fn file(modules: &Modules, key: &[u8]) -> u32 {
        let try_all = |key: &[u8]| {
            ENDINGS.iter().find_map(|ending| {
                let mut path = key.to_vec();
                path.extend_from_slice(ending.as_bytes());
                let path = if key.is_empty() {
                    path.strip_prefix(b"/")?.to_vec()
                } else {
                    path
                };
                let found = modules.find(FAMILY, &path);
                (found != NOWHERE).then_some(found)
            })
        };
        if let Some(found) = try_all(key) {
            return found;
        }
        // TypeScript sources import the `.js` that they will become.
        for ending in [&b".js"[..], b".jsx", b".mjs", b".cjs"] {
            if let Some(stem) = key.strip_suffix(ending)
                && let Some(found) = try_all(stem)
            {
                return found;
            }
        }
        NOWHERE
    }

    fn by_config(&self, from: &[u8], path: &str, modules: &Modules) -> Option<u32> {
        let mut at = folder(from);
        loop {
            if let Some(config) = self.configs.get(at)
                && let Some(found) = config.find(path, modules)
            {
                return Some(found);
            }
            if at.is_empty() {
                return None;
            }
            at = folder(at);
        }
    }

    /// `#name`, which the nearest `package.json` explains.
    fn by_internal(&self, from: &[u8], path: &str, modules: &Modules) -> Option<u32> {
        let mut at = folder(from);
        loop {
            if let Some(entries) = self.internal.get(at) {
                return Self::by_entries(at, entries, path, modules);
            }
            if at.is_empty() {
                return None;
            }
            at = folder(at);
        }
    }

    /// The file that the first fitting entry leads to.
    fn by_entries(
        base: &[u8],
        entries: &[(String, String)],
        wanted: &str,
        modules: &Modules,
    ) -> Option<u32> {
        for (subpath, entry) in entries {
            let target = match subpath.split_once('*') {
                Some((before, after)) => wanted
                    .strip_prefix(before)
                    .and_then(|middle| middle.strip_suffix(after))
                    .map(|middle| entry.replace('*', middle)),
                None => (subpath == wanted).then(|| entry.clone()),
            };
            let key = target.and_then(|target| join(base, target.as_bytes()));
            for key in key.iter().flat_map(|key| source_of(key)) {
                let found = Self::file(modules, &key);
                if found != NOWHERE {
                    return Some(found);
                }
            }
        }
        None
    }

    fn by_package(&self, path: &str, modules: &Modules) -> Option<u32> {
        let mut segments = path.splitn(if path.starts_with('@') { 3 } else { 2 }, '/');
        let name = if path.starts_with('@') {
            format!("{}/{}", segments.next()?, segments.next()?)
        } else {
            segments.next()?.to_owned()
        };
        let package = self.packages.get(&name)?;
        let rest = segments.next().unwrap_or_default();
        let wanted = if rest.is_empty() {
            ".".to_owned()
        } else {
            format!("./{rest}")
        };
        if let Some(found) = Self::by_entries(&package.folder, &package.entries, &wanted, modules) {
            return Some(found);
        }
        for guess in [rest.to_owned(), format!("src/{rest}")] {
            let key = join(&package.folder, guess.as_bytes())?;
            let found = Self::file(modules, &key);
            if found != NOWHERE {
                return Some(found);
            }
        }
        None
    }

    fn read(&mut self, manifest: &Manifest<'_>) {
        let text = String::from_utf8_lossy(manifest.bytes);
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&strip_comments(&text)) else {
            return;
        };
        let at = folder(manifest.path).to_vec();
        if file_name(manifest.path) == b"package.json" {
            let mut internal = Vec::new();
            for (name, entry) in json
                .get("imports")
                .and_then(|map| map.as_object())
                .into_iter()
                .flatten()
            {
                exports(Some(entry), name, &mut internal, 0);
            }
            self.internal.insert(at.clone(), internal);
            let Some(name) = json.get("name").and_then(|name| name.as_str()) else {
                return;
            };
            let mut package = Package {
                folder: at,
                entries: Vec::new(),
            };
            exports(json.get("exports"), ".", &mut package.entries, 0);
            for key in ["source", "types", "typings", "module", "main"] {
                if let Some(entry) = json.get(key).and_then(|entry| entry.as_str()) {
                    package.entries.push((".".to_owned(), entry.to_owned()));
                }
            }
            self.packages.entry(name.to_owned()).or_insert(package);
            return;
        }
        let Some(options) = json.get("compilerOptions") else {
            return;
        };
        let base = options.get("baseUrl").and_then(|base| base.as_str());
        let mut config = Config {
            base: join(&at, base.unwrap_or(".").as_bytes()).unwrap_or_default(),
            has_base: base.is_some(),
            paths: Vec::new(),
        };
        for (pattern, targets) in options
            .get("paths")
            .and_then(|p| p.as_object())
            .into_iter()
            .flatten()
        {
            let targets = targets.as_array().into_iter().flatten();
            let targets = targets
                .filter_map(|target| target.as_str().map(str::to_owned))
                .collect();
            config.paths.push((pattern.clone(), targets));
        }
        let known = self.configs.entry(at).or_default();
        if known.paths.is_empty() {
            *known = config;
        }
    }
}

impl Config {
    fn find(&self, path: &str, modules: &Modules) -> Option<u32> {
        for (pattern, targets) in &self.paths {
            let middle = match pattern.split_once('*') {
                Some((before, after)) => path
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after)),
                None => (pattern == path).then_some(""),
            };
            let Some(middle) = middle else { continue };
            for target in targets {
                let key = join(&self.base, target.replace('*', middle).as_bytes())?;
                let found = Rule::file(modules, &key);
                if found != NOWHERE {
                    return Some(found);
                }
            }
        }
        if self.has_base {
            let found = Rule::file(modules, &join(&self.base, path.as_bytes())?);
            return (found != NOWHERE).then_some(found);
        }
        None
    }
}

/// Entries point at what is built; the source of it most often stands in `src`.
fn source_of(key: &[u8]) -> Vec<Vec<u8>> {
    let mut found = vec![key.to_vec()];
    for built in ["dist/", "lib/", "build/", "out/", "esm/", "cjs/"] {
        let text = String::from_utf8_lossy(key);
        if let Some(at) = text.find(built) {
            let source = format!("{}src/{}", &text[..at], &text[at + built.len()..]);
            found.push(source.clone().into_bytes());
            let stem = source
                .rsplit_once('.')
                .map_or(source.as_str(), |(stem, _)| stem);
            found.push(stem.trim_end_matches(".d").as_bytes().to_vec());
        }
    }
    found
}

fn exports(
    value: Option<&serde_json::Value>,
    subpath: &str,
    entries: &mut Vec<(String, String)>,
    depth: u32,
) {
    match value {
        Some(serde_json::Value::String(entry)) => {
            entries.push((subpath.to_owned(), entry.clone()));
        }
        Some(serde_json::Value::Object(map)) if depth < 8 => {
            for (key, inner) in map {
                let next = if key.starts_with('.') { key } else { subpath };
                exports(Some(inner), next, entries, depth + 1);
            }
        }
        Some(serde_json::Value::Array(list)) if depth < 8 => {
            for inner in list {
                exports(Some(inner), subpath, entries, depth + 1);
            }
        }
        _ => {}
    }
}

/// JSON with comments and trailing commas, as `tsconfig.json` is written.
fn strip_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            '\\' if quoted => {
                out.push(c);
                out.extend(rest.next());
            }
            '/' if !quoted && rest.peek() == Some(&'/') => {
                for c in rest.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
            }
            '/' if !quoted && rest.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in rest.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '}' | ']' if !quoted => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
