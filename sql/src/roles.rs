//! Who may do what in a company's database: an owner, who migrates, and the node, which reads and writes rows.
//!
//! A node that is taken over reaches no more than its rows: it makes, changes and drops no table, runs no program on the server, and the
//! log it can only append to.

use anyhow::Context;
use tokio_postgres::Transaction;

use crate::address::Address;
use crate::pool::{CONNECT_TIMEOUT, Database};

/// See there.
pub const ROLES: &str = include_str!("../roles.sql");
/// The names that [`ROLES`] makes.
pub const OWNER: &str = "passcom_owner";
pub const NODE: &str = "passcom_node";

/// Its tables, its views and its counters, the log apart. Nothing else that may be in the schema.
const GRANT: &str = r#"
do $$
declare
    node text := current_setting('passcom.grantee');
begin
    execute format('grant usage on schema %I to %I', current_schema(), node);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', current_schema(), node);
    execute format('grant usage, select on all sequences in schema %I to %I', current_schema(), node);
    -- what has been said stays said: a row of the log goes with its partition only, by a function that looks first
    execute format('revoke update, delete on log from %I', node);
    execute format('revoke insert, update, delete on migration, register from %I', node);
    execute (
        select format('revoke all on %s from %I', string_agg(inhrelid::regclass::text, ', '), node)
        from pg_inherits where inhparent = 'log'::regclass
    );
end
$$"#;

/// Makes or mends the roles, as a superuser.
pub async fn make(superuser: &Address, owner: &str, node: &str) -> anyhow::Result<()> {
    let connector = superuser.connector()?;
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, connector.connect());
    let (client, connection) = connecting
        .await
        .context("the database does not answer")?
        .context("connect to make the roles")?;
    let connection = tokio::spawn(connection);
    let passwords = "select set_config('passcom.owner_password', $1, false), set_config('passcom.node_password', $2, false)";
    client
        .query_one(passwords, &[&owner, &node])
        .await
        .context("say the passwords of the roles")?;
    let made = client.batch_execute(ROLES).await.context("make the roles");
    drop(client);
    // it ends with its client; how is no matter any more
    let _ = connection.await;
    made
}

/// Lets the node's role do its work, and no more. By the owner, who has just migrated.
pub(crate) async fn grant(transaction: &Transaction<'_>, node: &str) -> anyhow::Result<()> {
    transaction
        .query_one("select set_config('passcom.grantee', $1, true)", &[&node])
        .await?;
    transaction
        .batch_execute(GRANT)
        .await
        .with_context(|| format!("grant {node} what a node needs"))
}

/// Whether whoever is connected may do everything, on files of the server, too.
pub async fn is_superuser(database: &Database) -> anyhow::Result<bool> {
    let client = database.client().await?;
    let asked = "select rolsuper from pg_roles where rolname = current_user";
    Ok(client.query_one(asked, &[]).await?.try_get(0)?)
}
