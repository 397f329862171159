#!/bin/sh
# What the tests need from Debian: Chromium, a Chinese font, gettext, pango for PDF files. With the
# argument "slurm", what a Slurm cluster needs instead. Installs them where it may (root,
# apt); otherwise says what is missing. Under CI=true a missing one is a failure.
set -u

missing=""
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
if [ "${1:-all}" = all ]; then
    need chromium chromium
    need msgfmt gettext
    find /usr/lib /usr/local/lib -name 'libpangoft2-1.0.so.0' 2>/dev/null | grep -q . \
        || missing="$missing libpangoft2-1.0-0"
    find /usr/share/fonts /usr/local/share/fonts -iname '*NotoSansCJK*' 2>/dev/null | grep -q . \
        || missing="$missing fonts-noto-cjk"
fi
if [ "${1:-}" = slurm ]; then # for make slurm-up and make test-slurm
    PATH=$PATH:/usr/sbin:/sbin
    need munged munge
    need mariadbd mariadb-server-core
    need mariadb mariadb-client-core
    need sacctmgr slurm-client
    need slurmctld slurmctld
    need slurmd slurmd
    need slurmdbd slurmdbd
    find /usr/lib -name accounting_storage_mysql.so 2>/dev/null | grep -q . \
        || missing="$missing slurm-wlm-mysql-plugin"
fi

[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "  installing from Debian:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Debian starts what it installs; these daemons are started by us or not at all.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
    fi
    # shellcheck disable=SC2086 # one word for each package
    apt-get -qq update >/dev/null && apt-get -qq -y install --no-install-recommends $missing \
        >/dev/null && exit 0
fi

echo "These packages are missing:$missing" >&2
echo "On Debian: sudo apt-get install$missing" >&2
[ "${CI:-}" = true ] && exit 1
echo "The tests that need them will fail or be skipped." >&2
exit 0
