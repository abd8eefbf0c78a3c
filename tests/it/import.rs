//! `happy import`: edges of a SCIP index take the place of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use protobuf::Message;
use scip::types::{Document, Index, Occurrence, PositionEncoding, SymbolRole};

use super::shell::Shell;

const APP: &str = "class Box:\n    def fetch(self):\n        return 1\n\n\nclass Other:\n    def fetch(self):\n        return 2\n\n\n\
                   def use(thing):\n    return thing.fetch()\n\n\ndef sure():\n    return Box().fetch()\n";

fn occurrence(line: i32, start: i32, end: i32, symbol: &str, definition: bool) -> Occurrence {
    Occurrence {
        range: vec![line, start, end],
        symbol: symbol.to_owned(),
        symbol_roles: if definition {
            SymbolRole::Definition as i32
        } else {
            0
        },
        ..Occurrence::default()
    }
}

fn save(shell: &Shell, occurrences: Vec<Occurrence>) -> PathBuf {
    let index = Index {
        documents: vec![Document {
            relative_path: "app.py".to_owned(),
            position_encoding: PositionEncoding::UTF8CodeUnitOffsetFromLineStart.into(),
            occurrences,
            ..Document::default()
        }],
        ..Index::default()
    };
    let file = shell.path("../index.scip");
    std::fs::write(&file, index.write_to_bytes().expect("written")).expect("written");
    file
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

const FETCH: &str = "scip-python python app 1 `app`/Box#fetch().";
const OTHER: &str = "scip-python python app 1 `app`/Other#fetch().";

#[test]
fn an_undecided_call_is_decided_and_a_wrong_edge_gives_way() {
    let shell = Shell::new(&[("app.py", APP)]);
    let before = shell.happy(&["callers", "Box.fetch"]).exits(0);
    assert!(
        before.stderr.contains("could not be decided"),
        "{}",
        before.stderr
    );
    // The index says that `use` calls `Other.fetch`, and `sure` too, which is
    // not what we think.
    let file = save(
        &shell,
        vec![
            occurrence(1, 8, 13, FETCH, true),
            occurrence(6, 8, 13, OTHER, true),
            occurrence(11, 17, 22, OTHER, false),
            occurrence(15, 17, 22, OTHER, false),
        ],
    );
    let done = shell.happy(&["import", text(&file)]).exits(0);
    let told = &done.of("imported")[0];
    assert_eq!(told["symbols"], 2, "{told}");
    assert_eq!(
        (&told["decided"], &told["added"], &told["removed"]),
        (&1.into(), &2.into(), &1.into()),
        "{told}"
    );
    let callers = shell.happy(&["callers", "Other.fetch"]).exits(0);
    let names: Vec<_> = callers
        .records()
        .iter()
        .map(|record| record["name"].clone())
        .collect();
    assert_eq!(names, ["use", "sure"]);
    for record in callers.records() {
        assert_eq!(record["confidence"], "exact");
    }
    assert!(
        !callers.stderr.contains("could not be decided"),
        "{}",
        callers.stderr
    );
    shell.happy(&["callers", "Box.fetch"]).exits(1);
    // Every verb sees it, and search and the rest go on working.
    let steps = shell.happy(&["path", "use", "Other.fetch"]).exits(0);
    assert_eq!(steps.records().len(), 2);
    shell.happy(&["search", "fetch"]).exits(0);
    let sound = shell.happy(&["status", "--verify"]).exits(0);
    assert!(
        sound.records().iter().all(|record| record["sound"] == true),
        "{}",
        sound.stdout
    );

    // An edit is asked without it, and HEAD with it.
    shell.write("app.py", &APP.replace("return 1", "return 3"));
    let edited = shell.happy(&["callers", "Box.fetch"]).exits(0);
    assert_eq!(edited.records()[0]["name"], "sure");
    shell
        .happy(&["callers", "Box.fetch", "--at", "HEAD"])
        .exits(1);
    shell.happy(&["import", "--drop"]).exits(0);
    let dropped = shell
        .happy(&["callers", "Box.fetch", "--at", "HEAD"])
        .exits(0);
    assert_eq!(dropped.stdout, before.stdout);
}

#[test]
fn an_index_of_other_code_or_of_none_is_refused() {
    let shell = Shell::new(&[("app.py", APP)]);
    let wrong = (0..20)
        .map(|at| {
            occurrence(
                at % 15,
                0,
                3,
                &format!("scip-python python app 1 `app`/f{at}()."),
                true,
            )
        })
        .collect();
    let file = save(&shell, wrong);
    let refused = shell.happy(&["import", text(&file)]).exits(2);
    assert!(
        refused.stderr.contains("of other code"),
        "{}",
        refused.stderr
    );
    let file = save(
        &shell,
        vec![
            occurrence(90, 5, 9, FETCH, true),
            occurrence(1, 999, -4, FETCH, false),
        ],
    );
    let refused = shell.happy(&["import", text(&file)]).exits(2);
    assert!(
        refused.stderr.contains("no definition"),
        "{}",
        refused.stderr
    );
    let whole = std::fs::read(&file).expect("read");
    for bytes in [
        &b"not an index"[..],
        b"",
        &[0xff; 100],
        &whole[..whole.len() / 2],
    ] {
        std::fs::write(&file, bytes).expect("written");
        shell.happy(&["import", text(&file)]).exits(2);
    }
    shell.happy(&["import", "nowhere.scip"]).exits(5);
    shell.happy(&["import"]).exits(2);
    shell.happy(&["callers", "Box.fetch"]).exits(0);
}

#[test]
fn our_own_export_confirms_every_edge_and_adds_none() {
    let shell = Shell::new(&[
        ("app.py", APP),
        (
            "über.py",
            "from app import Box as Kiste\n\nclass Kind(Kiste):\n    def fetch(self):\n        s = 'ü𝄞'; return use(s), Kind()\n\ndef use(x): return x\n",
        ),
    ]);
    let output = Command::new(env!("CARGO_BIN_EXE_happy"))
        .args(["graph", "--format", "scip"])
        .current_dir(shell.path(""))
        .output()
        .expect("it starts");
    let file = shell.path("../index.scip");
    std::fs::write(&file, output.stdout).expect("written");
    let done = shell.happy(&["import", text(&file)]).exits(0);
    let told = &done.of("imported")[0];
    assert_eq!(
        (&told["added"], &told["removed"]),
        (&0.into(), &0.into()),
        "{told}"
    );
    assert!(told["confirmed"].as_u64() > Some(4), "{told}");
    assert_eq!(told["unknown_documents"], 0);
}

#[test]
fn an_index_of_a_compilers_makes_typescript_calls_exact() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let indexer = root.join("target/tools/node/node_modules/.bin/scip-typescript");
    if !indexer.exists() {
        eprintln!("skipped: no `scip-typescript`; `tools/setup.sh long` installs it");
        return;
    }
    let shell = Shell::new(&[
        (
            "package.json",
            "{\"name\": \"app\", \"version\": \"1.0.0\"}\n",
        ),
        (
            "tsconfig.json",
            "{\"compilerOptions\": {\"strict\": true}, \"include\": [\"*.ts\"]}\n",
        ),
        (
            "store.ts",
            "export class Store<T> {\n  private items: T[] = [];\n  put(item: T): this { this.items.push(item); return this; }\n  first(): T { return this.items[0]; }\n}\n",
        ),
        (
            "task.ts",
            "export class Task {\n  start(): number { return 1; }\n}\nexport class Car {\n  start(): number { return 2; }\n}\n",
        ),
        (
            "main.ts",
            "import { Store } from './store';\nimport { Task } from './task';\n\nexport function run(): number {\n  const pick = (all: Record<string, Task>) => Object.values(all).map((one) => one.start())[0];\n  return new Store<Task>().put(new Task()).first().start() + pick({});\n}\n",
        ),
    ]);
    let ran = Command::new(indexer)
        .arg("index")
        .current_dir(shell.path(""))
        .output()
        .expect("it starts");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stdout)
    );
    let file = shell.path("../index.scip");
    std::fs::rename(shell.path("index.scip"), &file).expect("moved");
    let before = shell.happy(&["callers", "Task.start"]);
    let done = shell.happy(&["import", text(&file)]).exits(0);
    assert_eq!(done.of("imported")[0]["documents"], 3, "{}", done.stdout);
    let after = shell.happy(&["callers", "Task.start"]).exits(0);
    let sites = |ran: &super::shell::Ran| {
        ran.records()
            .iter()
            .filter(|record| record["confidence"] == "exact")
            .count()
    };
    assert!(
        sites(&after) == 2 && sites(&before) < 2,
        "{}\n{}",
        before.stdout,
        after.stdout
    );
    assert!(
        !after.stderr.contains("could not be decided"),
        "{}",
        after.stderr
    );
    shell.happy(&["callers", "Car.start"]).exits(1);
}
