"""Our tables against tables that others made."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import oracles
from conftest import policy_for, program
from proc_jail import ProcRequest, _core, risk_of
from proc_jail._policy.model import names_of

# Variables that a policy may pass all the same: where a user's files are,
# how a terminal looks, credentials, and how the network is reached.
PASSED = """
AUTHSTATE AWS_CONFIG_FILE AWS_ENDPOINT_URL* AWS_PROFILE
AWS_SHARED_CREDENTIALS_FILE AWS_WEB_IDENTITY_TOKEN_FILE AZURE_AUTH_LOCATION
COLORTERM COLUMNS CONDA_* CURL_CA_BUNDLE DBUS_* DEBUGINFOD_URLS DENO_*
DISPLAY DLC_ACE DOCKER_CERT_PATH DOCKER_CONFIG DOCKER_CONTEXT DOCKER_HOST
DOCKER_TLS_VERIFY EZA_* FAKECHROOT_* FAKEROOTKEY FFMPEG_DATADIR GNUPGHOME
GONOPROXY GONOSUMCHECK GONOSUMDB GOOGLE_APPLICATION_CREDENTIALS GOPATH
GOPRIVATE GOPROXY GO_EXTLINK* GREP_COLORS HISTTIMEFORMAT HOME INPUTRC
JQ_COLORS KOTLIN_* KRB5CCNAME KRB5_KTNAME KUBECONFIG LANG LANGUAGE LC_*
LESSSECURE LINES LINGUAS LS_COLORS MAGICK_* MAIL MAILCHECK MODULE_PATH
MYSQL_HOME MYSQL_TEST_LOGIN_FILE MYVIMRC NODE_EXTRA_CA_CERTS NODE_ICU_DATA
NODE_TLS_REJECT_UNAUTHORIZED OLDPWD P11_KIT_* PATH PGPASSFILE PGSERVICEFILE
PGSSL* PKCS11_* PNPM_* PROXYCHAINS_* PWD PYTHONCASEOK PYTHONMALLOC
PYTHONPROFILEIMPORTTIME QML*_IMPORT_PATH REQUESTS_CA_BUNDLE RSYNC_PROXY
SCREENDIR SHLVL SOCKS_SERVER SOFTHSM2_CONF SSH_AUTH_SOCK SSL_CERT_DIR
SSL_CERT_FILE TEMP TEMPDIR TERM TEXINPUTS TMP TMPDIR TMUX TMUX_TMPDIR
TORSOCKS_* TSOCKS_* TZ USR_ACE UV_* VAR_ACE VIRTUAL_ENV WAYLAND_DISPLAY
XDG_CONFIG_HOME ZSTD_*
"""
ROOTS = "reads or writes what the operands and the roots allow"
PLACES = "changes names below the directory that another option names"
# Options of which our tables say that they do nothing more, and why.
HARMLESS = {
    ("base64", "-o"): "not of GNU",
    ("base64", "--output"): "not of GNU",
    ("column", "-c"): "the deadline",
    ("csplit", "-b"): PLACES,
    ("csplit", "-n"): PLACES,
    ("curl", "-k"): "weakens what is allowed to connect",
    ("curl", "--insecure"): "weakens what is allowed to connect",
    ("diff", "--line-format"): ROOTS,
    ("git", "--namespace"): "names references",
    ("git", "--super-prefix"): "is printed",
    ("git log", "-p"): "does what --textconv and --ext-diff do by default",
    ("git ls-remote", "--upload-pa"): "cut short, which its table refuses",
    ("git show", "--format"): "is printed",
    ("grep", "-P"): "the deadline",
    ("grep", "--perl-regexp"): "the deadline",
    ("grep", "-R"): ROOTS,
    ("grep", "--dereference-recursive"): ROOTS,
    ("grep", "--directories"): ROOTS,
    ("grep", "--recursive"): ROOTS,
    ("grep", "-d"): ROOTS,
    ("grep", "-r"): ROOTS,
    ("jq", "--library-path"): "not of the version that the table is of",
    ("sed", "--separate"): "the script writes, and is said to",
    ("sed", "-s"): "the script writes, and is said to",
    ("sort", "-m"): ROOTS,
    ("split", "--additional-suffix"): PLACES,
    ("tar", "--absolute-names"): "-x writes, and is said to",
    ("tar", "--transform"): "-x writes, and is said to",
    ("tar", "--xform"): "-x writes, and is said to",
    ("tar", "-P"): "-x writes, and is said to",
    ("unzip", "-K"): "the program writes without any option",
    ("unzip", "-c"): ROOTS,
    ("unzip", "-p"): ROOTS,
    ("xxd", "-r"): "the second operand is written, and its head says so",
}
# What a capability of theirs may be as an effect of ours: the strongest is
# said, and the data and configuration that curl sends or loads are files.
EFFECTS = {
    "config-load": {"config", "read"},
    "dos": {"endless", "write"},
    "exec": {"exec", "config", "write"},
    "file-delete": {"write"},
    "file-read": {"read", "write"},
    "file-write": {"write", "exec", "read"},
    "library-load": {"exec"},
    "network": {"network", "read"},
}


def test_programs(tmp_path: Path) -> None:
    harmless = shutil.copy(program("true"), tmp_path / "harmless")
    missing = []
    for row in oracles.rows("risky_bins"):
        place = tmp_path / row["binary"]
        os.link(harmless, place)
        if risk_of(place) is None:
            assert row["in_upstream_risky_rs"] == "no", row
            missing.append(row["binary"])
        place.unlink()
    # What is bounded by rules, roots or the network, and not by its name.
    assert len(missing) <= 311


def test_variables() -> None:
    listed = {row["name_or_prefix"] for row in oracles.rows("env_vars")}
    listed.remove("*=()*")  # a value, of any variable
    named = {name: name.replace("*", "X") for name in listed}
    policy = policy_for(
        program("true"), None, lambda b: b.env_allowlist(named.values())
    )
    env = dict.fromkeys(named.values(), "1")
    command = policy.prepare(ProcRequest(program("true"), [], env))
    passed = {name for name in listed if named[name] in command.env}
    assert passed == set(PASSED.split())


def test_options() -> None:
    harmless = set()
    for binary, token, capability in oracles.options():
        table = _core._program(oracles.id_of(binary))
        if table is None:
            continue
        effects = {
            row["effect"] for row in table["options"] if token in names_of(row)
        }
        if effects <= {"none"}:
            harmless.add((binary, token))
        else:
            assert effects <= EFFECTS[capability], (binary, token)
    assert harmless == set(HARMLESS)
