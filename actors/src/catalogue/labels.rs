//! The ways of a search to have come somewhere: each points to the one it goes on from.

use super::fare::Fare;
use super::front::Merits;
use super::timetable::{AirportNumber, CompanyNumber, DepartureNumber};

/// A way to have taken a departure.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    pub departure: DepartureNumber,
    /// The label before; none of the first leg.
    pub parent: Option<LabelNumber>,
    pub arrives: u32,
    /// Of the first leg.
    pub departs: u32,
    pub fare: Fare,
    pub from: AirportNumber,
    pub to: AirportNumber,
    pub company: CompanyNumber,
    pub legs: u8,
}

/// A label by its place in [`Labels`].
pub type LabelNumber = u32;

/// Every label of a search; none ever goes away, so that a number stays good.
#[derive(Debug, Default)]
pub struct Labels {
    all: Vec<Label>,
}

/// The labels of one round at an airport, taken together.
pub struct Arrivals {
    pub first: u32,
    pub last: u32,
    /// The lowest fare; none where currencies differ.
    pub cheapest: Option<Fare>,
    /// The latest departure from the origin.
    pub departs: u32,
}

impl Label {
    pub fn merits(&self) -> Merits {
        Merits {
            arrives: self.arrives,
            legs: self.legs,
            fare: self.fare,
            departs: self.departs,
        }
    }
}

impl Labels {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, number: LabelNumber) -> &Label {
        &self.all[number as usize]
    }

    pub fn push(&mut self, label: Label) -> LabelNumber {
        self.all.push(label);
        self.all.len() as LabelNumber - 1
    }

    /// From this number on, in order.
    pub fn since(&self, first: usize) -> impl Iterator<Item = (LabelNumber, &Label)> {
        (first as LabelNumber..).zip(&self.all[first..])
    }

    /// The label and those before it, backwards.
    pub fn trail(&self, last: LabelNumber) -> impl Iterator<Item = &Label> {
        let parent = |label: &&Label| label.parent.map(|number| self.get(number));
        std::iter::successors(Some(self.get(last)), parent)
    }

    /// Whether the way to this label has come through this airport. Not asked of origins, to which nothing goes back.
    pub fn has_visited(&self, label: &Label, airport: AirportNumber) -> bool {
        let before = label
            .parent
            .into_iter()
            .flat_map(|parent| self.trail(parent));
        before.map(|stop| stop.to).any(|stop| stop == airport)
    }

    /// Whether the first way came through every airport of the second one.
    pub fn has_stops_of(&self, one: LabelNumber, other: LabelNumber) -> bool {
        let stops = |last| self.trail(last).map(|stop| stop.to);
        stops(other).all(|airport| stops(one).any(|known| known == airport))
    }
}

impl Arrivals {
    /// None if no label is of the round with so many legs.
    pub fn of_round(labels: &Labels, here: &[LabelNumber], legs: usize) -> Option<Self> {
        let here = here.iter().map(|number| labels.get(*number));
        let mut of_round = here.filter(|label| usize::from(label.legs) == legs);
        let first = of_round.next()?;
        let mut all = Self {
            first: first.arrives,
            last: first.arrives,
            cheapest: Some(first.fare),
            departs: first.departs,
        };
        for label in of_round {
            all.last = label.arrives; // they ascend
            all.departs = all.departs.max(label.departs);
            all.cheapest = all.cheapest.and_then(|cheapest| cheapest.lower(label.fare));
        }
        Some(all)
    }
}
