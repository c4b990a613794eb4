//! The meters of one turn.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a meter may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// Meters over one database, each a process of its own.
pub struct Meters(Vec<(Child, String)>);

impl Meters {
    pub async fn start(store: &str, count: usize) -> Self {
        // Held until all are known, so that no two are the same.
        let held: Vec<TcpListener> = (0..count)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let addresses: Vec<String> = held
            .iter()
            .map(|listener| listener.local_addr().unwrap().to_string())
            .collect();
        drop(held);
        let mut meters = Self(Vec::new());
        for address in addresses {
            let process = Command::new(env!("CARGO_BIN_EXE_meter"))
                .args(["--meter-listen", &address, "--meter-store", store])
                .env("REELMETER_LOG", "warn")
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            meters.0.push((process, address));
        }
        let began = Instant::now();
        for (process, address) in &mut meters.0 {
            while tokio::net::TcpStream::connect(&*address).await.is_err() {
                assert!(process.try_wait().unwrap().is_none(), "the meter starts");
                assert!(began.elapsed() < PATIENCE, "the meter starts");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        meters
    }

    pub fn addresses(&self) -> Vec<String> {
        self.0.iter().map(|(_, address)| address.clone()).collect()
    }

    pub fn processes(&self) -> Vec<u32> {
        self.0.iter().map(|(process, _)| process.id()).collect()
    }

    /// Tells them to stop and waits until they have.
    pub fn stop(mut self) {
        for (process, _) in &self.0 {
            let told = Command::new("kill").arg(process.id().to_string()).status();
            assert!(told.unwrap().success());
        }
        let began = Instant::now();
        for (process, _) in &mut self.0 {
            while process.try_wait().unwrap().is_none() {
                assert!(began.elapsed() < PATIENCE, "the meter stops");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

impl Drop for Meters {
    fn drop(&mut self) {
        for (process, _) in &mut self.0 {
            // Nothing to do where it has ended in order.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
