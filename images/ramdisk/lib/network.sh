# From the kernel's command line to an address, by the card that the firmware booted from.

# Sets url, tls, bootif (colon form, may be empty) and keep: what installed kernels are told too.
read_command_line() {
  url= tls= bootif= keep=
  for word in $(cat /proc/cmdline); do
    case $word in
      sc.url=http://*) url=${word#sc.url=} ;;
      sc.tls=https://*) tls=${word#sc.tls=} ;;
      sc.kernel=*) keep="$keep ${word#sc.kernel=}" ;;
      BOOTIF=*) bootif=$(echo "${word#BOOTIF=}" | tr 'A-Z-' 'a-z:'); [ ${#bootif} = 20 ] && bootif=${bootif#??:} ;;
    esac
  done
  url=${url%/} tls=${tls%/}
  [ -n "$url" ] || log e 'the kernel command line has no sc.url=http://...'
  # The same appliance, unless it is said otherwise.
  [ -n "$tls" ] || { tls=${url#http://} tls=https://${tls%%[:/]*}; }
}

# Twice: disks behind virtio, SCSI and USB appear only after the driver of their bus. kmod finds drivers by an index: busybox would compare
# every device with every line of a text, which takes most of a boot.
load_modules() {
  for round in 1 2; do
    cat /sys/bus/*/devices/*/modalias /sys/devices/system/cpu/modalias 2>/dev/null | sort -u > /run/sc/modalias.$round
    if [ $round = 2 ]; then
      sort /run/sc/modalias.1 /run/sc/modalias.1 /run/sc/modalias.2 | uniq -u > /run/sc/modalias.new
    else
      cp /run/sc/modalias.1 /run/sc/modalias.new
    fi
    [ -s /run/sc/modalias.new ] && xargs /usr/sbin/modprobe -a -q < /run/sc/modalias.new 2>/dev/null
  done
  log i "drivers loaded, up $(cut -d' ' -f1 /proc/uptime) s"
}

# interfaces: every Ethernet card by name, without loopback and tunnels.
interfaces() {
  for path in /sys/class/net/*; do
    [ -e "$path/device" ] && [ "$(cat "$path/type")" = 1 ] && echo "${path##*/}"
  done
}

# boot_interface: the card that has the MAC of BOOTIF.
boot_interface() {
  for name in $(interfaces); do [ "$(cat /sys/class/net/$name/address)" = "$bootif" ] && { echo $name; return 0; }; done
  return 1
}

start_dhcp() {
  [ -e /run/sc/dhcp.$1 ] && return
  : > /run/sc/dhcp.$1
  ip link set "$1" up
  udhcpc -f -i "$1" -t 5 -T 2 -A 3 -O ntpsrv -V system-cloud-ramdisk -s /lib/system-cloud/udhcpc.sh >/dev/null 2>&1 &
}

# Returns once an address is there; sets `interface` and `mac` (hyphen form, of the boot card where it is known).
start_network() {
  ip link set lo up
  # By itself the kernel lets every card that is raised answer for the addresses of all: the appliance would know the machine by the wrong one.
  echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
  tries=0
  until [ -s /run/sc/address ]; do
    tries=$((tries + 1))
    name=$(boot_interface) && start_dhcp "$name"
    # Without BOOTIF every card is tried; with it only after a minute, when the card it names is gone or gets no answer.
    if [ -z "$bootif" ] || [ $tries -gt 300 ]; then for name in $(interfaces); do start_dhcp "$name"; done; fi
    [ $((tries % 100)) = 0 ] && log w "no address yet; cards: $(interfaces | tr '\n' ' ')"
    sleep 0.2
  done
  interface=$(cat /run/sc/address)
  [ -n "$bootif" ] || bootif=$(cat /sys/class/net/$interface/address)
  mac=$(echo "$bootif" | tr : -)
  # Other cards are raised so that their link and their LLDP neighbour can be seen.
  for name in $(interfaces); do ip link set "$name" up 2>/dev/null; done
  log i "$interface has an address, up $(cut -d' ' -f1 /proc/uptime) s"
}

# TLS dates need a clock, and a machine's battery may be flat: the appliance's Date header is near enough, NTP then keeps it.
set_clock() {
  for try in 1 2 3 4 5; do
    stamp=$(curl -sS -m 5 -o /dev/null -D - "$url/boot.ipxe" 2>/dev/null | tr -d '\r' | sed -n 's/^[Dd]ate: //p')
    [ -n "$stamp" ] && break
    sleep 1
  done
  [ -n "$stamp" ] && date -u -D '%a, %d %b %Y %H:%M:%S GMT' -s "$stamp" >/dev/null 2>&1 || log w 'the appliance gave no date'
  [ -s /run/sc/ntp ] && ntpd -p "$(cut -d' ' -f1 /run/sc/ntp)" 2>/dev/null
}
