//! What else could be chosen in a search, in the words that it is asked for with.

use passcom_actors::catalogue::{self, CompanyChoice};
use passcom_actors::domain::ids::CompanyId;
use serde::Serialize;

/// A window of time as the parameters of a search name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DayPart {
    #[serde(rename = "de")]
    pub from: String,
    #[serde(rename = "ate")]
    pub until: Option<String>,
}

/// Those that are counted, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DayPartNames {
    pub departs: Vec<DayPart>,
    pub arrives: Vec<DayPart>,
}

#[derive(Serialize)]
pub(super) struct Choices<'a> {
    #[serde(rename = "conexoes")]
    connections: Vec<AtMost>,
    #[serde(rename = "companhias")]
    companies: Vec<Company>,
    #[serde(rename = "partida")]
    departs: Vec<Part<'a>>,
    #[serde(rename = "chegada")]
    arrives: Vec<Part<'a>>,
    #[serde(rename = "duracao")]
    minutes: Vec<AtMost>,
    #[serde(rename = "preco")]
    prices: Vec<AtMost>,
}

/// A value for one of the parameters that end in `max`.
#[derive(Serialize)]
struct AtMost {
    max: i64,
    #[serde(rename = "opcoes")]
    count: usize,
}

#[derive(Serialize)]
struct Company {
    company: CompanyId,
    #[serde(rename = "opcoes")]
    alone: usize,
    #[serde(rename = "participa")]
    takes_part: usize,
}

#[derive(Serialize)]
struct Part<'a> {
    #[serde(flatten)]
    part: &'a DayPart,
    #[serde(rename = "opcoes")]
    count: usize,
}

impl<'a> Choices<'a> {
    pub fn new(choices: &catalogue::Choices, parts: &'a DayPartNames) -> Self {
        let company = |choice: &CompanyChoice| Company {
            company: choice.company,
            alone: choice.alone,
            takes_part: choice.takes_part,
        };
        let at_most = |(max, count): (i64, usize)| AtMost { max, count };
        let connections = (0..).zip(choices.connections.iter().copied());
        // a minute that has begun is part of the longest that is asked for
        let minutes = choices.seconds.iter();
        let minutes = minutes.map(|(seconds, count)| (i64::from(seconds.div_ceil(60)), *count));
        Self {
            connections: connections.map(at_most).collect(),
            companies: choices.companies.iter().map(company).collect(),
            departs: counted(&parts.departs, &choices.departs),
            arrives: counted(&parts.arrives, &choices.arrives),
            minutes: minutes.map(at_most).collect(),
            prices: choices.prices.iter().copied().map(at_most).collect(),
        }
    }
}

fn counted<'a>(parts: &'a [DayPart], counts: &[usize]) -> Vec<Part<'a>> {
    let parts = parts.iter().zip(counts);
    parts
        .map(|(part, count)| Part {
            part,
            count: *count,
        })
        .collect()
}
