import CreditsService
import ServiceProcess

ServiceProcess.run(CreditsService.definition)
