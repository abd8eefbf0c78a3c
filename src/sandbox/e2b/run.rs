//! One run: make a machine, send what the policy shows, start the program,
//! follow it within its limits, bring back what it may change, and delete the
//! machine.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::connect::Event;
use super::machine::{Machine, Process};
use super::pack::{Packed, pack};
use super::service::{LEASE, Service};
use super::settings::Settings;
use super::unpack::replace;
use crate::http::Error;
use crate::sandbox::outcome::{Limit, SandboxError, Status, Stream};
use crate::sandbox::policy::Policy;

const PREPARE: &str = include_str!("prepare.sh");
const LAUNCH: &str = include_str!("launch.sh");
const FINISH: &str = include_str!("finish.sh");
/// The user of every template, who has no rights but his own.
const USER: &str = "user";
/// Where our own files are in a machine; nobody but root may look.
const PLACE: &str = "/var/lib/happy";
/// Bytes of an archive that are sent at once.
const PART: usize = 8 << 20;
/// How long our own commands in a machine may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// How the preparation ends when the template does not do.
const UNFIT: i32 = 97;

/// What is done with a program's input and output.
pub(super) trait Ends {
    /// Takes what it printed. Waiting here holds the program back.
    fn take(&mut self, stream: Stream, bytes: Vec<u8>) -> impl Future<Output = ()> + Send;
}

/// What a program is given to read.
pub(super) enum Input {
    /// This and no more.
    Whole(Vec<u8>),
    /// What comes from here, until it is closed.
    Live(mpsc::Receiver<Vec<u8>>),
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    pub(super) status: Status,
    pub(super) limit: Option<Limit>,
    pub(super) wall: Duration,
}

fn refused(why: impl Into<String>) -> SandboxError {
    SandboxError::Unusable {
        name: super::NAME,
        why: why.into(),
    }
}

fn failed(error: &Error) -> SandboxError {
    SandboxError::Start {
        name: super::NAME,
        why: error.to_string(),
    }
}

fn lost(error: &Error) -> SandboxError {
    SandboxError::Lost {
        name: super::NAME,
        why: error.to_string(),
    }
}

/// Runs a policy's program. With `started`, the program's number in the
/// machine is told as soon as it runs.
pub(super) async fn run(
    settings: &Settings,
    policy: &Policy,
    input: Input,
    ends: &mut impl Ends,
    stop: &AtomicBool,
    started: Option<tokio::sync::oneshot::Sender<u32>>,
) -> Result<Finish, SandboxError> {
    policy.check()?;
    let io = SandboxError::io("making a scratch folder");
    let scratch = tempfile::tempdir().map_err(io)?;
    let packed = pack(policy, scratch.path())?;
    let service = Service::new(settings).map_err(|error| refused(error.to_string()))?;
    let machine = Machine::make(service)
        .await
        .map_err(|error| match error.last() {
            Error::Status {
                status: 401 | 403, ..
            }
            | Error::Unusable(_) => refused(error.to_string()),
            _ => failed(&error),
        })?;
    let mut lease = Lease::new(&machine);
    let program = lease.during(prepare(&machine, policy, &packed)).await?;
    let live = match &input {
        Input::Live(_) => true,
        Input::Whole(bytes) => {
            if !bytes.is_empty() {
                let path = format!("{PLACE}/input");
                machine
                    .write(&path, bytes)
                    .await
                    .map_err(|error| failed(&error))?;
            }
            false
        }
    };
    let has_input = matches!(&input, Input::Whole(bytes) if !bytes.is_empty());
    let command = launch(policy, &program, has_input);
    let limits = policy.limits;
    // The machine's clock is the second one; ours is asked first.
    let wall = limits.wall + Duration::from_secs(10);
    let mut process = machine
        .start(&command, live, wall)
        .await
        .map_err(|error| failed(&error))?;
    let since = Instant::now();
    let pid = match process.next().await {
        Ok(Event::Started(pid)) => pid,
        Ok(other) => return Err(failed(&process.odd(&other))),
        Err(error) => return Err(failed(&error)),
    };
    if let Some(started) = started {
        let _ = started.send(pid);
    }
    let follow = Follow {
        policy,
        machine: &machine,
        pid,
        since,
        stop,
    };
    let feed = async {
        if let Input::Live(from) = input {
            feed(&machine, pid, from).await;
        }
        std::future::pending::<std::convert::Infallible>().await
    };
    let (status, limit) = tokio::select! {
        ended = follow.to_its_end(&mut process, ends, &mut lease) => ended?,
        never = feed => match never {},
    };
    let wall = since.elapsed();
    drop(process);
    let mut finish = Finish {
        status,
        limit,
        wall,
    };
    if !packed.back.is_empty() || !status.success() {
        let kept = lease
            .during(bring_back(&machine, &packed, limits.disk, scratch.path()))
            .await?;
        finish.limit = finish
            .limit
            .filter(|limit| *limit != Limit::Wall || kept.is_none())
            .or(kept);
    }
    Ok(finish)
}

async fn prepare(
    machine: &Machine,
    policy: &Policy,
    packed: &Packed,
) -> Result<String, SandboxError> {
    let mut file = std::fs::File::open(&packed.path)
        .map_err(SandboxError::io("reading what the sandbox is shown"))?;
    let mut left = packed.bytes as usize;
    let mut part = 0;
    while left > 0 {
        let mut bytes = vec![0; left.min(PART)];
        file.read_exact(&mut bytes)
            .map_err(SandboxError::io("reading what the sandbox is shown"))?;
        left -= bytes.len();
        let path = format!("{PLACE}/shown.{part:05}");
        machine
            .write(&path, &bytes)
            .await
            .map_err(|error| failed(&error))?;
        part += 1;
    }
    let mut command = script(PREPARE);
    command.extend([
        USER.to_owned(),
        policy.command[0].clone(),
        "check".to_owned(),
    ]);
    command.extend(
        packed
            .shown
            .iter()
            .filter(|path| !packed.writable.contains(path))
            .cloned(),
    );
    command.push("--writable".to_owned());
    command.extend(packed.writable.iter().cloned());
    let (status, out, err) = machine
        .command(&command, PATIENCE)
        .await
        .map_err(|error| failed(&error))?;
    match status {
        Status::Exited(0) => Ok(out),
        Status::Exited(UNFIT) => Err(refused(err.trim())),
        _ => Err(SandboxError::Start {
            name: super::NAME,
            why: format!("the machine cannot be prepared: {}", err.trim()),
        }),
    }
}

fn script(text: &str) -> Vec<String> {
    ["/bin/sh", "-c", text, "happy"].map(str::to_owned).into()
}

fn launch(policy: &Policy, program: &str, has_input: bool) -> Vec<String> {
    let limits = policy.limits;
    let mut command = script(LAUNCH);
    command.extend([
        USER.to_owned(),
        policy.cwd.to_string_lossy().into_owned(),
        limits.memory.to_string(),
        limits.processes.to_string(),
        limits.file_size.to_string(),
        limits.cpu.as_secs().max(1).to_string(),
        if has_input {
            format!("{PLACE}/input")
        } else {
            String::new()
        },
    ]);
    command.extend(
        policy
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    command.push(program.to_owned());
    command.extend(policy.command[1..].iter().cloned());
    command
}

/// A machine that is used is kept alive.
struct Lease {
    service: Service,
    id: String,
    renewed: Instant,
}

impl Lease {
    fn new(machine: &Machine) -> Self {
        let (service, id) = machine.lease();
        Self {
            service,
            id,
            renewed: Instant::now(),
        }
    }

    /// Renews it when a third is over. A failure is met again by whatever else
    /// is asked of the machine.
    fn renew(&mut self) {
        if self.renewed.elapsed() > LEASE / 3 {
            self.renewed = Instant::now();
            let (service, id) = (self.service.clone(), self.id.clone());
            tokio::spawn(async move {
                let _ = service.keep(&id).await;
            });
        }
    }

    async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = tick.tick() => self.renew(),
            }
        }
    }
}

/// Why a program is killed.
#[derive(Clone, Copy, Debug)]
enum Why {
    Asked,
    Limit(Limit),
}

struct Follow<'a> {
    policy: &'a Policy,
    machine: &'a Machine,
    pid: u32,
    since: Instant,
    stop: &'a AtomicBool,
}

impl Follow<'_> {
    /// Hands on what the program prints until it ends or is stopped.
    async fn to_its_end(
        &self,
        process: &mut Process<'_>,
        ends: &mut impl Ends,
        lease: &mut Lease,
    ) -> Result<(Status, Option<Limit>), SandboxError> {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut printed = 0u64;
        loop {
            tokio::select! {
                event = process.next() => match event.map_err(|error| lost(&error))? {
                    Event::Printed(stream, bytes) => {
                        printed += bytes.len() as u64;
                        let mut taken = std::pin::pin!(ends.take(stream, bytes));
                        // Nobody may read, and the clock goes on.
                        loop {
                            tokio::select! {
                                () = &mut taken => break,
                                _ = tick.tick() => lease.renew(),
                            }
                            if let Some(why) = self.is_over() {
                                return Ok(self.kill(why).await);
                            }
                        }
                        if printed > self.policy.limits.output {
                            return Ok(self.kill(Why::Limit(Limit::Output)).await);
                        }
                    }
                    Event::Ended(status) => return Ok((status, None)),
                    Event::Started(_) | Event::Alive => {}
                },
                _ = tick.tick() => {}
            }
            if let Some(why) = self.is_over() {
                return Ok(self.kill(why).await);
            }
            if let Some(error) = process.is_silent() {
                return Err(lost(&error));
            }
            lease.renew();
        }
    }

    /// Why it is to be killed now, if it is.
    fn is_over(&self) -> Option<Why> {
        if self.stop.load(Ordering::Acquire) {
            return Some(Why::Asked);
        }
        (self.since.elapsed() >= self.policy.limits.wall).then_some(Why::Limit(Limit::Wall))
    }

    /// Kills the program. What it started goes with the machine.
    async fn kill(&self, why: Why) -> (Status, Option<Limit>) {
        let limit = match why {
            Why::Asked => None,
            Why::Limit(limit) => Some(limit),
        };
        let kill = self.machine.kill(self.pid);
        let _ = tokio::time::timeout(Duration::from_secs(10), kill).await;
        (Status::Signaled(9), limit)
    }
}

/// Hands on what the program is to read, in order, and closes its input.
async fn feed(machine: &Machine, pid: u32, mut from: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = from.recv().await {
        // A program that has ended reads nothing.
        if machine.send_input(pid, &bytes).await.is_err() {
            return;
        }
    }
    let _ = machine.close_input(pid).await;
}

/// Ends what still runs, brings folders back, and says which limit the
/// machine's kernel kept.
async fn bring_back(
    machine: &Machine,
    packed: &Packed,
    most: u64,
    scratch: &Path,
) -> Result<Option<Limit>, SandboxError> {
    let mut command = script(FINISH);
    command.push(USER.to_owned());
    command.extend(packed.back.iter().map(|(_, inside)| inside.clone()));
    let (status, out, err) = machine
        .command(&command, PATIENCE)
        .await
        .map_err(|error| lost(&error))?;
    if !status.success() {
        return Err(SandboxError::Lost {
            name: super::NAME,
            why: format!("what it wrote cannot be brought back: {}", err.trim()),
        });
    }
    for (number, (host, _)) in packed.back.iter().enumerate() {
        let path = scratch.join(format!("back.{number}"));
        let mut body = machine
            .read(&format!("{PLACE}/back.{number}"))
            .await
            .map_err(|error| lost(&error))?;
        let io = || SandboxError::io("bringing back what a sandbox wrote");
        let mut file = std::fs::File::create(&path).map_err(io())?;
        let mut left = most.saturating_add(64 << 20);
        while let Some(bytes) = body.piece().await.map_err(|error| lost(&error))? {
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| refused("it wrote more than may be brought back"))?;
            std::io::Write::write_all(&mut file, &bytes).map_err(io())?;
        }
        let file = std::fs::File::open(&path).map_err(io())?;
        replace(std::io::BufReader::new(file), host, most).map_err(io())?;
    }
    Ok(kept_limit(&out))
}

/// The limit that the kernel's own counts tell of.
fn kept_limit(events: &str) -> Option<Limit> {
    let count = |name: &str| {
        events
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    if count("memory oom_kill ") > 0 {
        return Some(Limit::Memory);
    }
    (count("pids max ") > 0).then_some(Limit::Processes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counts_name_the_limit() {
        let calm =
            "memory low 0\nmemory oom 0\nmemory oom_kill 0\nmemory oom_group_kill 0\npids max 0\n";
        assert_eq!(kept_limit(calm), None);
        assert_eq!(
            kept_limit(&calm.replace("oom_kill 0", "oom_kill 2")),
            Some(Limit::Memory)
        );
        assert_eq!(
            kept_limit(&calm.replace("pids max 0", "pids max 9")),
            Some(Limit::Processes)
        );
        assert_eq!(kept_limit(""), None);
    }
}
