// The commands of the flow: from the intent to the finished prompt.

import { Action } from "../api/client";
import { Operations } from "../api/schema";
import { isPictureStep, PictureStep, pictureSteps, Running, shownStep, Step } from "./state";
import type { Studio } from "./studio";

export const ratios = ["16:9", "9:16", "1:1", "4:3", "3:4"] as const;
export type AspectRatio = typeof ratios[number];

export class Flow {
  constructor(private studio: Studio) {}

  startSession(intent: string, aspectRatio: AspectRatio): Promise<void> {
    return this.studio.sessions.begin(() => this.studio.runner.run({
      action: new Action("startConvergence", { intent, aspectRatio }),
      running: making("start", "direction"),
      cost: this.studio.state.costs?.pictures ?? 0,
      isGated: true,
      label: "four directions",
    }));
  }

  async choose(step: PictureStep, optionId: string): Promise<void> {
    const session = this.studio.state.session;
    if (!session || this.studio.state.running) return;
    const next = pictureSteps[pictureSteps.indexOf(step) + 1] ?? null;
    const isSeen = session.imageHistory.some((set) => set.dimension === next);
    const isFree = next === null;
    await this.studio.runner.run({
      action: new Action("selectOption", {
        sessionId: session.id, dimension: step, optionId, version: session.version,
      }),
      running: next ? making("select", next) : { ...making("camera_motion", null), total: 0 },
      cost: isFree || isSeen ? 0 : this.studio.state.costs?.pictures ?? 0,
      // What was seen before costs nothing: the server decides.
      isGated: !isFree && !isSeen,
      label: "the next four pictures",
    });
    const now = this.studio.state.session;
    if (now?.currentStep === "camera_motion" && !now.cameraPaths.length && !this.studio.state.trouble) {
      await this.findMoves();
    }
  }

  regenerate(step: PictureStep): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("regenerateDimension", {
        sessionId: session.id, dimension: step, version: session.version,
      }),
      running: making("regenerate", step),
      cost: this.studio.state.costs?.regenerate ?? 0,
      isGated: true,
      label: "four new pictures",
    }));
  }

  retryPicture(step: PictureStep, optionId: string): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("retryImage", {
        sessionId: session.id, dimension: step, optionId, version: session.version,
      }),
      running: { ...making("retry", step), optionId, total: 1 },
      cost: (this.studio.state.costs?.pictures ?? 0) / 4,
      isGated: true,
      label: "this picture",
    }));
  }

  findMoves(): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("startCameraMotion", { sessionId: session.id, version: session.version }),
      running: { ...making("camera_motion", null), total: 1 },
      cost: this.studio.state.costs?.camera ?? 0,
      isGated: true,
      label: "the camera moves",
    }));
  }

  chooseMove(cameraMotionId: string): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("selectCameraMotion", {
        sessionId: session.id, cameraMotionId, version: session.version,
      }),
      running: { ...making("select_camera_motion", null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  moveSubject(subjectMotion: string): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("startSubjectMotion", {
        sessionId: session.id, subjectMotion, version: session.version,
      }),
      running: { ...making("subject_motion", null), total: 1 },
      cost: this.studio.state.costs?.motion ?? 0,
      isGated: true,
      label: "the motion preview",
    }));
  }

  skipMotion = (): Promise<void> => this.navigate("skipSubjectMotion");

  back = (): Promise<void> => this.navigate("goBack");

  jump(step: Step): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("jumpToStep", {
        sessionId: session.id, version: session.version,
        step: step as Operations["jumpToStep"]["body"]["step"],
      }),
      running: { ...making("jump", null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  editIntent(intent: string): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action("editIntent", { sessionId: session.id, intent, version: session.version }),
      running: making("intent", "direction"),
      cost: this.studio.state.costs?.pictures ?? 0,
      isGated: true,
      label: "four directions",
    }));
  }

  finalize = (): Promise<void> => this.navigate("finalizeSession");

  private navigate(name: "goBack" | "skipSubjectMotion" | "finalizeSession"): Promise<void> {
    return this.studio.runner.withSession((session) => ({
      action: new Action(name, { sessionId: session.id, version: session.version }),
      running: { ...making(name, null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  canRegenerate(): boolean {
    const { session, running } = this.studio.state;
    const step = this.step();
    if (!session || running || !isPictureStep(step)) return false;
    return (session.remainingRegenerations[step] ?? 0) > 0;
  }

  step(): Step {
    return shownStep(this.studio.state);
  }
}

function making(kind: string, dimension: string | null): Running {
  return { id: null, kind, dimension, optionId: null, done: 0, total: 4, isCancelling: false };
}
