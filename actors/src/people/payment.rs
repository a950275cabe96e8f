//! Whether a ticket may be made of a hold: where the company that sold it wants to be paid first, only of one that is paid.
//!
//! It is that company that has the money, and knows. Another one's node makes no ticket of it, paid or not: it sends the customer there.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::desk::Unavailable;
use crate::domain::ids::{CompanyId, SagaId};
use crate::domain::order::{Order, Price};
use crate::domain::payment::{is_free, price_of};

/// The payments of our own company.
pub trait Paid: Send + Sync {
    /// Whether this hold is paid for, by so much at least, and the money is not on its way back.
    fn is_paid<'a>(
        &'a self,
        hold: SagaId,
        price: &'a Price,
    ) -> BoxFuture<'a, Result<bool, Unavailable>>;
}

/// Which companies want to be paid before a ticket, as all nodes are told.
#[derive(Clone, Default)]
pub struct Terms {
    pub required_by: Arc<[CompanyId]>,
    /// None: there are no payments at this node.
    pub paid: Option<Arc<dyn Paid>>,
}

/// Why no ticket is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaid {
    /// It is to be paid first.
    NotPaid,
    /// This company, which sold it, knows whether it is paid: it is confirmed at its node.
    AskSeller(CompanyId),
    /// The database is away.
    NotKnown,
}

impl Terms {
    /// Whether this company wants to be paid for this order before there is a ticket.
    pub fn require(&self, seller: CompanyId, order: &Order) -> bool {
        self.required_by.contains(&seller) && !is_free(order)
    }

    /// Whether the node of this company may make a ticket of a hold.
    pub(super) async fn check(
        &self,
        me: CompanyId,
        hold: SagaId,
        order: &Order,
    ) -> Result<(), Unpaid> {
        let Some(seller) = order.seller.filter(|seller| self.require(*seller, order)) else {
            return Ok(());
        };
        if seller != me {
            return Err(Unpaid::AskSeller(seller));
        }
        let (Some(paid), Some(price)) = (&self.paid, price_of(order)) else {
            return Err(Unpaid::NotPaid);
        };
        match paid.is_paid(hold, &price).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Unpaid::NotPaid),
            Err(Unavailable) => Err(Unpaid::NotKnown),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::fixtures::{SAGA, company, order, seat};

    struct Says(Result<bool, Unavailable>);

    impl Paid for Says {
        fn is_paid<'a>(
            &'a self,
            _: SagaId,
            price: &'a Price,
        ) -> BoxFuture<'a, Result<bool, Unavailable>> {
            let said = self.0.map(|paid| paid && price.minor == 20_000);
            async move { said }.boxed()
        }
    }

    fn terms(says: Result<bool, Unavailable>) -> Terms {
        Terms {
            required_by: [company("a"), company("b")].into(),
            paid: Some(Arc::new(Says(says))),
        }
    }

    fn sold_by(seller: Option<&str>) -> Order {
        let order = order(&[seat("b", 1), seat("c", 1)]);
        Order {
            seller: seller.map(company),
            ..(*order).clone()
        }
    }

    fn checked(terms: &Terms, order: &Order) -> Result<(), Unpaid> {
        let checked = terms.check(company("a"), SAGA, order).now_or_never();
        checked.expect("nothing waits")
    }

    #[test]
    fn only_what_is_paid_becomes_a_ticket_and_what_is_not_known_does_not() {
        let order = sold_by(Some("a"));
        assert_eq!(checked(&terms(Ok(true)), &order), Ok(()));
        assert_eq!(checked(&terms(Ok(false)), &order), Err(Unpaid::NotPaid));
        let away = terms(Err(Unavailable));
        assert_eq!(checked(&away, &order), Err(Unpaid::NotKnown));
        let without = Terms {
            paid: None,
            ..terms(Ok(true))
        };
        assert_eq!(checked(&without, &order), Err(Unpaid::NotPaid));
        let mut mixed = order;
        mixed.legs[0].price.currency = "JPY".to_owned();
        assert_eq!(checked(&terms(Ok(true)), &mixed), Err(Unpaid::NotPaid));
    }

    #[test]
    fn whoever_sold_it_has_the_money_and_knows() {
        let elsewhere = Err(Unpaid::AskSeller(company("b")));
        assert_eq!(checked(&terms(Ok(true)), &sold_by(Some("b"))), elsewhere);
        // who lets go unpaid, and orders of before that was known
        for seller in [Some("c"), None] {
            assert_eq!(checked(&terms(Ok(false)), &sold_by(seller)), Ok(()));
        }
    }

    #[test]
    fn what_costs_nothing_need_not_be_paid() {
        let mut free = sold_by(Some("a"));
        for leg in &mut free.legs {
            leg.price.minor = 0;
        }
        assert_eq!(checked(&terms(Ok(false)), &free), Ok(()));
    }
}
