#!/usr/bin/env bash
# Makes the packages from a binary that is there: a tarball and, where dpkg-deb is, a Debian package. The same binary gives the same bytes.
#   src/packaging/build.sh BINARY OUTPUT-DIRECTORY
set -euo pipefail
umask 022

say() { echo "package: $*" >&2; }

stop() { say "$*"; exit 1; }

[ $# -eq 2 ] || stop "usage: src/packaging/build.sh BINARY OUTPUT-DIRECTORY"
binary=$(realpath "$1")
mkdir -p "$2"
output=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")"
[ -x "$binary" ] || stop "there is no binary at $1; ./run.sh --build makes it"
tar --version 2>/dev/null | grep -q GNU || stop "GNU tar is needed"

version=$("$binary" version)
version=${version#nativeproxy }
case "$(uname -m)" in
    x86_64 | amd64) cpu=x64 architecture=amd64 ;;
    aarch64 | arm64) cpu=arm64 architecture=arm64 ;;
    *) stop "there are no packages for a processor of the kind $(uname -m)" ;;
esac
# Symbols of glibc that the binary asks for, by version: none in one for musl.
libc=$(grep -ao 'GLIBC_2\.[0-9]*' "$binary" | sort -uV | tail -n 1 || true)
libc=${libc#GLIBC_}
[ -n "$libc" ] || cpu=musl-$cpu

# As dpkg-buildpackage does: all files are as old as the last entry of the changelog.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(date -u -d "$(sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" +%s)
fi
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/nativeproxy-$version-linux-$cpu

put() { # mode source destination
    install -d -m 0755 "$tree/$(dirname "$3")"
    install -m "$1" "$2" "$tree/$3"
}

compress() { gzip -9n "$tree/$1"; }

put 0755 "$binary" usr/sbin/nativeproxy
put 0644 nativeproxy.toml etc/nativeproxy/nativeproxy.toml
put 0644 nativeproxy.logrotate etc/logrotate.d/nativeproxy
put 0644 nativeproxy.service usr/lib/systemd/system/nativeproxy.service
put 0644 nativeproxy.8 usr/share/man/man8/nativeproxy.8
compress usr/share/man/man8/nativeproxy.8
put 0644 completion/nativeproxy.bash usr/share/bash-completion/completions/nativeproxy
put 0644 completion/nativeproxy.zsh usr/share/zsh/vendor-completions/_nativeproxy
put 0644 completion/nativeproxy.fish usr/share/fish/vendor_completions.d/nativeproxy.fish
put 0644 debian/copyright usr/share/doc/nativeproxy/copyright

# Names, owners and times that do not depend on who packs when.
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
archive=$output/$(basename "$tree").tar.gz
tar -C "$work" --sort=name --owner=root:0 --group=root:0 --mtime="@$SOURCE_DATE_EPOCH" --format=gnu -cf - "$(basename "$tree")" | gzip -9n >"$archive"
echo "$archive"

if [ -z "$libc" ]; then say "the binary is for musl, and Debian is not: no .deb" && exit 0; fi
if ! command -v dpkg-deb >/dev/null; then say "dpkg-deb is not here: no .deb" && exit 0; fi

put 0644 debian/changelog usr/share/doc/nativeproxy/changelog
compress usr/share/doc/nativeproxy/changelog
kilobytes=$(find "$tree" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$work/md5sums"
put 0644 "$work/md5sums" DEBIAN/md5sums
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@LIBC@/$libc/" -e "s/@KILOBYTES@/$kilobytes/" debian/control >"$work/control"
put 0644 "$work/control" DEBIAN/control
put 0644 debian/conffiles DEBIAN/conffiles
for script in postinst prerm postrm; do put 0755 "debian/$script" "DEBIAN/$script"; done
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
# One thread: how many there are must not decide where xz cuts its blocks.
DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$tree" "$output/nativeproxy_${version}_$architecture.deb" >/dev/null
echo "$output/nativeproxy_${version}_$architecture.deb"
