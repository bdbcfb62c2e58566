import Launcher

LauncherCommand.run()
