import PromptService
import ServiceProcess

ServiceProcess.run(PromptService.definition)
