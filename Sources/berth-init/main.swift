internal import CLinux
internal import LauncherEmbedded

linux_exit(InitProgram.run())
