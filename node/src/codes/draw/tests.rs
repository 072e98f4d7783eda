use super::*;

/// As long as the largest invite: 93 bytes in base32 behind `KITH:`.
fn invite(length: usize) -> String {
    let base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".chars().cycle().enumerate();
    let scattered = base32.map(|(at, c)| if at % 7 == 3 { '2' } else { c });
    "KITH:".chars().chain(scattered).take(length).collect()
}

#[test]
fn the_largest_invite_fits_version_6() {
    assert_eq!(Drawing::new(&invite(154)).unwrap().version(), 6);
    assert_eq!(Drawing::new(&invite(155)).unwrap().version(), 7);
    assert_eq!(Drawing::new(&invite(123)).unwrap().version(), 6);
    assert_eq!(Drawing::new(&invite(122)).unwrap().version(), 5);
}

#[test]
fn every_nominal_capacity_is_reached_however_the_digits_lie() {
    // ISO/IEC 18004 table 7, level M, alphanumeric.
    let capacities = [20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816, 909, 970];
    for (version, capacity) in (1..).zip(capacities) {
        assert_eq!(Drawing::new(&invite(capacity)).unwrap().version(), version, "{capacity} characters");
        assert_eq!(Drawing::new(&invite(capacity + 1)).unwrap().version(), version + 1, "{capacity} + 1 characters");
    }
}

#[test]
fn a_link_with_an_invite_stays_within_version_8() {
    let link = format!("HTTPS://ANA.EXAMPLE.ORG/C#{}", &invite(154)[5..]);
    let drawing = Drawing::new(&link).unwrap();
    assert!(drawing.version() <= 8, "{} characters need version {}", link.len(), drawing.version());
}

#[test]
fn nothing_and_too_much_are_refused_with_a_reason() {
    assert_eq!(Drawing::new("").unwrap_err(), DrawError::Empty);
    let error = Drawing::new(&"ä".repeat(5_000)).unwrap_err();
    assert_eq!(error.to_string(), "the text has 10000 bytes, more than a QR code holds");
}

#[test]
fn a_png_is_grey_has_its_margin_and_at_least_four_pixels_a_module() {
    let drawing = Drawing::new(&invite(154)).unwrap();
    for (asked, given) in [(0, 4), (1, 4), (4, 4), (9, 9), (u32::MAX, 32)] {
        let picture = image::load_from_memory(&drawing.png(asked)).unwrap();
        assert_eq!(picture.color(), image::ColorType::L8);
        let picture = picture.into_luma8();
        assert_eq!(picture.dimensions(), ((41 + 8) * given, (41 + 8) * given));
        let first_dark = picture.enumerate_pixels().find(|(_, _, grey)| grey.0 == [0]).map(|(x, y, _)| (x, y));
        assert_eq!(first_dark, Some((4 * given, 4 * given)), "the margin is four modules");
    }
}

#[test]
fn a_terminal_line_never_depends_on_the_theme() {
    let drawing = Drawing::new(&invite(154)).unwrap();
    let text = drawing.terminal();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), (41 + 8_usize).div_ceil(2));
    for line in &lines {
        let inside = line.strip_prefix(BLACK_ON_WHITE).and_then(|line| line.strip_suffix(RESET));
        let inside = inside.unwrap_or_else(|| panic!("not styled from end to end: {line:?}"));
        assert_eq!(inside.chars().count(), 49);
        assert!(inside.starts_with("    ") && inside.ends_with("    "), "no margin at the sides: {inside:?}");
        assert!(!inside.contains('\x1b'));
    }
    let is_margin = |line: &str| line == format!("{BLACK_ON_WHITE}{}{RESET}", " ".repeat(49));
    assert!(is_margin(lines[0]) && is_margin(lines[1]), "two lines of margin above");
    assert!(!is_margin(lines[2]));
    assert!(is_margin(lines[23]) && is_margin(lines[24]), "two lines of margin below");
}

#[test]
fn a_terminal_shows_the_same_modules_as_the_png() {
    let drawing = Drawing::new("KITH:AAAA").unwrap();
    let side = drawing.full_width();
    for (row, line) in drawing.terminal().lines().enumerate() {
        let inside = &line[BLACK_ON_WHITE.len()..line.len() - RESET.len()];
        for (x, block) in inside.chars().enumerate() {
            let expected = (drawing.is_dark(x, 2 * row), 2 * row + 1 < side && drawing.is_dark(x, 2 * row + 1));
            assert_eq!((matches!(block, '█' | '▀'), matches!(block, '█' | '▄')), expected, "{x}, {row}");
        }
    }
}

#[test]
fn an_svg_is_well_formed_and_shows_the_same_modules_as_the_png() {
    let drawing = Drawing::new(&invite(154)).unwrap();
    let svg = drawing.svg();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 49 49\""));
    assert!(svg.contains("<rect width=\"49\" height=\"49\" fill=\"#fff\"/>"), "the light ground covers the margin");
    assert!(svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    assert_eq!(svg.matches('"').count() % 2, 0);

    let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut dark = vec![false; 49 * 49];
    for run in path.split('z').filter(|run| !run.is_empty()) {
        let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
        let start = y.parse::<usize>().unwrap() * 49 + x.parse::<usize>().unwrap();
        dark[start..start + length].fill(true);
    }
    let expected: Vec<bool> = (0..49 * 49).map(|at| drawing.is_dark(at % 49, at / 49)).collect();
    assert_eq!(dark, expected);
}

#[test]
fn a_drawing_does_not_print_what_it_says() {
    let text = format!("{:?}", Drawing::new("KITH:SECRET").unwrap());
    assert_eq!(text, "Drawing(version 1)");
}
