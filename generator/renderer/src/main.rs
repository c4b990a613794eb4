//! The renderer as a program: a service on a Unix socket, and the helper that confines itself for it.

use std::process::ExitCode;

use clap::Parser;
use reelmeter_renderer::{by_hand, confine::Confinement, service};

/// Renders model-written scenes inside a sandbox, for a generator in another container.
#[derive(Debug, clap::Parser)]
#[command(name = "renderer", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serves on a Unix socket.
    Serve(service::Settings),
    /// Checks a scene, or renders it, in the same sandbox that generators use.
    Render(by_hand::Settings),
    /// Asks a running renderer whether it is well.
    Health(service::HealthSettings),
    /// Confines itself and becomes the program that runs a scene; for the renderer's own use.
    #[command(name = reelmeter_renderer::confine::COMMAND, hide = true)]
    ExecSandboxed(Confinement),
}

fn main() -> ExitCode {
    let failed = match Cli::parse().command {
        // One thread only: a filter of system calls holds for the thread that installs it.
        Command::ExecSandboxed(confinement) => confinement.exec().to_string(),
        Command::Serve(settings) => match service::serve(settings) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failed) => failed,
        },
        Command::Render(settings) => match service::by_hand(settings) {
            Ok(said) => {
                #[expect(clippy::print_stdout, reason = "what it was asked for")]
                {
                    println!("{said}");
                }
                return ExitCode::SUCCESS;
            }
            Err(failed) => failed,
        },
        Command::Health(settings) => match service::health(&settings) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failed) => failed,
        },
    };
    tracing::error!("{failed}");
    #[expect(
        clippy::print_stderr,
        reason = "a program's last words, also without a log"
    )]
    {
        eprintln!("error: {failed}");
    }
    ExitCode::FAILURE
}
