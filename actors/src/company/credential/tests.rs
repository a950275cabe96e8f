use uuid::Uuid;

use super::*;
use crate::domain::accounts::{FIRST_VERSION, Language, Mailbox, Renewal};

const NOW: i64 = 1_780_000_000;
const PASSWORD: &str = "senha-muito-boa";

fn company(code: &str) -> CompanyId {
    code.parse().unwrap()
}

/// Somebody with this key, whose account was made just now.
fn made(key: &UserKey) -> User {
    key.sign(User {
        id: UserId(Uuid::from_u128(1)),
        login: "ana".to_owned(),
        password_hash: key.lock(PASSWORD),
        version: FIRST_VERSION,
        mailbox: None,
    })
}

fn ana() -> User {
    made(&UserKey::generate(company("a")))
}

/// A user of before there were keys.
fn old() -> User {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$TYhFRPGPbFTx0LSHtdSkgnN1uUUHSO9SVqM+gGEHYzg";
    User {
        password_hash: hash.to_owned(),
        ..ana()
    }
}

fn opened(user: &User, password: &str) -> Option<UserKey> {
    match open(&user.password_hash, &[password.to_owned()])? {
        Opened::Key(key) => Some(key),
        Opened::Hash => None,
    }
}

fn as_told(known: &User, told: &User, by: &str) -> Result<(), Reason> {
    check(std::slice::from_ref(known), told, company(by))
}

#[test]
fn the_password_opens_the_key_and_nothing_else_does() {
    let ana = ana();
    assert!(is_sound(&ana));
    let key = opened(&ana, PASSWORD).unwrap();
    assert_eq!(key.sign(ana.clone()), ana, "the same key");
    assert!(opened(&ana, "senha-muito-ruim").is_none());
    let forms = ["outra".to_owned(), PASSWORD.to_owned()];
    assert!(open(&ana.password_hash, &forms).is_some(), "in either form");
    for text in ["", "not a hash", "$key1$", "$key1$a$b$c$d$e", GONE] {
        assert!(open(text, &forms).is_none(), "{text}");
    }
}

#[test]
fn a_key_that_was_put_in_anothers_place_is_not_opened() {
    let (ana, eve) = (ana(), UserKey::generate(company("a")));
    // eve's key, locked with a password that she knows, under the public half of ana
    let parts: Vec<&str> = ana.password_hash.split('$').collect();
    let of_eve = eve.lock(PASSWORD);
    let of_eve: Vec<&str> = of_eve.split('$').collect();
    let mixed = [&of_eve[..4], &[parts[4]], &of_eve[5..]].concat().join("$");
    assert!(open(&mixed, &[PASSWORD.to_owned()]).is_none());
}

#[test]
fn a_hash_of_before_there_were_keys_opens_as_it_did() {
    let params = Params::new(64, 1, 1, None).unwrap();
    let light = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = argon2::password_hash::SaltString::encode_b64(&[7; 16]).unwrap();
    let hash = |hasher: &Argon2<'_>| {
        let hash = argon2::PasswordHasher::hash_password(hasher, PASSWORD.as_bytes(), &salt);
        hash.unwrap().to_string()
    };
    let opens = |hash: &str, password: &str| open(hash, &[password.to_owned()]).is_some();
    for hash in [hash(&argon2id()), hash(&light)] {
        assert!(opens(&hash, PASSWORD) && !opens(&hash, "senha-muito-ruim"));
    }
    let params = Params::new(MEMORY_KIB + 1, 1, 1, None).unwrap();
    let heavy = hash(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
    assert!(!opens(&heavy, PASSWORD), "it costs more than ours do");
}

#[test]
fn only_who_has_the_key_speaks_for_the_user_and_only_in_that_version() {
    let ana = ana();
    let key = opened(&ana, PASSWORD).unwrap();
    let consent = key.consent(ana.id, ana.version, company("b"));
    let speaks = |version, by: &str, consent| consents(&ana, version, company(by), consent);
    assert!(speaks(ana.version, "b", Some(&consent)));
    assert_eq!(Consent::of_text(&consent.to_string()), Some(consent));
    assert!(!speaks(ana.version, "c", Some(&consent)), "another company");
    assert!(
        !speaks(ana.version + 1, "b", Some(&consent)),
        "another version"
    );
    assert!(!speaks(ana.version, "b", None));
    let of_eve = UserKey::generate(company("b")).consent(ana.id, ana.version, company("b"));
    assert!(!speaks(ana.version, "b", Some(&of_eve)));
    assert!(
        consents(&old(), 1, company("b"), None),
        "as before there were keys"
    );
}

#[test]
fn what_the_key_signs_is_believed_of_everybody() {
    let ana = ana();
    let key = opened(&ana, PASSWORD).unwrap();
    let mailbox = Some(Mailbox {
        address: "ana@example.com".to_owned(),
        language: Language::English,
    });
    let renewals = [
        Renewal::Nothing,
        Renewal::Mailbox(mailbox),
        Renewal::PasswordHash(key.lock("outra-senha-boa")),
        Renewal::Gone,
    ];
    for renewal in renewals {
        let next = key.sign(ana.renewed(renewal.clone(), NOW, 1));
        assert!(is_sound(&next), "{renewal:?}");
        for by in ["a", "b"] {
            assert_eq!(as_told(&ana, &next, by), Ok(()), "{renewal:?}");
        }
        assert_eq!(next.is_gone(), renewal == Renewal::Gone);
        assert_eq!(
            as_told(&next, &ana, "b"),
            Ok(()),
            "an old one changes nothing"
        );
    }
}

#[test]
fn what_the_key_has_not_signed_is_believed_of_nobody() {
    let ana = ana();
    let eve = UserKey::generate(company("a"));
    let next = || ana.renewed(Renewal::Nothing, NOW, 1);
    let unsigned = next();
    assert_eq!(as_told(&ana, &unsigned, "a"), Err(Reason::ForgedUser));
    let with_mailbox = User {
        mailbox: Some(Mailbox {
            address: "eve@example.com".to_owned(),
            language: Language::English,
        }),
        ..opened(&ana, PASSWORD).unwrap().sign(next())
    };
    assert_eq!(as_told(&ana, &with_mailbox, "a"), Err(Reason::ForgedUser));
    // eve's own signature, under ana's key
    let (text, _) = ana.password_hash.rsplit_once('$').unwrap();
    let of_eve = made(&eve);
    let (_, signature) = of_eve.password_hash.rsplit_once('$').unwrap();
    let forged = User {
        password_hash: format!("{text}${signature}"),
        ..next()
    };
    assert_eq!(as_told(&ana, &forged, "a"), Err(Reason::ForgedUser));
    for (plain, what) in [("", "gone"), (&*old().password_hash, "a plain hash")] {
        let plain = User {
            password_hash: plain.to_owned(),
            ..next()
        };
        assert_eq!(
            as_told(&ana, &plain, "b"),
            Err(Reason::UnprovenUser),
            "{what}"
        );
    }
}

#[test]
fn another_key_is_believed_of_the_home_alone() {
    let ana = ana();
    let reset = |home: &str| {
        let key = UserKey::generate(company(home));
        let locked = key.lock("nova-senha-boa");
        key.sign(ana.renewed(Renewal::PasswordHash(locked), NOW, 0))
    };
    assert_eq!(as_told(&ana, &reset("a"), "a"), Ok(()));
    assert_eq!(as_told(&ana, &reset("a"), "b"), Err(Reason::UnprovenUser));
    assert_eq!(
        as_told(&ana, &reset("b"), "b"),
        Err(Reason::UnprovenUser),
        "no home of ana's"
    );
    assert_eq!(
        as_told(&old(), &reset("b"), "b"),
        Ok(()),
        "of before there were keys"
    );
    assert_eq!(
        check(&[], &reset("b"), company("c")),
        Ok(()),
        "nobody knows her"
    );
}

#[test]
fn nobody_takes_a_login_or_an_id_that_another_has() {
    let ana = ana();
    let key = UserKey::generate(company("b"));
    let other_id = key.sign(User {
        id: UserId(Uuid::from_u128(2)),
        ..made(&key)
    });
    let other_login = key.sign(User {
        login: "eve".to_owned(),
        ..made(&key)
    });
    for other in [other_id, other_login] {
        assert!(is_sound(&other));
        assert_eq!(as_told(&ana, &other, "b"), Err(Reason::ForgedUser));
        assert_eq!(as_told(&old(), &other, "b"), Err(Reason::ForgedUser));
    }
}

#[test]
fn what_no_database_keeps_is_not_sound() {
    let with = |login: &str| {
        let key = UserKey::generate(company("a"));
        key.sign(User {
            login: login.to_owned(),
            ..made(&key)
        })
    };
    assert!(is_sound(&with("ana")));
    for login in ["a\0na", &"a".repeat(TEXT_LEN_MAX + 1)] {
        assert!(!is_sound(&with(login)));
    }
}
