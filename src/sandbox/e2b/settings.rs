//! Where the service is, and with which key. The names of the variables are
//! those of the service's own libraries.

use std::sync::OnceLock;

use crate::http::{Secret, is_open_to_others};

/// How the service is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key; it goes to the control plane alone, never into a machine.
    pub key: Secret,
    /// The control plane's address.
    pub api_url: String,
    /// The address of every machine's agent, in the place of the one that
    /// follows from the machine's name.
    pub machine_url: Option<String>,
    /// The domain of the service.
    pub domain: String,
    /// Which template machines are made from.
    pub template: String,
}

/// The service's domain, unless something else is said.
const DOMAIN: &str = "e2b.app";
/// The port of the agent in a machine.
pub(super) const PORT: u16 = 49983;
/// Domains under which one address serves all machines and tells them apart
/// by a header.
const SHARED: [&str; 3] = ["e2b.app", "e2b.dev", "e2b.pro"];

/// What a command printed as the key, if there is such a command.
pub type KeyCommand = fn(&str) -> Result<String, String>;

static KEY_COMMAND: OnceLock<KeyCommand> = OnceLock::new();

/// Says how a key command is run, for the variable `HAPPY_E2B_KEY_COMMAND`.
/// The first call counts.
pub fn set_key_command(run: KeyCommand) {
    let _ = KEY_COMMAND.set(run);
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}

impl Settings {
    /// For the service itself.
    pub fn new(key: Secret) -> Self {
        Self {
            key,
            api_url: format!("https://api.{DOMAIN}"),
            machine_url: None,
            domain: DOMAIN.to_owned(),
            template: "base".to_owned(),
        }
    }

    /// Whether the environment names a key or a command for one; if not, what
    /// is missing. Nothing is run.
    pub(super) fn are_there() -> bool {
        variable("E2B_API_KEY").is_some() || variable("HAPPY_E2B_KEY_COMMAND").is_some()
    }

    /// As the environment says. This may run the key command.
    pub(super) fn from_environment() -> Result<Self, String> {
        let mut settings = Self::new(key()?);
        if let Some(domain) = variable("E2B_DOMAIN") {
            if !is_domain(&domain) {
                return Err(format!("`E2B_DOMAIN` is no domain: `{domain}`"));
            }
            settings.api_url = format!("https://api.{domain}");
            settings.domain = domain;
        }
        if variable("E2B_DEBUG").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            "http://localhost:3000".clone_into(&mut settings.api_url);
            settings.machine_url = Some(format!("http://localhost:{PORT}"));
        }
        if let Some(url) = variable("E2B_API_URL") {
            settings.api_url = url;
        }
        settings.machine_url = variable("E2B_SANDBOX_URL").or(settings.machine_url);
        if let Some(template) = variable("HAPPY_E2B_TEMPLATE") {
            settings.template = template;
        }
        settings.check()?;
        Ok(settings)
    }

    /// Refuses to send a key, or code, where others can read it.
    pub(super) fn check(&self) -> Result<(), String> {
        let addresses = [Some(&self.api_url), self.machine_url.as_ref()];
        for url in addresses.into_iter().flatten() {
            if is_open_to_others(url) {
                return Err(format!(
                    "`{url}` would carry the key and the code in plain text"
                ));
            }
        }
        Ok(())
    }

    /// The agent's address in the machine `id`, which the control plane says
    /// is under `domain`.
    pub(super) fn machine(&self, id: &str, domain: Option<&str>) -> Result<String, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 128 || !id.chars().all(plain) {
            return Err("the service gave a machine a name that is none".to_owned());
        }
        if let Some(url) = &self.machine_url {
            return Ok(url.trim_end_matches('/').to_owned());
        }
        let domain = domain.unwrap_or(&self.domain);
        if !is_domain(domain) {
            return Err("the service named a domain that is none".to_owned());
        }
        Ok(if SHARED.contains(&domain) {
            format!("https://sandbox.{domain}")
        } else {
            format!("https://{PORT}-{id}.{domain}")
        })
    }
}

fn is_domain(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 254
        && !text.starts_with(['.', '-'])
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
}

fn key() -> Result<Secret, String> {
    if let Some(key) = variable("E2B_API_KEY") {
        return Ok(Secret::new(key));
    }
    let Some(command) = variable("HAPPY_E2B_KEY_COMMAND") else {
        return Err("there is no key".to_owned());
    };
    let run = KEY_COMMAND
        .get()
        .ok_or("nothing here can run the key command")?;
    let printed = run(&command).map_err(|why| format!("the key command failed: {why}"))?;
    let key = printed.trim();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err("the key command did not print one key".to_owned());
    }
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new(Secret::new("e2b_key"))
    }

    #[test]
    fn a_machine_is_addressed_as_the_services_own_libraries_do() {
        let mut settings = settings();
        let at = |settings: &Settings, domain| settings.machine("i62mff4a", domain);
        let shared = "https://sandbox.e2b.app".to_owned();
        assert_eq!(at(&settings, None), Ok(shared.clone()));
        assert_eq!(at(&settings, Some("e2b.app")), Ok(shared));
        let own = "https://49983-i62mff4a.e2b.example.org".to_owned();
        assert_eq!(at(&settings, Some("e2b.example.org")), Ok(own));
        settings.machine_url = Some("http://localhost:49983/".to_owned());
        let local = "http://localhost:49983".to_owned();
        assert_eq!(at(&settings, Some("e2b.app")), Ok(local));
    }

    #[test]
    fn a_service_cannot_send_us_elsewhere_by_a_name() {
        for id in ["", "../x", "a.evil.org/", "a b", "ü"] {
            assert!(settings().machine(id, None).is_err(), "{id}");
        }
        for domain in ["", "evil.org/x", "evil.org:80", "a@b", "-x", ".x"] {
            assert!(settings().machine("abc", Some(domain)).is_err(), "{domain}");
        }
    }

    #[test]
    fn nothing_goes_to_another_machine_in_plain_text() {
        let mut settings = settings();
        settings.api_url = "http://127.0.0.1:1".to_owned();
        assert_eq!(settings.check(), Ok(()));
        settings.machine_url = Some("http://10.0.0.1".to_owned());
        assert!(settings.check().is_err());
        settings.machine_url = None;
        settings.api_url = "http://api.e2b.app".to_owned();
        assert!(settings.check().is_err());
    }
}
