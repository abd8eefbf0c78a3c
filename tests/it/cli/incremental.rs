//! What is made with all that was indexed before is, byte for byte, what is
//! made from nothing; and the number of threads does not show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::World;

/// A small generator, so that a seed gives the same series everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

const NAMES: [&str; 8] = [
    "alpha", "beta", "gamma", "delta", "open", "close", "run", "make",
];
const FILES: [&str; 10] = [
    "a.py",
    "pkg/__init__.py",
    "pkg/b.py",
    "pkg/c.py",
    "web/d.ts",
    "web/e.ts",
    "src/f.rs",
    "go/g.go",
    "java/H.java",
    "c/i.c",
];

/// A file of random definitions that call and import random others.
fn content(random: &mut Random, path: &str) -> String {
    let mut text = String::new();
    let extension = path.rsplit('.').next().unwrap_or_default();
    match extension {
        "py" => {
            let module = ["a", "pkg", "pkg.b", "pkg.c"][random.below(4)];
            text.push_str(&format!(
                "from {module} import {}\n",
                NAMES[random.below(8)]
            ));
        }
        "ts" => {
            let module = ["./d", "./e"][random.below(2)];
            text.push_str(&format!(
                "import {{ {} }} from '{module}';\n",
                NAMES[random.below(8)]
            ));
        }
        "go" => text.push_str("package g\n"),
        "java" => text.push_str("class H {\n"),
        _ => {}
    }
    for _ in 0..=random.below(4) {
        let (name, called) = (NAMES[random.below(8)], NAMES[random.below(8)]);
        let class = NAMES[random.below(8)].to_uppercase();
        text.push_str(&match extension {
            "py" if random.below(2) == 0 => format!(
                "class {class}:\n    def {name}(self):\n        return self.{called}()\n\ndef {called}():\n    return {class}().{name}()\n"
            ),
            "py" => format!("def {name}(x):\n    y = {called}(x)\n    return y.{name}()\n"),
            "ts" => format!("export function {name}() {{ return {called}(); }}\n"),
            "rs" => format!("pub fn {name}() {{ {called}(); }}\n"),
            "go" => format!("func {name}() {{ {called}() }}\n"),
            "java" => format!("  void {name}() {{ this.{called}(); }}\n"),
            _ => format!("int {name}(void) {{ return {called}(); }}\n"),
        });
    }
    if extension == "java" {
        text.push_str("}\n");
    }
    text
}

/// One random step, as shell commands in the repository.
fn step(random: &mut Random, world: &World, number: usize) {
    let path = FILES[random.below(FILES.len())];
    match random.below(10) {
        0..=3 => {
            let text = content(random, path);
            world.write(path, text.as_bytes());
        }
        4 => drop(world.repo(&format!("git rm -qf --ignore-unmatch {path}"))),
        5 => {
            let to = format!("moved/{number}_{}", path.replace('/', "_"));
            drop(world.repo(&format!("mkdir -p moved && git mv -f {path} {to}")));
        }
        6 => drop(world.repo(&format!("chmod $((RANDOM % 2 ? 755 : 644)) {path}"))),
        7 => drop(world.repo(&format!("git checkout -qf -B side{}", random.below(3)))),
        8 => {
            let branch = ["main", "side0", "side1", "side2"][random.below(4)];
            drop(world.repo(&format!("git checkout -qf {branch}")));
        }
        _ => drop(world.repo("git reset -q --hard HEAD~1 2>/dev/null || true")),
    }
    if random.below(3) > 0 {
        drop(world.repo(&format!("git add -A && git commit -qm {number}")));
    }
}

/// The snapshots below an index folder, by their path there.
fn snapshots(index: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![index.join("commits"), index.join("worktree")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(index).expect("it lies below").to_owned();
                found.insert(name, std::fs::read(&path).expect("it is readable"));
            }
        }
    }
    found
}

fn series(seed: u64, steps: usize) {
    let mut random = Random(seed);
    let world = World::new();
    world.sh("git init -q repo").ok();
    for path in FILES {
        let text = content(&mut random, path);
        world.write(path, text.as_bytes());
    }
    world.repo("git add -A && git commit -qm start").ok();
    let mut compared = 0;
    for number in 0..steps {
        step(&mut random, &world, number);
        world
            .repo("happy -q index && happy -q --jobs 1 index HEAD")
            .ok();
        let scratch = world.root().join(format!("home/scratch{number}"));
        world
            .repo(&format!(
                "happy -q --jobs 2 --index-dir {0} index && happy -q --index-dir {0} index HEAD",
                scratch.display()
            ))
            .ok();
        let kept = snapshots(&world.index());
        let fresh = snapshots(&scratch);
        assert!(
            !fresh.is_empty(),
            "seed {seed}, step {number}: nothing was indexed"
        );
        for (name, bytes) in &fresh {
            let before = kept.get(name).unwrap_or_else(|| {
                panic!("seed {seed}, step {number}: no {} was kept", name.display())
            });
            assert!(
                before == bytes,
                "seed {seed}, step {number}: {} differs from one made from nothing",
                name.display()
            );
            compared += 1;
        }
        std::fs::remove_dir_all(scratch).expect("it can be removed");
    }
    assert!(
        compared > steps,
        "the working tree and the commits: {compared}"
    );
}

#[test]
fn an_incremental_index_equals_one_made_from_nothing() {
    series(0x9E37_79B9_7F4A_7C15, 40);
}

#[test]
fn so_it_does_over_another_series() {
    series(0xD1B5_4A32_D192_ED03, 40);
}
