// Plays camera moves in the tiles that are pointed at: one WebGL context draws for all of them.

import { CameraPath } from "../api/schema";
import type { FittedPath } from "./geometry";
import type { Parallax } from "./parallax";

const pauseMs = 600;

interface Playing {
  path: FittedPath;
  durationMs: number;
  beganAt: number | null;
  isStill: boolean;
  onFrame: (t: number) => void;
  onLost: () => void;
}

/** The context outlives the views: there is never a second one. */
let parallax: Promise<Parallax> | null = null;

function theParallax(): Promise<Parallax> {
  parallax ??= import("./parallax").then(({ Parallax }) => new Parallax());
  return parallax;
}

let source = "";
let showing: Promise<void> = Promise.resolve();

/** Makes the picture and its depth ready. Rejects when the browser cannot draw them. */
export async function prepare(pictureURL: string, depthURL: string): Promise<void> {
  const one = await theParallax();
  const wanted = `${address(pictureURL)} ${address(depthURL)}`;
  if (wanted !== source) {
    source = wanted;
    showing = one.show(pictureURL, depthURL);
    showing.catch(() => {
      source = "";
    });
  }
  await showing;
}

/** A link without its signature, which is another one each time it is read. */
function address(url: string): string {
  return url.split("?")[0] ?? url;
}

const playing = new Map<HTMLCanvasElement, Playing>();
let frame = 0;

interface Options {
  /** Shows where the move ends, and nothing moves. */
  isStill: boolean;
  /** After each drawn frame: how far the move is, 0…1. */
  onFrame: (t: number) => void;
  onLost: () => void;
}

/** Plays a move in a canvas over and over, until the answer is called. */
export function play(canvas: HTMLCanvasElement, path: CameraPath, options: Options): () => void {
  let isStopped = false;
  void theParallax().then((one) => {
    if (isStopped) return;
    playing.set(canvas, {
      ...options, path: one.fit(path), durationMs: path.duration * 1000, beganAt: null,
    });
    if (!frame) frame = requestAnimationFrame((now) => draw(one, now));
  });
  return () => {
    isStopped = true;
    playing.delete(canvas);
  };
}

function draw(one: Parallax, now: number): void {
  frame = 0;
  let moves = false;
  for (const [canvas, move] of [...playing]) {
    move.beganAt ??= now;
    const t = move.isStill ? stillAt(move.path) : timeAt(now - move.beganAt, move);
    sharpen(canvas);
    if (one.draw(move.path, t, canvas)) move.onFrame(t);
    else {
      playing.delete(canvas);
      move.onLost();
    }
    moves ||= !move.isStill;
  }
  if (moves && playing.size) frame = requestAnimationFrame((next) => draw(one, next));
}

/** How far a move is, 0…1, so long after it began: it rests at its end, but a loop goes on. */
function timeAt(elapsedMs: number, { path, durationMs }: Playing): number {
  if (path.isLoop) return (elapsedMs % durationMs) / durationMs;
  return Math.min(1, (elapsedMs % (durationMs + pauseMs)) / durationMs);
}

/** What is shown of a move that does not play: its end, which in a loop is the middle. */
function stillAt(path: FittedPath): number {
  return path.isLoop ? 0.5 : 1;
}

/** As many pixels as the tile has on the screen. */
function sharpen(canvas: HTMLCanvasElement): void {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.max(2, Math.round(canvas.clientWidth * scale));
  const height = Math.max(2, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
