//! `[[company.operator]]`: who may use a company's admin port, beside whoever has the token of `admin_token_file`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use passcom_http::{OperatorAccess, Role};
use serde::{Deserialize, Serialize};

use super::{Company, Config, ConfigError, Fault, fault, secret};

/// Whose token stands in `admin_token_file`, in the audit trail and the log.
pub const ADMIN: &str = "admin";
const OPERATORS_MAX: usize = 64;
const NAME_LEN_MAX: usize = 32;
/// Fewer characters can be guessed.
const TOKEN_LEN_MIN: usize = 24;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// In the audit trail and the log: 1 to 32 of `a-z`, `0-9`, `.`, `_` and `-`.
    pub name: String,
    pub role: OperatorRole,
    pub token_file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperatorRole {
    /// Looks.
    Viewer,
    /// Does everything.
    Operator,
}

impl Config {
    /// Everybody who may use the company's admin port, with their tokens.
    pub fn operators(&self, company: &Company) -> Result<Vec<OperatorAccess>, ConfigError> {
        let mut all = vec![OperatorAccess {
            name: ADMIN.to_owned(),
            role: Role::Operator,
            token: self.admin_token(company)?,
        }];
        for operator in &company.operators {
            let field = field(company, &operator.name, "token_file");
            let token = self.read_secret(field.clone(), &operator.token_file)?;
            let shown = operator.token_file.display();
            if token.len() < TOKEN_LEN_MIN {
                let problem = format!("{shown} has fewer than {TOKEN_LEN_MIN} characters");
                return Err(self.fault(field, problem));
            }
            if let Some(other) = all.iter().find(|other| other.token == token) {
                let problem = format!("{shown} has the token of {}", other.name);
                return Err(self.fault(field, problem));
            }
            all.push(OperatorAccess {
                name: operator.name.clone(),
                role: match operator.role {
                    OperatorRole::Viewer => Role::Viewer,
                    OperatorRole::Operator => Role::Operator,
                },
                token,
            });
        }
        Ok(all)
    }
}

impl Company {
    pub(super) fn check_operators(&self) -> Result<(), Fault> {
        let owner = format!("company {}.operator", self.code);
        if self.operators.len() > OPERATORS_MAX {
            return fault(&owner, format!("there are more than {OPERATORS_MAX}"));
        }
        let mut names = HashSet::from([ADMIN]);
        for Operator { name, .. } in &self.operators {
            let plain = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
            };
            if !(1..=NAME_LEN_MAX).contains(&name.len()) || !name.bytes().all(plain) {
                return fault(
                    &owner,
                    format!(
                        "\"{name}\" is no name of an operator: 1 to {NAME_LEN_MAX} of a-z, 0-9, '.', '_' and '-'"
                    ),
                );
            }
            if !names.insert(name) {
                let whose = "is a name twice, or that of whoever has admin_token_file";
                return fault(&owner, format!("\"{name}\" {whose}"));
            }
        }
        Ok(())
    }
}

fn field(company: &Company, operator: &str, field: &str) -> String {
    format!("company {}.operator {operator}.{field}", company.code)
}

/// A token from a file of its operator's; else half a sentence that says what is wrong.
pub fn read_token(path: &Path) -> Result<String, String> {
    secret::read(path)
}
