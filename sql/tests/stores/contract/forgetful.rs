//! A way to a database on which answers are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use passcom_actors::company::log::Seq;
use passcom_actors::company::log::hot::{Facts, Loaded, Projection, Standing};
use passcom_actors::company::store::{Append, AppendError, LedgerStore, Logged, Read, WriteError};
use passcom_actors::domain::rows::Footprint;

/// The first append and the first projection are written, and nobody hears of it.
pub struct Forgetful {
    store: Arc<dyn LedgerStore>,
    appended: AtomicBool,
    projected: AtomicBool,
}

impl Forgetful {
    pub fn new(store: Arc<dyn LedgerStore>) -> Self {
        Self {
            store,
            appended: false.into(),
            projected: false.into(),
        }
    }
}

/// As the end of a connection is told.
fn lost() -> String {
    "the answer is lost".to_owned()
}

impl LedgerStore for Forgetful {
    fn standing<'a>(&'a self, node: &'a str) -> Read<'a, (Standing, i64)> {
        self.store.standing(node)
    }

    fn projected(&self) -> Read<'_, Seq> {
        self.store.projected()
    }

    fn log(&self, after: Seq, limit: usize) -> Read<'_, Vec<Logged>> {
        self.store.log(after, limit)
    }

    fn facts(&self, after_version: i64) -> Read<'_, Facts> {
        self.store.facts(after_version)
    }

    fn load<'a>(&'a self, footprint: &'a Footprint) -> Read<'a, Loaded> {
        self.store.load(footprint)
    }

    fn append<'a>(&'a self, row: Append<'a>) -> BoxFuture<'a, Result<i64, AppendError>> {
        async move {
            let at = self.store.append(row).await?;
            match self.appended.swap(true, Ordering::Relaxed) {
                true => Ok(at),
                false => Err(AppendError::Unknown(lost())),
            }
        }
        .boxed()
    }

    fn project<'a>(&'a self, projection: &'a Projection) -> BoxFuture<'a, Result<(), WriteError>> {
        async move {
            self.store.project(projection).await?;
            match self.projected.swap(true, Ordering::Relaxed) {
                true => Ok(()),
                false => Err(WriteError::Unknown(lost())),
            }
        }
        .boxed()
    }
}
