//! What is said where somebody comes in, and of the certificate that a browser is to trust first.

// Getting in.

pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const WITH_CODE: &str = "With a code";
pub(crate) const WITH_PASSWORD: &str = "With a password";
pub(crate) const CODE_TYPED: &str = "Code";
pub(crate) const CODE_HINT: &str = "Eight characters, as kith phone shows them.";
pub(crate) const NO_PASSWORD_YET: &str = "No password yet? On the machine of your node, run";
pub(crate) const NO_PASSWORD_OPEN: &str = "for a link that lets you in once, or";
pub(crate) const NO_PASSWORD_PHONE: &str = "for a code for your phone.";
pub(crate) const COME_IN: &str = "Come in";
pub(crate) const COME_IN_ABOUT: &str =
    "This link signs this browser in on your Kith node. It stays signed in until two weeks after you last used it.";
pub(crate) const NOT_RIGHT_PASSWORD: &str = "That is not the password.";
pub(crate) const NOT_RIGHT_CODE: &str =
    "That link or code is not right, has been used, or is over. Make a fresh one with kith open or kith phone.";
pub(crate) const TOO_MANY: &str =
    "Too many tries. Wait, then try again; kith open on the machine of your node lets you in at once.";
pub(crate) const NOT_STORED: &str = "This could not be stored. Make room on the disk of the node, then try again.";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const FOREIGN_HOST: &str = "This node does not go by that name";
pub(crate) const FOREIGN_HOST_ABOUT: &str =
    "Open it by its address, or tell it the name with kith up --web-url https://the.name/.";
pub(crate) const FOREIGN_PAGE: &str = "This did not come from a page of this node";
pub(crate) const FOREIGN_PAGE_ABOUT: &str =
    "Nothing was changed. Open the page again and repeat it there. Behind a proxy, pass the Host header on.";
pub(crate) const ACCESS: &str = "Getting in";
pub(crate) const SIGNED_IN: &str = "Signed in";
pub(crate) const THIS_BROWSER: &str = "this browser";
pub(crate) const LAST_USED: &str = "last used";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const SIGN_OUT_OTHERS: &str = "Sign out all others";
pub(crate) const SET_PASSWORD: &str = "Set a password";
pub(crate) const CHANGE_PASSWORD: &str = "Change the password";
pub(crate) const NEW_PASSWORD: &str = "New password";
pub(crate) const NEW_PASSWORD_AGAIN: &str = "The same again";
pub(crate) const NEW_PASSWORD_HINT: &str = "At least ten characters. All other browsers are signed out.";
pub(crate) const ODD_LENGTH: &str = "A password has at least ten characters and at most 512 bytes.";
pub(crate) const ACCESS_WHAT: &str = "Browsers that are signed in, the password, signing out";
pub(crate) const LET_PHONE_IN: &str = "Let a phone in";
pub(crate) const SHOW_PHONE_CODE: &str = "Show a code for it";
pub(crate) const PHONE_TRUST_FIRST: &str = "First, once for each phone, open this on it and install the certificate:";
pub(crate) const PHONE_ABOUT: &str = "Scan it with the phone's camera, or type the code there. It counts twice: in the browser, and in the app on the home screen.";
pub(crate) const NOT_THE_SAME: &str = "The two are not the same.";
pub(crate) const SAVE_PASSWORD: &str = "Save";
pub(crate) const PROVE: &str = "Show that it is you";
pub(crate) const PROVE_ABOUT: &str =
    "What comes next needs the password again, or a sign-in of the last five minutes: kith open makes a link for that.";

// Trusting the certificate of a node.

pub(crate) const TRUST: &str = "Trust this node";
pub(crate) const TRUST_ABOUT: &str = "This node makes its own certificates. Install its authority once on this device, then open the node with https. \
     It counts for this machine and for addresses of local networks, and for no other site.";
pub(crate) const TRUST_NAME: &str = "It is called";
pub(crate) const TRUST_FINGERPRINT: &str =
    "Compare its SHA-256 fingerprint with what kith doctor prints on the machine of the node, before you install it:";
pub(crate) const TRUST_IPHONE: &str = "iPhone and iPad";
pub(crate) const TRUST_IPHONE_STEPS: [&str; 3] = [
    "Open the profile above in Safari and allow the download.",
    "Settings → General → VPN & Device Management: tap the profile, then Install.",
    "Settings → General → About → Certificate Trust Settings: switch it on.",
];
pub(crate) const TRUST_PROFILE: &str = "Profile for iPhone, iPad and Mac";
pub(crate) const TRUST_ANDROID: &str = "Android";
pub(crate) const TRUST_ANDROID_STEPS: [&str; 2] = [
    "Download the certificate above.",
    "Settings → Security → More security settings → Encryption & credentials → Install a certificate → CA certificate: choose the file.",
];
pub(crate) const TRUST_DESKTOP: &str = "Computers";
pub(crate) const TRUST_DESKTOP_STEPS: [&str; 3] = [
    "Mac: open the profile, then System Settings → Privacy & Security → Profiles.",
    "Windows: open the certificate → Install → Trusted Root Certification Authorities.",
    "Linux and Firefox: browser settings → Certificates → Authorities → Import, for websites only.",
];
pub(crate) const TRUST_CERTIFICATE: &str = "Certificate";
