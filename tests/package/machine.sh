# A machine to try a package on: what is on this one seen through an overlay, booted by its own systemd in namespaces of
# its own. What happens there stays there. To be sourced by a script that runs in its own mount and network namespace.

machine=  # the folder of the machine that is on, or was last
init=     # the process that its systemd is, as this machine counts

# Builds a machine on which none of this one's services run.
machine_make() {
    machine=$stage/$1
    local root=$machine/root
    mkdir -p "$machine"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$machine/upper,workdir=$machine/work" "$root"
    tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
    # Images for containers keep packages from starting services, and from installing documentation.
    rm -f "$root/usr/sbin/policy-rc.d" "$root"/etc/dpkg/dpkg.cfg.d/docker*
    rm -rf "$root"/etc/systemd/system/*.wants
    cp "$previous" "$current" "$root/root/"
    local unit
    for unit in systemd-logind dbus dbus.socket systemd-firstboot systemd-repart systemd-timesyncd getty.target; do
        [[ $unit == *.* ]] || unit+=.service
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
}

# Turns it on, and returns once it is up.
machine_boot() {
    unshare --mount --pid --uts --ipc --cgroup --fork --kill-child "$package_tests/boot" "$machine/root" \
        >>"$machine/console" 2>&1 &
    power=$!
    until init=$(cat "/proc/$power/task/$power/children" 2>/dev/null) && init=${init%% *} && [ -n "$init" ] &&
        [ "$(cat "/proc/$init/comm")" = systemd ]; do
        kill -0 "$power" 2>/dev/null || return 1
        sleep 0.05
    done
    until on test -S /run/systemd/private; do
        kill -0 "$power" 2>/dev/null || return 1
        sleep 0.05
    done
    # It says "degraded" if something of Debian's did not start in there, which is none of ours.
    on timeout 60 systemctl is-system-running --wait >/dev/null || true
}

# Runs a command there as root.
on() {
    nsenter --target "$init" --mount --pid --uts --ipc --cgroup -- \
        env --chdir=/root -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
}

# Shuts it down as a reboot does: every service is asked to stop. Returns once nothing of it runs.
machine_off() {
    kill -s RTMIN+4 "$init" # systemd(1): the same as `systemctl poweroff`
    machine_wait
}

# The plug is pulled.
machine_crash() {
    kill -KILL "$init"
    machine_wait
}

machine_wait() {
    wait "$power" || true
    init=
}
