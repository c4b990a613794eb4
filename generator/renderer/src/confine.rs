//! Puts up walls around this very process, then becomes the program that runs a scene.
//!
//! For the `renderer` service, in whose container no namespaces can be made. The service starts its own program again with
//! [`COMMAND`]; that one limits itself and gives way to Python. Nothing here needs to run between fork and exec.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::sandbox::{DRIVER, ENVIRONMENT, syscalls};

/// The command of the `renderer` program that this is.
pub const COMMAND: &str = "exec-sandboxed";

/// What a scene sees of the system besides Manim, where it is there.
const SHOWN: [&str; 8] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/var/cache/fontconfig",
    "/dev/urandom",
];

/// How this process is confined.
#[derive(Debug, Clone, clap::Args)]
pub struct Confinement {
    /// The folder to write in.
    #[arg(long)]
    place: PathBuf,
    /// The Python environment with Manim.
    #[arg(long)]
    home: PathBuf,
    /// Address space.
    #[arg(long)]
    memory_bytes: u64,
    /// Processor time.
    #[arg(long)]
    cpu_seconds: u64,
    /// The largest file.
    #[arg(long)]
    file_bytes: u64,
    /// Open files.
    #[arg(long)]
    open_files: u64,
    /// Processes and threads of this user.
    #[arg(long)]
    threads: u64,
}

impl Confinement {
    /// Puts the walls up and becomes the driver. Returns only if that failed; then nothing of the scene has run.
    #[must_use]
    pub fn exec(&self) -> io::Error {
        match self.command() {
            Ok(mut command) => command.exec(),
            Err(reason) => io::Error::other(reason),
        }
    }

    fn command(&self) -> Result<Command, String> {
        let job = self.place.join("job");
        let scratch = self.place.join("tmp");
        for folder in [&job, &scratch] {
            std::fs::create_dir(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        // Looked up before the walls stand.
        let mut command = Command::new(self.home.join("bin/python"));
        command
            .args(["-I", "-c", DRIVER])
            .current_dir(&job)
            .env_clear()
            .env("HOME", &scratch)
            .env("TMPDIR", &scratch);
        for (name, value) in ENVIRONMENT {
            command.env(name, value);
        }
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| format!("cannot be made to end with the renderer: {error}"))?;
        // Where /proc can be written: when memory runs out, this goes before the service does. Where not, the
        // container's own limit holds all the same.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        self.limit()?;
        self.landlock()?;
        // Last, since the calls above are among the refused.
        for filter in syscalls::filters(Some(std::process::id()))? {
            seccompiler::apply_filter(&filter)
                .map_err(|error| format!("the filter of system calls is not taken: {error}"))?;
        }
        Ok(command)
    }

    fn limit(&self) -> Result<(), String> {
        let limits = [
            (Resource::As, self.memory_bytes, self.memory_bytes),
            (Resource::Cpu, self.cpu_seconds, self.cpu_seconds + 1),
            (Resource::Fsize, self.file_bytes, self.file_bytes),
            (Resource::Nofile, self.open_files, self.open_files),
            (Resource::Nproc, self.threads, self.threads),
            (Resource::Core, 0, 0),
        ];
        for (resource, current, maximum) in limits {
            setrlimit(
                resource,
                Rlimit {
                    current: Some(current),
                    maximum: Some(maximum),
                },
            )
            .map_err(|error| format!("the limit {resource:?} = {current} is refused: {error}"))?;
        }
        Ok(())
    }

    fn landlock(&self) -> Result<(), String> {
        self.ruleset()
            .map_err(|error| format!("Landlock is not to be had: {error}"))
            .and_then(|rules| {
                let status = rules
                    .restrict_self()
                    .map_err(|error| format!("Landlock refuses: {error}"))?;
                if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
                    return Err("Landlock is not enforced by this kernel".into());
                }
                Ok(())
            })
    }

    fn ruleset(&self) -> Result<RulesetCreated, landlock::RulesetError> {
        // Linux 5.19 is the least. What newer kernels can refuse as well (cutting files short, TCP, devices, signals and
        // abstract sockets of others) they are asked to; the filter of system calls has most of it besides.
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V2))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V4))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?;
        let read = AccessFs::from_read(ABI::V5);
        for shown in SHOWN {
            rules = allow(rules, Path::new(shown), read)?;
        }
        rules = allow(rules, &self.home, read)?;
        rules = allow(
            rules,
            Path::new("/dev/null"),
            AccessFs::ReadFile | AccessFs::WriteFile,
        )?;
        // No links, no devices, no pipes, no sockets, nothing to run.
        let write = AccessFs::ReadFile
            | AccessFs::ReadDir
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::MakeDir
            | AccessFs::RemoveFile
            | AccessFs::RemoveDir
            | AccessFs::Refer;
        allow(rules, &self.place, write)
    }
}

/// Adds a rule for a path, if it is there.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(rules);
    };
    // A file has fewer rights than a folder.
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(ABI::V5)
    };
    rules.add_rule(PathBeneath::new(opened, access))
}
