use std::collections::BTreeSet;

use super::*;

/// Of a 737 with these seats taken.
fn proposed(taken: &[u16], people: usize, wish: Wish) -> Vec<u16> {
    let layout = Layout::of("738", 186);
    let seats = best(&layout, |n| !taken.contains(&n.0), people, wish);
    seats.iter().map(|n| n.0).collect()
}

#[test]
fn people_sit_together_and_leave_nobody_a_seat_alone() {
    assert_eq!(proposed(&[], 3, Wish::Any), [1, 2, 3]);
    assert_eq!(proposed(&[], 1, Wish::Any), [1]);
    // 1B and 1E are taken in row 1, and 2C in row 2: a pair is free there
    assert_eq!(proposed(&[2, 5, 9], 2, Wish::Any), [7, 8]);
    // four take a row, and leave a pair in it
    assert_eq!(proposed(&[], 4, Wish::Any), [1, 2, 3, 4]);
    assert_eq!(proposed(&[], 6, Wish::Any), [1, 2, 3, 4, 5, 6]);
    // the middle one would leave two seats alone
    assert_eq!(proposed(&[1, 3, 4, 6], 1, Wish::Any), [2]);
}

#[test]
fn a_wish_is_met_where_nothing_better_is_lost() {
    assert_eq!(proposed(&[], 1, Wish::Window), [1]);
    assert_eq!(proposed(&[], 1, Wish::Aisle), [3]);
    assert_eq!(proposed(&[1, 2, 3, 4, 5, 6], 1, Wish::Window), [7]);
    assert_eq!(proposed(&[], 2, Wish::Aisle), [2, 3]);
}

#[test]
fn without_seats_enough_nothing_is_proposed() {
    let layout = Layout::of("CNA", 9);
    assert_eq!(best(&layout, |n| n.0 > 6, 4, Wish::Any), []);
    assert_eq!(best(&layout, |_| true, 0, Wish::Any), []);
    assert_eq!(best(&Layout::of("", 0), |_| true, 1, Wish::Any), []);
    assert_eq!(best(&layout, |_| true, 9, Wish::Any).len(), 9);
}

/// What the header of this module promises, counted seat by seat.
fn judged(layout: &Layout, free: &BTreeSet<u16>, seats: &[u16], wish: Wish) -> [usize; 4] {
    let place = |n: u16| layout.place(SeatNumber(n)).unwrap();
    let column = |n: u16| -> (u16, usize) {
        let place = place(n);
        let mut groups = layout.columns().iter();
        (
            place.row,
            groups.position(|g| g.contains(place.letter)).unwrap(),
        )
    };
    let beside = |a: u16, b: u16| a + 1 == b && column(a) == column(b);
    let groups = 1 + seats
        .windows(2)
        .filter(|pair| !beside(pair[0], pair[1]))
        .count();
    let rows = seats.iter().map(|n| place(*n).row);
    let span = rows.clone().max().unwrap() - rows.min().unwrap();
    let alone = |left: &BTreeSet<u16>, n: u16| {
        let before = n
            .checked_sub(1)
            .is_some_and(|m| left.contains(&m) && beside(m, n));
        let after = left.contains(&(n + 1)) && beside(n, n + 1);
        !(before || after)
    };
    let left: BTreeSet<u16> = free
        .iter()
        .copied()
        .filter(|n| !seats.contains(n))
        .collect();
    let singles = left
        .iter()
        .filter(|n| alone(&left, **n) && !alone(free, **n))
        .count();
    let unmet = seats
        .iter()
        .filter(|n| !meets(layout, SeatNumber(**n), wish))
        .count();
    [groups, usize::from(span), singles, unmet]
}

/// Every way to choose so many of these.
fn subsets(of: &[u16], size: usize) -> Vec<Vec<u16>> {
    let Some((first, rest)) = of.split_first() else {
        return if size == 0 { vec![vec![]] } else { vec![] };
    };
    let mut all = subsets(rest, size);
    if size > 0 {
        let with = subsets(rest, size - 1).into_iter();
        all.extend(with.map(|tail| [&[*first], &tail[..]].concat()));
    }
    all
}

/// Against every possible choice, on small cabins with random seats taken.
#[test]
fn no_other_choice_is_better() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..600 {
        let equipment = random
            .choice(["CNA", "AT4", "223", "738", "763", "789"])
            .unwrap();
        let layout = Layout::of(equipment, random.u16(1..=20));
        let share = random.f64();
        let free: BTreeSet<u16> = (1..=layout.seats)
            .filter(|_| random.f64() < share)
            .collect();
        let people = random.usize(1..=4);
        let wish = *random
            .choice(&[Wish::Any, Wish::Window, Wish::Aisle])
            .unwrap();
        let found = best(&layout, |n| free.contains(&n.0), people, wish);
        let found: Vec<u16> = found.iter().map(|n| n.0).collect();
        let free_seats: Vec<u16> = free.iter().copied().collect();
        let all = subsets(&free_seats, people);
        let least = all
            .iter()
            .map(|seats| judged(&layout, &free, seats, wish))
            .min();
        let got = (!found.is_empty()).then(|| judged(&layout, &free, &found, wish));
        assert_eq!(got, least, "{people} of {free:?} in {layout:?}: {found:?}");
        assert!(
            found.iter().all(|n| free.contains(n)),
            "a taken seat: {found:?}"
        );
        assert!(found.is_sorted_by(|a, b| a < b));
    }
}

/// What it takes on the largest cabin there can be, with every other seat taken.
#[test]
fn the_worst_cabin_is_judged_quickly() {
    let layout = Layout::of("77W", 1023);
    let start = std::time::Instant::now();
    let seats = best(&layout, |n| n.0 % 2 == 0, 9, Wish::Aisle);
    assert_eq!(seats.len(), 9);
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
}
