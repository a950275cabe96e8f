//! The server through which mail leaves.

use std::time::Duration;

use anyhow::Context;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Code;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use passcom_http::mail::Letter;

use crate::config;

/// How long a server has to take a connection, and for all of the dialogue.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DIALOGUE_TIMEOUT: Duration = Duration::from_secs(10);
/// Answers that are about us and not about the letter (RFC 4954, RFC 3207): another try makes sense once an operator
/// has corrected something.
const OURS: [u16; 4] = [530, 534, 535, 538];

/// Why a letter was not taken, or may not have been.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    /// The server will not take it tomorrow, either.
    #[error("refused: {0}")]
    Refused(String),
    #[error("{0}")]
    Later(String),
}

pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Dials nobody yet.
    pub fn new(mail: &config::Mail, credentials: Option<(String, String)>) -> anyhow::Result<Self> {
        let tls = match mail.tls {
            config::Tls::Never => Tls::None,
            config::Tls::Always => Tls::Wrapper(parameters(mail)?),
            config::Tls::Starttls => Tls::Required(parameters(mail)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.server)
            .port(mail.port)
            .tls(tls)
            .timeout(Some(CONNECT_TIMEOUT));
        if let Some((user, password)) = credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            transport: builder.build(),
            from: mail.from.parse().context("the sender's address")?,
        })
    }

    /// Hands a letter to the server. `name` makes the Message-ID, so that a letter that comes twice can be told to be one.
    pub async fn send(&self, name: &str, to: &str, letter: Letter) -> Result<(), NotSent> {
        // what cannot be written down now cannot be later
        let refused = |cause: &dyn std::fmt::Display| NotSent::Refused(cause.to_string());
        let message = self.message(name, to, letter);
        let message = message.map_err(|cause| refused(&format!("{cause:#}")))?;
        let sent = self.transport.send(message);
        match tokio::time::timeout(DIALOGUE_TIMEOUT, sent).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) if cause.is_permanent() && !cause.status().is_some_and(is_ours) => {
                Err(refused(&told(&cause)))
            }
            Ok(Err(cause)) => Err(NotSent::Later(told(&cause))),
            Err(_) => Err(NotSent::Later("the server takes too long".to_owned())),
        }
    }

    fn message(&self, name: &str, to: &str, letter: Letter) -> anyhow::Result<Message> {
        let domain = self.from.email.domain();
        let builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse().context("the address")?))
            .subject(letter.subject)
            .date_now()
            .message_id(Some(format!("<{name}@{domain}>")))
            // nobody's automatic answer is wanted (RFC 3834)
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(header::ContentTransferEncoding::QuotedPrintable)
            .body(letter.text);
        let mut parts = MultiPart::mixed().singlepart(text);
        for attachment in letter.attachments {
            let kind = ContentType::parse(attachment.content_type).context("a type of content")?;
            parts =
                parts.singlepart(Attachment::new(attachment.name).body(attachment.content, kind));
        }
        Ok(builder.multipart(parts)?)
    }
}

fn is_ours(code: Code) -> bool {
    OURS.contains(&u16::from(code))
}

/// With what it rests on, in one line.
fn told(cause: &lettre::transport::smtp::Error) -> String {
    let mut text = cause.to_string();
    let mut next = std::error::Error::source(cause);
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}

fn parameters(mail: &config::Mail) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(mail.server.clone());
    if let Some(path) = &mail.ca {
        let pem = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        let authority = Certificate::from_pem(&pem);
        let authority =
            authority.with_context(|| format!("{} is no certificate", path.display()))?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build().context("TLS for mail")
}
