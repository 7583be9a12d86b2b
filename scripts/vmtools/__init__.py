"""The virtual machine with a stock Debian: image, payload, QEMU, and the channel to the agent inside."""
