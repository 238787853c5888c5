"""Packages out of the Debian archive, without installing any.

A private apt state (own sources, lists, cache and an empty status file) keeps the system's package
lists and packages as they are, and lets an ordinary user do it. apt checks every file against the
archive's signature with Debian's own keyring. The archive's address is the one that this machine's apt
is set up with; it is written down nowhere, so mirrors and proxies go on working.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import cache

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
RELEASES = set("oldoldstable oldstable stable testing unstable sid bullseye bookworm trixie forky duke".split())
ARCHIVE_VARIABLE = "SRJ_DEBIAN_ARCHIVE"


def unpack(suite, packages, target):
    """Download packages of a suite and unpack them into the folder `target`."""
    need("dpkg", "apt-get")
    state = cache.folder("apt", suite)
    with cache.lock("apt-" + suite):
        options = _refresh(suite, state)
        debs = state / "debs"
        cache.remove(debs)
        debs.mkdir()
        cache.run(["apt-get", *options, "-qq", "download", *packages], "Downloading from Debian's " + suite, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            cache.run(["dpkg", "-x", deb, target], "Unpacking " + deb.name)
        cache.remove(debs)


def version(suite, package):
    """Return the version of a package in the lists fetched last."""
    state = cache.folder("apt", suite)
    found = subprocess.run(
        ["apt-cache", *_options(state), "show", "--no-all-versions", package], capture_output=True, text=True
    )
    match = re.search(r"^Version: (\S+)", found.stdout, re.M)
    return match.group(1) if match else ""


def dangling_links(target):
    """List the symbolic links under a folder that point to nothing."""
    return [path for path in Path(target).rglob("*") if path.is_symlink() and not path.exists()]


def install(packages):
    """Install packages on the system, which only root can do; others get the command to ask for."""
    command = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise cache.SetupError("not here, and only root can install it: %s" % command)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with cache.lock("apt-system"), cache.step("installing " + " ".join(packages)):
        try:
            cache.run(command.split(), command, env=environment)
        except cache.SetupError:
            # the usual reason: package lists that are old, or were never fetched
            cache.run(["apt-get", "-qq", "update"], "apt-get update", env=environment)
            cache.run(command.split(), command, env=environment)


def need(*programs):
    """Raise unless these programs are on the machine."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        raise cache.SetupError(
            "%s not found: this way of getting Odoo needs Debian or Ubuntu. Elsewhere, point ODOO_SOURCE at "
            "an Odoo source tree." % ", ".join(missing)
        )


def _options(state):
    """Return the options that make apt use a private state and nothing of the system's."""
    settings = {
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::State": state / "state",
        "Dir::Cache": state / "cache",
        # an empty one: with the system's, versions installed here would win over the suite's
        "Dir::State::status": state / "status",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # as root apt would download as another user, who may not enter this folder
        "APT::Sandbox::User": "root",
        **dict.fromkeys(("Dir::Etc::SourceParts", "Dir::Etc::Preferences", "Dir::Etc::PreferencesParts"), "/dev/null"),
    }
    return [part for setting in settings.items() for part in ("-o", "%s=%s" % setting)]


def _refresh(suite, state):
    """Fetch the suite's package list; return the options to use it with."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    options, problems = _options(state), []
    for address in _archives():
        cache.write(state / "sources.list", "deb [signed-by=%s] %s %s main\n" % (_keyring(), address, suite))
        try:
            # update is content with old lists unless told that any failure is one
            cache.run(
                ["apt-get", *options, "-qq", "-o", "APT::Update::Error-Mode=any", "update"],
                "Fetching the package list of Debian's %s" % suite,
            )
            return options
        except cache.SetupError as error:
            problems.append(str(error))
    raise cache.SetupError("\n".join(problems))


def _keyring():
    for path in KEYRINGS:
        if os.path.exists(path):
            return path
    raise cache.SetupError(
        "Debian's archive keys are not here, so nothing from it could be checked: "
        "apt-get install debian-archive-keyring"
    )


def _archives():
    """Return the addresses under which this machine's apt knows the Debian archive, likely ones first."""
    given = os.environ.get(ARCHIVE_VARIABLE)
    if given:
        return [given]
    found = [uri for uri, origin, label, _release in _index_targets() if origin == "Debian" and label == "Debian"]
    # before the first `apt-get update` apt does not know the origin; then the suites' names tell
    found += [uri for uri, _origin, _label, release in _index_targets("--no-release-info") if release in RELEASES]
    if not found:
        raise cache.SetupError(
            "this machine's apt knows no Debian archive (on Ubuntu that is so from the start). Either set "
            "%s to the address of a Debian archive, with the package debian-archive-keyring installed, or "
            "point ODOO_SOURCE at an Odoo source tree." % ARCHIVE_VARIABLE
        )
    return list(dict.fromkeys(found))


def _index_targets(*options):
    """Return (address, origin, label, release) of each package list that apt is set up with."""
    form = "$(REPO_URI)\t$(ORIGIN)\t$(LABEL)\t$(RELEASE)"
    done = subprocess.run(
        ["apt-get", "indextargets", *options, "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
    )
    return [tuple(line.split("\t")) for line in done.stdout.splitlines() if line.count("\t") == 3]
