"""Writes docs/profiles.md: python docs/make_profiles.py > docs/profiles.md"""

from __future__ import annotations

from proc_jail._policy.model import names_of
from proc_jail.profiles import PROFILES
from proc_jail.profiles.base import Profile, Roots, modes_of

READS = Roots(read=("/",))

HEAD = """# Profiles

Rules that are ready for {count} programs, made by
`python docs/make_profiles.py` from the tables in `csrc/programs/`:

```python
from proc_jail import ProcPolicyBuilder

builder = ProcPolicyBuilder().profile("grep", read=["/usr/share"])
policy = builder.profile("wc", read=["/usr/share"]).cwd("/usr/share").build()
```

What all of them share:

- An option is allowed when it does nothing but change what is printed. What
  can execute, reach the network or load a configuration is not; what reads
  other files than its operands is not, but for the options that are named;
  what writes is allowed only with `write=[...]`, below those directories.
- Files have to lie below `read`, links followed, and the kernel lets the
  program read nothing else but what it needs to start.
- The kernel lets it execute nothing, where it can: on Linux. The profile of
  git depends on that, and elsewhere needs `best_effort("exec_lock")`.
- `path=` names another copy of the program, `hosts=` the hosts of a program
  that uses the network.

The lines below *passes* and *is refused* are run by the tests in a small tree
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
