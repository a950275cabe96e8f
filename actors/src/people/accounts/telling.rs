//! Tells the other companies of wrong passwords, so that who asks all of them has one budget of guesses at a login, and not as many as
//! there are companies ([`crate::company::guesses`]).
//!
//! Nobody waits for it. What a company that is down, slow or apart does not hear is told with the next failure of that login: what is
//! told is how many there are.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::company::Company;
use crate::mesh::companies::Companies;
use crate::mesh::messages::Request;

/// Each company hears of them once in so long.
const TELL_EVERY: Duration = Duration::from_secs(1);

pub async fn run(company: Arc<Company>, companies: Companies) {
    loop {
        let told = company.guesses.untold().await;
        companies.ask_others(Request::WrongPasswords(told)).await;
        sleep(TELL_EVERY).await;
    }
}
