//! The machine that the figures are of.

use std::path::Path;

/// Prints processors, load, and the file system below a folder.
pub fn describe(folder: &Path) {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    println!("{cpus} processors, load {load}; {}", file_system(folder).unwrap_or_else(|| "unknown disk".to_owned()));
}

/// Kind and device of the file system that a folder lies in.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    let of_folder = mounts.filter(|(_, at, _)| folder.starts_with(at)).max_by_key(|(_, at, _)| at.len())?;
    let (device, at, kind) = of_folder;
    Some(format!("{kind} on {device} at {at}"))
}

/// Memory of a process, in bytes: now, and the most since this was last asked of it.
pub fn memory_of(pid: u32) -> [f64; 2] {
    let of = |field| status_of(pid, field).unwrap_or_default() as f64 * 1024.0;
    let both = [of("VmRSS"), of("VmHWM")];
    // From now on the peak is counted anew.
    let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
    both
}

/// A line of `/proc/<pid>/status`, such as `VmRSS`, as a number.
pub fn status_of(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}
