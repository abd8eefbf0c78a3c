//! What stands around happy on this machine, for `happy doctor`: hooks,
//! settings, the model's endpoint, completions, other versions.

use std::path::{Path, PathBuf};

use super::context::{Context, variable};
use super::doctor::tell;
use super::machine::Machine;
use super::settings;
use crate::git::Repo;
use crate::runner::Host as _;

/// Which hooks are in.
pub(super) fn hooks(context: &Context, repo: &Repo) {
    let hint = || Some("`happy hook install` puts them in".to_owned());
    match super::hook::summary(repo) {
        Ok((0, _, _)) => tell(
            context,
            "hooks",
            true,
            "none, so questions index what they need".to_owned(),
            hint(),
        ),
        Ok((_, _, true)) => tell(
            context,
            "hooks",
            false,
            "another version of happy wrote them".to_owned(),
            Some("`happy hook install` brings them up to date".to_owned()),
        ),
        Ok((present, all, _)) if present < all => {
            tell(
                context,
                "hooks",
                true,
                format!("{present} of {all} are in"),
                hint(),
            );
        }
        Ok((_, all, _)) => tell(context, "hooks", true, format!("all {all} are in"), None),
        Err(error) => {
            let hint = error.hint();
            tell(context, "hooks", false, error.to_string(), hint);
        }
    }
}

/// Whether the settings make sense, and whether one waits to be trusted.
pub(super) fn settings(context: &Context) {
    let config = match settings::load(context) {
        Ok(config) => config,
        Err(error) => {
            let hint = error.hint();
            return tell(context, "configuration", false, error.to_string(), hint);
        }
    };
    if let Some(problem) = config.problems.first() {
        let hint = Some("`happy config --show-origin` lists what is read".to_owned());
        return tell(context, "configuration", false, problem.clone(), hint);
    }
    if config.untrusted("test.command").is_some() {
        let detail = "the repository sets `test.command`, which is not trusted".to_owned();
        let hint = Some(
            "look at it with `happy config --show-origin`, then run `happy config trust`"
                .to_owned(),
        );
        return tell(context, "configuration", false, detail, hint);
    }
    let given = config
        .values()
        .iter()
        .filter(|value| value.refused.is_none());
    let count = given.count();
    tell(
        context,
        "configuration",
        true,
        format!("{count} settings are not the default"),
        None,
    );
}

/// What the model's settings name. Nothing is asked, and no key is shown.
pub(super) fn model(context: &Context) {
    let Ok(config) = settings::load(context) else {
        return;
    };
    let read = |name: &str| config.variable(name, &settings::environment);
    let name = read("HAPPY_MODEL");
    let place = read("HAPPY_BASE_URL");
    let Some(name) = name else {
        let hint = Some("set HAPPY_MODEL, or `git config --global happy.model.name`".to_owned());
        return tell(
            context,
            "model",
            true,
            "none is named; only `happy agent` needs one".to_owned(),
            hint,
        );
    };
    let key = ["HAPPY_API_KEY", "HAPPY_KEY_VARIABLE", "HAPPY_KEY_COMMAND"]
        .iter()
        .any(|name| read(name).is_some());
    let place = place.map_or_else(|| "its usual place".to_owned(), |place| host(&place));
    let key = if key { "with a key" } else { "without a key" };
    tell(
        context,
        "model",
        true,
        format!("`{name}` at {place}, {key}"),
        None,
    );
}

/// A place without what may be secret in it: the user's part and the query.
fn host(place: &str) -> String {
    let (scheme, rest) = place.split_once("://").unwrap_or(("", place));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest
        .split_once('/')
        .map_or((rest, ""), |(host, path)| (host, path));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{authority}/{path}")
}

/// Whether the user's shell knows the completions, as far as files show.
pub(super) fn completions(context: &Context) {
    let shell = variable("SHELL").map(PathBuf::from);
    let shell = shell.as_deref().and_then(Path::file_name);
    let shell = shell
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let data = variable("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let config = variable("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    let system = Path::new("/usr/share");
    let (places, install) = match shell.as_str() {
        "bash" => (
            vec![
                data.join("bash-completion/completions/happy"),
                system.join("bash-completion/completions/happy"),
            ],
            "happy util completions bash > ~/.local/share/bash-completion/completions/happy",
        ),
        "fish" => (
            vec![
                config.join("fish/completions/happy.fish"),
                system.join("fish/vendor_completions.d/happy.fish"),
            ],
            "happy util completions fish > ~/.config/fish/completions/happy.fish",
        ),
        "zsh" => (
            vec![
                home.join(".zfunc/_happy"),
                system.join("zsh/site-functions/_happy"),
                system.join("zsh/vendor-completions/_happy"),
                "/usr/local/share/zsh/site-functions/_happy".into(),
            ],
            "happy util completions zsh > ~/.zfunc/_happy, with ~/.zfunc in $fpath",
        ),
        _ => {
            let detail = "there are some for bash, zsh and fish".to_owned();
            return tell(context, "completions", true, detail, None);
        }
    };
    match places.iter().find(|place| place.is_file()) {
        Some(place) => tell(
            context,
            "completions",
            true,
            format!("{shell}: {}", place.display()),
            None,
        ),
        None => tell(
            context,
            "completions",
            true,
            format!("{shell}: not in any of the usual folders"),
            Some(format!("`{install}`")),
        ),
    }
}

/// Whether another happy, which hooks and agents would call, is an older one.
pub(super) fn versions(context: &Context) {
    let ours = env!("CARGO_PKG_VERSION");
    let nowhere = Path::new("/nonexistent");
    let machine = Machine { project: nowhere };
    let Some(program) = machine.find("happy") else {
        let hint = Some("put the folder of `happy` on PATH: hooks look for it there".to_owned());
        return tell(
            context,
            "version",
            false,
            format!("this is {ours}; none is on PATH"),
            hint,
        );
    };
    let said = machine.ask(&program, &["--version"]).unwrap_or_default();
    let theirs = said.trim().rsplit(' ').next().unwrap_or_default();
    let place = program.display();
    if theirs == ours {
        tell(
            context,
            "version",
            true,
            format!("{ours}, and so is `{place}`"),
            None,
        );
    } else {
        let hint = Some(format!(
            "install the same version as `{place}`, or put the newer one first"
        ));
        tell(
            context,
            "version",
            false,
            format!("this is {ours}, `{place}` is `{theirs}`"),
            hint,
        );
    }
}
