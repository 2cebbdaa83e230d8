#!/bin/sh
# OpenSSH's own regression tests, with every session of theirs going through the gate.
#
#   test/openssh-regress/run.sh [TEST...]
#
# Needs Debian's packages openssh-tests, openssh-client and openssh-server, and the project's dependencies (npm ci). The tests are run as they
# were installed, in /usr/lib/openssh/regress. All that is changed is how their ssh gets to their sshd: by `ssh -W` over a gateway that is
# started for this, and a tunnel that stock `ssh -R` has dialled from where that sshd is. A test counts as passed only if the
# gateway's audit tells of as many sessions, with bytes both ways, as the test had.
#
# Without a name it runs exit-status, transfer, stderr-data, yes-head, broken-pipe, stderr-after-eof, envpass and try-ciphers.
# Takes about a minute. Prints one line for each test, and the logs of one that failed.
#
# Exit code: 0 all passed, 1 some failed, 2 something that it needs is not there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/node_modules/.bin:$PATH:/usr/sbin:/sbin"
export PATH
regress=/usr/lib/openssh/regress

missing() {
  echo "$0: $1" >&2
  exit 2
}
[ -f "$regress/test-exec.sh" ] || missing "OpenSSH's tests are not in $regress: apt-get install openssh-tests"
command -v ssh >/dev/null || missing 'there is no ssh: apt-get install openssh-client'
command -v sshd >/dev/null || missing 'there is no sshd: apt-get install openssh-server'
[ -d "$root/node_modules/ssh2" ] || missing 'the dependencies are not installed: npm ci'

exec node "$here/main.ts" "$regress" "$@"
