//! How much a node does for others, as its owner says.

use kith_tests::e2e::Someone;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// What the node passes on in a day at most, and what may lie in the mailboxes that it holds, if it holds any.
fn bounds(of: &Someone) -> [Option<u64>; 2] {
    let api = of.api();
    ["kith_passed_on_most_bytes", "kith_held_most_bytes"].map(|name| api.metric(name).unwrap())
}

fn starts_again_with(who: &mut Someone, also: &[&str]) {
    who.stop();
    who.also = also.iter().map(|arg| (*arg).to_owned()).collect();
    who.start();
}

#[test]
fn what_a_node_does_for_others_is_said_once_and_counts_until_something_else_is_said() {
    let mut ana = Someone::up("Ana Sousa");
    assert_eq!(bounds(&ana), [Some(10 * GIB), Some(GIB)], "nothing was ever said");
    starts_again_with(&mut ana, &["--relay-at-most", "500MiB/day", "--mailboxes-at-most", "2GiB"]);
    assert_eq!(bounds(&ana), [Some(500 * MIB), Some(2 * GIB)]);
    starts_again_with(&mut ana, &[]);
    assert_eq!(bounds(&ana), [Some(500 * MIB), Some(2 * GIB)], "it is remembered");
    starts_again_with(&mut ana, &["--mailboxes-at-most", "3GiB"]);
    assert_eq!(bounds(&ana), [Some(500 * MIB), Some(3 * GIB)], "the other one stays");
    starts_again_with(&mut ana, &["--relay-at-most", "0"]);
    // What does not pass a letter on holds none.
    assert_eq!(bounds(&ana), [Some(0), None]);
    starts_again_with(&mut ana, &[]);
    assert_eq!(bounds(&ana), [Some(0), None]);
}

#[test]
fn what_is_no_size_is_refused_with_an_example() {
    let ana = Someone::at_home("Ana Sousa");
    for option in ["--relay-at-most", "--mailboxes-at-most"] {
        for nonsense in ["lots", "10", "10GB", "-1GiB", "1.5GiB", "99999999999TiB"] {
            let given = format!("{option}={nonsense}");
            ana.kith(["up", &given]).fails(2, &[option, "is no size such as 500MiB or 10GiB"]);
        }
    }
}
