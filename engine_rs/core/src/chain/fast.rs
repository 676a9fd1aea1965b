//! Account notifications in the exact form in which nodes send them.

use base64_simd::STANDARD;

use super::session::SolanaSession;
use crate::exchanges::event::Event;
use crate::exchanges::fast::Cursor;

/// Reads what a node says of an account that is subscribed to.
pub(crate) fn account<'a>(session: &mut SolanaSession, body: &[u8]) -> Option<Event<'a>> {
    let mut at = Cursor::of(body)?;
    at.skip(
        b"{\"jsonrpc\":\"2.0\",\"method\":\"accountNotification\",\"params\":{\"result\":{\"context\":{\"slot\":",
    )?;
    let slot = at.integer()?;
    at.skip(b"},\"value\":{\"lamports\":")?;
    let lamports = at.integer()?;
    at.skip(b",\"data\":[\"")?;
    let end = memchr::memchr(b'"', at.rest)?;
    let text = at.take(end);
    at.skip(b"\",\"base64\"],\"owner\":\"")?;
    let owner = at.text()?;
    at.skip(b",\"executable\":")?;
    at.boolean()?;
    at.skip(b",\"rentEpoch\":")?;
    // What nearly every account has.
    if at.skip(b"18446744073709551615").is_none() {
        at.integer()?;
    }
    at.skip(b",\"space\":")?;
    at.integer()?;
    at.skip(b"}},\"subscription\":")?;
    let subscription = at.integer()?;
    at.skip(b"}}")?;
    if !at.rest.is_empty() {
        return None;
    }
    let key = session.account(subscription)?;
    let owner = session.owner(owner)?;
    // What decodes is plain text.
    let data = STANDARD.decode_to_vec(text).ok()?;
    Some(Event::Account {
        key,
        slot,
        lamports,
        owner,
        data,
    })
}
