//! Every request of the workload: sent once, and written down with its answer.

use std::sync::Arc;

use uuid::Uuid;

use super::PASSWORD;
use crate::client::{Client, HoldAction, Session};
use crate::history::{Answer, History, Operation, Request, Seat, SeatName};
use crate::stock::Stock;

/// What the customers of a run have in common.
#[derive(Clone)]
pub struct Market {
    pub client: Client,
    pub stock: Arc<Stock>,
    pub history: Arc<History>,
}

/// What seats are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Booking,
    Hold,
}

/// Who asks which node: of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub customer: usize,
    pub node: usize,
}

impl Market {
    /// Books once, at this node, and writes it down.
    pub async fn book(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let request = Request::Book {
            user: session.user,
            key: key.to_owned(),
            seats: seats.to_vec(),
        };
        let caller = Caller { customer, node };
        let asked = self.client.book(node, session, key, seats);
        self.recorded(caller, request, asked).await
    }

    /// Cancels once, at this node, and writes it down.
    pub async fn cancel(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Cancel { user, ticket };
        let asked = self.client.cancel(node, session, ticket);
        self.recorded(Caller { customer, node }, request, asked)
            .await
    }

    /// Agrees once, at this node, to what comes back for what is left of a ticket, and writes down that it is cancelled and what the
    /// answer says that came back.
    pub async fn cancel_agreed(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let caller = Caller { customer, node };
        let begin_us = self.history.now_us();
        let told = self.client.cancel_agreed(node, session, ticket).await?;
        let request = Request::Cancel { user, ticket };
        if !matches!(told, Answer::Ticket { .. }) {
            return self.write_down(caller, begin_us, request, told);
        }
        let read = Request::Ticket { user, ticket };
        self.write_down(caller, begin_us, read, told)?;
        self.write_down(caller, begin_us, request, Answer::Cancelled)
    }

    /// Asks once, at this node, for other seats in the place of these, and writes it down.
    pub async fn rebook(
        &self,
        (node, customer): (usize, usize),
        session: &Session,
        key: &str,
        ticket: Uuid,
        (given, seats): (&[SeatName], &[Seat]),
    ) -> anyhow::Result<Answer> {
        let request = Request::Rebook {
            user: session.user,
            key: key.to_owned(),
            ticket,
            given: given.to_vec(),
            seats: seats.to_vec(),
        };
        let exchange = (given, seats);
        let asked = self.client.rebook(node, session, key, ticket, exchange);
        self.recorded(Caller { customer, node }, request, asked)
            .await
    }

    /// Agrees to what became of the flights of a ticket.
    pub(super) async fn accept(
        &self,
        caller: Caller,
        session: &Session,
        ticket: Uuid,
        changes: u32,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Accept {
            user,
            ticket,
            changes,
        };
        let asked = self.client.accept(caller.node, session, ticket, changes);
        self.recorded(caller, request, asked).await
    }

    /// Looks at a ticket.
    pub(super) async fn ticket(
        &self,
        caller: Caller,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Ticket { user, ticket };
        let asked = self.client.ticket(caller.node, session, ticket);
        self.recorded(caller, request, asked).await
    }

    /// Holds once, at this node, and writes it down.
    pub async fn hold(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        key: &str,
        seats: &[Seat],
    ) -> anyhow::Result<Answer> {
        let request = Request::Hold {
            user: session.user,
            key: key.to_owned(),
            seats: seats.to_vec(),
        };
        let asked = self.client.hold(node, session, key, seats);
        self.recorded(Caller { customer, node }, request, asked)
            .await
    }

    pub(super) async fn order(
        &self,
        caller: Caller,
        session: &Session,
        key: &str,
        seats: &[Seat],
        order: Order,
    ) -> anyhow::Result<Answer> {
        let Caller { customer, node } = caller;
        match order {
            Order::Booking => self.book(node, customer, session, key, seats).await,
            Order::Hold => self.hold(node, customer, session, key, seats).await,
        }
    }

    /// Asks something of a hold once, at this node, and writes it down.
    pub async fn act(
        &self,
        node: usize,
        customer: usize,
        session: &Session,
        hold: Uuid,
        action: HoldAction,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = match action {
            HoldAction::Confirm => Request::Confirm { user, hold },
            HoldAction::Extend => Request::Extend { user, hold },
            HoldAction::Release => Request::Release { user, hold },
        };
        let asked = self.client.act(node, session, hold, action);
        self.recorded(Caller { customer, node }, request, asked)
            .await
    }

    pub(super) async fn status(
        &self,
        caller: Caller,
        session: &Session,
        ticket: Uuid,
    ) -> anyhow::Result<Answer> {
        let user = session.user;
        let request = Request::Status { user, ticket };
        let asked = self.client.status(caller.node, session, ticket);
        self.recorded(caller, request, asked).await
    }

    pub(super) async fn browse(&self, caller: Caller, session: &Session) -> anyhow::Result<Answer> {
        let asked = self.client.browse(caller.node, session);
        self.recorded(caller, Request::Browse, asked).await
    }

    /// Of the company of the node that is asked.
    pub(super) async fn seat_map(
        &self,
        caller: Caller,
        session: &Session,
    ) -> anyhow::Result<Answer> {
        let company = self.client.company(caller.node).clone();
        let window = self.stock.window(caller.node);
        let asked = self.client.seat_map(caller.node, session, window);
        self.recorded(caller, Request::SeatMap { company }, asked)
            .await
    }

    pub(super) async fn register(&self, caller: Caller, login: &str) -> anyhow::Result<Answer> {
        let login = login.to_owned();
        let asked = self.client.try_register(caller.node, &login, PASSWORD);
        let request = Request::Register {
            login: login.clone(),
        };
        self.recorded(caller, request, asked).await
    }

    pub(super) async fn login(&self, caller: Caller, login: &str) -> anyhow::Result<Answer> {
        let login = login.to_owned();
        let asked = self.client.try_login(caller.node, &login, PASSWORD);
        let request = Request::Login {
            login: login.clone(),
        };
        self.recorded(caller, request, asked).await
    }

    pub(super) async fn recorded(
        &self,
        caller: Caller,
        request: Request,
        asked: impl Future<Output = anyhow::Result<Answer>>,
    ) -> anyhow::Result<Answer> {
        let begin_us = self.history.now_us();
        let answer = asked.await?;
        self.write_down(caller, begin_us, request, answer)
    }

    fn write_down(
        &self,
        caller: Caller,
        begin_us: u64,
        request: Request,
        answer: Answer,
    ) -> anyhow::Result<Answer> {
        self.history.record(Operation {
            client: caller.customer,
            node: self.client.company(caller.node).clone(),
            begin_us,
            end_us: self.history.now_us(),
            request,
            answer: answer.clone(),
        })?;
        Ok(answer)
    }
}
