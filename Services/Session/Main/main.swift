import ServiceProcess
import SessionService

ServiceProcess.run(SessionService.definition)
