//! What can go wrong between a node and its database, and what that says about a write.

use std::time::Duration;

use passcom_actors::company::store::{AppendError, ReadError, WriteError};
use tokio_postgres::error::{Error, Severity, SqlState};

use crate::guard::Unfit;

/// Raised by the function `move_tables` of the migrations.
const MOVED: &str = "PC001";
/// Raised by their function `append`.
const SUPERSEDED: &str = "PC002";
const OUTDATED: &str = "PC003";
const SURPRISE: &str = "PC004";

/// Why there is no answer, or none that makes sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", in_full(.0))]
    Postgres(#[from] Error),
    #[error("no answer within {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Unreachable(String),
    /// A connection that must not be used.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A row that this program did not write.
    #[error(
        "column {column} of {table} has {value:?}, which is no {column}: restore that row from a backup"
    )]
    Corrupt {
        table: &'static str,
        column: &'static str,
        value: String,
    },
}

/// Whether COMMIT was on its way when a statement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// COMMIT had not been sent.
    BeforeCommit,
    /// A statement that travelled ahead of COMMIT.
    AheadOfCommit,
    Commit,
}

impl Failure {
    /// What a failed transaction left behind.
    pub(crate) fn into_write_error(self, stage: Stage) -> WriteError {
        let told = match &self {
            Failure::Postgres(error) => error.as_db_error(),
            Failure::Silent(_)
            | Failure::Unreachable(_)
            | Failure::Unfit(_)
            | Failure::Corrupt { .. } => None,
        };
        let Some(told) = told else {
            return match stage {
                Stage::BeforeCommit => WriteError::NotWritten(self.to_string()),
                Stage::AheadOfCommit | Stage::Commit => WriteError::Unknown(self.to_string()),
            };
        };
        // the server may have ended the session after it had committed and before it could say so
        if stage == Stage::Commit && told.parsed_severity() != Some(Severity::Error) {
            return WriteError::Unknown(self.to_string());
        }
        match told.code() {
            code if code.code() == MOVED => WriteError::Conflict,
            &SqlState::UNIQUE_VIOLATION
            | &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED => WriteError::Conflict,
            _ => WriteError::NotWritten(self.to_string()),
        }
    }

    /// What became of an append for which there is no connection.
    pub(crate) fn into_append_error_of_lease(self) -> AppendError {
        match self {
            Failure::Unfit(Unfit::Superseded) => AppendError::Superseded,
            Failure::Unfit(Unfit::Lost(problem)) => AppendError::Lost(problem),
            other => AppendError::NotWritten(other.to_string()),
        }
    }

    /// What became of an append, which is a transaction by itself.
    pub(crate) fn into_append_error(self) -> AppendError {
        let told = match &self {
            Failure::Unreachable(_) => return AppendError::NotWritten(self.to_string()),
            Failure::Postgres(error) => error.as_db_error(),
            Failure::Silent(_) | Failure::Unfit(_) | Failure::Corrupt { .. } => None,
        };
        // the server may have ended the session after it had committed and before it could say so
        let Some(told) = told.filter(|told| told.parsed_severity() == Some(Severity::Error)) else {
            return AppendError::Unknown(self.to_string());
        };
        match told.code().code() {
            SUPERSEDED => AppendError::Superseded,
            OUTDATED => AppendError::Outdated,
            SURPRISE => AppendError::Surprise,
            code if code == SqlState::UNIQUE_VIOLATION.code() => match told.table() {
                Some("seat_owner") => AppendError::Surprise,
                _ => AppendError::Taken,
            },
            _ => AppendError::NotWritten(self.to_string()),
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        ReadError(failure.to_string())
    }
}

/// tokio-postgres keeps the interesting half in the source.
fn in_full(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
