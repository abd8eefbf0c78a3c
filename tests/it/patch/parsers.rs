//! Any bytes at all: an answer or an error, in time, and never a panic.

use std::time::{Duration, Instant};

use happy::patch::{Context, Form, NoSymbols, Options, Plan, parse, parse_as};
use proptest::prelude::*;

use super::support::{plan_with, tree};

const FORMS: [Form; 4] = [Form::Unified, Form::Envelope, Form::Blocks, Form::Record];

/// Pieces that parsers look for.
const PIECES: &[&str] = &[
    "diff --git a/a b/a\n",
    "diff --git \"a/\\303\\251\" b/a\n",
    "--- a/a\n",
    "+++ b/a\n",
    "--- /dev/null\n",
    "+++ /dev/null\n",
    "@@ -1,3 +1,3 @@\n",
    "@@ -1 +1,2 @@ f\n",
    "@@ -0,0 +1 @@\n",
    "@@ -999999999,0 +0,999999999 @@\n",
    " one\n",
    "-two\n",
    "+2\n",
    " three\n",
    "\\ No newline at end of file\n",
    "rename from a\n",
    "rename to b\n",
    "copy from a\n",
    "copy to c\n",
    "old mode 100644\n",
    "new mode 100755\n",
    "new file mode 100644\n",
    "deleted file mode 100644\n",
    "index 1234567..89abcde 100644\n",
    "similarity index 90%\n",
    "GIT binary patch\n",
    "*** Begin Patch\n",
    "*** End Patch\n",
    "*** Update File: a\n",
    "*** Add File: n\n",
    "*** Delete File: b\n",
    "*** Move to: m\n",
    "*** End of File\n",
    "@@\n",
    "@@ one\n",
    "a\n",
    "`a`:\n",
    "```\n",
    "<<<<<<< SEARCH\n",
    "=======\n",
    ">>>>>>> REPLACE\n",
    "one\n",
    "two\n",
    "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"two\",\"replace\":\"2\"}\n",
    "{\"type\":\"create\",\"path\":\"n\",\"content\":\"x\"}\n",
    "{\"type\":\"delete\",\"path\":\"b\"}\n",
    "{\"type\":\"rename\",\"path\":\"a\",\"to\":\"../x\"}\n",
    "{\"type\":",
    "\r\n",
    "\r",
    "\0",
    "\u{feff}",
    "\"",
    "\\",
    "{\"type\":\"mode\",\"path\":\"a\",\"mode\":\"755\"}\n",
    "-- \n",
    "2.47.3\n",
    "/",
    "..",
    ".git",
];

/// What must hold of any input: no panic, and a plan whose diff makes the same plan.
fn survive(base: &happy::patch::Memory, input: &[u8]) -> bool {
    for form in FORMS {
        let _ = parse_as(form, input);
    }
    let Ok(edits) = parse(input) else {
        return false;
    };
    for options in [
        Options::default(),
        Options {
            reverse: true,
            ..Options::default()
        },
        Options {
            fuzz: 2,
            three_way: true,
            ..Options::default()
        },
    ] {
        let context = Context {
            base,
            current: None,
            symbols: &NoSymbols,
            syntax: None,
        };
        let Ok(plan) = Plan::new(&edits, &context, &options) else {
            continue;
        };
        if plan.changes.is_empty() {
            continue;
        }
        let diff = plan.diff();
        let again = plan_with(
            base,
            &diff,
            &Options {
                allow: vec!["**".into()],
                ..Options::default()
            },
        );
        match again {
            Ok(again) => assert_eq!(
                again.changes,
                plan.changes,
                "{}",
                String::from_utf8_lossy(&diff)
            ),
            Err(error) => panic!("{error}\n{}", String::from_utf8_lossy(&diff)),
        }
    }
    true
}

fn base() -> happy::patch::Memory {
    let mut base = tree(&[
        ("a", "one\ntwo\nthree\n"),
        ("b", "x\r\ny\r\n"),
        ("d/e", "last"),
        ("f", ""),
    ]);
    base.insert_blob(b"one\ntwo\nthree\nfour\n");
    base
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_an_answer_or_an_error(input in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&base(), &input);
    }

    #[test]
    fn the_right_pieces_in_the_wrong_order_are_an_answer_or_an_error(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16)
    ) {
        survive(&base(), pieces.concat().as_bytes());
    }
}

/// A small generator of its own, so that a seed gives the same run everywhere.
struct Random(u64);

impl Random {
    fn seeded(number: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ number.wrapping_mul(0x0100_0000_01b3))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let to = (at + random.below(40)).min(input.len());
        match random.below(8) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 => drop(input.drain(at..to)),
            2 => {
                let copy = input[at..to].to_vec();
                let into = random.below(input.len() + 1);
                input.splice(into..into, copy).for_each(drop);
            }
            3 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                input
                    .splice(at.., other[from..].iter().copied())
                    .for_each(drop);
            }
            4 => input.truncate(at),
            5 => input.insert(at, random.next() as u8),
            6 => {
                let lines: Vec<_> = input
                    .split_inclusive(|b| *b == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let mut lines = lines;
                if lines.len() > 1 {
                    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
                    lines.swap(one, other);
                }
                input = lines.concat();
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())].bytes();
                input.splice(at..at, piece).for_each(drop);
            }
        }
    }
    input
}

/// What this thread has computed so far: on a busy machine the clock on the wall says
/// more of the others.
fn processor_time() -> Duration {
    let read = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = read.and_then(|text| text.split(' ').next()?.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "diff --git a/a b/a\nindex 1234567..89abcde 100644\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n",
        "diff --git a/a b/m\nsimilarity index 50%\nrename from a\nrename to m\nindex 1..2\n--- a/a\n+++ b/m\n@@ -1,3 +1,4 @@\n one\n two\n+2.5\n three\n",
        "diff --git a/a b/c\nsimilarity index 100%\ncopy from a\ncopy to c\ndiff --git a/f b/f\nold mode 100644\nnew mode 100755\n",
        "diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\ndiff --git a/b b/b\ndeleted file mode 100644\n--- a/b\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\r\n-y\r\n",
        "--- d/e\t2020-01-01\n+++ d/e\t2020-01-02\n@@ -1 +1 @@\n-last\n\\ No newline at end of file\n+least\n",
        "*** Begin Patch\n*** Update File: a\n*** Move to: m\n@@ one\n-two\n+2\n three\n*** End of File\n*** Add File: n\n+x\n*** Delete File: b\n*** End Patch\n",
        "`a`\n```\n<<<<<<< SEARCH\none\ntwo\n=======\n1\n2\n>>>>>>> REPLACE\n```\nb\n<<<<<<< SEARCH\nx\n=======\nz\n>>>>>>> REPLACE\n",
        "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"two\",\"replace\":\"2\"}\n{\"type\":\"rename\",\"path\":\"b\",\"to\":\"r\"}\n{\"type\":\"mode\",\"path\":\"f\",\"mode\":\"100755\"}\n{\"type\":\"create\",\"path\":{\"bytes\":\"bg==\"},\"content\":\"\\u0000\"}\n{\"type\":\"delete\",\"path\":\"d/e\"}\n",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "a long run says how far it came")]
fn mutated_patches_are_an_answer_or_an_error() {
    // Two seconds in every run; `HAPPY_MUTATE_SECONDS` for as long as wanted, and
    // `HAPPY_MUTATE_FROM` to begin elsewhere.
    let number = |name: &str| std::env::var_os(name).and_then(|text| text.to_str()?.parse().ok());
    let limit = Duration::from_secs(number("HAPPY_MUTATE_SECONDS").unwrap_or(2));
    let first: u64 = number("HAPPY_MUTATE_FROM").unwrap_or(0);
    let (base, seeds) = (base(), seeds());
    let start = Instant::now();
    let (mut runs, mut read) = (0_u64, 0_u64);
    let mut slowest = Duration::ZERO;
    while start.elapsed() < limit {
        runs += 1;
        let input = mutated(&mut Random::seeded(first + runs), &seeds);
        let began = processor_time();
        let done = std::panic::catch_unwind(|| survive(&base, &input));
        slowest = slowest.max(processor_time().saturating_sub(began));
        let text = String::from_utf8_lossy(&input);
        read += u64::from(done.unwrap_or_else(|_| panic!("run {}: {text:?}", first + runs)));
    }
    println!("{runs} inputs, {read} of them read as patches, slowest {slowest:?}");
    assert!(
        read * 20 > runs,
        "too few mutated patches are still patches: {read} of {runs}"
    );
    assert!(
        slowest < Duration::from_secs(2),
        "an input took {slowest:?}"
    );
}

#[test]
fn large_hostile_inputs_take_time_in_proportion() {
    let many = 200_000;
    let inputs = [
        "diff --git ".to_owned() + &"a ".repeat(many),
        "diff --git a/a b/a\n".repeat(many / 10),
        "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n".to_owned() + &" one\n".repeat(many),
        "<<<<<<< SEARCH\n".repeat(many / 10),
        "x\n<<<<<<< SEARCH\n".to_owned() + &"=\n".repeat(many),
        "*** Begin Patch\n*** Update File: a\n".to_owned() + &"@@ x\n".repeat(many),
        "{\"type\":".to_owned() + &"[".repeat(many),
        "{".repeat(many),
        "{}\n".repeat(many),
        "\"".repeat(many),
        "diff --git \"".to_owned() + &"\\303".repeat(many),
        "\n".repeat(many * 5),
    ];
    for input in inputs {
        let began = processor_time();
        survive(&base(), input.as_bytes());
        let took = processor_time().saturating_sub(began);
        assert!(
            took < Duration::from_secs(10),
            "{took:?}: {:?}…",
            &input[..40]
        );
    }
}

#[test]
fn a_search_among_like_lines_is_given_up() {
    let base = tree(&[("a", &" x\n".repeat(40_000))]);
    let search = "x\n".repeat(20_000);
    let signed = |sign: char| format!("{sign} x\n").repeat(20_000);
    let inputs = [
        format!("a\n<<<<<<< SEARCH\n{search}y\n=======\nz\n>>>>>>> REPLACE\n"),
        format!(
            "*** Begin Patch\n*** Update File: a\n{}-y\n+z\n*** End Patch\n",
            signed(' ')
        ),
        format!(
            "--- a/a\n+++ b/a\n@@ -2,20002 +2,20002 @@\n{}-y\n+z\n x\n",
            signed(' ')
        ),
    ];
    for input in inputs {
        let began = processor_time();
        let reason = super::support::rejection(super::support::plan(&base, &input));
        assert_eq!(reason, happy::patch::Reason::TooCostly, "{}", &input[..40]);
        let took = processor_time().saturating_sub(began);
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}
