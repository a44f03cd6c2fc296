# One LLDP frame from each card with a link. Switches send every 30 s, so this runs beside everything else.

listen_lldp() {
  for name in $(interfaces); do
    [ "$(cat /sys/class/net/$name/carrier 2>/dev/null)" = 1 ] || continue
    (
      timeout 130 tcpdump -Z root -i "$name" -c 1 -s 1600 -U -w /run/sc/lldp/$name.pcap 'ether proto 0x88cc' >/dev/null 2>&1
      # 24 bytes of file header and 16 of packet header come before the frame.
      tail -c +41 /run/sc/lldp/$name.pcap 2>/dev/null | od -An -v -tx1 | tr -d ' \n' > /run/sc/lldp/$name.hex
      [ -s /run/sc/lldp/$name.hex ] && mv /run/sc/lldp/$name.hex /run/sc/lldp/$name && log i "LLDP heard on $name" && : > /run/sc/facts.stale
    ) &
  done
  wait
}
