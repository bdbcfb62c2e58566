import RenderService

RenderService.runProcess()
