#!/bin/sh
# The first process of a User Mode Linux kernel whose root folder is the host's: loads what a test needs, runs one test file
# of this repository, says how it ended, and turns the kernel off. From the kernel's command line: REPO, NODE, FILE, MODULES.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TEST_PATIENCE=6 INSIDE_UML=1 REQUIRE_ALL=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/kernel/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/kernel/lib/modules/$(uname -r)"
modprobe -d /run/kernel -a $(echo "$MODULES" | tr , ' ')
ip link set lo up
cd "$REPO" && "$NODE" node_modules/mocha/bin/mocha.js --timeout 120000 "$FILE"
echo "ended with $?"
echo o > /proc/sysrq-trigger
sleep 60
