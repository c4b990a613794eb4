//! The simulator's settings.

use std::net::SocketAddr;

use clap::Args;

use crate::application::{Latency, Settings};
use crate::domain::faults::Plan;

/// The settings of the provider simulator.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub struct Config {
    /// Address to listen on.
    #[arg(long, env, default_value = "127.0.0.1:50053")]
    pub simulator_listen: SocketAddr,

    /// Scale of all waiting: 1 is short but lifelike, 0 is none, 5 is about as slow as the real providers.
    #[arg(long, env, default_value_t = 1.0, value_name = "SCALE")]
    pub simulator_latency: f64,

    /// Faults to come, as TARGET:FAULT*TIMES or TARGET:FAULT@NTH, separated by commas, such as `image:status429*2,image:refused@3`.
    #[arg(long, env, default_value = "", value_name = "RULES")]
    pub simulator_faults: String,

    /// Credits of the speech provider's subscription.
    #[arg(long, env, default_value_t = 100_000, value_name = "CREDITS")]
    pub simulator_character_limit: u64,

    /// Credits already used of it.
    #[arg(long, env, default_value_t = 17_231, value_name = "CREDITS")]
    pub simulator_characters_used: u64,

    /// Models that are not offered, as if they had been retired, separated by commas.
    #[arg(long, env, default_value = "", value_name = "MODELS")]
    pub simulator_retired_models: String,
}

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A scale out of range.
    #[error("simulator_latency is {0}, but must be from 0 (no waiting) to 100")]
    Latency(f64),
    /// Faults that are not understood.
    #[error("simulator_faults: {0}")]
    Faults(#[from] crate::domain::faults::Error),
}

impl Config {
    /// How the simulator behaves.
    ///
    /// # Errors
    ///
    /// If a setting makes no sense; the message names it.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        Ok(Settings {
            latency: Latency::new(self.simulator_latency)
                .ok_or(ConfigError::Latency(self.simulator_latency))?,
            credits_used: self.simulator_characters_used,
            credits_limit: self.simulator_character_limit,
            retired_models: self
                .simulator_retired_models
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            faults: Plan::parse(&self.simulator_faults)?,
        })
    }
}
