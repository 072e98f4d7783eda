//! What is said of codes of mine.

words! {
    MY_CODE = "My code";
    CODES = "Codes that are out";
    CODES_WHAT = "Live and printed, and how often they were used";
    NO_CODES = "No code of yours is out.";
    CODE_OF = "Code of";
    LIVE_CODE = "live, for one person";
    PRINTED_CODE = "printed, for many";
    CODE_USED = "Scanned. Today says by whom.";
    CODE_OVER = "This code counts no more.";
    NO_ADDRESS = "This node has no address yet: who scans this cannot find it.";
    NEXT_PERSON = "Next person";
    SCAN_THEIRS = "Scan theirs";
    SAVE_PICTURE = "Save as picture";
    CODE_AS_TEXT = "The code as text";
    ANOTHER_CODE = "Another code";
    KIND = "Kind";
    LIVE_CHOICE = "Live: for one person, here and now";
    PRINTED_CHOICE = "Printed: badge, slide, footer";
    WHO_SCANS_SEES = "Who scans it sees";
    EVENT_OR_LABEL = "Event or label";
    FOR_WHOM = "For whom, in your words";
    MAKE_CODE = "Make this code";
    WITHDRAW = "Withdraw";
}

pub(crate) fn minutes(left: i64) -> String {
    match left {
        1 => "1 minute left".to_owned(),
        left => format!("{left} minutes left"),
    }
}

pub(crate) fn uses(uses: &u32) -> String {
    match uses {
        0 => "not used".to_owned(),
        1 => "used once".to_owned(),
        uses => format!("used {uses} times"),
    }
}

pub(crate) fn refused(tries: &u32) -> String {
    format!("{tries} refused: somebody may have filmed it")
}
