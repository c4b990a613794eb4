#!/usr/bin/env bash
# Makes what a guest boots from: a Debian kernel, and an initial file system of busybox, the ordinary meter and its
# shared objects.
#
#   tests/proof/guest/build.sh METER FOLDER     FOLDER/vmlinuz and FOLDER/initrd
#
# Needs what `scripts/setup.sh --power` installs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
meter=$1 folder=$2
kernel=$here/../../../target/tools/guest-kernel

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
[ -x "$meter" ] || die "there is no program $meter: cargo build --release"
[ -s "$kernel/vmlinuz" ] || die "there is no kernel for the guest: run scripts/setup.sh --power"

root=$folder/root
rm -rf "$root"
mkdir -p "$root"/{bin,proc,sys,dev,data,modules}
cp "$kernel/vmlinuz" "$folder/vmlinuz"
install "$(command -v busybox)" "$root/bin/busybox"
install "$here/init" "$root/init"
install -s "$meter" "$root/bin/meter"
# Where the program looks for them: the loader by its absolute name, the others beside it.
ldd "$meter" | grep -o '/[^ ]*' | while read -r object; do
    install -D "$object" "$root$object"
done
# In the order in which they need each other; the disk's own last, so that nothing of a disk is in the picture.
modules() {
    local list=$1 module
    shift
    for module in "$@"; do
        cp "$kernel/modules/$module.ko" "$root/modules/"
        echo "$module.ko" >>"$root/modules/$list"
    done
}
modules first virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net
modules disk virtio_blk
(cd "$root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$folder/initrd"
rm -rf "$root"
