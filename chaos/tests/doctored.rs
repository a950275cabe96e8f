//! The audit is told lies by a real cluster's databases, and has to notice every one of them.
//!
//! A few bookings, a cancellation, two holds, of which one is given up, and a registration; the audit finds nothing. Then rows are changed behind the nodes' backs, one lie at a
//! time, and put right again.

use std::path::PathBuf;
use std::sync::Arc;

use passcom_chaos::checker::{self, Evidence};
use passcom_chaos::client::{Client, HoldAction, Session};
use passcom_chaos::cluster::{Cluster, Needs, Options, RunningCompany};
use passcom_chaos::history::{Answer, History, Meaning};
use passcom_chaos::stock::{Size, Stock};
use passcom_chaos::workload::{Market, sign_up};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// What is changed at the first company, how it is put right, and who has to notice.
const LIES: [(&str, &str, &str); 22] = [
    (
        // as of later: else a node that looks for old ones would put it right before we look
        "update leg set state = 'prepared', prepared_at = now() + interval '1 hour' where saga_id = 'SOLD'",
        "update leg set state = 'committed', prepared_at = now() where saga_id = 'SOLD'",
        "I7",
    ),
    (
        "update leg set state = 'refused', reason = 'sold' where saga_id = 'SOLD'",
        "update leg set state = 'committed', reason = null where saga_id = 'SOLD'",
        "I2",
    ),
    (
        "update leg set number = 1023 where saga_id = 'SOLD'",
        "update leg set number = NUMBER where saga_id = 'SOLD'",
        "I1",
    ),
    (
        "update leg set state = 'cancelled' where saga_id = 'SOLD'",
        "update leg set state = 'committed' where saga_id = 'SOLD'",
        "I3",
    ),
    (
        "update leg set state = 'committed' where saga_id = 'RETURNED'",
        "update leg set state = 'cancelled' where saga_id = 'RETURNED'",
        "I6",
    ),
    (
        "insert into cancelled_leg select ticket_id, company, route_id, number from ticket_leg where ticket_id = 'SOLD'",
        "delete from cancelled_leg where ticket_id = 'SOLD'",
        "R1",
    ),
    (
        "insert into cancelled_leg select ticket_id, company, route_id, number from ticket_leg where ticket_id = 'SOLD'",
        "delete from cancelled_leg where ticket_id = 'SOLD'",
        "B1",
    ),
    (
        "update saga set decision = 'abort' where id = 'SOLD'",
        "update saga set decision = 'commit' where id = 'SOLD'",
        "P1",
    ),
    (
        "update user_account set login_norm = login_norm || 'z' where id = 'USER'",
        "update user_account set login_norm = left(login_norm, -1) where id = 'USER'",
        "R2",
    ),
    (
        // nodes count how long a hold lasts by their own clocks, and leave it alone
        "update saga set created_at = created_at - interval '1 hour' where id = 'HELD'",
        "update saga set created_at = created_at + interval '1 hour' where id = 'HELD'",
        "I7",
    ),
    (
        "update leg set state = 'committed' where saga_id = 'HELD'",
        "update leg set state = 'prepared' where saga_id = 'HELD'",
        "H1",
    ),
    (
        "update leg set state = 'committed', reason = null where saga_id = 'RELEASED'",
        "update leg set state = 'refused', reason = 'released' where saga_id = 'RELEASED'",
        "I2",
    ),
    (
        "update saga set state = 'aborted' where id = 'SOLD'",
        "update saga set state = 'committed' where id = 'SOLD'",
        "LOG3",
    ),
    (
        "update idem set saga_id = 'RETURNED' where saga_id = 'SOLD'",
        "update idem set saga_id = 'SOLD' where saga_id = 'RETURNED' and key = 'sold'",
        "LOG3",
    ),
    (
        "update seat_owner set saga_id = 'RETURNED' where saga_id = 'SOLD'",
        "update seat_owner set saga_id = 'SOLD' where saga_id = 'RETURNED'",
        "LOG5",
    ),
    (
        // as no import does it: nobody is told
        "update route set departs = departs + interval '1 minute' where id in (select route_id from leg where saga_id = 'SOLD')",
        "update route set departs = departs - interval '1 minute' where id in (select route_id from leg where saga_id = 'SOLD')",
        "F1",
    ),
    (
        "update settlement set sold = sold + 1",
        "update settlement set sold = sold - 1",
        "S1",
    ),
    (
        // of another day
        "update settlement set day = day + 1000",
        "update settlement set day = day - 1000",
        "S2",
    ),
    (
        "update cancelled_leg set refunded_by = refunded_by || 'z' where ticket_id = 'RETURNED'",
        "update cancelled_leg set refunded_by = left(refunded_by, -1) where ticket_id = 'RETURNED'",
        "S2",
    ),
    (
        "update cancelled_leg set refund_minor = refund_minor - 1 where ticket_id = 'RETURNED'",
        "update cancelled_leg set refund_minor = refund_minor + 1 where ticket_id = 'RETURNED'",
        "S3",
    ),
    (
        "create table cut as select * from log where seq = 2; delete from log where seq = 2",
        "insert into log select * from cut; drop table cut",
        "LOG2",
    ),
    (
        "update log set body = '\\x00' || body where seq = 2",
        "update log set body = substr(body, 2) where seq = 2",
        "LOG2",
    ),
];

struct World {
    cluster: Cluster,
    market: Market,
    session: Session,
    sold: Uuid,
    returned: Uuid,
    held: Uuid,
    released: Uuid,
    number: u16,
}

impl World {
    async fn start() -> Self {
        let cluster = Cluster::start(&Options::default(), Needs::default())
            .await
            .unwrap();
        let client = Client::new(cluster.companies()).unwrap();
        let session = sign_up(&client, 1).await.unwrap().remove(0);
        let stock = Stock::fetch(&client, &session, Size::spread(2))
            .await
            .unwrap();
        let history = History::create(&cluster.folder().join("history.jsonl")).unwrap();
        let market = Market {
            client,
            stock: Arc::new(stock),
            history: Arc::new(history),
        };
        let seats = market.stock.take_of_route(0);
        let sold = book(&market, &session, "sold", &seats).await;
        let returned = market.stock.take_of_route(1);
        let returned = book(&market, &session, "returned", &returned).await;
        let answer = market
            .cancel_agreed(1, 0, &session, returned)
            .await
            .unwrap();
        assert_eq!(answer, Answer::Cancelled);
        // not of the routes of what is sold: a route with an open hold is looked at again and again, and changes of it are told
        let held = hold(&market, &session, "held", 1).await;
        let released = hold(&market, &session, "released", 1).await;
        let release = HoldAction::Release;
        let answer = market.act(2, 0, &session, released, release).await.unwrap();
        assert_eq!(answer, Answer::Released);
        checker::facts::heal(cluster.companies()).await.unwrap();
        Self {
            cluster,
            market,
            session,
            sold,
            returned,
            held,
            released,
            number: seats[0].number,
        }
    }

    async fn audit(&self) -> Vec<checker::Violation> {
        let logs: PathBuf = self.cluster.folder().join("demo");
        let Market {
            client, history, ..
        } = &self.market;
        let evidence = Evidence::gather(
            self.cluster.companies(),
            &logs,
            client,
            &self.session,
            history,
        );
        checker::audit(&evidence.await.unwrap()).violations
    }

    fn spell(&self, statement: &str) -> String {
        statement
            .replace("SOLD", &self.sold.to_string())
            .replace("RETURNED", &self.returned.to_string())
            .replace("HELD", &self.held.to_string())
            .replace("RELEASED", &self.released.to_string())
            .replace("USER", &self.session.user.to_string())
            .replace("NUMBER", &self.number.to_string())
    }
}

async fn book(
    market: &Market,
    session: &Session,
    key: &str,
    seats: &[passcom_chaos::history::Seat],
) -> Uuid {
    let answer = market.book(0, 0, session, key, seats).await.unwrap();
    let Answer::Booked { ticket } = answer else {
        panic!("nothing is wrong, and {key} is answered {answer:?}");
    };
    ticket
}

/// Of a seat of each company, for as long as customers usually have.
async fn hold(market: &Market, session: &Session, key: &str, route: usize) -> Uuid {
    let seats = market.stock.take_of_route(route);
    let answer = market.hold(1, 0, session, key, &seats).await.unwrap();
    match answer.meaning() {
        Meaning::Held(hold) => hold,
        _ => panic!("nothing is wrong, and {key} is answered {answer:?}"),
    }
}

async fn connect(company: &RunningCompany) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&company.postgres, NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn lies_of_a_database_are_noticed() {
    let world = World::start().await;
    assert_eq!(world.audit().await, [], "before the first lie");
    let database = connect(&world.cluster.companies()[0]).await;
    for (lie, truth, invariant) in LIES {
        database.batch_execute(&world.spell(lie)).await.unwrap();
        let found = world.audit().await;
        let named = found
            .iter()
            .any(|violation| violation.invariant == invariant);
        assert!(named, "{lie}: {invariant} is not in {found:?}");
        database.batch_execute(&world.spell(truth)).await.unwrap();
    }
    assert_eq!(world.audit().await, [], "after the last lie");
    world.cluster.stop().await.unwrap();
}
