//! Whether log, memory and tables of a company that serves say the same, asked by an operator.
//!
//! 1. The log that is kept is read page by page. Of the rows that a page names the tables are read, and memory; see
//!    [`comparison`](super::log::comparison) for why nothing has to stand still.
//! 2. What the tables do not have yet is compared with memory alone.
//! 3. `seat_owner` is gone through, the legs, and the seats off sale: who has a seat by one has it by the others.
//!
//! It uses one connection of those for reads, at most half of the time, and keeps a page and what differs. One at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};
use tracing::{error, info};

use super::archive::Archive;
use super::log::comparison::{Claim, Comparison, Difference, Differences, Found, Seats, Side};
use super::log::hot::Hot;
use super::log::record::Record;
use super::log::said::{self, Name, Rows};
use super::log::{Log, Seq};
use super::store::{AsOf, Claims, KEYS_KEPT_DAYS, Logged, NOBODY, Read, ReadError, Tables};
use crate::domain::ids::{SagaId, UserId};
use crate::domain::rows::Footprint;

/// Rows of the log read at a time.
const PAGE: usize = 64;
/// Seats and legs looked through at a time.
const CLAIMS_PAGE: usize = 1_000;
/// Rows that may differ until the log has been read further: tickets that were cancelled since, and whatever is wrong.
const QUESTIONS_MAX: usize = 100_000;
/// Between two pages: as long as the page took, within these.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_secs(1));
/// How often a read is tried, and the pause after one that failed.
const TRIES_MAX: u32 = 5;
const RETRY: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 24 * 3600 * 1000;

/// How far a verification is, or what it came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// None was asked for since the node started.
    #[default]
    Never,
    Running,
    Equal,
    Different,
    /// It could not be found out; `problem` says why.
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    pub state: State,
    /// The first row of the log that was read.
    pub first: Seq,
    /// The last one so far.
    pub read: Seq,
    /// Where the log was when it began. Of `Equal`: the last row up to which everything was found equal.
    pub upto: Seq,
    /// Rows compared with tables or memory.
    pub rows: u64,
    /// Seats and legs compared with each other.
    pub seats: u64,
    /// How many differ; the first of them are listed.
    pub different: u64,
    pub differences: Vec<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Compares what a node has. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Verifier {
    log: Arc<Log>,
    tables: Arc<dyn Tables>,
    latest: Arc<Mutex<Verification>>,
}

impl Verifier {
    pub fn new(archive: &Archive) -> Self {
        Self {
            log: archive.log.clone(),
            tables: archive.tables.clone(),
            latest: Arc::default(),
        }
    }

    /// The one that runs, or ran last.
    pub fn latest(&self) -> Verification {
        self.lock().clone()
    }

    /// Begins one over the last so many rows of the log, or all that are kept, unless one runs.
    pub fn start(&self, rows: Option<u64>) -> Verification {
        let begun = {
            let mut latest = self.lock();
            if latest.state == State::Running {
                return latest.clone();
            }
            *latest = Verification {
                state: State::Running,
                ..Verification::default()
            };
            latest.clone()
        };
        let this = self.clone();
        let ends = Ends(self.clone());
        tokio::spawn(async move {
            this.run(rows).await;
            drop(ends);
        });
        begun
    }

    /// Compares the last so many rows of the log, or all that are kept.
    pub async fn run(&self, rows: Option<u64>) -> Verification {
        let compared = self.compare(rows).await;
        let mut latest = self.lock();
        latest.state = match compared {
            Ok(differences) => {
                latest.different = differences.count;
                latest.differences = differences.told;
                match differences.count {
                    0 => State::Equal,
                    _ => State::Different,
                }
            }
            Err(error) => {
                latest.problem = Some(error.0);
                State::Failed
            }
        };
        for found in &latest.differences {
            error!(?found, "log, memory and tables do not say the same");
        }
        info!(state = ?latest.state, upto = latest.upto.0, rows = latest.rows, seats = latest.seats, "verified");
        latest.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Verification> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn compare(&self, rows: Option<u64>) -> Result<Differences, ReadError> {
        retried(|| Box::pin(self.log.catch_up())).await?;
        let upto = self.hot(Hot::last).await?;
        let oldest = retried(|| self.tables.logged(Seq::NONE, 1)).await?;
        let oldest = oldest.first().map_or(upto, |row| Seq(row.seq.0 - 1));
        let asked = rows.and_then(|rows| i64::try_from(rows).ok());
        let after = asked.map_or(oldest, |rows| Seq(upto.0.saturating_sub(rows)).max(oldest));
        {
            let mut latest = self.lock();
            (latest.first, latest.read, latest.upto) = (after.next(), after, upto);
        }
        let mut comparison = Comparison::new(after);
        let mut epoch = 0;
        self.read_log(&mut comparison, &mut epoch, upto, true)
            .await?;
        let equal_upto = comparison.read();
        let end = self.hot(Hot::last).await?;
        self.read_log(&mut comparison, &mut epoch, end, false)
            .await?;
        let mut differences = comparison.into_differences();
        for of in [Claims::Owners, Claims::Legs, Claims::OffSale] {
            self.compare_seats(of, &mut differences).await?;
        }
        self.lock().upto = equal_upto;
        Ok(differences)
    }

    /// Reads on in the log to this row, and as far as it takes until nothing is in question. Beyond what the tables have where
    /// they are not `in_tables`.
    async fn read_log(
        &self,
        comparison: &mut Comparison,
        epoch: &mut i64,
        upto: Seq,
        in_tables: bool,
    ) -> Result<(), ReadError> {
        while comparison.read() < upto || comparison.questions() > 0 {
            if comparison.questions() > QUESTIONS_MAX {
                let problem = format!(
                    "more than {QUESTIONS_MAX} rows differ so far: compare less of the log (--last)"
                );
                return Err(ReadError(problem));
            }
            let begun = Instant::now();
            let bound = match in_tables {
                true => self.hot(Hot::in_tables).await?,
                false => self.hot(Hot::last).await?,
            };
            let after = comparison.read();
            let mut page = retried(|| self.tables.logged(after, PAGE)).await?;
            page.retain(|row| row.seq <= bound);
            if page.is_empty() && after < bound {
                comparison.damage(after.next(), format!("the log ends before row {}", bound.0));
                comparison.skip_to(bound);
            }
            if page.is_empty() {
                // what is in question is ahead: the tables are brought there
                retried(|| Box::pin(self.log.catch_up())).await?;
            }
            let mut footprint = Footprint::default();
            self.skip_what_went(comparison, &page).await?;
            for row in page {
                if row.epoch < *epoch {
                    let found = format!("start {} writes after start {epoch}", row.epoch);
                    comparison.damage(row.seq, found);
                }
                *epoch = row.epoch.max(*epoch);
                match self.decode(&row) {
                    Ok(record) => {
                        said::footprint(&record, &mut footprint);
                        comparison.push(row.seq, &record, row.seq <= upto);
                    }
                    Err(problem) => {
                        comparison.push(row.seq, &Record::default(), false);
                        comparison.damage(row.seq, problem);
                    }
                }
            }
            if in_tables && footprint != Footprint::default() {
                let as_of = retried(|| self.tables.as_of(&footprint)).await?;
                let rows = rows_of(&as_of, &footprint);
                comparison.found(Side::Tables, as_of.tables, |name, _| {
                    Found::Says(rows.get(name).cloned())
                });
            }
            self.hot(|hot| {
                let rows = rows_in(hot, &footprint);
                comparison.found(Side::Memory, hot.last(), |name, seq| {
                    in_memory(hot, &rows, name, seq)
                });
            })
            .await?;
            comparison.turn();
            {
                let mut latest = self.lock();
                (latest.read, latest.rows) = (comparison.read(), comparison.rows());
            }
            sleep(begun.elapsed().clamp(PAUSE.0, PAUSE.1)).await;
        }
        Ok(())
    }

    /// Rows of the log that were dropped meanwhile are no gap.
    async fn skip_what_went(
        &self,
        comparison: &mut Comparison,
        page: &[Logged],
    ) -> Result<(), ReadError> {
        let Some(next) = page.first().map(|row| row.seq) else {
            return Ok(());
        };
        if next == comparison.read().next() {
            return Ok(());
        }
        let oldest = retried(|| self.tables.logged(Seq::NONE, 1)).await?;
        if oldest.first().is_some_and(|row| row.seq == next) {
            comparison.skip_to(Seq(next.0 - 1));
        }
        Ok(())
    }

    /// Without keys that the tables may have forgotten by now.
    fn decode(&self, row: &Logged) -> Result<Record, String> {
        let mut record = Record::decode(&row.body).map_err(|error| error.to_string())?;
        let known_ms = i64::from(KEYS_KEPT_DAYS - 1) * DAY_MS;
        if row.at < self.log.now().saturating_sub(known_ms) {
            record.keys.clear();
        }
        Ok(record)
    }

    async fn compare_seats(
        &self,
        of: Claims,
        differences: &mut Differences,
    ) -> Result<(), ReadError> {
        let mut after = None;
        loop {
            let begun = Instant::now();
            let page = retried(|| self.tables.claims(of, after, CLAIMS_PAGE)).await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(*last);
            self.lock().seats += page.len() as u64;
            let doubtful = page.iter().filter(|(_, agreed)| !agreed);
            let doubtful: Vec<Claim> = doubtful.map(|(claim, _)| *claim).collect();
            if !doubtful.is_empty() {
                let seats = self.seats(&doubtful).await?;
                for difference in seats.differences(&doubtful) {
                    differences.push(difference);
                }
            }
            sleep(begun.elapsed().clamp(PAUSE.0, PAUSE.1)).await;
        }
    }

    /// Everything that is said of these claims, as of one moment: seats change hands with the log, and legs a moment later.
    async fn seats(&self, claims: &[Claim]) -> Result<Seats, ReadError> {
        retried(|| Box::pin(self.log.catch_up())).await?;
        let sagas = claims.iter().map(|claim| claim.saga);
        let footprint = Footprint {
            sagas: sagas.filter(|saga| !saga.0.is_nil()).collect(),
            seats: claims.iter().map(|claim| claim.seat).collect(),
            ..Footprint::default()
        };
        let as_of = retried(|| self.tables.as_of(&footprint)).await?;
        let mut seats = Seats {
            last: as_of.log,
            tables: rows_of(&as_of, &footprint),
            ..Seats::default()
        };
        let owners = as_of.rows.owners.iter();
        seats.owners = owners.map(|(seat, (saga, _))| (*seat, *saga)).collect();
        let off_sale = as_of.rows.blocked.iter();
        seats.owners.extend(off_sale.map(|seat| (*seat, NOBODY)));
        let mut read = as_of.tables;
        while read < as_of.log {
            let page = retried(|| self.tables.logged(read, PAGE)).await?;
            let rest = page.iter().take_while(|row| row.seq <= as_of.log);
            let before = read;
            for row in rest {
                // one that cannot be read has been told where the log was read
                if let Ok(record) = Record::decode(&row.body) {
                    seats.rest.extend(said::record(&record));
                }
                read = row.seq;
            }
            if read == before {
                return Err(ReadError("the end of the log is gone".to_owned()));
            }
        }
        Ok(seats)
    }

    /// Reads memory, once it is known to be where the log is.
    async fn hot<T>(&self, mut read: impl FnMut(&Hot) -> T) -> Result<T, ReadError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.log.read(&mut read) {
                Err(_) if tries < TRIES_MAX => sleep(RETRY).await,
                done => return done,
            }
        }
    }
}

/// Whatever ends a verification, it does not run any more.
struct Ends(Verifier);

impl Drop for Ends {
    fn drop(&mut self) {
        let mut latest = self.0.lock();
        if latest.state == State::Running {
            latest.state = State::Failed;
            latest.problem = Some("it ended before its time; the node's log says more".to_owned());
        }
    }
}

/// Tried again a few times: a database that restarts is back in a moment.
async fn retried<'a, T>(read: impl Fn() -> Read<'a, T>) -> Result<T, ReadError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match read().await {
            Err(_) if tries < TRIES_MAX => sleep(RETRY).await,
            done => return done,
        }
    }
}

fn rows_of(as_of: &AsOf, footprint: &Footprint) -> Rows {
    let mut rows = Rows::new();
    for (saga, cell) in &as_of.rows.sagas {
        said::cell(*saga, cell, &mut rows);
    }
    for (login, cell) in &as_of.rows.logins {
        said::login_cell(login, cell, &mut rows);
    }
    for (key, cell) in &as_of.rows.keys {
        said::key_cell(key, cell, &mut rows);
    }
    for seat in &footprint.seats {
        let says = said::seat(as_of.off_sale.contains(seat));
        rows.insert(said::seat_name(*seat), says.to_owned());
    }
    rows
}

/// What memory has of what the footprint names.
fn rows_in(hot: &Hot, footprint: &Footprint) -> Rows {
    let mut rows = Rows::new();
    for saga in &footprint.sagas {
        if let Some(cell) = hot.saga(*saga) {
            said::cell(*saga, cell, &mut rows);
        }
    }
    for login in &footprint.users {
        if let Some(cell) = hot.login(login) {
            said::login_cell(login, cell, &mut rows);
        }
    }
    for key in &footprint.keys {
        if let Some(cell) = hot.key(key.0, &key.1) {
            said::key_cell(key, cell, &mut rows);
        }
    }
    for seat in &footprint.seats {
        if let Some(blocked) = hot.blocked(*seat) {
            rows.insert(said::seat_name(*seat), said::seat(blocked).to_owned());
        }
    }
    rows
}

/// A row that is nowhere in memory is in the tables, unless they are not that far.
fn in_memory(hot: &Hot, rows: &Rows, name: &Name, seq: Seq) -> Found {
    match rows.get(name) {
        None if seq <= hot.in_tables() && !is_part_of(hot, name) => Found::Elsewhere,
        found => Found::Says(found.cloned()),
    }
}

/// Whether memory has what the row is a part of: then it has all of it.
fn is_part_of(hot: &Hot, name: &Name) -> bool {
    match name {
        Name::Saga(id) | Name::Leg(id, ..) | Name::Ticket(id) => hot.saga(SagaId(*id)).is_some(),
        Name::Decision(key) => match key.split_once('/') {
            Some(("login", login)) => hot.login(login).is_some(),
            Some((_, id)) => id.parse().is_ok_and(|id| hot.saga(SagaId(id)).is_some()),
            None => false,
        },
        Name::Login(login) => hot.login(login).is_some(),
        // a key is known to be unused where memory says so
        Name::Key(user, key) => hot.key(UserId(*user), key).is_some(),
        Name::Seat(..) => false,
    }
}
