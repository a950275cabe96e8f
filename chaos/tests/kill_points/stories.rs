//! How each story is brought about, and told to its end.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use passcom_chaos::cluster::RunningCompany;
use passcom_chaos::history::Seat;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::customer::{Customer, Wish};
use super::nodes::Nodes;
use super::table::{Case, Role, Seen, Story};

/// Where the driver of an orphan dies: its own vote is durable, and nothing is decided.
const ORPHANED: &str = "participant::prepare::after";
/// Days on sale in the cluster as it starts.
const DAYS: usize = 14;
const REDIS_LIMIT: Duration = Duration::from_secs(5);

/// A cluster whose nodes are ours to kill.
pub struct Stage {
    pub nodes: Nodes,
    pub customer: Customer,
    pub companies: Vec<RunningCompany>,
    pub redis: SocketAddr,
}

/// Which company plays which role.
#[derive(Clone, Copy)]
struct Cast {
    asked: usize,
    other: usize,
    third: usize,
}

impl Cast {
    /// Every company plays every role in turn.
    fn of(number: usize) -> Self {
        let company = |nth| (number + nth) % 3;
        Self {
            asked: company(0),
            other: company(1),
            third: company(2),
        }
    }

    fn node(self, role: Role) -> usize {
        match role {
            Role::Asked => self.asked,
            Role::Other | Role::Importer => self.other,
            Role::Third => self.third,
        }
    }
}

impl Stage {
    /// Tells the story of this case on routes of its own; an error says what was not as it must be.
    pub async fn play(&mut self, number: usize, case: Case) -> anyhow::Result<[Option<Seen>; 2]> {
        let cast = Cast::of(number);
        let wish = self.prepare(case.row.story, cast, number).await?;
        let first = self.kill(case, cast, &wish, number).await?;
        if let Some(seen) = first {
            let allowed = case.first();
            ensure!(
                allowed.contains(&seen),
                "the first answer was {seen:?}, not {allowed:?}"
            );
        }
        self.customer.wait_until_whole().await?;
        let mut told = Vec::new();
        for node in [cast.asked, cast.other, cast.third] {
            told.push(self.customer.settle(node, &wish).await?);
        }
        let (last, allowed) = (told[0], case.last());
        ensure!(
            told.iter().all(|seen| *seen == last),
            "everybody was told something else: {told:?}"
        );
        ensure!(
            allowed.contains(&last),
            "it came to {last:?}, not {allowed:?}"
        );
        let promised = matches!(first, Some(Seen::Booked | Seen::Refused));
        ensure!(
            !promised || first == Some(last),
            "it was answered {first:?}, and came to {last:?}"
        );
        Ok([first, Some(last)])
    }

    /// What has to be before anybody dies, and what is then asked for.
    async fn prepare(&self, story: Story, cast: Cast, number: usize) -> anyhow::Result<Wish> {
        let key = format!("case-{number}");
        let before = format!("before-{number}");
        let all = self.customer.market.stock.take_of_route(number);
        ensure!(
            all.len() == self.companies.len(),
            "no seats are left for case {number}"
        );
        let of = |companies: &[usize]| -> Vec<Seat> {
            companies
                .iter()
                .map(|company| all[*company].clone())
                .collect()
        };
        let Cast {
            asked,
            other,
            third,
        } = cast;
        Ok(match story {
            Story::Trip
            | Story::Orphan
            | Story::Start
            | Story::Meeting
            | Story::Idle
            | Story::Import => Wish::Book { key, seats: all },
            Story::Pair => Wish::Book {
                key,
                seats: of(&[asked, other]),
            },
            Story::Abroad => Wish::Book {
                key,
                seats: of(&[other, third]),
            },
            Story::OwnSeat => Wish::Book {
                key,
                seats: of(&[asked]),
            },
            Story::ForeignSeat => Wish::Book {
                key,
                seats: of(&[other]),
            },
            Story::SoldSeat => {
                self.customer.buy(other, before, of(&[other])).await?;
                Wish::Book { key, seats: all }
            }
            Story::StaleFence => {
                let ticket = self.customer.buy(asked, before, all.clone()).await?;
                let cancelled = self
                    .customer
                    .settle(asked, &Wish::Cancel { ticket })
                    .await?;
                ensure!(
                    cancelled == Seen::Done,
                    "a ticket could not be cancelled before the story"
                );
                self.forget_tokens().await?;
                Wish::Book { key, seats: all }
            }
            Story::Cancel => Wish::Cancel {
                ticket: self.customer.buy(asked, before, all).await?,
            },
            Story::OperatorCancel => Wish::OperatorCancel {
                ticket: self.customer.buy(asked, before, all).await?,
            },
            Story::Block => Wish::Block {
                seat: all[asked].id,
            },
            Story::Register => Wish::Register { login: key },
            Story::Status => Wish::Status,
            Story::Tickets => Wish::Tickets,
            Story::UnknownTicket => Wish::UnknownTicket,
            Story::Cluster => Wish::Cluster,
        })
    }

    /// Somebody dies at the point, and starts again. Answers what the request that was under way came to, if there was one.
    async fn kill(
        &mut self,
        case: Case,
        cast: Cast,
        wish: &Wish,
        number: usize,
    ) -> anyhow::Result<Option<Seen>> {
        let (point, victim) = (case.point(), cast.node(case.row.role));
        let nodes = &mut self.nodes;
        match case.row.story {
            Story::Idle => {
                nodes.arm(victim, &point)?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                Ok(None)
            }
            Story::Start | Story::Meeting => {
                nodes.kill(victim).await?;
                if case.row.story == Story::Meeting {
                    forget_peers(&self.companies[victim]).await?;
                }
                nodes.arm(victim, &point)?;
                nodes.start(victim)?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                Ok(None)
            }
            Story::Orphan => {
                nodes.arm(cast.asked, ORPHANED)?;
                let (first, died) =
                    tokio::join!(self.customer.ask(cast.asked, wish), nodes.death(cast.asked));
                died.context("the driver, before the story")?;
                nodes.arm(victim, &point)?;
                nodes.start(cast.asked)?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                first.map(Some)
            }
            Story::Import => {
                nodes.arm(victim, &point)?;
                self.import(victim, DAYS + 1 + number).await?;
                Ok(None)
            }
            _ => {
                nodes.arm(victim, &point)?;
                let again = async {
                    nodes.death(victim).await?;
                    nodes.start(victim)
                };
                let (first, died) = tokio::join!(self.customer.ask(cast.asked, wish), again);
                died?;
                first.map(Some)
            }
        }
    }

    /// An importer dies; the next one ends what it began, and then there is nothing left to do.
    async fn import(&self, node: usize, days: usize) -> anyhow::Result<()> {
        let days = days.to_string();
        let arguments = ["--sample", "--days", &days];
        let died = self.nodes.import(node, &arguments).await?;
        self.nodes.ensure_died_where_told(node, died)?;
        let again = self.nodes.import(node, &arguments).await?;
        ensure!(
            again.success(),
            "the import after the one that died ended with {again}"
        );
        let on_sale = routes(&self.companies[node]).await?;
        let last = self.nodes.import(node, &arguments).await?;
        ensure!(last.success(), "a repeated import ended with {last}");
        ensure!(
            routes(&self.companies[node]).await? == on_sale,
            "an import that is repeated changes something"
        );
        Ok(())
    }

    /// As a Redis that comes back with an old snapshot: its tokens are older than those on the seats.
    async fn forget_tokens(&self) -> anyhow::Result<()> {
        const OK: &[u8] = b"+OK\r\n";
        let set = async {
            let mut stream = TcpStream::connect(self.redis).await?;
            stream.write_all(b"SET fence:counter 0\r\n").await?;
            let mut answer = [0; OK.len()];
            stream.read_exact(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = timeout(REDIS_LIMIT, set)
            .await
            .context("Redis does not answer")??;
        ensure!(
            answer == OK,
            "Redis answered {:?}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }
}

/// The company has never met the others, as an operator has it after one of them has lost its disk.
async fn forget_peers(company: &RunningCompany) -> anyhow::Result<()> {
    let database = connect(company).await?;
    match database.execute("delete from peer", &[]).await? {
        0 => bail!("company {} had met nobody", company.company),
        _ => Ok(()),
    }
}

/// How many routes there are, and a sum over what they are.
async fn routes(company: &RunningCompany) -> anyhow::Result<(i64, i64)> {
    let database = connect(company).await?;
    let row = database
        .query_one(
            "select count(*), coalesce(sum(hashtext(route::text)), 0)::bigint from route",
            &[],
        )
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

async fn connect(company: &RunningCompany) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(&company.postgres, NoTls).await?;
    tokio::spawn(connection); // its end is the client's next error
    Ok(client)
}
