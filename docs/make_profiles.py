"""Writes docs/profiles.md: python docs/make_profiles.py > docs/profiles.md"""

from __future__ import annotations

from proc_jail._policy.model import names_of
from proc_jail.profiles import PROFILES
from proc_jail.profiles.base import Profile, Roots, modes_of, tables_of

READS = Roots(read=("/",))

HEAD = """# Profiles

Ready rules for {count} programs, generated from the tables in
`csrc/programs/` by `python docs/make_profiles.py`:

```python
from proc_jail import ProcPolicyBuilder

builder = ProcPolicyBuilder().profile("grep", read=["/usr/share"])
policy = builder.profile("wc", read=["/usr/share"]).cwd("/usr/share").build()
```

All of them have this in common:

- An option is allowed if it only changes what is printed. Options that
  execute, reach the network or load a configuration are not; options that
  read files other than the operands are not, except those that are listed;
  options that write are allowed only with `write=[...]`, below those
  directories.
- Files must be below `read`, links followed, and the kernel lets the program
  read only these and what it needs to start.
- On Linux the kernel lets the program execute nothing. The profile of git
  depends on this, and elsewhere requires `best_effort("exec_lock")`.
- A profile is for the programs of certain makers, which their files tell: of
  GNU, unless something else is said under *made by*, and of BusyBox and uutils
  (1.35 and 0.0.30) where their options are listed. On the program of another
  maker, as macOS and the BSDs have them, `profile()` raises `ArgRulesInvalid`.
  The sed of BusyBox has no `--sandbox`: its scripts are held by the kernel
  alone, which has to be able to.
- `path=` names another copy of the program, `hosts=` the hosts of a program
  that uses the network.

The tests run the examples under *passes* and *is refused* in a small tree
that is both the working directory and the only root.
"""


def options_of(profile: Profile) -> list[str]:
    """The options that are allowed without a root to write to."""
    return [names_of(row)[0] for row in profile.options(READS)]


def lines(profile: Profile) -> list[str]:
    """What is told of one program."""
    out = [f"## {profile.name}", "", f"To {profile.title}.", ""]
    parts = profile.inner or (profile,)
    for part in parts:
        what = f"`{part.name}`: " if profile.inner else "Options: "
        options = " ".join(options_of(part)) or "none"
        out += [f"{what}`{options}`", ""]
        if len(modes := modes_of(part.options(READS))) > 1:
            out += [f"At most one of: `{' '.join(modes)}`", ""]
    if profile.force:
        out += [f"Forced: `{' '.join(profile.force)}`", ""]
    first, *others = tables_of(profile)
    if first["maker"] not in (None, "GNU"):
        out += [f"Made by: {first['maker']}", ""]
    for found in others:
        by = profile.by(found)
        options = " ".join(options_of(by)) or "none"
        forced = f", forced: `{' '.join(by.force)}`" if by.force else ""
        out += [f"Of {found['maker']}: `{options}`{forced}", ""]
    for part in profile.inner:
        if part.force:
            out += [f"Forced for {part.name}: `{' '.join(part.force)}`", ""]
    if profile.force_env:
        names = " ".join(sorted(profile.force_env))
        out += [f"Environment: `{names}`", ""]
    if profile.may_read:
        out += [f"Reads besides: `{' '.join(profile.may_read)}`", ""]
    out += ["| passes | is refused |", "|---|---|"]
    good, bad = list(profile.match), list(profile.not_match)
    for i in range(max(len(good), len(bad))):
        cells = (code(x[i]) if i < len(x) else "" for x in (good, bad))
        out.append("| " + " | ".join(cells) + " |")
    return [*out, ""]


def code(line: str) -> str:
    shown = line.replace("|", "\\|")
    return f"`{shown}`" if shown else "(no argument)"


def document() -> str:
    """The whole page."""
    count = len(PROFILES) + sum(len(p.inner) for p in PROFILES.values())
    out = [HEAD.format(count=count)]
    for name in sorted(PROFILES):
        out += lines(PROFILES[name])
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    print(document(), end="")
