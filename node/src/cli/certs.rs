//! `passcom certs`: makes the keys and certificates of a cluster, and says where each file goes.

use std::path::PathBuf;

use comfy_table::{Table, presets};
use passcom_actors::domain::ids::CompanyId;

use crate::certs::{Audience, Validity, Written, generate_for_servers, generate_valid};

/// Makes what is missing; keeps what is there. A certificate that ends within 30 days is signed anew.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for the files; made if it is not there
    #[arg(long)]
    dir: PathBuf,
    /// Company codes, separated by commas
    #[arg(long, value_delimiter = ',', required = true)]
    companies: Vec<CompanyId>,
    /// Host names of servers beside the nodes, separated by commas: they get certificates of an authority of their own
    #[arg(long, value_delimiter = ',')]
    servers: Vec<String>,
    /// Days for which certificates are good, 90 to 730
    #[arg(long, value_name = "DAYS", default_value_t)]
    days: Validity,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut written = generate_valid(&args.dir, &args.companies, args.days)?;
    if !args.servers.is_empty() {
        written.extend(generate_for_servers(&args.dir, &args.servers, args.days)?);
    }
    println!("{}", table(&written));
    println!(
        "Secret files (mode 0600) travel over a safe channel only. Keep ca.key and servers-ca.key off the nodes."
    );
    Ok(())
}

fn table(written: &[Written]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["file", "goes to", "secret", "what it is", ""]);
    for file in written {
        table.add_row([
            file.path.display().to_string(),
            place(file.audience),
            if file.secret { "secret" } else { "" }.to_owned(),
            file.what.to_owned(),
            if file.kept { "kept" } else { "new" }.to_owned(),
        ]);
    }
    table
}

fn place(audience: Audience) -> String {
    match audience {
        Audience::Authority => "nobody: keep it safe".to_owned(),
        Audience::Everyone => "every company".to_owned(),
        Audience::Only(company) => format!("company {company} only"),
        Audience::Server => "that server".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_which_file_is_secret_and_who_gets_it() {
        let company = "a".parse().unwrap();
        let file = |path: &str, audience, secret| Written {
            path: path.into(),
            audience,
            secret,
            what: "a file",
            kept: !secret,
        };
        let table = table(&[
            file("ca.key", Audience::Authority, true),
            file("ca.pem", Audience::Everyone, false),
            file("a.key", Audience::Only(company), true),
        ]);
        let text = table.to_string();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(
            rows[1],
            ["ca.key", "nobody: keep it safe", "secret", "a file", "new"]
        );
        assert_eq!(rows[2], ["ca.pem", "every company", "a file", "kept"]);
        assert_eq!(
            rows[3],
            ["a.key", "company a only", "secret", "a file", "new"]
        );
    }
}
