//! The watcher of logins that were claimed and have no user: whoever claimed one may have died in between, and then the
//! login would belong for ever to somebody who cannot log in. A company that accepted a claim has the whole user, and
//! finishes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use crate::company::Company;
use crate::domain::accounts::User;
use crate::people::accounts::logins::Logins;

/// How often the watcher looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause before the same login is finished again.
const AGAIN: Duration = Duration::from_secs(10);
/// Most logins looked at, and most finished, at a time.
const LOOK_MAX: usize = 256;
const FINISH_MAX: usize = 8;

/// Watches for ever. A claim seen open for longer than `in_doubt_after` has lost whoever made it.
pub async fn watch(company: Arc<Company>, logins: Logins, in_doubt_after: Duration) {
    let mut due: HashMap<String, Instant> = HashMap::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(open) = company.archive.open_logins(LOOK_MAX).await else {
            continue; // the ledger says that the database is away
        };
        due.retain(|login, _| open.iter().any(|user| user.login == *login));
        let now = Instant::now();
        let mut finished = 0;
        for user in open {
            let at = due
                .entry(user.login.clone())
                .or_insert(now + in_doubt_after);
            if *at > now || finished == FINISH_MAX {
                continue;
            }
            *at = now + AGAIN;
            finished += 1;
            finish(&logins, user).await;
        }
    }
}

async fn finish(logins: &Logins, user: User) {
    info!(user = %user.id, "finishing a registration that lost its node");
    match logins.find(&user.login).await {
        Ok(Some(known)) => logins.close(known).await,
        // whichever claim the majority chooses is enrolled, this one or another
        Ok(None) => drop(logins.claim(&user).await),
        Err(()) => {}
    }
}
