//! Every bound of the protocol and the engine, in one place, each with its reason.
//!
//! Sizes are bytes, counts are items and spans are seconds unless a name says otherwise. A peer that goes
//! beyond a bound is refused; nothing in Kith grows without one of these.

/// One second short of the year 10000: later times are refused, so that sums of times cannot overflow.
pub const LATEST_TIME: u64 = 253_402_300_799;

/// How far two clocks may disagree before what one of them signed is refused: a day, so that a wrong time
/// zone or a dead clock battery does not end a relationship.
pub const CLOCK_SKEW: u64 = 24 * HOUR;
/// One minute.
pub const MINUTE: u64 = 60;
/// One hour.
pub const HOUR: u64 = 60 * MINUTE;
/// One day.
pub const DAY: u64 = 24 * HOUR;

/// Nesting of CBOR items. Our deepest record uses four levels.
pub const CBOR_DEPTH: usize = 8;
/// Items in one CBOR array or map.
pub const CBOR_ITEMS: u64 = 4_096;

/// A record: the largest is a card view with every field at its longest.
pub const RECORD: usize = 8 * 1024;
/// A sealed letter, the largest size class. Leaves room for one letter in a relay circuit of 96 KiB.
pub const LETTER: usize = 60 * 1024;
/// The total sizes that a sealed letter may have, so that its length says little.
pub const LETTER_CLASSES: [usize; 5] = [512, 1024, 4 * 1024, 16 * 1024, LETTER];
/// How long a letter may wait for its recipient, unless its kind sets a shorter time.
pub const LETTER_LIFE: u64 = 30 * DAY;
/// How much longer than its own life a handled letter is remembered, so that a late copy under a skewed
/// clock is still known: twice [`CLOCK_SKEW`].
pub const HANDLED_GRACE: u64 = 2 * CLOCK_SKEW;

/// Key events of one identity. A person who rotates every year needs one per year of life.
pub const KEY_EVENTS: usize = 64;
/// Life of a node grant: a stolen node stops being believed after at most this.
pub const GRANT_LIFE: u64 = 14 * DAY;
/// A grant is renewed when half of its life is over, so that a week offline does no harm.
pub const GRANT_RENEWAL: u64 = 7 * DAY;
/// Encryption keys that are still opened: current ones and those that a letter in flight may be sealed to.
pub const ENCRYPTION_KEYS: usize = 16;

/// A person's name: long enough for the longest that civil registries print.
pub const NAME: usize = 160;
/// One line of a card: organisation, title, address of a page.
pub const LINE: usize = 200;
/// A short word: tag, skill, label.
pub const LABEL: usize = 64;
/// A note that a person writes to themselves or to one other.
pub const NOTE: usize = 8_000;
/// Characters (Unicode scalar values) of a letter from one person to another: a page, in any script. Who has more to
/// say has other ways.
pub const WORDS: usize = 2_000;
/// Bytes of such a letter: the longest character has four.
pub const WORDS_BYTES: usize = 4 * WORDS;
/// Fields on one card.
pub const CARD_FIELDS: usize = 48;
/// A name inside a code: longer ones are cut at a grapheme, so that the code stays small.
pub const CODE_NAME: usize = 24;
/// Payload of an invite before base32 (design of the code: at most QR version 6 at level M).
pub const INVITE_PAYLOAD: usize = 93;
/// Address hints in a code.
pub const INVITE_HINTS: usize = 4;
/// A node grant, as it is signed.
pub const GRANT: usize = 512;
/// Machines that somebody went on from, kept so that each is told: who restores often has few that still run.
pub const FORMER_MACHINES: usize = 4;
/// Addresses that a person is known under.
pub const ADDRESSES: usize = 8;
/// Of these, addresses of relays: two relays, each by IPv4 and IPv6.
pub const RELAYED_ADDRESSES: usize = 4;
/// Contacts that are heard on a local network at once: who stands at a fair has no more of them around.
pub const NEARBY: usize = 256;
/// Addresses at which one of them is heard: a laptop has Wi-Fi and a cable, and a liar may add some.
pub const NEARBY_ADDRESSES: usize = 4;
/// Bytes of one address: tag, port, relay and the longest DNS name.
pub const HINT: usize = 1 + 2 + 32 + 64;
/// What lies in the DHT for one day of somebody: a grant, eight addresses, and room to spare.
pub const PRESENCE_RECORD: usize = 1_024;
/// How long the record of a day stays as it is, at least, while addresses change.
pub const POST_PACE: u64 = 10 * MINUTE;
/// After so long it is put there again: those who kept it come and go.
pub const POST_AGAIN: u64 = 8 * HOUR;
/// After a start, until the network knows where it is reached.
pub const POST_FIRST: u64 = 30;
/// When it could not be put there.
pub const POST_RETRY: u64 = 20 * MINUTE;
/// Between the first two lookups in the DHT for a contact who is not reached; then twice as long each time.
pub const SEEK_FIRST: u64 = 4 * MINUTE;
/// The longest time between two of them.
pub const SEEK_PACE: u64 = HOUR;
/// Calls in vain before that: most who do not answer are where they were, and off.
pub const SEEK_AFTER: u32 = 2;
/// After so long a lookup is taken for lost.
pub const SEEK_LOST: u64 = 10 * MINUTE;
/// Contacts who are looked for at once.
pub const SEEKS: usize = 8;
/// Keys of mine that were given up, of which I go on saying so: a thief has the last one as a rule.
pub const GIVEN_UP: usize = 8;
/// After I met somebody, until I look whether their key was given up.
pub const WATCH_FIRST: u64 = MINUTE;
/// Between two such looks, after the first day; four times as long after [`WATCH_OFTEN`]. Half of what a grant lives.
pub const WATCH_PACE: u64 = 7 * DAY;
/// How long I look so often.
pub const WATCH_OFTEN: u64 = 56 * DAY;
/// After that I look no more: whoever knows so long is told by letter.
pub const WATCH_LIFE: u64 = 365 * DAY;

/// How long a live code is shown before it is stale.
pub const LIVE_INVITE_LIFE: u64 = 15 * MINUTE;
/// How long an unused live code can still be claimed by a letter that was delayed (no network at the fair).
pub const LATE_CLAIM: u64 = 30 * DAY;
/// Longest life of a printed code.
pub const PRINTED_INVITE_LIFE: u64 = 2 * 365 * DAY;
/// Live codes that may be open at once: a busy stand prepares a hundred.
pub const OPEN_LIVE_INVITES: usize = 256;
/// Printed codes that may be open at once.
pub const OPEN_PRINTED_INVITES: usize = 32;
/// Claims that one printed code accepts in a day: a badge at a fair, not a spammer's list.
pub const PRINTED_CLAIMS_A_DAY: u32 = 200;

/// Words that one person forwards of another in an introduction: long enough to say why, short enough to be read.
pub const BLURB: usize = 600;
/// A sentence of an introducer, the words of a vouch, a thank-you.
pub const SENTENCE: usize = 280;
/// Longest life of an ask: who waits longer asks again.
pub const ASK_LIFE: u64 = 14 * DAY;
/// Life of an ask if its asker names none.
pub const ASK_USUAL_LIFE: u64 = 7 * DAY;
/// How long after the date of an ask a consent that was given in time can still be used: the offer may have waited
/// for the asker's node.
pub const CONSENT_GRACE: u64 = 14 * DAY;
/// Asks of one person to one introducer that may be open at once: favours are few.
pub const OPEN_ASKS: usize = 5;
/// Proposals of one introducer that may wait on a target at once.
pub const OPEN_PROPOSALS: usize = 10;
/// How long an introduction that is over stays, so that it can be thanked for and looked up.
pub const INTRODUCTION_KEPT: u64 = 90 * DAY;
/// Introductions kept in each part: asked for, carried, proposed to me.
pub const INTRODUCTIONS: usize = 2_000;
/// Introductions kept in one part with one contact, so that none fills the places of all others.
pub const INTRODUCTIONS_WITH_ONE: usize = 100;
/// What the plaintext of a consent is filled up to a multiple of, so that its carrier cannot read the tier off its
/// length.
pub const CONSENT_STEP: usize = 512;
/// A sealed consent: the longest key history and the largest card fit, and a letter holds it.
pub const CONSENT: usize = 48 * 1024;

/// Skills that one vouch names.
pub const VOUCH_SKILLS: usize = 8;
/// Pieces of evidence that one vouch points at.
pub const VOUCH_EVIDENCE: usize = 3;
/// A vouch as it is signed.
pub const VOUCH: usize = 1_024;
/// The content of a vouch inside it.
pub const VOUCH_CONTENT: usize = 800;
/// Words beside a disclosed interest.
pub const INTEREST: usize = 120;
/// Vouches of one issuer that count at once.
pub const VOUCHES: usize = 2_000;
/// Vouches of one issuer about one subject: who has more to say says it in fewer. What was revoked counts until it is
/// forgotten.
pub const VOUCHES_OF_ONE: usize = 8;
/// Vouches about me that I keep.
pub const VOUCHES_OF_ME: usize = 2_000;
/// Vouches about one subject that are kept of others.
pub const VOUCHES_ABOUT: usize = 200;
/// Vouches kept in all; beyond it what others are said of is read and not kept.
pub const VOUCHES_KEPT: usize = 20_000;
/// Longest life of a vouch (24 months); then its issuer says it again or it ends.
pub const VOUCH_LIFE: u64 = 2 * 366 * DAY;

/// People known to one node.
pub const PEOPLE: usize = 50_000;
/// Tags of one person.
pub const TAGS: usize = 32;
/// Notes of one person.
pub const NOTES: usize = 500;
/// Secrets kept of one pair, each from a scan: the current one, and earlier ones under which calls and letters may still
/// arrive. Who scans more codes before the first of them is answered loses calls under the oldest, not letters. So many
/// codes that were scanned before the newest are known again, too.
pub const PAIR_SECRETS: usize = 16;
/// Encounters kept of one person, newest first.
pub const ENCOUNTERS: usize = 100;
/// Events that I keep: one a week for nearly ten years.
pub const EVENTS: usize = 500;
/// Days from the first to the last of one event: a year of meetings is several events.
pub const EVENT_DAYS: u64 = 366;
/// Earlier names under which an event is still known; people were met under them.
pub const EVENT_NAMES: usize = 8;
/// After a first meeting a person is to be written to so much later: whoever waits longer rarely does it at all.
pub const WRITE_WITHIN: u64 = DAY;
/// How old a capture may be when it comes from a phone that had no network. The time of an older one is not believed.
pub const CAPTURE_AGE: u64 = 30 * DAY;
/// How long it is remembered that a capture was taken in: twice as long as the oldest may wait.
pub const CAPTURE_KEPT: u64 = 2 * CAPTURE_AGE;
/// Captures that are remembered at once.
pub const CAPTURES: usize = 50_000;
/// Captures remembered of one person who is not known yet; they go along when it turns out who it is.
pub const CAPTURES_OF_ONE: usize = 16;
/// Letters waiting for one person, of the kinds that add up: answers, meetings.
pub const OUTBOX_PER_PERSON: usize = 256;
/// Letters waiting for one person beside those, one of each kind of which only the newest counts: claim, presence,
/// card, farewell, answers, resume, capsule. They always find room, so that what piles up for one person keeps no news from the
/// others.
pub const OUTBOX_NEWEST: usize = 7;
/// How long a letter is kept after its receipt, for a contact who goes on from a backup: as long as a copy of it would
/// be taken in.
pub const SENT_LIFE: u64 = LETTER_LIFE;
/// Letters to one person that are kept after their receipts, the newest: all of them find room in the outbox again.
pub const SENT_PER_PERSON: u64 = 128;
/// Bytes of those: of the longest letters seventeen, and of usual ones all. They are sent again in one step.
pub const SENT_BYTES: u64 = 1024 * 1024;
/// Bytes of a sealed capsule: what goes along in a letter of 16 KiB.
pub const CAPSULE: usize = 15 * 1024;
/// Addresses of one contact in a capsule.
pub const CAPSULE_HINTS: usize = 3;
/// Contacts that are looked at for one capsule: more than there is room for.
pub const CAPSULE_PEOPLE: usize = 64;
/// How long a capsule of before is kept at least, beside the newest one.
pub const CAPSULE_BEFORE: u64 = 14 * DAY;
/// How long after somebody became a contact they get a capsule: at a fair many come together.
pub const CAPSULE_PACE: u64 = 45 * MINUTE;
/// New contacts that wait for a capsule of their own; others get theirs with the next grant.
pub const CAPSULES_DUE: usize = 64;
/// What a contact gives back to who has the words: a history of the longest, and a capsule.
pub const GIVEN_BACK: usize = 56 * 1024;
/// What an answer says of keys: a grant, and the events of a dozen changes.
pub const KEY_NEWS: usize = 4 * 1024;
/// How far apart one contact's wishes for them are heard.
pub const RESUME_PACE: u64 = HOUR;
/// Of these, letters from person to person: what people write leaves room for what their nodes have to say.
pub const WORDS_WAITING: usize = 50;
/// Of these, people who are handed over; so many of one contact wait for my decision, too.
pub const HANDOVERS_WAITING: usize = 50;
/// Letters of one person that are taken in a day; then their node is asked to wait.
pub const WORDS_A_DAY: usize = 50;
/// Letters kept of one correspondence, mine and theirs, the newest. A mailbox is elsewhere.
pub const CORRESPONDENCE: usize = 500;
/// Things that wait on the person.
pub const INBOX: usize = 10_000;
/// Remembered handled letters of one sender; beyond it the sender is asked to wait.
pub const HANDLED_PER_PERSON: usize = 10_000;
/// Evidence of forked histories kept per identity: one proof is enough, two show who was first.
pub const FORKS: usize = 2;

/// Cards of visitors that may wait for my decision at once: more than a stand brings in a day, few enough to look at.
pub const LEFT_CARDS: usize = 200;
/// How long such a card is kept if I do not decide: 180 days, and visitors are told so.
pub const LEFT_CARD_KEPT: u64 = 180 * DAY;
/// Within this time the same name, e-mail and message again is the same visitor, who was not sure.
pub const LEFT_AGAIN: u64 = DAY;
/// Lines on such a card beside the name: company, title, e-mail, phone.
pub const LEFT_LINES: usize = 4;
/// Characters (Unicode scalar values) that a visitor may say besides: what it is about, not a letter.
pub const LEFT_MESSAGE: usize = 600;
/// Bytes of it: the longest character has four.
pub const LEFT_MESSAGE_BYTES: usize = 4 * LEFT_MESSAGE;

/// Letters of one session that may wait for their receipt at the same time.
pub const IN_FLIGHT: usize = 8;
/// Sessions that the engine keeps at once.
pub const SESSIONS: usize = 1_024;
/// Calls under way at once: dialling a thousand contacts at start must not starve the first answers.
pub const CALLS: usize = 32;
/// How long a call may be under way before it counts as failed, if the network never says how it ended.
pub const CALL_WAIT: u64 = 2 * MINUTE;
/// First pause before a call is tried again; doubled each time.
pub const RETRY_FIRST: u64 = 2;
/// Longest pause between two calls to the same person.
pub const RETRY_LAST: u64 = 30 * MINUTE;
/// A letter whose receipt has not come is sent again after this.
pub const RECEIPT_WAIT: u64 = 20;

/// Presence letters to one contact that may go out close together, before the hourly pace holds.
pub const PRESENCE_BURST: u32 = 4;
/// Contacts who are told something in one step: letters to each, a capsule among them, are at most 26 KiB, and a commit
/// holds 4 MiB together with what else happens then.
pub const TOLD_AT_ONCE: usize = 64;
/// Pace of presence letters after the burst.
pub const PRESENCE_PACE: u64 = HOUR;
/// Life of a presence letter: an older address is of no use.
pub const PRESENCE_LIFE: u64 = GRANT_LIFE;

/// Answers in one letter about letters that came through a mailbox: a quarter of what may wait for one person; 24 bytes
/// each, so that they fit a letter of 4 KiB.
pub const ANSWERS: usize = 64;
/// A letter that lies in a mailbox and was not answered is left there once more after this: its answer may have been lost.
pub const LEFT_AGAIN_AFTER: u64 = 3 * DAY;
/// A call that takes longer is not waited for: letters are left in a mailbox meanwhile, if there is one.
pub const LEAVE_WHILE_CALLING: u64 = 1;
/// Parcels of one person, and of all, that are on their way to mailboxes at once.
pub const ERRANDS_OF_ONE: usize = 8;
/// See [`ERRANDS_OF_ONE`].
pub const ERRANDS: usize = 64;
/// Beside a node with a mailbox of mine that is not reached for so long, another one is asked.
pub const MAILBOX_LOST: u64 = 7 * DAY;
/// A node that holds no mailbox for me is asked again after this.
pub const MAILBOX_REFUSED: u64 = DAY;
/// Mailboxes that a node keeps at contacts' nodes, so that one of them may be off.
pub const MAILBOXES: usize = 2;
/// Addresses of a node that holds a mailbox: two transports share a port, so IPv4 and IPv6, by two networks.
pub const MAILBOX_ADDRESSES: usize = 4;
/// A sealed door: a peer id and the most and longest addresses, with the seal.
pub const MAILBOX_DOOR: usize = 1_024;
/// Codes that lead to one mailbox at once: the newest, what a stand prepares for a day.
pub const MAILBOX_SLOTS: usize = 128;
/// Labels that are void in one mailbox; of more, the newest. Who was parted with so long ago takes up the room of one
/// label, and what they leave is thrown away.
pub const MAILBOX_VOID: usize = 256;
/// Numbers that are taken out of a mailbox at once.
pub const MAILBOX_TAKEN: usize = 256;
/// How long a host may be asked to wait for something to hand out. Below a minute, after which routers forget.
pub const MAILBOX_WAIT: u64 = 50;
/// Claims that may lie in a mailbox for one live code: one is right, and somebody may have filmed it.
pub const MAILBOX_LIVE_CLAIMS: u16 = 4;
/// Claims that may lie in a mailbox for one printed code: a day's, see [`PRINTED_CLAIMS_A_DAY`].
pub const MAILBOX_PRINTED_CLAIMS: u16 = 200;

/// A stored key.
pub const STORE_KEY: usize = 128;
/// A stored value: a sealed letter with its frame.
pub const STORE_VALUE: usize = 128 * 1024;
/// Values beyond this are kept in segment files rather than in the journal. A commit that writes one syncs twice, so
/// what people do all day must fit: the largest of it is a first letter with its card, of the 4 KiB class.
pub const INLINE_VALUE: usize = 4 * 1024;
