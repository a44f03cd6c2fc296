# Debian's busybox shell runs its own applets before anything in PATH, and they know fewer options: these are the real tools.
modprobe() { /usr/sbin/modprobe "$@"; }
dd() { /usr/bin/dd "$@"; }
blkid() { /usr/sbin/blkid "$@"; }
blkdiscard() { /usr/sbin/blkdiscard "$@"; }
blockdev() { /usr/sbin/blockdev "$@"; }
wipefs() { /usr/sbin/wipefs "$@"; }
sfdisk() { /usr/sbin/sfdisk "$@"; }
tune2fs() { /usr/sbin/tune2fs "$@"; }
resize2fs() { /usr/sbin/resize2fs "$@"; }
