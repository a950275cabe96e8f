//! The cluster whose nodes are killed: how it starts, who plays which role, and what there is before anybody dies.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use fastrand::Rng;
use passcom_chaos::checker::facts;
use passcom_chaos::client::{Client, HoldAction};
use passcom_chaos::cluster::{Cluster, Part, Redis, RunningCompany};
use passcom_chaos::history::{History, Seat, SeatName};
use passcom_chaos::stock::{Size, Stock};
use passcom_chaos::workload::sign_up;
use uuid::Uuid;

use super::cases::{Role, Seen, Story};
use super::customer::{Customer, RunFile, Wish};
use super::nodes::Nodes;
use super::program::Program;
use super::servers;

/// What the configuration has, and what ours has: it is waited for often.
const IN_DOUBT: [&str; 2] = ["in_doubt_seconds = 5", "in_doubt_seconds = 1"];
/// So many that of each flight there are others to the same place.
const ROUTES_MIN: usize = 300;
const DEMO_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A cluster whose nodes are ours to kill.
pub struct Stage {
    pub nodes: Nodes,
    pub customer: Customer,
    pub companies: Vec<RunningCompany>,
    pub redis: Redis,
}

/// Which company plays which role.
#[derive(Clone, Copy)]
pub struct Cast {
    pub asked: usize,
    pub other: usize,
    pub third: usize,
}

impl Cast {
    /// Every company plays every role in turn.
    pub fn of(number: usize) -> Self {
        let company = |nth| (number + nth) % 3;
        Self {
            asked: company(0),
            other: company(1),
            third: company(2),
        }
    }

    pub fn node(self, role: Role) -> usize {
        match role {
            Role::Asked => self.asked,
            Role::Other | Role::Importer => self.other,
            Role::Third => self.third,
        }
    }
}

impl Stage {
    /// Takes the nodes over from the demo: ours can be armed.
    pub async fn start(program: &Program, cluster: &Cluster, cases: usize) -> anyhow::Result<Self> {
        wait_for_demo(cluster).await?;
        let demo = cluster.folder().join("demo");
        let text = std::fs::read(demo.join("cluster.json")).context("read the run file")?;
        let run_file: RunFile = serde_json::from_slice(&text).context("understand the run file")?;
        let client = Client::new(cluster.companies())?;
        let sessions = sign_up(&client, 2).await?;
        let [first, second] = <[_; 2]>::try_from(sessions)
            .ok()
            .context("two customers were wanted")?;
        let stock = Stock::fetch(&client, &first, Size::spread(cases.max(ROUTES_MIN))).await?;
        let history = History::create(&cluster.folder().join("history.jsonl"))?;
        let customer = Customer::new(client, stock, history, [first, second], run_file.companies)?;

        let config = impatient(&run_file.config, cluster.folder())?;
        let mut nodes = Nodes::new(
            &program.path,
            &config,
            cluster.folder(),
            cluster.companies(),
        );
        for node in 0..cluster.companies().len() {
            cluster.hold_node(node).await?;
            cluster.kill(Part::Node(node)).await?;
            nodes.start(node)?;
        }
        customer.wait_until_whole().await?;
        Ok(Self {
            nodes,
            customer,
            companies: cluster.companies().to_vec(),
            redis: cluster.redis()?.clone(),
        })
    }

    /// What has to be before anybody dies, and what is then asked for.
    pub async fn prepare(&self, story: Story, cast: Cast, number: usize) -> anyhow::Result<Wish> {
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
            | Story::Decided
            | Story::Start
            | Story::Meeting
            | Story::Idle
            | Story::Diverged
            | Story::Import
            | Story::Migrate => Wish::Book { key, seats: all },
            Story::Pair | Story::Abandoned | Story::AbandonedDecided => Wish::Book {
                key,
                seats: of(&[asked, other]),
            },
            Story::Abroad | Story::TakenOver => Wish::Book {
                key,
                seats: of(&[other, third]),
            },
            Story::Hold => Wish::Hold {
                key,
                seats: of(&[asked, other]),
            },
            Story::Extend
            | Story::Confirm
            | Story::Release
            | Story::Expire
            | Story::ConfirmElsewhere => {
                let begun_at = match story {
                    Story::ConfirmElsewhere => other,
                    _ => asked,
                };
                let action = match story {
                    Story::Extend => HoldAction::Extend,
                    Story::Release => HoldAction::Release,
                    _ => HoldAction::Confirm,
                };
                let seats = of(&[asked, other]);
                let hold = self.customer.hold(begun_at, &key, &seats).await?;
                Wish::OfHold { hold, action }
            }
            Story::OwnSeat => Wish::Book {
                key,
                seats: of(&[asked]),
            },
            Story::ForeignSeat => Wish::Book {
                key,
                seats: of(&[other]),
            },
            Story::SoldSeat => {
                let sold = self.customer.buy(other, before, of(&[other])).await?;
                // by then its lease was given back: the vote is to refuse, not the lease
                servers::wait_for_ticket(&self.companies[other], sold).await?;
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
                servers::forget_tokens(&self.redis).await?;
                Wish::Book { key, seats: all }
            }
            Story::Cancel => Wish::Cancel {
                ticket: self.customer.buy(asked, before, all).await?,
            },
            Story::CancelAgreed => {
                let seats = of(&[third]);
                let ticket = self.customer.buy(asked, before, seats).await?;
                let code = self.customer.quote(asked, ticket).await?;
                Wish::CancelAgreed { ticket, code }
            }
            Story::Retime => Wish::Told {
                ticket: self.customer.buy(asked, before, all).await?,
            },
            Story::Accept => {
                let ticket = self.customer.buy(asked, before, all).await?;
                self.retime(asked, ticket).await?;
                Wish::Accept { ticket }
            }
            Story::Rebook => {
                let seats = of(&[asked, other]);
                let ticket = self.customer.buy(asked, before, seats).await?;
                self.retime(asked, ticket).await?;
                let given = SeatName {
                    company: all[asked].company.to_string(),
                    id: all[asked].id,
                };
                let mut rng = Rng::with_seed(number as u64);
                let instead = self.customer.market.stock.instead(&given, 1, &mut rng);
                Wish::Rebook {
                    key,
                    ticket,
                    seats: instead.context("no other flight goes there")?,
                    given: vec![given],
                }
            }
            Story::Correct | Story::CorrectElsewhere => {
                let (seller, seats) = match story {
                    Story::Correct => (asked, of(&[asked, other])),
                    _ => (other, of(&[other])),
                };
                let corrected = &seats[0];
                Wish::Correct {
                    seat: SeatName {
                        company: corrected.company.to_string(),
                        id: corrected.id,
                    },
                    ticket: self.buy_with_names(seller, &before, &seats).await?,
                    // as everybody is called who holds
                    name: "Pasenger 1".to_owned(),
                }
            }
            Story::Names | Story::Find => {
                let ticket = self.buy_with_names(other, &before, &of(&[other])).await?;
                // whoever is asked has the copy without the names
                for company in &self.companies {
                    servers::wait_for_ticket(company, ticket).await?;
                }
                match story {
                    Story::Names => {
                        let token = self.customer.token_of(third).await?;
                        Wish::Names { ticket, token }
                    }
                    _ => Wish::Find { ticket },
                }
            }
            Story::OperatorCancel => Wish::OperatorCancel {
                ticket: self.customer.buy(asked, before, all).await?,
            },
            Story::Block => Wish::Block {
                seat: all[asked].id,
            },
            Story::Register => Wish::Register { login: key },
            Story::WrongPassword => Wish::WrongPassword { login: key },
            Story::Status => Wish::Status,
            Story::Timeline => Wish::Timeline,
            Story::Tickets => Wish::Tickets,
            Story::UnknownTicket => Wish::UnknownTicket,
            Story::Cluster => Wish::Cluster,
        })
    }

    /// A ticket on which everybody is called as who holds.
    async fn buy_with_names(&self, node: usize, key: &str, seats: &[Seat]) -> anyhow::Result<Uuid> {
        let hold = self.customer.hold(node, key, seats).await?;
        let action = HoldAction::Confirm;
        let confirm = Wish::OfHold { hold, action };
        let sold = self.customer.settle(node, &confirm).await?;
        ensure!(sold == Seen::Booked, "a hold was not sold before the story");
        Ok(hold)
    }

    /// A company moves its flight of a ticket; all know.
    async fn retime(&self, company: usize, ticket: Uuid) -> anyhow::Result<()> {
        servers::wait_for_ticket(&self.companies[company], ticket).await?;
        servers::retime(&self.companies[company], ticket).await?;
        for node in 0..self.companies.len() {
            let told = self.customer.settle(node, &Wish::Told { ticket }).await?;
            ensure!(told == Seen::Done, "a ticket is not told of its flight");
        }
        Ok(())
    }

    /// What every node says of it, now that nobody dies any more: all the same, what was promised first, and then all is quiet.
    pub async fn settle(
        &self,
        cast: Cast,
        wish: &Wish,
        first: Option<Seen>,
    ) -> anyhow::Result<Seen> {
        self.customer.wait_until_whole().await?;
        let nodes = match wish {
            // only its own company takes a seat off sale
            Wish::Block { .. } => [cast.asked; 3],
            _ => [cast.asked, cast.other, cast.third],
        };
        let mut told = Vec::new();
        for node in nodes {
            told.push(self.customer.settle(node, wish).await?);
        }
        ensure!(
            told.iter().all(|seen| *seen == told[0]),
            "not everybody was told the same: {told:?}"
        );
        let promised = first.filter(|first| {
            matches!(
                first,
                Seen::Booked | Seen::Refused | Seen::Held | Seen::Over
            )
        });
        ensure!(
            promised.is_none_or(|promised| promised == told[0]),
            "it was answered {first:?}, and came to {:?}",
            told[0]
        );
        if told[0] == Seen::Held {
            let hold = match wish {
                Wish::OfHold { hold, .. } => Some(*hold),
                Wish::Hold { key, .. } => self.customer.held_under(key)?,
                _ => None,
            };
            let hold = hold.context("nobody was told which hold it is")?;
            self.customer.give_up(cast.third, hold).await?;
        }
        // what is still under way would die at the next case's point
        let (_, left) = facts::heal(&self.companies).await?;
        ensure!(left.is_empty(), "it does not come to rest: {left:?}");
        Ok(told[0])
    }
}

/// A configuration of the same cluster whose nodes do not wait long for a driver.
fn impatient(config: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let text = std::fs::read_to_string(config).context("read the configuration")?;
    let [default, wanted] = IN_DOUBT;
    anyhow::ensure!(
        text.contains(default),
        "{} lacks {default}",
        config.display()
    );
    let path = folder.join("cluster.toml");
    std::fs::write(&path, text.replace(default, wanted)).context("write the configuration")?;
    Ok(path)
}

/// It signs up its own users when the nodes are up, and gives up if one dies meanwhile.
async fn wait_for_demo(cluster: &Cluster) -> anyhow::Result<()> {
    let log = cluster.folder().join("demo.log");
    let deadline = Instant::now() + DEMO_LIMIT;
    while !std::fs::read_to_string(&log)
        .context("read the demo's log")?
        .lines()
        .any(|line| line == "ready")
    {
        anyhow::ensure!(
            Instant::now() < deadline,
            "the demo is not ready; see {}",
            log.display()
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
