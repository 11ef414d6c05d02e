"""Programs that fetch from the network."""

from __future__ import annotations

from proc_jail.profiles.base import Operand, Profile, words

CERTIFICATES = (
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/run/systemd/resolve",
)

PROFILES = (
    Profile(
        "curl",
        "fetch from hosts that the application names, by https",
        (Operand("url", "url", min=1, max=1),),
        only=words(
            "-s --silent -S --show-error -f --fail -i --include -I --head "
            "-m --max-time --connect-timeout -A --user-agent --compressed "
            "-G --get -4 --ipv4 -6 --ipv6 --retry -r --range -v --verbose"
        ),
        force=("-q", "--proto", "=https", "--globoff", "--max-redirs", "0"),
        may_read=CERTIFICATES,
        match=("-sS https://example.com/", "-fI https://example.com/x?y=1"),
        not_match=(
            "-o x https://example.com/",
            "-K a.txt https://example.com/",
            "--config a.txt https://example.com/",
            "-L https://example.com/",
            "-x http://p https://example.com/",
            "-d @a.txt https://example.com/",
            "-k https://example.com/",
            "file:///etc/passwd",
            "https://example.org/",
            "https://example.com@evil.test/",
        ),
    ),
)
