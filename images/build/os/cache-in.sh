#!/bin/sh
# mmdebstrap setup hook: starts from the .debs that earlier builds have fetched (SC_DEBS).
set -eu
mkdir -p "$1/var/cache/apt/archives/partial" "$SC_DEBS"
find "$SC_DEBS" -maxdepth 1 -name '*.deb' -exec cp -l -t "$1/var/cache/apt/archives" {} + 2>/dev/null ||
  find "$SC_DEBS" -maxdepth 1 -name '*.deb' -exec cp -n -t "$1/var/cache/apt/archives" {} +
if [ -n "${SC_ROOTFS:-}" ]; then
  mkdir -p "$1/etc/dpkg/dpkg.cfg.d" "$1/etc/initramfs-tools"
  cp -a "$SC_ROOTFS/etc/initramfs-tools/." "$1/etc/initramfs-tools/"
fi
