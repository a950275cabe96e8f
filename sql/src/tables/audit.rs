//! Reads of what operators did.

use jiff::Timestamp;
use passcom_actors::company::store::AuditView;
use tokio_postgres::Row;

use super::PgTables;
use super::reader::limit as row_limit;
use crate::decode::Decoded;
use crate::error::Failure;

const AUDIT: &str = "
select id, at, action, subject, reason from audit
where $1::bigint is null or id < $1
order by id desc limit $2
";

impl PgTables {
    pub(super) async fn read_audit(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditView>, Failure> {
        let reader = self.reader().await?;
        let rows = reader.rows(AUDIT, &[&before, &row_limit(limit)]).await?;
        rows.iter().map(audit_view).collect()
    }
}

fn audit_view(row: &Row) -> Decoded<AuditView> {
    let at: Timestamp = row.try_get("at")?;
    Ok(AuditView::new(
        row.try_get("id")?,
        at,
        row.try_get("action")?,
        row.try_get("subject")?,
        row.try_get("reason")?,
    ))
}
