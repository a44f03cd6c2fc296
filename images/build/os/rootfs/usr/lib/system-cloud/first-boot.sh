#!/bin/sh
# Runs once on each copy of the image and makes what no two machines may share: SSH host keys, and the identity of the database cluster
# that every copy was born with. machine-id is systemd's own. Killed at any moment, it is simply run again.
set -eu
export LC_ALL=C

for type in ed25519 ecdsa; do
  key=/etc/ssh/ssh_host_${type}_key
  [ -s "$key.pub" ] && continue
  rm -f "$key" "$key.pub"
  ssh-keygen -q -t "$type" -N '' -f "$key"
done

# pg_control begins with the 64-bit system identifier, which backups and standbys take for the cluster's name. pg_resetwal then writes the
# checksum and the write-ahead log that go with the new one. Only a cluster that was never started is touched.
for control in /var/lib/postgresql/*/main/global/pg_control; do
  [ -e "$control" ] || continue
  data=${control%/global/pg_control}
  tools=/usr/lib/postgresql/$(cat "$data/PG_VERSION")/bin
  [ -e "$data/postmaster.opts" ] && continue
  head -c 8 /dev/urandom | dd of="$control" bs=8 count=1 conv=notrunc,fsync status=none
  runuser -u postgres -- "$tools/pg_resetwal" -f "$data"
done

mkdir -p /etc/system-cloud
: > /etc/system-cloud/first-boot-done
sync
