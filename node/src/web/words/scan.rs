//! What is said where a code of theirs is scanned, and mine is shown to whoever has no Kith.

// Scanning.
words! {
    SCAN = "Scan";
    BY_PICTURE = "Take a picture of the code";
    PICTURE = "Picture";
    READ_PICTURE = "Read the picture";
    BY_TEXT = "Paste a code or link";
    CODE_OR_LINK = "Code, link or vCard";
    TAKE_IN = "Take in";
    BY_NAME = "No code at all";
    NO_PICTURE = "There was no picture.";
    NO_PICTURE_HINT = "Choose one, or paste the code as text.";
    KEEP_AND_NEXT = "Keep and scan the next";
    TAG = "Tag";
    HOT = "hot";
    WARM = "warm";
    LATER = "later";
    ALL_ABOUT = "All about";
}

// The live camera, and other ways.
words! {
    CAMERA_LOOKS = "Hold the code before the camera.";
    CAMERA_REFUSED = "The camera was refused. Allow it in the settings of the browser, or take a picture below.";
    CAMERA_NONE = "No camera could be opened. Take a picture below, or paste the code.";
    CAMERA_INSECURE = "The live camera needs https. Take a picture below: that works here too.";
    START_CAMERA = "Start the camera";
    PASTE = "Paste what you copied";
    AT_EVENT = "At";
    BY_OWN_CAMERA = "Their code may also open in the camera of your phone. If it shows a page, copy its link there and paste it here.";
    HAS_KITH = "Has Kith";
    HAS_NOT = "Has not";
    THEN_THEIRS = "Then take theirs";
    AS_VCARD = "As a contact";
    AS_LINK = "As a link";
    SAVES_MY_CARD = "Their camera keeps it as a contact. It works without network.";
    OPENS_MY_PAGE = "Opens your public card, where they can leave theirs.";
    ONLY_PUBLIC = "This shows your public card only.";
}
