//! Files and names that break tools: each is told in `status --coverage`, and
//! none spoils the others.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::World;

fn reason(world: &World, path: &str) -> String {
    let said = world.repo("happy status --coverage");
    let found = said.lines().into_iter().find(|line| line["path"] == path);
    found.map_or("parsed".to_owned(), |line| {
        line["reason"].as_str().unwrap_or_default().to_owned()
    })
}

#[track_caller]
fn left_out(world: &World, path: &str, bytes: &[u8], expected: &str) {
    world.write(path, bytes);
    let said = world.repo("happy callers helper").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER, "{path}: {said:?}");
    assert_eq!(reason(world, path), expected, "{path}");
}

#[test]
fn what_no_parser_should_see_is_left_out_with_the_reason() {
    let world = World::small();
    let minified = "function f(){return 1};".repeat(80_000);
    left_out(&world, "min.js", minified.as_bytes(), "minified");
    let line = "function f(){return 1};".repeat(450_000);
    left_out(&world, "line.js", line.as_bytes(), "too_large");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    left_out(&world, "lfs.py", pointer.as_bytes(), "lfs_pointer");
    let wide: Vec<u8> = "\u{FEFF}def wide(): pass\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    left_out(&world, "wide.py", &wide, "binary");
    let mut seed = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    })
    .take(1 << 20)
    .collect();
    left_out(&world, "noise.go", &noise, "binary");
}

#[test]
fn a_huge_file_costs_neither_time_nor_memory() {
    let world = World::small();
    world
        .repo("truncate -s 1G huge.py; truncate -s 1G huge")
        .ok();
    let said = world
        .repo("ulimit -v 900000; happy --jobs 1 callers helper")
        .ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER);
    assert_eq!(reason(&world, "huge.py"), "too_large");
}

#[test]
fn deep_and_unclosed_brackets_end_in_time() {
    let world = World::small();
    world.write("open.py", "(\n".repeat(100_000).as_bytes());
    world.write("open.js", "[\n".repeat(100_000).as_bytes());
    let nested = format!("x = {}1{}\n", "(\n".repeat(100_000), ")\n".repeat(100_000));
    world.write("nested.py", nested.as_bytes());
    let said = world.repo("timeout 120 happy callers helper").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER);
}

#[test]
fn line_ends_marks_and_foreign_letters_are_read() {
    let world = World::small();
    world.write(
        "crlf.py",
        b"def one():\r\n    return two()\r\n\r\ndef two():\r\n    pass",
    );
    world.write(
        "bom.py",
        b"\xEF\xBB\xBFdef three():\n    return four()\ndef four(): pass\n",
    );
    world.write(
        "latin.py",
        b"# caf\xE9\ndef five():\n    return six()\ndef six(): pass\n",
    );
    for (name, caller, line) in [
        ("two", "crlf.py::one", 2),
        ("four", "bom.py::three", 2),
        ("six", "latin.py::five", 3),
    ] {
        let said = world.repo(&format!("happy callers {name}")).ok();
        assert_eq!(said.symbols(), [caller]);
        assert_eq!(said.lines()[0]["site_line"], line);
    }
}

#[test]
fn a_path_is_any_bytes_from_end_to_end() {
    let world = World::small();
    let text = b"def odd():\n    return even()\n\n\ndef even():\n    return 2\n";
    let names: [&[u8]; 5] = [
        b"new\nline.py",
        b"tab\there.py",
        b"\"quote\".py",
        b"caf\xE9.py",
        b"-rf.py",
    ];
    for name in names {
        let path = world
            .work()
            .join("repo")
            .join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(&path, text).expect("a file can be written");
        let said = world.repo("happy callers even").ok();
        assert_eq!(said.lines().len(), 1, "{name:?}: {said:?}");
        let chained = world
            .repo("happy callers even | happy callees - | happy show -")
            .ok();
        assert!(chained.stdout.contains("return 2"), "{name:?}: {chained:?}");
        std::fs::remove_file(&path).expect("it can be removed");
    }
    world
        .repo("printf 'def odd(): pass\\nodd()\\n' > $'caf\\xe9.py'")
        .ok();
    let said = world.repo("happy callers $'caf\\xe9.py::odd'").ok();
    assert_eq!(said.lines()[0]["path"]["bytes"], "Y2Fm6S5weQ==");
    let said = world.repo("happy symbols $'caf\\xe9.py'").ok();
    assert_eq!(said.lines().len(), 1);
}

#[test]
fn names_that_differ_in_case_alone_are_two() {
    let world = World::small();
    world.write("Foo.py", b"def upper(): pass\n");
    world.write("foo.py", b"def lower(): pass\n");
    if !Path::new(&world.work().join("repo/foo.py")).exists() {
        println!("skipped: this file system does not tell them apart");
        return;
    }
    for (name, symbol) in [("upper", "Foo.py::upper"), ("lower", "foo.py::lower")] {
        assert_eq!(
            world.repo(&format!("happy symbols {name}")).ok().symbols(),
            [symbol]
        );
    }
}

#[test]
fn no_symbolic_link_is_followed() {
    let world = World::small();
    world
        .repo(
            "ln -s loop loop; ln -s . again; ln -s ../outside.py out.py
             echo 'def secret(): pass' > ../outside.py; ln -s main.py alias.py",
        )
        .ok();
    world.repo("happy symbols secret").fails(1, "");
    let said = world.repo("happy callers helper").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER);
}

#[test]
fn generated_and_vendored_code_is_marked() {
    let world = World::small();
    world.write("vendor/x.py", b"def theirs(): pass\n");
    world.write("gen.py", b"def made(): pass\n");
    world.write(".gitattributes", b"gen.py linguist-generated\n");
    let said = world.repo("happy status --coverage").ok();
    let marked: Vec<(bool, bool)> = said
        .lines()
        .iter()
        .map(|line| (line["generated"] == true, line["vendored"] == true))
        .collect();
    assert_eq!(marked, [(true, false), (false, true)], "{said:?}");
}
