//! How each story is brought about, and told to its end.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use passcom_chaos::nemesis::Nemesis;
use tokio::time::{Instant, sleep};

use super::cases::{Case, Seen, Story};
use super::customer::Wish;
use super::servers;
use super::stage::{Cast, Stage};

/// Where a driver dies whose own vote is durable, while nothing is decided.
const UNDECIDED: &str = "participant::prepare::after";
/// Where a driver dies that has heard the majority, and told nobody.
const CHOSEN: &str = "driver::settle::before";
/// The companies that are left end a saga within this, in doubt after [`super::stage`].
const END_LIMIT: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Days on sale in the cluster as it starts.
const DAYS: usize = 14;

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
        let (last, allowed) = (self.settle(cast, &wish, first).await?, case.last());
        ensure!(
            allowed.contains(&last),
            "it came to {last:?}, not {allowed:?}"
        );
        Ok([first, Some(last)])
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
                    servers::forget_peers(&self.companies[victim]).await?;
                }
                nodes.arm(victim, &point)?;
                nodes.start(victim)?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                Ok(None)
            }
            Story::Expire => {
                servers::settled(&self.companies[victim]).await?;
                nodes.kill(victim).await?;
                // as a clock that has jumped: what was promised by the right one is not judged
                let history = &self.customer.market.history;
                let clock = Nemesis::Clock.to_string();
                let jump =
                    history.begin_fault(&clock, &self.companies[victim].company.to_string())?;
                // at this company only: the others would end it before it asks
                servers::end_holds(&self.companies[victim]).await?;
                nodes.arm(victim, &point)?;
                nodes.start(victim)?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                history.end_fault(jump)?;
                Ok(None)
            }
            Story::Orphan => self.kill_again(UNDECIDED, cast, victim, &point, wish).await,
            Story::Decided => self.kill_again(CHOSEN, cast, victim, &point, wish).await,
            Story::Abandoned => self.abandon(UNDECIDED, cast, victim, &point, wish).await,
            Story::AbandonedDecided => self.abandon(CHOSEN, cast, victim, &point, wish).await,
            Story::TakenOver => {
                self.lose_driver(&point, cast, wish).await?;
                let told = self.customer.settle(cast.other, wish).await?;
                self.nodes.start(cast.asked)?;
                Ok(Some(told))
            }
            Story::Diverged => {
                let poorer = [cast.asked, cast.third];
                for node in poorer {
                    servers::settled(&self.companies[node]).await?;
                    nodes.kill(node).await?;
                }
                let ticket = servers::first_ticket(&self.companies[cast.other]).await?;
                for node in poorer {
                    servers::lose_ticket(&self.companies[node], ticket).await?;
                }
                nodes.arm(victim, &point)?;
                for node in poorer {
                    nodes.start(node)?;
                }
                nodes.death(victim).await?;
                nodes.start(victim)?;
                self.customer.wait_until_whole().await?;
                // they begin with the lowest ids again, and need not go through all of them first
                for node in poorer {
                    nodes.kill(node).await?;
                    nodes.start(node)?;
                }
                for node in poorer {
                    servers::wait_for_ticket(&self.companies[node], ticket).await?;
                }
                Ok(None)
            }
            Story::Retime => {
                let Wish::Told { ticket } = wish else {
                    bail!("there is no ticket to tell");
                };
                servers::settled(&self.companies[victim]).await?;
                nodes.arm(victim, &point)?;
                servers::retime(&self.companies[victim], *ticket).await?;
                nodes.death(victim).await?;
                nodes.start(victim)?;
                Ok(None)
            }
            Story::Import => {
                nodes.arm(victim, &point)?;
                self.import(victim, DAYS + 1 + number).await?;
                Ok(None)
            }
            Story::Migrate => {
                nodes.arm(victim, &point)?;
                let died = nodes.command(victim, "migrate", &[]).await?;
                nodes.ensure_died_where_told(victim, died)?;
                let again = nodes.command(victim, "migrate", &[]).await?;
                ensure!(again.success(), "the next one ended with {again}");
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

    /// The driver dies at this point and is not started again.
    async fn lose_driver(&mut self, point: &str, cast: Cast, wish: &Wish) -> anyhow::Result<Seen> {
        self.nodes.arm(cast.asked, point)?;
        let (first, died) = tokio::join!(
            self.customer.ask(cast.asked, wish),
            self.nodes.death(cast.asked)
        );
        died.context("the driver")?;
        first
    }

    /// The driver dies there first; somebody dies at the point when it is back.
    async fn kill_again(
        &mut self,
        first_at: &str,
        cast: Cast,
        victim: usize,
        point: &str,
        wish: &Wish,
    ) -> anyhow::Result<Option<Seen>> {
        let first = self.lose_driver(first_at, cast, wish).await?;
        self.nodes.arm(victim, point)?;
        self.nodes.start(cast.asked)?;
        self.nodes.death(victim).await?;
        self.nodes.start(victim)?;
        Ok(Some(first))
    }

    /// The driver dies there first; somebody dies at the point while it is away. It is back only when the others have ended it.
    async fn abandon(
        &mut self,
        first_at: &str,
        cast: Cast,
        victim: usize,
        point: &str,
        wish: &Wish,
    ) -> anyhow::Result<Option<Seen>> {
        let first = self.lose_driver(first_at, cast, wish).await?;
        self.nodes.arm(victim, point)?;
        self.nodes.death(victim).await?;
        self.nodes.start(victim)?;
        let deadline = Instant::now() + END_LIMIT;
        for node in [cast.other, cast.third] {
            while servers::prepared(&self.companies[node]).await? > 0 {
                let company = &self.companies[node].company;
                ensure!(
                    Instant::now() < deadline,
                    "company {company} waits for one that is away"
                );
                sleep(LOOK_AGAIN).await;
            }
        }
        self.nodes.start(cast.asked)?;
        Ok(Some(first))
    }

    /// An importer dies; the next one ends what it began, and then there is nothing left to do.
    async fn import(&self, node: usize, days: usize) -> anyhow::Result<()> {
        let days = days.to_string();
        let arguments = ["--sample", "--days", &days];
        let died = self.nodes.command(node, "import", &arguments).await?;
        self.nodes.ensure_died_where_told(node, died)?;
        let again = self.nodes.command(node, "import", &arguments).await?;
        ensure!(
            again.success(),
            "the import after the one that died ended with {again}"
        );
        let on_sale = servers::routes(&self.companies[node]).await?;
        let last = self.nodes.command(node, "import", &arguments).await?;
        ensure!(last.success(), "a repeated import ended with {last}");
        ensure!(
            servers::routes(&self.companies[node]).await? == on_sale,
            "an import that is repeated changes something"
        );
        Ok(())
    }
}
