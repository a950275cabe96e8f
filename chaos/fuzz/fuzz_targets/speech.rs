//! The frames of an open link: whatever passes the check of who speaks, and reaches the gateway, names the certified company there.
//!
//! Read twice: by our own check of the bytes, and by protobuf and ractor as the link itself does.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use passcom_actors::domain::ids::CompanyId;
use passcom_actors::mesh::envelope::Envelope;
use passcom_actors::mesh::frame;
use passcom_actors::mesh::gateway::GatewayMessage;
use passcom_node::cluster::fuzzing::speech;
use prost::{Message, Oneof};
use ractor::message::SerializedMessage;
use tokio::runtime::{Builder, Runtime};

#[derive(Message)]
struct Network {
    #[prost(oneof = "Kind", tags = "1, 2, 3")]
    kind: Option<Kind>,
}

#[derive(Oneof)]
enum Kind {
    #[prost(bytes, tag = "1")]
    Auth(Vec<u8>),
    #[prost(message, tag = "2")]
    Node(Node),
    #[prost(bytes, tag = "3")]
    Control(Vec<u8>),
}

#[derive(Message)]
struct Node {
    #[prost(oneof = "Said", tags = "1, 2, 3")]
    said: Option<Said>,
}

#[derive(Oneof)]
enum Said {
    #[prost(message, tag = "1")]
    Cast(Cast),
    #[prost(message, tag = "2")]
    Call(Call),
    #[prost(bytes, tag = "3")]
    Reply(Vec<u8>),
}

#[derive(Message)]
struct Cast {
    #[prost(uint64, tag = "1")]
    to: u64,
    #[prost(bytes = "vec", tag = "2")]
    what: Vec<u8>,
    #[prost(string, tag = "3")]
    variant: String,
    #[prost(bytes = "vec", optional, tag = "6")]
    metadata: Option<Vec<u8>>,
}

#[derive(Message)]
struct Call {
    #[prost(uint64, tag = "1")]
    to: u64,
    #[prost(bytes = "vec", tag = "2")]
    what: Vec<u8>,
    #[prost(uint64, tag = "3")]
    tag: u64,
    #[prost(uint64, optional, tag = "4")]
    timeout_ms: Option<u64>,
    #[prost(string, tag = "5")]
    variant: String,
    #[prost(bytes = "vec", optional, tag = "6")]
    metadata: Option<Vec<u8>>,
}

/// What the gateway is told, as ractor_cluster hands it on.
fn heard(frame: &[u8]) -> Option<GatewayMessage> {
    let Some(Kind::Node(node)) = Network::decode(frame).ok()?.kind else {
        return None;
    };
    let message = match node.said? {
        Said::Cast(cast) => SerializedMessage::Cast {
            variant: cast.variant,
            args: cast.what,
            metadata: cast.metadata,
        },
        Said::Call(call) => SerializedMessage::Call {
            variant: call.variant,
            args: call.what,
            reply: ractor::concurrency::oneshot().0.into(),
            metadata: call.metadata,
        },
        Said::Reply(_) => return None,
    };
    <GatewayMessage as ractor::Message>::deserialize(message).ok()
}

/// The company that the gateway would hear, if it can read what comes.
async fn speaker(frame: &[u8]) -> Option<CompanyId> {
    let from = match heard(frame)? {
        GatewayMessage::Frame(bytes) => frame::open(&bytes).ok().map(|(from, _)| from),
        GatewayMessage::Call(bytes, _) => Envelope::open(&bytes).ok().map(|call| call.from),
    };
    // the task that ractor has begun for the answer ends without one
    tokio::task::yield_now().await;
    from
}

/// For the tasks that ractor begins.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

fuzz_target!(|frame: &[u8]| {
    let peer: CompanyId = "b".parse().unwrap();
    if speech(frame, peer).is_ok() {
        let from = RUNTIME.block_on(speaker(frame));
        assert!(from.is_none_or(|from| from == peer), "{from:?} was let in");
    }
});
