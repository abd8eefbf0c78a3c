//! The index damaged, foreign, from another time: the answer stays right.

use super::{CALLERS_OF_HELPER, Said, World, is_root};

fn ask(world: &World) -> Said {
    world.repo("happy callers helper")
}

#[track_caller]
fn right(said: Said) -> Said {
    let said = said.ok();
    assert_eq!(said.symbols(), CALLERS_OF_HELPER, "{said:?}");
    said
}

fn indexed() -> World {
    let world = World::small();
    right(ask(&world));
    world
}

#[test]
fn a_truncated_snapshot_is_built_again() {
    let world = indexed();
    let intact = std::fs::read(world.snapshot()).expect("it is readable");
    for length in [0, 1, 20, intact.len() / 2, intact.len() - 1] {
        std::fs::write(world.snapshot(), &intact[..length]).expect("it can be written");
        let said = right(ask(&world));
        assert!(said.stderr.contains("built again"), "{said:?}");
        assert_eq!(std::fs::read(world.snapshot()).expect("readable"), intact);
    }
    assert!(right(ask(&world)).stderr.is_empty(), "it is mended");
}

#[test]
fn a_flipped_byte_anywhere_is_built_again_or_does_not_matter() {
    let world = indexed();
    let intact = std::fs::read(world.snapshot()).expect("it is readable");
    for at in (0..intact.len()).step_by(intact.len() / 40) {
        let mut bytes = intact.clone();
        bytes[at] ^= 0x5A;
        std::fs::write(world.snapshot(), &bytes).expect("it can be written");
        right(ask(&world));
        let graph = world.repo("happy graph").ok();
        std::fs::remove_file(world.snapshot()).expect("it can be removed");
        assert_eq!(
            graph.stdout,
            world.repo("happy graph").ok().stdout,
            "byte {at}"
        );
    }
}

#[test]
fn damaged_packs_of_facts_are_made_again() {
    let world = indexed();
    world
        .repo(
            "rm -r .git/happy/commits
             for pack in .git/happy/facts/*/*; do
                 printf 'xxxxxxxx' | dd of=$pack bs=1 seek=100 conv=notrunc 2> /dev/null
             done",
        )
        .ok();
    right(ask(&world));
    world
        .repo("rm -r .git/happy/commits; for pack in .git/happy/facts/*/*; do : > $pack; done")
        .ok();
    right(ask(&world));
}

#[test]
fn an_index_of_another_repository_is_not_believed() {
    let world = indexed();
    world
        .sh(
            "git init -q other && cd other && echo 'def helper(): pass' > x.py &&
             git add -A && git commit -qm other && happy index &&
             mv .git/happy/commits/* ../repo/.git/happy/commits/$(git -C ../repo rev-parse HEAD)",
        )
        .ok();
    let said = right(ask(&world));
    assert!(said.stderr.contains("belongs to another"), "{said:?}");
}

#[test]
fn a_newer_index_is_refused_and_left_as_it_is() {
    let world = indexed();
    let line = "happy-index 900";
    let sum = xxhash_rust::xxh3::xxh3_64(line.as_bytes());
    let format = world.index().join("format");
    std::fs::write(format, format!("{line} {sum:016x}\n")).expect("it can be written");
    ask(&world).fails(4, "newer");
    world
        .repo("happy --index-dir ../elsewhere callers helper")
        .ok();
    assert!(world.snapshot().exists(), "nothing was removed");
}

#[test]
fn the_index_can_always_be_deleted() {
    let world = indexed();
    world.repo("rm -r .git/happy").ok();
    right(ask(&world));
}

#[test]
fn an_index_that_is_missing_is_said_where_it_must_not_be_built() {
    let world = World::small();
    world
        .repo("happy --no-auto-index callers helper")
        .fails(4, "happy index");
    right(ask(&world));
    right(world.repo("happy --no-auto-index callers helper"));
}

#[test]
fn a_read_only_repository_is_answered_from_memory() {
    for prepare in [
        "true",
        "happy -q index && : > \"$(ls .git/happy/commits/*)\"",
    ] {
        let world = World::small();
        world.repo(prepare).ok();
        world.sh("chmod -R a-w repo; chmod -R a+rX ..").ok();
        let said = if is_root() {
            let id = "setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all";
            world.repo(&format!(
                "cp -L ../../bin/happy /tmp/happy-$$ && chmod 755 /tmp/happy-$$
                 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
                     {id} /tmp/happy-$$ callers helper
                 code=$?; rm /tmp/happy-$$; exit $code"
            ))
        } else {
            ask(&world)
        };
        world.sh("chmod -R u+w repo").ok();
        let said = right(said);
        assert!(said.stderr.contains("read-only"), "{said:?}");
    }
}
