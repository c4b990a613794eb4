#!/usr/bin/env bash
# Makes stand-ins for the base images where none can be pulled: from Debian's packages, under the public tags, and only
# where the engine has no image of that tag and cannot pull one either. Everybody else simply pulls.
#
#   tests/compose/standin.sh runtime           debian:bookworm-slim
#   tests/compose/standin.sh runtime rust      also rust:1-bookworm, with this machine's Rust toolchain in it
#   tests/compose/standin.sh runtime postgres  also postgres:15-bookworm, with Debian's PostgreSQL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

present() { docker image inspect "$1" >/dev/null 2>&1 || timeout 120 docker pull --quiet "$1" >/dev/null 2>&1; }

runtime() {
    local tag=debian:bookworm-slim start=$SECONDS
    if present "$tag"; then
        echo "standin: $tag is here"
        return
    fi
    /usr/sbin/debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; exit 1; }
    # What the slim image leaves out as well.
    rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/* \
        "$work"/root/usr/share/{doc,man,locale,info}/*
    echo 'deb http://deb.debian.org/debian bookworm main' >"$work/root/etc/apt/sources.list"
    # As the public image has it: packages come without their manuals, and apt keeps no archives.
    printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n' >"$work/root/etc/dpkg/dpkg.cfg.d/slim"
    echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };' >"$work/root/etc/apt/apt.conf.d/clean"
    tar -C "$work/root" -c . | docker import --change 'CMD ["bash"]' - "$tag" >/dev/null
    rm -rf "$work/root"
    echo "standin: $tag made in $((SECONDS - start)) s"
}

rust() {
    local tag=rust:1-bookworm start=$SECONDS toolchain
    if present "$tag"; then
        echo "standin: $tag is here"
        return
    fi
    toolchain=$(rustc --print sysroot)
    mkdir -p "$work/rust"
    cp -a "$toolchain" "$work/rust/toolchain"
    # This machine may trust authorities of its own, without which its package registry cannot be reached.
    cp -L /etc/ssl/certs/ca-certificates.crt "$work/rust/"
    cat >"$work/rust/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends build-essential ca-certificates git && rm -rf /var/lib/apt/lists/*
COPY ca-certificates.crt /etc/ssl/certs/
COPY toolchain /usr/local/rustup/toolchains/stable
ENV PATH=/usr/local/rustup/toolchains/stable/bin:$PATH CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup
DOCKERFILE
    docker build --quiet --tag "$tag" "$work/rust" >/dev/null
    rm -rf "$work/rust"
    echo "standin: $tag made in $((SECONDS - start)) s"
}

postgres() {
    local tag=postgres:15-bookworm start=$SECONDS
    if present "$tag"; then
        echo "standin: $tag is here"
        return
    fi
    docker build --quiet --tag "$tag" "$here/postgres" >/dev/null
    echo "standin: $tag made in $((SECONDS - start)) s"
}

for image in "$@"; do
    case $image in
        runtime | rust | postgres) "$image" ;;
        *) echo "error: no stand-in called $image (runtime, rust, postgres)" >&2; exit 2 ;;
    esac
done
