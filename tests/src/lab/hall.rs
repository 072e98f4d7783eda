//! A switch in a hall, without any way out.

use std::process::Command;

use super::Lab;
use super::resident::Resident;
use super::space::Space;

/// A switch, on which there are laptops and nothing else: no router, no server, no name of anything.
#[derive(Debug)]
pub struct Hall {
    switch: Space,
}

/// A place on the switch for a program that is no node.
#[derive(Debug)]
pub struct Corner {
    space: Space,
    /// The address there.
    pub address: String,
}

impl Lab {
    /// A hall of its own, apart from the internet.
    pub fn hall(&self) -> Hall {
        let (switch, _) = self.space("hall");
        switch.ip(&["link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0"]);
        switch.ip(&["link", "set", "br0", "up"]);
        Hall { switch }
    }

    /// Somebody with a laptop in the hall.
    pub fn laptop(&self, hall: &Hall, name: &'static str) -> Resident {
        let (space, host) = self.space(name);
        hall.plug(&space, host);
        Resident::new(name, space, None, host)
    }

    /// A place in the hall for a program that is no node.
    pub fn corner(&self, hall: &Hall, name: &str) -> Corner {
        let (space, host) = self.space(name);
        hall.plug(&space, host);
        Corner { space, address: inside(host) }
    }
}

impl Hall {
    fn plug(&self, space: &Space, host: u8) {
        let port = format!("port{host}");
        space.wire("eth0", &self.switch, &port);
        self.switch.ip(&["link", "set", &port, "master", "br0"]);
        space.address("eth0", &format!("{}/24", inside(host)));
    }
}

fn inside(host: u8) -> String {
    format!("192.168.77.{host}")
}

impl Resident {
    /// The hall gives out other addresses than last time.
    pub fn gets_another_address_in_the_hall(&self) {
        self.space.ip(&["address", "delete", &format!("{}/24", inside(self.host)), "dev", "eth0"]);
        self.space.address("eth0", &format!("{}/24", inside(self.host + 100)));
    }

    /// A program on their machine, other than the node.
    pub fn program(&self, program: &std::path::Path) -> Command {
        self.space.program(program)
    }
}

impl Corner {
    /// A program there.
    pub fn program(&self, program: &std::path::Path) -> Command {
        self.space.program(program)
    }
}
