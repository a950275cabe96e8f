//! How to reach who books, as it is told with a booking.

use passcom_actors::domain::papers::Contact;
use passcom_actors::domain::phone;
use passcom_actors::people::mail_address;

use crate::error::Problem;
use crate::wire;

/// Empty where nothing is told.
pub(super) fn contact(given: Option<&wire::GivenContact>) -> Result<Contact, Problem> {
    let Some(given) = given else {
        return Ok(Contact::default());
    };
    let filled = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let email = filled(&given.email).map(|text| {
        mail_address::normalised(&text).ok_or_else(|| {
            Problem::invalid(
                "contato.email não é um endereço de e-mail",
                "contato.email is not an e-mail address",
            )
        })
    });
    let phone = filled(&given.phone).map(|text| {
        phone::e164(&text).ok_or_else(|| {
            Problem::invalid(
                "contato.telefone: com DDD, como (11) 91234-5678, ou com o país, como +351 912 345 678",
                "contato.telefone: with its area code, as (11) 91234-5678, or its country, as +351 912 345 678",
            )
        })
    });
    Ok(Contact {
        email: email.transpose()?,
        phone: phone.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(email: &str, phone: &str) -> Result<Contact, Problem> {
        contact(Some(&wire::GivenContact {
            email: Some(email.to_owned()),
            phone: Some(phone.to_owned()),
        }))
    }

    #[test]
    fn a_contact_is_checked_and_kept_in_one_form() {
        let told_both = told("Ana@Example.com", "(11) 91234-5678").unwrap();
        assert_eq!(told_both.phone.as_deref(), Some("+5511912345678"));
        assert!(told_both.email.is_some());
        assert_eq!(told(" ", ""), Ok(Contact::default()));
        assert_eq!(contact(None), Ok(Contact::default()));
        assert!(told("ana", "").is_err());
        assert!(told("", "190").is_err());
    }
}
