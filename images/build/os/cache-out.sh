#!/bin/sh
# mmdebstrap customize hook: keeps what was fetched for the next build.
set -eu
for deb in "$1"/var/cache/apt/archives/*.deb; do
  [ -e "$deb" ] || continue
  [ -e "$SC_DEBS/${deb##*/}" ] || { cp "$deb" "$SC_DEBS/.new.$$" && mv "$SC_DEBS/.new.$$" "$SC_DEBS/${deb##*/}"; }
  rm -f "$deb"
done
