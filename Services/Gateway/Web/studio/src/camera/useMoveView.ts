import { useEffect, useState } from "react";
import { Session } from "../api/schema";
import { prepare } from "./player";

/** How a move is shown: drawn live from the depth, as the server's clip, or in words. */
export type MoveView = "waiting" | "depth" | "clip" | "words";

/** How the moves of a session can be shown in this browser; `giveUp` is for lost graphics. */
export function useMoveView(session: Session | null): { view: MoveView; giveUp: () => void } {
  const [drawing, setDrawing] = useState<"waiting" | "ready" | "failed">("waiting");
  const picture = session?.previewImageUrl ?? null;
  const depth = session?.fallbackMode ? null : session?.depthMapUrl ?? null;
  const hasMoves = (session?.cameraPaths.length ?? 0) > 0;
  const isDrawable = picture !== null && depth !== null && hasMoves;
  useEffect(() => {
    if (!isDrawable) return undefined;
    let isOver = false;
    setDrawing("waiting");
    prepare(picture, depth).then(
      () => !isOver && setDrawing("ready"),
      () => !isOver && setDrawing("failed"),
    );
    return () => {
      isOver = true;
    };
  }, [session?.id, session?.version, isDrawable]);
  const hasClips = session?.cameraPaths.some((path) => path.previewUrl !== null) ?? false;
  const other = hasClips && !session?.fallbackMode ? "clip" : "words";
  const live = drawing === "ready" ? "depth" : drawing;
  return {
    view: isDrawable && live !== "failed" ? live : other,
    giveUp: () => setDrawing("failed"),
  };
}
