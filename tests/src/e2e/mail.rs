//! A mail server, as plain as one may be.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The password that the mail server knows, of the login `ana`.
pub const MAIL_PASSWORD: &str = "correct-horse-battery";

/// A mail server on this machine; where it is, and what it takes.
pub fn mail_server() -> (String, Receiver<String>) {
    mail_server_at("127.0.0.1:0")
}

/// A mail server at a place of this machine.
pub fn mail_server_at(place: &str) -> (String, Receiver<String>) {
    let socket = TcpListener::bind(place).unwrap();
    let url = format!("smtp://{}", socket.local_addr().unwrap());
    let (taken, mails) = channel();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            // Whoever breaks off is the subject of other tests.
            let _ = talk(stream.unwrap(), &taken);
        }
    });
    (url, mails)
}

fn talk(mut stream: TcpStream, taken: &Sender<String>) -> std::io::Result<()> {
    let known = data_encoding::BASE64.encode(format!("\0ana\0{MAIL_PASSWORD}").as_bytes());
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut say = |words: &str| stream.write_all(format!("{words}\r\n").as_bytes());
    say("220 here")?;
    while let Some(line) = lines.next().transpose()? {
        match line.split(' ').next().unwrap_or_default() {
            "EHLO" => say("250-here\r\n250 AUTH PLAIN")?,
            "AUTH" if line.ends_with(&known) => say("235 welcome")?,
            "AUTH" => say(&format!("535 who says {line}?"))?,
            "DATA" => {
                say("354 go on")?;
                let mut mail = String::new();
                while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                taken.send(mail).unwrap();
                say("250 taken as 4711")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
    Ok(())
}
