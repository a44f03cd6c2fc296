# What disks there are and which one is meant. A disk is known by WWN, else serial, else name and size: never by its name alone.

# trimmed FILE: its printable ASCII without blanks at the ends, as the appliance cleans it too.
trimmed() {
  tr -c ' -~' ' ' < "$1" 2>/dev/null | sed 's/^ *//;s/ *$//' | head -c 200
}

disk_names() {
  for path in /sys/block/*; do
    case ${path##*/} in loop* | ram* | zram* | sr* | fd* | dm-* | md* | nbd*) continue ;; esac
    [ "$(cat "$path/size")" -gt 0 ] && [ "$(cat "$path/hidden" 2>/dev/null || echo 0)" = 0 ] && echo "${path##*/}"
  done
}

disk_wwn() {
  for file in /sys/block/$1/wwid /sys/block/$1/device/wwid; do
    [ -r "$file" ] || continue
    wwn=$(trimmed "$file")
    case $wwn in naa.* | eui.* | uuid.*) echo "$wwn"; return ;; esac
  done
}

# Page 0x80 of a SCSI or SATA disk has four bytes before the serial number.
disk_serial() {
  if [ -r /sys/block/$1/serial ]; then trimmed /sys/block/$1/serial
  elif [ -r /sys/block/$1/device/serial ]; then trimmed /sys/block/$1/device/serial
  elif [ -r /sys/block/$1/device/vpd_pg80 ]; then
    tail -c +5 /sys/block/$1/device/vpd_pg80 > /run/sc/serial
    trimmed /run/sc/serial
  fi
}

disk_model() {
  if [ -r /sys/block/$1/device/model ]; then trimmed /sys/block/$1/device/model
  else case $1 in vd*) echo 'virtio disk' ;; esac fi
}

disk_transport() {
  case $(readlink -f /sys/block/$1) in
    */usb*) echo usb ;; */nvme/*) echo nvme ;; */ata[0-9]*) echo sata ;; */mmc_host/*) echo mmc ;; */target*) echo scsi ;; */virtio*) echo virtio ;; *) echo scsi ;;
  esac
}

disk_identity() {
  identity_wwn=$(disk_wwn "$1")
  [ -z "$identity_wwn" ] || { echo "wwn:$identity_wwn"; return; }
  identity_serial=$(disk_serial "$1")
  [ -z "$identity_serial" ] || { echo "serial:$identity_serial"; return; }
  echo "name:$1:$(cat /sys/block/$1/size)"
}

# What is on each disk, in words: `/run/sc/contents`, a line `NAME<TAB>words` each. Low-level probing only: nothing is mounted.
read_contents() {
  devices=
  for name in $(disk_names); do
    devices="$devices /dev/$name"
    for path in /sys/block/$name/$name*; do [ -d "$path" ] && devices="$devices /dev/${path##*/}"; done
  done
  [ -n "$devices" ] || return 0
  blkid -p -o export $devices 2>/dev/null > /run/sc/blkid
  awk -f /lib/system-cloud/contents.awk -v disks="$(disk_names | tr '\n' ' ')" /run/sc/blkid > /run/sc/contents
}

# as_planned WHAT SEEN PLANNED
as_planned() {
  [ "$2" = "$3" ] && return
  why="disk $disk has the $1 '$2', and '$3' was planned: nothing was touched"
  return 1
}

# find_ordered_disk: sets `disk` to the name of the disk that the order means; fails, with `why`, unless exactly one matches and all that was
# seen of it when it was planned (size, serial, WWN) is so still.
find_ordered_disk() {
  disk= found=0
  for name in $(disk_names); do
    [ "$(disk_identity "$name")" = "$order_identity" ] || continue
    disk=$name found=$((found + 1))
  done
  if [ -z "$order_identity" ] || [ $found != 1 ]; then why="$found disks match '$order_identity'; exactly one must: nothing was touched"; return 1; fi
  as_planned 'number of sectors' "$(cat /sys/block/$disk/size)" "$order_sectors" && as_planned 'serial number' "$(disk_serial $disk)" "$order_serial" &&
    as_planned WWN "$(disk_wwn $disk)" "$order_wwn" || return 1
  if [ "$(cat /sys/block/$disk/ro)" = 1 ]; then why="disk $disk is read-only"; return 1; fi
  log i "disk $order_identity is $disk"
}

# part DISK NUMBER: the device of a partition.
part() {
  case $1 in *[0-9]) echo "/dev/${1}p$2" ;; *) echo "/dev/$1$2" ;; esac
}

unmount_all() {
  for place in /mnt/esp /mnt/root; do grep -q " $place " /proc/mounts && umount $place; done
  return 0
}
