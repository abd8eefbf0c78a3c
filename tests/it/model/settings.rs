//! Which model, where, with what key.

use std::collections::HashMap;

use happy::model::{Error, Price, Prices, Secret, Settings, WireKind, connect, key_command_words};

fn read(pairs: &[(&str, &str)], sub: bool) -> Result<Settings, Error> {
    let pairs: HashMap<_, _> = pairs.iter().copied().collect();
    let lookup = |name: &str| pairs.get(name).map(|value| (*value).to_owned());
    let run = |words: &[String]| match words[0].as_str() {
        "pass" => Ok(format!("key-of-{}\n", words[1])),
        "two" => Ok("a b".to_owned()),
        other => Err(format!("`{other}` is not there")),
    };
    let prices = Prices::built_in();
    if sub {
        Settings::sub(&lookup, &run, &prices)
    } else {
        Settings::root(&lookup, &run, &prices)
    }
}

fn root(pairs: &[(&str, &str)]) -> Settings {
    read(pairs, false).expect("the settings are whole")
}

fn refusal(pairs: &[(&str, &str)]) -> String {
    read(pairs, false)
        .expect_err("something is missing")
        .to_string()
}

#[test]
fn a_preset_brings_wire_address_and_customary_key() {
    let found = root(&[
        ("HAPPY_MODEL", "claude-sonnet-4-5"),
        ("ANTHROPIC_API_KEY", "k-123456"),
    ]);
    assert_eq!(found.wire, WireKind::Messages);
    assert_eq!(found.base_url, "https://api.anthropic.com/v1");
    assert_eq!(found.key, Some(Secret::new("k-123456")));
    assert!(found.price.is_some());

    let found = root(&[("HAPPY_MODEL", "ollama:qwen3:8b")]);
    assert_eq!((found.model.as_str(), found.key), ("qwen3:8b", None));
    assert_eq!(found.price, Some(Price::FREE));

    let found = root(&[
        ("HAPPY_MODEL", "openai:gpt-5-mini"),
        ("OPENAI_API_KEY", "k"),
        ("HAPPY_WIRE", "chat_completions"),
    ]);
    assert_eq!(found.wire, WireKind::ChatCompletions);
}

#[test]
fn a_customary_key_goes_to_no_other_server() {
    let found = root(&[
        ("HAPPY_MODEL", "gpt-5-mini"),
        ("HAPPY_BASE_URL", "https://models.example/v1/"),
        ("OPENAI_API_KEY", "k-123456"),
    ]);
    assert_eq!(found.key, None);
    assert_eq!(found.base_url, "https://models.example/v1");
    assert_eq!(found.wire, WireKind::ChatCompletions);
    let found = root(&[
        ("HAPPY_MODEL", "any/thing"),
        ("HAPPY_BASE_URL", "https://models.example/v1"),
        ("HAPPY_KEY_VARIABLE", "MY_KEY"),
        ("MY_KEY", "mine-123"),
    ]);
    assert_eq!(found.key, Some(Secret::new("mine-123")));
}

#[test]
fn a_key_command_is_words_and_no_shell_reads_it() {
    let local = [
        ("HAPPY_MODEL", "x"),
        ("HAPPY_BASE_URL", "http://localhost:1/v1"),
    ];
    let with = |command| [local[0], local[1], ("HAPPY_KEY_COMMAND", command)];
    assert_eq!(
        root(&with("pass openai")).key,
        Some(Secret::new("key-of-openai"))
    );
    assert_eq!(
        root(&with("[\"pass\", \"ab\"]")).key,
        Some(Secret::new("key-of-ab"))
    );
    for (command, what) in [
        ("pass $(id)", "no shell runs the key command, so `$`"),
        ("pass 'my key'", "no shell runs the key command, so `'`"),
        ("pass x | head", "no shell runs the key command, so `|`"),
        ("[1]", "is no list of texts"),
        ("[]", "names no program"),
        ("two", "printed several words"),
        ("gone", "failed: `gone` is not there"),
    ] {
        let said = refusal(&with(command));
        assert!(said.contains(what), "{command}: {said}");
    }
    assert_eq!(
        key_command_words(" [\"a b\", \"$c\"] ").expect("a list"),
        ["a b", "$c"]
    );
}

#[test]
fn what_is_missing_is_named_with_what_to_set() {
    assert!(refusal(&[]).contains("set `HAPPY_MODEL`"));
    assert!(refusal(&[("HAPPY_MODEL", "mystery")]).contains("set `HAPPY_BASE_URL`"));
    assert!(refusal(&[("HAPPY_MODEL", "gpt-5")]).contains("set `OPENAI_API_KEY`"));
    assert!(
        refusal(&[("HAPPY_MODEL", "ollama:x"), ("HAPPY_WIRE", "morse")])
            .contains("unknown wire `morse`")
    );
    assert!(
        refusal(&[("HAPPY_MODEL", "ollama:x"), ("HAPPY_KEY_VARIABLE", "NO")])
            .contains("`NO`, which is not set")
    );
}

#[test]
fn sub_agents_have_the_root_model_or_their_own() {
    let pairs = [
        ("HAPPY_MODEL", "openai:gpt-5"),
        ("OPENAI_API_KEY", "k-1"),
        ("ANTHROPIC_API_KEY", "k-2"),
    ];
    let sub = |more: &[(&'static str, &'static str)]| {
        read(&[&pairs, more].concat(), true).expect("the settings are whole")
    };
    assert_eq!(sub(&[]), root(&pairs));
    let same = sub(&[("HAPPY_SUB_MODEL", "gpt-5-nano")]);
    assert_eq!(
        (same.model.as_str(), same.key),
        ("gpt-5-nano", Some(Secret::new("k-1")))
    );
    let bare = sub(&[("HAPPY_SUB_MODEL", "house-model")]);
    assert_eq!(
        (bare.model.as_str(), bare.base_url.as_str()),
        ("house-model", "https://api.openai.com/v1")
    );
    let other = sub(&[("HAPPY_SUB_MODEL", "anthropic:claude-haiku-4-5")]);
    assert_eq!(
        (other.wire, other.key),
        (WireKind::Messages, Some(Secret::new("k-2")))
    );
    let own = sub(&[
        ("HAPPY_SUB_MODEL", "tiny"),
        ("HAPPY_SUB_BASE_URL", "http://localhost:9/v1"),
    ]);
    assert_eq!(
        (own.base_url.as_str(), own.key),
        ("http://localhost:9/v1", None)
    );
}

#[test]
fn a_key_does_not_go_over_plain_http_to_another_machine_unasked() {
    let keyed = |url: &str, allow| Settings {
        key: Some(Secret::new("k-123456")),
        allow_plain_http: allow,
        ..Settings::new(WireKind::ChatCompletions, url, "m")
    };
    let error = connect(&keyed("http://models.example/v1", false))
        .err()
        .expect("refused");
    assert!(error.to_string().contains("plain HTTP"), "{error}");
    assert!(connect(&keyed("http://models.example/v1", true)).is_ok());
    assert!(connect(&keyed("http://localhost:8080/v1", false)).is_ok());
    assert!(connect(&keyed("http://[::1]:8080/v1", false)).is_ok());
}

#[test]
fn an_address_that_is_none_is_refused_without_showing_its_password() {
    let login = format!("https://user:{}@host/v1", "hunter2");
    for url in [
        "",
        "nonsense",
        "ftp://host/v1",
        "file:///etc/passwd",
        &login,
    ] {
        let settings = Settings::new(WireKind::ChatCompletions, url, "m");
        let error = connect(&settings).err().expect("refused");
        assert!(
            matches!(error, Error::NotConfigured { .. }),
            "{url}: {error:?}"
        );
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_key_with_a_line_break_is_refused_before_it_is_sent() {
    let settings = Settings {
        key: Some(Secret::new("abc\r\nX-Evil: 1")),
        ..super::settings(WireKind::ChatCompletions, "http://localhost:1/v1")
    };
    let error = super::complete(&settings, &super::question("x"))
        .0
        .expect_err("no key has that");
    assert!(
        error.to_string().contains("is there a line break in it?"),
        "{error}"
    );
}
