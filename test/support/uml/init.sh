#!/bin/sh
# The first process of a User Mode Linux kernel whose root folder is the host's: loads what a test needs, runs one suite
# of this repository, bundled, says how it ended, and turns the kernel off. From the kernel's command line: REPO, NODE, BUNDLES, MODULES.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TEST_PATIENCE=8 INSIDE_UML=1 REQUIRE_ALL=1 NODE_OPTIONS="--v8-pool-size=0" TEST_PROGRAMS="$BUNDLES"
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/kernel/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/kernel/lib/modules/$(uname -r)"
modprobe -d /run/kernel -a $(echo "$MODULES" | tr , ' ')
ip link set lo up
cd "$REPO" && "$NODE" node_modules/mocha/bin/mocha.js --no-config --no-color --exit --timeout 120000 "$BUNDLES/suite.mjs"
echo "ended with $?"
echo o > /proc/sysrq-trigger
sleep 60
