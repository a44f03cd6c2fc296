#!/bin/sh
# What udhcpc runs at each change of the lease.
[ -n "$interface" ] || exit 0
case $1 in
  bound | renew)
    prefix=0
    for octet in $(echo "${subnet:-255.255.255.0}" | tr . ' '); do
      while [ "$octet" -gt 0 ]; do prefix=$((prefix + octet % 2)) octet=$((octet / 2)); done
    done
    ip addr replace "$ip/$prefix" dev "$interface"
    for gateway in $router; do ip route replace default via "$gateway" dev "$interface" && break; done
    [ -z "$ntpsrv" ] || echo "$ntpsrv" > /run/sc/ntp
    if [ ! -s /run/sc/address ]; then echo "$interface" > /run/sc/address; printf '<6>sc: %s is %s/%s\n' "$interface" "$ip" "$prefix" > /dev/kmsg; fi
    ;;
  deconfig) ip link set "$interface" up ;;
  nak) printf '<4>sc: DHCP refused %s: %s\n' "$interface" "$message" > /dev/kmsg ;;
esac
exit 0
