//! Paths that decide what runs elsewhere: changed only where the caller allows it.

use std::sync::OnceLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::RepoPath;

/// Files that start programs (hooks, continuous integration), steer Git, or pin
/// what is downloaded. Each is matched in any folder and in any case.
const PROTECTED: &[&str] = &[
    // Continuous integration.
    ".github/workflows/**",
    ".github/actions/**",
    ".gitlab-ci.yml",
    ".gitlab/**",
    ".circleci/**",
    ".buildkite/**",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.{yml,yaml}",
    ".woodpecker/**",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    // Hooks.
    ".husky/**",
    ".githooks/**",
    ".pre-commit-config.yaml",
    "lefthook.{yml,yaml,toml}",
    // Git itself.
    ".gitmodules",
    ".gitattributes",
    ".gitconfig",
    // Lockfiles.
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.{lock,lockb}",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "gradle.lockfile",
    "flake.lock",
];

/// The patterns above, compiled once: that takes longer than planning a small patch.
fn built_in() -> Result<&'static GlobSet, globset::Error> {
    static BUILT_IN: OnceLock<Result<GlobSet, globset::Error>> = OnceLock::new();
    let compiled = BUILT_IN.get_or_init(|| {
        let mut set = GlobSetBuilder::new();
        for pattern in PROTECTED {
            let anywhere = format!("**/{pattern}");
            set.add(GlobBuilder::new(&anywhere).case_insensitive(true).build()?);
        }
        set.build()
    });
    compiled.as_ref().map_err(Clone::clone)
}

/// The protected paths, less those that the caller allows.
#[derive(Clone, Debug)]
pub struct Protected {
    protected: &'static GlobSet,
    allowed: GlobSet,
}

impl Protected {
    /// The built-in list, less the paths that match one of `allow`.
    pub fn new<S: AsRef<str>>(allow: &[S]) -> Result<Self, globset::Error> {
        let mut allowed = GlobSetBuilder::new();
        for pattern in allow {
            let glob = GlobBuilder::new(pattern.as_ref())
                .literal_separator(true)
                .build()?;
            allowed.add(glob);
        }
        Ok(Self {
            protected: built_in()?,
            allowed: allowed.build()?,
        })
    }

    /// Whether a change of this path is to be refused.
    pub fn covers(&self, path: &RepoPath) -> bool {
        self.protected.is_match(path.to_path()) && !self.allows(path)
    }

    /// Whether the caller allows the path by a pattern.
    pub fn allows(&self, path: &RepoPath) -> bool {
        self.allowed.is_match(path.to_path())
    }
}
