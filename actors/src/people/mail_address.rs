//! Addresses of electronic mail: what is taken for one, and in which form it is kept.

/// Longest address and longest part before the `@` (RFC 5321, 4.5.3.1), in octets.
pub const ADDRESS_LEN_MAX: usize = 254;
const LOCAL_LEN_MAX: usize = 64;
/// Longest part of a domain between two points (RFC 1035).
const LABEL_LEN_MAX: usize = 63;
/// What may stand before the `@` beside letters and digits, unquoted (RFC 5322, `atext`).
const SYMBOLS: &[u8] = b"!#$%&'*+-/=?^_`{|}~.";

/// The address in the form that is kept: without blanks around it, the domain in lower case. None: it is not one that
/// every mail server takes: ASCII, unquoted, at a domain of two parts or more (an international one in its `xn--` form).
pub fn normalised(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let address = format!("{local}@{}", domain.to_ascii_lowercase());
    (address.len() <= ADDRESS_LEN_MAX && is_local(local) && is_domain(domain)).then_some(address)
}

fn is_local(local: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || SYMBOLS.contains(&byte);
    (1..=LOCAL_LEN_MAX).contains(&local.len())
        && local.bytes().all(is_allowed)
        && local.split('.').all(|atom| !atom.is_empty())
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    // what ends in digits is an address of IPv4
    let has_name = labels
        .last()
        .is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    labels.len() >= 2 && has_name && labels.into_iter().all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LABEL_LEN_MAX).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_one_form() {
        for (given, kept) in [
            ("ana@example.com", "ana@example.com"),
            (" Ana.Souza+voo@Example.COM\n", "Ana.Souza+voo@example.com"),
            (
                "o'brien@xn--exmplo-gwa.com.br",
                "o'brien@xn--exmplo-gwa.com.br",
            ),
            ("1@2.c3", "1@2.c3"),
        ] {
            assert_eq!(normalised(given).as_deref(), Some(kept), "{given:?}");
        }
    }

    #[test]
    fn what_no_server_takes_or_what_would_break_out_of_a_header_is_no_address() {
        let long = "x".repeat(64);
        let labels = [&*"y".repeat(63); 3].join(".");
        for wrong in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "ana@localhost",
            "ana@127.0.0.1",
            "ana@[127.0.0.1]",
            "ana@example..com",
            "ana@-example.com",
            "ana@example-.com",
            "ana souza@example.com",
            "\"ana\"@example.com",
            ".ana@example.com",
            "a..b@example.com",
            "ana@exam\nple.com",
            "ana@example.com\r\nBcc: b@example.com",
            "ana,b@example.com",
            "ana<b@example.com>",
            "josé@example.com",
            "ana@exämple.com",
            &format!("{long}x@example.com"),
            &format!("{long}@{labels}.com"),
        ] {
            assert_eq!(normalised(wrong), None, "{wrong:?}");
        }
        assert!(normalised(&format!("{long}@example.com")).is_some());
    }
}
