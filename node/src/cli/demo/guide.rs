//! What a newcomer needs for a first booking: addresses, users, and three lines to paste. `--check` does what the lines say.

use std::path::PathBuf;

use anyhow::{Context, bail};
use comfy_table::Table;

use super::client::{Client, Session};
use super::trip::Trip;
use super::users::{self, User};
use crate::config::Config;
use crate::local::folder::Folder;

pub struct Guide {
    addresses: Table,
    config: PathBuf,
    client: Client,
    users: Vec<User>,
    /// Of the first user.
    session: Session,
    trip: Trip,
}

impl Guide {
    /// Makes sure that the users exist and that there is something to book.
    pub async fn prepare(folder: &Folder, config: &Config) -> anyhow::Result<Self> {
        let first = config.companies().first().context("there is no company")?;
        let client = Client::new(&format!("http://{}", first.http))?;
        let users = users::load(&folder.users())?;
        let mut sessions = Vec::with_capacity(users.len());
        for user in &users {
            sessions.push(users::ready(&client, user).await?);
        }
        let session = sessions.into_iter().next().context("there is no user")?;
        let client = client.with_token(&session.access_token);
        let companies: Vec<_> = config.members().map(String::from).collect();
        let trip = Trip::find(&client, &companies)
            .await
            .context("look for a trip")?;
        let (addresses, config) = (addresses(folder, config), folder.config());
        Ok(Self {
            addresses,
            config,
            client,
            users,
            session,
            trip,
        })
    }

    pub fn print(&self) -> anyhow::Result<()> {
        println!("\n{}", self.addresses);
        println!("configuration: {}", self.config.display());
        for user in &self.users {
            println!("user {}, password {}", user.login, user.password);
        }
        println!("\nA first booking, over all companies:\n");
        let (base, user) = (self.client.base(), &self.users[0]);
        let credentials = serde_json::to_string(user)?;
        println!(
            r#"TOKEN=$(curl -s {base}/login -H 'Content-Type: application/json' -d '{credentials}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"#
        );
        println!(
            r#"curl -s -w '\n' -H "Authorization: Bearer $TOKEN" '{base}/all-trechos?limite=1'"#
        );
        println!(
            r#"curl -s -w '\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' {base}/reservar -d '{}'"#,
            self.trip.order()?
        );
        Ok(())
    }

    /// Books the trip and finds the ticket again.
    pub async fn check(&self) -> anyhow::Result<()> {
        let booked = self.client.book(&self.trip.order()?).await?;
        let tickets = self.client.tickets(self.session.user_uuid).await?;
        let Some(ticket) = tickets
            .iter()
            .find(|ticket| ticket.uuid == booked.uuid_passagem)
        else {
            bail!(
                "ticket {} was booked and is not listed",
                booked.uuid_passagem
            );
        };
        let (has, wants) = (ticket.trechos_reservados.len(), self.trip.len());
        if has != wants {
            bail!("ticket {} has {has} of its {wants} legs", ticket.uuid);
        }
        println!("\n{}", self.trip.table());
        println!("{} (ticket {})", booked.message, ticket.uuid);
        Ok(())
    }
}

fn addresses(folder: &Folder, config: &Config) -> Table {
    let mut table = crate::cli::table(["company", "clients", "operators", "log"]);
    for company in config.companies() {
        table.add_row([
            company.code.to_string(),
            format!("http://{}", company.http),
            format!("http://{}", company.admin),
            folder
                .of(company.code)
                .join("node.log")
                .display()
                .to_string(),
        ]);
    }
    table
}
