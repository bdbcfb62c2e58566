// How the gallery says things.

import { Creation } from "../api/schema";
import { credits } from "../state/state";

export const stepLabels: Record<string, string> = {
  direction: "Direction",
  mood: "Mood",
  framing: "Framing",
  lighting: "Lighting",
  camera_motion: "Camera",
  subject_motion: "Motion preview",
  image: "Still",
  storyboard: "Storyboard",
  draft: "Draft video",
  final: "Final video",
};

export const kindLabels: Record<string, string> = {
  picture: "Picture",
  clip: "Clip",
  storyboard: "Storyboard",
  video: "Video",
};

/** The option it was made for, else what kind of thing it is. */
export function title(item: Creation): string {
  const own = item.choices[item.choices.length - 1];
  if (item.kind === "picture" && !item.isGeneration && own) return own.label;
  return stepLabels[item.step] ?? item.step;
}

/** What is to be seen, from what was chosen. */
export function alt(item: Creation): string {
  const subject = item.intent ?? item.prompt;
  const choices = item.choices.map((choice) => choice.label);
  if (item.cameraMotion) choices.push(item.cameraMotion.replace(/_/g, " "));
  if (item.subjectMotion) choices.push(item.subjectMotion);
  const kind = kindLabels[item.kind] ?? "Picture";
  return `${kind}: ${subject}${choices.length ? `. ${choices.join(", ")}` : ""}`;
}

export function isVideo(item: Creation): boolean {
  return item.kind === "clip" || item.kind === "video";
}

const phases: Record<string, string> = {
  queued: "Waiting",
  processing: "Preparing",
  generating: "Being made",
  uploading: "Being stored",
};

export function phase(item: Creation): string {
  if (item.state === "queued" && item.position > 0) return `Waiting, ${item.position} before it`;
  return phases[item.state] ?? item.state;
}

/** The time that is left if it goes on as it has; nothing while that cannot be told. */
export function timeLeft(item: Creation, now: number): string | null {
  const age = (now - Date.parse(item.createdAt)) / 1000;
  if (item.state === "queued" || item.progress < 0.08 || age < 1) return null;
  const left = Math.max(1, Math.round(age * (1 / item.progress - 1)));
  return left < 90 ? `about ${left} s left` : `about ${Math.round(left / 60)} min left`;
}

export function day(time: string): string {
  const then = new Date(time);
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const days = Math.ceil((midnight.getTime() - then.getTime()) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  const isThisYear = then.getFullYear() === midnight.getFullYear();
  return then.toLocaleDateString("en-US", {
    weekday: "long", month: "long", day: "numeric", ...(isThisYear ? {} : { year: "numeric" }),
  });
}

export function moment(time: string): string {
  return new Date(time).toLocaleString("en-US", { dateStyle: "medium", timeStyle: "short" });
}

export function cost(value: number): string {
  return value === 0 ? "Nothing" : `${credits(value)} ${value === 1 ? "credit" : "credits"}`;
}
