//! What can go wrong between a node and its database, and what that says about a write.

use std::time::Duration;

use passcom_actors::company::store::{ReadError, WriteError};
use tokio_postgres::error::{Error, Severity, SqlState};

/// Raised by the function `expect_rows` of the migrations.
const ROW_CHANGED: &str = "PC001";

/// Why there is no answer, or none that makes sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", in_full(.0))]
    Postgres(#[from] Error),
    #[error("no answer within {0:?}")]
    Silent(Duration),
    #[error("{0}")]
    Unreachable(String),
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
            Failure::Silent(_) | Failure::Unreachable(_) | Failure::Corrupt { .. } => None,
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
            code if code.code() == ROW_CHANGED => WriteError::Conflict,
            &SqlState::UNIQUE_VIOLATION
            | &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED => WriteError::Conflict,
            _ => WriteError::NotWritten(self.to_string()),
        }
    }

    /// The session ended: a new one may do better.
    pub(crate) fn is_lost_session(&self) -> bool {
        match self {
            Failure::Postgres(error) => match error.as_db_error() {
                Some(told) => told.parsed_severity() != Some(Severity::Error),
                None => error.is_closed(),
            },
            Failure::Silent(_) | Failure::Unreachable(_) | Failure::Corrupt { .. } => false,
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
