//! Which seats to give somebody whose seat the new aircraft does not have.

use super::{Kind, Layout, Place};
use crate::domain::ids::SeatNumber;

/// Free seats of the new cabin, at most so many, the most alike first: at an exit or not as before (not everybody may sit there), then
/// at the window, at the aisle or in between as before, then the nearest row. Of what is equal in all that, the lowest number.
pub fn instead(
    before: Option<Place>,
    cabin: &Layout,
    is_free: impl Fn(SeatNumber) -> bool,
    limit: usize,
) -> Vec<SeatNumber> {
    // of a seat that nobody knows: as far back as there is
    let (exit, kind, row) = before.map_or((false, Kind::Middle, u16::MAX), |place| {
        (place.exit, place.kind, place.row)
    });
    let numbers = (1..=cabin.seats).map(SeatNumber);
    let mut free: Vec<_> = numbers
        .filter(|number| is_free(*number))
        .filter_map(|number| {
            let place = cabin.place(number)?;
            let unlike = (place.exit != exit, place.kind != kind);
            Some((unlike, place.row.abs_diff(row), number))
        })
        .collect();
    free.sort_unstable();
    free.truncate(limit);
    free.into_iter().map(|(.., number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(cabin: &Layout, number: SeatNumber) -> String {
        cabin.place(number).unwrap().to_string()
    }

    #[test]
    fn a_window_for_a_window_in_the_nearest_row() {
        let (large, small) = (Layout::of("738", 180), Layout::of("AT7", 48));
        let from = large.place(SeatNumber(169)).unwrap();
        assert_eq!(from.to_string(), "29A");
        let all = instead(Some(from), &small, |_| true, 3);
        let labels: Vec<_> = all.iter().map(|number| label(&small, *number)).collect();
        assert_eq!(labels, ["12A", "12D", "11A"]);
    }

    #[test]
    fn an_exit_only_for_who_sat_at_one_unless_nothing_else_is_free() {
        let (large, small) = (Layout::of("738", 180), Layout::of("AT7", 48));
        let exit = large.exits().next().unwrap();
        let number = SeatNumber((exit - 1) * 6 + 3);
        let from = large.place(number).unwrap();
        let best = instead(Some(from), &small, |_| true, 1);
        assert!(small.place(best[0]).unwrap().exit);
        let back = large.place(SeatNumber(180));
        let best = instead(back, &small, |number| number.0 <= 5, 9);
        assert_eq!(best[0], SeatNumber(5), "behind the exit row");
        assert_eq!(best.len(), 5);
        assert_eq!(instead(back, &small, |_| false, 9), []);
        assert_eq!(instead(None, &small, |_| true, 1).len(), 1);
    }
}
