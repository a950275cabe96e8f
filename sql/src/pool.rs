//! How a company's database is reached, and how long anything there may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::address::{Address, Connector};
use crate::checks::Identity;
use crate::guard::Guard;
use crate::ledger_store::PgLedgerStore;
use crate::tables::PgTables;
use anyhow::Context;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use passcom_actors::domain::ids::CompanyId;

/// Until a connection stands.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Until a pooled connection is free.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(2);
/// Until the server gives up a statement.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until the server gives up waiting for another transaction's lock.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// Until we give up on an answer. Above [`STATEMENT_TIMEOUT`], so that a server that is alive says itself what happened.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);

/// Connections for reads, where nobody says otherwise.
const CONNECTIONS: usize = 8;

/// What a node knows of its database.
#[derive(Debug, Clone)]
pub struct Options {
    pub address: Address,
    pub company: CompanyId,
    /// Connections for reads; the ledger and the node's lock have one more each.
    pub connections: usize,
}

impl Options {
    pub fn new(address: impl Into<Address>, company: CompanyId) -> Self {
        Self {
            address: address.into(),
            company,
            connections: CONNECTIONS,
        }
    }
}

/// A company's database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    connector: Connector,
    company: CompanyId,
    pool: Pool,
    guard: Arc<Guard>,
    /// Whether what is sold may have to be mailed. Until that is known, it may.
    mails: Arc<AtomicBool>,
}

/// Reaches the database once, so that a wrong address is told at start and not at the first booking.
pub async fn connect(options: Options) -> anyhow::Result<Database> {
    let mut connector = options.address.connector()?;
    connector
        .config
        .connect_timeout(CONNECT_TIMEOUT)
        .application_name(format!("passcom {}", options.company));
    let guard = Arc::<Guard>::default();
    let database = Database {
        pool: pool(&connector, options.connections, guard.clone())?,
        guard,
        mails: Arc::new(AtomicBool::new(true)),
        connector,
        company: options.company,
    };
    drop(database.client().await?);
    Ok(database)
}

impl Database {
    /// A pooled connection, for statements that are no part of a booking.
    pub async fn client(&self) -> anyhow::Result<Object> {
        let unreachable = || format!("cannot reach the database of company {}", self.company);
        self.pool.get().await.with_context(unreachable)
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    pub fn company(&self) -> CompanyId {
        self.company
    }

    /// The writer of this start of the node. One per node: another one ends it.
    pub fn ledger_store(&self, identity: &Identity) -> PgLedgerStore {
        PgLedgerStore::new(&self.connector, identity.epoch, &self.guard, &self.mails)
    }

    pub fn tables(&self, identity: &Identity) -> PgTables {
        PgTables::new(self.pool.clone(), identity.incarnation)
    }

    /// From now on every new connection is checked: whether it leads to this database, with all that was acknowledged,
    /// and to settings that keep it. Once.
    pub fn expect(&self, identity: &Identity) {
        self.guard.expect(identity);
    }

    pub(crate) fn note_mail(&self, mails: bool) {
        self.mails.store(mails, Ordering::Relaxed);
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }
}

fn pool(connector: &Connector, size: usize, guard: Arc<Guard>) -> anyhow::Result<Pool> {
    let recycling_method = RecyclingMethod::Fast;
    let Connector { config, tls } = connector.clone();
    let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method });
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .recycle_timeout(Some(CONNECT_TIMEOUT))
        .post_create(Hook::async_fn(move |client, _| {
            let guard = guard.clone();
            Box::pin(async move {
                // not in the startup options: those are the operator's, and would be overwritten
                let bounds = client.batch_execute(&bounds()).await;
                bounds.map_err(HookError::Backend)?;
                let checked = guard.check(client).await.map_err(HookError::Backend)?;
                checked.map_err(|unfit| HookError::message(unfit.to_string()))
            })
        }))
        .runtime(Runtime::Tokio1)
        .build()
        .context("cannot make a pool of database connections")
}

/// The bounds of every session.
pub(crate) fn bounds() -> String {
    format!(
        "set statement_timeout = {}; set lock_timeout = {}; set idle_in_transaction_session_timeout = {};",
        STATEMENT_TIMEOUT.as_millis(),
        LOCK_TIMEOUT.as_millis(),
        ANSWER_TIMEOUT.as_millis(),
    )
}
