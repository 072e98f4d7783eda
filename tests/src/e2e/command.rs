//! Running a command to its end.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;

/// Characters of a command line that are shown when it fails.
const LINE: usize = 500;

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The command line.
    pub line: String,
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

impl Said {
    /// It went well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It failed with this exit code, and said every one of `words` on standard error, nothing on standard output.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} was not said\n{self}");
        }
        assert!(!self.err.contains("panicked"), "{self}");
        assert_eq!(self.out, "", "a failure speaks on standard error\n{self}");
        self
    }

    /// Standard output as JSON, in snake_case throughout.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"));
        assert_snake_case(&value, &self.line);
        value
    }

    /// Standard error as the JSON of an error.
    #[track_caller]
    pub fn json_error(&self) -> Value {
        let value: Value = serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"));
        assert_snake_case(&value, &self.line);
        value["error"].clone()
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        writeln!(f, "exit {:?} after {:?}", self.code, self.took)?;
        writeln!(f, "stdout: {}", self.out)?;
        write!(f, "stderr: {}", self.err)
    }
}

#[track_caller]
fn assert_snake_case(value: &Value, line: &str) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| assert_snake_case(value, line)),
        Value::Object(pairs) => {
            for (key, value) in pairs {
                let is_snake =
                    key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                assert!(is_snake, "{key:?} is not snake_case: {line}");
                assert_snake_case(value, line);
            }
        }
        _ => {}
    }
}

/// Runs a command with `input` on standard input, within [`PATIENCE`].
#[track_caller]
pub fn run(command: &mut Command, input: &[u8]) -> Said {
    let line: String = format!("{command:?}").chars().take(LINE).collect();
    let begun = Instant::now();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
    let (mut stdin, stdout, stderr) = (child.stdin.take().unwrap(), child.stdout.take(), child.stderr.take());
    let input = input.to_vec();
    // A command that reads no input, or not all of it, closes the pipe.
    std::thread::spawn(move || drop(stdin.write_all(&input)));
    let (out, err) = (collect(stdout), collect(stderr));
    let in_time = |said: &mpsc::Receiver<String>| said.recv_timeout(PATIENCE.saturating_sub(begun.elapsed()));
    let (Ok(out), Ok(err)) = (in_time(&out), in_time(&err)) else {
        let _ = child.kill();
        panic!("not done after {PATIENCE:?}: {line}");
    };
    let code = child.wait().unwrap().code();
    Said { line, code, out, err, took: begun.elapsed() }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
