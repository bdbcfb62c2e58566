import { useEffect, useRef } from "react";

/**
 * The colours of a picture, as light behind it: the picture itself at a few pixels, which the browser
 * draws large. A blur of that width would be computed again for each thing that changes above it.
 */
export function Glow({ url }: { url: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const picture = new Image();
    picture.onload = () => {
      const context = canvas.current?.getContext("2d");
      if (!context) return;
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, 0, 0, context.canvas.width, context.canvas.height);
    };
    picture.src = url;
    return () => {
      picture.onload = null;
    };
  }, [url]);
  return <canvas ref={canvas} className="big-glow" width={16} height={9} aria-hidden="true" />;
}
