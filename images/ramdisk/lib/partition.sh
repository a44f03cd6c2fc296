# The layout that BIOS and UEFI both boot: 1 boot code (at 1 MiB, where images/build/bios-boot.ts expects it), 2 ESP, 3 root, 4 data.

type_bios=21686148-6449-6E6F-744E-656564454649
type_esp=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
type_root=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
# Not the GUID for /srv: systemd would then mount it by itself, as something that the boot must wait for and fail without.
type_srv=0FC63DAF-8483-4772-8E79-3D69D8477DE4

# Half of the disk for the system, between 6 and 24 GiB; the rest is data.
root_mib() {
  half=$((($(cat /sys/block/$1/size) / 2048 - 131) / 2))
  [ $half -gt 24576 ] && half=24576
  [ $half -lt 6144 ] && half=6144
  echo $half
}

# has_layout DISK: whether it was partitioned here before.
has_layout() {
  [ "$(sfdisk -d /dev/$1 2>/dev/null | sed -n 's/.*name="\([^"]*\)".*/\1/p' | tr '\n' ' ')" = 'sc-bios sc-esp sc-root sc-srv ' ]
}

wait_for_partitions() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -b "$(part "$1" 4)" ] && return 0
    run blockdev --rereadpt /dev/$1
    sleep 0.5
  done
  why="the kernel did not see the new partitions of $1"
  return 1
}

order_partitionDisk() {
  find_ordered_disk || return 1
  if [ $(($(cat /sys/block/$disk/size) / 2048)) -lt 6400 ]; then why="$disk is smaller than 6400 MiB"; return 1; fi
  if [ "$order_keepData" = 1 ] && has_layout "$disk"; then
    log i "$disk keeps its partitions and its data"
    wait_for_partitions "$disk" || return 1
    blkid -p "$(part "$disk" 4)" >/dev/null 2>&1 && return 0
  else
    wipe_signatures || return 1
    # Some disks ask for a larger alignment than 1 MiB; BIOS boot code does not move.
    cat > /run/sc/layout <<EOF
label: gpt
start=1MiB, size=1MiB, type=$type_bios, name="sc-bios"
start=2MiB, size=128MiB, type=$type_esp, name="sc-esp"
start=130MiB, size=$(root_mib "$disk")MiB, type=$type_root, name="sc-root"
type=$type_srv, name="sc-srv"
EOF
    run sfdisk --wipe always --wipe-partitions always /dev/$disk < /run/sc/layout || return 1
    wait_for_partitions "$disk" || return 1
  fi
  run mkfs.ext4 -q -F -L sc-srv -E nodiscard "$(part "$disk" 4)"
}
