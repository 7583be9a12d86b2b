// The module and its main type share a name, so what LinuxSys also has is named here once.
import struct LaunchProgram.IDMapExtent

typealias LaunchExtent = IDMapExtent
