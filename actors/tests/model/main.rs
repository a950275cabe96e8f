//! An exhaustive model of the bookings protocol, over the product's own decisions (stateright).
//!
//! ```text
//! cargo test --release --workspace --test model                             every configuration but the largest, every bug
//! cargo test --release --workspace --test model two -- --nocapture          one, with its figures and what it reached
//! cargo test --release --workspace --test model -- --ignored --nocapture    the largest: minutes, and some GB of memory
//! ```
//! **What runs.** [`rules`] is the only door to the code under test: `Entry::post` over the rows that its footprint
//! names (participant, register, replica, fencing), and `Driver::step`. Everything else here is what surrounds that
//! code in production, as hostile as the fault model allows ([`bookings`] tells how): messages lost, late, repeated and
//! reordered; drivers that crash or pause at any step, several of them for one saga, at one node or at several, with
//! the same order or another; Redis giving any answer; commits whose outcome nobody learns; keys sent again elsewhere;
//! cancellations and outboxes read in any order.
//!
//! **What is checked** in every state ([`properties`]): I1-I7, P1, N1 of docs/protocol.md; a ticket or sale only under
//! a chosen Commit; no alarm; no impossible arrow, after any message; "nothing was begun" only where nothing was; a
//! hold sold only after its customer's request (H1). I7 and N1 run the product's recovery from every state, all alive
//! and with any one company dead, and once more after every vote that could still be under way. [`audit`] judges each
//! transaction, and shares no code with what it judges. Each configuration also lists what it must have reached.
//!
//! **What is not modelled:** accounts; batches of several entries; extensions of holds; how long a lease lives; a node
//! that is not ready yet; membership that changes; the order within an outbox and the place of its cursor; anti-entropy
//! but as its result. Within its bounds (one or two sagas, three companies, two to four drivers, some ballots) a search
//! is exhaustive; [`reduce`] leaves out orders of steps that make no difference, and [`equivalence`] checks that
//! against searches without it.
//!
//! **Bugs.** [`bugs`] changes what passes through the door, as if the code had forgotten a check; [`caught`] names the
//! property that catches each.
//!
//! States of each configuration (`--nocapture` prints them with the time):
//! ```text
//! two                 349,503  two companies, recovery at either, cancelled
//! refused             270,605  the same; any seat may be refused
//! unkeyed             244,347  the same without idempotency keys
//! three_legs           18,761  three companies
//! pair                 10,790  two seats at one company
//! companies2           14,251  a cluster of two
//! retried               9,970  the request again at another node, another order
//! retried_ballot      260,092  the same with a recovery ballot
//! contended             2,541  two bookings, one seat in common
//! contended_ballot    114,533  the same with a recovery ballot
//! two_wide             37,354  two bookings, three seats in common
//! resold               41,716  sold, cancelled, sold again; replicated
//! book                     47  one company books in one step; silence
//! book_remote              75  the same from another node
//! book_retried             76  the same, from two other nodes
//! book_vs             949,273  the same against a booking of two companies (with --ignored)
//! book_stale           68,120  the same with stale tokens
//! stale               107,020  tokens old and new, leases of others
//! unleased             61,796  Redis away: one company after another
//! lying                35,959  Redis says anything
//! zombie              766,687  two drivers of one saga at one node
//! unknown              30,696  a call or commit of unknown outcome
//! replicated            3,148  parts cancelled anywhere, outboxes in any order
//! plain                 3,728  no reductions: one booking
//! plain_retried        18,123  no reductions: a retry
//! plain_contended       6,408  no reductions: rivals
//! unknown_recovered   162,666  the same with recovery elsewhere
//! plain_recovered      39,080  no reductions: a recovery
//! hold                562,608  a customer's hold confirmed at a third company, or over by one company's clock
//! hold_confirmed_twice 91,159  the same, confirmed at two nodes
//! hold_released         6,104  of one company, confirmed or released
//! hold_one             18,818  as the first, of one company
//! hold_retried        122,325  the request again at another node, another order, and a confirmation
//! orders            6,674,808  as retried, a ballot each (with --ignored)
//! three_drivers     1,188,487  three drivers of one saga (with --ignored)
//! ```

mod arrival;
mod audit;
mod bookings;
mod bugs;
mod caught;
mod company;
mod config;
mod configurations;
mod driving;
mod ending;
mod equivalence;
mod exhaustive;
mod heal;
mod intern;
mod lattice;
mod properties;
mod reduce;
mod rules;
mod schedule;
mod tell;
mod verdict;
mod witness;
mod world;
