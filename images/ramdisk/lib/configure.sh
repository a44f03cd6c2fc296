# From a copy of the image to this machine: its own file-system UUID, its size, its files.

order_configureSystem() {
  find_ordered_disk || return 1
  has_layout "$disk" || { why="$disk is not partitioned for this"; return 1; }
  root=$(part "$disk" 3) esp=$(part "$disk" 2) srv=$(part "$disk" 4)
  fetch_for_order files.tar 120 || return $?
  unmount_all
  if [ "$(blkid -p -o value -s UUID "$root")" != "$order_rootUuid" ]; then run tune2fs -f -U "$order_rootUuid" "$root" || return 1; fi
  mkdir -p /mnt/root /mnt/esp
  run mount -t ext4 "$root" /mnt/root && run mount -t vfat "$esp" /mnt/esp || return 1
  run resize2fs "$root" || return 1
  run tar -x -f /run/sc/files.tar -C /mnt/root || return 1
  rm -f /run/sc/files.tar
  sed "s/@ROOT_UUID@/$order_rootUuid/g; s|^  linux .*|&$keep|" /mnt/root/usr/lib/system-cloud/grub.cfg.in > /mnt/root/boot/grub/grub.cfg || { why='the image has no grub.cfg.in'; return 1; }
  mkdir -p /mnt/esp/EFI/debian
  printf 'search --no-floppy --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' "$order_rootUuid" > /mnt/esp/EFI/debian/grub.cfg
  {
    printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' "$order_rootUuid"
    printf 'PARTUUID=%s /boot/efi vfat umask=0077,nofail,x-systemd.device-timeout=180s 0 0\n' "$(blkid -p -o value -s PART_ENTRY_UUID "$esp")"
    printf 'PARTUUID=%s /srv ext4 nofail,x-systemd.device-timeout=180s 0 2\n' "$(blkid -p -o value -s PART_ENTRY_UUID "$srv")"
  } > /mnt/root/etc/fstab
  sync
  run umount /mnt/esp && run umount /mnt/root
}
