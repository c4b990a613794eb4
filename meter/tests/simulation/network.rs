//! The simulated network, as the meter's `incoming` and the recorders' connector.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use hyper_util::rt::TokioIo;
use reelmeter_service::connect;
use reelmeter_service::tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::codegen::http::Uri;
use tonic::transport::Channel;
use tonic::transport::server::Connected;
use turmoil::net::{TcpListener, TcpStream};

pub const METER: &str = "meter";
const PORT: u16 = 50051;

/// A connection that the meter has accepted.
pub struct Accepted(TcpStream);

impl Connected for Accepted {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// The connections that come to this host.
pub async fn incoming() -> io::Result<impl Stream<Item = io::Result<Accepted>> + Send> {
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
    Ok(futures::stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await;
        Some((accepted.map(|(stream, _)| Accepted(stream)), listener))
    }))
}

/// The way to the meter, with the limits that the programs have.
pub fn channel() -> Channel {
    let address = format!("http://{METER}:{PORT}");
    let endpoint = connect::endpoint(&address, "METER_ADDR", &Tls::default()).unwrap();
    endpoint.connect_with_connector_lazy(tower::service_fn(|_: Uri| async {
        let stream = TcpStream::connect((METER, PORT)).await?;
        Ok::<_, io::Error>(TokioIo::new(stream))
    }))
}
