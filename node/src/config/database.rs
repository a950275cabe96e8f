//! How a company's PostgreSQL is reached: by the node, and by who migrates.

use passcom_sql::{Address, SslMode};

use super::{Company, Config, ConfigError, Fault, fault, one_of};

impl Config {
    /// The node's own: it reads and writes rows, and migrates too where there is no owner.
    pub fn database(&self, company: &Company) -> Result<Address, ConfigError> {
        let url = self.secret_or(
            &owner(company),
            "database_url",
            &company.database_url,
            &company.database_url_file,
        )?;
        self.address(company, url)
    }

    /// Of the role that has the tables, and that no node reads. None: the node's role has them.
    pub fn database_owner(&self, company: &Company) -> Result<Option<Address>, ConfigError> {
        if !company.has_database_owner() {
            return Ok(None);
        }
        let url = self.secret_or(
            &owner(company),
            "database_owner_url",
            &company.database_owner_url,
            &company.database_owner_url_file,
        )?;
        self.address(company, url).map(Some)
    }

    fn address(&self, company: &Company, url: String) -> Result<Address, ConfigError> {
        let read = |path| {
            std::fs::read(path).map_err(|cause| {
                let field = format!("{}.database_ca", owner(company));
                self.fault(field, cause.to_string())
            })
        };
        Ok(Address {
            url,
            sslmode: company.database_sslmode,
            ca: company.database_ca.as_ref().map(read).transpose()?,
        })
    }
}

impl Company {
    /// Whether somebody else than the node migrates.
    pub fn has_database_owner(&self) -> bool {
        self.database_owner_url.is_some() || self.database_owner_url_file.is_some()
    }

    pub(super) fn check_database(&self) -> Result<(), Fault> {
        let owner = owner(self);
        one_of(
            &owner,
            "database_url",
            &self.database_url,
            &self.database_url_file,
        )?;
        if self.has_database_owner() {
            one_of(
                &owner,
                "database_owner_url",
                &self.database_owner_url,
                &self.database_owner_url_file,
            )?;
        }
        // an authority that nobody asks would look like safety
        if (self.database_sslmode == Some(SslMode::VerifyFull)) != self.database_ca.is_some() {
            return fault(
                &format!("{owner}.database_ca"),
                "goes with database_sslmode = \"verify-full\", and that with it",
            );
        }
        Ok(())
    }
}

fn owner(company: &Company) -> String {
    format!("company {}", company.code)
}
