import { createContext, useContext, useSyncExternalStore } from "react";
import { State } from "../state/state";
import { Studio } from "../state/studio";

export const StudioContext = createContext<Studio | null>(null);

/** The studio and what it knows now. */
export function useStudio(): { studio: Studio; state: State } {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("There is no studio above this component.");
  const state = useSyncExternalStore(studio.subscribe, studio.snapshot);
  return { studio, state };
}
