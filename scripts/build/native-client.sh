#!/bin/sh
# Compiles the native part of aws-lambda-ric in node_modules for an architecture: native-client.sh arm64|amd64. For the Dockerfile.
# For another architecture than this machine's, Debian's cross compiler must be installed; nothing of that architecture runs.
set -eu

case "$1" in
  arm64) triplet=aarch64-linux-gnu node_arch=arm64 ;;
  amd64) triplet=x86_64-linux-gnu node_arch=x64 ;;
  *) echo "Lambda has no architecture $1: use arm64 or amd64." >&2; exit 1 ;;
esac
client=node_modules/aws-lambda-ric
# With --host, the configure script does not run the programs that it has compiled, which are for another machine.
sed -i "s|\./configure \\\\|./configure --host=$triplet \\\\|" "$client/scripts/preinstall.sh"
grep -q -- "--host=$triplet" "$client/scripts/preinstall.sh" || { echo 'aws-lambda-ric no longer calls ./configure.' >&2; exit 1; }
export CC="$triplet-gcc" CXX="$triplet-g++" AR="$triplet-ar" npm_config_arch="$node_arch"
# Runs the scripts by name, because npm skips install scripts that allowScripts in package.json denies.
npm --prefix "$client" run preinstall
npm --prefix "$client" run postinstall
