// How depth becomes motion on the screen: the same geometry as the renderer of the server.
//
// In centred coordinates (unit: image height; x right, y up) a point of the picture at q with depth
// d has the weight w = strength · d and is seen from the camera position c at
// p = (q − c.xy·w) / (1 − c.z·w). A camera that moves left shifts content to the right, near content
// more than far; one that moves in spreads it outward. Turning the camera is a homography on top.

import { CameraPath, KeyFrame } from "../api/schema";

export interface Pose {
  x: number;
  y: number;
  z: number;
  pitch: number;
  yaw: number;
  roll: number;
  /** Enlargement about the middle, near and far alike. */
  zoom: number;
}

type Easing = KeyFrame["easing"];

/** Where the camera is at a time, 0…1 of the move, and how it goes on from there. */
interface Key {
  time: number;
  pose: Pose;
  easing: Easing;
}

/** A path that shows no border of one picture: enlarged by `overscan`, every key scaled. */
export interface FittedPath {
  keys: Key[];
  isLoop: boolean;
  overscan: number;
}

/** Half of the width and of the height of what moves, in image heights. */
export interface Size {
  x: number;
  y: number;
}

export const strength = 0.3;
const focalLength = 1.5;
const overscanMax = 1.2;
const approachMax = 0.7;
const corners = [[-1, -1], [1, -1], [-1, 1], [1, 1]] as const;

/** Rows of a 3 × 3 matrix, one after the other. */
export type Matrix = [number, number, number, number, number, number, number, number, number];

const rest: Pose = { x: 0, y: 0, z: 0, pitch: 0, yaw: 0, roll: 0, zoom: 1 };

function keysOf(path: CameraPath): Key[] {
  if (path.keyFrames) {
    return path.keyFrames.map(({ time, position, rotation, zoom, easing }) => (
      { time, pose: { ...position, ...rotation, zoom }, easing }
    ));
  }
  return [
    { time: 0, pose: { ...rest, ...path.start, ...path.rotation?.start }, easing: "ease_in_out" },
    { time: 1, pose: { ...rest, ...path.end, ...path.rotation?.end }, easing: "ease_in_out" },
  ];
}

/** The pose at `t` = 0…1 of the way; exactly a key's at its time. */
export function poseAt({ keys, isLoop }: Pick<FittedPath, "keys" | "isLoop">, t: number): Pose {
  const after = keys.findIndex((key) => key.time > t);
  const next = keys[after];
  const key = keys[after - 1];
  if (!key || !next) return (t <= 0 ? keys[0] : keys[keys.length - 1])?.pose ?? rest;
  const share = (t - key.time) / (next.time - key.time);
  if (key.easing === "through") return curve(keys, isLoop, after - 1, share);
  return mix(key.pose, next.pose, eased(share, key.easing));
}

function eased(t: number, easing: Easing): number {
  const left = 1 - t;
  switch (easing) {
    case "ease_in": return t * t * t;
    case "ease_out": return 1 - left * left * left;
    case "ease_in_out": return t < 0.5 ? 4 * t * t * t : 1 - 4 * left * left * left;
    default: return t;
  }
}

/** A cubic Hermite curve; its direction at a key is that from the key before to the key after. */
function curve(keys: Key[], isLoop: boolean, index: number, t: number): Pose {
  const [key, next] = [keys[index], keys[index + 1]];
  if (!key || !next) return rest;
  const span = next.time - key.time;
  const [from, to] = [slope(keys, isLoop, index), slope(keys, isLoop, index + 1)];
  const left = 1 - t;
  return each((name) => (
    (1 + 2 * t) * left * left * key.pose[name] + t * left * left * span * from[name]
    + t * t * (3 - 2 * t) * next.pose[name] - t * t * left * span * to[name]
  ));
}

/** The change of each number of the pose, over the whole time, at a key. */
function slope(keys: Key[], isLoop: boolean, index: number): Pose {
  const last = keys.length - 1;
  const isSeam = isLoop && (index === 0 || index === last);
  const before = keys[isSeam ? last - 1 : Math.max(0, index - 1)];
  const after = keys[isSeam ? 1 : Math.min(last, index + 1)];
  if (!before || !after) return rest;
  const gap = after.time - before.time + (isSeam ? 1 : 0);
  return each((name) => (after.pose[name] - before.pose[name]) / gap);
}

function each(value: (name: keyof Pose) => number): Pose {
  return {
    x: value("x"), y: value("y"), z: value("z"), pitch: value("pitch"), yaw: value("yaw"),
    roll: value("roll"), zoom: value("zoom"),
  };
}

function mix(a: Pose, b: Pose, t: number): Pose {
  return each((name) => a[name] + (b[name] - a[name]) * t);
}

/** Where an unturned camera sees what a turned one sees at a point of its screen. */
export function turning({ pitch, yaw, roll }: Pose): Matrix {
  const [sp, cp, sy, cy, sr, cr] = [
    Math.sin(pitch), Math.cos(pitch), Math.sin(yaw), Math.cos(yaw), Math.sin(roll), Math.cos(roll),
  ];
  const turn = product(
    [cy, 0, sy, 0, 1, 0, -sy, 0, cy],
    product([1, 0, 0, 0, cp, sp, 0, -sp, cp], [cr, sr, 0, -sr, cr, 0, 0, 0, 1]),
  );
  return throughLens(turn);
}

/** The way back: a rotation's inverse is its transpose. */
export function turningBack(pose: Pose): Matrix {
  const [a, b, c, d, e, f, g, h, i] = turning(pose);
  const square = focalLength * focalLength;
  return [a, d, g * square, b, e, h * square, c / square, f / square, i];
}

function throughLens(turn: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i] = turn;
  return [
    a, b, c * focalLength, d, e, f * focalLength, g / focalLength, h / focalLength, i,
  ];
}

function product(a: Matrix, b: Matrix): Matrix {
  const cell = (row: number, column: number): number =>
    [0, 1, 2].reduce((sum, k) => sum + (a[row * 3 + k] ?? 0) * (b[k * 3 + column] ?? 0), 0);
  return [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => cell(Math.floor(n / 3), n % 3)) as Matrix;
}

/**
 * The smallest constant enlargement that keeps the whole path inside the picture; a path that needs
 * more than the limit is scaled down.
 */
export function fit(path: CameraPath, half: Size, near: number, far: number): FittedPath {
  const { isLoop } = path;
  const all = keysOf(path);
  const scaled = (scale: number): Key[] =>
    all.map((key) => ({ ...key, pose: mix(rest, key.pose, scale) }));
  const fits = (scale: number, overscan: number): boolean =>
    staysInside({ keys: scaled(scale), isLoop, overscan }, half, [near, far]);
  const scale = fits(1, overscanMax) ? 1 : bisect(0, 1, (one) => fits(one, overscanMax));
  const overscan = fits(scale, 1) ? 1 : bisect(overscanMax, 1, (one) => fits(scale, one));
  return { keys: scaled(scale), isLoop, overscan };
}

/** Largest step from `good`, where `holds` is true, toward `bad`. */
function bisect(good: number, bad: number, holds: (value: number) => boolean): number {
  while (Math.abs(bad - good) > 1e-5) {
    const middle = (good + bad) / 2;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether every point that a frame may look at, at either end of the depths, is in the picture. */
function staysInside(path: FittedPath, half: Size, depths: number[]): boolean {
  const { keys, overscan } = path;
  const between = keys.length > 9 ? 4 : 12;
  return keys.every(({ time }, index) => {
    const next = keys[index + 1]?.time ?? time;
    const samples = next > time ? between : 1;
    return Array.from({ length: samples }, (_, sample) => (
      poseAt(path, time + ((next - time) * sample) / samples)
    )).every((pose) => isInside(pose, overscan * pose.zoom, half, depths));
  });
}

function isInside(pose: Pose, enlargement: number, half: Size, depths: number[]): boolean {
  const m = turning(pose);
  return corners.every(([sideX, sideY]) => {
    const x = (sideX * half.x) / enlargement;
    const y = (sideY * half.y) / enlargement;
    const behind = m[6] * x + m[7] * y + m[8];
    if (behind <= 1e-6) return false;
    const px = (m[0] * x + m[1] * y + m[2]) / behind;
    const py = (m[3] * x + m[4] * y + m[5]) / behind;
    return depths.every((depth) => {
      const weight = strength * depth;
      const qx = px * (1 - weight * pose.z) + weight * pose.x;
      const qy = py * (1 - weight * pose.z) + weight * pose.y;
      return weight * pose.z <= approachMax
        && Math.abs(qx) <= half.x + 1e-9 && Math.abs(qy) <= half.y + 1e-9;
    });
  });
}
