//! Where a page ended, as an opaque text in the link to the next one.

use passcom_actors::catalogue::PageCursor;
use passcom_actors::domain::ids::{CompanyId, RouteId, SagaId};
use uuid::Uuid;

use crate::call::Call;
use crate::error::Problem;
use crate::wire::query;

/// Something a listing can go on after.
pub(crate) trait Cursor: Sized {
    fn to_text(&self) -> String;
    fn from_text(text: &str) -> Option<Self>;
}

/// The cursor of this call, if it has one.
pub(crate) fn given<C: Cursor>(call: &Call) -> Result<Option<C>, Problem> {
    let Some(text) = call.parameter(query::CURSOR)? else {
        return Ok(None);
    };
    C::from_text(&text).map(Some).ok_or_else(|| {
        let name = query::CURSOR;
        Problem::invalid(
            format!("{name} não é válido: use o endereço do cabeçalho Link"),
            format!("{name} is not valid: use the address in the Link header"),
        )
    })
}

/// Legs by (departure, company, route): `1732391100.G3.4711`.
impl Cursor for PageCursor {
    fn to_text(&self) -> String {
        let (departs, company, route) = self;
        format!("{departs}.{company}.{route}")
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let departs = parts.next()?.parse().ok()?;
        let company: CompanyId = parts.next()?.parse().ok()?;
        let route = RouteId::new(parts.next()?.parse().ok()?).ok()?;
        parts.next().is_none().then_some((departs, company, route))
    }
}

/// The place in a list that is made anew for each page.
impl Cursor for usize {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Tickets by (creation, id).
impl Cursor for (i64, SagaId) {
    fn to_text(&self) -> String {
        format!("{}.{}", self.0, self.1)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (created_at, id) = text.split_once('.')?;
        Some((created_at.parse().ok()?, SagaId(Uuid::try_parse(id).ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let company = "a-b".parse().unwrap();
        for cursor in [(0, company, RouteId(1)), (-5, company, RouteId(1 << 40))] {
            assert_eq!(PageCursor::from_text(&cursor.to_text()), Some(cursor));
        }
        let cursor = (1_730_319_757_123, SagaId(Uuid::from_u128(9)));
        assert_eq!(<(i64, SagaId)>::from_text(&cursor.to_text()), Some(cursor));
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for text in [
            "",
            "1",
            "1.a",
            "1.a.0",
            "1.a.2.3",
            "x.a.2",
            "1.a b.2",
            "1.a.-2",
            "1..2",
            "99999999999999999999.a.2",
        ] {
            assert_eq!(PageCursor::from_text(text), None, "{text}");
            assert_eq!(<(i64, SagaId)>::from_text(text), None, "{text}");
        }
    }
}
