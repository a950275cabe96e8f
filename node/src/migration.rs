//! Who brings a company's tables up to date: their owner, by `passcom migrate`. Where the configuration names none, whoever comes first.

use anyhow::Context;
use passcom_sql::{Address, Database, Options, migrate, roles};
use tracing::{info, warn};

use crate::config::{Company, Config};

/// As its owner; where there is none, as the node's role.
pub async fn migrate(config: &Config, company: &Company) -> anyhow::Result<()> {
    let node = config.database(company)?;
    match config.database_owner(company)? {
        Some(owner) => bring(company, owner, Some(node.role()?)).await,
        None => bring(company, node, None).await,
    }
}

/// For an import, which may be the first to come to a database: makes the tables, unless that is its owner's to do.
pub async fn ensure(config: &Config, company: &Company) -> anyhow::Result<()> {
    let node = config.database(company)?;
    if !company.has_database_owner() {
        return bring(company, node, None).await;
    }
    let database = open(company, node).await?;
    let checked = migrate::check(&database).await;
    checked.with_context(|| format!("the database of company {}", company.code))
}

async fn bring(company: &Company, address: Address, node: Option<String>) -> anyhow::Result<()> {
    let database = open(company, address).await?;
    let migrated = migrate::migrate(&database, node.as_deref()).await;
    migrated.with_context(|| format!("the database of company {}", company.code))
}

async fn open(company: &Company, address: Address) -> anyhow::Result<Database> {
    let options = Options {
        connections: 1,
        ..Options::new(address, company.code)
    };
    let connected = passcom_sql::connect(options).await;
    connected.with_context(|| format!("the database of company {}", company.code))
}

/// At the start of a node: its tables are those of this program, or become so where it may make them.
pub async fn at_start(database: &Database, company: &Company) -> anyhow::Result<()> {
    let superuser = roles::is_superuser(database).await?;
    if !company.has_database_owner() {
        migrate::migrate(database, None).await?;
        info!(
            superuser,
            "one role of the database has the tables and runs the node; database_owner_url_file keeps the two apart"
        );
        return Ok(());
    }
    if superuser {
        warn!(
            "the node's role of the database is a superuser: whoever takes the node over has its server"
        );
    }
    migrate::check(database).await
}
