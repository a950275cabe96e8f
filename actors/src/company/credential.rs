//! What of a password every company keeps, and what it proves to companies that never heard it.
//!
//! Each user has an Ed25519 key pair, made when the account is. Its public half stands in every copy of the user; its private half, too,
//! but locked with the password (Argon2id, then ChaCha20-Poly1305). So a company has the key for as long as it takes to answer somebody
//! who has given the password, and signs with it:
//! - each newer version of the user: other companies take over no other one ([`check`]);
//! - that this company may speak for the user, the *consent* in every token that it issues ([`consents`]).
//!
//! A company that was never told the password can do neither, whatever it has copies of. Who has forgotten the password gets another key
//! at the company at which the account was made, its *home*: others hear of that from the home itself and believe nobody else.
//!
//! Users of before there were keys have a plain hash of Argon2id, and any company speaks for them. They get a key with their next
//! password.
//!
//! All of it is text in [`User::password_hash`]: `$key1$salt$home$public$locked$signature`, of an account that is gone
//! `$gone1$home$public$signature`; bytes in base64url.

use std::fmt;

use argon2::password_hash::{PasswordHash, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::refused::Reason;
use crate::domain::accounts::{GONE, User};
use crate::domain::ids::{CompanyId, UserId};

/// Argon2id as OWASP's password storage cheat sheet has it (19 MiB, 2 passes, 1 lane).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const KEY: &str = "$key1$";
const SALT_LEN: usize = 16;
/// Of a private key, and of the key that it is locked with.
const SECRET_LEN: usize = 32;
const PUBLIC_LEN: usize = 32;
/// A private key and the tag that shows it to be whole.
const LOCKED_LEN: usize = SECRET_LEN + 16;
const SIGNATURE_LEN: usize = 64;
/// Longest that a login, an address or what is kept of a password may be, in bytes: what a peer tells is no longer.
const TEXT_LEN_MAX: usize = 512;

/// That a company may speak for a user, in one version: a signature by the user's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Consent([u8; SIGNATURE_LEN]);

impl Consent {
    pub fn of_text(text: &str) -> Option<Self> {
        read(text).map(Self)
    }
}

impl fmt::Display for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Consent")
    }
}

/// A user's private key. Whoever has one has been given the password, or makes the account.
pub struct UserKey {
    secret: [u8; SECRET_LEN],
    public: [u8; PUBLIC_LEN],
    home: CompanyId,
}

impl UserKey {
    /// A new one, of an account whose home is this company.
    pub fn generate(home: CompanyId) -> Self {
        let secret = random();
        Self::of(secret, home)
    }

    fn of(secret: [u8; SECRET_LEN], home: CompanyId) -> Self {
        let public = pair(&secret).public_key().as_ref().try_into();
        Self {
            secret,
            public: public.expect("a public key of Ed25519 has 32 bytes"),
            home,
        }
    }

    /// The `password_hash` of a user with this key and password; [`UserKey::sign`] completes it. Takes a core for some 20 ms.
    pub fn lock(&self, password: &str) -> String {
        let salt: [u8; SALT_LEN] = random();
        let mut locked = self.secret.to_vec();
        lock_of(password, &salt)
            .seal_in_place_append_tag(once(), Aad::from(self.public), &mut locked)
            .expect("a few bytes are not too many");
        let [salt, public, locked] =
            [&salt[..], &self.public, &locked].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!("{KEY}{salt}${}${public}${locked}", self.home)
    }

    /// The user as this key vouches for it.
    pub fn sign(&self, mut user: User) -> User {
        if user.password_hash.is_empty() {
            let public = URL_SAFE_NO_PAD.encode(self.public);
            user.password_hash = format!("{GONE}{}${public}", self.home);
        } else if let Some(Kept { unsigned, .. }) = Kept::read(&user.password_hash) {
            user.password_hash = unsigned.to_owned();
        }
        let signature = pair(&self.secret).sign(&said_of(&user, &user.password_hash));
        user.password_hash.push('$');
        URL_SAFE_NO_PAD.encode_string(signature, &mut user.password_hash);
        user
    }

    pub fn consent(&self, user: UserId, version: i64, to: CompanyId) -> Consent {
        let signature = pair(&self.secret).sign(&said_to(user, version, to));
        Consent(signature.as_ref().try_into().expect("of 64 bytes"))
    }
}

/// What a right password opens.
pub enum Opened {
    Key(UserKey),
    /// The user is of before there were keys.
    Hash,
}

/// Opens what is kept of a password, if it is the password in one of these forms. Takes a core for some 20 ms for each.
pub fn open(password_hash: &str, forms: &[String]) -> Option<Opened> {
    let Some(kept) = Kept::read(password_hash) else {
        let fits = |form: &String| verify(form, password_hash);
        return forms.iter().any(fits).then_some(Opened::Hash);
    };
    let (salt, locked) = kept.lock?;
    let secret = forms.iter().find_map(|form| {
        let mut locked = locked;
        let secret = lock_of(form, &salt)
            .open_in_place(once(), Aad::from(kept.public), &mut locked)
            .ok()?;
        <[u8; SECRET_LEN]>::try_from(&*secret).ok()
    })?;
    let key = UserKey::of(secret, kept.home);
    // an encryption that two passwords open can be made, but not of one key
    (key.public == kept.public).then_some(Opened::Key(key))
}

/// The company at which the account of this `password_hash` was made, if it has a key.
pub fn home(password_hash: &str) -> Option<CompanyId> {
    Kept::read(password_hash).map(|kept| kept.home)
}

/// Whether two copies are of one user with one key.
pub fn is_of_one_key(one: &User, other: &User) -> bool {
    let key = |user: &User| Kept::read(&user.password_hash).map(|kept| (kept.home, kept.public));
    one.id == other.id && key(one) == key(other)
}

/// Whether this company may speak for this version of the user.
pub fn consents(user: &User, version: i64, company: CompanyId, consent: Option<&Consent>) -> bool {
    let Some(kept) = Kept::read(&user.password_hash) else {
        return true;
    };
    consent.is_some_and(|Consent(signature)| {
        is_signed(&kept.public, &said_to(user.id, version, company), signature)
    })
}

/// Whether what a peer tells of a user is to be believed, where this is known: all users with its login or its id. Pure.
pub fn check(known: &[User], told: &User, by: CompanyId) -> Result<(), Reason> {
    if !is_sound(told) {
        return Err(Reason::ForgedUser);
    }
    let is_another = |user: &User| user.id != told.id || user.login != told.login;
    if known.iter().any(is_another) {
        return Err(Reason::ForgedUser);
    }
    let Some(known) = known.first() else {
        return Ok(());
    };
    if told.version < known.version || told == known {
        return Ok(()); // it changes nothing
    }
    let (was, is) = (
        Kept::read(&known.password_hash),
        Kept::read(&told.password_hash),
    );
    match (was, is) {
        (None, _) => Ok(()),
        // the home gives another key to who has forgotten the password
        (Some(was), Some(is))
            if was.home == is.home && (was.public == is.public || was.home == by) =>
        {
            Ok(())
        }
        (Some(_), _) => Err(Reason::UnprovenUser),
    }
}

/// Whether there can be such a user: in the form of a node, and signed by the key that it names.
pub fn is_sound(user: &User) -> bool {
    let address = user.mailbox.as_ref().map(|mailbox| &mailbox.address);
    let mut texts = [&user.login, &user.password_hash]
        .into_iter()
        .chain(address);
    let is_text = |text: &String| text.len() <= TEXT_LEN_MAX && !text.contains('\0');
    let has_key = user.password_hash.starts_with(KEY) || user.password_hash.starts_with(GONE);
    texts.all(is_text)
        && match Kept::read(&user.password_hash) {
            Some(kept) => kept.signature.is_some_and(|signature| {
                is_signed(&kept.public, &said_of(user, kept.unsigned), &signature)
            }),
            None => !has_key,
        }
}

/// What stands in a `password_hash` with a key.
struct Kept<'a> {
    /// All but the signature.
    unsigned: &'a str,
    /// Salt and locked key; none of an account that is gone.
    lock: Option<([u8; SALT_LEN], [u8; LOCKED_LEN])>,
    home: CompanyId,
    public: [u8; PUBLIC_LEN],
    signature: Option<[u8; SIGNATURE_LEN]>,
}

impl<'a> Kept<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (rest, is_gone) = match text.strip_prefix(GONE) {
            Some(rest) => (rest, true),
            None => (text.strip_prefix(KEY)?, false),
        };
        let mut parts = rest.split('$');
        let mut salt = None;
        if !is_gone {
            salt = Some(read(parts.next()?)?);
        }
        let home = parts.next()?.parse().ok()?;
        let public = read(parts.next()?)?;
        let lock = match salt {
            Some(salt) => Some((salt, read(parts.next()?)?)),
            None => None,
        };
        let signature = parts.next();
        if parts.next().is_some() {
            return None;
        }
        let signed = signature.map_or(0, |signature| signature.len() + 1);
        Some(Self {
            unsigned: &text[..text.len() - signed],
            lock,
            home,
            public,
            signature: signature.and_then(read),
        })
    }
}

fn read<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn random<const LEN: usize>() -> [u8; LEN] {
    let mut bytes = [0; LEN];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// All that a version of a user says, each part behind its length.
fn said_of(user: &User, unsigned: &str) -> Vec<u8> {
    let mailbox = user.mailbox.as_ref();
    let address = mailbox.map_or("", |mailbox| &mailbox.address);
    let language = mailbox.map_or("", |mailbox| mailbox.language.tag());
    said(&[
        b"passcom user",
        user.id.0.as_bytes(),
        user.login.as_bytes(),
        &user.version.to_be_bytes(),
        address.as_bytes(),
        language.as_bytes(),
        unsigned.as_bytes(),
    ])
}

fn said_to(user: UserId, version: i64, company: CompanyId) -> Vec<u8> {
    said(&[
        b"passcom consent",
        user.0.as_bytes(),
        &version.to_be_bytes(),
        company.as_str().as_bytes(),
    ])
}

fn said(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    all
}

fn is_signed(public: &[u8; PUBLIC_LEN], said: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    UnparsedPublicKey::new(&ED25519, public)
        .verify(said, signature)
        .is_ok()
}

fn pair(secret: &[u8; SECRET_LEN]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(secret).expect("every 32 bytes are a key of Ed25519")
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants within the limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn lock_of(password: &str, salt: &[u8; SALT_LEN]) -> LessSafeKey {
    let mut key = [0; SECRET_LEN];
    argon2id()
        .hash_password_into(password.as_bytes(), salt, &mut key)
        .expect("lengths are bounded by the endpoint");
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).expect("of 32 bytes"))
}

/// A key locks one text, since its salt is drawn for that: so it needs no other nonce.
fn once() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// Against a hash of before there were keys. One that asks for more work than ours did is none of ours.
fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let ours = argon2id();
    Params::try_from(&hash).is_ok_and(|params| {
        params.m_cost() <= MEMORY_KIB && params.t_cost() <= PASSES && params.p_cost() == 1
    }) && ours.verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests;
