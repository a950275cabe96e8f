//! A node's ledger over a store, with the tables that follow it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::join_all;
use passcom_actors::clock::Clock;
use passcom_actors::company::archive::Archive;
use passcom_actors::company::ledger::{Ledger, PostError, Writer};
use passcom_actors::company::log::lineage::{Lineage, Start};
use passcom_actors::company::log::projector::{self, Superseded};
use passcom_actors::company::log::{Log, OpenError, Seq};
use passcom_actors::company::store::{LedgerStore, Tables};
use passcom_actors::company::witness::Witness;
use passcom_actors::domain::entry::{Entry, Receipt};
use tokio::task::JoinHandle;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use uuid::Uuid;

use super::{Base, Wall, company};

/// As sagas name their driver.
const NODE: &str = "node-x";

/// When the tables follow the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tabling {
    AtOnce,
    /// When a test says so.
    OnDemand,
}

pub struct Node {
    pub log: Arc<Log>,
    pub archive: Archive,
    pub store: Arc<dyn LedgerStore>,
    pub tables: Arc<dyn Tables>,
    pub wall: Wall,
    projector: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts on the database.
    pub async fn open(base: &impl Base, tabling: Tabling) -> Self {
        let (store, tables) = base.start().await;
        Self::over(store, tables, tabling).await.unwrap()
    }

    pub async fn over(
        store: Arc<dyn LedgerStore>,
        tables: Arc<dyn Tables>,
        tabling: Tabling,
    ) -> Result<Self, OpenError> {
        // an error where the first one is set already: it is the same
        let _ = tracing::subscriber::set_global_default(Alarms);
        let start = Start {
            run: Uuid::nil(),
            after: Seq::NONE,
        };
        let lineage = Lineage {
            incarnation: tables.incarnation(),
            earlier: Vec::new(),
            present: start,
            last: start.after,
        };
        let witness = Witness::new(company("a"), lineage, BTreeMap::new());
        let log = Log::open(store.as_ref(), company("a"), NODE, Clock::start(), witness).await?;
        let projector = (tabling == Tabling::AtOnce)
            .then(|| tokio::spawn(projector::run(log.clone(), store.clone())));
        Ok(Self {
            archive: Archive::new(company("a"), log.clone(), tables.clone()),
            log,
            store,
            tables,
            wall: Wall::new(),
            projector,
        })
    }

    /// One batch: all of it waits before the writer begins. Comes back when nothing is in doubt any more.
    pub async fn post(&self, entries: &[Entry]) -> Vec<Result<Receipt, PostError>> {
        self.post_over(self.store.clone(), entries).await
    }

    /// The same over another way to the same database.
    pub async fn post_over(
        &self,
        store: Arc<dyn LedgerStore>,
        entries: &[Entry],
    ) -> Vec<Result<Receipt, PostError>> {
        let (receipts, alarms) = self.post_and_listen(store, entries).await;
        assert_eq!(alarms, Vec::<String>::new());
        receipts
    }

    /// The same where alarms are expected; they come, too.
    pub async fn post_and_listen(
        &self,
        store: Arc<dyn LedgerStore>,
        entries: &[Entry],
    ) -> (Vec<Result<Receipt, PostError>>, Vec<String>) {
        let (ledger, queue) = Ledger::new();
        let writer = Writer {
            me: company("a"),
            log: self.log.clone(),
            store,
            listener: Arc::new(|_| ()),
            close_of_sale: self.wall.close_of_sale(),
        };
        let posting = async move {
            let posts = entries.iter().map(|entry| ledger.post(entry.clone()));
            join_all(posts).await
        };
        let work = async { tokio::join!(biased; posting, writer.run(queue)).0 };
        ALARMS
            .scope(RefCell::default(), async {
                let receipts = work.await;
                (receipts, ALARMS.with(RefCell::take))
            })
            .await
    }

    /// Brings the tables to the end of the log.
    pub async fn project(&self) -> Result<(), Superseded> {
        projector::project(&self.log, self.store.as_ref()).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(projector) = &self.projector {
            projector.abort();
        }
    }
}

tokio::task_local! {
    /// What the ledger of this task has logged as impossible.
    static ALARMS: RefCell<Vec<String>>;
}

/// Takes down the alarms of ledgers.
struct Alarms;

impl Subscriber for Alarms {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::ERROR
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().fields().field("alarm").is_some() {
            let noted = ALARMS.try_with(|alarms| event.record(&mut Note(&mut alarms.borrow_mut())));
            noted.expect("ledgers run where their alarms are taken down");
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Note<'a>(&'a mut Vec<String>);

impl Visit for Note<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        self.0.push(format!("{value:?}"));
    }
}
