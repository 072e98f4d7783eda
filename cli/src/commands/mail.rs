//! `kith mail`: once a day a mail to myself, if something waits.

use axum::http::Method;
use kith_node::api::{MailForm, MailTried};
use serde_json::{Value, json};

use crate::args::{Mail, MailCommand, SetMail};
use crate::client::Client;
use crate::out;
use crate::passphrase;
use crate::trouble::Trouble;

/// Shows, sets, tries or ends it.
pub async fn run(client: &Client, mail: &Mail, json: bool) -> Result<(), Trouble> {
    match &mail.command {
        None => show(client.get("/mail").await?, json),
        Some(MailCommand::Set(set)) => {
            let form: MailForm = client.ask(Method::PUT, "/mail", Some(&wanted(set)?)).await?;
            show(Some(form), json)?;
            out::aside("kith mail test sends one now.");
            super::mention_unless_running(client, "No mail comes from here", "mail comes while kith up runs");
            Ok(())
        }
        Some(MailCommand::Test) => {
            let tried: MailTried = client.post("/mail/test", &Value::Null).await?;
            if json {
                return out::json(&tried);
            }
            out::say(format!("Sent. The server says: {}", tried.answer));
            Ok(())
        }
        Some(MailCommand::Off) => {
            let _: Value = client.ask(Method::DELETE, "/mail", None).await?;
            if json {
                return out::json(&json!({ "off": true }));
            }
            out::say("Off. No mail is sent any more, and the password is forgotten.");
            Ok(())
        }
    }
}

fn wanted(set: &SetMail) -> Result<Value, Trouble> {
    let asks = set.login.is_some() && !set.by_credential;
    let password = asks.then(|| passphrase::known(&passphrase::MAIL, set.password_file.as_deref())).transpose()?;
    Ok(json!({
        "server": set.server, "from": set.from, "to": set.to, "at": set.at, "names": set.mail_names, "login": set.login,
        "password": password.as_ref().map(|password| password.as_str()),
    }))
}

fn show(form: Option<MailForm>, json: bool) -> Result<(), Trouble> {
    if json {
        return out::json(&form);
    }
    let Some(form) = form else {
        out::aside("No mail is sent: kith mail set says by which server, to whom and when.");
        return Ok(());
    };
    let names = if form.names { "with names" } else { "without names" };
    out::say(format!("To {} each day at {}, if something waits; {names}.", form.to, form.at));
    out::say(format!("  from    {}", form.from));
    out::say(format!("  server  {}", form.server));
    if let (Some(login), Some(password)) = (&form.login, &form.password) {
        let place = if password == "stored" { "sealed in the home" } else { "with the service manager" };
        out::say(format!("  login   {login}, the password {place}"));
    }
    if let Some(sent) = &form.sent {
        out::say(format!("  sent    {}", out::when(sent)));
    }
    if let Some(trouble) = &form.trouble {
        out::say(format!("  The last one could not be sent: {trouble} (kith doctor says what to do)"));
    }
    Ok(())
}
