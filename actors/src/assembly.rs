//! A company's node put together: what it is made of, the order in which it starts and stops. The process brings the
//! seams, and so does the simulation: what starts and stops there is what starts and stops here.
//!
//! 1. [`start`]: what is on sale is read, the ledger writes.
//! 2. [`Assembly::answer`]: peers are answered: acceptors get their due, new votes hear "later".
//! 3. [`Assembly::serve`]: our own unfinished sagas, then votes, the watchers, and whoever follows the peers.
//! 4. [`Assembly::drain`], [`Assembly::finish`]: nothing new is begun; what is under way ends, as far as it can.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ractor::Actor;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::booking::drivers::Drivers;
use crate::catalogue::{Catalogue, CloseOfSale, ConnectionTimes};
use crate::clock::Clock;
use crate::company::Company;
use crate::company::archive::Archive;
use crate::company::directory::Directory;
use crate::company::guesses::Guesses;
use crate::company::lease::{LeaseTable, Leases};
use crate::company::ledger::{Ledger, Writer};
use crate::company::log::{Log, OpenError, projector};
use crate::company::news::News;
use crate::company::refused::Refused;
use crate::company::running::Running;
use crate::company::sessions::Sessions;
use crate::company::stock;
use crate::company::store::{LedgerStore, Tables};
use crate::company::supervisor::Supervisor;
use crate::company::witness::Witness;
use crate::copies::{anti_entropy, replication};
use crate::domain::ids::CompanyId;
use crate::domain::papers::Requires;
use crate::mesh::companies::Companies;
use crate::mesh::late::LateService;
use crate::mesh::peer::PeerClient;
use crate::mesh::service::Service;
use crate::people::accounts::logins::Logins;
use crate::people::accounts::telling;
use crate::people::desk::{self, Desk};
use crate::people::payment;
use crate::watchers;

/// How long a start waits for a database that cannot be read.
const START_PATIENCE: Duration = Duration::from_secs(60);
const READ_AGAIN: Duration = Duration::from_millis(500);
/// How long bookings under way have to end when the node stops.
const FINISH_PATIENCE: Duration = Duration::from_secs(8);

/// Who the node is, and where it touches the world.
pub struct Seams {
    pub me: CompanyId,
    /// Of the cluster, ascending, our own included.
    pub companies: Arc<[CompanyId]>,
    /// Of the program.
    pub version: &'static str,
    pub clock: Clock,
    pub close_of_sale: CloseOfSale,
    pub store: Arc<dyn LedgerStore>,
    pub tables: Arc<dyn Tables>,
    pub witness: Arc<Witness>,
    pub peers: Arc<dyn PeerClient>,
    /// What peers are answered by, once there is an answer.
    pub answers: Arc<LateService>,
    pub refused: Arc<Refused>,
    pub leases: Arc<dyn LeaseTable>,
    pub settings: Settings,
}

/// What operators may set.
pub struct Settings {
    pub desk: desk::Limits,
    pub payment: payment::Terms,
    /// Most route actors alive for long.
    pub route_actors_max: usize,
    pub lease_ttl: Duration,
    pub connections: ConnectionTimes,
    /// What companies ask to be told of whoever they carry.
    pub requires: BTreeMap<CompanyId, Requires>,
    /// A saga that nobody has ended for so long is driven from here; a hold is kept for so much longer than was
    /// promised.
    pub in_doubt_after: Duration,
    /// Of one address at one login before the first delay; from this follow the other budgets.
    pub wrong_passwords: u32,
}

/// A node that runs as long as this lives.
pub struct Assembly {
    pub company: Arc<Company>,
    pub companies: Companies,
    pub drivers: Drivers,
    pub desk: Desk,
    pub logins: Logins,
    in_doubt_after: Duration,
    answers: Arc<LateService>,
    tasks: JoinSet<()>,
    /// Those that begin to drive what others have left open.
    watchers: JoinSet<()>,
}

/// Starts all but what needs votes. Fails if the log or our own routes cannot be read.
pub async fn start(seams: Seams) -> Result<Assembly, OpenError> {
    let Seams { me, settings, .. } = seams;
    let (supervisor, _) = Actor::spawn(None, Supervisor, ())
        .await
        .expect("an actor without a name and a state starts");
    let supervisor = supervisor.get_cell();
    let (ledger, queue) = Ledger::new();
    let patience = Patience::new(seams.witness.clone());
    let log = loop {
        let (clock, witness) = (seams.clock.clone(), seams.witness.clone());
        match Log::open(seams.store.as_ref(), me, me.as_str(), clock, witness).await {
            Ok(log) => break log,
            Err(error) => patience.after(error).await?,
        }
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(projector::run(log.clone(), seams.store.clone()));
    let company = Arc::new(Company {
        me,
        version: seams.version,
        archive: Archive::new(me, log.clone(), seams.tables),
        directory: Directory::new(
            me,
            ledger.clone(),
            supervisor.clone(),
            settings.route_actors_max,
        ),
        catalogue: Catalogue::new(
            me,
            seams.companies.clone(),
            seams.peers.clone(),
            seams.close_of_sale.clone(),
            settings.connections,
        ),
        companies: seams.companies,
        ledger,
        running: Running::default(),
        sessions: Sessions::default(),
        guesses: Guesses::new(settings.wrong_passwords),
        witness: seams.witness,
        clock: seams.clock,
        requires: settings.requires,
        refused: seams.refused,
        outbox: Notify::new(),
        tokens: OnceLock::new(),
        ready: AtomicBool::new(false),
    });
    let catalogue = company.catalogue.clone();
    let version = loop {
        match stock::load(&company.archive, &catalogue).await {
            Ok(version) => break version,
            Err(error) => patience.after(error.into()).await?,
        }
    };
    let listening = company.clone();
    let listener = Arc::new(move |news: &News| listening.on_news(news));
    let writer = Writer {
        me,
        log,
        store: seams.store,
        listener,
        close_of_sale: seams.close_of_sale,
    };
    tasks.spawn(writer.run(queue));
    tasks.spawn(company.directory.clone().sweep());
    let keys = company.archive.clone().learn_keys();
    tasks.spawn(async move {
        keys.await;
        std::future::pending().await // the end of a task is the end of the node
    });
    tasks.spawn(stock::watch(company.archive.clone(), catalogue, version));
    let companies = Companies::new(company.clone(), seams.peers);
    let leases = Leases::new(seams.leases, settings.lease_ttl);
    let drivers = Drivers::new(company.clone(), companies.clone(), leases, supervisor);
    let desk = Desk::new(
        company.clone(),
        companies.clone(),
        drivers.clone(),
        settings.desk,
        settings.payment,
    );
    Ok(Assembly {
        logins: Logins::new(company.clone(), companies.clone()),
        company,
        companies,
        drivers,
        desk,
        in_doubt_after: settings.in_doubt_after,
        answers: seams.answers,
        tasks,
        watchers: JoinSet::new(),
    })
}

/// With a database that is slow, or away for a moment: a start that gave up would only be made anew, and take from the machine what its
/// database lacks.
struct Patience {
    witness: Arc<Witness>,
    until: Instant,
}

impl Patience {
    fn new(witness: Arc<Witness>) -> Self {
        let until = Instant::now() + START_PATIENCE;
        Self { witness, until }
    }

    /// Waits before the next try, unless another one is of no use or the time is over.
    async fn after(&self, error: OpenError) -> Result<(), OpenError> {
        let is_lost = self.witness.lost().is_some();
        match error {
            OpenError::Read(error) if !is_lost && Instant::now() < self.until => {
                warn!(%error, "what is durable cannot be read yet");
                sleep(READ_AGAIN).await;
                Ok(())
            }
            error => Err(error),
        }
    }
}

impl Assembly {
    /// Reads which tokens are good no more, for a node with a port for those who have one. Once.
    pub fn learn_sessions(&mut self) {
        let company = self.company.clone();
        self.tasks.spawn(async move {
            let sessions = &company.sessions;
            sessions.learn(&company.archive, &company.clock).await;
            std::future::pending().await // the end of a task is the end of the node
        });
    }

    /// Answers peers from now on: acceptors get their due, new votes hear "later". Once.
    pub fn answer(&self) {
        self.answers.set(Service::new(self.company.clone()));
    }

    /// Looks after what this node left unfinished when it stopped, for a bounded time; from then on it votes, follows
    /// the peers and ends what others leave open.
    pub async fn serve(&mut self) {
        watchers::recovery::at_start(&self.company, &self.drivers).await;
        self.company.set_ready();
        let Self {
            company, companies, ..
        } = self;
        let in_doubt_after = self.in_doubt_after;
        self.watchers.spawn(watchers::recovery::watch(
            company.clone(),
            self.drivers.clone(),
            in_doubt_after,
        ));
        self.watchers.spawn(watchers::expiry::watch(
            company.clone(),
            companies.clone(),
            self.desk.clone(),
            in_doubt_after,
        ));
        self.watchers.spawn(watchers::logins::watch(
            company.clone(),
            self.logins.clone(),
            in_doubt_after,
        ));
        self.watchers
            .spawn(watchers::flights::watch(company.clone()));
        replication::follow_all(company, companies, &mut self.tasks);
        let comparing = anti_entropy::run(company.clone(), companies.clone());
        self.tasks.spawn(comparing);
        self.tasks
            .spawn(telling::run(company.clone(), companies.clone()));
    }

    /// A task of the process that runs as long as the node does, and whose end is the node's.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits until a task ends. None does by itself: it has panicked, and the node is not whole any more.
    pub async fn task_ended(&mut self) {
        tokio::select! {
            Some(_) = self.tasks.join_next() => {}
            Some(_) = self.watchers.join_next() => {}
            else => {}
        }
    }

    /// The beginning of the end: nothing new is begun any more, for clients or for what was left open.
    pub fn drain(&mut self) {
        self.desk.drain();
        self.watchers.abort_all();
    }

    /// Waits until the bookings under way have ended, for a bounded time; what is unfinished is left to the next start.
    pub async fn finish(&self) {
        self.desk.finish(FINISH_PATIENCE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::company::log::Seq;
    use crate::company::log::lineage::{Lineage, Start};
    use crate::company::store::ReadError;
    use crate::domain::ids::Incarnation;

    fn witness() -> Arc<Witness> {
        let lineage = Lineage {
            incarnation: Incarnation(Uuid::nil()),
            earlier: Vec::new(),
            present: Start {
                run: Uuid::nil(),
                after: Seq::NONE,
            },
            last: Seq::NONE,
        };
        Witness::new("a".parse().unwrap(), lineage, BTreeMap::new())
    }

    fn away() -> OpenError {
        OpenError::Read(ReadError("no answer".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_waits_for_its_database_and_not_for_ever() {
        let begun = Instant::now();
        let patience = Patience::new(witness());
        let mut tries = 0;
        while patience.after(away()).await.is_ok() {
            tries += 1;
        }
        assert_eq!(begun.elapsed(), START_PATIENCE);
        assert_eq!(tries, START_PATIENCE.as_millis() / READ_AGAIN.as_millis());
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_went_back_is_not_waited_for() {
        let witness = witness();
        let patience = Patience::new(witness.clone());
        assert!(patience.after(away()).await.is_ok());
        witness.lose("it went back".to_owned());
        assert!(patience.after(away()).await.is_err());
    }
}
