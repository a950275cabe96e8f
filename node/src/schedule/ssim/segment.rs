//! Record type 4, segment data: what it says of whose leg it is to sell.
//!
//! A data element identifier (DEI) says what a record holds. Three of them matter here; all others, such as meals and
//! terminals, are read over. SSIM, chapter 7 (record type 4) and chapter 2 (the elements):
//! * 50, operational leg identification: the leg is a commercial duplicate, flown by the airline that the data name;
//! * 10, duplicate leg identification, is its counterpart at the airline that flies: the data name under which numbers
//!   others sell the leg. That leg is this company's own, and is sold;
//! * 170 to 173, traffic restriction codes for passengers (170), cargo and mail.

use super::fields::{Columns, Record};
use super::leg::{self, Leg, Variation};
use crate::schedule::error::Fault;
use crate::schedule::pattern::Designator;
use crate::schedule::remarks::Unsold;

const ITINERARY_VARIATION_OVERFLOW: usize = 28;
const DATA_ELEMENT: Columns = (31, 33);

const OPERATIONAL_LEG: u32 = 50;
const RESTRICTION_OF_PASSENGERS: u32 = 170;
/// Of cargo or mail, without passengers.
const RESTRICTIONS_OF_FREIGHT: std::ops::RangeInclusive<u32> = 171..=173;

/// A record type 4.
pub struct Segment {
    designator: Designator,
    variation: Variation,
    data_element: u32,
}

impl Segment {
    /// Whether it speaks of this leg: of the segment that begins with it.
    pub fn is_of(&self, leg: &Leg) -> bool {
        self.designator == leg.pattern.designator && self.variation == leg.variation
    }

    /// Tells the leg what the record says of it.
    pub fn tell(&self, leg: &mut Leg) {
        match self.data_element {
            // also of a longer segment: a flight that is another's from here on is not sold twice
            OPERATIONAL_LEG => leg.unsold = leg.unsold.or(Some(Unsold::Codeshare)),
            RESTRICTION_OF_PASSENGERS => {
                leg.mixed_restriction = false;
                leg.unsold = leg.unsold.or(Some(Unsold::Restricted));
            }
            freight if RESTRICTIONS_OF_FREIGHT.contains(&freight) && leg.mixed_restriction => {
                leg.unsold = leg.unsold.filter(|reason| *reason != Unsold::Restricted);
            }
            _ => {}
        }
    }
}

/// Reads one record of the carrier.
pub fn parse(record: Record<'_>, carrier: &str) -> Result<Segment, Fault> {
    Ok(Segment {
        designator: leg::designator(record, carrier)?,
        variation: leg::variation(record, ITINERARY_VARIATION_OVERFLOW)?,
        data_element: record.number(DATA_ELEMENT, "a data element identifier 001 to 999")?,
    })
}

/// The fault of segment data that follow another flight.
pub fn without_leg(record: Record<'_>) -> Fault {
    const FLIGHT_AND_LEG: Columns = (2, 13);
    record.fault(
        FLIGHT_AND_LEG,
        "flight and leg of a record 3 before this record",
    )
}
