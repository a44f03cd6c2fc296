# Everything that is printed here is only read; the appliance parses it.

fact() { [ -z "$2" ] || printf '%s\t%s\n' "$1" "$2"; }

collect_facts() {
  if [ -d /sys/firmware/efi ]; then fact firmware uefi; else fact firmware bios; fi
  set -- /sys/firmware/efi/efivars/SecureBoot-*
  if [ -r "$1" ] && [ "$(tail -c 1 "$1" | od -An -tu1 | tr -d ' ')" = 1 ]; then fact secureboot 1; else fact secureboot 0; fi
  fact kernel "$(uname -r)"
  awk -F ': *' '/^model name/ && !m { m = $2 } /^processor/ { n++ } END { print "cpu.model\t" m; print "cpu.count\t" n }' /proc/cpuinfo
  fact cpu.arch "$(uname -m)"
  awk '/^MemTotal:/ { print "mem.kb\t" $2 }' /proc/meminfo
  fact bootif "$bootif"
  for key in product_uuid sys_vendor product_name product_serial chassis_asset_tag bios_version; do
    [ -r /sys/class/dmi/id/$key ] && fact "dmi.$key" "$(trimmed /sys/class/dmi/id/$key)"
  done
  read_contents
  for name in $(disk_names); do
    fact disk "$name"
    fact disk.size "$(cat /sys/block/$name/size)"
    fact disk.model "$(disk_model "$name")"
    fact disk.serial "$(disk_serial "$name")"
    fact disk.wwn "$(disk_wwn "$name")"
    fact disk.rotational "$(cat /sys/block/$name/queue/rotational)"
    fact disk.removable "$(cat /sys/block/$name/removable)"
    fact disk.transport "$(disk_transport "$name")"
    fact disk.contents "$(sed -n "s/^$name	//p" /run/sc/contents)"
  done
  for name in $(interfaces); do
    nic=/sys/class/net/$name
    fact nic "$name"
    fact nic.mac "$(cat $nic/address)"
    fact nic.link "$(cat $nic/carrier 2>/dev/null || echo 0)"
    fact nic.speed "$(cat $nic/speed 2>/dev/null)"
    driver=$(readlink $nic/device/driver)
    fact nic.driver "${driver##*/}"
    [ -s /run/sc/lldp/$name ] && fact nic.lldp "$(cat /run/sc/lldp/$name)"
  done
}

# Facts change (a slow disk appears, a cable is plugged in, a neighbour is heard): tell only then.
refresh_facts() {
  collect_facts > /run/sc/facts.new
  cmp -s /run/sc/facts /run/sc/facts.new && return 0
  mv /run/sc/facts.new /run/sc/facts
  log i 'the facts have changed'
  post_facts
}
