//! `meter tokens`: making, listing and revoking tokens. A running service sees the change within a second or two.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{Role, TokenFile, TokenFileError, Wish};

/// What is done with the tokens in the file that REELMETER_TOKENS names.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Make a token, print it once, and keep its hash.
    Add {
        /// A name for it, as it will stand in the audit trail and in logs: a-z, 0-9, `.`, `_` and `-`.
        #[arg(long)]
        name: String,
        /// What it is for; may be given several times.
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<Role>,
        /// Whose data it may touch; empty for the default tenant, `*` for a generator that records for several.
        #[arg(long, default_value = "")]
        tenant: String,
        /// It opens nothing after so long, for example 90d or 12h. Without this it never ends.
        #[arg(long, value_name = "DURATION", value_parser = lifetime)]
        expires_in: Option<SignedDuration>,
    },
    /// List the tokens by name; none of them can be got back.
    List,
    /// Take a token away.
    Revoke {
        /// Its name.
        name: String,
    },
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no file to work on.
    #[error(
        "name the file of tokens with REELMETER_TOKENS or --reelmeter-tokens; it is made where it is missing"
    )]
    NoFile,
    /// The file.
    #[error(transparent)]
    File(#[from] TokenFileError),
    /// The lifetime leads out of the calendar.
    #[error("no calendar goes that far; choose a shorter --expires-in")]
    Expiry,
    /// Nobody would see the token.
    #[error("the token cannot be printed, so none was kept: {0}")]
    Print(#[source] io::Error),
}

/// Carries a command out on the file.
///
/// # Errors
/// See [`CommandError`].
pub fn run(command: &Command, file: Option<&PathBuf>, now: Timestamp) -> Result<(), CommandError> {
    let path = file.ok_or(CommandError::NoFile)?;
    let mut out = io::stdout();
    match command {
        Command::Add {
            name,
            roles,
            tenant,
            expires_in,
        } => {
            let mut tokens = if path.exists() {
                TokenFile::read(path)?
            } else {
                TokenFile::default()
            };
            let end = |lifetime: &SignedDuration| now.checked_add(*lifetime);
            let expires = expires_in.as_ref().map(end).transpose();
            let token = tokens.add(Wish {
                name: name.clone(),
                roles: roles.clone(),
                tenant: tenant.clone(),
                expires: expires.map_err(|_| CommandError::Expiry)?,
            })?;
            tokens.write(path)?;
            // This once, to the person who asked; a token that nobody saw is worth nothing.
            let shown = writeln!(out, "{}", token.expose()).and_then(|()| out.flush());
            if let Err(error) = shown {
                tokens.revoke(name);
                tokens.write(path)?;
                return Err(CommandError::Print(error));
            }
        }
        Command::List => {
            list(&TokenFile::read(path)?, &mut out, now).map_err(CommandError::Print)?
        }
        Command::Revoke { name } => revoke(path, name)?,
    }
    Ok(())
}

fn list(tokens: &TokenFile, out: &mut impl Write, now: Timestamp) -> io::Result<()> {
    for token in &tokens.tokens {
        let roles: Vec<&str> = token.roles.iter().map(|role| role.as_str()).collect();
        let tenant = match token.tenant.as_str() {
            "" => "the default tenant".to_owned(),
            "*" => "every tenant".to_owned(),
            tenant => format!("tenant {tenant}"),
        };
        let ends = match token.expires {
            None => "never ends".to_owned(),
            Some(at) if at <= now => format!("has ended {at}"),
            Some(at) => format!("ends {at}"),
        };
        writeln!(out, "{}: {}, {tenant}, {ends}", token.name, roles.join("+"))?;
    }
    Ok(())
}

fn revoke(path: &Path, name: &str) -> Result<(), CommandError> {
    let mut tokens = TokenFile::read(path)?;
    if !tokens.revoke(name) {
        return Err(TokenFileError::Unknown {
            name: name.to_owned(),
            path: path.to_owned(),
        }
        .into());
    }
    Ok(tokens.write(path)?)
}

fn lifetime(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "write a duration like 90d, 12h or 30m".to_owned();
    // Days are no unit of an exact duration elsewhere; for a token a day is 24 hours.
    let duration = match text.strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) => days.checked_mul(24).map(SignedDuration::from_hours),
        Some(Err(_)) => None,
        None => text.parse().ok(),
    };
    let duration = duration.ok_or_else(wrong)?;
    if duration <= SignedDuration::ZERO {
        return Err(wrong());
    }
    Ok(duration)
}
