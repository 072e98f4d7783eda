//! What is said of a fair without network, and at it.

use super::Choices;

words! {
    FAIR = "Ready for a fair";
    FAIR_WHAT = "Codes and a queue on this device, for halls without network";
    FAIR_WHY = "Prepare this device while it has network. Then it shows 100 codes, each for one person, and keeps whom you meet until it reaches your node again.";
    FAIR_NEEDS_SCRIPT = "This needs JavaScript.";
    FAIR_IOS = "On an iPhone, add the app to the home screen first, and sign in there: it keeps nothing that the browser has. Open it once a week, or the system may clear it.";
    EVENT = "Event";
    PREPARE = "Prepare this device";
    PREPARING = "Preparing…";
    PREPARED = "This device is prepared for 14 days.";
    PREPARE_FAILED = "This did not work:";
    IS_READY = "Is it ready?";
    READY = "ready";
    NOT_READY = "not yet";
    READY_SECURE = "The page is secure.";
    READY_INSECURE = "Without https a browser keeps nothing. See “Getting in” for the ways to https.";
    READY_SHELL = "The app opens without network.";
    READY_NO_SHELL = "Not kept yet.";
    READY_CODES = "{n} codes are on this device.";
    READY_CAMERA = "Allowed.";
    READY_NO_CAMERA = "Not allowed yet. Open Scan once. A photo or a typed name works without.";
    READY_CLOCK = "{n} seconds apart from the node.";
    READY_NO_CLOCK = "Not compared yet.";
    READY_KEPT = "The browser keeps this until you delete it.";
    READY_NOT_KEPT = "The browser may clear this when it needs room.";
    READY_QUEUE = "{n} wait on this device.";
    OFFLINE = "Without network";
    OFFLINE_LOOK = "See the page that opens without network";
    CODES_LEFT = "{n} codes left";
    N_WAIT = "{n} wait on this device";
    N_WAIT_HERE = "{n} wait on this device to be sent.";
    SIGN_IN_TO_SEND = "Sign in to send them.";
    NO_NETWORK = "No network: what you keep waits here, and goes home by itself.";
    NETWORK = "Your node is reached.";
    UNNAMED = "somebody";
    VIA_CODE = "by code";
    VIA_PHOTO = "by photo";
    VIA_NAME = "by name";
    MEND = "Mend it";
    UNREADABLE = "No code could be read off the photo. Type a name.";
    NOT_KEPT = "This could not be kept:";
    SIGN_OUT_LOSES = "{n} wait on this device and could not be sent. Sign out all the same, and lose them?";
    DROP = "Drop it";
    READ_HERE = "The code is read.";
    READ_LATER = "This browser cannot read it; your node will. Type the name too, to be safe.";
    SOMETHING = "Take a photo of their code, or type a name.";
    KEPT_HERE = "Kept on this device.";
    I_MET = "Whom I met";
    PHOTO_OF_CODE = "Photo of their code";
    NAME = "Name";
    NEED = "They need";
    PROMISE = "I promised";
    TAGS = "Tags, with commas between";
}

/// What a device needs for a fair, line by line.
pub(crate) const READY_LINES: Choices = &[
    ("ready-secure", "Secure page"),
    ("ready-shell", "Opens without network"),
    ("ready-codes", "Codes"),
    ("ready-camera", "Camera"),
    ("ready-clock", "Clock"),
    ("ready-kept", "Keeps what it has"),
    ("ready-queue", "Queue"),
];
