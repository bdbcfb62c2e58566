// The part of three.js that the studio uses; Debian's package brings no types.

declare module "three" {
  export const LinearFilter: number;
  export const DoubleSide: number;

  export class Matrix3 {
    set(
      n11: number, n12: number, n13: number,
      n21: number, n22: number, n23: number,
      n31: number, n32: number, n33: number,
    ): this;
  }
  export class Vector2 {
    constructor(x?: number, y?: number);
    set(x: number, y: number): this;
  }
  export class Vector3 {
    constructor(x?: number, y?: number, z?: number);
    set(x: number, y: number, z: number): this;
  }
  export class Texture {
    constructor(image?: HTMLImageElement);
    minFilter: number;
    generateMipmaps: boolean;
    needsUpdate: boolean;
    dispose(): void;
  }
  export class BufferAttribute {
    constructor(array: Float32Array, itemSize: number);
  }
  export class BufferGeometry {
    addAttribute(name: string, attribute: BufferAttribute): this;
    dispose(): void;
  }
  export class PlaneBufferGeometry extends BufferGeometry {
    constructor(width: number, height: number, widthSegments: number, heightSegments: number);
  }
  export class ShaderMaterial {
    constructor(parameters: {
      uniforms: Record<string, { value: unknown }>;
      vertexShader: string;
      fragmentShader: string;
      side: number;
    });
    dispose(): void;
  }
  export class Mesh {
    constructor(geometry: BufferGeometry, material: ShaderMaterial);
    frustumCulled: boolean;
  }
  export class Scene {
    add(mesh: Mesh): this;
    remove(mesh: Mesh): this;
  }
  export class Camera {}
  export class WebGLRenderer {
    constructor(parameters: {
      canvas: HTMLCanvasElement;
      context: WebGLRenderingContext;
      alpha: boolean;
    });
    setClearColor(color: number, alpha: number): void;
    setSize(width: number, height: number, changesStyle: boolean): void;
    render(scene: Scene, camera: Camera): void;
    dispose(): void;
  }
}
