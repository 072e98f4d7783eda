//! A server with a public address, and a firewall in front of it that nobody opened.

use kith_tests::lab::Lab;

use super::opened::until_says;

#[test]
fn ana_forgot_the_firewall_of_her_server_and_is_told_and_reached_all_the_same() {
    let Some(lab) = Lab::new() else { return };
    let (bo, dee) = (lab.public("Bo Lindqvist"), lab.public("Dee Wong"));
    // Who is called tells nothing of how they are reached: somebody has to be asked.
    bo.meets(&dee);
    let ana = lab.public("Ana Sousa");
    ana.closes_firewall();
    until_says(&ana, "address", |said| said.contains("not tried by anybody yet"));
    for server in [&bo, &dee] {
        println!("met after {:?}", ana.meets(server));
    }
    until_says(&ana, "address", |said| said.contains("did not get in"));
    until_says(&ana, "relay", |said| said.starts_with("the node"));
    until_says(&bo, "address", |said| said.starts_with("reached from everywhere at 203.0.113."));
    println!("a letter took {:?}", bo.sends(&ana, "Good to have met you."));
}
