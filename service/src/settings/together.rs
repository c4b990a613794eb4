//! Two settings structs in one program.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// Two structs read from the same command line, for the program that runs several services: a setting that both
/// have (`METER_ADDR` of the generator and of the client) is one flag, and both get its value. Nest it for more.
#[derive(Debug, Clone, Default)]
pub struct Together<A, B>(
    /// The first; where both have a setting, its default and help text count.
    pub A,
    /// The second.
    pub B,
);

impl<A: FromArgMatches, B: FromArgMatches> FromArgMatches for Together<A, B> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        // Reading takes values out of the matches, so each reads its own copy.
        Ok(Self(
            A::from_arg_matches(&matches.clone())?,
            B::from_arg_matches(&matches.clone())?,
        ))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches(matches)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(&matches.clone())?;
        self.1.update_from_arg_matches(&matches.clone())
    }
}

impl<A: Args, B: Args> Args for Together<A, B> {
    fn augment_args(command: Command) -> Command {
        merge(
            A::augment_args(command),
            B::augment_args(Command::new("second")),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        merge(
            A::augment_args_for_update(command),
            B::augment_args_for_update(Command::new("second")),
        )
    }
}

fn merge(mut command: Command, other: Command) -> Command {
    for arg in other.get_arguments() {
        if command
            .get_arguments()
            .all(|known| known.get_id() != arg.get_id())
        {
            command = command.arg(arg.clone());
        }
    }
    for group in other.get_groups() {
        if command
            .get_groups()
            .all(|known| known.get_id() != group.get_id())
        {
            command = command.group(group.clone());
        }
    }
    command
}
