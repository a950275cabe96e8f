//! Every seeded bug is caught by a property that says what went wrong, and without the bug that property holds.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use crate::bookings::Bookings;
use crate::bugs::Bug;
use crate::configurations::named;
use crate::properties::*;
use crate::rules::Rules;

fn catch(bug: Bug, configuration: &str, property: &'static str) {
    let mut model = Bookings::new(named(configuration), Rules::new(Some(bug)));
    model.only = Some(property);
    let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = model.checker().finish_when(found).spawn_bfs().join();
    let model = checker.model();
    assert!(
        model.rules.has_bitten(),
        "{bug:?} changed nothing in {configuration}"
    );
    let path = checker.discovery(property);
    let path =
        path.unwrap_or_else(|| panic!("{bug:?} breaks nothing of {property} in {configuration}"));
    let steps = path.clone().into_actions().len();
    println!("{bug:?} in {configuration}: {steps} steps to \"{property}\"");
    model.tell_path(path);
}

macro_rules! bugs {
    ($($name:ident $bug:ident $configuration:literal $property:expr;)*) => {$(
        #[test]
        fn $name() {
            catch(Bug::$bug, $configuration, $property);
        }
    )*};
}

bugs! {
    ballot_0_without_all_yes Ballot0WithoutAllYes "refused" I2;
    yes_across_orders YesAcrossOrders "retried" I2;
    abort_from_silence AbortFromSilence "two" I4;
    learn_from_one LearnFromOne "two" T1;
    recovery_ignores_highest RecoveryIgnoresHighest "two" P1;
    recovery_over_any_set RecoveryOverAnySet "two" P1;
    ballot_reused BallotReused "zombie" A1;
    accept_below_promise AcceptBelowPromise "two" P1;
    ticket_on_local_accept TicketOnLocalAccept "two" T1;
    commit_on_local_accept CommitOnLocalAccept "two" T1;
    prepare_ignores_hash PrepareIgnoresHash "retried" I2;
    commit_ignores_hash CommitIgnoresHash "retried" L0;
    refused_then_yes RefusedThenYes "refused" I2;
    cancelled_answers_no CancelledAnswersNo "retried" I5;
    release_frees_committed ReleaseFreesCommitted "two" L0;
    release_by_seat ReleaseBySeat "contended" I6;
    release_on_timeout ReleaseOnTimeout "two" I2;
    commit_revives_cancelled CommitRevivesCancelled "two" I6;
    book_ignores_register BookIgnoresRegister "book_stale" P1;
    prepared_expires PreparedExpires "two" I2;
    owner_not_checked OwnerNotChecked "contended" I1;
    hold_without_request HoldWithoutRequest "hold" H1;
    confirm_not_durable ConfirmNotDurable "hold" H1;
    expiry_releases_alone ExpiryReleasesAlone "hold" I2;
    voted_too_soon VotedTooSoon "hold_confirmed_twice" I7;
    refuse_on_timeout RefuseOnTimeout "two" I4;
    unknown_commit_is_done UnknownCommitIsDone "unknown" T2;
    unknown_book_is_nothing UnknownBookIsNothing "book" D1;
    busy_after_votes BusyAfterVotes "stale" D1;
    saga_of_its_own SagaOfItsOwn "retried" I5;
    stale_is_yes StaleIsYes "stale" I7;
    fence_not_compared FenceNotCompared "stale" F1;
    fence_not_raised FenceNotRaised "stale" F1;
    cancel_by_seat CancelBySeat "resold" I6;
    cancel_without_ticket CancelWithoutTicket "two" C1;
    merge_overwrites MergeOverwrites "replicated" C1;
    merge_keeps_seat MergeKeepsSeat "replicated" I7;
    cancel_not_published CancelNotPublished "replicated" I7;
    commit_keeps_no_ticket CommitKeepsNoTicket "two" N1;
}
