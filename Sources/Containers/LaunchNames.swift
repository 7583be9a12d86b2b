// The module and its main type share a name, so what LinuxSys also has is named here once.
import struct LaunchProgram.IDMapExtent
import struct LaunchProgram.MountAttributes
import struct LaunchProgram.TerminalSize

typealias LaunchExtent = IDMapExtent
typealias LaunchAttributes = MountAttributes
typealias LaunchTerminalSize = TerminalSize
