# Leaving the ramdisk.

# our_disk: the one disk that carries our layout, where the order does not name it.
our_disk() {
  disk= found=0
  for name in $(disk_names); do has_layout "$name" && { disk=$name found=$((found + 1)); }; done
  [ $found = 1 ]
}

# BootNext=the disk, once; the order of the firmware's list is left as it was found, our entry at its end.
set_boot_next() {
  efibootmgr > /run/sc/efi 2>&1 || { log w "no boot entries: $(head -n 1 /run/sc/efi)"; return 1; }
  before=$(sed -n 's/^BootOrder: //p' /run/sc/efi)
  for entry in $(sed -n 's/^Boot\([0-9A-F]\{4\}\)\*\{0,1\} System Cloud\($\|[[:space:]].*\)/\1/p' /run/sc/efi); do
    run efibootmgr -q -b "$entry" -B
    before=$(echo ",$before," | sed "s/,$entry,/,/;s/^,//;s/,$//")
  done
  run efibootmgr -q -c -d "/dev/$disk" -p 2 -L 'System Cloud' -l '\EFI\BOOT\BOOTX64.EFI' || return 1
  entry=$(efibootmgr | sed -n 's/^Boot\([0-9A-F]\{4\}\)\*\{0,1\} System Cloud\($\|[[:space:]].*\)/\1/p' | head -n 1)
  [ -n "$entry" ] || return 1
  run efibootmgr -q -o "${before:+$before,}$entry"
  run efibootmgr -q -n "$entry" && log i "BootNext is $entry (System Cloud), BootOrder ${before:+$before,}$entry"
}

order_bootDisk() {
  unmount_all
  if [ -n "$order_identity" ]; then find_ordered_disk || return 1
  else our_disk || { why='no disk, or more than one, carries an installed system'; return 1; }; fi
  if [ "$order_efi" = 1 ] && [ -d /sys/firmware/efi ]; then set_boot_next || log w 'the firmware took no boot entry: the network boot must hand over to the disk'; fi
  leave=reboot
}

order_reboot() { leave=reboot; }
order_poweroff() { leave=poweroff; }

# leave_now: after the appliance has heard "done". The log stream gets a moment to empty.
leave_now() {
  log i "leaving: $leave"
  unmount_all
  sync
  sleep 0.5
  $leave -f
  sleep 5
  case $leave in reboot) echo b ;; *) echo o ;; esac > /proc/sysrq-trigger
  sleep 60
}
