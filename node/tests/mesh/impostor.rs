//! A node with a good certificate and the right cookie that claims another company's name, when it connects or when it speaks.

use std::sync::Arc;
use std::time::Duration;

use passcom_actors::domain::ids::CompanyId;
use passcom_actors::domain::time::Timestamp;
use passcom_actors::mesh::envelope::{Body, Envelope};
use passcom_actors::mesh::frame::{Frame, Kind, Part};
use passcom_actors::mesh::gateway::{GatewayMessage, SCOPE};
use passcom_actors::mesh::messages::Request;
use passcom_actors::mesh::traceparent::Traceparent;
use passcom_node::certs;
use passcom_node::cluster::dns_name;
use ractor::{Actor, ActorProcessingErr, ActorRef, pg};
use ractor_cluster::node::NodeConnectionMode;
use ractor_cluster::{BoxRead, BoxWrite, ClusterBidiStream, NodeServer, NodeServerMessage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use uuid::Uuid;

use crate::world::World;

/// Time enough for a handshake and what may follow from it.
const STAY: Duration = Duration::from_millis(300);

struct Stream(TlsStream<TcpStream>);

impl ClusterBidiStream for Stream {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        let (read, write) = tokio::io::split(self.0);
        (Box::new(read), Box::new(write))
    }
}

/// Connects to `target` with the certificate of `owner`, under the name of `claimed`, and stays a moment.
#[tokio::main]
pub async fn attack(world: &World, owner: &str, claimed: &str, target: &str) {
    let cookie = std::fs::read_to_string(world.folder.join("cookie")).unwrap();
    let hostname = dns_name(claimed.parse().unwrap());
    let isolated = Some(NodeConnectionMode::Isolated);
    let server = NodeServer::new(0, cookie, claimed.to_owned(), hostname, None, isolated)
        .with_listen_addr([127, 0, 0, 1].into());
    let (server, end) = Actor::spawn(None, server, ()).await.unwrap();
    let stream = Box::new(Stream(connect(world, owner, target).await));
    let opened = NodeServerMessage::ConnectionOpenedExternal {
        stream,
        is_server: false,
    };
    server.cast(opened).unwrap();
    tokio::time::sleep(STAY).await;
    server.stop(None);
    end.await.unwrap();
}

/// Where answers would arrive, and do not matter.
struct Deaf(CompanyId);

impl Actor for Deaf {
    type Msg = GatewayMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<GatewayMessage>,
        (): (),
    ) -> Result<(), ActorProcessingErr> {
        let group = self.0.to_string();
        pg::join_scoped(SCOPE.to_owned(), group, vec![myself.get_cell()]);
        Ok(())
    }
}

/// Connects to `target` as `owner`, as whom it is let in, and then sends it a request in the name of `claimed`.
#[tokio::main]
pub async fn speak(world: &World, owner: &str, claimed: &str, target: &str) {
    let (owner, claimed): (CompanyId, CompanyId) =
        (owner.parse().unwrap(), claimed.parse().unwrap());
    let cookie = std::fs::read_to_string(world.folder.join("cookie")).unwrap();
    let isolated = Some(NodeConnectionMode::Isolated);
    let name = owner.to_string();
    let server = NodeServer::new(0, cookie, name, dns_name(owner), None, isolated)
        .with_listen_addr([127, 0, 0, 1].into());
    let (server, end) = Actor::spawn(None, server, ()).await.unwrap();
    let (deaf, _) = Actor::spawn(None, Deaf(owner), ()).await.unwrap();
    let stream = Box::new(Stream(connect(world, owner.as_str(), target).await));
    let opened = NodeServerMessage::ConnectionOpenedExternal {
        stream,
        is_server: false,
    };
    server.cast(opened).unwrap();
    let gateways = || pg::get_scoped_members(&SCOPE.to_owned(), &target.to_owned());
    while gateways().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gateway: ActorRef<GatewayMessage> = gateways().remove(0).into();
    let request = Envelope {
        from: claimed,
        request_id: Uuid::new_v4(),
        traceparent: Traceparent::generate(),
        deadline: Some(Timestamp(u64::MAX)),
        body: Body::Request(Request::Describe),
    };
    let part = Part {
        kind: Kind::Request,
        call: Uuid::new_v4(),
        bytes: request.seal().unwrap(),
    };
    let frame = Frame::new(claimed, part).seal();
    gateway.cast(GatewayMessage::Frame(frame)).unwrap();
    tokio::time::sleep(STAY).await;
    server.stop(None);
    end.await.unwrap();
    deaf.stop(None);
    while !gateways().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Connects with the certificate of `owner` and claims a name, by hand; whether the target answers before it closes.
#[tokio::main]
pub async fn is_answered(world: &World, owner: &str, claimed: &str, target: &str) -> bool {
    let name = format!("{claimed}@{}", dns_name(claimed.parse().unwrap()));
    // NetworkMessage { auth = 1: AuthenticationMessage { name = 1: NameMessage { name = 1 } } }
    let message = field_1(&field_1(&field_1(name.as_bytes())));
    let prefix = u64::try_from(message.len()).unwrap().to_be_bytes();
    let mut stream = connect(world, owner, target).await;
    stream
        .write_all(&[&prefix[..], &message].concat())
        .await
        .unwrap();
    let mut answer = [0; 1];
    // a connection that is closed without a goodbye is an error, and no answer either
    matches!(stream.read(&mut answer).await, Ok(1))
}

/// Connects with a good certificate and says nothing, until the target closes the connection.
#[tokio::main]
pub async fn stay_silent(world: &World, owner: &str, target: &str) {
    let mut stream = connect(world, owner, target).await;
    // end or error: closed either way
    let read = stream.read(&mut [0; 1]).await;
    assert!(
        !matches!(read, Ok(1)),
        "there is nothing to say to a silent peer"
    );
}

fn field_1(content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap();
    assert!(len < 0x80, "longer ones take more than one byte");
    [&[1 << 3 | 2, len], content].concat()
}

async fn connect(world: &World, owner: &str, target: &str) -> TlsStream<TcpStream> {
    let files = certs::files(&world.folder, owner.parse().unwrap());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(files.ca).unwrap())
        .unwrap();
    let chain = vec![CertificateDer::from_pem_file(files.cert).unwrap()];
    let key = PrivateKeyDer::from_pem_file(files.key).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let tcp = TcpStream::connect(world.address(target)).await.unwrap();
    let name = dns_name(target.parse().unwrap()).try_into().unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .unwrap()
}
