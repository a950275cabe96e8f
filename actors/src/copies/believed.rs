//! What of a peer's copies is taken over: a member of the mesh can tell of anything.
//!
//! Invariant: what is refused keeps nothing else from being read. It comes again from who may tell it, and by the comparison of copies.

use super::names;
use crate::company::Company;
use crate::company::credential;
use crate::company::store::ReadError;
use crate::domain::accounts::User;
use crate::domain::ids::CompanyId;
use crate::domain::rows::Replicated;
use crate::mesh::companies::Companies;
use crate::mesh::standing::Members;

/// Those of these rows that this peer is believed.
pub(super) async fn believed(
    company: &Company,
    companies: &Companies,
    peer: CompanyId,
    rows: Vec<Replicated>,
) -> Result<Vec<Replicated>, ReadError> {
    let members = Members {
        me: company.me,
        all: &company.companies,
        now: company.clock.wall_seconds(),
    };
    let users: Vec<&User> = rows.iter().filter_map(user_of).collect();
    let mut known = match users.is_empty() {
        true => Vec::new(),
        false => company.archive.users_like(&users).await?,
    };
    let mut believed = Vec::with_capacity(rows.len());
    for row in rows {
        let checked = match &row {
            Replicated::Ticket(ticket) => members.check_ticket(ticket, &ticket.refunds),
            Replicated::User(user) => {
                let is_like = |other: &&User| other.id == user.id || other.login == user.login;
                let alike: Vec<User> = known.iter().filter(is_like).cloned().collect();
                credential::check(&alike, user, peer)
            }
        };
        match checked {
            Ok(()) => {
                // what follows in the page may be its next version
                if let Some(user) = user_of(&row) {
                    known.retain(|other| other.id != user.id || other.version > user.version);
                    known.push(user.clone());
                }
                believed.push(match row {
                    Replicated::Ticket(ticket) => {
                        Replicated::Ticket(names::completed(company, companies, ticket).await)
                    }
                    row => row,
                });
            }
            Err(reason) => company.refused.note(peer, "copy", reason),
        }
    }
    Ok(believed)
}

fn user_of(row: &Replicated) -> Option<&User> {
    match row {
        Replicated::User(user) => Some(user),
        Replicated::Ticket(_) => None,
    }
}
