export interface PrincipalsScriptOptions {
  /** Who the machine is, in lower case. */
  readonly targetId: string;
  /** Where a file for each user is that may be logged in as; undefined lets any be. Of characters that a shell takes as they are. */
  readonly usersDir: string | undefined;
  /** The longest life of a certificate that is taken; any, if undefined. */
  readonly longestMs: number | undefined;
}

/** Where sshd's arguments are: the OS user, the type of the certificate, its base64. */
export const principalsScriptTokens = '%u %t %k';

/**
 * The program that sshd asks for the principals which a certificate may have (`AuthorizedPrincipalsCommand`): POSIX sh, od, base64 and awk. It reads
 * the certificate itself (OpenSSH's PROTOCOL.certkeys), since a key id can make `ssh-keygen -L` print anything; sshd has checked the authority's
 * signature by then. What it does not understand has no principals.
 */
export function principalsScript({ targetId, usersDir, longestMs }: PrincipalsScriptOptions): string {
  return template
    .replace('@TARGET@', targetId)
    .replace('@USERS@', usersDir ?? '')
    .replace('@LONGEST@', longestMs === undefined ? '' : String(Math.floor(longestMs / 1000)));
}

const template = String.raw`#!/bin/sh
# Written by "porthole agent setup"; "porthole agent remove" takes it away.
# sshd calls it: principals-command USER TYPE BASE64. It prints the principal that lets a certificate in as that user, or nothing.
# principals-command --life TYPE BASE64 prints for how many seconds a certificate is valid in all.
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
set -fu
target='@TARGET@'
users='@USERS@'
longest='@LONGEST@'

# The whole life of a certificate in seconds; fails for what is none, and for what is valid without end.
life() {
  printf '%s' "$2" | base64 -d 2>/dev/null | od -An -v -tx1 | awk -v type="$1" '
    function fail() { failed = 1; exit 1 }
    function octet() { if (at >= count) fail(); return bytes[at++] }
    function number(size,  value) { value = 0; while (size-- > 0) value = value * 256 + octet(); return value }
    function skip(  size) { size = number(4); if (size > count - at) fail(); at += size }
    function text(  size, all) { size = number(4); if (size > 64) fail(); all = ""; while (size-- > 0) all = all sprintf("%c", octet()); return all }
    BEGIN {
      fields["ssh-ed25519-cert-v01@openssh.com"] = 1
      fields["ssh-rsa-cert-v01@openssh.com"] = 2
      fields["ecdsa-sha2-nistp256-cert-v01@openssh.com"] = 2
      fields["ecdsa-sha2-nistp384-cert-v01@openssh.com"] = 2
      fields["ecdsa-sha2-nistp521-cert-v01@openssh.com"] = 2
      fields["sk-ssh-ed25519-cert-v01@openssh.com"] = 2
      fields["sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"] = 3
      digits = "0123456789abcdef"
    }
    { for (i = 1; i <= NF; i++) bytes[count++] = 16 * index(digits, substr($i, 1, 1)) + index(digits, substr($i, 2, 1)) - 17 }
    END {
      if (failed || !(type in fields) || text() != type) exit 1
      skip()                                        # the nonce
      for (i = fields[type]; i > 0; i--) skip()     # the public key
      number(8)                                     # the serial
      if (number(4) != 1) exit 1                    # for a user
      skip()                                        # the key id
      skip()                                        # the principals
      after = number(8)
      before = number(8)
      # Beyond that a number is not exact here, and no such time is meant.
      if (before >= 9007199254740992 || after >= before) exit 1
      printf "%d\n", before - after
    }'
}

if [ "$#" -ne 3 ]; then exit 1; fi
if [ "$1" = --life ]; then
  life "$2" "$3"
  exit
fi
case $1 in
  '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._@+-]*) exit 1 ;;
esac
if [ -n "$users" ] && [ ! -f "$users/$1" ]; then exit 1; fi
if [ -n "$longest" ]; then
  seconds=$(life "$2" "$3") || exit 1
  case $seconds in
    '' | *[!0-9]*) exit 1 ;;
  esac
  [ "$seconds" -le "$longest" ] || exit 1
fi
printf 'vm:%s/%s\n' "$target" "$1"
`;
