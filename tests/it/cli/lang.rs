//! `happy lang`: languages that are added, listed, checked and removed.

use super::World;

#[test]
fn the_built_in_languages_are_listed_in_every_build() {
    let said = World::new().sh("happy lang list").ok();
    let records = said.lines();
    let python = records.iter().find(|record| record["name"] == "python");
    let python = python.expect("Python is built in");
    assert_eq!(python["source"], "builtin");
    assert!(python["abi"].as_u64().is_some_and(|abi| abi >= 13));
    assert!(records.iter().all(|record| record["type"] == "language"));
    assert_eq!(records.len(), happy::lang::LANGUAGES.len());
}

#[test]
fn a_language_that_was_never_added_cannot_be_removed() {
    let world = World::new();
    world
        .sh("happy lang remove cobol")
        .fails(1, "no language `cobol`");
    world.sh("happy lang remove python").fails(1, "built in");
}

#[cfg(not(feature = "wasm"))]
#[test]
fn a_build_without_wasm_says_so() {
    let world = World::new();
    world
        .sh("mkdir x && happy lang add x")
        .fails(3, "no WASM support");
    world.sh("happy lang check x").fails(3, "no WASM support");
    // What another build added is shown, and why it is not used.
    world.sh("mkdir -p ~/.config/happy/languages/ruby && echo 'x' > ~/.config/happy/languages/ruby/roles.toml").ok();
    let said = world.sh("happy lang list | tail -1").ok();
    assert!(said.stdout.contains("problem"), "{said:?}");
}

#[cfg(feature = "wasm")]
mod added {
    use super::super::World;
    use crate::wasm::{PHP, RUBY, grammar, roles};

    const UTIL: &str = "def assist(x)\n  x\nend\n";
    const MAIN: &str = "require_relative \"util\"\n\ndef run\n  assist(1)\nend\n";

    /// A world where `$WASM` and `$ROLES` are those of a language.
    fn with(name: &str, file: &str, files: &[(&str, &str)]) -> Option<World> {
        let wasm = grammar(file)?;
        let world = if files.is_empty() {
            World::new()
        } else {
            World::with(files)
        };
        let folder = world.work().join(name);
        std::fs::create_dir(&folder).expect("a folder can be made");
        std::fs::copy(wasm, folder.join("grammar.wasm")).expect("it is copied");
        std::fs::copy(roles(name), folder.join("roles.toml")).expect("it is copied");
        Some(world)
    }

    fn ruby() -> Option<World> {
        with("ruby", RUBY, &[("main.rb", MAIN), ("util.rb", UTIL)])
    }

    #[test]
    fn an_added_language_is_there_at_once_and_gone_when_removed() {
        let Some(world) = ruby() else { return };
        world.repo("happy callers assist").fails(1, "no symbol");
        let said = world.sh("happy lang add ruby").ok();
        assert_eq!(said.lines()[0]["change"], "added");
        let callers = world.repo("happy callers assist").ok();
        assert_eq!(callers.symbols(), ["main.rb::run"]);
        let listed = world.sh("happy lang list | tail -1").ok();
        let record = &listed.lines()[0];
        assert_eq!(
            (&record["name"], &record["source"]),
            (&"ruby".into(), &"wasm".into())
        );
        assert_eq!(record["hash"].as_str().map(str::len), Some(32));
        assert!(record.get("problem").is_none(), "{record}");
        world.repo("happy symbols --lang ruby assist").ok();

        world.sh("happy lang remove ruby").ok();
        let said = world.repo("happy symbols");
        assert!(
            said.stderr.contains("`ruby`, which is not there now"),
            "{said:?}"
        );
        world.repo("happy callers assist").fails(1, "no symbol");
        let left = world.sh("ls -A ~/.config/happy/languages").ok();
        assert_eq!(left.stdout, "", "nothing is left");
    }

    #[test]
    fn both_files_can_be_named() {
        let Some(world) = ruby() else { return };
        world
            .sh("mv ruby/grammar.wasm ruby/tree-sitter-ruby.wasm")
            .ok();
        world
            .sh("happy lang add ruby/tree-sitter-ruby.wasm ruby/roles.toml")
            .ok();
        world.repo("happy callers assist").ok();
        world.sh("happy lang add ruby").fails(5, "grammar.wasm");
    }

    #[test]
    fn what_another_language_has_is_taken_only_when_asked() {
        let Some(world) = ruby() else { return };
        world.sh("happy lang add ruby").ok();
        world.sh("happy lang add ruby").fails(2, "is there already");
        let said = world.sh("happy lang add --replace ruby").ok();
        assert_eq!(said.lines()[0]["change"], "replaced");
        world
            .sh("sed -i 's/name = \"ruby\"/name = \"python\"\\nsymbol = \"ruby\"/' ruby/roles.toml")
            .ok();
        world
            .sh("happy lang add ruby")
            .fails(2, "`python` is built in");
        world.sh("sed -i 's/^name = \"python\"/name = \"mine\"/; s/\"rake\"/\"py\"/' ruby/roles.toml").ok();
        world
            .sh("happy lang add ruby")
            .fails(2, "`py` are in `python`");
    }

    #[test]
    fn roles_that_the_grammar_does_not_have_are_named_with_what_may_be_meant() {
        let Some(world) = ruby() else { return };
        world.sh("sed -i 's/^singleton_method =/singleton_methd =/; s/superclass = \"bases\"/superclas = \"bases\"/' ruby/roles.toml").ok();
        let said = world.sh("happy lang check ruby");
        assert_eq!(said.code, 1, "{said:?}");
        assert!(
            said.stdout.contains("did you mean `singleton_method`?"),
            "{said:?}"
        );
        assert!(
            said.stdout.contains("did you mean `superclass`?"),
            "{said:?}"
        );
        world.sh("happy lang add ruby").fails(1, "singleton_methd");
        world.sh("test ! -e ~/.config/happy/languages/ruby").ok();
    }

    #[test]
    fn a_check_says_what_it_looked_at() {
        let Some(world) = ruby() else { return };
        let said = world.sh("happy lang check ruby").ok();
        let checks: Vec<_> = said
            .lines()
            .iter()
            .filter(|record| record["type"] == "language_check")
            .map(|record| (record["check"].clone(), record["works"].clone()))
            .collect();
        let expected = ["files", "grammar", "roles", "sample"];
        assert_eq!(checks, expected.map(|name| (name.into(), true.into())));
        let text = world.sh("happy lang check ruby --format text").ok();
        assert!(text.stdout.contains("definitions"), "{text:?}");
    }

    #[test]
    fn a_grammar_that_was_changed_is_not_run() {
        let Some(world) = ruby() else { return };
        world.sh("happy lang add ruby").ok();
        world
            .sh("printf x >> ~/.config/happy/languages/ruby/grammar.wasm")
            .ok();
        let said = world.repo("happy symbols --lang ruby");
        assert!(
            said.stderr.contains("2 files in ruby are left out"),
            "{said:?}"
        );
        assert!(
            said.stderr.contains("another than the one that was added"),
            "{said:?}"
        );
        let coverage = world.repo("happy status --coverage").ok();
        assert!(
            coverage
                .lines()
                .iter()
                .all(|record| record["reason"] == "grammar")
        );
        world.sh("happy lang check ruby").fails(1, "does not pass");
        // Adding it again mends it, also where the index knows of the gap.
        world.sh("happy lang add --replace ruby").ok();
        world.repo("happy callers assist").ok();
    }

    #[test]
    fn facts_of_other_roles_are_other_facts() {
        let Some(world) = ruby() else { return };
        world.sh("happy lang add ruby").ok();
        world.repo("happy callers assist").ok();
        world
            .sh("sed -i '/^call = /d' ~/.config/happy/languages/ruby/roles.toml")
            .ok();
        world.repo("happy callers assist").fails(1, "");
    }

    #[test]
    fn damage_anywhere_is_an_error_and_never_a_panic() {
        let Some(world) = ruby() else { return };
        let whole = std::fs::read(world.work().join("ruby/grammar.wasm")).expect("it is there");
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..8 {
            let mut bytes = whole.clone();
            for _ in 0..=round {
                let at = random.usize(..bytes.len());
                bytes[at] ^= 1 << random.u8(..8);
            }
            if round % 4 == 3 {
                bytes.truncate(random.usize(..bytes.len()));
            }
            std::fs::write(world.work().join("ruby/grammar.wasm"), bytes).expect("it is written");
            let said = world.sh("happy lang add --replace ruby");
            assert!([0, 1].contains(&said.code), "{said:?}");
            assert!(!said.stderr.contains("panicked"), "{said:?}");
        }
    }

    #[test]
    fn what_is_no_grammar_is_refused_with_the_reason() {
        let Some(world) = ruby() else { return };
        let check = |script: &str, words: &str| {
            let said = world.sh(&format!("{script} && happy lang check ruby --format text"));
            assert_eq!(said.code, 1, "{said:?}");
            assert!(said.stdout.contains(words), "no `{words}` in {said:?}");
        };
        check(
            "sed -i 's/^name = .*/name = \"Ru by\"/' ruby/roles.toml",
            "is no name",
        );
        check(
            "echo '[node]' > ruby/roles.toml",
            "`[language]`: is missing",
        );
        check("echo 'node = 3' > ruby/roles.toml", "cannot be read");
        world.sh("cp $ROOT/work/ruby/grammar.wasm good.wasm").ok();
        std::fs::copy(roles("ruby"), world.work().join("ruby/roles.toml")).expect("it is copied");
        check("head -c 1000 good.wasm > ruby/grammar.wasm", "cut off");
        check("echo hello > ruby/grammar.wasm", "no WebAssembly module");
        check("truncate -s 40M ruby/grammar.wasm", "larger than 32 MiB");
        check(
            "cp good.wasm ruby/grammar.wasm && sed -i '0,/name = \"ruby\"/s//name = \"ruby\"\\nsymbol = \"rubin\"/' ruby/roles.toml",
            "set `symbol = \"ruby\"`",
        );
    }

    #[test]
    fn a_changed_file_alone_is_parsed_again() {
        let Some(world) = ruby() else { return };
        world.sh("happy lang add ruby").ok();
        world.repo("happy callers assist").ok();
        world.write(
            "main.rb",
            b"require_relative \"util\"\n\ndef other\n  assist(2)\nend\n",
        );
        let callers = world.repo("happy callers assist").ok();
        assert_eq!(callers.symbols(), ["main.rb::other"]);
    }

    #[test]
    fn two_added_languages_stand_beside_each_other() {
        let Some(world) = ruby() else { return };
        let Some(wasm) = grammar(PHP) else { return };
        let folder = world.work().join("php");
        std::fs::create_dir(&folder).expect("a folder can be made");
        std::fs::copy(wasm, folder.join("grammar.wasm")).expect("it is copied");
        std::fs::copy(roles("php"), folder.join("roles.toml")).expect("it is copied");
        world.write(
            "util.php",
            b"<?php\nfunction assist($x) { return $x; }\nfunction go() { assist(1); }\n",
        );
        world.write(
            "util.py",
            b"def assist(x):\n    return x\n\n\ndef go():\n    assist(1)\n",
        );
        world.sh("happy lang add ruby && happy lang add php").ok();
        let of = |symbol: &str| {
            world
                .repo(&format!("happy callers {symbol}"))
                .ok()
                .symbols()
        };
        assert_eq!(of("util.rb::assist"), ["main.rb::run"]);
        assert_eq!(of("util.php::assist"), ["util.php::go"]);
        assert_eq!(of("util.py::assist"), ["util.py::go"]);
    }

    #[test]
    fn roles_that_do_not_fit_together_stop_nothing() {
        let Some(world) = ruby() else { return };
        let Some(wasm) = grammar(PHP) else { return };
        let folder = world.work().join("php");
        std::fs::create_dir(&folder).expect("a folder can be made");
        std::fs::copy(wasm, folder.join("grammar.wasm")).expect("it is copied");
        let text = std::fs::read_to_string(roles("php")).expect("it is there");
        let odd = text
            .replace(
                "namespace_name = { role = \"member\", flags = [\"positional\"] }",
                "namespace_name = { role = \"import-item\" }",
            )
            .replace(
                "simple_parameter = { role = \"param\"",
                "simple_parameter = { role = \"spread\"",
            )
            .replace(
                "compound_statement = { role = \"pass\"",
                "compound_statement = { role = \"namespace\"",
            )
            .replace(
                "argument = { role = \"pass\"",
                "argument = { role = \"type-param\"",
            );
        assert!(odd != text);
        std::fs::write(folder.join("roles.toml"), odd).expect("it is written");
        world.write(
            "odd.php",
            b"<?php\nfunction f($a, &...$b) { A\\B\\C::d($a); return $b; }\nf(1);\n",
        );
        world.sh("happy lang add ruby && happy lang add php").ok();
        let said = world.repo("happy callers util.rb::assist").ok();
        assert_eq!(said.symbols(), ["main.rb::run"]);
        assert!(!said.stderr.contains("panicked"), "{said:?}");
    }

    #[test]
    fn a_folder_in_a_repository_is_no_added_language() {
        let Some(world) = ruby() else { return };
        world
            .repo("mkdir -p .config/happy/languages && cp -r ../ruby .config/happy/languages/")
            .ok();
        world
            .repo("XDG_CONFIG_HOME=.config happy callers assist")
            .fails(1, "no symbol");
    }
}
