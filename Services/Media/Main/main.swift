import MediaService
import ServiceProcess

ServiceProcess.run(MediaProcess.definition)
