//! A TCP relay that can be cut: the network between a client and a service.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A relay on a port of its own.
#[derive(Debug, Clone)]
pub struct Relay {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    upstream: Arc<watch::Sender<SocketAddr>>,
}

impl Relay {
    /// A relay to that address.
    pub async fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(watch::channel(true).0);
        let state = Arc::clone(&open);
        let upstream = Arc::new(watch::channel(upstream).0);
        let leads_to = Arc::clone(&upstream);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // A cut line takes the connection and closes it, as a proxy without its service does.
                if !*state.borrow() {
                    continue;
                }
                let mut state = state.subscribe();
                let upstream = *leads_to.borrow();
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(upstream).await else {
                        return;
                    };
                    let (mut near, mut far) = (near, far);
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self {
            address,
            open,
            upstream,
        }
    }

    /// Its address, for a client.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads connections to another address from now on.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.upstream.send_replace(upstream);
    }

    /// Breaks every connection and lets no other through.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn heal(&self) {
        self.open.send_replace(true);
    }
}
