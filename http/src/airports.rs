//! Temporary stand-in with the signatures of `passcom_actors::airports`.

/// An airport of the table.
pub(crate) struct Airport {
    pub iata: &'static str,
    pub city: &'static str,
    pub zone: &'static str,
}

const AIRPORTS: &[Airport] = &[
    Airport {
        iata: "GRU",
        city: "São Paulo",
        zone: "America/Sao_Paulo",
    },
    Airport {
        iata: "CGH",
        city: "São Paulo",
        zone: "America/Sao_Paulo",
    },
    Airport {
        iata: "MAO",
        city: "Manaus",
        zone: "America/Manaus",
    },
];

pub(crate) fn resolve(place: &str) -> Vec<&'static Airport> {
    let named =
        |airport: &&Airport| airport.iata.eq_ignore_ascii_case(place) || airport.city == place;
    AIRPORTS.iter().filter(named).collect()
}

pub(crate) fn find(iata: &str) -> Option<&'static Airport> {
    AIRPORTS.iter().find(|airport| airport.iata == iata)
}

pub(crate) fn city(iata: &str) -> &str {
    find(iata).map_or(iata, |airport| airport.city)
}
