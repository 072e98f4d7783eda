use proptest::prelude::*;

use super::*;

fn card_of(text: &str) -> ForeignCard {
    match understand(text) {
        Code::Card(card) => *card,
        other => panic!("not taken for a card: {text:?} is {other:?}"),
    }
}

fn strings<const N: usize>(lines: &[Line<N>]) -> Vec<&str> {
    lines.iter().map(Line::as_str).collect()
}

fn shown<T: ToString>(field: &Option<T>) -> String {
    field.as_ref().map(T::to_string).unwrap_or_default()
}

fn payload() -> String {
    "AZ234567".repeat(18)
}

mod of_kith {
    use super::*;

    #[test]
    fn a_code_is_known_in_any_case_and_broken_over_lines() {
        let payload = payload();
        for text in [
            format!("KITH:{payload}"),
            format!("kith:{}", payload.to_lowercase()),
            format!("  Kith:{}\r\n {}\n", &payload[..70], &payload[70..]),
            format!("https://ana.example.org/c#{payload}"),
            format!("HTTPS://ANA.EXAMPLE.ORG/C#{payload}"),
            format!("https://ana.example.org:8443/c/#{}", payload.to_lowercase()),
            format!("https://ana.example.org/c#kith:{payload}"),
        ] {
            assert_eq!(understand(&text), Code::Kith(payload.clone()), "{text}");
        }
    }

    #[test]
    fn a_short_or_odd_code_is_left_to_the_protocol_to_refuse() {
        assert_eq!(understand("KITH:01!"), Code::Kith("01!".to_owned()));
        assert_eq!(understand("kith:a"), Code::Kith("A".to_owned()));
    }

    #[test]
    fn a_sentence_or_another_page_is_no_code() {
        assert!(matches!(understand("Kith: my cousins and aunts"), Code::Text(_)));
        assert!(matches!(understand("kith:"), Code::Text(_)));
        for link in ["https://example.org/c#section", "https://example.org/c#", "https://example.org/d#"] {
            assert!(matches!(understand(link), Code::Link(_)), "{link}");
        }
        let elsewhere = format!("https://example.org/a/c#{}", payload());
        assert!(matches!(understand(&elsewhere), Code::Link(_)), "{elsewhere}");
    }
}

mod vcards {
    use super::*;

    #[test]
    fn from_an_iphone() {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iPhone OS 17.5.1//EN\r\n\
            N:Núñez;Ana;María;Dr.;\r\nFN:Dr. Ana María Núñez\r\nORG:Welding & Sons\\, Ghent;Sales;\r\n\
            TITLE:Head of Sales\r\nEMAIL;type=INTERNET;type=WORK;type=pref:ana@example.org\r\n\
            TEL;type=CELL;type=VOICE;type=pref:+32 470 12 34 56\r\nTEL;type=WORK:09 123 45 67\r\n\
            item1.ADR;type=WORK;type=pref:;;Kouter 1;Ghent;;9000;Belgium\r\nitem1.X-ABADR:be\r\n\
            item2.URL;type=pref:https://example.org\r\nitem2.X-ABLabel:_$!<HomePage>!$_\r\n\
            X-SOCIALPROFILE;type=linkedin;x-user=ana:https://www.linkedin.com/in/ana-nunez\r\n\
            NOTE:Met at the fair\\nlikes TIG\r\nBDAY:1980-02-29\r\n\
            PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ\r\n AAAQABAAD/2wBDAAMC\r\nEND:VCARD\r\n";
        let card = card_of(text);
        assert_eq!(card.kind, Kind::VCard3);
        assert_eq!(shown(&card.name), "Dr. Ana María Núñez");
        assert_eq!(shown(&card.org), "Welding & Sons, Ghent, Sales");
        assert_eq!(shown(&card.title), "Head of Sales");
        assert_eq!(strings(&card.emails), ["ana@example.org"]);
        assert_eq!(strings(&card.phones), ["+32 470 12 34 56", "09 123 45 67"]);
        assert_eq!(strings(&card.urls), ["https://example.org", "https://www.linkedin.com/in/ana-nunez"]);
        assert_eq!(shown(&card.address), "Kouter 1, Ghent, 9000, Belgium");
        assert_eq!(shown(&card.note), "Met at the fair\nlikes TIG");
        assert_eq!(card.raw, text.trim());
    }

    #[test]
    fn from_an_old_android_with_umlauts_in_quoted_printable() {
        let card = card_of(
            "BEGIN:VCARD\r\nVERSION:2.1\r\n\
             N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n\
             FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BC=\r\nller\r\n\
             TEL;CELL:+49-170-1234567\r\nTEL;WORK;FAX:030123\r\n\
             EMAIL;INTERNET:joerg@example.de\r\nORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gr=C3=BCn=3BBau\r\nEND:VCARD",
        );
        assert_eq!(card.kind, Kind::VCard21);
        assert_eq!(shown(&card.name), "Jörg Müller");
        assert_eq!(strings(&card.phones), ["+49-170-1234567", "030123"]);
        assert_eq!(strings(&card.emails), ["joerg@example.de"]);
        assert!(shown(&card.org).starts_with("Grün"), "{:?}", card.org);
    }

    #[test]
    fn quoted_printable_in_every_charset_that_phones_write() {
        for (how, value, name) in [
            ("ENCODING=QUOTED-PRINTABLE", "J=C3=B6rg=\r\n M=C3=BCller", "Jörg Müller"),
            ("QUOTED-PRINTABLE", "J=C3=B6rg", "Jörg"),
            ("ENCODING=QUOTED-PRINTABLE", "J=F6rg M=FCller", "Jörg Müller"),
            ("ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1", "J=F6rg", "Jörg"),
            ("CHARSET=windows-1252;ENCODING=QUOTED-PRINTABLE", "Bo=92s", "Bo’s"),
            ("CHARSET=ISO-8859-2;ENCODING=QUOTED-PRINTABLE", "=A3ukasz", "Łukasz"),
            ("CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE", "=E7=8E=8B=E5=B0=8F=E6=98=8E", "王小明"),
            ("CHARSET=UTF-8", "Jörg", "Jörg"),
        ] {
            let card = card_of(&format!("BEGIN:VCARD\r\nVERSION:2.1\r\nFN;{how}:{value}\r\nTEL:123\r\nEND:VCARD\r\n"));
            assert_eq!(shown(&card.name), name, "FN;{how}:{value}");
            assert_eq!(strings(&card.phones), ["123"], "FN;{how}:{value}");
        }
    }

    #[test]
    fn of_version_4_with_uris_and_folded_lines() {
        let card = card_of(
            "BEGIN:VCARD\nVERSION:4.0\nFN:Chi 👩🏽‍🔧 Ng\nN:Ng;Chi;;;\nTEL;VALUE=uri;TYPE=\"voice,cell\":tel:+852-555-0100\n\
             EMAIL:mailto:chi@exam\n ple.hk\nTITLE:Ingénieure de so\n udage\nSOCIALPROFILE;SERVICE-TYPE=Mastodon:https://m\n\
             \u{20}.example/@chi\nKEY:data:application/pgp-keys;base64,AAAA\nEND:VCARD\n",
        );
        assert_eq!(card.kind, Kind::VCard4);
        assert_eq!(shown(&card.name), "Chi 👩🏽‍🔧 Ng");
        assert_eq!(strings(&card.phones), ["+852-555-0100"]);
        assert_eq!(strings(&card.emails), ["chi@example.hk"]);
        assert_eq!(shown(&card.title), "Ingénieure de soudage");
        assert_eq!(strings(&card.urls), ["https://m.example/@chi"]);
    }

    #[test]
    fn a_name_in_parts_is_put_together_as_its_script_wants() {
        for (parts, name) in [
            ("Núñez;Ana;María;Dr.;PhD", "Dr. Ana María Núñez PhD"),
            ("王;小明;;;", "王小明"),
            ("김;민준;;;", "김민준"),
            ("山田;タロウ;;;", "山田タロウ"),
            ("محمدی;نرگس;;;", "نرگس محمدی"),
            ("Wang 王;Xiaoming 小明", "Xiaoming 小明 Wang 王"),
            (";Cher;;;", "Cher"),
            ("van der Berg,Smit;Bo;;;", "Bo van der Berg Smit"),
        ] {
            let card = card_of(&format!("BEGIN:VCARD\nVERSION:3.0\nN:{parts}\nEND:VCARD"));
            assert_eq!(shown(&card.name), name, "N:{parts}");
        }
        let empty = card_of("BEGIN:VCARD\nVERSION:3.0\nFN:\nN:;;;;\nEMAIL:x@example.org\nEND:VCARD");
        assert_eq!(empty.name, None);
    }

    #[test]
    fn a_badge_without_an_end_or_version_still_says_who() {
        let card = card_of("begin:vcard\nfn:Bo Berg\norg:Berg & Co\ntel:0470 11 22 33");
        assert_eq!((shown(&card.name).as_str(), shown(&card.org).as_str()), ("Bo Berg", "Berg & Co"));
        assert_eq!(strings(&card.phones), ["0470 11 22 33"]);
    }

    #[test]
    fn three_hundred_fields_are_cut_to_a_few_of_each() {
        let phones: String = (0..300).map(|at| format!("TEL:+3247000{at:04}\n")).collect();
        let card = card_of(&format!("BEGIN:VCARD\nVERSION:3.0\nFN:Bo\n{phones}END:VCARD"));
        assert_eq!(card.phones.len(), EACH);
        assert_eq!(card.phones[0].as_str(), "+32470000000");
    }

    #[test]
    fn nested_garbage_is_a_card_with_little_in_it() {
        let nested = "BEGIN:VCARD\nVERSION:3.0\nFN:Mallory\n".repeat(100);
        for text in [
            nested.as_str(),
            "BEGIN:VCARD",
            "BEGIN:VCARD\n:::;;;===\n;\n.\n\\\\\nEND:VCARD",
            "BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=\n=\n=\n=ZZ=4\n",
            "BEGIN:VCARD\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCARD\nEND:VCARD",
            "BEGIN:VCARDX\nFN;TYPE=\"unclosed:Bo\n",
            "BEGIN:VCARD\nVERSION:3.0\nPHOTO;ENCODING=b:====\nTEL;PREF=99999999999999999999:1\nEND:VCARD",
        ] {
            let code = understand(text);
            assert!(matches!(code, Code::Card(_) | Code::Text(_)), "{text:?}: {code:?}");
        }
    }

    #[test]
    fn a_name_cannot_turn_the_line_round() {
        let card = card_of("BEGIN:VCARD\nVERSION:3.0\nFN:Ana\u{202E}gro.live\u{0007}\nEND:VCARD");
        assert_eq!(shown(&card.name), "Ana gro.live");
    }
}

mod mecards {
    use super::*;

    #[test]
    fn as_ntt_wrote_them() {
        let card = card_of(
            "MECARD:N:Owen,Sean;ADR:76 9th Avenue, 4th Floor, New York, NY 10011;TEL:+12125551212;\
             EMAIL:srowen@example.com;URL:http\\://example.com;NOTE:a\\;b\\\\c;BDAY:19800229;;",
        );
        assert_eq!(card.kind, Kind::MeCard);
        assert_eq!(shown(&card.name), "Sean Owen");
        assert_eq!(shown(&card.address), "76 9th Avenue, 4th Floor, New York, NY 10011");
        assert_eq!(strings(&card.phones), ["+12125551212"]);
        assert_eq!(strings(&card.emails), ["srowen@example.com"]);
        assert_eq!(strings(&card.urls), ["http://example.com"]);
        assert_eq!(shown(&card.note), "a;b\\c");
    }

    #[test]
    fn names_of_all_kinds() {
        for (field, name) in [
            ("N:山田,太郎;SOUND:ヤマダ,タロウ", "山田太郎"),
            ("N:Ana Núñez", "Ana Núñez"),
            ("n:Berg\\, the elder,Bo", "Bo Berg, the elder"),
            ("N:;TEL:1", ""),
        ] {
            assert_eq!(shown(&card_of(&format!("mecard:{field};;")).name), name, "{field}");
        }
    }

    #[test]
    fn organisation_and_title_and_a_missing_end() {
        let card = card_of("MECARD:N:Bo;ORG:Berg & Co;TITLE:Welder;TEL:1;TEL:2;TEL:1\\");
        assert_eq!((shown(&card.org).as_str(), shown(&card.title).as_str()), ("Berg & Co", "Welder"));
        assert_eq!(strings(&card.phones), ["1", "2"]);
    }
}

mod links {
    use super::*;

    #[test]
    fn mailto() {
        for (text, emails) in [
            ("mailto:ana@example.org", vec!["ana@example.org"]),
            ("MAILTO:ana%2Bfair@example.org?subject=Hi%20there&body=x", vec!["ana+fair@example.org"]),
            ("mailto:j%C3%B6rg@example.de,bo@example.org", vec!["jörg@example.de", "bo@example.org"]),
            ("mailto:?to=chi@example.hk&cc=mallory@example.org", vec!["chi@example.hk"]),
            ("mailto:%22a%2Cb%22@example.org", vec!["\"a,b\"@example.org"]),
        ] {
            let card = card_of(text);
            assert_eq!((card.kind, strings(&card.emails)), (Kind::Mailto, emails), "{text}");
        }
        for text in ["mailto:", "mailto:nobody", "mailto:a@b%0D%0ABcc:mallory@example.org", "mailto:?subject=x"] {
            assert!(matches!(understand(text), Code::Text(_)), "{text}");
        }
    }

    #[test]
    fn tel() {
        for (text, number) in [
            ("tel:+49 170 1234567", "+49 170 1234567"),
            ("TEL:+49-170-1234567;ext=5", "+49-170-1234567"),
            ("tel:%2B32%20470%2012%2034%2056", "+32 470 12 34 56"),
            ("tel:(09) 123.45/67", "(09) 123.45/67"),
        ] {
            let card = card_of(text);
            assert_eq!((card.kind, strings(&card.phones)), (Kind::Tel, vec![number]), "{text}");
        }
        for text in ["tel:", "tel:12", "tel:call me", "Tel: my mother"] {
            assert!(matches!(understand(text), Code::Text(_)), "{text}");
        }
    }

    #[test]
    fn profiles() {
        for (text, service, handle) in [
            (
                "https://www.linkedin.com/in/ana-n%C3%BA%C3%B1ez-12345/?utm_source=qr",
                Service::LinkedIn,
                "ana-núñez-12345",
            ),
            ("http://de.linkedin.com/in/bo", Service::LinkedIn, "bo"),
            ("HTTPS://LINKEDIN.COM/in/Bo", Service::LinkedIn, "Bo"),
            ("https://www.xing.com/profile/Bo_Berg/cv", Service::Xing, "Bo_Berg"),
            ("https://github.com/octo-cat", Service::GitHub, "octo-cat"),
            ("https://mastodon.example/@chi", Service::AtName, "chi"),
            ("https://mastodon.example/@chi@other.example", Service::AtName, "chi@other.example"),
        ] {
            let card = card_of(text);
            assert_eq!((card.kind, shown(&card.handle).as_str()), (Kind::Profile(service), handle), "{text}");
            assert_eq!(strings(&card.urls), [text]);
            assert_eq!(card.name, None, "a handle is not a name");
        }
    }

    #[test]
    fn other_pages_are_links_and_name_the_host_they_lead_to() {
        for (text, host) in [
            ("https://example.org/fair?x=1#y", "example.org"),
            ("http://EXAMPLE.org:8080", "example.org"),
            ("https://linkedin.com@mallory.example/in/ana", "mallory.example"),
            ("https://mallory.example\\@linkedin.com/in/ana", "mallory.example"),
            ("https://notlinkedin.com/in/ana", "notlinkedin.com"),
            ("https://linkedin.com.mallory.example/in/ana", "linkedin.com.mallory.example"),
            ("https://www.linkedin.com/company/kith", "www.linkedin.com"),
            ("https://github.com/features", "github.com"),
            ("https://github.com/octo/cat", "github.com"),
            ("https://[2001:db8::1]:443/x", "2001:db8::1"),
            ("https://bücher.example/", "bücher.example"),
        ] {
            let Code::Link(link) = understand(text) else { panic!("not a link: {text}") };
            assert_eq!((link.host.as_str(), link.url.as_str()), (host, text));
        }
    }

    #[test]
    fn what_is_no_link_is_text() {
        for text in ["https://", "https:// example.org", "http://a\u{202E}b/", "ftp://example.org", "Hallo"] {
            assert!(matches!(understand(text), Code::Text(_)), "{text}");
        }
        assert_eq!(understand(" \n\u{FEFF} "), Code::Text(Note::default()));
    }
}

mod of_nobody {
    use super::*;

    #[test]
    fn codes_of_things_become_nobody() {
        let passwords = "root:x:0:0:root:/root:/bin/bash\n".repeat(nobody::MOST_LINES + 1);
        for (text, what) in [
            ("WIFI:T:WPA;S:fair;P:correct horse;;", Nobody::Wifi),
            ("wifi:S:fair;;", Nobody::Wifi),
            ("\u{FEFF} WIFI: T:WPA; S:fair; P:secret;;", Nobody::Wifi),
            ("otpauth://totp/Fair:ana?secret=JBSWY3DPEHPK3PXP", Nobody::SignIn),
            ("otpauth-migration://offline?data=CjE", Nobody::SignIn),
            ("BEGIN:VEVENT\r\nSUMMARY:Opening\r\nEND:VEVENT", Nobody::Event),
            ("begin:vcalendar\nBEGIN:VEVENT\nSUMMARY:Opening\n", Nobody::Event),
            ("geo:52.32,9.81?q=Hall+9", Nobody::Place),
            ("SMSTO:+32470123456:Hello", Nobody::Message),
            ("sms:+32470123456", Nobody::Message),
            ("upi://pay?pa=bo@bank&am=10", Nobody::Payment),
            ("bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", Nobody::Payment),
            ("BCD\n002\n1\nSCT\n\nBo Berg\nBE72000000001616\nEUR10", Nobody::Payment),
            ("BCD\r\n002\r\n1\r\nSCT", Nobody::Payment),
            ("SPC\n0200\n1\nCH4431999123000889012", Nobody::Payment),
            ("+32 470 12 34 56", Nobody::NoLetter),
            ("5901234123457", Nobody::NoLetter),
            ("🙂 …", Nobody::NoLetter),
            (passwords.as_str(), Nobody::File),
        ] {
            assert_eq!(understand(text), Code::Nobody(what), "{text}");
        }
    }

    #[test]
    fn what_is_of_a_person_stays_a_persons() {
        for text in
            ["tel:+32470123456", "mailto:bo@berg.example", "MECARD:N:Berg,Bo;;", "BEGIN:VCARD\nFN:Bo\nEND:VCARD"]
        {
            assert!(matches!(understand(text), Code::Card(_)), "{text}");
        }
        let signature = "Bo Berg\nBerg & Co\nKouter 1\n9000 Ghent\n\n+32 470 12 34 56\nbo@berg.example\nberg.example\n";
        for text in [
            signature,
            "Bitcoin: the man at the stand",
            "Geo: ask her",
            "BCD",
            "王小明",
            "WIFI",
            "Wifi: ask Bo; he has it",
            "X",
            "SPC\nBo Berg",
            "000201;Bo Berg;Berg & Co",
        ] {
            assert!(matches!(understand(text), Code::Text(_)), "{text}");
        }
    }
}

/// Everything a reader may be shown of a code, and its bound.
fn is_bounded(code: &Code) -> bool {
    match code {
        Code::Kith(payload) => payload.len() <= RAW && !payload.is_empty() && !payload.contains(char::is_whitespace),
        Code::Link(link) => link.url.as_str().len() <= RAW,
        Code::Text(note) => note.as_str().len() <= limits::NOTE,
        Code::Nobody(_) => true,
        Code::Card(card) => {
            let lists = [&card.emails, &card.phones, &card.urls];
            card.raw.len() <= RAW && lists.iter().all(|list| list.len() <= EACH)
        }
    }
}

#[test]
fn ten_megabytes_of_anything_are_cut() {
    for start in ["", "BEGIN:VCARD\nFN:", "MECARD:N:", "mailto:a@", "tel:", "https://example.org/", "KITH:"] {
        for filling in ["1", "ä", "\u{301}", "=\n", ";", "%"] {
            let text = start.to_owned() + &filling.repeat(10_000_000 / filling.len());
            assert!(is_bounded(&understand(&text)), "{start}{filling}…");
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_an_error(text in any::<String>()) {
        prop_assert!(is_bounded(&understand(&text)));
    }

    #[test]
    fn no_text_that_begins_well_is_an_error(
        start in prop::sample::select(vec!["BEGIN:VCARD\n", "BEGIN:VCARD\r\nVERSION:2.1\r\n", "MECARD:", "mailto:", "tel:",
            "https://", "https://github.com/", "KITH:", "https://a.example/c#"]),
        rest in "([A-Z]{0,4}[:;=,.\\\\%@/#\"\r\n -]|=[0-9A-F]{2}|;ENCODING=QUOTED-PRINTABLE|;ENCODING=b|;CHARSET=[a-z0-9-]{1,9}|\
            \nN|\nFN|\nADR|\nBDAY|\nREV|\nTZ|\\PC){0,60}",
    ) {
        prop_assert!(is_bounded(&understand(&(start.to_owned() + &rest))));
    }

    #[test]
    fn a_plain_name_survives(given in "\\p{L}{1,12}", family in "\\p{L}{1,12}") {
        let full = full_name(&given, &family);
        let card = card_of(&format!("BEGIN:VCARD\nVERSION:4.0\nN:{family};{given};;;\nEND:VCARD"));
        prop_assert_eq!(card.name, Name::cut(&full));
    }
}
