// The picture as a mesh that its depth map raises, seen by a moving camera. This is the one file
// that loads three.js, and is itself loaded when the first camera move is pointed at.

import {
  BufferAttribute, Camera, DoubleSide, LinearFilter, Matrix3, Mesh, PlaneBufferGeometry, Scene,
  ShaderMaterial, Texture, Vector2, Vector3, WebGLRenderer,
} from "three";
import { CameraPath } from "../api/schema";
import { findFrame, Frame } from "./frame";
import { fit, FittedPath, Pose, poseAt, Size, strength, turningBack } from "./geometry";

const segmentsLong = 160;

const vertexShader = `
  attribute float nearness;
  uniform vec3 position3;
  uniform mat3 turn;
  uniform vec2 half2;
  uniform vec2 inset;
  uniform float overscan;
  uniform float strength;
  varying vec2 at;
  void main() {
    at = inset + uv * (1.0 - 2.0 * inset);
    float weight = strength * nearness;
    vec3 seen = turn * vec3(position.xy - position3.xy * weight, 1.0 - position3.z * weight);
    gl_Position = vec4(seen.xy * overscan / half2, (0.5 - nearness) * seen.z, seen.z);
  }
`;

const fragmentShader = `
  uniform sampler2D picture;
  varying vec2 at;
  void main() {
    gl_FragColor = vec4(texture2D(picture, at).rgb, 1.0);
  }
`;

interface Shown {
  picture: HTMLImageElement;
  frame: Frame;
  mesh: Mesh;
  geometry: PlaneBufferGeometry;
  texture: Texture;
}

/** Draws moves over one picture at a time, all into one WebGL context. */
export class Parallax {
  private canvas = document.createElement("canvas");
  private renderer: WebGLRenderer;
  private scene = new Scene();
  private camera = new Camera();
  private uniforms = {
    picture: { value: null as Texture | null },
    position3: { value: new Vector3() },
    turn: { value: new Matrix3() },
    half2: { value: new Vector2() },
    inset: { value: new Vector2() },
    overscan: { value: 1 },
    strength: { value: strength },
  };
  private material = new ShaderMaterial({
    uniforms: this.uniforms, vertexShader, fragmentShader, side: DoubleSide,
  });
  private shown: Shown | null = null;
  private half: Size = { x: 0.5, y: 0.5 };
  private depths: [near: number, far: number] = [1, 0];
  private size = [0, 0];
  isLost = false;

  /** @throws When the browser has no WebGL. */
  constructor() {
    const context = this.canvas.getContext("webgl", { alpha: true, antialias: true });
    if (!context) throw new Error("There is no WebGL.");
    this.canvas.addEventListener("webglcontextlost", () => {
      this.isLost = true;
    });
    this.renderer = new WebGLRenderer({ canvas: this.canvas, context, alpha: true });
    this.renderer.setClearColor(0, 0);
  }

  /** Takes another picture and its depth map; what was shown before is given back. */
  async show(pictureURL: string, depthURL: string): Promise<void> {
    const [picture, depth] = await Promise.all([load(pictureURL), load(depthURL)]);
    const frame = findFrame(picture);
    const { inner } = frame;
    const aspect = picture.naturalWidth / picture.naturalHeight;
    this.half = { x: aspect * (0.5 - inner.x), y: 0.5 - inner.y };
    const across = Math.round(segmentsLong * Math.min(1, aspect));
    const down = Math.round(segmentsLong / Math.max(1, aspect));
    const nearness = sampled(depth, inner, across + 1, down + 1);
    this.depths = [Math.max(...nearness), Math.min(...nearness)];
    const geometry = new PlaneBufferGeometry(this.half.x * 2, this.half.y * 2, across, down);
    geometry.addAttribute("nearness", new BufferAttribute(nearness, 1));
    const texture = new Texture(picture);
    texture.minFilter = LinearFilter;
    texture.generateMipmaps = false;
    texture.needsUpdate = true;
    const mesh = new Mesh(geometry, this.material);
    mesh.frustumCulled = false;
    this.clear();
    this.scene.add(mesh);
    this.shown = { picture, frame, mesh, geometry, texture };
    this.uniforms.picture.value = texture;
    this.uniforms.half2.value.set(this.half.x, this.half.y);
    this.uniforms.inset.value.set(inner.x, inner.y);
  }

  /** The path as this picture can show it without a border. */
  fit(path: CameraPath): FittedPath {
    return fit(path, this.half, ...this.depths);
  }

  /** Draws the move at `t` = 0…1 into a canvas; false when the graphics were lost. */
  draw(path: FittedPath, t: number, target: HTMLCanvasElement): boolean {
    const drawing = target.getContext("2d");
    if (this.isLost || !this.shown || !drawing) return false;
    const { width, height } = target;
    const { picture, frame } = this.shown;
    const [left, top] = [Math.round(frame.outer.x * width), Math.round(frame.outer.y * height)];
    this.resize(width - 2 * left, height - 2 * top);
    const pose = poseAt(path, t);
    this.place(pose, path.overscan * pose.zoom);
    this.renderer.render(this.scene, this.camera);
    drawing.clearRect(0, 0, width, height);
    if (left || top) drawing.drawImage(picture, 0, 0, width, height);
    drawing.drawImage(this.canvas, left, top);
    if (frame.cover) drawing.drawImage(frame.cover, 0, 0, width, height);
    return true;
  }

  private resize(width: number, height: number): void {
    if (this.size[0] === width && this.size[1] === height) return;
    this.size = [width, height];
    this.renderer.setSize(width, height, false);
  }

  private place(pose: Pose, overscan: number): void {
    this.uniforms.position3.value.set(pose.x, pose.y, pose.z);
    this.uniforms.turn.value.set(...turningBack(pose));
    this.uniforms.overscan.value = overscan;
  }

  private clear(): void {
    if (!this.shown) return;
    this.scene.remove(this.shown.mesh);
    this.shown.geometry.dispose();
    this.shown.texture.dispose();
    this.shown = null;
  }
}

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** The depth (1 is near) at each vertex of a grid, row by row from the top. */
function sampled(
  depth: HTMLImageElement, inset: Size, across: number, down: number,
): Float32Array {
  const canvas = document.createElement("canvas");
  canvas.width = across;
  canvas.height = down;
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  const nearness = new Float32Array(across * down);
  if (!drawing) return nearness;
  drawing.imageSmoothingQuality = "high";
  const [w, h] = [depth.naturalWidth, depth.naturalHeight];
  drawing.drawImage(
    depth, w * inset.x, h * inset.y, w * (1 - 2 * inset.x), h * (1 - 2 * inset.y),
    0, 0, across, down,
  );
  const { data } = drawing.getImageData(0, 0, across, down);
  for (let n = 0; n < nearness.length; n += 1) nearness[n] = (data[n * 4] ?? 0) / 255;
  return nearness;
}
