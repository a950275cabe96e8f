//! Imports into a real PostgreSQL: what is added, changed and withdrawn, and what stays.

mod support;

use std::ops::Range;

use passcom_actors::catalogue::Route;
use passcom_actors::domain::ids::RouteId;
use passcom_actors::domain::order::Price;
use passcom_sql::schedule_store::{self, Error, FieldChange, Lacking, Report, Scope};
use tokio_postgres::Client;

const ALL: Range<RouteId> = RouteId(1)..RouteId(1000);

/// The URL of a migrated database, as a node has it.
async fn database(cluster: &support::Cluster) -> String {
    let url = cluster.database().await;
    cluster.with_roles(&url).await.url
}

fn route(id: u64) -> Route {
    Route {
        id: RouteId(id),
        flight: format!("G3{id}"),
        origin: "GRU".into(),
        destination: "MAO".into(),
        departs: 1_793_064_600 + id as i64 * 60,
        arrives: 1_793_079_000 + id as i64 * 60,
        offsets: None,
        seats: 130,
        price: Price {
            minor: 74_990,
            currency: "BRL".into(),
        },
        equipment: "738".into(),
        on_sale: true,
    }
}

async fn import(
    client: &mut Client,
    routes: Vec<Route>,
    ids: Range<RouteId>,
    dry_run: bool,
) -> Result<Report, Error> {
    let scope = Scope {
        dry_run,
        ..Scope::of(ids)
    };
    schedule_store::import(client, routes.into_iter(), &scope, |_| ()).await
}

fn scope(ids: Range<RouteId>, lacking: Lacking) -> Scope {
    Scope {
        lacking,
        ..Scope::of(ids)
    }
}

/// Added, changed, withdrawn, unchanged.
fn counts(report: &Report) -> [u64; 4] {
    [
        report.added,
        report.changed,
        report.withdrawn,
        report.unchanged,
    ]
}

/// Every row as text, to see that nothing moved.
async fn rows(client: &Client) -> Vec<String> {
    let rows = client
        .query("select r::text from route r order by id", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn column<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn schedules_come_change_and_go() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    let first: Vec<Route> = (1..=2500).map(route).collect();
    let ids = RouteId(1)..RouteId(5000);

    // a dry run says what would come and leaves nothing, not even a version
    let report = import(&mut client, first.clone(), ids.clone(), true)
        .await
        .unwrap();
    assert_eq!(counts(&report), [2500, 0, 0, 0]);
    assert!(rows(&client).await.is_empty());
    assert_eq!(
        column::<i64>(&client, "select version from catalogue_version").await,
        0
    );

    let mut heard = Vec::new();
    let scope = Scope::of(ids.clone());
    let report = schedule_store::import(&mut client, first.clone().into_iter(), &scope, |sent| {
        heard.push(sent)
    })
    .await
    .unwrap();
    assert_eq!(
        (counts(&report), report.version, report.seats),
        ([2500, 0, 0, 0], 1, 2500 * 130)
    );
    assert_eq!(heard, [1000, 2000, 2500]);
    let departs: f64 = column(
        &client,
        "select extract(epoch from departs)::float8 from route where id = 1",
    )
    .await;
    assert_eq!(departs, 1_793_064_660.0);

    // the same again changes no row
    let before = rows(&client).await;
    let report = import(&mut client, first.clone(), ids.clone(), false)
        .await
        .unwrap();
    assert_eq!(counts(&report), [0, 0, 0, 2500]);
    assert_eq!(rows(&client).await, before);

    // one changed, one missing, one new; the dry run of it changes nothing
    let mut second = first.clone();
    second[0].price.minor = 80_000;
    second[0].arrives += 600;
    second.remove(9);
    second.push(route(2501));
    let dry = import(&mut client, second.clone(), ids.clone(), true)
        .await
        .unwrap();
    assert_eq!(rows(&client).await, before);
    let report = import(&mut client, second, ids.clone(), false)
        .await
        .unwrap();
    assert_eq!(dry, report);
    assert_eq!(
        (report.on_sale_before, report.withdraws_much),
        (2500, false)
    );
    assert_eq!((counts(&report), report.version), ([1, 1, 1, 2498], 3));
    let change = |field, from: &str, to: &str| FieldChange {
        field,
        from: from.into(),
        to: to.into(),
    };
    assert_eq!(report.examples.len(), 1);
    assert_eq!(
        report.examples[0].fields,
        [
            change("arrives", "2026-10-27 05:31", "2026-10-27 05:41"),
            change("price_minor", "74990", "80000")
        ]
    );
    let touched = "select array_agg(id order by id) from route where version = 3";
    assert_eq!(column::<Vec<i64>>(&client, touched).await, [1, 10, 2501]);
    assert!(!column::<bool>(&client, "select on_sale from route where id = 10").await);

    // withdrawn once; then back on sale
    let mut third = first.clone();
    third.retain(|route| route.id != RouteId(10));
    third.push(route(2501));
    let report = import(&mut client, third, ids.clone(), false)
        .await
        .unwrap();
    assert_eq!(counts(&report), [0, 1, 0, 2499]);
    let report = import(
        &mut client,
        vec![route(10)],
        RouteId(10)..RouteId(11),
        false,
    )
    .await
    .unwrap();
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    assert!(column::<bool>(&client, "select on_sale from route where id = 10").await);
    assert_eq!(
        column::<i64>(&client, "select count(*) from route where on_sale").await,
        2501,
        "outside of the scope nothing is withdrawn"
    );
}

#[tokio::test]
async fn a_smaller_aircraft_has_so_many_seats_at_once_and_says_who_loses_one() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    import(&mut client, (1..=4).map(route).collect(), ALL, false)
        .await
        .unwrap();
    client
        .batch_execute(
            "insert into seat_owner (route_id, number, saga_id) values
                (1, 120, gen_random_uuid()), (1, 7, gen_random_uuid()), (2, 110, gen_random_uuid()),
                (3, 125, '00000000-0000-0000-0000-000000000000'), (4, 50, gen_random_uuid())",
        )
        .await
        .unwrap();
    let smaller: Vec<Route> = (1..=4)
        .map(|id| Route {
            seats: 100,
            ..route(id)
        })
        .collect();
    let report = import(&mut client, smaller.clone(), ALL, false)
        .await
        .unwrap();
    let touched = &report.touched;
    assert_eq!((report.changed, report.seats), (4, 400));
    assert_eq!((touched.seats, touched.seats_lost), (2, 2));
    assert_eq!(touched.listed[0].seats_lost, 1);
    let seats: Vec<i32> = column(&client, "select array_agg(seats order by id) from route").await;
    assert_eq!(seats, [100; 4]);
    let before = "select array_agg(seats_before order by id) from route";
    let before: Vec<i32> = column(&client, before).await;
    assert_eq!(before, [i32::from(route(1).seats); 4]);
    let report = import(&mut client, smaller, ALL, false).await.unwrap();
    assert_eq!(counts(&report), [0, 0, 0, 4]);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_written_changes_nothing() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    import(&mut client, vec![route(1), route(2)], ALL, false)
        .await
        .unwrap();
    let before = rows(&client).await;
    let twice = vec![
        Route {
            seats: 7,
            ..route(1)
        },
        route(3),
        route(3),
    ];
    let error = import(&mut client, twice, ALL, false).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Database {
                step: "copy the routes",
                ..
            }
        ),
        "{error}"
    );
    let no_seats = vec![
        route(3),
        Route {
            seats: 0,
            ..route(1)
        },
    ];
    let error = import(&mut client, no_seats, ALL, false).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Database {
                step: "write the difference",
                ..
            }
        ),
        "{error}"
    );
    let no_time = vec![
        route(3),
        Route {
            departs: i64::MAX,
            ..route(1)
        },
    ];
    let error = import(&mut client, no_time, ALL, false).await.unwrap_err();
    assert!(matches!(error, Error::Time(RouteId(1))), "{error}");
    assert_eq!(rows(&client).await, before);
    assert_eq!(
        column::<i64>(&client, "select version from catalogue_version").await,
        1
    );
}

#[tokio::test]
async fn imports_wait_for_each_other() {
    let cluster = support::Cluster::shared();
    let url = database(&cluster).await;
    let (mut left, mut right) = (support::connect(&url).await, support::connect(&url).await);
    import(&mut left, vec![route(1)], ALL, false).await.unwrap();
    let routes = |seats: u16| {
        (1..=500)
            .map(|id| Route { seats, ..route(id) })
            .collect::<Vec<_>>()
    };
    let both = tokio::join!(
        import(&mut left, routes(100), ALL, false),
        import(&mut right, routes(100), ALL, false)
    );
    let (one, other) = (both.0.unwrap(), both.1.unwrap());
    let mut counts = [counts(&one), counts(&other)];
    counts.sort_unstable();
    assert_eq!(counts, [[0, 0, 0, 500], [499, 1, 0, 0]]);
    assert_eq!(one.version.max(other.version), 3);
}

#[tokio::test]
async fn what_would_be_withdrawn_is_said_and_much_of_it_needs_force() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    let all: Vec<Route> = (1..=10).map(route).collect();
    import(&mut client, all.clone(), ALL, false).await.unwrap();
    // one ticket on two flights, another on one; a blocked seat is nobody's
    let ticket = "11111111-1111-1111-1111-111111111111";
    let sold = format!(
        "insert into seat_owner (route_id, number, saga_id) values
            (2, 7, '{ticket}'), (2, 8, '{ticket}'), (3, 7, '{ticket}'), (4, 1, gen_random_uuid()),
            (5, 9, '00000000-0000-0000-0000-000000000000')"
    );
    client.batch_execute(&sold).await.unwrap();
    let before = rows(&client).await;

    // a file of one line, which moves a flight and would withdraw all others
    let moved = Route {
        departs: route(4).departs + 600,
        ..route(4)
    };
    let change = vec![moved];
    let refused = import(&mut client, change.clone(), ALL, false).await;
    assert!(
        matches!(
            refused,
            Err(Error::Withdraws {
                withdrawn: 9,
                on_sale: 10,
                seats: 3
            })
        ),
        "{refused:?}"
    );
    assert_eq!(rows(&client).await, before);
    let dry = import(&mut client, change.clone(), ALL, true)
        .await
        .unwrap();
    assert!(dry.withdraws_much);
    assert_eq!((dry.touched.tickets, dry.touched.seats), (2, 4));
    assert_eq!(dry.touched.seats_withdrawn, 3);
    let listed: Vec<String> = dry.touched.listed.iter().map(ToString::to_string).collect();
    assert_eq!(
        listed[0],
        format!("{ticket}: G32 2026-10-27 01:32 UTC withdrawn, 2 seats")
    );
    assert!(
        listed[2].ends_with("G34 2026-10-27 01:34 UTC changed, 1 seats"),
        "{listed:?}"
    );
    assert_eq!(rows(&client).await, before);

    // the same file as a change
    let merged = scope(ALL, Lacking::Stay);
    let merge = schedule_store::import(&mut client, change.clone().into_iter(), &merged, |_| ());
    let merge = merge.await.unwrap();
    assert_eq!((counts(&merge), merge.touched.tickets), ([0, 1, 0, 0], 1));
    let on_sale = "select count(*) from route where on_sale";
    assert_eq!(column::<i64>(&client, on_sale).await, 10);

    // one of ten is a tenth, and no more
    let most = all[..9].to_vec();
    let report = import(&mut client, most, ALL, false).await.unwrap();
    assert_eq!((report.withdrawn, report.withdraws_much), (1, false));
    assert_eq!(
        column::<i64>(&client, "select count(*) from audit").await,
        0
    );

    let forced = scope(ALL, Lacking::WithdrawnByForce);
    let force = schedule_store::import(&mut client, change.into_iter(), &forced, |_| ());
    assert_eq!(force.await.unwrap().withdrawn, 8);
    let reason: String = column(&client, "select action || ': ' || reason from audit").await;
    assert_eq!(
        reason,
        "import-force: version 4: 8 of 9 flights withdrawn, 3 sold seats on them"
    );
}

#[tokio::test]
async fn a_sample_is_put_beside_nothing_else() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    // departures in the past do not count: nobody sells them
    let future = |id: u64, flight: &str| Route {
        departs: 4_000_000_000 + id as i64 * 60,
        arrives: 4_000_003_600 + id as i64 * 60,
        flight: flight.into(),
        ..route(id)
    };
    let alone = Scope {
        alone: true,
        ..scope(ALL, Lacking::WithdrawnByForce)
    };
    let sample = |ids: Range<u64>| ids.map(|id| future(id, "A1000")).collect::<Vec<_>>();
    let mut put = async |routes: Vec<Route>| {
        schedule_store::import(&mut client, routes.into_iter(), &alone, |_| ()).await
    };
    assert_eq!(put(sample(1..5)).await.unwrap().added, 4);
    // the next day's window: dates go, and dates come
    assert_eq!(put(sample(2..6)).await.unwrap().added, 1);
    let real = vec![future(900, "AD4012")];
    let add = scope(ALL, Lacking::Stay);
    schedule_store::import(&mut client, real.into_iter(), &add, |_| ())
        .await
        .unwrap();
    let before = rows(&client).await;
    let refused =
        schedule_store::import(&mut client, sample(2..7).into_iter(), &alone, |_| ()).await;
    assert!(matches!(refused, Err(Error::SellsOthers)), "{refused:?}");
    assert_eq!(rows(&client).await, before);
}

#[tokio::test]
async fn a_flight_that_somebody_has_a_seat_on_does_not_become_another() {
    let cluster = support::Cluster::shared();
    let mut client = support::connect(&database(&cluster).await).await;
    let future = |id: u64| Route {
        departs: 4_000_000_000 + id as i64 * 60,
        arrives: 4_000_003_600 + id as i64 * 60,
        ..route(id)
    };
    import(&mut client, (1..4).map(future).collect(), ALL, false)
        .await
        .unwrap();
    client
        .batch_execute(
            "insert into seat_owner (route_id, number, saga_id) values
                 (2, 1, gen_random_uuid()), (2, 2, gen_random_uuid()), (3, 1, '00000000-0000-0000-0000-000000000000')",
        )
        .await
        .unwrap();
    let before = rows(&client).await;
    let elsewhere = |id: u64| Route {
        destination: "REC".into(),
        ..future(id)
    };
    let renamed = Route {
        flight: "XX2".into(),
        ..future(2)
    };
    for another in [elsewhere(2), renamed] {
        let all = vec![future(1), another, future(3)];
        for dry in [true, false] {
            let refused = import(&mut client, all.clone(), ALL, dry).await;
            let told = refused.unwrap_err().to_string();
            assert!(
                told.contains("for 2 seats that are sold (1 flights in all)"),
                "{told}"
            );
        }
    }
    assert_eq!(rows(&client).await, before);
    // nobody has a seat on these: one is only off sale
    let report = import(
        &mut client,
        vec![elsewhere(1), future(2), elsewhere(3)],
        ALL,
        false,
    );
    assert_eq!(report.await.unwrap().changed, 2);
    // one that was withdrawn does not come back as something else, either
    client
        .batch_execute("update route set on_sale = false where id = 2")
        .await
        .unwrap();
    let back = vec![elsewhere(1), elsewhere(2), elsewhere(3)];
    let refused = import(&mut client, back, ALL, false).await;
    assert!(
        matches!(refused, Err(Error::BecomesAnother { seats: 2, .. })),
        "{refused:?}"
    );
}
