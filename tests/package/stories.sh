# What happens on two machines of Ana; sourced by `play`, which says what the words mean.

# Ana sets up a node of her own.

machine_make ana
machine_boot
scene 'Ana installs the package, and is told what comes next'
told=$(on dpkg --install previous.deb 2>&1)
says "$told" 'sudo kith-service init --name'
says "$told" 'sudo systemctl start kith'
is "$(on systemctl is-enabled kith)" enabled 'the service'
is "$(on systemctl is-failed kith || true)" inactive 'a node of nobody'
says "$(on systemctl status kith 2>&1 || true)" 'ConditionPathExists=/var/lib/kith/keys was not met'

scene 'she makes it hers with these two commands'
says "$(kith init --name 'Ana Sousa' --org 'Sousa Valves')" 'Ana Sousa lives in /var/lib/kith'
on systemctl start kith
until_up
kith card set mobile '+351 912 345 678'
kith person add 'Bo Lindqvist'
is_ana
says "$(kith invite)" 'KITH:'

scene 'the node has no rights on the machine, and others have none in its home'
is "$(on ps -o user= -p "$(pid)")" kith 'who runs it'
is "$(on stat -c '%U %a' /var/lib/kith)" 'kith 700' 'whose the home is'
seen=/proc/$(pid)/root
on touch "/home/letters"
is "$(on ls "$seen/home")" '' 'what it sees of homes'
! on touch "$seen/etc/kith" 2>/dev/null || fail 'it could write into /etc'
on test -w "$seen/var/lib/kith" || fail 'it could not write in its home'
! on nsenter --target "$(pid)" --mount /bin/true 2>/dev/null || fail 'it could start other programs'

scene 'a person who may not see her node is told so'
on useradd --create-home eva
on rm -f /usr/bin/sudo
! on runuser -u eva -- ls /var/lib/kith 2>/dev/null || fail 'Eva sees the files of her home'
told=$(on runuser -u eva -- kith-service people 2>&1) && fail "Eva saw: $told"
says "$told" 'hint: become root'

scene 'it comes back when it is killed'
before=$(pid)
on kill -KILL "$before"
is_another() { [ "$(pid)" != "$before" ] && [ "$(pid)" != 0 ]; }
soon is_another
until_up
is_ana

scene 'it stops when it is told to, soon and well'
begun=$SECONDS
on systemctl stop kith
[ $((SECONDS - begun)) -le 10 ] || fail "it took $((SECONDS - begun)) s"
is "$(on systemctl show --property=Result --value kith)" success 'how it ended'
says "$(on journalctl --no-pager --output=cat -u kith)" 'Stopping.'
is_gone 7518
is_ana
on systemctl start kith
until_up

scene 'after a reboot it is there, and so is her card'
machine_off
machine_boot
until_up
is_ana

scene 'after a power cut, too'
kith person add 'Chi Tran'
machine_crash
machine_boot
until_up
is_ana
says "$(kith people)" 'Chi Tran'

scene 'she gives it other options; an upgrade keeps them, her card and her people, and runs the new program'
on sed -i 's|^KITH_UP=.*|KITH_UP="--web 127.0.0.1:7600"|' /etc/default/kith
on systemctl restart kith
until_up 7600
before=$(pid)
told=$(on dpkg --install current.deb 2>&1)
case $told in *'Nobody lives'*) fail "she is told that nobody lives there: $told" ;; esac
until_up 7600
[ "$(pid)" != "$before" ] || fail 'the old program still runs'
is "$(on readlink "/proc/$(pid)/exe")" /usr/bin/kith 'what runs'
is_ana

scene 'a service that she turned off stays off over an upgrade'
on systemctl disable --now --quiet kith
on dpkg --install current.deb >/dev/null
is "$(on systemctl is-active kith || true)" inactive 'the service'
on systemctl enable --now --quiet kith
until_up 7600

scene 'she removes the package: the node goes, the home stays'
on dpkg --remove kith >/dev/null
is_gone 7600
! on test -e /usr/bin/kith || fail 'the program is still there'
on test -s /var/lib/kith/keys || fail 'the keys are gone'

scene 'she purges it: the home stays, and she is told where'
says "$(on dpkg --purge kith 2>&1)" 'The home in /var/lib/kith is left'
is "$(on stat -c '%U %a' /var/lib/kith/keys)" 'kith 600' 'whose the keys are'
# What this machine has that this one's disk has not; a character device stands for what was deleted.
left=$(cd "$machine/upper" && find . -name '*kith*' ! -type c ! -path './var/lib/kith*' ! -path './var/log/*')
is "$left" '' 'what else is left'

scene 'she installs it again, and everything is as it was'
on dpkg --install current.deb >/dev/null
until_up 7600
is_ana
machine_off

# Other machines of hers have run for long.

# Upgrades from the version before, where that of the service is a home that the program of an earlier time left. What is
# called the version before is this very program, so it must not come to open it.
upgrade_with() {
    on dpkg --install previous.deb >/dev/null
    cp -r "tests/fixtures/$1/." "$machine/root/var/lib/kith/"
    on chown -R kith:kith /var/lib/kith
    on chmod -R u=rwX,go= /var/lib/kith
    is "$(on systemctl is-active kith || true)" inactive 'the service before the upgrade'
    on dpkg --install current.deb >/dev/null
    until_up
    is "$(on systemctl is-active kith)" active 'the service'
    is "$(on find /var/lib/kith ! -user kith -o -perm /077)" '' 'what is not for the user of the service alone'
}

# The storage as it was lies beside what became of it, so that she can go back.
is_kept() {
    diff -r "tests/fixtures/$1/store" "$machine/root/var/lib/kith/$2" || fail "$2 is not what was there"
}

machine_make workshop
machine_boot
scene 'on a machine whose home is from before there were events she upgrades, and nothing is lost'
upgrade_with home-before-events
says "$(kith people)" 'Chi Tran'
says "$(kith person show Bo)" 'wants a quote'
is_kept home-before-events store-before-agenda
on test -d /var/lib/kith/store-before-code-lists || fail 'the second change kept no copy'
machine_off

machine_make office
machine_boot
scene 'so she does on one whose home is from before codes were listed'
upgrade_with home-before-code-lists
says "$(kith invite list --open)" 'the hall'
says "$(kith people)" 'Bo Lindqvist  contact'
says "$(kith person show Bo)" 'send the quote'
is_kept home-before-code-lists store-before-code-lists

scene 'what the unit says of low ports and of a passphrase is so'
on install -d -m 700 /etc/credstore.encrypted /etc/systemd/system/kith.service.d
echo -n 'correct horse' | on systemd-creds encrypt --name=kith-passphrase - /etc/credstore.encrypted/kith-passphrase 2>/dev/null
{
    echo '[Service]'
    sed -n 's/^#\(LoadCredentialEncrypted=\)/\1/p; s/^#   \(.*=CAP_NET_BIND_SERVICE\|PrivateUsers=no\)$/\1/p' packaging/systemd/kith.service
} >"$machine/root/etc/systemd/system/kith.service.d/own.conf"
on sed -i 's|^KITH_UP=.*|KITH_UP="--web 127.0.0.1:443"|' /etc/default/kith
on systemctl daemon-reload
on systemctl stop kith
on KITH_NEW_PASSPHRASE='correct horse' kith-service passphrase >/dev/null
on systemctl start kith
until_up 443
is "$(on cat "/proc/$(pid)/root/run/credentials/kith.service/kith-passphrase")" 'correct horse' 'the passphrase'
says "$(kith doctor || true)" 'behind a passphrase'

scene 'without the passphrase the node does not run, and the log says why'
on rm -r /etc/systemd/system/kith.service.d
on sed -i 's|^KITH_UP=.*|KITH_UP="--web 127.0.0.1:7518"|' /etc/default/kith
on systemctl daemon-reload
on systemctl restart kith || true
soon on systemctl is-failed --quiet kith
is_gone 7518
says "$(on journalctl --no-pager --output=cat -n 20 -u kith)" 'nobody is there to ask'
told=$(kith people 2>&1 </dev/null) && fail "she is told without it: $told"
says "$told" '--passphrase-file'
on KITH_PASSPHRASE='correct horse' kith-service passphrase --remove >/dev/null
on systemctl restart kith
until_up

# Eva runs one of her own, as herself, on the same machine.

scene 'Eva runs one of her own with the other unit, in her own home, beside that of Ana'
on useradd --create-home eva
on install -d -m 700 -o eva -g eva /run/user/eva
# What a sign-in starts for her.
on systemd-run --quiet --unit=manager-of-eva --uid=eva --setenv=XDG_RUNTIME_DIR=/run/user/eva --working-directory=/home/eva \
    --property=Delegate=yes --property=Type=notify /lib/systemd/systemd --user
eva() { on runuser -u eva -- env XDG_RUNTIME_DIR=/run/user/eva HOME=/home/eva "$@"; }
says "$(eva kith init --name Eva)" 'Eva lives in /home/eva/.local/share/kith'
eva systemctl --user enable --now --quiet kith
soon eva kith status >/dev/null 2>&1
is "$(eva systemctl --user is-active kith)" active 'her service'
says "$(kith card show)" 'Ana Sousa'
eva systemctl --user stop kith
is "$(eva systemctl --user show --property=Result --value kith)" success 'how it ended'

scene 'the units are what systemd understands, and as tight as they say'
on systemd-analyze verify /lib/systemd/system/kith.service
eva systemd-analyze verify --user /usr/lib/systemd/user/kith.service
exposed=$(on systemd-analyze security --offline=true --no-pager /lib/systemd/system/kith.service | sed -n 's/.*: \([0-9.]*\) .*/\1/p' | tail -n 1)
echo "  exposed: $exposed of 10"
awk -v exposed="$exposed" 'BEGIN { exit !(exposed > 0 && exposed <= 1.5) }' || fail "it is exposed by $exposed of 10"
machine_off
