//! What the tests share.

pub mod driver;
pub mod fake;
pub mod meter;
pub mod pty;
pub mod relay;
pub mod scenes;

use std::future::Future;
use std::time::Duration;

/// How long anything is waited for. On a busy machine everything takes longer; nothing here waits without need.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for it, for so long at most.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}
