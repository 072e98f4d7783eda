//! Machines that are stolen, lost, restored and taken off the network in any order: when it is over, whoever were contacts
//! write to each other as before. `KITH_LONG=1` plays a thousand such stories.

use kith_protocol::engine::replaced_since;
use kith_protocol::identity::Reason;
use kith_protocol::store::MemoryStore;
use kith_protocol::time::Timestamp;
use kith_tests::e2e::is_long;
use kith_tests::sim::{Who, World};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{DAY, HOUR, meet};

/// What can happen to one of them.
#[derive(Clone, Copy, Debug)]
enum Calamity {
    /// The key changes, as a habit.
    Rotates,
    /// The machine was stolen, and the owner goes on from its disk with another key.
    IsStolen,
    /// The machine is gone; the newest backup is put on another one.
    GoesOnFromBackup,
    /// The same, and the machine was stolen.
    GoesOnFromBackupWithAnotherKey,
    /// Machine and backups are gone; the words and a contact are there.
    RecoversBy(usize),
    /// An old copy of the disk is put back by somebody who knows no better.
    GetsAnOldDisk,
    /// The machine is off, or on again.
    Switches,
    /// Nobody reaches the others, or everybody does again.
    IsCutOff,
    /// A backup is made.
    BacksUp,
}

/// That many happen to three people.
const CALAMITIES: usize = 3;

struct Village {
    world: World,
    people: Vec<Who>,
    backups: Vec<(MemoryStore, Timestamp)>,
    chance: StdRng,
    /// A machine was changed, of which capsules that contacts keep do not tell yet.
    has_moved: bool,
    told: Vec<String>,
}

impl Village {
    fn of_three(seed: u64) -> Self {
        let mut world = World::new(seed);
        let people: Vec<Who> = ["Ana", "Bo", "Chi"].map(|name| world.person(name)).to_vec();
        for (number, one) in people.iter().enumerate() {
            for other in people.iter().skip(number + 1) {
                meet(&mut world, *one, *other);
            }
        }
        // Capsules are sent within the day.
        world.run_for(2 * DAY);
        let backups = people.iter().map(|who| (world.copies(*who), world.clock(*who))).collect();
        Self { world, people, backups, chance: StdRng::seed_from_u64(seed), has_moved: false, told: Vec::new() }
    }

    fn something_happens(&mut self) {
        let (number, other): (usize, usize) = (self.chance.random_range(0..3), self.chance.random_range(0..3));
        let calamity = match self.chance.random_range(0..9) {
            0 => Calamity::Rotates,
            1 => Calamity::IsStolen,
            2 => Calamity::GoesOnFromBackup,
            3 => Calamity::GoesOnFromBackupWithAnotherKey,
            4 if other != number && !self.has_moved => Calamity::RecoversBy(other),
            5 => Calamity::GetsAnOldDisk,
            6 => Calamity::Switches,
            7 => Calamity::IsCutOff,
            _ => Calamity::BacksUp,
        };
        let pause = [0, 5, 120, HOUR, 9 * HOUR, 3 * DAY, 16 * DAY][self.chance.random_range(0..7_usize)];
        self.told.push(format!("{} {calamity:?}, then {pause} s", self.name(number)));
        match calamity {
            Calamity::GoesOnFromBackup | Calamity::GoesOnFromBackupWithAnotherKey | Calamity::RecoversBy(_) => {
                self.changes_machine(calamity, number);
            }
            _ => self.happens(calamity, number),
        }
        self.world.run_for(pause);
    }

    /// Of two who change machines at once, and whom nobody hosts, neither knows where the other is. So here they do it one
    /// after the other, and the others' backups know where the first is before the next one needs theirs.
    fn changes_machine(&mut self, calamity: Calamity, number: usize) {
        self.all_see_each_other();
        self.world.run_for(HOUR);
        self.happens(calamity, number);
        self.world.run_for(HOUR);
        self.has_moved = true;
        for other in (0..self.people.len()).filter(|other| *other != number) {
            self.happens(Calamity::BacksUp, other);
        }
    }

    fn happens(&mut self, calamity: Calamity, number: usize) {
        let (who, world) = (self.people[number], &mut self.world);
        let (backup, made) = self.backups[number].clone();
        match calamity {
            Calamity::Rotates => world.rotates(who, Reason::Routine),
            Calamity::IsStolen => world.rotates(who, Reason::Compromised),
            Calamity::GoesOnFromBackup => world.restores_backup_of(who, backup, made),
            Calamity::GoesOnFromBackupWithAnotherKey => {
                world.restores_backup_of(who, backup, made);
                world.rotates(who, Reason::Compromised);
            }
            Calamity::RecoversBy(other) => {
                let helper = self.people[other];
                if !world.home(helper).online {
                    return;
                }
                let code = world.shows_live(helper, "At the table");
                let words = world.home(who).words.clone();
                if world.asks_back(&words, &code, 0).is_some() {
                    world.recovers_by(who, &code).unwrap();
                }
            }
            Calamity::GetsAnOldDisk => world.restores(who, backup),
            Calamity::Switches if world.home(who).online => world.goes_offline(who),
            Calamity::Switches => world.comes_online(who),
            Calamity::IsCutOff if world.home(who).part == 0 => world.splits(&[who]),
            Calamity::IsCutOff => world.heals(),
            Calamity::BacksUp => self.backups[number] = (world.copies(who), world.clock(who)),
        }
    }

    fn all_see_each_other(&mut self) {
        for who in &self.people {
            self.world.comes_online(*who);
        }
        self.world.heals();
    }

    /// All machines are on and see each other, for a while.
    fn all_is_well_again(&mut self) {
        self.all_see_each_other();
        self.world.run_for(2 * DAY);
        for one in self.people.clone() {
            for other in self.people.clone().into_iter().filter(|other| *other != one) {
                // Whose home has gone on elsewhere writes nothing more.
                let _ = self.world.tries_to_write(one, other, "I am back.");
            }
        }
        self.world.run_for(2 * DAY);
        // A machine that was put back to before its key changed, or before it was replaced, has stopped and said so.
        for number in 0..self.people.len() {
            if self.is_silent(number) {
                self.told.push(format!("{} says that it goes on here", self.name(number)));
                self.world.goes_on_here(self.people[number]);
            }
        }
        self.world.run_for(9 * DAY);
    }

    fn is_silent(&self, number: usize) -> bool {
        replaced_since(&self.world.home(self.people[number]).store).unwrap().is_some()
    }

    fn name(&self, number: usize) -> &str {
        &self.world.home(self.people[number]).name
    }

    /// Who does not get what another writes, with what their nodes know of each other.
    fn unheard(&mut self) -> Vec<String> {
        let pairs = self.people.iter().flat_map(|one| self.people.iter().map(|other| (*one, *other)));
        let pairs: Vec<(Who, Who)> = pairs.filter(|(one, other)| one != other).collect();
        for (one, other) in &pairs {
            self.world.writes(*one, *other, TEXT);
        }
        self.world.run_for(2 * DAY);
        let is_unheard = |(one, other): &&(Who, Who)| !self.world.texts(*other, *one).iter().any(|text| text == TEXT);
        pairs.iter().filter(is_unheard).map(|(one, other)| self.world.story_of(*one, *other)).collect()
    }
}

const TEXT: &str = "How are you?";

#[test]
fn whatever_happens_to_their_machines_contacts_write_to_each_other_again() {
    let seeds = if is_long() { 1_000 } else { 60 };
    let mut failed = Vec::new();
    for seed in 0..seeds {
        let mut village = Village::of_three(seed);
        for _ in 0..CALAMITIES {
            village.something_happens();
        }
        village.all_is_well_again();
        let unheard = village.unheard();
        if !unheard.is_empty() || (0..village.people.len()).any(|number| village.is_silent(number)) {
            println!("seed {seed}: {:#?}\n{}", village.told, unheard.join("\n\n"));
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "{failed:?} of {seeds}");
}
