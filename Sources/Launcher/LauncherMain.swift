struct LauncherMain {}
