//! One HTTP request and its answer, over a stream that somebody has opened: reqwest has no TLS here, and with it every client
//! would read the machine's authorities.

use std::sync::Arc;

use anyhow::anyhow;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Status and body, of which `len_max` bytes are read at most. An error may have come after the request was read there.
pub async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    len_max: usize,
) -> anyhow::Result<(u16, Bytes)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), len_max);
        let body = body.collect().await;
        let body = body.map_err(|cause| anyhow!("read the answer: {cause}"))?;
        anyhow::Ok((status, body.to_bytes()))
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // its end is told to whoever waits for the answer, which may be there all the same: some servers leave without a word
        ended = &mut connection => match (exchange.await, ended) {
            (Err(_), Err(cause)) => Err(cause.into()),
            (answer, _) => answer,
        }
    }
}

/// For servers whose certificates these authorities have signed; the public ones, where there are none.
pub fn connector(authorities: Option<RootCertStore>) -> anyhow::Result<TlsConnector> {
    let public = || RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities.unwrap_or_else(public))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
