//! What a run consists of: who strikes, how often, for how long, and what customers do meanwhile.
//!
//! * [`Scenario`]: read from a small TOML file; those of `chaos/scenarios` are part of the program;
//! * [`run`]: one run of a scenario, from start to audit; [`replay`]: what is asked again before it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::cluster::{self, Needs, disk};
use crate::nemesis::draw::Card;
use crate::nemesis::{LASTS_MAX, Nemesis};
use crate::workload::Mix;

pub mod replay;
pub mod run;

pub use run::{Plan, run};

/// The history of a run is kept in memory.
pub const SECONDS_MAX: u64 = 3600;
pub const CLIENTS_MAX: usize = 256;
const AT_ONCE_MAX: usize = 8;
const CALM_MAX: f64 = 60.0;
/// How long customers' holds last in a run: so short that they end while it lasts.
const HOLD_SECONDS: u32 = 4;
/// A scenario is a few lines.
const FILE_MAX: u64 = 64 * 1024;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
    };
}

/// The scenarios of `chaos/scenarios`, in the order in which all are run.
const EMBEDDED: &[(&str, &str)] = embedded![
    "kill-node",
    "kill-all",
    "freeze",
    "nap",
    "cut",
    "one-way-cut",
    "delay",
    "throttle",
    "truncate",
    "half-open",
    "isolate",
    "redis-kill",
    "redis-flush",
    "redis-sleep",
    "redis-slow",
    "redis-lies",
    "postgres-stop",
    "postgres-kill",
    "disk-full",
    "clock",
    "company-gone",
    "restore-old-backup",
    "holds",
    "hostile",
    "mixed",
];

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// One sentence.
    about: String,
    /// Of the load, unless the command says otherwise.
    seconds: u64,
    clients: usize,
    load: Load,
    /// Blows of a round that may overlap.
    #[serde(default = "one")]
    at_once: usize,
    /// Seconds between two rounds, so that the load sees the cluster whole in between.
    calm: f64,
    /// Alarms that it may raise at each node, because it shows nodes what must not be.
    #[serde(default)]
    alarms: usize,
    nemesis: Vec<Card>,
}

fn one() -> usize {
    1
}

/// What customers want, of all companies: most bookings are trips of one to six legs, some of which are held first, and some cancelled and booked
/// again; customers also look at what there is, want the same seats at one moment, send one booking to every node, and register one login everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Mostly seats of many routes, which hardly anybody else wants.
    Spread,
    /// Mostly the same twenty seats of each company, which all book and cancel.
    Hot,
    /// Mostly at the same moment: the same fresh seats, the same key at every node, the same login.
    Storms,
    /// Mostly seats that are held first, then confirmed, extended, given up, or left until they are free again.
    Holds,
}

impl Load {
    /// Among these companies and their nodes.
    pub fn mix(self, companies: &[usize]) -> Mix {
        match self {
            Self::Spread => Mix::assorted(companies),
            Self::Hot => Mix::contended(companies),
            Self::Storms => Mix::stormy(companies),
            Self::Holds => Mix::hesitant(companies),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    pub about: String,
    pub length: Duration,
    pub clients: usize,
    pub load: Load,
    pub at_once: usize,
    pub calm: Duration,
    pub alarms: usize,
    pub nemeses: Vec<Card>,
    /// Nemeses of the file that this machine cannot be, and why.
    pub missing: Vec<(Nemesis, String)>,
}

impl Scenario {
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    pub fn named(name: &str) -> anyhow::Result<Self> {
        let found = EMBEDDED.iter().find(|(known, _)| *known == name);
        let Some((_, text)) = found else {
            let names: Vec<_> = Self::names().collect();
            bail!(
                "there is no scenario {name}; there are all, {}",
                names.join(", ")
            );
        };
        Self::parse(name, text)
    }

    /// One of the user's own.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let size = fs::metadata(path)
            .with_context(|| format!("cannot read {shown}"))?
            .len();
        ensure!(
            size <= FILE_MAX,
            "{shown} is no scenario: it has {size} bytes"
        );
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &text)
    }

    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let file: File =
            toml::from_str(text).with_context(|| format!("scenario {name} cannot be read"))?;
        file.check().with_context(|| format!("scenario {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            about: file.about,
            length: Duration::from_secs(file.seconds),
            clients: file.clients,
            load: file.load,
            at_once: file.at_once,
            calm: Duration::from_secs_f64(file.calm),
            alarms: file.alarms,
            nemeses: file.nemesis,
            missing: Vec::new(),
        })
    }

    /// Takes out what this machine cannot do. An error says that nothing is left.
    pub fn fit(mut self, can: &Abilities) -> anyhow::Result<Self> {
        for card in std::mem::take(&mut self.nemeses) {
            match can.do_without(card.kind) {
                None => self.nemeses.push(card),
                Some(why) => self.missing.push((card.kind, why.to_owned())),
            }
        }
        if self.nemeses.is_empty()
            && let Some((nemesis, why)) = self.missing.first()
        {
            bail!("this machine cannot do {nemesis}: {why}");
        }
        Ok(self)
    }

    pub fn needs(&self) -> Needs {
        let any = |wanted: fn(Needs) -> bool| {
            let mut needs = self.nemeses.iter().map(|card| card.kind.needs());
            needs.any(wanted)
        };
        Needs {
            clocks: any(|needs| needs.clocks),
            small_disks: any(|needs| needs.small_disks),
            public: any(|needs| needs.public),
            hold_seconds: Some(HOLD_SECONDS),
            ..Needs::default()
        }
    }
}

impl File {
    fn check(&self) -> anyhow::Result<()> {
        let (seconds, calm) = (self.seconds, self.calm);
        ensure!(
            (1..=SECONDS_MAX).contains(&seconds),
            "seconds = {seconds} is not between 1 and {SECONDS_MAX}"
        );
        ensure!(
            (1..=CLIENTS_MAX).contains(&self.clients),
            "clients = {} is not between 1 and {CLIENTS_MAX}",
            self.clients
        );
        ensure!(
            (1..=AT_ONCE_MAX).contains(&self.at_once),
            "at_once = {} is not between 1 and {AT_ONCE_MAX}",
            self.at_once
        );
        ensure!(
            (0.0..=CALM_MAX).contains(&calm),
            "calm = {calm} is not between 0 and {CALM_MAX}"
        );
        ensure!(
            self.nemesis.iter().any(|card| card.weight > 0),
            "no [[nemesis]] with a weight"
        );
        for card in &self.nemesis {
            let Some([least, most]) = card.lasts else {
                continue;
            };
            ensure!(
                0.0 <= least && least <= most && most <= LASTS_MAX,
                "{}: lasts = [{least}, {most}] is not a range within 0 and {LASTS_MAX}",
                card.kind
            );
        }
        Ok(())
    }
}

/// What the machine lets us do beyond killing our own processes.
#[derive(Debug, Default)]
pub struct Abilities {
    no_clocks: Option<String>,
    no_small_disks: Option<String>,
}

impl Abilities {
    /// Takes the mounts of this process out of everybody's sight, if it may. To be called before any thread is started.
    pub fn find() -> Self {
        let problem = |error: anyhow::Error| format!("{error:#}");
        Self {
            no_clocks: cluster::clock_library().err().map(problem),
            no_small_disks: disk::own_mounts().err().map(problem),
        }
    }

    /// Why it cannot be done, if it cannot.
    fn do_without(&self, nemesis: Nemesis) -> Option<&str> {
        let needs = nemesis.needs();
        let clocks = self.no_clocks.as_deref().filter(|_| needs.clocks);
        let disks = self.no_small_disks.as_deref().filter(|_| needs.small_disks);
        clocks.or(disks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_folder_is_sound_and_part_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let mut names: Vec<_> = Scenario::names().map(str::to_owned).collect();
        names.sort();
        assert_eq!(names.len(), files.len());
        for (file, name) in files.iter().zip(&names) {
            let scenario = Scenario::load(file).unwrap();
            assert_eq!(scenario.name, *name);
            assert_eq!(scenario, Scenario::named(name).unwrap());
        }
    }

    #[test]
    fn every_nemesis_has_a_scenario_of_its_own_and_a_part_in_the_mixed_one_unless_it_is_alone() {
        let mixed = Scenario::named("mixed").unwrap();
        for nemesis in Nemesis::all() {
            let own = Scenario::named(&nemesis.to_string()).unwrap();
            assert_eq!(own.nemeses.len(), 1);
            assert_eq!(own.nemeses[0].kind, *nemesis);
            assert_eq!(
                mixed.nemeses.iter().any(|card| card.kind == *nemesis),
                !nemesis.is_alone(),
                "{nemesis}"
            );
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let sound = "about = 'x'\nseconds = 9\nclients = 2\nload = 'hot'\ncalm = 1\n[[nemesis]]\nkind = 'nap'\n";
        Scenario::parse("x", sound).unwrap();
        for (from, to, problem) in [
            ("seconds = 9", "seconds = 9999", "seconds = 9999"),
            ("clients = 2", "clients = 0", "clients = 0"),
            ("calm = 1", "calm = -1", "calm = -1"),
            ("'nap'", "'nap'\nlasts = [3, 2]", "lasts = [3, 2]"),
            ("'nap'", "'nap'\nweight = 0", "no [[nemesis]]"),
            ("'nap'", "'tickle'", "unknown variant `tickle`"),
        ] {
            let error = Scenario::parse("x", &sound.replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(problem), "{error:#}");
        }
    }

    #[test]
    fn what_a_machine_cannot_do_is_left_out_and_told() {
        let can = Abilities {
            no_clocks: Some("no library".to_owned()),
            no_small_disks: None,
        };
        let mixed = Scenario::named("mixed").unwrap().fit(&can).unwrap();
        assert_eq!(mixed.missing, [(Nemesis::Clock, "no library".to_owned())]);
        assert!(!mixed.needs().clocks && mixed.needs().small_disks);
        let error = Scenario::named("clock").unwrap().fit(&can).unwrap_err();
        assert!(error.to_string().contains("cannot do clock: no library"));
    }
}
